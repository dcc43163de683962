"""Access that one principal loses and gains without some of its policies: every action, on every named resource.

Requests are those of effective permissions (`effective_permissions`): each action on *placeholder* resources, which no
policy names, and on each resource that a statement of the principal, or a resource policy that names it, names.
Condition keys have no values. A request is *lost* if it is less possible without the policies, *gained* if it is more
possible; from most to least possible: allowed, allowed under conditions, allowed if a missing resource policy allows
it, not allowed.
"""

from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from iamdesk.access.altered_principals import AlteredPrincipals
from iamdesk.access.bulk_evaluator import BulkEvaluator, DecisionBits, RequestMoment
from iamdesk.access.equivalent_services import EquivalentServices
from iamdesk.access.evaluator import Evaluator
from iamdesk.access.own_statements import OwnStatement, WideStatement, own_keys
from iamdesk.access.principal_index import PrincipalCohort
from iamdesk.access.request_grid import FRESH, RequestGrid, ResourceSlot, placeholder_grid
from iamdesk.access.service_access import ServiceAccessFinder
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.request import EvalDecision
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled

_MAX_GRIDS = 1_000
_MAX_CHANGES = 40_000
"""Numbers of cached grids of named resources and of changes, after which these are freed."""
_MAX_DECISION_BITS = 1 << 12
"""Cached decisions, enough for some principals: each change of a principal is compared with the same whole."""

