"""The statement of a review, for HTML and PDF: a report for people that begins with control totals and missing data."""

from collections.abc import Iterator, Sequence

from iamdesk.access.request_grid import FRESH
from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.context import EvidenceContext, file_name
from iamdesk.export.evidence.control_totals import AwsCount, Total, aws_counts
from iamdesk.export.evidence.report_controls import control_sections, controls_section
from iamdesk.export.evidence.report_details import (
    administrators_section,
    appendix_sections,
    privileged_sections,
    recipe_section,
)
from iamdesk.export.evidence.report_model import Section, Statement, Table, Text
from iamdesk.export.evidence.report_people import (
    exceptions_section,
    people_sections,
    reviewers_section,
    time_section,
)
from iamdesk.export.evidence.report_process import joint_blocks, removal_blocks
from iamdesk.export.evidence.report_sample import ReportSample
from iamdesk.export.evidence.review_json import ENTITLEMENT_DEFINITION
from iamdesk.export.text.review import ACCEPT_WORD, CHOICE_WORDS
from iamdesk.review.completion import DRAFT
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ReviewDecision
from iamdesk.review.schema import LOST_PARTS, PART_OF, Head
from iamdesk.snapshot.manifest import Manifest
from iamdesk.snapshot.model import Snapshot

_MAX_TITLE = 120
_MAX_MISSING = 40
_MAX_TOTALS = 30
_MAX_FILES = 12
"""Files of the snapshot that are listed; review.json lists all."""
_POLICY_TYPES = (
    "service control policies, resource control policies, resource policies, trust policies, identity policies, "
    "permissions boundaries, endpoint policies, access control lists and Block Public Access, as far as they are "
    "captured"
)
COMPLETENESS_TITLE = "Completeness: control totals and missing data"
ACKNOWLEDGED = "I have read this statement and acknowledge that the access that remains is appropriate."


SCOPE_TITLE = "1. Scope"
SOURCE_TITLE = "2. Source"
METHOD_TITLE = "3. Method"
REVIEWERS_TITLE = "4. Reviewers"
TIME_TITLE = "5. Time, and how decisions were made"
RESULT_TITLE = "6. Result"
INTEGRITY_TITLE = "11. Integrity"


def statement_of(
    source: EvidenceContext, found: Sequence[Total], kept: ReportSample, evidence_sha256: str
) -> Statement:
    """Return the statement of a review: what is signed, in a few pages. Its tables are short (`ReportSample`)."""
    sections = (
        _first(source, found),
        _scope(source),
        _sources(source),
        _method(source),
        reviewers_section(REVIEWERS_TITLE, source, kept),
        time_section(TIME_TITLE, source),
        _result(source),
        exceptions_section("7. Exceptions", source, kept),
        controls_section("8. Controls", source, kept),
        administrators_section("9. Privileged principals", source, kept),
        *people_sections(source),
        _management(),
        _integrity(source, evidence_sha256),
        recipe_section(source),
    )
    return _statement("Access review", source, evidence_sha256, sections)


def annex_of(source: EvidenceContext, kept: ReportSample, evidence_sha256: str) -> Statement:
    """Return the annex of a statement: a page for each control and each privileged principal, and the long tables."""
    sections = (*control_sections(source, kept), *privileged_sections(kept), *appendix_sections(kept, source))
    return _statement("Annex to the statement of access review", source, evidence_sha256, sections)


def _statement(kind: str, source: EvidenceContext, evidence_sha256: str, sections: tuple[Section, ...]) -> Statement:
    head = source.review.head
    title = head.title if len(head.title) <= _MAX_TITLE else f"{head.title[:_MAX_TITLE]}…"
    draft = f"{DRAFT}: " if source.is_draft else ""
    return Statement(f"{draft}{kind}: {title}", head.review_id, evidence_sha256, source.generated_utc, sections)


