"""Privileged principals in statement and annex, the annex's tables, and how to verify the package."""

from collections import Counter
from collections.abc import Iterator, Sequence

from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.columns import EXCEPTIONS, FINDINGS, Column, DecidedLine
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.csv_writer import cell_text
from iamdesk.export.evidence.report_model import Section, Table, Text
from iamdesk.export.evidence.report_sample import MAX_PRIVILEGED, ReportSample
from iamdesk.export.text.review import (
    CHOICE_WORDS,
    administration_words,
    decision_words,
    entitlement_words,
    holder_name,
    power_words,
)
from iamdesk.export.text.review_effect import effect_words

_MAX_ADMINISTRATORS = 30
"""In the statement; the annex has a page for each."""


def administrators_section(title: str, source: EvidenceContext, kept: ReportSample) -> Section:
    """Return a table of the principals that are or can become administrators, one row each."""
    rows = tuple(
        (
            holder_name(rows[0].line),
            administration_words(rows[0].line),
            str(rows[0].line.evidence.get("owner", "unknown")),
            f"{len(rows):,}",
            ", ".join(f"{word} {count:,}" for word, count in _words(rows).items()),
        )
        for rows in list(kept.privileged.values())[:_MAX_ADMINISTRATORS]
    )
    blocks: list[Text | Table] = [
        Text(
            f"{source.counts.privileged:,} entitlements are of principals that are or can become administrators. The "
            "annex has a page for each principal, with the requests that show it."
        ),
        *_unknown(source),
        Table(("Principal", "Administrator", "Owner", "Items", "Decisions"), rows, (27, 25, 15, 7, 26)),
    ]
    if len(kept.privileged) > len(rows):
        blocks.append(Text(f"The first {len(rows):,} of {len(kept.privileged):,} principals.", is_warning=True))
    return Section(title, tuple(blocks))


def _unknown(source: EvidenceContext) -> Iterator[Text]:
    """Yield the principals of which it cannot be determined whether they are or can become administrators."""
    unknown = source.privilege_unknown
    if unknown:
        yield Text(
            f"For {sum(unknown.values()):,} more entitlements of {len(unknown):,} principals, it cannot be determined "
            f"whether their principal is or can become an administrator: {enumerated(unknown, _MAX_ADMINISTRATORS)}. "
            "In 03_entitlements.csv, reaches_admin is cannot_tell.",
            is_warning=True,
        )


def _words(rows: Sequence[DecidedLine]) -> Counter[str]:
    return Counter(CHOICE_WORDS[row.decision.choice].lower() for row in rows)


def privileged_sections(kept: ReportSample) -> Iterator[Section]:
    """Yield a section for each principal that is or can become an administrator: entitlements, decisions, proof."""
    for number, (arn, rows) in enumerate(kept.privileged.items()):
        line = rows[0].line
        facts: list[tuple[str, str]] = [
            ("ARN", arn),
            ("Administrator", administration_words(line)),
            ("Effective permissions", power_words(line.evidence.get("holder"))),
            ("Owner", str(line.evidence.get("owner", "unknown"))),
            ("Guardrails", ", ".join(line.evidence.get("limited_by", ())) or "none"),
        ]
        yield Section(
            f"Privileged: {holder_name(line)}",
            (
                Table(("Property", "Value"), tuple(facts), (24, 76)),
                _decided(rows),
                *_quoted(kept, arn),
            ),
            new_page=number == 0,
        )
    if len(kept.privileged) >= MAX_PRIVILEGED:
        yield Section("More", (Text("More privileged principals are listed in 03_entitlements.csv."),))


def _decided(rows: Sequence[DecidedLine]) -> Table:
    has_effect = any(effect_words(row.line) for row in rows)
    cells = tuple(
        (
            entitlement_words(row.line),
            *((" ".join(effect_words(row.line)),) if has_effect else ()),
            decision_words(row.decision),
            row.decision.comment,
            row.decided.reviewer if row.decided else "",
        )
        for row in rows
    )
    if has_effect:
        return Table(("Entitlement", "Effect", "Decision", "Reason", "Reviewer"), cells, (22, 34, 14, 18, 12))
    return Table(("Entitlement", "Decision", "Reason", "Reviewer"), cells, (36, 20, 28, 16))


