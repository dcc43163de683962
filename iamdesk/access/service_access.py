"""Computes access extents: how far a principal is allowed to perform each action of a service.

`effective_permissions.py` defines what is evaluated, and how the extents follow.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from itertools import chain, islice
from math import inf

from iamdesk.access.bulk_evaluator import BulkEvaluator, DecisionBits
from iamdesk.access.effective_permissions import AccessExtent, ResourceOrigin, ServiceAccess
from iamdesk.access.equivalent_services import EquivalentServices
from iamdesk.access.own_statements import OwnStatement, names_allowed, own_keys
from iamdesk.access.request_grid import (
    RequestGrid,
    ResourceSlot,
    arn_aliases,
    arn_services,
    grid_as_written,
    grid_on,
    limited_placeholder_grid,
)
from iamdesk.access.resource_policy_grants import ResourcePolicyGrant, ResourcePolicyGrants
from iamdesk.access.unlisted_resources import services_on_unlisted
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.request import PolicyType
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.overlap import common_arn
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.statement import Statement
from iamdesk.policy.wildcards import glob
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

_OF_ORGANIZATION = frozenset({PolicyType.SCP, PolicyType.RCP})
_SETTLED = frozenset({AccessExtent.ALLOWED, AccessExtent.CONDITIONAL})
"""Extents that placeholders alone decide."""
_MAX_IN_COMMON = 64
"""Names of one statement that are combined with those of another, and combined names of one statement."""


class ServiceAccessFinder:
    """Computes access extents for the principals and groups of one snapshot; cached by what they depend on."""

    def __init__(self, bulk: BulkEvaluator, now: Callable[[], datetime]) -> None:
        self.bulk = bulk
        self._population = bulk.population
        self._now = now
        self._known: dict[Hashable, ServiceAccess] = {}
        self._of_subjects: dict[Hashable, Mapping[str, ServiceAccess]] = {}
        self._identical = EquivalentServices(bulk)
        self.grants = ResourcePolicyGrants(bulk.population)
        self._until = inf
        """End of validity of the cache, in seconds since 1970."""

    def _read_clock(self) -> datetime:
        """Return the time, and drop cached results of another one."""
        now = self._now()
        if now.timestamp() >= self._until:
            self._known.clear()
            self._of_subjects.clear()
            self._until = inf
        return now

    def reaches(self, position: int, cancelled: Cancelled = never_cancelled) -> Mapping[str, ServiceAccess]:
        """Return the extents in each service with an allowed or explicitly denied action.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        moment = self._read_clock()
        same = self.same(position)
        found = self._of_subjects.get(same)
        if found is None:
            found = self._of_subjects.get(position)
        if found is None:
            found, lasts, is_own = self._find(position, moment, cancelled)
            if lasts:
                self._of_subjects[position if is_own else same] = found
        return found

    def same(self, position: int) -> Hashable:
        """Return a key equal for principals with the same policies, whose access differs only by keys about the
        caller."""
        index = self._population.index
        cohort = self._population.cohort_at(position).number
        return index.carried[position], index.boundaries[position], cohort, self.grants.of(position)

    def services_named(self, position: int) -> tuple[str, ...]:
        """Return the services that a principal's or group's policies name, among those that AWS lists."""
        by_service, _ = self.bulk.own.services(position)
        named = [name for name, applicable in by_service.items() if applicable]
        named += [grant.service for grant in self.grants.of(position)]
        return tuple(name for name in dict.fromkeys(named) if reference().service_exists(name))

    def _find(
        self, position: int, moment: datetime, cancelled: Cancelled
    ) -> tuple[Mapping[str, ServiceAccess], bool, bool]:
        """Return a principal's extents, whether they last (`_Finding.lasts`), and whether they are its own because they
        depend on its identity."""
        found: dict[str, ServiceAccess] = {}
        lasts, is_own = True, False
        abroad = self.grants.services_abroad(self._population.cohort_at(position).account)
        for services, own_in in self._to_evaluate(position):
            word, is_first = None, True
            # Grants of other accounts' resources are for some services alone: these come last.
            for service in sorted(services, key=abroad.__contains__):
                if word is not None and (word in _SETTLED or service not in abroad):
                    found[service] = _only(service, word)
                    continue
                if cancelled():
                    raise WorkCancelled
                own = own_in(service)
                found[service], service_lasts, is_personal = self._reach(position, service, own, moment)
                lasts = lasts and service_lasts
                is_own = is_own or is_personal or any(one.asked.own_keys for one in own)
                if is_first:
                    word, is_first = found[service].only, False
        return {service: found[service] for service in sorted(found) if not found[service].is_empty}, lasts, is_own

    def _to_evaluate(self, position: int) -> Iterator[tuple[Sequence[str], Callable[[str], Sequence[OwnStatement]]]]:
        """Yield the services that a principal may use, with what returns its statements for one of them.

        Several together are those that its statements do not distinguish: what the first shows of all its actions holds
        for all. Services that other statements or grants name come one by one. They must not be evaluated by the
        statements on all services alone: where an unknown leaves a decision open, the engine decides by all policies
        of the principal, and principals that have no other statements would be given its decision.
        """
        index, statements = self._population.index, self.bulk.own
        by_service, wide = statements.services(position)
        named = dict.fromkeys((*by_service, *(grant.service for grant in self.grants.of(position))))
        if wide or index.subjects[position] in index.roots:
            for services in self._identical.split(wide, self._population.cohort_at(position)):
                if left := [service for service in services if service not in named]:
                    yield left, partial(statements.of_service, wide)
        for service in named:
            yield (service,), partial(statements.of, position, applicable=by_service.get(service))

    def reach(self, position: int, service: str, actions: int | None = None) -> ServiceAccess:
        """Return the extents of a service's actions: of all of them, or of some, as bits."""
        moment = self._read_clock()
        own = self.bulk.own.of(position, service)
        if actions is not None:
            own = tuple([one for one in own if one.actions & actions])
        return self._reach(position, service, own, moment, actions)[0]

    def _reach(
        self,
        position: int,
        service: str,
        own: Sequence[OwnStatement],
        moment: datetime,
        actions: int | None = None,
    ) -> tuple[ServiceAccess, bool, bool]:
        """Return the extents, whether they last, and whether they are the principal's alone."""
        cohort = self._population.cohort_at(position)
        signatures = frozenset([one.signature for one in own])
        granted = self.grants.of(position, service)
        key = (
            service,
            actions,
            cohort.number,
            signatures,
            self.bulk.facts_of_caller(position, service, own_keys(own)),
            granted,
        )
        found = self._known.get(key)
        if found is not None:
            return found, True, False
        found = self._known.get((position, key))
        if found is not None:
            return found, True, True
        finding = _Finding(self.bulk, position, service, own, moment, granted, self._abroad(position, service))
        found = finding.reach(actions)
        if finding.lasts:
            self._until = min(self._until, finding.until)
            self._known[(position, key) if finding.is_personal else key] = found
        return found, finding.lasts, finding.is_personal

    def reach_on(self, position: int, service: str, resource: str) -> ServiceAccess:
        """Return the extents, on one resource, of a service's actions that act on it."""
        own = self.bulk.own.of(position, service)
        found = dict.fromkeys(AccessExtent, 0)
        for text in arn_aliases(service, resource):
            grid = grid_on(service, text)
            within = grid.every
            if not within:
                within = _Finding(self.bulk, position, service, own, self._now()).actions_on_unlisted(text)
                grid = grid_as_written(service, text) if within else grid
            decision_bits = self.bulk.decision_bits(grid, position, own, self._now(), within)
            for reach, actions in _of_one(grid, decision_bits).items():
                found[reach] |= actions & within
        return ServiceAccess(service, found)

    def resources(self, position: int, service: str, action: int) -> tuple[tuple[str, ResourceOrigin], ...]:
        """Return every resource on which a principal's access to an action is evaluated."""
        own = self.bulk.own.of(position, service)
        cohort = self._population.cohort_at(position)
        fresh = limited_placeholder_grid(service, cohort.partition, cohort.account, 1 << action)
        found = dict.fromkeys((slot.resource for slot in fresh.resource_slots), ResourceOrigin.FRESH)
        granted = self.grants.of(position, service)
        abroad = self._abroad(position, service)
        finding = _Finding(self.bulk, position, service, own, self._now(), granted, abroad)
        # Resources that may be allowed first: they count even where an exception names them, too.
        abroad_too: Iterable[tuple[int, Iterable[str]]] = ()
        if self.grants.is_abroad(cohort.account, service):
            is_settled = finding.reach(1 << action).reach_of(action) in _SETTLED
            abroad_too = () if is_settled else finding.named_abroad(1 << action)
        for actions, texts in chain(finding.named(1 << action), abroad_too):
            if actions >> action & 1:
                for text in texts:
                    if finding.grid_of(text).every >> action & 1:
                        found.setdefault(text, ResourceOrigin.NAMED)
        for one in own:
            if one.actions >> action & 1 and not one.leaves_named:
                for text in finding.named_by(one.statement):
                    if finding.grid_of(text).every >> action & 1:
                        found.setdefault(text, ResourceOrigin.EXCEPTION)
        return tuple(found.items())

    def _abroad(self, position: int, service: str) -> Callable[[], Iterator[ResourcePolicyGrant]]:
        """Return what yields the grants of other accounts' resources to all of the principal's account."""
        return partial(self.grants.abroad, self._population.cohort_at(position).account, service)

    def resources_named(
        self,
        position: int,
        service: str,
        own: Sequence[OwnStatement],
        granted: Sequence[ResourcePolicyGrant] = (),
    ) -> tuple[ResourceSlot, ...]:
        """Return each resource that some statements of a subject or some grants to it name, also as an exception."""
        finding = _Finding(self.bulk, position, service, own, self._now(), granted)
        texts = [text for one in own for text in finding.named_by(one.statement)]
        texts += [text for grant in granted for text in finding.granted_by(grant)]
        parts = dict.fromkeys(part for text in texts for part in arn_aliases(service, text))
        return tuple(ResourceSlot(part, finding.grid_of(part).every) for part in parts)


