"""Findings as text for people: one paragraph each, and a closing count."""

from collections.abc import Iterator, Mapping

from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.export.findings.columns import place_of, statements_of


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield the lines of one finding, an empty one last."""
    unsure = " (cannot tell)" if finding.state is State.CANNOT_TELL else ""
    word = finding.suppression
    apart = " (suppressed)" if word is not None else ""
    yield f"{finding.severity.value.upper()}{unsure}{apart}  {finding.check_id}  {finding.title}"
    yield f"  {finding.subject_kind} {finding.subject_name}, account {finding.account}: {finding.sentence}"
    if word is not None:
        yield f"  Suppressed until {word.expires.isoformat()} by {word.owner}: {word.reason}"
    for piece in finding.evidence:
        yield f"  - {piece.text}"
    for statement in statements_of(finding):
        yield f"  > {place_of(statement)}"
    yield f"  To do: {finding.remedy}"
    if finding.snippet:
        yield f"  $ {finding.snippet}"
    yield f"  Finding {finding.fingerprint}"
    yield ""


def closing_line(by_severity: Mapping[Severity, int], count: int, suppressed: int) -> str:
    """Return the count of findings that are open, by severity, and of those that are suppressed."""
    counts = ", ".join(
        f"{number:,} {severity.value}" for severity in Severity if (number := by_severity.get(severity, 0))
    )
    return (
        f"{count:,} findings"
        + (f": {counts}" if counts else "")
        + (f"; {suppressed:,} more suppressed" if suppressed else "")
    )
