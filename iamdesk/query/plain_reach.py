"""The reach of principals whose policies are plain in a service, told statement by statement, without a ground.

Plain is a service in which nothing but the principal's own policies decides: no organization policy and no resource's
policy has a word, and an Allow (with a boundary, one on either side) is enough; in which Deny statements and what the
boundary allows are for every resource and without conditions, and each Allow is true, false or open for all of its
actions alike. Then an action is allowed where any Allow is true, and hangs on the one that is open. Most principals are
plain in most services. Whatever is not plain is left to `reach`; where both can tell, they say the same.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from iamdesk.evaluate.context import UNKNOWN, Fact
from iamdesk.evaluate.derived_keys import Dependence, Variation, dependence, variation
from iamdesk.evaluate.layers import BOUNDARY, IDENTITY
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.services import ACTIONS_DIFFER
from iamdesk.evaluate.truth import MAYBE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.arn import parse_arn
from iamdesk.query.circumstances import Setting
from iamdesk.query.effective import Assessor
from iamdesk.query.grounds import Ground, actions_on, fresh_ground, ground_on
from iamdesk.query.named import asked_by
from iamdesk.query.own_statements import OwnStatement
from iamdesk.query.population import Peers
from iamdesk.query.sums import Feature, Hanging, resolution_key
from iamdesk.query.what_can import Reach


class _Where(NamedTuple):
    """Where an Allow statement speaks, all in one's own account and of nothing that the snapshot knows."""

    fresh: int
    """On fresh resources, as bits of their ground."""
    named: int
    """On resources that it names, as bits of the service's actions."""
    resource: str | None
    """One of these; None for a statement that is for every resource."""


