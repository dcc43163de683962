"""Findings as text: one paragraph each, and a line with totals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from iamdesk.causes.types import Cause, Control, ControlStatus
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.export.findings.columns import api_calls_of, place_of, statements_of
from iamdesk.export.findings.tracked_tickets import TrackedTicket, ticket_words
from iamdesk.viewmodel.tree_builder import NodeKind


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield the lines of one finding, with an empty line at the end."""
    state = " (cannot tell)" if finding.state is State.INCONCLUSIVE else ""
    suppression = finding.suppression
    suppressed = " (suppressed)" if suppression is not None else ""
    yield f"{finding.severity.value.upper()}{state}{suppressed}  {finding.check_id}  {finding.title}"
    yield f"  {_subject(finding)}: {finding.sentence}"
    if suppression is not None:
        yield f"  Suppressed until {suppression.expires.isoformat()} by {suppression.owner}: {suppression.reason}"
    for piece in finding.evidence:
        yield f"  - {piece.text}"
    for call in api_calls_of(finding):
        yield f"  API calls: {call}"
    for place in dict.fromkeys(map(place_of, statements_of(finding))):
        yield f"  > {place}"
    yield f"  Remediation: {finding.remediation}"
    if finding.remediation_command:
        yield f"  $ {finding.remediation_command}"
    yield f"  Finding {finding.fingerprint}"
    yield ""


def _subject(finding: Finding) -> str:
    account = f"account {finding.account}"
    if finding.subject_kind == NodeKind.ACCOUNT.value:
        return account
    if finding.subject_kind == NodeKind.MISSING.value:
        return f"{finding.subject_name} ({finding.subject_kind}), {account}"
    return f"{finding.subject_kind} {finding.subject_name}, {account}"


_LISTED = 5
"""Findings of a cause that are listed; JSON and CSV have all."""


def cause_lines(number: int, cause: Cause, ticket: TrackedTicket | None = None) -> Iterator[str]:
    """Yield the lines of one cause, with an empty line at the end."""
    state = " (cannot tell)" if cause.state is State.INCONCLUSIVE else ""
    yield f"{number}. {cause.severity.value.upper()}{state}  {cause.name}"
    yield f"  {cause.effect[:1].upper()}{cause.effect[1:]}."
    repeats = f" ({cause.folded:,} of them only {'repeats' if cause.folded == 1 else 'repeat'} a more severe one)"
    yield f"  {_count(len(cause.findings))} of {', '.join(cause.check_ids)}{repeats if cause.folded else ''}"
    leading = [one for one in cause.findings if not one.folded_into]
    for one in leading[:_LISTED]:
        yield f"  - {one.check_id} {one.subject_name}: {one.title} ({one.fingerprint})"
    if len(leading) > _LISTED:
        yield f"  - and {len(leading) - _LISTED:,} more"
    yield f"  Remediation: {cause.remediation}"
    if ticket is not None:
        yield f"  Ticket: {ticket_words(ticket)}"
    yield f"  Cause {cause.id} ({cause.kind.value})"
    yield ""


def causes_line(causes: int) -> str:
    """Return the number of causes, and where all their findings are."""
    return f"{causes:,} causes, by severity, then by effect; --format json or csv lists all findings of each"


def control_lines(controls: Iterable[Control]) -> Iterator[str]:
    """Yield one line for each control under the name of its standard, with what it was tried on, and the totals."""
    standard = ""
    counts: Counter[ControlStatus] = Counter()
    for control in controls:
        if control.standard != standard:
            standard = control.standard
            basis = "" if control.basis == "published" else "; mapping of checks by iamdesk"
            yield f"{standard} ({control.source}{basis})"
        counts[control.status] += 1
        tried = ", ".join(f"{count:,} × {kind}" for kind, count in control.population)
        yield f"  {control.status.value.upper():<12} {control.id:<10} {', '.join(control.check_ids)}, tried on {tried}"
        notes = [
            f"{number:,} {words}"
            for number, words in (
                (control.failed, "open finding" if control.failed == 1 else "open findings"),
                (control.unknown, "cannot be determined"),
                (control.exceptions, "suppressed (exceptions)"),
            )
            if number
        ]
        notes += [f"skipped for missing data: {', '.join(control.skipped)}"] if control.skipped else []
        notes += [f"snapshot incomplete: {', '.join(control.incomplete)}"] if control.incomplete else []
        if notes:
            yield f"               {'; '.join(notes)}"
    totals = ", ".join(f"{counts[status]:,} {status.value}" for status in ControlStatus)
    yield f"{counts.total():,} controls: {totals}"


def _count(number: int) -> str:
    return "1 finding" if number == 1 else f"{number:,} findings"


def closing_line(by_severity: Mapping[Severity, int], count: int, suppressed: int) -> str:
    """Return the totals: ``count`` open findings, by severity, and suppressed ones."""
    counts = ", ".join(
        f"{number:,} {severity.value}" for severity in Severity if (number := by_severity.get(severity, 0))
    )
    return (
        f"{count:,} findings"
        + (f": {counts}" if counts else "")
        + (f"; {suppressed:,} more suppressed" if suppressed else "")
    )
