"""What an entitlement gives by itself, and what its holder and others lose and gain if it goes.

The entitlement is taken away (`access.altered_principals`), and every action that its policies apply to is evaluated
before and after, on every resource that policies name and on those that none names (`access.access_change`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from iamdesk.access.access_change import AccessChange, AccessChanges, ActionBits
from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.request import EvalDecision
from iamdesk.i18n import phrase
from iamdesk.inventory.policy_index import CarriedPolicy
from iamdesk.policy.statement import Statement
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.principal_variables import guardrails_of

_MAX_ALONE = 1 << 10
"""Cached permissions of entitlements alone: those of one holder are compared with each other."""
OF_POLICIES = frozenset(
    {
        EntitlementType.GROUP,
        EntitlementType.MANAGED_POLICY,
        EntitlementType.INLINE_POLICY,
        EntitlementType.BOUNDARY,
    }
)
"""Entitlements that are policies of a user, role or group, or bring some."""


@dataclass(frozen=True, slots=True)
class RelatedEntitlement:
    """Another policy or membership that bears on the same actions."""

    name: str
    type: str
    """An `EntitlementType`, or ``scp``."""
    actions: int
    """Of how many actions."""


@dataclass(frozen=True, slots=True)
class EntitlementEffect:
    """What is found out about one entitlement."""

    alone: ActionBits = field(default_factory=dict)
    """What it gives by itself: to a holder who has nothing else, neither a boundary nor SCPs."""
    lost: ActionBits = field(default_factory=dict)
    """What a principal can do less, on some resource, once it is gone."""
    gained: ActionBits = field(default_factory=dict)
    """What a principal can do more, on some resource, once it is gone."""
    lost_in_part: ActionBits = field(default_factory=dict)
    """Of what is lost: what is still possible, on other resources or under conditions."""
    gained_in_part: ActionBits = field(default_factory=dict)
    """Of what is gained: what was possible before, on other resources or under conditions."""
    kept: ActionBits = field(default_factory=dict)
    """Of what it gives: what is still possible without it."""
    latent: ActionBits = field(default_factory=dict)
    """Of what it gives: what its holder cannot do, since something denies or limits it."""
    open: ActionBits = field(default_factory=dict)
    """What stays possible under conditions; it is not looked at whether under the same ones."""
    resources: tuple[tuple[str, int, int], ...] = ()
    """Resources that policies name, with the number of actions lost and gained there; those that matter most first."""
    covered_by: tuple[RelatedEntitlement, ...] = ()
    shadowed_by: tuple[RelatedEntitlement, ...] = ()
    affected: tuple[str, ...] = ()
    """Users and roles (of a group without members: the group) that have it."""
    losing: tuple[str, ...] = ()
    gaining: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    """What is missing to know it all."""
    under_conditions: int = 0
    """Of a trust policy: how many of `losing` it allows only under conditions, which may not be met."""
    outside: tuple[str, ...] | None = None
    """Of a trust policy: those of `losing` that are no users, roles or root users of the snapshot; else None."""
    deleted: tuple[str, ...] = ()
    """Of a trust policy: the unique IDs of deleted principals that it names."""
    behind: ActionBits | None = None
    """Of a trust policy: what its role can do; else None."""
    reads_all: tuple[str, ...] = ()
    """Of a trust policy: services whose data the role can read wherever no policy excludes it."""
    public: EvalDecision | None = None
    """Of a grant to everyone: what the evaluation says of anyone (allowed, conditional or implicitly denied)."""

    @property
    def changes_anything(self) -> bool:
        """Whether some request is found that is decided otherwise without it."""
        return bool(self.lost or self.gained)

    @property
    def only_widens(self) -> bool:
        """Whether it gives nothing, and takes access away: a guardrail."""
        return bool(self.gained) and not self.lost


def action_names(actions: ActionBits) -> frozenset[str]:
    """Return actions by name: ``s3:GetObject``."""
    return frozenset(
        service_actions(service).actions[bit].full_name for service, bits in actions.items() for bit in indexes_of(bits)
    )


def count_actions(actions: ActionBits) -> int:
    """Return how many actions there are."""
    return sum(bits.bit_count() for bits in actions.values())


def _both(one: ActionBits, other: ActionBits) -> ActionBits:
    return {service: both for service, bits in one.items() if (both := bits & other.get(service, 0))}


def _without(one: ActionBits, other: ActionBits) -> ActionBits:
    return {service: rest for service, bits in one.items() if (rest := bits & ~other.get(service, 0))}


class EffectFinder:
    """Finds out the effects of the entitlements of one snapshot. For one thread."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.changes = AccessChanges(evaluator)
        self._members: dict[str, list[str]] = {}
        for account in evaluator.snapshot.accounts:
            arns = {group.group_name: group.arn for group in account.groups}
            for user in account.users:
                for name in dict.fromkeys(user.group_list):
                    if name in arns:
                        self._members.setdefault(arns[name], []).append(user.arn)
        self._alone: dict[tuple[str, frozenset[tuple[str, str]]], ActionBits] = {}

    @cached_property
    def _unlimited(self) -> AccessChanges:
        """The same without SCPs and RCPs: what policies of principals give by themselves."""
        snapshot = self.evaluator.snapshot
        if snapshot.organization is None:
            return self.changes
        moment = self.changes.moment
        bare = snapshot.model_copy(update={"organization": None})
        return AccessChanges(Evaluator(bare, lambda: moment, self.evaluator.index.documents))

    def forget(self) -> None:
        """Free the cached results: the effects that follow are computed anew."""
        self.changes.forget()
        self._alone.clear()
        self.__dict__.pop("_unlimited", None)

    def members(self, group: str) -> Sequence[str]:
        """Return the users in a group, by its ARN."""
        return self._members.get(group, ())

    def effect(self, item: ReviewItem, cancelled: Cancelled = never_cancelled) -> EntitlementEffect:
        """Return the effect of an entitlement that is a policy, a membership in a group, or a boundary.

        Raises:
            ValueError: it is another kind of entitlement.
            WorkCancelled: ``cancelled`` returned True.
        """
        if item.type not in OF_POLICIES:
            raise ValueError(item.type)
        position = self._position(item.holder_arn)
        if position is None:
            doubt = phrase("The ARN of {holder} is malformed: no request can be made with it.", holder=item.holder_arn)
            return EntitlementEffect(doubts=(doubt,))
        if item.type is EntitlementType.BOUNDARY:
            return self._of_boundary(item, position, cancelled)
        gone = self.gone(item)
        doubts = tuple(self._doubts(item, gone))
        if not gone:
            return EntitlementEffect(affected=self.affected(item), doubts=doubts)
        keys = frozenset((one.owner, one.key) for one in gone)
        alone = self._gives(item.holder_arn, position, keys, cancelled)
        found = self._change(item, keys, cancelled)
        kept, latent = _both(alone, found.after), _without(alone, found.before)
        sources = [one for one in self._sources(item.holder_arn) if not one.keys & keys]
        if not alone:
            kept = self._given_by_resources(item.holder_arn, position, gone, cancelled)
            covered = tuple(_policies_of_resources(gone, kept)) if kept else ()
            return found.effect(alone, kept, latent, covered, (), doubts)
        covered = tuple(self._covered_by(item.holder_arn, position, sources, kept, cancelled)) if kept else ()
        shadowed = tuple(self._shadowed_by(item, position, sources, latent, keys, cancelled)) if latent else ()
        return found.effect(alone, kept, latent, covered, shadowed, doubts)

    def _position(self, arn: str) -> int | None:
        principals = self.evaluator.population()
        found = principals.position(arn)
        return principals.group_position(arn) if found is None else found

    def affected(self, item: ReviewItem) -> tuple[str, ...]:
        """Return the principals that have an entitlement: of a group's its members, or the group where it has none."""
        members = self.members(item.holder_arn) if item.holder_kind == "group" else ()
        return tuple(members) or (item.holder_arn,)

    # ── which policies go ────────────────────────────────────────────────────────────────────────────────────────────

    def gone(self, item: ReviewItem) -> list[CarriedPolicy]:
        """Return the policies that go with an entitlement; none where the snapshot does not hold them."""
        held = self.evaluator.index.carried(item.holder_arn).identity
        if item.type is EntitlementType.GROUP:
            return [one for one in held if one.owner == item.entitlement_id]
        return [one for one in held if one.owner == item.holder_arn and one.key == item.entitlement_id]

    def _doubts(self, item: ReviewItem, gone: Sequence[CarriedPolicy]) -> Iterator[str]:
        """Yield what the snapshot lacks of an entitlement, and of those who have it."""
        for arn in self.affected(item):
            for one in self.evaluator.index.carried(arn).missing:
                if one.what == "permissions boundary":
                    yield phrase("The text of the permissions boundary of {holder} is not in the snapshot.", holder=arn)
                else:
                    yield phrase(
                        "{holder} has the {what} {name}, which is not in the snapshot.",
                        holder=arn,
                        what=one.what,
                        name=one.name,
                    )
        if not gone and item.type is not EntitlementType.GROUP:
            yield phrase("The text of {name} is not in the snapshot.", name=item.name)

    def _altered(
        self,
        changes: AccessChanges,
        arn: str,
        keys: frozenset[tuple[str, str]],
        *,
        only: bool = False,
        keeps_boundary: bool = False,
    ) -> int | None:
        """Return a principal without some policies; with ``only``, with these alone, and without a boundary."""
        position = self._position(arn)
        if position is None:
            return None
        held = self.evaluator.index.carried(arn).identity
        kept = [((one.owner, one.key) in keys) is only for one in held]
        return changes.principals.alter(position, kept, keeps_boundary=keeps_boundary or not only)

    # ── what changes ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _gives(
        self,
        arn: str,
        position: int,
        keys: frozenset[tuple[str, str]],
        cancelled: Cancelled,
        changes: AccessChanges | None = None,
        *,
        keeps_boundary: bool = False,
    ) -> ActionBits:
        """Return what some policies give by themselves; with ``keeps_boundary``, within the holder's boundary."""
        is_whole = changes is None
        known = self._alone.get((arn, keys)) if is_whole else None
        if known is not None:
            return known
        changes = changes or self._unlimited
        only, nothing = (
            self._altered(changes, arn, some, only=True, keeps_boundary=keeps_boundary)
            for some in (keys, frozenset[tuple[str, str]]())
        )
        if only is None or nothing is None:
            return {}
        change = changes.between(position, only, nothing, cancelled)
        found = {service: one.lost for service, one in change.items() if one.lost}
        if is_whole:
            if len(self._alone) >= _MAX_ALONE:
                self._alone.clear()
            self._alone[arn, keys] = found
        return found

    def _given_by_resources(
        self, arn: str, position: int, policies: Sequence[CarriedPolicy], cancelled: Cancelled
    ) -> ActionBits:
        """Return what policies allow that their holder can do without any: policies of resources allow it as well.

        In the same account, a resource policy that names the principal is sufficient (rule I2 for trust policies).
        """
        keys = frozenset((one.owner, one.key) for one in policies)
        only, nothing = (
            self._altered(self._unlimited, arn, some, only=True) for some in (keys, frozenset[tuple[str, str]]())
        )
        if only is None or nothing is None:
            return {}
        found: dict[str, int] = {}
        for service, one in self._unlimited.between(position, only, nothing, cancelled).items():
            covered = 0
            for statement in _naming_resources(policies):
                covered |= service_actions(service).covered_by(statement)
            if bits := one.before & one.after & covered & _in_policies_of_resources(service):
                found[service] = bits
        return found

    def _change(self, item: ReviewItem, keys: frozenset[tuple[str, str]], cancelled: Cancelled) -> "_Sum":
        """Return what changes for all who have an entitlement."""
        found = _Sum(self.affected(item))
        for arn in found.affected:
            position = self._position(arn)
            altered = self._altered(self.changes, arn, keys)
            if position is not None and altered is not None:
                found.add(arn, self.changes.between(position, position, altered, cancelled))
        return found

    def change_without(self, arn: str, items: Iterable[ReviewItem], cancelled: Cancelled) -> AccessChange:
        """Return what changes for a principal without several entitlements at once (`OF_POLICIES`).

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        items = tuple(items)
        position = self._position(arn)
        if position is None:
            return {}
        keys = {(one.owner, one.key) for item in items for one in self.gone(item)}
        kept = [(one.owner, one.key) not in keys for one in self.evaluator.index.carried(arn).identity]
        has_boundary = all(one.type is not EntitlementType.BOUNDARY for one in items)
        altered = self.changes.principals.alter(position, kept, keeps_boundary=has_boundary)
        return self.changes.between(position, position, altered, cancelled)

    def _of_boundary(self, item: ReviewItem, position: int, cancelled: Cancelled) -> EntitlementEffect:
        held = self.evaluator.index.carried(item.holder_arn)
        doubts = tuple(self._doubts_of_boundary(item))
        altered = self.changes.principals.alter(position, [True] * len(held.identity), keeps_boundary=False)
        found = _Sum((item.holder_arn,))
        found.add(item.holder_arn, self.changes.between(position, position, altered, cancelled))
        return found.effect({}, {}, {}, (), (), doubts)

    def _doubts_of_boundary(self, item: ReviewItem) -> Iterator[str]:
        for one in self.evaluator.index.carried(item.holder_arn).missing:
            yield phrase(
                "{holder} has the {what} {name}, which is not in the snapshot.",
                holder=item.holder_arn,
                what=one.what,
                name=one.name,
            )

    def example(self, item: ReviewItem, service: str, action: int) -> dict[str, str] | None:
        """Return a request that shows what an entitlement does, decided with and without it; see `AccessChanges`."""
        keys = frozenset((one.owner, one.key) for one in self.gone(item)) if item.type in OF_POLICIES else frozenset()
        shown: dict[str, str] | None = None
        for arn in self.affected(item):
            position = self._position(arn)
            if position is None or item.type not in OF_POLICIES:
                continue
            if item.type is EntitlementType.BOUNDARY:
                held = self.evaluator.index.carried(arn).identity
                altered = self.changes.principals.alter(position, [True] * len(held), keeps_boundary=False)
            else:
                altered = self._altered(self.changes, arn, keys) or position
            resource, was, now = self.changes.example(position, position, altered, service, action)
            name = service_actions(service).actions[action].full_name
            shown = {
                "principal": arn,
                "action": name,
                "resource": resource,
                "before": was.value,
                "after": now.value,
            }
            if was is not now:
                break
        return shown

    # ── what else bears on it ────────────────────────────────────────────────────────────────────────────────────────

    def _sources(self, arn: str) -> list["_Source"]:
        """Return the entitlements of a holder that bring policies: its own ones, and groups."""
        index = self.evaluator.index
        found: dict[tuple[str, str], _Source] = {}
        for one in index.carried(arn).identity:
            if one.owner == arn:
                kind = EntitlementType.INLINE_POLICY if one.is_inline else EntitlementType.MANAGED_POLICY
                key, name = (one.owner, one.key), one.name
            else:
                group = index.group_arns[one.owner]
                kind, key, name = EntitlementType.GROUP, (one.owner, ""), group.group_name
            known = found.get(key)
            policies = (*known.policies, one) if known is not None else (one,)
            found[key] = _Source(name, kind.value, policies)
        return list(found.values())

    def _covered_by(
        self, arn: str, position: int, sources: Iterable["_Source"], kept: ActionBits, cancelled: Cancelled
    ) -> Iterator[RelatedEntitlement]:
        """Yield the other entitlements of a holder that give some of the same, those that give most first."""
        found = [
            RelatedEntitlement(one.name, one.type, count)
            for one in sources
            if (count := count_actions(_both(kept, self._gives(arn, position, one.keys, cancelled))))
        ]
        yield from sorted(found, key=lambda one: (-one.actions, one.name))

    def _shadowed_by(
        self,
        item: ReviewItem,
        position: int,
        sources: Iterable["_Source"],
        latent: ActionBits,
        own: frozenset[tuple[str, str]],
        cancelled: Cancelled,
    ) -> Iterator[RelatedEntitlement]:
        """Yield what keeps a holder from what an entitlement gives: policies without which some of it is possible.

        Where several block the same, so that it is possible without none of them: each that blocks it by itself.
        """
        if item.holder_kind == "group":
            return  # its members have boundaries and other policies, each its own
        changes, arn = self.changes, item.holder_arn
        held = self.evaluator.index.carried(arn)
        found: list[RelatedEntitlement] = []
        alone = self._gives(arn, position, own, cancelled)
        by_itself: list[tuple[str, str, Callable[[], ActionBits]]] = []
        """Name, type, and what the entitlement gives beside it alone: worked out only if it is needed."""
        if held.has_boundary:
            altered = changes.principals.alter(position, [True] * len(held.identity), keeps_boundary=False)
            opened = _gained(changes.between(position, position, altered, cancelled))
            name = held.boundary.name if held.boundary is not None else str(item.evidence.get("boundary", ""))
            found.append(RelatedEntitlement(name, EntitlementType.BOUNDARY.value, count_actions(_both(latent, opened))))
            within = partial(self._gives, arn, position, own, cancelled, self._unlimited, keeps_boundary=True)
            by_itself.append((name, EntitlementType.BOUNDARY.value, within))
        for source in sources:
            for policy in source.policies:
                if all(statement.is_allow for statement in policy.document.statements):
                    continue
                key = frozenset({(policy.owner, policy.key)})
                altered_position = self._altered(changes, arn, key)
                if altered_position is not None:
                    opened = _gained(changes.between(position, position, altered_position, cancelled))
                    kind = EntitlementType.INLINE_POLICY if policy.is_inline else EntitlementType.MANAGED_POLICY
                    found.append(RelatedEntitlement(policy.name, kind.value, count_actions(_both(latent, opened))))
                    beside = partial(self._gives, arn, position, own | key, cancelled)
                    by_itself.append((policy.name, kind.value, beside))
        if self._unlimited is not changes:
            under = self._gives(arn, position, own, cancelled, changes)
            blocked = _both(latent, _without(alone, under))
            ids = guardrails_of(self.evaluator.snapshot.organization, item.account_id)
            found.append(RelatedEntitlement(", ".join(ids), "scp", count_actions(blocked)))
        if not any(one.actions for one in found):
            found = [
                RelatedEntitlement(name, kind, count_actions(_both(latent, _without(alone, possible()))))
                for name, kind, possible in by_itself
            ]
        yield from sorted((one for one in found if one.actions), key=lambda one: (-one.actions, one.name))


def _naming_resources(policies: Iterable[CarriedPolicy]) -> Iterator[Statement]:
    for statement in (one for policy in policies for one in policy.document.statements):
        if statement.is_allow and any(not entry.is_everything for entry in statement.resources or ()):
            yield statement


def _in_policies_of_resources(service: str) -> int:
    """Return the actions that a policy of a resource can allow; some others of STS and IAM need no permission (I3)."""
    actions = service_actions(service)
    if service == "iam":
        return 0
    if service != "sts":
        return actions.every
    names = enumerate(actions.actions)
    return sum(1 << bit for bit, action in names if action.name.startswith(("Assume", "Tag", "Set")))


def _policies_of_resources(policies: Iterable[CarriedPolicy], given: ActionBits) -> Iterator[RelatedEntitlement]:
    """Yield the policies of the resources that policies name, where these give the same."""
    named: dict[str, dict[str, int]] = {}
    for statement in _naming_resources(policies):
        for entry in (one for one in statement.resources or () if not one.is_everything):
            for service, bits in given.items():
                of_service = named.setdefault(entry.text, {})
                both = bits & service_actions(service).covered_by(statement)
                of_service[service] = of_service.get(service, 0) | both
    for text, bits_of in named.items():
        if count := count_actions(bits_of):
            is_role = ":role/" in text
            kind = EntitlementType.TRUST if is_role else EntitlementType.RESOURCE_GRANT
            what = "trust policy of {name}" if is_role else "resource policy of {name}"
            yield RelatedEntitlement(what.format(name=text), kind.value, count)


def _gained(change: AccessChange) -> ActionBits:
    return {service: one.gained for service, one in change.items() if one.gained}


@dataclass(frozen=True, slots=True)
class _Source:
    """An entitlement that brings policies."""

    name: str
    type: str
    policies: tuple[CarriedPolicy, ...]

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        return frozenset((one.owner, one.key) for one in self.policies)


class _Sum:
    """What changes for several principals together."""

    def __init__(self, affected: tuple[str, ...]) -> None:
        self.affected = affected
        self._losing: list[str] = []
        self._gaining: list[str] = []
        self._bits: dict[str, dict[str, int]] = {name: {} for name in _SUMMED}
        self._in_part: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._resources: dict[tuple[str, str], tuple[int, int]] = {}
        self._seen: set[int] = set()
        self._changes: list[AccessChange] = []  # kept: ids of what is gone may come again

    def add(self, arn: str, change: AccessChange) -> None:
        """Add what changes for a principal."""
        if any(one.lost for one in change.values()):
            self._losing.append(arn)
        if any(one.gained for one in change.values()):
            self._gaining.append(arn)
        if id(change) in self._seen:
            return
        self._seen.add(id(change))
        self._changes.append(change)
        for service, one in change.items():
            for name in _SUMMED:
                bits = getattr(one, name)
                if bits:
                    of_name = self._bits[name]
                    of_name[service] = of_name.get(service, 0) | bits
            for part, bits in zip(self._in_part, (one.lost & one.after, one.gained & one.before), strict=True):
                if bits:
                    part[service] = part.get(service, 0) | bits
            for resource, lost, gained in one.resources:
                before = self._resources.get((service, resource), (0, 0))
                self._resources[service, resource] = before[0] | lost, before[1] | gained

    @property
    def before(self) -> ActionBits:
        """What is possible with the entitlement, of all that it applies to."""
        return self._bits["before"]

    @property
    def after(self) -> ActionBits:
        """What is possible without it."""
        return self._bits["after"]

    def effect(
        self,
        alone: ActionBits,
        kept: ActionBits,
        latent: ActionBits,
        covered_by: tuple[RelatedEntitlement, ...],
        shadowed_by: tuple[RelatedEntitlement, ...],
        doubts: tuple[str, ...],
    ) -> EntitlementEffect:
        """Return all of it."""
        by_resource: dict[str, tuple[int, int]] = {}
        for (_, resource), (lost, gained) in self._resources.items():
            before = by_resource.get(resource, (0, 0))
            by_resource[resource] = before[0] + lost.bit_count(), before[1] + gained.bit_count()
        resources = sorted(
            ((resource, *counts) for resource, counts in by_resource.items()),
            key=lambda one: (-max(one[1:]), one[0]),
        )
        return EntitlementEffect(
            alone,
            self._bits["lost"],
            self._bits["gained"],
            *self._in_part,
            kept,
            latent,
            self._bits["open"],
            tuple(resources),
            covered_by,
            shadowed_by,
            self.affected,
            tuple(self._losing),
            tuple(self._gaining),
            doubts,
        )


_SUMMED = ("lost", "gained", "before", "after", "open")