def _first(source: EvidenceContext, found: Sequence[Total]) -> Section:
    counts = source.counts
    blocks: list[Text | Table] = [
        Text(
            f"{counts.in_scope:,} of {counts.population:,} principals are in scope. {counts.decided:,} of "
            f"{counts.entitlements:,} entitlements are decided, {counts.undecided:,} are undecided. "
            f"{counts.findings_decided:,} of {counts.findings:,} findings are decided, "
            f"{counts.findings_undecided:,} are undecided."
        )
    ]
    if source.is_draft:
        blocks.insert(0, Text(f"{DRAFT}. {source.completion.sentence}", is_warning=True))
    part_of = source.review.head.details.get(PART_OF)
    if part_of is not None:
        sentence = f"This is a part of review {part_of}: the items of other reviewers are not in it."
        blocks.insert(0, Text(sentence, is_warning=True))
    if source.left_out:
        counted = ((one.principals, one.entitlements, one.findings) for one in source.left_out)
        excluded = [sum(column) for column in zip(*counted, strict=True)]
        blocks.append(
            Text(
                f"Excluded from this review: {excluded[0]:,} principals, {excluded[1]:,} entitlements and "
                f"{excluded[2]:,} findings. The reasons are in section 1, Scope.",
                is_warning=True,
            )
        )
    lost = source.review.head.details.get(LOST_PARTS)
    if lost is not None:
        blocks.append(Text(f"This review was recovered from a damaged file. {lost}", is_warning=True))
    if source.evaluator is None:
        blocks.append(
            Text(
                "The snapshot was not available when this package was written: no request was evaluated again.",
                is_warning=True,
            )
        )
    if source.credentials_not_captured:
        blocks.append(Text(source.credentials_not_captured, is_warning=True))
    failed = sum(not one.ok for one in found)
    if failed:
        blocks.append(Text(f"{failed:,} of {len(found):,} control totals do not agree.", is_warning=True))
    if source.missing_data:
        blocks.append(
            Text(
                f"The completeness checks have {_findings(len(source.missing_data))}: results that depend on missing "
                "data are unknown. See below.",
                is_warning=True,
            )
        )
    shown = [one for one in found if not one.ok or not one.is_of_account]
    blocks.append(
        Table(
            ("Control total", "A", "B", "Agrees"),
            tuple((one.name, one.a, one.b, "yes" if one.ok else "NO") for one in shown[:_MAX_TOTALS]),
            (50, 21, 21, 8),
        )
    )
    if len(shown) < len(found):
        blocks.append(Text(f"{len(found) - len(shown[:_MAX_TOTALS]):,} more totals, by account, are in review.json."))
    if source.snapshot is not None:
        blocks += _reconciliation(source.snapshot)
    if source.missing_data:
        blocks += _gaps(source)
    else:
        blocks.append(Text("The completeness checks found no missing data in the snapshot."))
    return Section(COMPLETENESS_TITLE, tuple(blocks))


def _reconciliation(snapshot: Snapshot) -> Iterator[Text | Table]:
    """Yield AWS's own counts beside those of the snapshot, summed over the accounts."""
    sums: dict[tuple[str, str], list[AwsCount]] = {}
    for one in aws_counts(snapshot):
        sums.setdefault((one.what, one.counted_by), []).append(one)
    rows = tuple(
        (
            what,
            counted_by,
            f"{sum(one.counted for one in each):,}",
            f"{sum(one.held for one in each):,}",
            f"{sum(one.held - one.counted for one in each):+,}" if not all(one.agrees for one in each) else "none",
            f"{len(each):,} of {len(snapshot.accounts):,}",
        )
        for (what, counted_by), each in sums.items()
    )
    yield Table(
        ("Reconciliation with AWS's own counts", "Counted by", "AWS", "Snapshot", "Difference", "Accounts"),
        rows,
        (30, 26, 10, 12, 12, 10),
    )
    known = {facts.account_id for facts in snapshot.account_facts if facts.summary is not None}
    lacking = [account.account_id for account in snapshot.accounts if account.account_id not in known]
    if lacking:
        which = "of the account" if len(snapshot.accounts) == 1 else f"of {enumerated(lacking)}"
        yield Text(
            f"The account summary {which} is not captured (aws iam get-account-summary): its counts of users, groups, "
            "roles and policies are not compared."
        )


def _gaps(source: EvidenceContext) -> Iterator[Text | Table]:
    """Yield a table of missing data, with one row for data that is missing in several accounts."""
    where: dict[tuple[str, str], dict[str, None]] = {}
    for missing in source.missing_data:
        where.setdefault((str(missing["check_id"]), str(missing["finding"])), {})[
            str(missing.get("account_id", ""))
        ] = None
    many = len(source.accounts) > 1
    rows = tuple(
        (check_id, "all accounts" if many and {*source.accounts} <= accounts.keys() else enumerated(accounts), finding)
        for (check_id, finding), accounts in where.items()
    )
    yield Table(("Check", "Account", "Missing data"), rows[:_MAX_MISSING], (10, 20, 70))
    if len(rows) > _MAX_MISSING:
        yield Text(f"{len(rows) - _MAX_MISSING:,} more are listed in 04_findings.csv.", is_warning=True)


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count:,} findings"