def _quoted(kept: ReportSample, arn: str) -> Iterator[Table]:
    if rows := kept.verdicts.get(arn):
        yield Table(("Request", "Decision", "Deciding statements"), tuple(rows), (32, 20, 48))


def appendix_sections(kept: ReportSample, source: EvidenceContext) -> Iterator[Section]:
    """Yield the tables of the annex: exceptions if there are any, findings, entitlements."""
    if kept.exceptions:
        names = (
            *("holder_arn", "name", "reason", "compensating_control"),
            *("owner", "expiry_utc", "decided_by", "approved_by"),
        )
        columns = [column for column in EXCEPTIONS if column.name in names]
        yield Section(
            "Annex: exceptions",
            (
                Table(
                    tuple(_heading(column.name) for column in columns),
                    tuple(tuple(cell_text(column.value(row)) for column in columns) for row in kept.exceptions),
                    (24, 15, 17, 13, 8, 7, 8, 8),
                ),
            ),
            new_page=True,
        )
    yield _listed(
        "Annex: findings",
        FINDINGS,
        ("severity", "check_id", "subject_name", "finding", "decision", "decision_reason", "expiry_utc"),
        (8, 9, 16, 32, 11, 14, 10),
        kept.findings,
        (source.counts.findings, "04_findings.csv"),
    )
    yield _listed(
        "Annex: entitlements",
        source.entitlement_columns,
        ("tier", "holder_display", "entitlement_name", "gives", "revoking", "decision"),
        (5, 18, 17, 27, 24, 9),
        kept.lines,
        (source.counts.entitlements, "03_entitlements.csv"),
    )


def _heading(name: str) -> str:
    """Return the name of a column with spaces, so that it can wrap."""
    return name.replace("_", " ")


def _listed[Row](
    title: str,
    columns: Sequence[Column[Row]],
    names: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Sequence[Row],
    whole: tuple[int, str],
) -> Section:
    by_name = {column.name: column for column in columns}
    blocks: list[Text | Table] = []
    total, file = whole
    if total > len(rows):
        blocks.append(Text(f"The first {len(rows):,} of {total:,}. {file} lists all.", is_warning=True))
    cells = tuple(tuple(cell_text(by_name[name].value(row)) for name in names) for row in rows)
    blocks.append(Table(tuple(map(_heading, names)), cells, widths))
    return Section(title, tuple(blocks), new_page=True)


def recipe_section(source: EvidenceContext) -> Section:
    """Return the last page: how to verify the package with and without iamdesk."""
    steps = (
        ("1", "Change to the folder of the package."),
        (
            "2",
            "sha256sum -c SHA256SUMS, and compare each hash in it with that of the same path in 00_manifest.json: "
            "signatures cover the manifest alone, not SHA256SUMS. The guide has a short script for both.",
        ),
        (
            "3",
            "sha256sum 00_manifest.json: the hash must equal manifest-sha256 in each sign-off, signoffs/NN.txt "
            "(NN is its number).",
        ),
        (
            "4",
            "For each sign-off with a signature, signoffs/NN.txt.sig: ssh-keygen -Y verify "
            "-f KNOWN -I NAME -n iamdesk-review -s signoffs/NN.txt.sig < signoffs/NN.txt "
            "(KNOWN is your own list of keys, not the one in this package; NAME is the name that it has for the person "
            "named in signoffs/NN.txt). A sign-off without a signature is an unsigned attestation: only a name.",
        ),
        (
            "5",
            "To make that list: ssh-keygen -lf signoffs/allowed_signers prints the fingerprints of the keys in this "
            "package. Ask each person for theirs, by another way than this package.",
        ),
        (
            "6",
            "For a follow-up review: sha256sum 00_manifest.json in the folder of the previous package must give the "
            "hash in section 11, Integrity.",
        ),
        (
            "7",
            "With iamdesk: iamdesk verify PACKAGE --previous PREVIOUS_PACKAGE does all of this, and evaluates all "
            "quoted requests again.",
        ),
    )
    return Section(
        "How to verify this package",
        (
            Text("Steps 1 to 6 require only standard tools."),
            Text(
                "Whoever changes this package can change this page: follow the steps in the guide of iamdesk instead "
                "(Reviews, Verify, Without iamdesk)."
            ),
            Table(("Step", "Action"), steps, (8, 92)),
            Text(f"Generated on {source.generated_utc} by iamdesk {source.tool_version}, not edited by hand."),
        ),
    )
