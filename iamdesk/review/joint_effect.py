"""What revoked entitlements take together: several that rely on each other take more than each of them alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from iamdesk.access.access_change import AccessChange, ActionBits
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.review.effects import OF_POLICIES, EffectFinder, count_actions
from iamdesk.review.effects_proof import merged
from iamdesk.review.item_effect import MAX_NAMED, effect_of
from iamdesk.review.items import EntitlementType, ReviewItem


@dataclass(frozen=True, slots=True)
class JointEffect:
    """What one principal loses and gains without all of its revoked entitlements, shown by requests."""

    arn: str
    items: tuple[str, ...]
    """The revoked entitlements that it has, itself or by its groups: at least two."""
    lost: int
    """Actions that are less possible on some resource."""
    gained: int
    beyond: int
    """Of those lost: actions that revoking none of the entitlements alone takes."""


def joint_effects(
    finder: EffectFinder, revoked: Iterable[ReviewItem], cancelled: Cancelled = never_cancelled
) -> Iterator[JointEffect]:
    """Yield the joint effect on each principal that has several revoked entitlements; only those that change something.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    by_principal: dict[str, list[ReviewItem]] = {}
    for item in revoked:
        if item.type in OF_POLICIES:
            for arn in finder.affected(item):
                by_principal.setdefault(arn, []).append(item)
    for arn, items in by_principal.items():
        if len(items) < 2:
            continue
        if cancelled():
            raise WorkCancelled
        lost, gained = _changed(finder.change_without(arn, items, cancelled))
        alone: ActionBits = {}
        for item in items:
            alone = merged(alone, _changed(finder.change_without(arn, [item], cancelled))[0])
        beyond = {service: rest for service, bits in lost.items() if (rest := bits & ~alone.get(service, 0))}
        if lost or gained:
            ids = tuple(one.line_id for one in items)
            yield JointEffect(arn, ids, count_actions(lost), count_actions(gained), count_actions(beyond))


def _changed(change: AccessChange) -> tuple[ActionBits, ActionBits]:
    lost = {service: one.lost for service, one in change.items() if one.lost}
    return lost, {service: one.gained for service, one in change.items() if one.gained}


def relying(revoked: Sequence[ReviewItem], items: Iterable[ReviewItem]) -> Iterator[tuple[ReviewItem, ReviewItem]]:
    """Yield pairs of revoked entitlements that one principal has, and of which each grants what others grant, too.

    Revoking both may take what revoking one of them does not. By what the items carry: nothing is evaluated.

    Args:
        revoked: The revoked entitlements.
        items: All entitlements of the review, which say who is in a group.
    """
    also = [one for one in revoked if one.type in OF_POLICIES and effect_of(one).get("also_given")]
    if len(also) < 2:
        return
    members: dict[str, dict[str, ReviewItem]] = {}
    groups = {one.holder_arn for one in also if one.holder_kind == "group"}
    for item in items if groups else ():
        if item.type is EntitlementType.GROUP and item.entitlement_id in groups:
            members.setdefault(item.entitlement_id, {})[item.holder_arn] = item
    by_principal: dict[str, list[ReviewItem]] = {}
    for item in also:
        for arn in members.get(item.holder_arn, (item.holder_arn,)):
            by_principal.setdefault(arn, []).append(item)
    seen: set[tuple[str, str]] = set()
    for arn, held in by_principal.items():
        for place, one in enumerate(held):
            for other in held[place + 1 :]:
                pair = (one.line_id, other.line_id)
                if pair not in seen and _may_rely(one, other, arn, members):
                    seen.add(pair)
                    yield one, other


type _Members = Mapping[str, Mapping[str, ReviewItem]]
"""By ARN of a group, and of a member: the membership."""


def _may_rely(one: ReviewItem, other: ReviewItem, arn: str, members: _Members) -> bool:
    """Return whether an entitlement is among those that grant what another grants, as far as is known."""
    return any(_covers(*pair, arn, members) for pair in ((one, other), (other, one)))


def _covers(item: ReviewItem, other: ReviewItem, arn: str, members: _Members) -> bool:
    """Return whether an entitlement of a principal grants, as far as is known, what another one grants."""
    if other.holder_kind == "group" and other.holder_arn != item.holder_arn:
        group = other.holder_arn.rpartition("/")[2]
        if item.holder_kind != "group":
            return _is_listed(item, EntitlementType.GROUP, group)
        # What members have besides is not listed with a group's policy, but with the membership.
        membership = members.get(item.holder_arn, {}).get(arn)
        return membership is None or _is_listed(membership, EntitlementType.GROUP, group)
    if item.holder_kind == "group" and other.holder_arn != item.holder_arn:
        return False  # the member's own entitlement lists the group
    return _is_listed(item, other.type, other.name)


def _is_listed(item: ReviewItem, kind: EntitlementType, name: str) -> bool:
    """Return whether an item lists an entitlement that grants the same, or may do so: not all are listed."""
    effect = effect_of(item)
    covering: Sequence[Mapping[str, object]] = effect.get("covered_by", ())
    is_whole = bool(effect) and len(covering) < MAX_NAMED
    return not is_whole or any(one["type"] == kind.value and one["name"] == name for one in covering)