class AccessByPrincipal(Mapping[str, Mapping[str, ServiceAccess]]):
    """The access matrix: access extents by principal (ARN) and service prefix. May be read from any thread.

    Services without allowed or explicitly denied actions are left out. A row is computed when it is read; equal ones
    are one object.
    """

    def __init__(self, positions: Mapping[str, int], finder: ServiceAccessFinder) -> None:
        self._positions = positions
        self._finder = finder

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __getitem__(self, principal: str) -> Mapping[str, ServiceAccess]:
        return self._finder.reaches(self._positions[principal])

    def row(self, principal: str, cancelled: Cancelled) -> Mapping[str, ServiceAccess]:
        """Return the access extents of a principal, by service.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        return self._finder.reaches(self._positions[principal], cancelled)

    def of_service(self, principal: str, service: str) -> ServiceAccess:
        """Return the extents of a principal in one service, without its whole row."""
        return self._finder.reach(self._positions[principal], service)

    def services_named(self, principal: str) -> tuple[str, ...]:
        """Return the services that a principal's own policies name."""
        return self._finder.services_named(self._positions[principal])

    def same_together(self) -> tuple[str, ...]:
        """Return the principals, those with the same policies next to each other."""
        found: dict[Hashable, list[str]] = {}
        for principal, position in self._positions.items():
            found.setdefault(self._finder.same(position), []).append(principal)
        return tuple(principal for principals in found.values() for principal in principals)


