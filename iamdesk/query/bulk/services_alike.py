"""Services that statements for all services cannot tell apart: what is found out in one of them holds in all.

There are hundreds of services, and an administrator's ``*`` speaks of each.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import cache

from iamdesk.evaluate.context import UNKNOWN, Fact
from iamdesk.evaluate.derived_keys import Dependence, Variation, dependence, variation
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.query.bulk.evaluation import Bulk
from iamdesk.query.bulk.grounds import arn_services, fresh_ground
from iamdesk.query.bulk.own_statements import WideStatement
from iamdesk.query.bulk.population import Peers, positions
from iamdesk.query.bulk.sums import split

type _Parts = Sequence[tuple[Hashable, int]]
"""Services, as bits of `_services`, by what holds of them; of those in no part nothing can be told at once."""


@cache
def _services() -> tuple[str, ...]:
    return tuple(reference().services())


class ServicesAlike:
    """Splits the services, for the principals of one snapshot."""

    def __init__(self, bulk: Bulk) -> None:
        self._bulk = bulk
        self._by_setting: dict[int, _Parts] = {}
        self._by_fact: dict[tuple[int, str], _Parts] = {}
        self._covered: dict[Hashable, tuple[int, int]] = {}

    def split(self, wide: Sequence[WideStatement], peers: Peers) -> Iterator[tuple[str, ...]]:
        """Yield all services, those together in which statements say the same of every action on fresh resources."""
        services = _services()
        left = (1 << len(services)) - 1
        traits = [*self._of_settings(peers)]
        told = 0
        for _, bits in traits:
            told |= bits
        for one in wide:
            everything, nothing = self._coverage(one)
            traits.append((one.signature, everything))
            told &= everything | nothing
            for key in one.asked.keys:
                if dependence(key) is Dependence.CALLER or variation(key, reference()) is Variation.NONE:
                    continue
                of_key = self._of_facts(key, peers)
                traits += [((key, fact), bits) for fact, bits in of_key]
                constant = 0
                for _, bits in of_key:
                    constant |= bits
                told &= constant | nothing
        for part, _ in split(told, traits):
            yield tuple([services[number] for number in positions(part)])
        for number in positions(left & ~told):
            yield (services[number],)

    def _coverage(self, one: WideStatement) -> tuple[int, int]:
        """Return the services all of whose actions a statement covers on every resource, and those it is silent on."""
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

    def _of_settings(self, peers: Peers) -> _Parts:
        """Split the services by the setting of all requests there; left out are those in which settings differ, or in
        which somebody else has a word."""
        known = self._by_setting.get(peers.number)
        if known is None:
            found: dict[Hashable, int] = {}
            for number, service in enumerate(_services()):
                fresh = fresh_ground(service, peers.partition, peers.account)
                settings = self._bulk.circumstances.settings(fresh, peers, fresh.every) if fresh.every else ()
                if len(settings) == 1 and not settings[0][1].common:
                    setting = settings[0][1]
                    key = (setting.key, setting.awaits_policy, setting.is_alone)
                    found[key] = found.get(key, 0) | 1 << number
            known = self._by_setting[peers.number] = tuple(found.items())
        return known

    def _of_facts(self, key: str, peers: Peers) -> _Parts:
        """Split the services by what is known of a key on all fresh resources, but for those where that differs."""
        known = self._by_fact.get((peers.number, key))
        if known is None:
            found: dict[Hashable, int] = {}
            for number, service in enumerate(_services()):
                fact = self._fact(service, key, peers)
                if fact is not None:
                    found[fact] = found.get(fact, 0) | 1 << number
            known = self._by_fact[peers.number, key] = tuple(found.items())
        return known

    def _fact(self, service: str, key: str, peers: Peers) -> Fact | None:
        fresh = fresh_ground(service, peers.partition, peers.account)
        if not fresh.every:
            return None
        circumstances = self._bulk.circumstances
        if variation(key, reference()) is Variation.ACTION:
            if reference().may_take_key(service, key):
                return None
            bit = fresh.every.bit_length() - 1
            derive = circumstances.derive(fresh, peers, bit // fresh.width)
            return derive.on(fresh.target(bit))(key) or UNKNOWN
        found = circumstances.facts(fresh, peers, key, fresh.every)
        return found[0][0] if len(found) == 1 else None
