"""The bulk evaluator: some principals, some actions of a service and some resources, evaluated together.

Each statement is matched against each resource once, for all principals that have it and all actions that it covers.
Its effect is a rectangle: principals (as bits) by requests (as bits of a `RequestGrid`). Requests and principals on
which all statements have the same effect are decided once, by the engine's `decide`. Where an unknown leaves the
decision open, the engine evaluates one request of each set with equal unknowns. The decision on each request is the
one that the engine makes on it alone (``tests/access`` compares them).
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from iamdesk.access.effects import (
    Effect,
    UndeterminedStatement,
    effects_of,
    resolution_key,
    resource_key,
    split,
    statement_effects_of,
)
from iamdesk.access.own_statements import AS_BOUNDARY, AS_IDENTITY, OwnStatement, OwnStatements
from iamdesk.access.principal_index import (
    ContextDependency,
    PrincipalCohort,
    PrincipalIndex,
    indexes_of,
    names_specific_principal,
)
from iamdesk.access.request_classes import RequestClass, RequestClasses
from iamdesk.access.request_grid import FRESH, OneRequest, RequestGrid, placeholder_grid
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import Context, KeyValue, at_given_time
from iamdesk.evaluate.decision_logic import PolicyTypeKey, StatementEffects, decide, decide_bounds
from iamdesk.evaluate.derived_keys import PrincipalDependence, ResourceDependence, dependence, variation
from iamdesk.evaluate.engine import decide_request
from iamdesk.evaluate.matching import RequestFacts, match_statement
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import ContextValues, EvalDecision, MissingContextMode
from iamdesk.evaluate.request_context import facts_given
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth
from iamdesk.policy.resource_patterns import UnknownVariable
from iamdesk.policy.statement import Statement
from iamdesk.policy.variables import Variable, parse_template
from iamdesk.policy.wildcards import Token, Wildcard
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.simulate.vpc_endpoints import network_path_given

_FEW = 4
"""Number of principals whose documents are read one by one; for more, statements are looked up by action and
resource. Also the number of requests on one resource for which they are looked up so, rather than by service."""
_MAX_NETWORK_PATHS = 8
_MAX_CACHED = 1 << 14


class RequestMoment(NamedTuple):
    """Time and context of requests."""

    at: datetime
    given: ContextValues = MappingProxyType({})
    """As entered by the user."""
    unknown: MissingContextMode = MissingContextMode.UNKNOWN


class GroupDecision(NamedTuple):
    """The decision on some requests of some principals."""

    decision: EvalDecision
    members: int
    """The principals, as bits."""
    cells: int
    """The requests, as bits of the grid."""
    awaits_policy: bool
    """Whether it is denied only because the snapshot lacks the resource's policy, which must allow the account (rules
    I1, I2)."""
    resolution: Hashable = None
    """Where the decision depends on something unknown: equal for decisions that depend on the same."""


class DecisionBits(NamedTuple):
    """Decisions for one principal on a grid, as bits of it; bits in none of them are implicitly denied."""

    allowed: int
    conditional: int
    denied: int
    """Explicit denials."""
    awaiting: int
    """`GroupDecision.awaits_policy`."""


class PopulationDecisions(NamedTuple):
    """The decisions on one request for many principals."""

    bits: Mapping[EvalDecision, int]
    """By decision, the principals."""
    distinguish_denials: bool
    """Whether explicit denials are distinguished from implicit ones."""
    until: float
    """End of validity, in seconds since 1970."""

    def decide(self, position: int) -> EvalDecision:
        """Return the decision for one principal, by its index."""
        return next(decision for decision, bits in self.bits.items() if bits >> position & 1)


class StatementGroup(NamedTuple):
    """One statement, or several with equal effect in any context, and where it applies."""

    policy: AttachedPolicy
    """A policy of its type, in place of each that contains it."""
    statement: Statement
    asked: ContextDependency
    members: int
    """The principals that have it, as bits."""
    cells: int
    """The requests whose action it covers and whose resource it can match, as bits."""


class _Effects[What](NamedTuple):
    """Something true of some requests of some principals."""

    what: What
    members: int
    cells: int


class _EffectSums(NamedTuple):
    """The effects of statements, and those of them that are undetermined."""

    effects: list[_Effects[Effect]]
    undecided: list[_Effects[UndeterminedStatement]]


class _Decided(NamedTuple):
    best: EvalDecision
    worst: EvalDecision
    would_be_allowed: bool
    """Whether it could be allowed if the resource's policy allowed the account."""