class _Finding:
    """Computes the extents of one principal in one service."""

    def __init__(
        self,
        bulk: BulkEvaluator,
        position: int,
        service: str,
        own: Sequence[OwnStatement],
        moment: datetime,
        granted: Sequence[ResourcePolicyGrant] = (),
        abroad: Callable[[], Iterable[ResourcePolicyGrant]] = tuple,
    ) -> None:
        self._bulk = bulk
        self._granted = granted
        self._abroad = abroad
        self._position = position
        self._service = service
        self._own = own
        self._moment = moment
        self._peers = bulk.population.cohort_at(position)
        self.is_personal = False
        """Whether common statements distinguish the principal from its cohort: its extents are its own."""
        self._unlisted: set[str] = set()
        """Of the resources that statements name: those of no listed type that are evaluated as written."""
        self._at = moment.timestamp()
        self.until = min((one.asked.holds_until(self._at) for one in own), default=inf)
        """End of validity, in seconds since 1970."""

    @property
    def lasts(self) -> bool:
        """Whether it is the same at any later time."""
        return self.until > self._at

    def reach(self, actions: int | None = None) -> ServiceAccess:
        fresh = limited_placeholder_grid(self._service, self._peers.partition, self._peers.account, actions)
        left = within = fresh.of.every if actions is None else actions
        decision_bits = self._decision_bits_of(fresh, fresh.everywhere(within))
        found = dict.fromkeys(AccessExtent, 0)

        def take(reach: AccessExtent, those: int) -> None:
            nonlocal left
            found[reach] |= those & left
            left &= ~those

        take(AccessExtent.ALLOWED, fresh.all_over(decision_bits.allowed))
        take(AccessExtent.CONDITIONAL, fresh.all_over(decision_bits.allowed | decision_bits.conditional))
        take(
            AccessExtent.AWAITING,
            fresh.all_over(decision_bits.allowed | decision_bits.conditional | decision_bits.awaiting),
        )
        some = fresh.anywhere(decision_bits.allowed)
        conditional = fresh.anywhere(decision_bits.conditional)
        awaiting = fresh.anywhere(decision_bits.awaiting)
        asked: dict[str, int] = {}

        def candidates() -> Iterator[tuple[int, Iterable[str]]]:
            yield from self.named(actions)
            yield from self.named_abroad(left & ~some)

        for covered, texts in candidates():
            if not covered & left & ~some:
                continue
            for text in texts:
                grid = self.grid_of(text)
                to_ask = covered & grid.every & left & ~some & ~asked.get(text, 0)
                if to_ask:
                    asked[text] = asked.get(text, 0) | to_ask
                    on_named = self._decision_bits_of(grid, to_ask)
                    some |= on_named.allowed
                    conditional |= on_named.conditional
                    awaiting |= on_named.awaiting
        take(AccessExtent.SOME, some)
        take(AccessExtent.SOME_CONDITIONAL, conditional)
        take(AccessExtent.AWAITING, awaiting)
        take(AccessExtent.DENIED, fresh.all_over(decision_bits.denied))
        take(AccessExtent.NONE, left)
        return ServiceAccess(self._service, found)

    def _decision_bits_of(self, grid: RequestGrid, within: int) -> DecisionBits:
        for _, request_class in self._bulk.request_classes.settings(grid, self._peers, within):
            self.is_personal = self.is_personal or request_class.is_personal
            for _, _, asked in request_class.common:
                self.until = min(self.until, asked.holds_until(self._at))
        return self._bulk.decision_bits(grid, self._position, self._own, self._moment, within)

    def named(self, actions: int | None) -> Iterator[tuple[int, Iterable[str]]]:
        """Yield actions, as bits, with the resources that are named for them and may be allowed where others are not.

        A boundary, a Deny or an organization policy may leave a part of what an Allow names: what both name comes last.
        ``actions`` are those that are of interest; None: all.
        """
        left: list[tuple[int, Statement]] = []
        granting: list[tuple[int, Statement]] = []
        for one in self._own:
            if one.leaves_named:
                is_grant = one.statement.is_allow and one.policy.policy_type is PolicyType.IDENTITY
                (granting if is_grant else left).append((one.actions, one.statement))
                yield one.actions, self.named_by(one.statement)
        for grant in self._granted:
            yield grant.actions, self.granted_by(grant)
        for covered, statement in self._left_by_organization(actions):
            left.append((covered, statement))
            yield covered, self.named_by(statement)
        if left:
            yield from self._in_common(granting, left)

    def named_abroad(self, actions: int) -> Iterator[tuple[int, Iterable[str]]]:
        """Yield some actions, as bits, with the resources of other accounts that let in all of the principal's account.

        Both accounts must allow it: only actions that an Allow of its own covers.
        """
        index, own = self._bulk.population.index, 0
        if index.subjects[self._position] in index.roots:
            own = actions
        for one in self._own:
            if one.statement.is_allow and one.policy.policy_type is PolicyType.IDENTITY:
                own |= one.actions & actions
        if own:
            for grant in self._abroad():
                if covered := grant.actions & own:
                    yield covered, self.granted_by(grant)

    def _left_by_organization(self, actions: int | None) -> Iterator[tuple[int, Statement]]:
        """Yield the statements of organization policies that leave the resources that they name, with their actions."""
        fresh = limited_placeholder_grid(self._service, self._peers.partition, self._peers.account, actions)
        if not fresh.every:
            return
        seen: set[int] = set()
        for _, request_class in self._bulk.request_classes.settings(fresh, self._peers, fresh.every):
            for policy, statement, _ in request_class.common:
                if policy.policy_type in _OF_ORGANIZATION and names_allowed(statement) and id(statement) not in seen:
                    seen.add(id(statement))
                    if covered := fresh.of.covered_by(statement):
                        yield covered, statement

    def _in_common(
        self, granting: Iterable[tuple[int, Statement]], left: Iterable[tuple[int, Statement]]
    ) -> Iterator[tuple[int, Iterable[str]]]:
        """Yield what the patterns of some statements and of those that leave a part of them have in common."""
        found: dict[str, int] = {}
        named: dict[str, int] = {}
        for covered, statement in granting:
            for text in islice(self.named_by(statement), _MAX_IN_COMMON):
                named[text] = named.get(text, 0) | covered
        found.update(named)
        for covered, statement in left:
            texts = tuple(islice(self.named_by(statement), _MAX_IN_COMMON))
            both: dict[str, int] = {}
            for text in texts:
                for other, actions in found.items():
                    if actions & covered and (common := common_arn(other, text)) is not None:
                        both[common] = both.get(common, 0) | actions & covered
                both[text] = both.get(text, 0) | covered
            for text, actions in islice(both.items(), _MAX_IN_COMMON):
                found[text] = found.get(text, 0) | actions
        for text, actions in found.items():
            yield actions, (text,)

    def granted_by(self, grant: ResourcePolicyGrant) -> Iterator[str]:
        """Yield the resource with the policy, and the parts of it that the statement names."""
        yield grant.resource
        if grant.parts is not None:
            yield grant.parts
        yield from (text for text in self.named_by(grant.statement) if text.startswith(grant.resource))

    def named_by(self, statement: Statement) -> Iterator[str]:
        """Yield the resources that a statement names and the service may act on, as ARNs to evaluate."""
        for entry in statement.resources or ():
            text = entry.text if not entry.keys else self._filled_in(entry.text)
            asked = _as_requested(entry, text, self._service, self._peers.partition)
            if asked is not None:
                if not grid_on(self._service, asked).every and self._service in services_on_unlisted(statement, entry):
                    self._unlisted.add(asked)
                yield asked

    def _filled_in(self, text: str) -> str:
        return self._bulk.filled_in(self._position, self._service, text, self._moment)

    def actions_on_unlisted(self, resource: str) -> int:
        """Return the actions of the statements that name a resource of no listed type, as bits."""
        found = 0
        for one in self._own:
            named = tuple(self.named_by(one.statement))
            if any(text in self._unlisted and common_arn(text, resource) is not None for text in named):
                found |= one.actions
        return found & grid_as_written(self._service, resource).every

    def grid_of(self, resource: str) -> RequestGrid:
        """Return the grid on a resource that statements name (`named_by`)."""
        return (grid_as_written if resource in self._unlisted else grid_on)(self._service, resource)


