"""Attack paths and findings that appear or vanish with changes, as text and JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from iamdesk.attack_paths.types import AttackPath
from iamdesk.checks.finding import Finding
from iamdesk.diff.result import RiskChanges
from iamdesk.export.attack_paths import to_attack_path

_MOST_LINES = 40


def risk_lines(changes: RiskChanges) -> Iterator[str]:
    """Yield the lines of a report; long lists are cut, with the number left out."""
    for title, listed in (
        ("Administrators that appear", changes.administrators_gained),
        ("Administrators that vanish", changes.administrators_lost),
        ("Attack paths that appear", [_path(one) for one in changes.paths_gained]),
        ("Attack paths that vanish", [_path(one) for one in changes.paths_lost]),
        ("Findings that appear", [_finding(one) for one in changes.findings_gained]),
        ("Findings that vanish", [_finding(one) for one in changes.findings_lost]),
    ):
        yield f"{title}: {len(listed):,}"
        yield from (f"  {line}" for line in _cut(listed))


def _cut(listed: Sequence[str]) -> Iterator[str]:
    yield from listed[:_MOST_LINES]
    if len(listed) > _MOST_LINES:
        yield f"and {len(listed) - _MOST_LINES:,} more"


def _path(path: AttackPath) -> str:
    first = path.steps[0]
    steps = "1 step" if len(path.steps) == 1 else f"{len(path.steps):,} steps"
    return f"{path.state.value:<9} {steps:<8} {path.start} to {path.goal.name}, {first.path_id} on {first.target}"


def _finding(finding: Finding) -> str:
    return f"{finding.check_id} {finding.subject_name}: {finding.sentence}"


def to_risk_changes(changes: RiskChanges) -> dict[str, Any]:
    """Return the changes as a JSON object."""
    return {
        "AdministratorsGained": list(changes.administrators_gained),
        "AdministratorsLost": list(changes.administrators_lost),
        "PathsGained": [to_attack_path(one) for one in changes.paths_gained],
        "PathsLost": [to_attack_path(one) for one in changes.paths_lost],
        "FindingsGained": [_to_finding(one) for one in changes.findings_gained],
        "FindingsLost": [_to_finding(one) for one in changes.findings_lost],
    }


def _to_finding(finding: Finding) -> dict[str, Any]:
    return {
        "Check": finding.check_id,
        "Severity": finding.severity.value,
        "State": finding.state.value,
        "Subject": finding.subject_key,
        "Sentence": finding.sentence,
        "Fingerprint": finding.fingerprint,
    }