type ActionBits = Mapping[str, int]
"""By service, actions as bits (`aws.action_sets`); services without any are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class ServiceChange:
    """The changes in one service."""

    lost: int
    """Actions that are less possible on some resource, as bits."""
    gained: int
    """Actions that are more possible on some resource."""
    before: int
    """Actions that were possible at all."""
    after: int
    """Actions that are still possible, on some resource."""
    open: int
    """Actions that stay conditional and that a removed policy covers: their conditions may differ."""
    resources: tuple[tuple[str, int, int], ...] = ()
    """Named resources, each with the actions lost and gained on it."""


_NO_CHANGE = ServiceChange(0, 0, 0, 0, 0)

type AccessChange = Mapping[str, ServiceChange]
"""By service; services to which the removed policies do not apply are left out."""


class AccessChanges:
    """Compares principals with altered ones. Not thread-safe."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._moment = evaluator.now()
        self.forget()

    def forget(self) -> None:
        """Free the cached results and the altered principals, whose indexes are void from now on."""
        self.principals = AlteredPrincipals(self.evaluator.population())
        self._bulk = BulkEvaluator(self.principals)
        self._finder = ServiceAccessFinder(self._bulk, lambda: self._moment)
        self._equivalent = EquivalentServices(self._bulk)
        self._grids: dict[Hashable, RequestGrid] = {}
        self._by_statements: dict[Hashable, ServiceChange] = {}
        self._by_policies: dict[Hashable, AccessChange] = {}
        self._own_keys: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._decision_bits: dict[tuple[RequestGrid, int, bool], DecisionBits] = {}

    def _free_grids(self) -> None:
        """Free what few principals share: named resources, and changes. What is known of a cohort serves all."""
        self._bulk.forget(self._grids.values())
        for known in (self._grids, self._by_statements, self._by_policies, self._decision_bits):
            known.clear()

    @property
    def moment(self) -> datetime:
        """The time at which requests are made."""
        return self._moment

    def between(self, position: int, before: int, after: int, cancelled: Cancelled = never_cancelled) -> AccessChange:
        """Return the changes between two forms of a principal, of which the second has fewer policies.

        Args:
            position: Index of the principal in the snapshot.
            before: The first form: the principal itself, or `AlteredPrincipals.alter` of it.
            after: The second form.
            cancelled: Returns whether the work was cancelled.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        if before == after:
            return {}
        if len(self._grids) > _MAX_GRIDS or len(self._by_statements) > _MAX_CHANGES:
            self._free_grids()
        granted = self._finder.grants.of(position)
        carried = self.principals.index.carried
        facts = self._facts_of_caller(before)
        key = (carried[before], self._limits(before), carried[after], self._limits(after), granted, facts)
        known = self._by_policies.get(key)
        if known is None:  # no change at all is an answer, too
            known = self._by_policies.get((position, key))
        if known is None:
            known, is_personal = self._find(position, before, after, cancelled)
            self._by_policies[(position, key) if is_personal else key] = known
        return known

    def example(
        self, position: int, before: int, after: int, service: str, action: int
    ) -> tuple[str, EvalDecision, EvalDecision]:
        """Return a request for an action (its bit) that is decided differently, as (resource, before, after).

        Where none is, one that is allowed, or any.
        """
        cohort = self.principals.cohort_at(before)
        old = self._bulk.own.of(before, service)
        granted = self._finder.grants.of(position, service)
        named = self._finder.resources_named(position, service, old, granted)
        name = service_actions(service).actions[action].full_name
        moment = RequestMoment(self._moment)
        found: list[tuple[str, EvalDecision, EvalDecision]] = []
        for grid in self._grids_of(service, cohort.partition, cohort.account, named):
            for slot in grid.resource_slots:
                if slot.actions >> action & 1:
                    was, now = (self._bulk.decide(one, name, slot.resource, moment) for one in (before, after))
                    if was is not now:
                        return slot.resource, was, now
                    found.append((slot.resource, was, now))
        return min(found, key=lambda one: one[1] is not EvalDecision.ALLOWED)

    def _find(self, position: int, before: int, after: int, cancelled: Cancelled) -> tuple[AccessChange, bool]:
        """Return the changes, and whether they are the principal's alone."""
        own = self._bulk.own
        by_service, wide = own.services(before)
        wide_after = self._wide_of(after, wide)
        applicable, own_wide_after = own.services(after)
        found: dict[str, ServiceChange] = {}
        is_personal = False
        named = {one.service for one in self._finder.grants.of(position)} | by_service.keys()
        # a statement that the second form still has, from another policy, is compared as well: what it allows stays
        if wide != own_wide_after or self._limits(before) != self._limits(after):
            base, is_personal = self._in_all_services(position, before, after, wide, wide_after, named, cancelled)
            found.update(base)
        same_limits = self._limits(before) == self._limits(after)
        for service in sorted(named):
            if cancelled():
                raise WorkCancelled
            if same_limits and by_service.get(service) == applicable.get(service):
                continue
            documents = by_service.get(service), applicable.get(service)
            change, of_position = self._in_service(position, before, after, service, documents=documents)
            is_personal = is_personal or of_position
            if change is not _NO_CHANGE:
                found[service] = change
        return {service: found[service] for service in sorted(found) if found[service] is not _NO_CHANGE}, is_personal

    def _limits(self, position: int) -> tuple[tuple[int, ...] | None, int]:
        return self.principals.index.boundaries[position], self.principals.cohort_at(position).number

    def _wide_of(self, position: int, wide: Sequence[WideStatement]) -> tuple[WideStatement, ...]:
        """Return those statements on all services that another form of the principal has, too."""
        _, own = self._bulk.own.services(position)
        places = {(one.place, one.policy.policy_type) for one in own}
        return tuple(one for one in wide if (one.place, one.policy.policy_type) in places)

    def _in_all_services(
        self,
        position: int,
        before: int,
        after: int,
        wide: Sequence[WideStatement],
        wide_after: Sequence[WideStatement],
        named: Container[str],
        cancelled: Cancelled,
    ) -> tuple[AccessChange, bool]:
        """Return the changes in services to which only statements on all services apply.

        Services that are ``named`` otherwise are not evaluated (`ServiceAccessFinder`).
        """
        cohorts = self.principals.cohort_at(before), self.principals.cohort_at(after)
        found: dict[str, ServiceChange] = {}
        is_personal = False
        for services in self._split(wide, cohorts):
            if cancelled():
                raise WorkCancelled
            left = [service for service in services if service not in named]
            for service in left:
                change, of_position = self._in_service(position, before, after, service, wide=(wide, wide_after))
                is_personal = is_personal or of_position
                if service == left[0] and _is_uniform(change, service_actions(service).every):
                    found.update((one, _of_all(change, service_actions(one).every)) for one in left)
                    break
                found[service] = change
        return {service: change for service, change in found.items() if change is not _NO_CHANGE}, is_personal

    def _split(
        self, wide: Sequence[WideStatement], cohorts: tuple[PrincipalCohort, PrincipalCohort]
    ) -> Iterator[tuple[str, ...]]:
        one, other = cohorts
        if one is other:
            yield from self._equivalent.split(wide, one)
            return
        of_other = {service: services for services in self._equivalent.split(wide, other) for service in services}
        for services in self._equivalent.split(wide, one):
            parts: dict[tuple[str, ...], list[str]] = {}
            for service in services:
                parts.setdefault(of_other[service], []).append(service)
            yield from map(tuple, parts.values())

    def _in_service(
        self,
        position: int,
        before: int,
        after: int,
        service: str,
        *,
        wide: tuple[Sequence[WideStatement], Sequence[WideStatement]] | None = None,
        documents: tuple[Iterable[int] | None, Iterable[int] | None] = (None, None),
    ) -> tuple[ServiceChange, bool]:
        """Return the changes in a service.

        ``wide``: by statements on all services alone. ``documents``: that can apply to it, of each form, where known.
        """
        own = self._bulk.own
        if wide is None:
            old, new = own.of(before, service, documents[0]), own.of(after, service, documents[1])
        else:
            old, new = own.of_service(wide[0], service), own.of_service(wide[1], service)
        cohorts = self.principals.cohort_at(before), self.principals.cohort_at(after)
        granted = () if wide is not None else self._finder.grants.of(position, service)
        key = (
            service,
            cohorts[0].number,
            cohorts[1].number,
            frozenset(one.signature for one in old),
            frozenset(one.signature for one in new),
            _naming(old),
            self._bulk.facts_of_caller(before, service, own_keys(old)),
            granted,
        )
        known = self._by_statements.get(key)
        if known is not None:
            return known, False
        known = self._by_statements.get((position, key))
        if known is not None:
            return known, True
        named = self._finder.resources_named(position, service, old, granted)
        kept = {one.signature for one in new}
        removed = [one for one in old if one.signature not in kept]  # by what the key says
        gone = 0
        for one in removed:
            gone |= one.actions
        change, is_personal = _NO_CHANGE, False
        fresh = placeholder_grid(service, cohorts[0].partition, cohorts[0].account)
        for grid in self._grids_of(service, cohorts[0].partition, cohorts[0].account, named):
            is_personal = is_personal or any(
                self._bulk.request_classes.is_personal(grid, cohort, grid.every) for cohort in dict.fromkeys(cohorts)
            )
            was = self._decision_bits_of(grid, before, old, is_wide=wide is not None)
            if cohorts[0] is cohorts[1]:
                now = self._decision_bits_without(grid, was, cohorts[0], removed, (after, new))
            else:
                now = self._decision_bits_of(grid, after, new, is_wide=wide is not None)
            change = _joined(change, _compare(grid, was, now, gone, is_named=grid is not fresh))
        self._by_statements[(position, key) if is_personal else key] = change
        return change, is_personal

    def _grids_of(
        self, service: str, partition: str, account: str, named: tuple[ResourceSlot, ...]
    ) -> Iterator[RequestGrid]:
        """Yield the placeholders of a service, which serve all principals, and the named resources."""
        fresh = placeholder_grid(service, partition, account)
        if fresh.every:
            yield fresh
        if not named:
            return
        key = (service, named)
        found = self._grids.get(key)
        if found is None:
            found = self._grids[key] = RequestGrid(service, [one for one in named if one.actions])
        if found.every:
            yield found

    def _decision_bits_of(
        self, grid: RequestGrid, position: int, own: Sequence[OwnStatement], *, is_wide: bool
    ) -> DecisionBits:
        """Return the decisions for one form of a principal; the latest are cached.

        ``is_wide``: ``own`` are only its statements on all services.
        """
        key = (grid, position, is_wide)
        found = self._decision_bits.get(key)
        if found is None:
            if len(self._decision_bits) >= _MAX_DECISION_BITS:
                self._decision_bits.clear()
            found = self._decision_bits[key] = self._bulk.decision_bits(grid, position, own, self._moment)
        return found

    def _decision_bits_without(
        self,
        grid: RequestGrid,
        was: DecisionBits,
        cohort: PrincipalCohort,
        removed: Iterable[OwnStatement],
        form: tuple[int, Sequence[OwnStatement]],
    ) -> DecisionBits:
        """Return the decisions without some statements: only requests that these can apply to are evaluated again.

        Args:
            grid: The requests.
            was: The decisions with the statements.
            cohort: Of both forms.
            removed: The statements.
            form: The second form, with the statements that it has.
        """
        within = 0
        for one in removed:
            for cells in self._bulk.cells(grid, one):
                within |= cells
        for cells, request_class in self._bulk.request_classes.settings(grid, cohort, grid.every):
            if request_class.is_joint or request_class.is_alone:  # decided with requests on other resources
                within |= cells
        if not within:
            return was
        now = self._bulk.decision_bits(grid, *form, self._moment, within)
        return DecisionBits(*(old & ~within | new for old, new in zip(was, now, strict=True)))

    def _facts_of_caller(self, position: int) -> Hashable:
        """Return what is known of the keys that depend on the caller alone, of all statements of a principal.

        Principals with the same policies differ by them: a policy may allow something to those with a tag.
        """
        index = self.principals.index
        numbers = (*index.carried[position], *(index.boundaries[position] or ()))
        keys = self._own_keys.get(numbers)
        if keys is None:
            found: dict[str, None] = {}
            for number in numbers:
                version = index.documents[number].version
                for _, statement in index.of_document(number):
                    found.update(dict.fromkeys(self.principals.asked(statement, version).own_keys))
            keys = self._own_keys[numbers] = tuple(sorted(found))
        return self._bulk.facts_of_caller(position, "s3", keys)