def _of_one(grid: RequestGrid, decision_bits: DecisionBits) -> Mapping[AccessExtent, int]:
    allowed, conditional, denied, awaiting = decision_bits
    return {
        AccessExtent.ALLOWED: allowed,
        AccessExtent.CONDITIONAL: conditional,
        AccessExtent.AWAITING: awaiting,
        AccessExtent.DENIED: denied,
        AccessExtent.NONE: grid.every & ~(allowed | conditional | denied | awaiting),
    }


@cache
def _only(service: str, word: AccessExtent) -> ServiceAccess:
    """Return a whole service of one extent."""
    every = service_actions(service).every
    return ServiceAccess(service, {reach: every if reach is word else 0 for reach in AccessExtent})


def _as_requested(entry: ResourcePattern, text: str, service: str, partition: str) -> str | None:
    """Return an entry as an ARN to evaluate, its variables filled in as in ``text``; None where it cannot be one."""
    if entry.is_everything or entry.problem:
        return None
    asked = _arn_of(text, partition)
    of_service = arn_services(service)
    return asked if asked and (of_service is None or asked.split(":", 3)[2].lower() in of_service) else None


@lru_cache(maxsize=1 << 14)
def _arn_of(text: str, partition: str) -> str | None:
    """Return a pattern as an ARN of a partition; missing parts are stars (rule F7)."""
    parts = text.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    if glob(parts[1].lower()).matches(partition):
        parts[1] = partition
    try:
        return str(parse_arn(":".join(parts)))
    except ArnError:
        return None
