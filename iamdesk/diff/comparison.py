"""The comparison of two snapshots (entry point of the package)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from iamdesk.attack_paths.types import AttackPath, AttackPaths, GoalKind
from iamdesk.aws.service_reference import reference
from iamdesk.checks.finding import Finding, State
from iamdesk.diff.cause_text import is_outside
from iamdesk.diff.parallel import Pair, begin_all, find_all
from iamdesk.diff.result import Comparison, Effect, PrincipalDiff, RiskChanges, Statistics, Status, TextChange
from iamdesk.diff.snapshot_view import SCP, SnapshotView
from iamdesk.diff.text_changes import text_changes
from iamdesk.i18n import join_names, phrase
from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.workers import Workers


def compare_snapshots(
    old: Snapshot,
    new: Snapshot,
    moment: datetime,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    workers: tuple[Workers, Workers] | None = None,
) -> Comparison:
    """Return the changes of effective access, with their causes.

    Args:
        old: The old snapshot.
        new: The new snapshot.
        moment: The time at which both are evaluated, so that expired conditions are not a change.
        progress: Called with the number of principals and resources done.
        cancelled: Returns True to stop.
        workers: Workers over both snapshots, of one executor; None: this thread does all work.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    if workers is not None:
        begin_all(moment, workers)
    pair = Pair.of(old, new, moment)
    before, after = pair.old, pair.new
    arns = pair.principal_arns()
    of_principals, of_resources = find_all(pair, arns, moment, workers, progress, cancelled)
    by_arn = {one.arn: one for found in of_principals for one in found.diffs}
    principals = {arn: by_arn[arn] for arn in arns}
    resources = {one.arn: one for found in of_resources for one in found.diffs}
    _add_to_principals(principals, resources)
    effects = [effect for one in (*principals.values(), *resources.values()) for effect in one.effects]
    names = {bits: after.space.names(bits) for bits in {effect.actions for effect in effects}}
    causes = {cause for effect in effects for cause in effect.causes}
    doubtful = {arn for arn, one in (*principals.items(), *resources.items()) if one.doubts}
    texts = tuple(
        TextChange(
            change.cause,
            change.cause in causes,
            not change.bears_on.isdisjoint(doubtful),
            change.gives,
        )
        for change in text_changes(before, after)
    )
    return Comparison(
        old_name=_name(old.path),
        new_name=_name(new.path),
        old_sha256=old.sha256,
        new_sha256=new.sha256,
        actions_as_of=f"{reference().updated:%Y-%m-%d}",
        principals=principals,
        resources=resources,
        texts=texts,
        limits=_limits(before, after),
        figures=Statistics(
            principals=len(arns),
            compared=sum(one.compared for one in of_principals),
            groups=sum(one.groups for one in of_principals),
            requests=sum(one.requests for one in (*of_principals, *of_resources)),
        ),
        action_names=names,
    )


def _name(path: Path) -> str:
    return path.name


def _add_to_principals(principals: dict[str, PrincipalDiff], resources: dict[str, PrincipalDiff]) -> None:
    """Add to principals the access that they gained or lost through resources."""
    gained: dict[str, dict[Effect, None]] = {}
    for one in resources.values():
        for effect in one.effects:
            if effect.principal in principals:
                gained.setdefault(effect.principal, {})[effect] = None
    for arn, effects in gained.items():
        known = principals[arn]
        merged = tuple(dict.fromkeys((*known.effects, *effects)))
        status = Status.CHANGED if known.status in (Status.UNCHANGED, Status.INCONCLUSIVE) else known.status
        principals[arn] = PrincipalDiff(arn, status, merged, known.doubts)


_MAX_ACCOUNTS = 5


def _limits(old: SnapshotView, new: SnapshotView) -> tuple[str, ...]:
    """Return the data that neither snapshot contains, so that it is not compared."""
    found: list[str] = []
    accounts = [account for account in new.index.accounts if account in old.index.accounts]
    lacking = [
        account
        for account in accounts
        if all(side.levels(account, SCP) is None and not is_outside(side, account) for side in (old, new))
    ]
    if lacking and len(lacking) == len(accounts):
        found.append(phrase("Service control policies: in neither snapshot."))
    elif lacking:
        names = join_names(lacking, _MAX_ACCOUNTS)
        found.append(phrase("Service control policies of {accounts}: in neither snapshot.", accounts=names))
    if not old.snapshot.resources and not new.snapshot.resources:
        found.append(phrase("Resource policies: in neither snapshot, except trust policies of roles."))
    if not old.snapshot.vpc_endpoints and not new.snapshot.vpc_endpoints:
        found.append(phrase("VPC endpoint policies: in neither snapshot."))
    found.append(phrase("Session policies, and access granted outside of IAM policies (such as database users)."))
    return tuple(found)


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
    paths_gained, findings_gained = _only_in(new, old), _only_in(new_findings, old_findings)
    remaining = tuple(_remaining(findings_gained, old_findings.values(), paths_gained))
    return RiskChanges(
        paths_gained,
        _only_in(old, new),
        _only_in({arn: arn for arn in new_admins}, old_admins),
        _only_in({arn: arn for arn in old_admins}, new_admins),
        tuple(one for one in findings_gained if one not in remaining),
        _only_in(old_findings, new_findings),
        remaining,
    )


_CHAINS = ("CHN-01", "CHN-02")
"""Attack paths to administrator: in one step, in several."""


def _remaining(
    gained: Iterable[Finding], before: Iterable[Finding], paths_gained: Iterable[AttackPath]
) -> Iterator[Finding]:
    """Yield the findings about an attack path of a principal that had one that was at least as sure, and gained none.

    Only the best path of a principal is reported: another one that it has appears when that ends.
    """
    known = {(one.subject_key, state) for one in before if one.check_id in _CHAINS for state in _no_surer(one.state)}
    starts = {path.start for path in paths_gained}
    for one in gained:
        if one.check_id in _CHAINS and (one.subject_key, one.state) in known and one.subject_key not in starts:
            yield one


def _no_surer(state: State) -> tuple[State, ...]:
    return tuple(State) if state is State.FOUND else (state,)


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
