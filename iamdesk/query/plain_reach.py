"""The reach of principals whose policies are plain in a service, told statement by statement, without a ground.

Plain is a service in which nothing but Allow statements of the principal's own decide: it has no permissions boundary,
no organization policy and no resource's policy has a word, and one Allow is enough; in which each statement is for
every resource or for named ones alone, and is true, false or open for all its actions alike. Then an action is allowed
where any Allow is true, and hangs on the one that is open. Most principals are plain in most services: this makes the
overview of everybody quick. Whatever is not plain is left to `reach`; where both can tell, they say the same.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial

from iamdesk.evaluate.context import UNKNOWN, Fact
from iamdesk.evaluate.derived_keys import Dependence, Variation, dependence, variation
from iamdesk.evaluate.layers import Slot
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.services import ACTIONS_DIFFER
from iamdesk.evaluate.truth import MAYBE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.arn import parse_arn
from iamdesk.query.circumstances import Setting
from iamdesk.query.effective import Assessor, OwnStatement
from iamdesk.query.grounds import Ground, actions_on, fresh_ground, ground_on
from iamdesk.query.named import asked_by
from iamdesk.query.population import Peers
from iamdesk.query.sums import Feature, Hanging, resolution_key
from iamdesk.query.what_can import Reach

_ALLOW = (Feature((Slot(Layer.IDENTITY), True), TRUE),)


class PlainReaches:
    """Tells reaches of one snapshot where they are plain."""

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor
        self._population = assessor.population
        self._circumstances = assessor.circumstances
        self._settings: dict[tuple[str, int], Setting | None] = {}
        self._named: dict[tuple[int, str, int], tuple[int, str] | None] = {}
        self._constants: dict[tuple[str, int, str], Fact | None] = {}

    def reach(
        self, position: int, service: str, own: Sequence[OwnStatement], moment: datetime
    ) -> Mapping[Reach, int] | None:
        """Return the reach of a service's actions, as bits; None where it is not plain. ``own`` must not be empty."""
        peers = self._population.peers_at(position)
        setting = self._setting(service, peers)
        if setting is None:
            return None
        allowed = conditional = some = some_conditional = undecided = 0
        for one in own:
            where = self._where(one, service, peers)
            if where is None:
                return None
            actions, resource = where
            verdict: Verdict | None = Verdict.ALLOWED
            if one.asked.keys:
                facts = self.facts(one, position, service, peers)
                if facts is None or one.actions & undecided or (resource and one.asked.varies_by_resource):
                    return None
                ground = (
                    fresh_ground(service, peers.partition, peers.account)
                    if resource == ""
                    else ground_on(service, resource)
                )
                verdict = self._verdict(one, position, setting, facts, ground, moment)
                undecided |= one.actions
            if verdict is Verdict.ALLOWED:
                allowed, some = (allowed | actions, some) if resource == "" else (allowed, some | actions)
            elif verdict is Verdict.CONDITIONAL and resource == "":
                conditional |= actions
            elif verdict is Verdict.CONDITIONAL:
                some_conditional |= actions
        found = {Reach.ALLOWED: allowed}
        told = allowed
        for reach, actions in (
            (Reach.CONDITIONAL, conditional),
            (Reach.SOME, some),
            (Reach.SOME_CONDITIONAL, some_conditional),
            (Reach.NONE, service_actions(service).every),
        ):
            found[reach] = actions & ~told
            told |= actions
        return found

    def _setting(self, service: str, peers: Peers) -> Setting | None:
        """Return the setting of all requests to a service; None where one Allow is not enough for all of them."""
        known = (service, peers.number)
        if known not in self._settings:
            self._settings[known] = self._find_setting(service, peers)
        return self._settings[known]

    def _find_setting(self, service: str, peers: Peers) -> Setting | None:
        fresh = fresh_ground(service, peers.partition, peers.account)
        if peers.has_boundary or service in ACTIONS_DIFFER or not fresh.every:
            return None
        settings = self._circumstances.settings(fresh, peers, fresh.every)
        if len(settings) > 1 or settings[0][1].common:
            return None
        setting = settings[0][1]
        with_allow, without = self._assessor.decided(setting, _ALLOW), self._assessor.decided(setting, ())
        enough = with_allow.best is with_allow.worst is Verdict.ALLOWED
        needed = without.best is without.worst is Verdict.IMPLICIT_DENY and not without.would_be_allowed
        return setting if enough and needed else None

    def _where(self, one: OwnStatement, service: str, peers: Peers) -> tuple[int, str] | None:
        """Return the actions that a statement can allow and a resource on which it does; empty text for every resource.

        None where it is not plain.
        """
        known = (one.place, service, peers.number)
        if known not in self._named:
            self._named[known] = self._find_where(one, service, peers)
        return self._named[known]

    def _find_where(self, one: OwnStatement, service: str, peers: Peers) -> tuple[int, str] | None:
        index = self._population.index
        if not one.grants_by_name or one.asked.in_resource or one.asked.asks_for_time:
            return None
        if index.names_every_resource(one.place):
            return one.actions, ""
        fresh = fresh_ground(service, peers.partition, peers.account)
        if index.is_loose(one.place) or self._circumstances.plots_named(fresh, one.place):
            return None
        found, first = 0, ""
        for text in asked_by(one.statement, service, peers.partition):
            actions = actions_on(fresh.of, text) & one.actions
            if not actions:
                continue
            arn = parse_arn(text)
            is_own = arn.partition == peers.partition and arn.account in ("", "*", peers.account)
            if not is_own or self._population.knows(arn):
                return None
            found, first = found | actions, first or text
        return found, first

    def facts(self, one: OwnStatement, position: int, service: str, peers: Peers) -> tuple[Fact | None, ...] | None:
        """Return what is known of all that a statement asks for; None where that differs over the service."""
        facts: list[Fact | None] = []
        for key in one.asked.keys:
            fresh = fresh_ground(service, peers.partition, peers.account)
            derive = self._circumstances.derive(fresh, peers, 0)
            if dependence(key) is Dependence.CALLER:
                facts += self._population.facts(position, (key,), derive)
                continue
            known = (service, peers.number, key)
            if known not in self._constants:
                self._constants[known] = self._constant(key, service, peers)
            fact = self._constants[known]
            if fact is None:
                return None
            facts.append(fact)
        return tuple(facts)

    def _constant(self, key: str, service: str, peers: Peers) -> Fact | None:
        """Return what is known of a key on all fresh resources of a service; None where it is not the same on all."""
        fresh = fresh_ground(service, peers.partition, peers.account)
        how = variation(key, reference())
        if how is Variation.RESOURCE:
            found = self._circumstances.facts(fresh, peers, key, fresh.every)
            return found[0][0] if len(found) == 1 else None
        if how is Variation.ACTION and reference().may_take_key(service, key):
            return None
        bit = fresh.every.bit_length() - 1
        derive = self._circumstances.derive(fresh, peers, bit // fresh.width)
        return derive.on(fresh.target(bit))(key) or UNKNOWN

    def _verdict(
        self,
        one: OwnStatement,
        position: int,
        setting: Setting,
        facts: tuple[Fact | None, ...],
        ground: Ground,
        moment: datetime,
    ) -> Verdict | None:
        """Return what an action hangs on that this statement alone allows; None where it never does."""
        bit = _lowest(ground, one.actions)
        key: Hashable = (one.asked.number, UnknownContext.UNKNOWN, facts, None)
        match = partial(self._assessor.match, ground, position, one, bit, moment)
        truth = self._population.truth(key, match)
        if truth is not MAYBE:
            return Verdict.ALLOWED if truth is TRUE else None
        hanging = [Hanging(Slot(one.policy.layer), None, one.asked)]
        by_key = {key: fact or UNKNOWN for key, fact in zip(one.asked.keys, facts, strict=True)}
        target = ground.target(bit)
        key = resolution_key(setting.key, frozenset(), hanging, by_key.__getitem__, UnknownContext.UNKNOWN, target)
        ask = partial(self._assessor.point, position, target.action_text, target.resource_text)
        return self._population.resolved(key, ask)


def _lowest(ground: Ground, actions: int) -> int:
    """Return the lowest bit of a ground on which one of some actions is asked."""
    bits = ground.everywhere(actions)
    return (bits & -bits).bit_length() - 1
