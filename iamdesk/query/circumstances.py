"""What is the same for all peers on a ground, before their own policies speak: layers in play, facts of the request."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import NamedTuple

from iamdesk.evaluate.context import UNKNOWN, Fact
from iamdesk.evaluate.derived_keys import DerivedKeys, Variation, variation
from iamdesk.evaluate.engine import in_play, policies_of, situation_of
from iamdesk.evaluate.layers import Situation
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.services import ACTIONS_DIFFER
from iamdesk.index.actions import reference
from iamdesk.policy.statement import Statement
from iamdesk.query.grounds import FRESH, Ground
from iamdesk.query.hearing import situation_key
from iamdesk.query.population import Asked, Peers, Population, names_someone, positions


class Setting(NamedTuple):
    """What is fixed for some actions on some plots."""

    situation: Situation
    key: Hashable
    """The situation, whoever asks."""
    common: tuple[tuple[AttachedPolicy, Statement, Asked], ...]
    """Statements that everybody meets there: of organization policies, of the resource's policy."""
    awaits_policy: bool
    """Whether the resource's own policy has to let the account in, and the snapshot does not hold it."""
    is_personal: bool
    """Whether a common statement tells the peers apart."""


class Circumstances:
    """Finds settings and facts, once for all peers."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._settings: dict[tuple[Ground, int], tuple[tuple[int, Setting], ...]] = {}
        self._named: dict[tuple[Ground, int], tuple[int, ...]] = {}
        self._facts: dict[tuple[Ground, int, str], tuple[tuple[Fact, int], ...]] = {}
        self._derive: dict[tuple[Ground, int, int], DerivedKeys] = {}

    def settings(self, ground: Ground, peers: Peers) -> tuple[tuple[int, Setting], ...]:
        """Return the settings of a ground, each with the bits that have it."""
        found = self._settings.get((ground, peers.number))
        if found is None:
            found = self._settings[ground, peers.number] = tuple(self._find_settings(ground, peers))
        return found

    def _find_settings(self, ground: Ground, peers: Peers) -> list[tuple[int, Setting]]:
        by_request: dict[Hashable, int] = {}
        differ = ground.of.service in ACTIONS_DIFFER
        for place, plot in enumerate(ground.plots):
            if differ:
                by_request |= {(place, action): ground.on(place, 1 << action) for action in positions(plot.actions)}
            else:
                alike = _alike(plot.resource)
                by_request[alike] = by_request.get(alike, 0) | ground.on(place, plot.actions)
        found: dict[Hashable, tuple[int, Setting]] = {}
        for bits in by_request.values():
            setting = self._setting(ground, peers, bits.bit_length() - 1)
            same = (
                setting.key,
                setting.awaits_policy,
                tuple((one[0].layer, one[0].level, one[1]) for one in setting.common),
            )
            known, first = found.get(same, (0, setting))
            found[same] = (known | bits, first)
        return list(found.values())

    def _setting(self, ground: Ground, peers: Peers, bit: int) -> Setting:
        target = ground.target(bit)
        member = peers.members.bit_length() - 1
        question = self._population.question(member, target.action_text, target.resource_text)
        policies = policies_of(question)
        situation = situation_of(question, policies)
        of_others = replace(policies, identity=(), boundary=None if policies.boundary is None else ())
        common = tuple(
            (policy, statement, self._population.asked(statement, policy.document.version))
            for policy in in_play(of_others, situation)
            for statement in policy.document.statements
            if statement.broken is None and (statement.services is None or target.service in statement.services)
        )
        return Setting(
            situation,
            situation_key(situation),
            common,
            situation.needs_delegation and policies.resource is None,
            any(names_someone(statement) or asked.own_keys for _, statement, asked in common),
        )

    def plots_named(self, ground: Ground, statement: int) -> Sequence[int]:
        """Return the plots that a statement can speak of by their names; they have still to be compared."""
        found = self._named.get((ground, statement))
        if found is None:
            index, service = self._population.index, ground.of.service
            found = tuple([place for place, arn in enumerate(ground.arns) if index.can_name(statement, service, arn)])
            if len(ground.plots) > 1:
                self._named[ground, statement] = found
        return found

    @staticmethod
    def _first_bit(ground: Ground, place: int) -> int:
        actions = ground.plots[place].actions
        return place * ground.width + (actions & -actions).bit_length() - 1

    def derive(self, ground: Ground, peers: Peers, place: int) -> DerivedKeys:
        """Return what derives the keys of requests on a plot, for one of the peers."""
        found = self._derive.get((ground, peers.number, place))
        if found is None:
            target = ground.target(self._first_bit(ground, place))
            member = peers.members.bit_length() - 1
            derive = self._population.question(member, target.action_text, target.resource_text).context.derive
            if not isinstance(derive, DerivedKeys):
                raise TypeError("a question about a snapshot derives its keys from the snapshot")
            found = self._derive[ground, peers.number, place] = derive
        return found

    def facts(self, ground: Ground, peers: Peers, key: str) -> tuple[tuple[Fact, int], ...]:
        """Return what is known of a key that varies over the ground, but not over the peers, with the bits of each."""
        found = self._facts.get((ground, peers.number, key))
        if found is None:
            bits: dict[Fact, int] = {}
            by_action = variation(key, reference()) is Variation.ACTION
            for place, plot in enumerate(ground.plots):
                if not plot.actions:
                    continue
                derive = self.derive(ground, peers, place)
                first = self._first_bit(ground, place)
                whole = ground.on(place, plot.actions)
                for bit in positions(whole) if by_action else (first,):
                    fact = derive.on(ground.target(bit))(key) or UNKNOWN
                    bits[fact] = bits.get(fact, 0) | (1 << bit if by_action else whole)
            found = self._facts[ground, peers.number, key] = tuple(bits.items())
        return found


def _alike(resource: str) -> Hashable:
    """Return what of a resource the layers in play depend on; all of it, unless nobody can know it."""
    if resource == "*" or FRESH not in resource:
        return resource
    parts = resource.split(":", 5)
    return parts[2], parts[4]
