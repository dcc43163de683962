"""Attack paths and findings that changes make appear or vanish."""

from collections.abc import Iterable, Iterator, Mapping

from iamdesk.attack_paths.types import AttackPath, AttackPaths, GoalKind
from iamdesk.checks.finding import Finding
from iamdesk.diff.result import RiskChanges

_MAX_PATHS = 200
"""Attack paths per principal that are compared."""

type _Key = tuple[str, str, str, str]
"""Of the first step of a path: principal, technique, target, what the principal becomes."""


def risk_changes(
    before: AttackPaths, after: AttackPaths, findings_before: Iterable[Finding], findings_after: Iterable[Finding]
) -> RiskChanges:
    """Compare the attack paths to administrator, by their first step, and the findings, by their fingerprint."""
    old, new = dict(_paths(before)), dict(_paths(after))
    old_admins, new_admins = dict.fromkeys(_administrators(before)), dict.fromkeys(_administrators(after))
    old_findings = {one.fingerprint: one for one in findings_before}
    new_findings = {one.fingerprint: one for one in findings_after}
    return RiskChanges(
        _only_in(new, old),
        _only_in(old, new),
        _only_in({arn: arn for arn in new_admins}, old_admins),
        _only_in({arn: arn for arn in old_admins}, new_admins),
        _only_in(new_findings, old_findings),
        _only_in(old_findings, new_findings),
    )


def _only_in[Key, Value](mine: Mapping[Key, Value], other: Mapping[Key, object]) -> tuple[Value, ...]:
    return tuple(value for key, value in mine.items() if key not in other)


def _paths(graph: AttackPaths) -> Iterator[tuple[_Key, AttackPath]]:
    for principal, distance in graph.distances().items():
        if distance.steps:
            for path in graph.attack_paths(principal, most=_MAX_PATHS):
                first = path.steps[0]
                becomes = first.goal.key if first.goal.kind is GoalKind.PRINCIPAL else "administrator"
                yield (principal, first.path_id, first.target, becomes), path


def _administrators(graph: AttackPaths) -> Iterator[str]:
    for exposure in graph.exposures():
        if exposure.is_administrator:
            yield exposure.principal