def _scope(source: EvidenceContext) -> Section:
    head = source.review.head
    population = source.review.population()
    kinds: dict[str, list[int]] = {}
    for member in population:
        kinds.setdefault(member.kind, [0, 0])[0 if member.in_scope else 1] += 1
    reasons = sorted({member.out_reason for member in population if not member.in_scope})
    facts = [
        ("Review", f"{head.review_id}: {head.title}"),
        ("Opened", f"{head.created:%Y-%m-%d %H:%M} UTC"),
        ("Accounts", ", ".join(source.accounts)),
        ("Entitlements", ENTITLEMENT_DEFINITION),
        ("Principals out of scope", "; ".join(reasons) or "none"),
    ]
    known = {"period_start": "Period from", "period_end": "Period to", "standards": "Standards", "scope": "Scope"}
    facts += [(title, head.details[name]) for name, title in known.items() if head.details.get(name)]
    if source.settings is not None:
        facts.append(("Settings of the checks", f"{source.settings.name}, SHA-256 {source.settings.sha256}"))
    return Section(
        SCOPE_TITLE,
        (
            Table(("Property", "Value"), tuple(facts), (24, 76)),
            *_left_out(source),
            Table(
                ("Kind of principal", "In scope", "Out of scope"),
                tuple((kind, f"{inside:,}", f"{out:,}") for kind, (inside, out) in sorted(kinds.items())),
                (60, 20, 20),
            ),
        ),
    )


def _left_out(source: EvidenceContext) -> Iterator[Text | Table]:
    if not source.left_out:
        yield Text("No account, class of principals or type of entitlement is excluded.")
        return
    yield Table(
        ("Excluded", "Reason", "Principals", "Entitlements", "Findings"),
        tuple(
            (
                f"{one.part} {one.name}",
                one.reason,
                f"{one.principals:,}",
                f"{one.entitlements:,}",
                f"{one.findings:,}",
            )
            for one in source.left_out
        ),
        (28, 36, 12, 12, 12),
    )


def _captured(source: EvidenceContext, manifest: Manifest | None) -> Iterator[Text]:
    """Yield who captured the snapshot, with which query: as the snapshot says, and as people state."""
    stated = source.description
    if manifest is not None:
        yield Text(_of_manifest(manifest))
    if stated.captured_by or stated.capture_query:
        actors = {stated.stated_by.get(name, "") for name in ("captured_by", "capture_query")} - {""}
        by = f" (stated by {' and '.join(sorted(actors))})" if actors else ""
        query = f"with: {stated.capture_query}" if stated.capture_query else "with a query that is not stated"
        yield Text(f"As stated{by}: captured by {stated.captured_by or 'a person who is not named'}, {query}")
    if manifest is None and not (stated.captured_by and stated.capture_query):
        lacking = [
            *(("who captured the snapshot",) * (not stated.captured_by)),
            *(("with which query and filters",) * (not stated.capture_query)),
        ]
        yield Text(
            f"Not known: {' and '.join(lacking)}. The file itself does not say, and it was not stated "
            "(iamdesk review describe).",
            is_warning=True,
        )


def _of_manifest(manifest: Manifest) -> str:
    who = f" by {manifest.caller.arn}" if manifest.caller is not None else ""
    when = f", started {manifest.started_at:%Y-%m-%d %H:%M} UTC" if manifest.started_at is not None else ""
    done = (
        f", finished {manifest.finished_at:%Y-%m-%d %H:%M} UTC" if manifest.finished_at is not None else ", unfinished"
    )
    tool = manifest.tool or "an unnamed tool"
    return f"Captured with {tool}{who}{when}{done}. Its manifest.json lists the command and the time of each file."


