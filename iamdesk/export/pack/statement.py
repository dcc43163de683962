"""The statement of a review: what a person reads, first the totals and the gaps. Built once, for HTML and for PDF."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from iamdesk.export.pack.columns import ENTITLEMENTS, EXCEPTIONS, DecidedLine
from iamdesk.export.pack.csv_sheet import cell_text
from iamdesk.export.pack.review_json import ENTITLEMENT_DEFINITION
from iamdesk.export.pack.source import PackSource
from iamdesk.export.pack.totals import Total
from iamdesk.export.review_words import (
    CHOICE_WORDS,
    administration_words,
    decision_words,
    entitlement_words,
    holder_name,
    is_privileged,
    power_words,
)
from iamdesk.review.decisions import Choice

MOST_PRIVILEGED = 200
MOST_LINES = 2000
MOST_PRINCIPALS = 2000
"""Principals whose telling questions are quoted; findings quote theirs all the same."""
_LONGEST_TITLE = 120
_LAYERS = (
    "service control policies, resource control policies, resource policies, trust policies, identity policies, "
    "permissions boundaries, endpoint policies, access control lists and Block Public Access, as far as the snapshot "
    "holds them"
)
ACKNOWLEDGED = "I have read this statement and acknowledge that the access that remains is appropriate."


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the widths are shares of the page."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Text | Table, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """The whole of it."""

    title: str
    review_id: str
    evidence_sha256: str
    generated_utc: str
    sections: tuple[Section, ...]


class Kept:
    """What is told in full, taken in one reading."""

    def __init__(self, source: PackSource) -> None:
        self.lines: list[DecidedLine] = []
        self.privileged: dict[str, list[DecidedLine]] = {}
        self.exceptions: list[DecidedLine] = []
        self.reviewers: dict[tuple[str, str], int] = {}
        self.seconds: dict[str, int] = {}
        self.verdicts: dict[str, list[tuple[str, str, str]]] = {}
        """By ARN of a privileged principal, what was quoted of it: what it may, the decision, deciding statements."""
        self.administrators: dict[str, None] = {}
        """ARNs of administrators and of who becomes one, at most `MOST_PRINCIPALS`."""
        for row in source.rows():
            if len(self.lines) < MOST_LINES:
                self.lines.append(row)
            if row.decision.choice is Choice.EXCEPT and len(self.exceptions) < MOST_LINES:
                self.exceptions.append(row)
            if is_privileged(row.line) == "yes":
                arn = row.line.holder_arn
                if len(self.administrators) < MOST_PRINCIPALS:
                    self.administrators[arn] = None
                if arn in self.privileged or len(self.privileged) < MOST_PRIVILEGED:
                    self.privileged.setdefault(arn, []).append(row)
            if row.decided is not None:
                who = (row.decided.reviewer, row.decided.account)
                self.reviewers[who] = self.reviewers.get(who, 0) + 1
            if row.decision.second:
                self.seconds[row.decision.second] = self.seconds.get(row.decision.second, 0) + 1


def statement_of(source: PackSource, found: Sequence[Total], kept: Kept, evidence_sha256: str) -> Statement:
    """Put the statement of a review together; at most some thousand lines of it are kept."""
    head = source.review.head
    sections = (
        _first(source, found),
        _scope(source),
        _sources(source),
        _method(source),
        _reviewers(kept),
        _result(source),
        _management(),
        _integrity(source, evidence_sha256),
        *_privileged(kept),
        *_appendix(kept, source),
        _recipe(source),
    )
    title = head.title if len(head.title) <= _LONGEST_TITLE else f"{head.title[:_LONGEST_TITLE]}…"
    return Statement(f"Access review: {title}", head.review_id, evidence_sha256, source.generated_utc, sections)


def _first(source: PackSource, found: Sequence[Total]) -> Section:
    counts = source.counts
    blocks: list[Text | Table] = [
        Text(
            f"{counts.in_scope:,} of {counts.population:,} principals are in scope; {counts.decided:,} of "
            f"{counts.entitlements:,} entitlements received a decision; {counts.undecided:,} are undecided."
        )
    ]
    lost = source.review.head.details.get("lost")
    if lost is not None:
        blocks.append(Text(f"This review was recovered from a damaged file. {lost}", is_warning=True))
    if source.evaluator is None:
        blocks.append(
            Text("The snapshot was not at hand when this was written: nothing was asked of it again.", is_warning=True)
        )
    failed = [one for one in found if not one.ok]
    if failed:
        blocks.append(Text(f"{len(failed):,} control totals do not agree.", is_warning=True))
    blocks.append(
        Table(
            ("Control total", "A", "B", "Agrees"),
            tuple((one.name, one.a, one.b, "yes" if one.ok else "NO") for one in found),
            (50, 21, 21, 8),
        )
    )
    if source.gaps:
        blocks.append(
            Text(f"The snapshot has {_gap_count(len(source.gaps))}, on which verdicts hang:", is_warning=True)
        )
        blocks.append(
            Table(
                ("Gap", "What is missing"),
                tuple((str(gap["check_id"]), str(gap["finding"])) for gap in source.gaps[:100]),
                (14, 86),
            )
        )
    else:
        blocks.append(Text("The completeness checks found no gap in the snapshot."))
    return Section("Completeness: control totals and gaps", tuple(blocks))


def _gap_count(count: int) -> str:
    return "1 gap" if count == 1 else f"{count:,} gaps"


def _scope(source: PackSource) -> Section:
    head = source.review.head
    population = source.review.population()
    kinds: dict[str, list[int]] = {}
    for member in population:
        kinds.setdefault(member.kind, [0, 0])[0 if member.in_scope else 1] += 1
    reasons = sorted({member.out_reason for member in population if not member.in_scope})
    accounts = sorted({member.account_id for member in population if member.account_id})
    facts = [
        ("Review", f"{head.review_id}: {head.title}"),
        ("Opened", f"{head.created:%Y-%m-%d %H:%M} UTC"),
        ("Accounts", ", ".join(accounts)),
        ("Entitlements", ENTITLEMENT_DEFINITION),
        ("Left out", "; ".join(reasons) or "nobody"),
    ]
    known = {"period_start": "Period from", "period_end": "Period to", "standards": "Standards", "scope": "Scope"}
    facts += [(title, head.details[name]) for name, title in known.items() if head.details.get(name)]
    return Section(
        "1. Scope",
        (
            Table(("Fact", "Value"), tuple(facts), (24, 76)),
            Table(
                ("Kind of principal", "In scope", "Out of scope"),
                tuple((kind, f"{inside:,}", f"{out:,}") for kind, (inside, out) in sorted(kinds.items())),
                (60, 20, 20),
            ),
        ),
    )


def _sources(source: PackSource) -> Section:
    head = source.review.head
    blocks: list[Text | Table] = [Text(f"Snapshot {head.snapshot_name}, SHA-256 {head.snapshot_sha256}.")]
    if source.evaluator is not None:
        snapshot = source.evaluator.snapshot
        if snapshot.latest is not None:
            blocks.append(
                Text(f"The latest moment that anything in it speaks of: {snapshot.latest:%Y-%m-%d %H:%M} UTC.")
            )
        if snapshot.manifest is None:
            blocks.append(Text("The snapshot does not say who captured it, when, and with which command."))
        files = snapshot.files[:200]
        blocks.append(
            Table(
                ("File", "Bytes", "SHA-256"),
                tuple((file.path.name, f"{file.size:,}", file.sha256) for file in files),
                (26, 10, 64),
            )
        )
        if len(snapshot.files) > len(files):
            blocks.append(Text(f"and {len(snapshot.files) - len(files):,} more: review.json lists them."))
    return Section("2. Source", tuple(blocks))


def _method(source: PackSource) -> Section:
    return Section(
        "3. Method",
        (
            Text(
                f"iamdesk {source.tool_version}, list of AWS actions {source.action_data_version}. Every holder's "
                f"effective power was evaluated over {_LAYERS}. Keys of the request's context that nobody gave count "
                "as unknown: what hangs on them is told as conditional, never as denied or allowed."
            ),
            Text("Each quoted verdict stands in verdicts.jsonl with its whole question, and can be asked again."),
            *_findings_note(source),
        ),
    )


def _findings_note(source: PackSource) -> Iterator[Text]:
    if source.evaluator is not None and not source.findings_are_same:
        yield Text(
            "The findings are those of the day on which the review was made. This iamdesk finds others in the same "
            "snapshot, so no SARIF, OCSF and ASFF report of them stands in the pack.",
            is_warning=True,
        )


def _reviewers(kept: Kept) -> Section:
    rows = tuple((name, account, f"{count:,}") for (name, account), count in sorted(kept.reviewers.items()))
    blocks: list[Text | Table] = [
        Text(
            "Names are as typed, accounts as the system told them: iamdesk does not authenticate people. Who a "
            "principal is stood with the reviewer, and nobody could decide on lines of their own principals."
        ),
        Table(("Reviewer", "Account of the system", "Lines decided"), rows, (40, 40, 20)),
    ]
    if kept.seconds:
        blocks.append(
            Table(
                ("Second reviewer", "Lines stood for"),
                tuple((name, f"{count:,}") for name, count in sorted(kept.seconds.items())),
                (60, 40),
            )
        )
    return Section("4. Reviewers", tuple(blocks))


def _result(source: PackSource) -> Section:
    counts = source.counts
    rows = [(CHOICE_WORDS[choice], f"{counts.by_decision[choice.value]:,}") for choice in Choice]
    rows += [
        ("Lines of administrators, and of who becomes one", f"{counts.privileged:,}"),
        ("Lines of third parties", f"{counts.third_party:,}"),
        ("Lines of machines", f"{counts.machines:,}"),
        ("Lines with a second reviewer", f"{counts.seconded:,}"),
        ("Findings", f"{counts.findings:,}"),
        ("Exceptions", f"{counts.exceptions:,}"),
        ("To be carried out", f"{counts.remediation:,}"),
    ]
    return Section("5. Result", (Table(("What", "Count"), tuple(rows), (70, 30)),))


def _management() -> Section:
    return Section(
        "6. Management acknowledgement",
        (
            Text(f"The sentence that is acknowledged: “{ACKNOWLEDGED}”"),
            Text(
                "Sign-offs are over the manifest of this pack, and so stand beside it: 08_signoffs.json. A typed name "
                "alone is labelled as an unsigned attestation."
            ),
        ),
    )


def _integrity(source: PackSource, evidence_sha256: str) -> Section:
    head = source.review.head
    return Section(
        "7. Integrity",
        (
            Table(
                ("What", "SHA-256"),
                (
                    ("Evidence (every file of data in this pack)", evidence_sha256),
                    ("Journal of decisions, last entry", source.review.journal_sha256),
                    ("Snapshot", head.snapshot_sha256),
                    ("Manifest of the review before", head.previous_sha256 or "none: this is the first"),
                ),
                (34, 66),
            ),
        ),
    )


def _privileged(kept: Kept) -> Iterator[Section]:
    for number, (arn, rows) in enumerate(kept.privileged.items()):
        line = rows[0].line
        facts: list[tuple[str, str]] = [
            ("ARN", arn),
            ("Administration", administration_words(line)),
            ("Can effectively do", power_words(line.evidence.get("holder"))),
            ("Owner", str(line.evidence.get("owner", "not told"))),
            ("Limited by", ", ".join(line.evidence.get("limited_by", ())) or "nothing"),
        ]
        yield Section(
            f"Privileged: {holder_name(line)}",
            (
                Table(("Fact", "Value"), tuple(facts), (24, 76)),
                Table(
                    ("Entitlement", "Decision", "Reason", "By"),
                    tuple(
                        (
                            entitlement_words(row.line),
                            decision_words(row.decision),
                            row.decision.comment,
                            row.decided.reviewer if row.decided else "",
                        )
                        for row in rows
                    ),
                    (36, 20, 28, 16),
                ),
                *_quoted(kept, arn),
            ),
            new_page=number == 0,
        )
    if len(kept.privileged) >= MOST_PRIVILEGED:
        yield Section("More", (Text("Further privileged principals stand in 03_entitlements.csv."),))


def _quoted(kept: Kept, arn: str) -> Iterator[Table]:
    if rows := kept.verdicts.get(arn):
        yield Table(("Verdict", "Decision", "Deciding statements"), tuple(rows), (36, 16, 48))


def _appendix(kept: Kept, source: PackSource) -> Iterator[Section]:
    if kept.exceptions:
        names = ("holder_arn", "entitlement_name", "reason", "owner", "expiry", "approved_by")
        columns = [column for column in EXCEPTIONS if column.name in names]
        yield Section(
            "Appendix: exceptions",
            (
                Table(
                    tuple(column.name for column in columns),
                    tuple(tuple(cell_text(column.value(row)) for column in columns) for row in kept.exceptions),
                    (30, 18, 20, 12, 10, 10),
                ),
            ),
            new_page=True,
        )
    names = ("account_id", "holder_display", "entitlement_type", "entitlement_name", "reaches_admin", "decision")
    by_name: dict[str, Any] = {column.name: column for column in ENTITLEMENTS}
    total = source.counts.entitlements
    blocks: list[Text | Table] = []
    if total > len(kept.lines):
        blocks.append(
            Text(f"The first {len(kept.lines):,} of {total:,} lines; all of them stand in 03_entitlements.csv.", True)
        )
    blocks.append(
        Table(
            names,
            tuple(tuple(cell_text(by_name[name].value(row)) for name in names) for row in kept.lines),
            (14, 26, 15, 25, 10, 10),
        )
    )
    yield Section("Appendix: entitlements", tuple(blocks), new_page=True)


def _recipe(source: PackSource) -> Section:
    steps = (
        ("1", "Go into the folder of the pack."),
        (
            "2",
            "sha256sum -c SHA256SUMS",
        ),
        ("3", "Compare the hash of 00_manifest.json with that which was signed (08_signoffs.json, signoffs/)."),
        (
            "4",
            "for each sign-off: ssh-keygen -Y verify -f signoffs/allowed_signers -I NAME -n iamdesk-review "
            "-s signoffs/NN.txt.sig < signoffs/NN.txt",
        ),
        ("5", "Compare the key in signoffs/allowed_signers with the key that the person is known by."),
        ("6", "With iamdesk: iamdesk verify PACK asks every quoted verdict again from the snapshot."),
    )
    return Section(
        "How to verify this pack",
        (
            Text("Nothing but tools that every system has is needed for steps 1 to 5."),
            Table(("Step", "What to do"), steps, (8, 92)),
            Text(
                f"Generated {source.generated_utc} by iamdesk {source.tool_version}. The files were not edited by hand."
            ),
        ),
        new_page=True,
    )
