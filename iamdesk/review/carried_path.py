"""Whether the administration of its holders, or their path to it, depends on an entitlement (`CarriedPath`).

It does if the entitlement is taken from them, and

- something that each shortest path needs in its first step is lost: the path ends, or becomes longer, or
- the entitlement grants some of what one of these first steps needs, whether or not another one grants it, too: a step
  that needs two permissions, each granted twice, hangs on all four.

Only the first counts where the path is possible, not proven.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from iamdesk.access.access_change import ActionBits
from iamdesk.attack_paths.administrators import POWERS
from iamdesk.attack_paths.catalog import Gain, Required, TargetType, catalog, preference
from iamdesk.attack_paths.types import FirstSteps
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.request import EvalDecision, Request
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.policy.statement import Statement
from iamdesk.review.effects import EffectFinder, EntitlementEffect
from iamdesk.review.items import EntitlementType, ReviewItem

ADMINISTRATOR, PROVEN, POSSIBLE = "administrator", "proven", "possible"
"""What depends on it: being an administrator, or a path to it."""
_STATES = (ADMINISTRATOR, PROVEN, POSSIBLE)
_OWN = "${aws:username}"
_OF_ITSELF = (TargetType.ITSELF, TargetType.OWN_GROUP, TargetType.OWN_POLICY, TargetType.OWN_BOUNDARY)
_OWN_MEANS = (TargetType.OWN_GROUP, TargetType.OWN_POLICY)
_ALLOWED = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)


@dataclass(frozen=True, slots=True)
class CarriedPath:
    """What of its holders' administration depends on an entitlement."""

    state: str
    """`ADMINISTRATOR`, `PROVEN` or `POSSIBLE`."""
    technique: str = ""
    """The technique of the path's first step; several joined with ``+``; empty for administrators."""
    ends: bool | None = True
    """Whether revoking the entitlement alone ends or lengthens it; None: perhaps, since what it needs is lost in part,
    and stays on other resources or under conditions."""
    is_whole: bool = True
    """Whether the entitlement alone grants all that the first step needs, or that administrators need."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """What one technique needs."""

    path_id: str
    elsewhere: ActionBits
    """On other resources than the holder's own ones."""
    own: ActionBits
    """On the holder itself, its groups and policies."""


class CarriedPaths:
    """Finds what of its holders' administration depends on an entitlement. For one thread."""

    def __init__(self, finder: EffectFinder, first_steps: Mapping[str, FirstSteps]) -> None:
        self._finder = finder
        self._first_steps = first_steps

    def of(self, item: ReviewItem, effect: EntitlementEffect) -> CarriedPath | None:
        """Return what depends on an entitlement; None if nothing does, or it is no grant of permissions."""
        if item.type not in (EntitlementType.GROUP, EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY):
            return None
        policies = self._finder.gone(item)
        own_alone = _only_own(policies, item.holder_arn)
        gives = _without(effect.alone, effect.latent)
        found: list[CarriedPath] = []
        losing = set(effect.losing)
        lost = effect.lost, _without(effect.lost, effect.lost_in_part)
        for steps, loses in dict.fromkeys((self._steps_of(item, arn), arn in losing) for arn in effect.affected):
            found += _carried(steps, lost if loses else ({}, {}), gives, own_alone)
        if item.holder_kind == "user" and not any(one.state == PROVEN for one in found):
            found += self._as_own_means(item, policies)
        return min(found, key=_first, default=None)

    def _steps_of(self, item: ReviewItem, arn: str) -> FirstSteps:
        if arn == item.holder_arn and (item.evidence.get("administration") or {}).get("reaches") == "is":
            return FirstSteps(is_administrator=True)  # also a group without members
        return self._first_steps.get(arn, FirstSteps())

    def _as_own_means(self, item: ReviewItem, policies: Iterable[CarriedPolicy]) -> Iterator[CarriedPath]:
        """Yield the path of a holder that changes a policy or group of its own, if this is the only one it has."""
        holder = item.holder_arn
        techniques = self._first_steps.get(holder, FirstSteps()).proven
        if not techniques or item.type is EntitlementType.INLINE_POLICY:
            return
        needed = [_own_means(path_id) for path_id in techniques]
        if not all(needed):
            return
        gone = {one.key for one in policies} | ({item.entitlement_id} if item.type is EntitlementType.GROUP else set())
        means = set(self._means(holder, {one for some in needed for one in some}))
        if means and means <= gone:
            yield CarriedPath(PROVEN, techniques[0])

    def _means(self, holder: str, needed: Iterable[Required]) -> Iterator[str]:
        """Yield the groups and customer managed policies of a holder that it may change."""
        index = self._finder.evaluator.index
        user = index.users[holder]
        own_groups = [arn for arn in index.group_arns if holder in self._finder.members(arn)]
        own_policies = [one.key for one in index.carried(user.arn).identity if not one.is_inline]
        for required in needed:
            for arn in own_groups if required.on is TargetType.OWN_GROUP else own_policies:
                if self._finder.evaluator.decide(Request(holder, required.action, arn)) in _ALLOWED:
                    yield arn


