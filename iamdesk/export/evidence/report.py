"""The statement of a review: what a person reads, first the totals and the gaps. Built once, for HTML and for PDF."""

from collections.abc import Iterator, Sequence

from iamdesk.access.request_grid import FRESH
from iamdesk.checks.words import enumerated
from iamdesk.export.evidence.context import EvidenceContext, file_name
from iamdesk.export.evidence.control_totals import Total
from iamdesk.export.evidence.report_details import appendix_sections, privileged_sections, recipe_section
from iamdesk.export.evidence.report_model import Section, Statement, Table, Text
from iamdesk.export.evidence.report_sample import ReportSample
from iamdesk.export.evidence.review_json import ENTITLEMENT_DEFINITION
from iamdesk.export.text.review import ACCEPT_WORD, CHOICE_WORDS
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ReviewDecision
from iamdesk.review.schema import Head
from iamdesk.snapshot.manifest import Manifest

_LONGEST_TITLE = 120
_MOST_GAPS = 100
_LAYERS = (
    "service control policies, resource control policies, resource policies, trust policies, identity policies, "
    "permissions boundaries, endpoint policies, access control lists and Block Public Access, as far as the snapshot "
    "holds them"
)
ACKNOWLEDGED = "I have read this statement and acknowledge that the access that remains is appropriate."


def statement_of(
    source: EvidenceContext, found: Sequence[Total], kept: ReportSample, evidence_sha256: str
) -> Statement:
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
        *privileged_sections(kept),
        *appendix_sections(kept, source),
        recipe_section(source),
    )
    title = head.title if len(head.title) <= _LONGEST_TITLE else f"{head.title[:_LONGEST_TITLE]}…"
    return Statement(f"Access review: {title}", head.review_id, evidence_sha256, source.generated_utc, sections)


def _first(source: EvidenceContext, found: Sequence[Total]) -> Section:
    counts = source.counts
    blocks: list[Text | Table] = [
        Text(
            f"{counts.in_scope:,} of {counts.population:,} principals are in scope; {counts.decided:,} of "
            f"{counts.entitlements:,} entitlements received a decision; undecided: {counts.undecided:,}. "
            f"{counts.findings_decided:,} of {counts.findings:,} findings received a decision; "
            f"undecided: {counts.findings_undecided:,}."
        )
    ]
    if source.left_out:
        counted = ((one.principals, one.entitlements, one.findings) for one in source.left_out)
        out = [sum(counts_of_one) for counts_of_one in zip(*counted, strict=True)]
        blocks.append(
            Text(
                f"Left out of this review, for the reasons that stand under Scope: {out[0]:,} principals, {out[1]:,} "
                f"entitlements and {out[2]:,} findings.",
                is_warning=True,
            )
        )
    lost = source.review.head.details.get("lost")
    if lost is not None:
        blocks.append(Text(f"This review was recovered from a damaged file. {lost}", is_warning=True))
    if source.evaluator is None:
        blocks.append(
            Text("The snapshot was not at hand when this was written: nothing was asked of it again.", is_warning=True)
        )
    failed = sum(not one.ok for one in found)
    if failed:
        blocks.append(Text(f"{failed:,} of {len(found):,} control totals do not agree.", is_warning=True))
    if source.gaps:
        told = _gap_count(len(source.gaps))
        blocks.append(Text(f"The snapshot has {told}: what hangs on them is not known. See below.", is_warning=True))
    blocks.append(
        Table(
            ("Control total", "A", "B", "Agrees"),
            tuple((one.name, one.a, one.b, "yes" if one.ok else "NO") for one in found),
            (50, 21, 21, 8),
        )
    )
    if source.gaps:
        blocks += _gaps(source)
    else:
        blocks.append(Text("The completeness checks found no gap in the snapshot."))
    return Section("Completeness: control totals and gaps", tuple(blocks))


def _gaps(source: EvidenceContext) -> Iterator[Text | Table]:
    """Yield what is missing: the same in many accounts is told once."""
    where: dict[tuple[str, str], dict[str, None]] = {}
    for gap in source.gaps:
        where.setdefault((str(gap["check_id"]), str(gap["finding"])), {})[str(gap.get("account_id", ""))] = None
    many = len(source.accounts) > 1
    rows = tuple(
        (check_id, "every account" if many and {*source.accounts} <= accounts.keys() else enumerated(accounts), finding)
        for (check_id, finding), accounts in where.items()
    )
    yield Table(("Gap", "Account", "What is missing"), rows[:_MOST_GAPS], (10, 20, 70))
    if len(rows) > _MOST_GAPS:
        yield Text(f"and {len(rows) - _MOST_GAPS:,} more: 04_findings.csv lists them.", is_warning=True)