def _naming(statements: Iterable[OwnStatement | WideStatement]) -> frozenset[int]:
    """Return the places of statements that name resources: beside ``*``, too, where these are listed as changed."""
    return frozenset(
        one.place for one in statements if any(not entry.is_everything for entry in one.statement.resources or ())
    )


def _compare(grid: RequestGrid, was: DecisionBits, now: DecisionBits, gone: int, *, is_named: bool) -> ServiceChange:
    """Return the changes on a grid.

    Args:
        grid: The requests.
        was: The decisions before.
        now: The decisions after.
        gone: Actions that the removed statements cover.
        is_named: Whether policies name its resources. Placeholders are not listed, not even those with one ARN in
            every account, such as the Data Catalog: one service answers for others, whose placeholders are other ones.
    """
    lost, gained = _less(now, was), _less(was, now)
    stays = was.conditional & now.conditional & grid.everywhere(gone)
    named = []
    for place, slot in enumerate(grid.resource_slots) if is_named and (lost or gained) else ():
        here = grid.bits(place, lost), grid.bits(place, gained)
        if any(here) and FRESH not in slot.resource and slot.resource != "*":
            named.append((slot.resource, *here))
    before, after = _possible(was), _possible(now)
    if not (lost or gained or before or after):
        return _NO_CHANGE
    return ServiceChange(
        grid.anywhere(lost),
        grid.anywhere(gained),
        grid.anywhere(before),
        grid.anywhere(after),
        grid.anywhere(stays),
        tuple(named),
    )


