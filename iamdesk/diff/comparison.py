"""Comparing two snapshots: the door of this room."""

from datetime import datetime
from pathlib import Path

from iamdesk.aws.service_reference import reference
from iamdesk.diff.parallel import Pair, find_all
from iamdesk.diff.result import Comparison, Effect, PrincipalDiff, Statistics, Status, TextChange
from iamdesk.diff.snapshot_view import SCP, SnapshotView
from iamdesk.diff.text_changes import text_changes
from iamdesk.i18n import phrase
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
    """Return what changed in effect, by which change.

    Both snapshots are asked as of one ``moment``: what merely ran out in between is no change between them.
    ``workers`` over both snapshots, of one executor, do what takes long; None: this thread.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    pair = Pair.of(old, new, moment)
    before, after = pair.old, pair.new
    arns = pair.principal_arns()
    of_principals, of_resources = find_all(pair, arns, moment, workers, progress, cancelled)
    told = {standing.arn: standing for one in of_principals for standing in one.standings}
    standings = {arn: told[arn] for arn in arns}
    found = {standing.arn: standing for one in of_resources for standing in one.standings}
    _add_to_principals(standings, found)
    effects = [effect for one in (*standings.values(), *found.values()) for effect in one.effects]
    names = {bits: after.space.names(bits) for bits in {effect.actions for effect in effects}}
    causes = {cause for effect in effects for cause in effect.causes}
    doubtful = {arn for arn, one in (*standings.items(), *found.items()) if one.doubts}
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
        principals=standings,
        resources=found,
        texts=texts,
        limits=_limits(before, after),
        figures=Statistics(
            principals=len(arns),
            compared=sum(one.compared for one in of_principals),
            groups=sum(one.groups for one in of_principals),
            questions=sum(one.questions for one in (*of_principals, *of_resources)),
        ),
        action_names=names,
    )


def _name(path: Path) -> str:
    return path.name


def _add_to_principals(standings: dict[str, PrincipalDiff], resources: dict[str, PrincipalDiff]) -> None:
    """Tell principals what they gained or lost by a resource's side."""
    gained: dict[str, dict[Effect, None]] = {}
    for one in resources.values():
        for effect in one.effects:
            if effect.principal in standings:
                gained.setdefault(effect.principal, {})[effect] = None
    for arn, effects in gained.items():
        known = standings[arn]
        told = tuple(dict.fromkeys((*known.effects, *effects)))
        status = Status.CHANGED if known.status in (Status.UNCHANGED, Status.CANNOT_TELL) else known.status
        standings[arn] = PrincipalDiff(arn, status, told, known.doubts)


def _limits(old: SnapshotView, new: SnapshotView) -> tuple[str, ...]:
    """Return what neither snapshot holds: nothing is said of it."""
    found: list[str] = []
    accounts = [account for account in new.index.accounts if account in old.index.accounts]
    if any(old.levels(account, SCP) is None and new.levels(account, SCP) is None for account in accounts):
        found.append(phrase("Service control policies: neither snapshot holds them."))
    if not old.snapshot.resources and not new.snapshot.resources:
        found.append(phrase("Resource policies: neither snapshot holds any, but for the trust policies of roles."))
    if not old.snapshot.vpc_endpoints and not new.snapshot.vpc_endpoints:
        found.append(phrase("Policies of VPC endpoints: neither snapshot holds any."))
    found.append(phrase("Session policies, and access that is granted outside of policies (database users)."))
    return tuple(found)
