"""Request classes: what is the same for a cohort on a grid before its own policies apply (policy types, keys)."""

from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from iamdesk.access.principal_index import (
    ContextDependency,
    PrincipalCohort,
    PrincipalIndex,
    indexes_of,
    names_specific_principal,
)
from iamdesk.access.request_grid import OneAction, OneRequest, RequestGrid
from iamdesk.aws.action_sets import ServiceActions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import UNKNOWN, Context, KeyValue
from iamdesk.evaluate.decision_logic import DecisionInputs
from iamdesk.evaluate.derived_keys import DerivedKeys, PrincipalDependence, ResourceDependence, dependence, variation
from iamdesk.evaluate.engine import EvaluationRequest, applicable_policies, decision_inputs_of, policies_of
from iamdesk.evaluate.matching import RequestFacts, match_resource
from iamdesk.evaluate.policy_set import AttachedPolicy
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.request import MissingContextMode, PolicyType
from iamdesk.evaluate.service_rules import SERVICES_WITH_ACTION_RULES, action_rule_class
from iamdesk.evaluate.ternary import FALSE
from iamdesk.policy.statement import Statement

_MAX_CACHED = 1 << 12
_OWN = frozenset({PolicyType.IDENTITY, PolicyType.PERMISSIONS_BOUNDARY})
_NO_NETWORK_PATH: Mapping[str, str | None] = {}
_ANY_CALLER = Caller(CallerKind.ANONYMOUS, "anonymous")
_NO_CONTEXT = Context({}, lambda _: None, MissingContextMode.UNKNOWN, lambda _: False)


@cache
def _split_by_rules(actions: ServiceActions | OneAction) -> Sequence[tuple[Hashable, int]]:
    """Split the actions of a service by service-specific rules that bind only some of them."""
    if isinstance(actions, OneAction):
        return ((None, 1),)
    found: dict[Hashable, int] = {}
    differ = actions.service in SERVICES_WITH_ACTION_RULES
    for bit, action in enumerate(actions.actions):
        is_write = differ and action.access_level not in ("Read", "List")
        rules: Hashable = action_rule_class(actions.service, action.name.lower(), is_write)
        if differ:
            rules = rules, tuple([one.name for one in action.resource_types])
        found[rules] = found.get(rules, 0) | 1 << bit
    return tuple(found.items())


class RequestClass(NamedTuple):
    """What is fixed for some actions on some resource slots."""

    decision_inputs: DecisionInputs
    key: Hashable
    """The decision inputs, without the principal."""
    common: tuple[tuple[AttachedPolicy, Statement, ContextDependency], ...]
    """Statements that apply to the whole cohort: of organization policies and of the resource's policy."""
    awaits_policy: bool
    """Whether the resource's policy must allow the account, and the snapshot does not hold it."""
    is_personal: bool
    """Whether a common statement distinguishes the principals of the cohort."""
    is_alone: bool
    """Whether the requests must be evaluated one by one (`EvaluationRequest.is_alone`)."""
    is_joint: bool
    """Whether each request has sub-requests (`decision_logic.py`): this class covers the first one alone."""