class PlainReaches:
    """Tells reaches of one snapshot where they are plain."""

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor
        self._population = assessor.population
        self._circumstances = assessor.circumstances
        self._settings: dict[tuple[str, int], Setting | None] = {}
        self._named: dict[tuple[int, str, int], _Where | None] = {}
        self._constants: dict[tuple[str, int, str], Fact | None] = {}

    def reach(
        self, position: int, service: str, own: Sequence[OwnStatement], moment: datetime
    ) -> Mapping[Reach, int] | None:
        """Return the reach of a service's actions, as bits; None where it is not plain."""
        peers = self._population.peers_at(position)
        setting = self._setting(service, peers)
        limits = self._limits(own, service, peers) if setting is not None else None
        if setting is None or limits is None:
            return None
        within, denied, vague = limits
        limiting = [
            one for one in own if one.policy.layer is not Layer.IDENTITY and one.statement.is_allow and one.is_for_all
        ]
        fresh = fresh_ground(service, peers.partition, peers.account)
        allowed = conditional = some = some_conditional = undecided = 0
        for one in own:
            if one.policy.layer is not Layer.IDENTITY or not one.statement.is_allow:
                continue
            where = self._where(one, service, peers)
            if where is None or one.actions & vague:
                return None
            verdict: Verdict | None = Verdict.ALLOWED
            if one.asked.keys:
                facts = self.facts(one, position, service, peers)
                if facts is None or one.actions & undecided or (where.resource and one.asked.varies_by_resource):
                    return None
                undecided |= one.actions
                open_actions = one.actions & within
                ground = fresh if where.resource is None else ground_on(service, where.resource or "*")
                if where.resource == "" or not ground.everywhere(open_actions):
                    continue
                verdict = self._verdict(one, open_actions, position, setting, facts, ground, limiting, moment)
            if verdict is Verdict.ALLOWED:
                allowed, some = allowed | where.fresh, some | where.named
            elif verdict is Verdict.CONDITIONAL:
                conditional, some_conditional = conditional | where.fresh, some_conditional | where.named
        open_fresh = fresh.everywhere(within)
        allowed, conditional = allowed & open_fresh, conditional & open_fresh
        told, left = dict.fromkeys(Reach, 0), fresh.of.every
        for reach, actions in (
            (Reach.ALLOWED, fresh.all_over(allowed)),
            (Reach.CONDITIONAL, fresh.all_over(allowed | conditional)),
            (Reach.SOME, fresh.anywhere(allowed) | some & within),
            (Reach.SOME_CONDITIONAL, fresh.anywhere(conditional) | some_conditional & within),
            (Reach.DENIED, denied),
            (Reach.NONE, fresh.of.every),
        ):
            told[reach] = actions & left
            left &= ~actions
        return told

    def _limits(self, own: Sequence[OwnStatement], service: str, peers: Peers) -> tuple[int, int, int] | None:
        """Return the actions that nothing takes away, those that are denied, and those that something may take away."""
        every = service_actions(service).every
        allowed, denied, vague = (0 if peers.has_boundary else every), 0, 0
        for one in own:
            if one.statement.is_allow and one.policy.layer is Layer.IDENTITY:
                continue
            if one.is_for_all and not one.asked.keys:
                if one.statement.is_allow:
                    allowed |= one.actions
                else:
                    denied |= one.actions
            elif one.statement.is_allow or (not one.asked.keys and self._is_by_name(one, service, peers)):
                vague |= one.actions
            else:
                return None
        return allowed & ~denied, denied, vague & ~denied

    def _is_by_name(self, one: OwnStatement, service: str, peers: Peers) -> bool:
        """Return whether a statement speaks of resources that it names alone, never of a fresh one."""
        fresh = fresh_ground(service, peers.partition, peers.account)
        is_loose = self._population.index.is_loose(one.place)
        return not is_loose and not self._circumstances.plots_named(fresh, one.place)

    def _setting(self, service: str, peers: Peers) -> Setting | None:
        """Return the setting of all requests to a service; None where one Allow is not enough for all of them."""
        known = (service, peers.number)
        if known not in self._settings:
            self._settings[known] = self._find_setting(service, peers)
        return self._settings[known]

    def _find_setting(self, service: str, peers: Peers) -> Setting | None:
        fresh = fresh_ground(service, peers.partition, peers.account)
        if service in ACTIONS_DIFFER or not fresh.every:
            return None
        settings = self._circumstances.settings(fresh, peers, fresh.every)
        if len(settings) > 1 or settings[0][1].common:
            return None
        setting = settings[0][1]
        of_boundary = (Feature((BOUNDARY, True), TRUE),) if peers.has_boundary else ()
        with_allow = self._assessor.decided(setting, (Feature((IDENTITY, True), TRUE), *of_boundary))
        without = self._assessor.decided(setting, of_boundary)
        enough = with_allow.best is with_allow.worst is Verdict.ALLOWED
        needed = without.best is without.worst is Verdict.IMPLICIT_DENY and not without.would_be_allowed
        return setting if enough and needed else None

    def _where(self, one: OwnStatement, service: str, peers: Peers) -> _Where | None:
        """Return where an Allow statement speaks; None where it is not plain."""
        known = (one.place, service, peers.number)
        if known not in self._named:
            self._named[known] = self._find_where(one, service, peers)
        return self._named[known]

    def _find_where(self, one: OwnStatement, service: str, peers: Peers) -> _Where | None:
        index = self._population.index
        if one.asked.in_resource or one.asked.asks_for_time:
            return None
        fresh = fresh_ground(service, peers.partition, peers.account)
        if one.is_for_all:
            return _Where(fresh.everywhere(one.actions), 0, None)
        if not one.grants_by_name or index.is_loose(one.place):
            return None
        on_fresh = 0
        for place in self._circumstances.plots_named(fresh, one.place):
            covered = fresh.on(place, one.actions)
            if covered and self._circumstances.matches(fresh, covered.bit_length() - 1, one.policy, one.statement):
                on_fresh |= covered
        named, resource = 0, ""
        for text in asked_by(one.statement, service, peers.partition):
            actions = actions_on(fresh.of, text) & one.actions
            if not actions:
                continue
            arn = parse_arn(text)
            is_own = arn.partition == peers.partition and arn.account in ("", "*", peers.account)
            if not is_own or self._population.knows(arn):
                return None
            named, resource = named | actions, resource or text
        return None if on_fresh and not resource else _Where(on_fresh, named, resource)

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
        actions: int,
        position: int,
        setting: Setting,
        facts: tuple[Fact | None, ...],
        ground: Ground,
        limits: Sequence[OwnStatement],
        moment: datetime,
    ) -> Verdict | None:
        """Return what an action hangs on that this statement alone allows; None where it never does."""
        bit = _lowest(ground, actions)
        known: Hashable = (one.asked.number, UnknownContext.UNKNOWN, facts, None)
        truth = self._population.truth(known, partial(self._assessor.match, ground, position, one, bit, moment))
        if truth is not MAYBE:
            return Verdict.ALLOWED if truth is TRUE else None
        target = ground.target(bit)
        by_key = {key: fact or UNKNOWN for key, fact in zip(one.asked.keys, facts, strict=True)}
        certain: frozenset[Hashable] = frozenset()
        if self._population.peers_at(position).has_boundary:
            certain = frozenset({(BOUNDARY, True)})
        known = resolution_key(
            setting.key,
            certain,
            [Hanging(IDENTITY, None, one.asked)],
            by_key.__getitem__,
            UnknownContext.UNKNOWN,
            target,
        )
        # Others of the subject's statements may speak of this request, too: only these are asked.
        alone = [one, *(limit for limit in limits if limit.actions >> bit % ground.width & 1)]
        ask = partial(self._assessor.verdict_of, setting, ground, position, alone, bit, moment)
        return self._population.resolved(known, ask)


def _lowest(ground: Ground, actions: int) -> int:
    """Return the lowest bit of a ground on which one of some actions is asked."""
    bits = ground.everywhere(actions)
    return (bits & -bits).bit_length() - 1