def _first(one: CarriedPath) -> tuple[bool, int, int]:
    """Return the sort key: what revoking certainly ends goes before what another entitlement grants, too."""
    return one.state == POSSIBLE, (True, None, False).index(one.ends), _STATES.index(one.state)


def _carried(
    steps: FirstSteps, lost: tuple[ActionBits, ActionBits], gives: ActionBits, own_alone: ActionBits
) -> Iterator[CarriedPath]:
    """Yield what depends on an entitlement for holders with the same first steps.

    ``lost`` is what they lose, and what of it is possible nowhere afterwards.
    """
    if steps.is_administrator:
        yield from _of_state(ADMINISTRATOR, [_powers()], lost, gives, own_alone)
        return
    for state, path_ids in ((PROVEN, steps.proven), (POSSIBLE, steps.possible)):
        needed = [_needed(path_id) for path_id in sorted(path_ids, key=preference)]
        if needed:
            yield from _of_state(state, needed, lost, gives, own_alone)


def _of_state(
    state: str,
    needed: Sequence[_Needed],
    lost: tuple[ActionBits, ActionBits],
    gives: ActionBits,
    own_alone: ActionBits,
) -> Iterator[CarriedPath]:
    some, wholly = lost
    chosen = next((one for one in needed if _covers(one, gives, own_alone)), None)
    is_whole = chosen is not None
    if all(_touches(one, some, own_alone) for one in needed):
        ends = all(_touches(one, wholly, own_alone) for one in needed) or None
        yield CarriedPath(state, (chosen or needed[0]).path_id, ends, is_whole)
    elif state != POSSIBLE:
        chosen = chosen or next((one for one in needed if _touches(one, gives, own_alone)), None)
        if chosen is not None:
            yield CarriedPath(state, chosen.path_id, ends=False, is_whole=is_whole)


def _touches(needed: _Needed, actions: ActionBits, own_alone: ActionBits) -> bool:
    return any(bits & actions.get(service, 0) for service, bits in needed.own.items()) or any(
        bits & actions.get(service, 0) & ~own_alone.get(service, 0) for service, bits in needed.elsewhere.items()
    )


def _covers(needed: _Needed, actions: ActionBits, own_alone: ActionBits) -> bool:
    return all(not bits & ~actions.get(service, 0) for service, bits in needed.own.items()) and all(
        not bits & ~(actions.get(service, 0) & ~own_alone.get(service, 0)) for service, bits in needed.elsewhere.items()
    )


def _without(one: ActionBits, other: ActionBits) -> ActionBits:
    return {service: rest for service, bits in one.items() if (rest := bits & ~other.get(service, 0))}


def _only_own(policies: Iterable[CarriedPolicy], holder: str) -> ActionBits:
    """Return the actions that policies allow on the holder's own user alone, as self-service of credentials does."""
    own: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    for statement in (one for policy in policies for one in policy.document.statements if one.is_allow):
        target = own if _is_own(statement, holder) else elsewhere
        for service in _IAM:
            target[service] = target.get(service, 0) | service_actions(service).covered_by(statement)
    return _without(own, elsewhere)


_IAM = ("iam",)
"""Services whose techniques act on users."""


def _is_own(statement: Statement, holder: str) -> bool:
    texts = statement.resource_texts()
    return bool(texts) and all(_OWN in text.lower() or text == holder for text in texts)


def _own_means(path_id: str) -> tuple[Required, ...]:
    """Return what a technique needs of an own group or policy, through which the holder gives itself any permission."""
    if "+" in path_id:
        return ()
    path = catalog().path(path_id)
    return tuple(one for one in path.actions if one.on in _OWN_MEANS) if path.gain is Gain.ANY_PERMISSION else ()


@lru_cache(maxsize=1)
def _powers() -> _Needed:
    return _Needed("", _bits(power.action for power in POWERS), {})


@lru_cache(maxsize=1 << 10)
def _needed(path_id: str) -> _Needed:
    required = [one for part in path_id.split("+") for one in catalog().path(part).actions]
    return _Needed(
        path_id,
        _bits(one.action for one in required if one.on not in _OF_ITSELF),
        _bits(one.action for one in required if one.on in _OF_ITSELF),
    )


def _bits(names: Iterable[str]) -> dict[str, int]:
    actions: dict[str, int] = {}
    for name in names:
        service, _, action = name.partition(":")
        actions[service] = actions.get(service, 0) | 1 << service_actions(service).positions[action.lower()]
    return actions