def _gap_count(count: int) -> str:
    return "1 gap" if count == 1 else f"{count:,} gaps"


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
        ("Principals out of scope", "; ".join(reasons) or "nobody"),
    ]
    known = {"period_start": "Period from", "period_end": "Period to", "standards": "Standards", "scope": "Scope"}
    facts += [(title, head.details[name]) for name, title in known.items() if head.details.get(name)]
    return Section(
        "1. Scope",
        (
            Table(("Fact", "Value"), tuple(facts), (24, 76)),
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
        yield Text("No account, no class of principals and no kind of entitlement was left out.")
        return
    yield Table(
        ("Left out", "Reason", "Principals", "Entitlements", "Findings"),
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


def _captured(manifest: Manifest | None) -> str:
    if manifest is None:
        return "The snapshot does not say who captured it, when, and with which command."
    who = f" by {manifest.caller.arn}" if manifest.caller is not None else ""
    when = f", begun {manifest.started_at:%Y-%m-%d %H:%M} UTC" if manifest.started_at is not None else ""
    done = f", ended {manifest.finished_at:%Y-%m-%d %H:%M} UTC" if manifest.finished_at is not None else ", never ended"
    tool = manifest.tool or "a tool that is not named"
    return (
        f"Captured with {tool}{who}{when}{done}. Its manifest.json tells for each file the command that prints it and "
        "the moment."
    )


def _sources(source: EvidenceContext) -> Section:
    head = source.review.head
    blocks: list[Text | Table] = [Text(f"Snapshot {head.snapshot_name}, SHA-256 {head.snapshot_sha256}.")]
    snapshot = source.snapshot
    if snapshot is not None:
        if snapshot.latest is not None:
            blocks.append(
                Text(f"The latest moment that anything in it speaks of: {snapshot.latest:%Y-%m-%d %H:%M} UTC.")
            )
        blocks.append(Text(_captured(snapshot.manifest)))
        files = snapshot.files[:200]
        blocks.append(
            Table(
                ("File", "Bytes", "SHA-256"),
                tuple((file_name(snapshot, file.path), f"{file.size:,}", file.sha256) for file in files),
                (30, 8, 62),
            )
        )
        if len(snapshot.files) > len(files):
            blocks.append(Text(f"and {len(snapshot.files) - len(files):,} more: review.json lists them."))
    return Section("2. Source", tuple(blocks))


def _method(source: EvidenceContext) -> Section:
    return Section(
        "3. Method",
        (
            Text(
                f"iamdesk {source.tool_version}, list of AWS actions {source.action_data_version}. Every holder's "
                f"effective power was evaluated over {_LAYERS}. Keys of the request's context that nobody gave count "
                "as unknown: what hangs on them is told as conditional, never as denied or allowed."
            ),
            Text(
                "Each quoted verdict stands in verdicts.jsonl with its whole question, and can be asked again. A "
                f"resource called {FRESH} is any one that no policy names."
            ),
            *_findings_note(source),
        ),
    )


def _findings_note(source: EvidenceContext) -> Iterator[Text]:
    if source.evaluator is not None and not source.findings_are_same:
        yield Text(
            "The findings are those of the day on which the review was made. This iamdesk finds others in the same "
            "snapshot, so no SARIF, OCSF and ASFF report of them stands in the pack.",
            is_warning=True,
        )


def _reviewers(kept: ReportSample) -> Section:
    rows = tuple((name, account, f"{count:,}") for (name, account), count in sorted(kept.reviewers.items()))
    blocks: list[Text | Table] = [
        Text(
            "Names are as typed, accounts as the system told them: iamdesk does not authenticate people. A decision on "
            "a reviewer's own access was refused only where the reviewer had named that principal as their own; what "
            "they named is not recorded. Whether anybody decided on access of their own was not checked."
        ),
        Table(("Reviewer", "Account of the system", "Decisions"), rows, (40, 40, 20)),
    ]
    if kept.seconds:
        blocks.append(
            Table(
                ("Second reviewer", "Decisions stood for"),
                tuple((name, f"{count:,}") for name, count in sorted(kept.seconds.items())),
                (60, 40),
            )
        )
    return Section("4. Reviewers", tuple(blocks))


def _result(source: EvidenceContext) -> Section:
    counts = source.counts
    rows = [(CHOICE_WORDS[choice], f"{counts.by_decision[choice.value]:,}") for choice in LINE_CHOICES]
    rows += [
        ("Lines of administrators, and of who becomes one", f"{counts.privileged:,}"),
        ("Lines of third parties", f"{counts.third_party:,}"),
        ("Lines of machines", f"{counts.machines:,}"),
        ("Lines with a second reviewer", f"{counts.seconded:,}"),
    ]
    found = [
        (
            ACCEPT_WORD if choice is ReviewDecision.EXCEPT else CHOICE_WORDS[choice],
            f"{counts.findings_by_decision[choice]:,}",
        )
        for choice in FINDING_CHOICES
    ]
    both = (
        ("Exceptions, of entitlements and of findings", f"{counts.exceptions:,}"),
        ("To be carried out", f"{counts.to_do:,}"),
        ("Revokes and fixes of earlier reviews, tested on this snapshot", f"{counts.tested:,}"),
    )
    return Section(
        "5. Result",
        (
            Table(("Entitlements", "Count"), (*rows, ("All", f"{counts.entitlements:,}")), (70, 30)),
            Table(("Findings", "Count"), (*found, ("All", f"{counts.findings:,}")), (70, 30)),
            Table(("Both", "Count"), both, (70, 30)),
        ),
    )


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


def _before(head: Head) -> str:
    before = head.details.get("previous_review")
    if head.previous_sha256:
        return f"{head.previous_sha256} (review {before})"
    return f"not named: no evidence of review {before} was at hand" if before else "none: this is the first"


def _integrity(source: EvidenceContext, evidence_sha256: str) -> Section:
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
                    ("Manifest of the review before", _before(head)),
                ),
                (34, 66),
            ),
        ),
    )
