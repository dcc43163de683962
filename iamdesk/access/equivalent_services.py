"""Services that statements on all services do not distinguish: a result in one of them holds in all.

There are hundreds of services, and an administrator's ``*`` covers each.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import cache

from iamdesk.access.bulk_evaluator import BulkEvaluator
from iamdesk.access.effects import split
from iamdesk.access.own_statements import WideStatement
from iamdesk.access.principal_index import PrincipalCohort, indexes_of
from iamdesk.access.request_grid import arn_services, placeholder_grid
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.context import UNKNOWN, KeyValue
from iamdesk.evaluate.derived_keys import PrincipalDependence, ResourceDependence, dependence, variation

type _Parts = Sequence[tuple[Hashable, int]]
"""Services, as bits of `_services`, by a trait of theirs; a service that is in no part is evaluated by itself."""


@cache
def _services() -> tuple[str, ...]:
    return tuple(reference().services())


class EquivalentServices:
    """Splits the services for the principals of one snapshot."""

    def __init__(self, bulk: BulkEvaluator) -> None:
        self._bulk = bulk
        self._by_setting: dict[int, _Parts] = {}
        self._by_fact: dict[tuple[int, str], _Parts] = {}
        self._covered: dict[Hashable, tuple[int, int]] = {}

    def split(self, wide: Sequence[WideStatement], cohort: PrincipalCohort) -> Iterator[tuple[str, ...]]:
        """Yield all services, grouped where statements have the same effect on every action on placeholder
        resources."""
        services = _services()
        left = (1 << len(services)) - 1
        traits = [*self._by_request_class(cohort)]
        equivalent = 0
        for _, bits in traits:
            equivalent |= bits
        for one in wide:
            everything, nothing = self._coverage(one)
            traits.append((one.signature, everything))
            equivalent &= everything | nothing
            for key in one.asked.keys:
                if (
                    dependence(key) is PrincipalDependence.CALLER
                    or variation(key, reference()) is ResourceDependence.NONE
                ):
                    continue
                of_key = self._of_facts(key, cohort)
                traits += [((key, fact), bits) for fact, bits in of_key]
                constant = 0
                for _, bits in of_key:
                    constant |= bits
                equivalent &= constant | nothing
        for part, _ in split(equivalent, traits):
            yield tuple([services[number] for number in indexes_of(part)])
        for number in indexes_of(left & ~equivalent):
            yield (services[number],)

    def _coverage(self, one: WideStatement) -> tuple[int, int]:
        """Return the services whose actions a statement covers, all on every resource, and those it does not apply
        to."""
        known = self._covered.get(one.signature)
        if known is None:
            everything = nothing = 0
            for number, service in enumerate(_services()):
                actions = service_actions(service)
                covered = actions.covered_by(one.statement)
                if not covered:
                    nothing |= 1 << number
                elif (
                    covered == actions.every
                    and not one.asked.asks_for_time
                    and self._bulk.population.index.is_for_all_of(one.place, arn_services(service))
                ):
                    everything |= 1 << number
            known = self._covered[one.signature] = everything, nothing
        return known

    def _by_request_class(self, cohort: PrincipalCohort) -> _Parts:
        """Split the services by the request class of all their requests; left out are services with several classes, or
        where other policies than the principal's apply."""
        known = self._by_setting.get(cohort.number)
        if known is None:
            found: dict[Hashable, int] = {}
            for number, service in enumerate(_services()):
                fresh = placeholder_grid(service, cohort.partition, cohort.account)
                settings = self._bulk.request_classes.settings(fresh, cohort, fresh.every) if fresh.every else ()
                if len(settings) == 1 and not settings[0][1].common:
                    request_class = settings[0][1]
                    key = (request_class.key, request_class.awaits_policy, request_class.is_alone)
                    found[key] = found.get(key, 0) | 1 << number
            known = self._by_setting[cohort.number] = tuple(found.items())
        return known

    def _of_facts(self, key: str, cohort: PrincipalCohort) -> _Parts:
        """Split the services by what is known of a key on all placeholder resources, but for those where that
        differs."""
        known = self._by_fact.get((cohort.number, key))
        if known is None:
            found: dict[Hashable, int] = {}
            for number, service in enumerate(_services()):
                fact = self._fact(service, key, cohort)
                if fact is not None:
                    found[fact] = found.get(fact, 0) | 1 << number
            known = self._by_fact[cohort.number, key] = tuple(found.items())
        return known

    def _fact(self, service: str, key: str, cohort: PrincipalCohort) -> KeyValue | None:
        fresh = placeholder_grid(service, cohort.partition, cohort.account)
        if not fresh.every:
            return None
        request_classes = self._bulk.request_classes
        if variation(key, reference()) is ResourceDependence.ACTION:
            if reference().may_take_key(service, key):
                return None
            bit = fresh.every.bit_length() - 1
            derive = request_classes.derive(fresh, cohort, bit // fresh.width)
            return derive.on(fresh.target(bit))(key) or UNKNOWN
        found = request_classes.facts(fresh, cohort, key, fresh.every)
        return found[0][0] if len(found) == 1 else None