def _sources(source: EvidenceContext) -> Section:
    head = source.review.head
    blocks: list[Text | Table] = [Text(f"Snapshot {head.snapshot_name}, SHA-256 {head.snapshot_sha256}.")]
    snapshot = source.snapshot
    if snapshot is not None:
        if snapshot.latest is not None:
            blocks.append(Text(f"Data as of {snapshot.latest:%Y-%m-%d %H:%M} UTC, the latest time in the snapshot."))
        blocks += _captured(source, snapshot.manifest)
        files = snapshot.files[:_MAX_FILES]
        blocks.append(
            Table(
                ("File", "Bytes", "SHA-256"),
                tuple((file_name(snapshot, file.path), f"{file.size:,}", file.sha256) for file in files),
                (30, 8, 62),
            )
        )
        if len(snapshot.files) > len(files):
            blocks.append(Text(f"{len(snapshot.files) - len(files):,} more are listed in review.json."))
    return Section(SOURCE_TITLE, tuple(blocks))


def _method(source: EvidenceContext) -> Section:
    return Section(
        METHOD_TITLE,
        (
            Text(
                f"iamdesk {source.tool_version}, AWS action data {source.action_data_version}. The effective "
                f"permissions of each principal were evaluated over {_POLICY_TYPES}. Condition keys that are not "
                "provided are unknown: a decision that depends on them is conditional, neither allowed nor denied."
            ),
            Text(
                "Each quoted decision is in verdicts.jsonl with its request and can be evaluated again. A resource "
                f"named {FRESH} represents any resource that no policy names."
            ),
            *_findings_note(source),
        ),
    )


def _findings_note(source: EvidenceContext) -> Iterator[Text]:
    if source.evaluator is not None and not source.findings_are_same:
        yield Text(
            "The findings are those at the time when the review was created. This version of iamdesk has other "
            "findings for the same snapshot, so the package has no SARIF, OCSF and ASFF reports.",
            is_warning=True,
        )


def _result(source: EvidenceContext) -> Section:
    counts = source.counts
    rows = [(CHOICE_WORDS[choice], f"{counts.by_decision[choice.value]:,}") for choice in LINE_CHOICES]
    rows += [
        ("Entitlements of principals that are or can become administrators", f"{counts.privileged:,}"),
        (
            "Entitlements of principals for which this cannot be determined",
            f"{sum(source.privilege_unknown.values()):,}",
        ),
        ("Entitlements of third parties", f"{counts.third_party:,}"),
        ("Entitlements of machines", f"{counts.machines:,}"),
        ("Entitlements with second approval", f"{counts.seconded:,}"),
    ]
    found = [
        (
            ACCEPT_WORD if choice is ReviewDecision.EXCEPT else CHOICE_WORDS[choice],
            f"{counts.findings_by_decision[choice]:,}",
        )
        for choice in FINDING_CHOICES
    ]
    both = (
        ("Exceptions and accepted risks", f"{counts.exceptions:,}"),
        ("Changes to make in AWS", f"{counts.to_do:,}"),
        ("Revokes and fixes of earlier reviews, tested on this snapshot", f"{counts.tested:,}"),
    )
    return Section(
        RESULT_TITLE,
        (
            Table(("Entitlements", "Count"), (*rows, ("Total", f"{counts.entitlements:,}")), (70, 30)),
            Table(("Findings", "Count"), (*found, ("Total", f"{counts.findings:,}")), (70, 30)),
            Table(("Entitlements and findings", "Count"), both, (70, 30)),
            *joint_blocks(source),
            *removal_blocks(source),
        ),
    )


def _management() -> Section:
    return Section(
        "10. Management acknowledgement",
        (
            Text(f"For management to acknowledge by signing: “{ACKNOWLEDGED}”"),
            Text(
                "This statement was generated before any signature and does not show one. Sign-offs sign the manifest "
                "of this package and are in 08_signoffs.json. A sign-off by name alone is marked as an unsigned "
                "attestation."
            ),
        ),
    )


def _previous(head: Head) -> str:
    previous = head.details.get("previous_review")
    if head.previous_sha256:
        return f"{head.previous_sha256} (review {previous})"
    return (
        f"unknown: no evidence package of review {previous} was found" if previous else "none: this is a first review"
    )


def _integrity(source: EvidenceContext, evidence_sha256: str) -> Section:
    head = source.review.head
    return Section(
        INTEGRITY_TITLE,
        (
            Table(
                ("Item", "SHA-256"),
                (
                    ("Evidence (all data files of this package)", evidence_sha256),
                    ("Journal of decisions, last entry", source.review.journal_sha256),
                    ("Snapshot", head.snapshot_sha256),
                    ("Manifest of the previous review", _previous(head)),
                ),
                (34, 66),
            ),
        ),
    )
