"""A what-if: its changes as a script of AWS CLI commands, and what they change as text and JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from iamdesk.attack_paths.types import AttackPath
from iamdesk.checks.finding import Finding
from iamdesk.diff.result import RiskChanges
from iamdesk.escaping import visible
from iamdesk.export.attack_paths import to_attack_path
from iamdesk.export.files.shell_script import in_account, is_odd, script_head
from iamdesk.whatif.commands import CliCommand


def script_lines(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> Iterator[str]:
    """Yield the lines of a shell script that makes the changes in AWS, by default as a dry run."""
    yield script_head(f"Changes evaluated on {snapshot_name}", file_name)
    for one in commands:
        yield f"# {visible(one.edit.sentence)}"
        if one.remark:
            yield f"#   {visible(one.remark)}"
        if one.words and not is_odd((one.edit.subject.rpartition("/")[2], one.edit.detail, one.account_id)):
            yield in_account(one.account_id, one.words)
        else:
            yield f"# by hand: {visible(one.by_hand or 'check the names before you use them in a command')}"
        yield ""


def script(commands: Iterable[CliCommand], snapshot_name: str, file_name: str) -> bytes:
    """Return the script in UTF-8."""
    return "\n".join(script_lines(commands, snapshot_name, file_name)).encode()


_MAX_LINES = 40


def risk_lines(changes: RiskChanges) -> Iterator[str]:
    """Yield the lines of a report; long lists are cut, with the number left out."""
    for title, listed in (
        ("New administrators", changes.administrators_gained),
        ("No longer administrators", changes.administrators_lost),
        ("New attack paths", [_path(one) for one in changes.paths_gained]),
        ("Attack paths ended", [_path(one) for one in changes.paths_lost]),
        ("Remaining attack paths", [_finding(one) for one in changes.findings_remaining]),
        ("New findings", [_finding(one) for one in changes.findings_gained]),
        ("Findings resolved", [_finding(one) for one in changes.findings_lost]),
    ):
        yield f"{title}: {len(listed):,}"
        yield from (f"  {line}" for line in listed[:_MAX_LINES])
        if len(listed) > _MAX_LINES:
            yield f"  and {len(listed) - _MAX_LINES:,} more"


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
        "FindingsRemaining": [_to_finding(one) for one in changes.findings_remaining],
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
