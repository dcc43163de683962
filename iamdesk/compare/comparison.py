"""Comparing two snapshots: the door of this room."""

from datetime import datetime
from pathlib import Path

from iamdesk.compare.arns import account_of
from iamdesk.compare.principals import PrincipalComparer
from iamdesk.compare.resource_forms import Entry, Granting, services_of
from iamdesk.compare.resources import ResourceComparer
from iamdesk.compare.shapes import Comparison, Effect, Figures, Standing, Status, TextChange
from iamdesk.compare.side import SCP, Side, share_space
from iamdesk.compare.texts import text_changes
from iamdesk.index.actions import reference
from iamdesk.language import phrase
from iamdesk.policy.document import DocumentStore
from iamdesk.query.evaluator import Evaluator
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress


def compare_snapshots(
    old: Snapshot,
    new: Snapshot,
    moment: datetime,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> Comparison:
    """Return what changed in effect, by which change.

    Both snapshots are asked as of one ``moment``: what merely ran out in between is no change between them.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    documents = DocumentStore()  # one for both: what is equal is compared once
    before, after = (Side(Evaluator(snapshot, lambda: moment, documents)) for snapshot in (old, new))
    space = share_space(before, after)
    granting = Granting(before, after)
    principals = PrincipalComparer(before, after, granting)
    resources = ResourceComparer(before, after, granting, principals, cancelled)
    arns = list(dict.fromkeys((*after.principals, *after.groups, *before.principals, *before.groups)))
    entries = _entries(granting, before, after)
    total = len(arns) + len(entries)
    standings: dict[str, Standing] = {}
    for place, arn in enumerate(arns):
        if cancelled():
            raise WorkCancelled
        progress(place, total)
        standings[arn] = principals.compare(arn)
    found: dict[str, Standing] = {}
    for place, entry in enumerate(entries, len(arns)):
        if cancelled():
            raise WorkCancelled
        progress(place, total)
        standing = resources.compare(entry)
        if standing is not None:
            found[entry.arn] = standing
    _add_to_principals(standings, found)
    progress(total, total)
    effects = [effect for one in (*standings.values(), *found.values()) for effect in one.effects]
    names = {bits: space.names(bits) for bits in {effect.actions for effect in effects}}
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
        figures=Figures(
            principals=len(arns),
            compared=principals.compared,
            groups=principals.groups,
            questions=principals.questions + resources.questions,
        ),
        action_names=names,
    )


def _name(path: Path) -> str:
    return path.name


def _entries(granting: Granting, old: Side, new: Side) -> list[Entry]:
    """Return the resources to look at; users count for their tags, which requests about them meet."""
    found = dict(granting.entries)
    for arn in dict.fromkeys((*old.index.users, *new.index.users)):
        found[arn] = Entry(arn, account_of(arn), services_of(arn), {}, {})
    return list(found.values())


def _add_to_principals(standings: dict[str, Standing], resources: dict[str, Standing]) -> None:
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
        standings[arn] = Standing(arn, status, told, known.doubts)


def _limits(old: Side, new: Side) -> tuple[str, ...]:
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