class RequestClasses:
    """Finds request classes and key values, once per cohort, of requests over one network path."""

    def __init__(self, population: PrincipalIndex, network_path: Mapping[str, str | None] = _NO_NETWORK_PATH) -> None:
        """``network_path`` is the part of the context that the applicable policies depend on (`network_path_given`)."""
        self._population = population
        self._network_path = network_path
        self._identical_of: dict[tuple[RequestGrid, int], Hashable] = {}
        self._settings: dict[tuple[str, int], dict[Hashable, RequestClass]] = {}
        self._of_grid: dict[tuple[RequestGrid, int], tuple[tuple[int, RequestClass], ...]] = {}
        """By grid and cohort: each principal of a cohort is evaluated on the same, several times."""
        self._kinds: dict[Hashable, RequestClass] = {}
        self._named: dict[tuple[RequestGrid, int], tuple[int, ...]] = {}
        self._facts: dict[Hashable, dict[Hashable, KeyValue]] = {}
        self._on_ground: dict[tuple[RequestGrid, int, str], Sequence[tuple[KeyValue, int]]] = {}
        self._by_action: dict[Hashable, tuple[tuple[KeyValue, int], ...]] = {}
        self._derive: dict[tuple[str, int, Hashable], DerivedKeys] = {}

    def forget(self, grids: Container[RequestGrid]) -> None:
        """Free what is cached of some grids."""
        self._named.clear()
        caches: tuple[dict[Any, Any], ...] = (self._identical_of, self._of_grid, self._on_ground)
        for known in caches:
            for key in [key for key in known if key[0] in grids]:
                del known[key]

    def settings(self, grid: RequestGrid, cohort: PrincipalCohort, within: int) -> Sequence[tuple[int, RequestClass]]:
        """Return the request classes of some bits of a grid, each with its bits."""
        if isinstance(grid, OneRequest):
            return ((1, self._setting(grid, cohort, 0)),)
        key = (grid, cohort.number)
        known = self._of_grid.get(key)
        if known is None:
            if len(self._of_grid) >= _MAX_CACHED:
                self._of_grid.clear()
            known = self._of_grid[key] = self._find_settings(grid, cohort)
        if within == grid.every:
            return known
        return [(there, request_class) for bits, request_class in known if (there := bits & within)]

    def is_personal(self, grid: RequestGrid, cohort: PrincipalCohort, within: int) -> bool:
        """Return whether a common statement distinguishes the principals of a cohort, on some bits of a grid."""
        return any(one.is_personal for _, one in self.settings(grid, cohort, within))

    def _find_settings(self, grid: RequestGrid, cohort: PrincipalCohort) -> tuple[tuple[int, RequestClass], ...]:
        service = grid.of.service
        known = self._settings.setdefault((service, cohort.number), {})
        found: dict[int, tuple[int, RequestClass]] = {}
        for request, bits in self._requests(grid):
            request_class = known.get(request)
            if request_class is None:
                if len(known) >= _MAX_CACHED:  # of IAM and STS, each resource has its own
                    known.clear()
                request_class = known[request] = self._setting(grid, cohort, bits.bit_length() - 1)
            before, _ = found.get(id(request_class), (0, request_class))
            found[id(request_class)] = (before | bits, request_class)
        return tuple(found.values())

    def _requests(self, grid: RequestGrid) -> Iterator[tuple[Hashable, int]]:
        """Yield (key of what the class of requests depends on, the bits of these requests)."""
        differ = grid.of.service in SERVICES_WITH_ACTION_RULES
        identical: dict[Hashable, int] = {}
        for place, resource_slot in enumerate(grid.resource_slots):
            known = resource_slot.resource if differ else self._identical(grid, place)
            for rules, actions in _split_by_rules(grid.of):
                bits = grid.on(place, resource_slot.actions & actions)
                if bits:
                    identical[known, rules] = identical.get((known, rules), 0) | bits
        yield from identical.items()

    def _identical(self, grid: RequestGrid, place: int) -> Hashable:
        """Return everything about a slot's resource that its requests depend on, except the target."""
        found = self._identical_of.get((grid, place))
        if found is None:
            arn = grid.arns[place]
            found = "*" if arn is None else str(arn) if self._population.knows(arn) else (arn.service, arn.account)
            if len(grid.resource_slots) > 1:
                self._identical_of[grid, place] = found
        return found

    def _evaluation_request(self, grid: RequestGrid, cohort: PrincipalCohort, bit: int) -> EvaluationRequest:
        """Return a request of one of the cohort's principals with everything that evaluating it needs."""
        if isinstance(grid, OneRequest) and cohort.number in grid.requests:
            return grid.requests[cohort.number]
        target = grid.target(bit)
        member = cohort.members.bit_length() - 1
        request = self._population.evaluation_request(
            member, target.action_text, target.resource_text, self._network_path
        )
        if isinstance(grid, OneRequest):
            grid.requests[cohort.number] = request
        return request

    def _setting(self, grid: RequestGrid, cohort: PrincipalCohort, bit: int) -> RequestClass:
        whole = self._evaluation_request(grid, cohort, bit)
        request = replace(whole, joint=()) if whole.joint else whole
        policies = policies_of(request)
        decision_inputs = decision_inputs_of(request, policies)
        service = request.target.service
        common = tuple(
            (policy, statement, self._population.asked(statement, policy.document.version))
            for policy in applicable_policies(policies, decision_inputs)
            if policy.policy_type not in _OWN
            for statement in policy.document.statements
            if statement.broken is None and (statement.services is None or service in statement.services)
        )
        key = decision_inputs.caller.kind, _all_but_caller(decision_inputs)
        awaits_policy = decision_inputs.needs_delegation and policies.resource is None
        same = (
            key,
            awaits_policy,
            whole.is_alone,
            bool(whole.joint),
            tuple((policy.policy_type, policy.level, statement) for policy, statement, _ in common),
        )
        found = self._kinds.get(same)
        if found is None:
            is_personal = any(names_specific_principal(statement) or asked.own_keys for _, statement, asked in common)
            found = RequestClass(
                decision_inputs,
                key,
                common,
                awaits_policy,
                is_personal,
                whole.is_alone,
                is_joint=bool(whole.joint),
            )
            if len(self._kinds) >= _MAX_CACHED:
                self._kinds.clear()
            self._kinds[same] = found
        return found

    def plots_named(self, grid: RequestGrid, statement: int) -> Sequence[int]:
        """Return the slots whose names a statement can match; they still have to be compared."""
        found = self._named.get((grid, statement))
        if found is None:
            index, service = self._population.index, grid.of.service
            found = tuple([place for place, arn in enumerate(grid.arns) if index.can_name(statement, service, arn)])
            if len(grid.resource_slots) > 1:
                self._named[grid, statement] = found
        return found

    @staticmethod
    def _first_bit(grid: RequestGrid, place: int) -> int:
        actions = grid.resource_slots[place].actions
        return place * grid.width + (actions & -actions).bit_length() - 1

    def derive(self, grid: RequestGrid, cohort: PrincipalCohort, place: int) -> DerivedKeys:
        """Return what derives the keys of requests on a slot, for one of the cohort's principals and some target."""
        if isinstance(grid, OneRequest):
            return _derived(self._evaluation_request(grid, cohort, 0))
        known = (grid.of.service, cohort.number, self._identical(grid, place))
        found = self._derive.get(known)
        if found is None:
            if len(self._derive) >= _MAX_CACHED:
                self._derive.clear()
            found = self._derive[known] = _derived(self._evaluation_request(grid, cohort, self._first_bit(grid, place)))
        return found

    def matches(self, grid: RequestGrid, bit: int, policy: AttachedPolicy, statement: Statement) -> bool:
        """Return whether a statement without variables in its resources can match the resource of a request."""
        target = grid.target(bit)
        subject = RequestFacts(_ANY_CALLER, target, _NO_CONTEXT, has_boundary=False)
        return match_resource(policy, statement, subject)[0] is not FALSE

    def facts(
        self, grid: RequestGrid, cohort: PrincipalCohort, key: str, within: int
    ) -> Sequence[tuple[KeyValue, int]]:
        """Return the values of a key on some bits of a grid, with the bits of each.

        The key varies over the grid, not over the cohort.
        """
        if isinstance(grid, OneRequest):
            return ((self._fact(grid, cohort, key, 0), 1),)
        if len(grid.resource_slots) == 1:
            return self._find_facts(grid, cohort, key, within)
        known = self._on_ground.get((grid, cohort.number, key))
        if known is None:
            known = self._on_ground[grid, cohort.number, key] = self._find_facts(grid, cohort, key, grid.every)
        return [(fact, there) for fact, bits in known if (there := bits & within)]

    def _find_facts(
        self, grid: RequestGrid, cohort: PrincipalCohort, key: str, within: int
    ) -> Sequence[tuple[KeyValue, int]]:
        who = cohort.number if dependence(key) is PrincipalDependence.ACCOUNT else -1
        listed = reference().listed_key(grid.of.service, key)
        found: dict[KeyValue, int] = {}
        by_action = variation(key, reference()) is ResourceDependence.ACTION
        if by_action and not reference().may_take_key(grid.of.service, key):
            return ((self._fact(grid, cohort, key, within.bit_length() - 1), within),)
        for place in range(len(grid.resource_slots)):
            bits = grid.on(place, within >> place * grid.width)
            if not bits:
                continue
            identical = self._identical(grid, place)
            # Nothing is known of any tag of an unknown resource: one listed key represents all.
            is_known = isinstance(identical, str) and identical != "*"
            group = grid.of.service, who, key if is_known else listed
            if by_action:
                by_fact = self._facts_by_action(grid, cohort, key, place, (*group, identical))
                for fact, actions in by_fact:
                    if there := grid.on(place, actions) & bits:
                        found[fact] = found.get(fact, 0) | there
                continue
            known = self._facts.setdefault(group, {})
            arn = grid.arns[place]
            unit = (None if arn is None else arn.region, identical)
            if unit not in known:
                known[unit] = self._fact(grid, cohort, key, bits.bit_length() - 1)
            found[known[unit]] = found.get(known[unit], 0) | bits
        return tuple(found.items())

    def _facts_by_action(
        self, grid: RequestGrid, cohort: PrincipalCohort, key: str, place: int, group: Hashable
    ) -> tuple[tuple[KeyValue, int], ...]:
        """Return the values of a key on one slot, with the actions of each.

        They depend on whether the action supports the key on such a resource, thus on the types that the resource fits.
        """
        resource_slot = grid.resource_slots[place]
        unit = group, grid.types_on(place), resource_slot.actions
        by_fact = self._by_action.get(unit)
        if by_fact is None:
            known = self._facts.setdefault(group, {})
            found: dict[KeyValue, int] = {}
            for bit in indexes_of(grid.on(place, resource_slot.actions)):
                action = bit % grid.width
                of_action = action, grid.target(bit).resource_types
                fact = known.get(of_action)
                if fact is None:
                    fact = known[of_action] = self._fact(grid, cohort, key, bit)
                found[fact] = found.get(fact, 0) | 1 << action
            by_fact = self._by_action[unit] = tuple(found.items())
        return by_fact

    def _fact(self, grid: RequestGrid, cohort: PrincipalCohort, key: str, bit: int) -> KeyValue:
        derive = self.derive(grid, cohort, bit // grid.width)
        return derive.on(grid.target(bit))(key) or UNKNOWN


def _derived(request: EvaluationRequest) -> DerivedKeys:
    derive = request.context.derive
    if not isinstance(derive, DerivedKeys):
        raise TypeError("a request over a snapshot derives its keys from the snapshot")
    return derive


_all_but_caller = attrgetter(*(name for name in DecisionInputs.__slots__ if name != "caller"))