class BulkEvaluator:
    """Evaluates many requests of the principals and groups of one snapshot. Thread-safe."""

    def __init__(self, population: PrincipalIndex) -> None:
        self.population = population
        self.own = OwnStatements(population)
        self.request_classes = RequestClasses(population)
        self._by_network_path: dict[Hashable, RequestClasses] = {}
        self._decided: dict[Hashable, _Decided] = {}
        self._everywhere: dict[tuple[str, str], tuple[StatementGroup, ...]] = {}
        self._where: dict[tuple[RequestGrid, int], tuple[int, ...]] = {}

    def forget(self, grids: Iterable[RequestGrid]) -> None:
        """Free what is cached of some grids, and of statements; what is known of the principals' cohorts is kept."""
        self.own = OwnStatements(self.population)
        self._where.clear()
        self.request_classes.forget(frozenset(grids))

    def request(self, action: str, resource: str) -> OneRequest:
        """Return a grid of one action on one resource.

        Raises:
            RequestError: one of them is malformed.
        """
        return OneRequest(self.population.target(action, resource))

    def decisions(
        self,
        grid: RequestGrid,
        members: int,
        moment: RequestMoment,
        *,
        within: int | None = None,
        distinguish_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[GroupDecision]:
        """Yield decisions that together cover each request of each principal once.

        Args:
            grid: The requests.
            members: The principals, as bits of the population, none of them irregular. A group means some member of it.
            moment: Time and context.
            within: Bits of the grid to evaluate; None: all.
            distinguish_denials: Whether explicit and implicit denials are distinguished; else a denial may be either.
            cancelled: Returns whether the work was cancelled; called repeatedly.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        within = grid.every if within is None else within
        if moment.given and not isinstance(grid, OneRequest):  # what is given holds of each action otherwise
            for bit in indexes_of(within):
                target = grid.target(bit)
                alone = self.request(target.action_text, target.resource_text)
                for decided in self.decisions(
                    alone, members, moment, distinguish_denials=distinguish_denials, cancelled=cancelled
                ):
                    yield decided._replace(cells=1 << bit)
            return
        request_evaluation = _BulkRequest(
            self, grid, moment, distinguish_denials=distinguish_denials, cancelled=cancelled
        )
        yield from request_evaluation.decisions(members, within, self.statement_groups(grid, members, within))

    def decision_bits(
        self, grid: RequestGrid, position: int, own: Iterable[OwnStatement], moment: datetime, within: int | None = None
    ) -> DecisionBits:
        """Return the decisions for one principal (or member of a group) on a grid, with an empty context.

        ``own`` are the statements of its own policies (`OwnStatements.of`).
        """
        within = grid.every if within is None else within
        request_evaluation = _BulkRequest(self, grid, RequestMoment(moment))
        statement_groups = [
            statement_group
            for one in own
            for statement_group in self._statement_groups_of(grid, one, 1 << position, within)
        ]
        found = dict.fromkeys(EvalDecision, 0)
        awaiting = 0
        for decided in request_evaluation.decisions(1 << position, within, statement_groups):
            found[decided.decision] |= decided.cells
            if decided.awaits_policy:
                awaiting |= decided.cells
        return DecisionBits(
            found[EvalDecision.ALLOWED], found[EvalDecision.CONDITIONAL], found[EvalDecision.EXPLICIT_DENY], awaiting
        )

    def sweep(
        self,
        grid: OneRequest,
        members: int,
        moment: RequestMoment,
        *,
        distinguish_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> PopulationDecisions:
        """Return the decisions on one request for some principals; see `decisions`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        bits = dict.fromkeys(EvalDecision, 0)
        request_evaluation = _BulkRequest(
            self, grid, moment, distinguish_denials=distinguish_denials, cancelled=cancelled
        )
        for decided in request_evaluation.decisions(members, 1, self.statement_groups(grid, members, 1)):
            bits[decided.decision] |= decided.members
        return PopulationDecisions(bits, distinguish_denials, request_evaluation.until)

    def decide(self, position: int, action: str, resource: str, moment: RequestMoment) -> EvalDecision:
        """Return the engine's decision on one request of one principal."""
        population = self.population
        return decide_request(population.evaluation_request(position, action, resource, moment.given, moment.unknown))

    def facts_of_caller(self, position: int, service: str, keys: Iterable[str]) -> Hashable:
        """Return what is known of keys that depend on the caller alone, for requests to a service."""
        own_keys = sorted(keys)
        if not own_keys:
            return ()
        cohort = self.population.cohort_at(position)
        fresh = placeholder_grid(service, cohort.partition, cohort.account)
        return self.population.facts(position, own_keys, self.request_classes.derive(fresh, cohort, 0))

    def filled_in(self, position: int, service: str, text: str, moment: datetime) -> str:
        """Return a resource entry with its variables' values for a caller; `FRESH` where one is not known."""
        cohort, holder = self.population.cohort_at(position), self.population.principal_policies(position)
        fresh = placeholder_grid(service, cohort.partition, cohort.account)
        derive = self.request_classes.derive(fresh, cohort, 0)
        own = derive.of_another(holder.caller, holder.may_be_tagged, moment)
        context = Context({}, own, MissingContextMode.UNKNOWN, reference().is_multivalued)
        return "".join(_text_of(piece, context) for piece in parse_template(text))

    def request_classes_of(self, moment: RequestMoment) -> RequestClasses:
        """Return the request classes of requests made in a context."""
        network_path = network_path_given(moment.given, moment.unknown)
        if not network_path:
            return self.request_classes
        key = tuple(sorted(network_path.items()))
        found = self._by_network_path.get(key)
        if found is None:
            if len(self._by_network_path) >= _MAX_NETWORK_PATHS:
                self._by_network_path.clear()
            found = self._by_network_path[key] = RequestClasses(self.population, network_path)
        return found

    def decided(self, request_class: RequestClass, features: Sequence[Effect]) -> _Decided:
        """Decide a request class by the effects of all statements."""
        key = (request_class.key, request_class.awaits_policy, frozenset(features))
        found = self._decided.get(key)
        if found is None:
            counted = statement_effects_of(features)
            best, worst = (
                type_decision.decision for type_decision in decide_bounds(request_class.decision_inputs, counted)
            )
            with_account = StatementEffects(counted.allow, counted.deny, {**counted.grants, Grant.ACCOUNT: TRUE})
            could_be = (
                decide(request_class.decision_inputs, with_account, optimistic=True).decision is EvalDecision.ALLOWED
            )
            found = _Decided(best, worst, request_class.awaits_policy and could_be)
            if len(self._decided) >= _MAX_CACHED:
                self._decided.clear()
            self._decided[key] = found
        return found

    # ── statements of principals' own policies ───────────────────────────────────────────────────────────────────────

    def statement_groups(self, grid: RequestGrid, members: int, within: int) -> Iterator[StatementGroup]:
        """Yield the statements of principals' own policies that can apply to the grid, judged by their resources."""
        if members.bit_count() <= _FEW:
            for position in indexes_of(members):
                for one in self._own(grid, position):
                    yield from self._statement_groups_of(grid, one, 1 << position, within)
        elif isinstance(grid, OneRequest):
            here = self._statement_groups_here(grid, members)
            for statement_group in (*self._statement_groups_everywhere(grid), *here):
                if statement_group.members & members:
                    yield statement_group._replace(members=statement_group.members & members)
        else:
            yield from self._statement_groups_on(grid, members, within)

    def _own(self, grid: RequestGrid, position: int) -> Iterable[OwnStatement]:
        """Return the statements of one principal or group that can decide requests of the grid."""
        service = grid.of.service
        if not isinstance(grid, OneRequest):
            return self.own.of(position, service)
        index, target = self.population.index, grid.target(0)
        return [
            OwnStatement(place, policy, statement, self._asked(place), 1, index.names_every_resource(place))
            for policy, numbers in (
                (AS_IDENTITY, index.carried[position]),
                (AS_BOUNDARY, index.boundaries[position] or ()),
            )
            for number in numbers
            for place, statement in index.of_document(number)
            if (statement.services is None or service in statement.services)
            and statement.covers_action(service, target.name)
        ]

    def _asked(self, place: int) -> ContextDependency:
        number, statement = self.population.index.statement(place)
        return self.population.asked(statement, self.population.index.documents[number].version)

    def _statement_groups_of(
        self, grid: RequestGrid, one: OwnStatement, members: int, within: int
    ) -> Iterator[StatementGroup]:
        for cells in self.cells(grid, one):
            if cells & within:
                yield StatementGroup(one.policy, one.statement, one.asked, members, cells & within)

    def cells(self, grid: RequestGrid, one: OwnStatement) -> Sequence[int]:
        """Return the bits that a statement can apply to; by resource slot where its resource has variables."""
        key = (grid, one.place)
        found = self._where.get(key)
        if found is None:
            covered = grid.everywhere(one.actions)
            if one.is_for_all:
                found = (covered,) if covered else ()
            else:
                found = tuple(here for _, here in self._matching(grid, ((one.place, covered),)))
            if len(grid.resource_slots) > 1:
                self._where[key] = found
        return found

    def _statement_groups_everywhere(self, grid: OneRequest) -> tuple[StatementGroup, ...]:
        """Return the statements on all resources that cover an action: the same for each resource."""
        target = grid.target(0)
        key = (target.service, target.name)
        found = self._everywhere.get(key)
        if found is None:
            places = self.population.index.covering(*key).anywhere
            found = tuple(self._joined((place, 1) for place in places))
            if len(self._everywhere) >= _MAX_CACHED:
                self._everywhere.clear()
            self._everywhere[key] = found
        return found

    def _statement_groups_here(self, grid: OneRequest, members: int) -> Iterator[StatementGroup]:
        """Return the groups of the other statements that cover one request, with their principals."""
        population, index, target = self.population, self.population.index, grid.target(0)
        covering = index.covering(target.service, target.name)
        naming = index.naming(covering, target.service, target.resource)
        carried = []
        for place in (*naming, *covering.loose):
            number = index.statement(place)[0]
            if population.carriers[number] & members or population.bounded[number] & members:
                carried.append((place, 1))
        return self._joined(self._matching(grid, carried))

    def _statement_groups_on(self, grid: RequestGrid, members: int, within: int) -> Iterator[StatementGroup]:
        """Yield the statements of many principals that can apply to many requests."""
        index = self.population.index
        named: list[tuple[int, int]] = []
        anywhere: list[tuple[int, int]] = []
        for place in self._places_on(grid, within):
            actions = grid.of.covered_by(index.statement(place)[1])
            cells = grid.everywhere(actions) & within
            if cells:
                (anywhere if index.names_every_resource(place) else named).append((place, cells))
        for statement_group in self._joined((*anywhere, *self._matching(grid, named))):
            if statement_group.members & members:
                yield statement_group._replace(members=statement_group.members & members)

    def _places_on(self, grid: RequestGrid, within: int) -> Sequence[int]:
        """Return the statements that may apply to some requests, in order."""
        index, service = self.population.index, grid.of.service
        if len(grid.resource_slots) > 1 or within.bit_count() > _FEW:
            return index.of_service(service)
        found: set[int] = set()
        for bit in indexes_of(within):  # most statements of thousands of principals name other resources
            covering = index.covering(service, grid.target(bit).name)
            found.update(covering.anywhere, covering.loose, index.naming(covering, service, grid.arns[0]))
        return sorted(found)

    def _matching(self, grid: RequestGrid, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield statements, each with the bits of resources that it can match; slot by slot where it has variables."""
        index = self.population.index
        for place, cells in places:
            statement = index.statement(place)[1]
            resource_slots: Sequence[int] = range(len(grid.resource_slots))
            if not isinstance(grid, OneRequest) and not index.is_loose(place):
                resource_slots = self.request_classes.plots_named(grid, place)
            found = 0
            for resource_slot in resource_slots:
                here = cells & grid.on(resource_slot, grid.of.every)
                if not here:
                    continue
                if statement.resource_keys():
                    yield place, here
                elif self.request_classes.matches(grid, here.bit_length() - 1, AS_IDENTITY, statement):
                    found |= here
            if found:
                yield place, found

    def _joined(self, places: Iterable[tuple[int, int]]) -> Iterator[StatementGroup]:
        """Yield statements with the principals that have them; those with equal effect in any context are merged."""
        population, index = self.population, self.population.index
        found: dict[tuple[int, int, int], StatementGroup] = {}
        for place, cells in places:
            number, statement = index.statement(place)
            asked = self._asked(place)
            carriers = ((AS_IDENTITY, population.carriers[number]), (AS_BOUNDARY, population.bounded[number]))
            for use, (policy, members) in enumerate(carriers):
                if members:
                    key = (use, asked.number, cells)
                    known = found.get(key)
                    everyone = members if known is None else known.members | members
                    found[key] = StatementGroup(policy, statement, asked, everyone, cells)
        yield from found.values()


class _BulkRequest:
    """Evaluates a grid in one context."""

    def __init__(
        self,
        bulk: BulkEvaluator,
        grid: RequestGrid,
        moment: RequestMoment,
        *,
        distinguish_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> None:
        self._bulk = bulk
        self._population = bulk.population
        self._grid = grid
        self._moment = moment
        self._distinguish_denials = distinguish_denials
        self._cancelled = cancelled
        self._request_classes = bulk.request_classes_of(moment)
        self._given: Mapping[str, KeyValue] = facts_given(moment.given, grid.target(0)) if moment.given else {}
        self._subjects: dict[tuple[int, int], RequestFacts] = {}
        self.until = inf
        """End of validity of the decisions, in seconds since 1970."""

    def decisions(
        self, members: int, within: int, statement_groups: Iterable[StatementGroup]
    ) -> Iterator[GroupDecision]:
        """Evaluate requests of principals; ``statement_groups`` are the statements of their own policies."""
        own = self._effects_of(statement_groups)
        for cohort, of_cohort in self._by_cohort(members):
            for cells, request_class in self._request_classes.settings(self._grid, cohort, within):
                if self._cancelled():
                    raise WorkCancelled
                if request_class.is_joint or (request_class.is_alone and not isinstance(self._grid, OneRequest)):
                    yield from self._one_by_one(request_class, own, of_cohort, cells)
                    continue
                for group in self._split_named(request_class, of_cohort):
                    yield from self._decide_cohort(request_class, own, group, cells)

    def _by_cohort(self, members: int) -> Iterator[tuple[PrincipalCohort, int]]:
        if members & members - 1 == 0:
            yield self._population.cohort_at(members.bit_length() - 1), members
            return
        for cohort in self._population.cohort:
            if members & cohort.members:
                yield cohort, members & cohort.members

    def _one_by_one(
        self, request_class: RequestClass, own: _EffectSums, members: int, cells: int
    ) -> Iterator[GroupDecision]:
        """Evaluate requests one by one, except those that their first sub-request already denies."""
        if request_class.is_joint and isinstance(self._grid, OneRequest) and not self._distinguish_denials:
            first = [
                decided
                for group in self._split_named(request_class, members)
                for decided in self._decide_cohort(request_class, own, group, cells)
            ]
            members = 0
            for decided in first:
                if decided.decision in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL):
                    members |= decided.members
                else:
                    yield decided
        for position in indexes_of(members):
            for bit in indexes_of(cells):
                if self._cancelled():
                    raise WorkCancelled
                yield GroupDecision(self._decide_one(position, bit), 1 << position, 1 << bit, awaits_policy=False)

    def _split_named(self, request_class: RequestClass, members: int) -> Iterator[int]:
        """Yield principals that a common statement could name, one by one, then all others together."""
        named = 0
        if members & members - 1:
            for _, statement, _ in request_class.common:
                if names_specific_principal(statement):
                    named |= self._population.named_by(statement) & members
        for position in indexes_of(named):
            yield 1 << position
        if members & ~named:
            yield members & ~named

    def _decide_cohort(
        self, request_class: RequestClass, own: _EffectSums, members: int, cells: int
    ) -> Iterator[GroupDecision]:
        """Evaluate principals of a cohort that no common statement names, or one that it names."""
        common = self._effects_of(self._common(request_class, members, cells))
        undecided = [one for sums in (common, own) for one in sums.undecided if one.members & members]
        traits: dict[tuple[Effect, int], int] = {}
        for sums in (own, common):
            for feature, having, where in sums.effects:
                if having & members and where & cells:
                    key = (feature, having & members)
                    traits[key] = traits.get(key, 0) | where & cells
        for part, effects in split(cells, traits.items()):
            of_part: dict[Effect, int] = {}
            for feature, having in effects:
                of_part[feature] = of_part.get(feature, 0) | having
            for who, features in split(members, of_part.items()):
                yield from self._decide(request_class, who, part, features, undecided)

    def _decide(
        self,
        request_class: RequestClass,
        members: int,
        cells: int,
        features: Sequence[Effect],
        undecided: list[_Effects[UndeterminedStatement]],
    ) -> Iterator[GroupDecision]:
        """Yield the decisions where all statements have the same effects."""
        decided = self._bulk.decided(request_class, features)
        awaits = decided.would_be_allowed
        if decided.best is decided.worst or (
            decided.best is not EvalDecision.ALLOWED and not self._distinguish_denials
        ):
            refused = decided.best is EvalDecision.IMPLICIT_DENY
            yield GroupDecision(decided.best, members, cells, refused and awaits)
            return
        certain = frozenset([what for what, truth in features if truth is TRUE])
        here = [one for one in undecided if one.members & members and one.cells & cells]
        for part, of_part in split(cells, [(one, one.cells) for one in here]):
            for who, open_ones in split(members, [(one.what, one.members) for one in of_part]):
                position, bit = who.bit_length() - 1, part.bit_length() - 1
                key = resolution_key(
                    request_class.key, certain, open_ones, self._moment.unknown, self._grid.target(bit)
                )
                if decided.best is not EvalDecision.ALLOWED:
                    key = ("refused", key)
                decision = self._population.resolved(key, partial(self._decide_one, position, bit))
                yield GroupDecision(decision, who, part, decision is EvalDecision.IMPLICIT_DENY and awaits, key)

    def _decide_one(self, position: int, bit: int) -> EvalDecision:
        target = self._grid.target(bit)
        return self._bulk.decide(position, target.action_text, target.resource_text, self._moment)

    # ── what statements say ──────────────────────────────────────────────────────────────────────────────────────────

    def _common(self, request_class: RequestClass, members: int, cells: int) -> Iterator[StatementGroup]:
        """Yield the statements of organization and resource policies, which apply to all principals of the cohort."""
        grid = self._grid
        for policy, statement, asked in request_class.common:
            actions = grid.of.covered_by(statement)
            entries = statement.resources
            if entries is None or (not statement.not_resource and any(entry.is_everything for entry in entries)):
                yield StatementGroup(policy, statement, asked, members, grid.everywhere(actions) & cells)
            else:
                for place in range(len(grid.resource_slots)):
                    yield StatementGroup(policy, statement, asked, members, grid.on(place, actions) & cells)

    def _effects_of(self, statement_groups: Iterable[StatementGroup]) -> _EffectSums:
        """Return the effects of statements on their requests and principals."""
        sums = _EffectSums([], [])
        for statement_group in statement_groups:
            if self._cancelled():
                raise WorkCancelled
            if not statement_group.cells:
                continue
            if statement_group.asked.changes != ():
                self.until = min(self.until, statement_group.asked.holds_until(self._moment.at.timestamp()))
            is_own = statement_group.policy is AS_IDENTITY or statement_group.policy is AS_BOUNDARY
            if is_own and not statement_group.asked.keys:
                feature = Effect(
                    (PolicyTypeKey(statement_group.policy.policy_type), statement_group.statement.is_allow), TRUE
                )
                sums.effects.append(_Effects(feature, statement_group.members, statement_group.cells))
                continue
            for facts, members, cells in self._split_by_facts(
                statement_group.asked, statement_group.members, statement_group.cells
            ):
                if is_own:
                    self._add_own(sums, statement_group, facts, members, cells)
                else:
                    self._add_common(sums, statement_group, facts, members, cells)
        return sums

    def _add_own(
        self,
        sums: _EffectSums,
        statement_group: StatementGroup,
        facts: tuple[KeyValue | None, ...],
        members: int,
        cells: int,
    ) -> None:
        """Add the effect of a statement of a principal's own policy; its truth is cached by its `ContextDependency`."""
        asked, type_key = statement_group.asked, PolicyTypeKey(statement_group.policy.policy_type)
        bit = cells.bit_length() - 1
        resource = resource_key(self._grid.target(bit)) if asked.in_resource else None
        key = (asked.number, self._moment.unknown, facts, resource)
        truth = self._population.truth(key, partial(self._match, statement_group, members.bit_length() - 1, bit))
        if truth is FALSE:
            return
        sums.effects.append(_Effects(Effect((type_key, statement_group.statement.is_allow), truth), members, cells))
        if truth is MAYBE:
            sums.undecided.append(_Effects(UndeterminedStatement(type_key, None, asked, facts), members, cells))

    def _match(self, statement_group: StatementGroup, position: int, bit: int) -> Truth:
        result = match_statement(statement_group.policy, statement_group.statement, self._subject(position, bit))
        return FALSE if result is None else result.truth

    def _add_common(
        self,
        sums: _EffectSums,
        statement_group: StatementGroup,
        facts: tuple[KeyValue | None, ...],
        members: int,
        cells: int,
    ) -> None:
        policy = statement_group.policy
        subject = self._subject(members.bit_length() - 1, cells.bit_length() - 1)
        result = match_statement(policy, statement_group.statement, subject)
        if result is None or result.truth is FALSE:
            return
        for feature in effects_of(result):
            sums.effects.append(_Effects(feature, members, cells))
        if result.truth is MAYBE:
            type_key = PolicyTypeKey(policy.policy_type, policy.level)
            undetermined = UndeterminedStatement(type_key, result.grant, statement_group.asked, facts)
            sums.undecided.append(_Effects(undetermined, members, cells))

    def _split_by_facts(
        self, asked: ContextDependency, members: int, cells: int
    ) -> Iterator[tuple[tuple[KeyValue | None, ...], int, int]]:
        """Split principals and requests by what is known of the keys that a statement uses."""
        keys = [key for key in asked.keys if key not in self._given] if self._given else asked.keys
        if not any(dependence(key) is not PrincipalDependence.NONE for key in keys):
            yield from self._split_cells_by_facts(asked, members, cells)
            return
        own = tuple([key for key in keys if dependence(key) is PrincipalDependence.CALLER])
        for cohort, of_cohort in self._by_cohort(members):
            if not own:
                yield from self._split_cells_by_facts(asked, of_cohort, cells)
                continue
            place = (cells.bit_length() - 1) // self._grid.width
            derive = self._request_classes.derive(self._grid, cohort, place)
            for position, identical in self._population.identical(of_cohort, own, derive):
                known = dict(zip(own, self._population.facts(position, own, derive), strict=True))
                yield from self._split_cells_by_facts(asked, identical, cells, known)

    def _split_cells_by_facts(
        self, asked: ContextDependency, members: int, cells: int, known: Mapping[str, KeyValue | None] | None = None
    ) -> Iterator[tuple[tuple[KeyValue | None, ...], int, int]]:
        """Split requests of principals of whom the same is ``known``."""
        parts: list[tuple[tuple[KeyValue | None, ...], int]] = [((), cells)]
        position = members.bit_length() - 1
        for key in asked.keys:
            fact: KeyValue | None
            if key in self._given:
                fact = self._given[key]
            elif known is not None and key in known:
                fact = known[key]
                fact = fact and at_given_time(fact, self._given)
            elif variation(key, reference()) is not ResourceDependence.NONE and not isinstance(self._grid, OneRequest):
                cohort = self._population.cohort_at(position)
                parts = [
                    ((*facts, one), where)
                    for facts, part in parts
                    for one, where in self._request_classes.facts(self._grid, cohort, key, part)
                ]
                continue
            else:
                fact = self._subject(position, cells.bit_length() - 1).context.fact(key)
            parts = [((*facts, fact), part) for facts, part in parts]
        for facts, part in parts:
            yield facts, members, part

    def _subject(self, position: int, bit: int) -> RequestFacts:
        """Return the facts of one request of one principal, for matching statements."""
        key = (position, bit)
        subject = self._subjects.get(key)
        if subject is None:
            cohort, target = self._population.cohort_at(position), self._grid.target(bit)
            holder = self._population.principal_policies(position)
            derive = self._request_classes.derive(self._grid, cohort, bit // self._grid.width)
            own = derive.on(target).of_another(holder.caller, holder.may_be_tagged, self._moment.at)
            context = Context(self._given, own, self._moment.unknown, reference().is_multivalued)
            subject = self._subjects[key] = RequestFacts(holder.caller, target, context, cohort.has_boundary)
        return subject


def _text_of(piece: Token | Variable, context: Context) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Wildcard):
        return piece.value
    try:
        return context.variable(piece.key) or piece.default or FRESH
    except UnknownVariable:
        return FRESH