def _joined(one: ServiceChange, other: ServiceChange) -> ServiceChange:
    if one is _NO_CHANGE or other is _NO_CHANGE:
        return other if one is _NO_CHANGE else one
    return ServiceChange(
        one.lost | other.lost,
        one.gained | other.gained,
        one.before | other.before,
        one.after | other.after,
        one.open | other.open,
        (*one.resources, *other.resources),
    )


def _possible(bits: DecisionBits) -> int:
    return bits.allowed | bits.conditional | bits.awaiting


def _less(one: DecisionBits, other: DecisionBits) -> int:
    """Return the requests that are less possible in one than in the other."""
    return (
        (other.allowed & ~one.allowed)
        | (other.conditional & ~(one.allowed | one.conditional))
        | (other.awaiting & ~_possible(one))
    )


def _is_uniform(change: ServiceChange, every: int) -> bool:
    bits = (change.lost, change.gained, change.before, change.after, change.open)
    return not change.resources and all(one in (0, every) for one in bits)


def _of_all(change: ServiceChange, every: int) -> ServiceChange:
    if change is _NO_CHANGE:
        return change
    lost, gained, before, after, stays = (
        every if one else 0 for one in (change.lost, change.gained, change.before, change.after, change.open)
    )
    return ServiceChange(lost, gained, before, after, stays)
