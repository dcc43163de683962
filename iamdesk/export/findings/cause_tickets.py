"""One ticket for each cause of findings: what the formats for issue trackers share."""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.causes.grouping import causes_of
from iamdesk.causes.types import Cause
from iamdesk.checks.finding import Finding, State
from iamdesk.escaping import visible
from iamdesk.export.findings.columns import api_calls_of, place_of, statements_of
from iamdesk.export.findings.report import Report

_LISTED = 20
_MAX_SUMMARY = 250
"""Characters of a summary: Jira takes 255, ServiceNow's short description is cut by its field's length."""
_MAX_STATEMENTS = 5


@dataclass(frozen=True, slots=True)
class CauseTicket:
    """One ticket."""

    id: str
    """Stable across snapshots: ``iamdesk-`` and the id of the cause."""
    cause: Cause
    summary: str
    description: str
    """Several lines of plain text."""


def cause_tickets(report: Report) -> Iterator[CauseTicket]:
    """Yield a ticket for each cause of the open findings, in their order."""
    findings = {one.fingerprint: one for one in report.findings}
    for cause in causes_of(report.findings).rows:
        summary = visible(cause.name)
        if len(summary) > _MAX_SUMMARY:
            summary = f"{summary[: _MAX_SUMMARY - 1]}…"
        text = "\n".join(map(visible, _lines(cause, findings, report)))
        yield CauseTicket(f"iamdesk-{cause.id}", cause, summary, text)


def _lines(cause: Cause, findings: dict[str, Finding], report: Report) -> Iterator[str]:
    yield f"{cause.effect[:1].upper()}{cause.effect[1:]}."
    leading = [findings[one.fingerprint] for one in cause.findings if not one.folded_into]
    yield ""
    for one in leading[:_LISTED]:
        unsure = " (cannot tell)" if one.state is State.INCONCLUSIVE else ""
        yield f"* {one.severity.value}{unsure}: {one.sentence} ({one.check_id}, finding {one.fingerprint})"
        for call in api_calls_of(one):
            yield f"  API calls: {call}"
    if len(leading) > _LISTED:
        yield f"* and {len(leading) - _LISTED:,} more"
    places = list(dict.fromkeys(place_of(each) for one in leading for each in statements_of(one)))
    if places:
        yield ""
        more = f" and {len(places) - _MAX_STATEMENTS:,} more" if len(places) > _MAX_STATEMENTS else ""
        yield f"By: {'; '.join(places[:_MAX_STATEMENTS])}{more}."
    yield ""
    yield f"What to change: {cause.remediation}"
    commands = list(dict.fromkeys(one.remediation_command for one in leading if one.remediation_command))
    if len(commands) == 1:
        yield f"Command: {commands[0]}"
    yield ""
    settings = f", settings SHA-256 {report.settings_sha256}" if report.settings_sha256 else ""
    yield (
        f"Cause {cause.id} in {report.snapshot_name}, SHA-256 {report.snapshot_sha256}{settings}, "
        f"iamdesk {report.tool_version}, {report.generated_utc}."
    )
