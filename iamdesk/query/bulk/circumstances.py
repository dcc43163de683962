"""What is the same for all peers on a ground, before their own policies speak: layers in play, facts of the request."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from iamdesk.evaluate.caller import Caller, CallerKind
from iamdesk.evaluate.context import UNKNOWN, Context, Fact
from iamdesk.evaluate.derived_keys import Dependence, DerivedKeys, Variation, dependence, variation
from iamdesk.evaluate.engine import Question, in_play, policies_of, situation_of
from iamdesk.evaluate.layers import Situation
from iamdesk.evaluate.matching import Subject, match_resource
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.services import ACTIONS_DIFFER, told_apart_by
from iamdesk.evaluate.truth import FALSE
from iamdesk.index.action_bits import ServiceActions
from iamdesk.index.actions import reference
from iamdesk.policy.statement import Statement
from iamdesk.query.bulk.grounds import Ground, OneAction, OneRequest
from iamdesk.query.bulk.population import Asked, Peers, Population, names_someone, positions

_MOST_REMEMBERED = 1 << 12
_OWN = frozenset({Layer.IDENTITY, Layer.PERMISSIONS_BOUNDARY})
_NO_WAY: Mapping[str, str | None] = {}
_NOBODY = Caller(CallerKind.ANONYMOUS, "anonymous")
_NO_CONTEXT = Context({}, lambda _: None, UnknownContext.UNKNOWN, lambda _: False)


@cache
def _told_apart(actions: ServiceActions | OneAction) -> Sequence[tuple[Hashable, int]]:
    """Split the actions of a service by the rules of single services that bind some of them alone."""
    if isinstance(actions, OneAction):
        return ((None, 1),)
    found: dict[Hashable, int] = {}
    differ = actions.service in ACTIONS_DIFFER
    for bit, action in enumerate(actions.actions):
        is_write = differ and action.access_level not in ("Read", "List")
        rules: Hashable = told_apart_by(actions.service, action.name.lower(), is_write)
        if differ:
            rules = rules, tuple([one.name for one in action.resource_types])
        found[rules] = found.get(rules, 0) | 1 << bit
    return tuple(found.items())


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
    is_alone: bool
    """Whether the requests have to be asked one by one (`Question.is_alone`)."""
    is_joint: bool
    """Whether each request is several decisions (`evaluate.layers`): what is told here is the first one alone."""


class Circumstances:
    """Finds settings and facts, once for all peers, of requests that come in one way."""

    def __init__(self, population: Population, way: Mapping[str, str | None] = _NO_WAY) -> None:
        """``way`` is the part of the context on which the layers themselves hang (`endpoints.way_given`)."""
        self._population = population
        self._way = way
        self._alike_of: dict[tuple[Ground, int], Hashable] = {}
        self._settings: dict[tuple[str, int], dict[Hashable, Setting]] = {}
        self._whole: dict[tuple[Ground, int], tuple[tuple[int, Setting], ...]] = {}
        self._kinds: dict[Hashable, Setting] = {}
        self._named: dict[tuple[Ground, int], tuple[int, ...]] = {}
        self._facts: dict[Hashable, dict[Hashable, Fact]] = {}
        self._on_ground: dict[tuple[Ground, int, str], Sequence[tuple[Fact, int]]] = {}
        self._by_action: dict[Hashable, tuple[tuple[Fact, int], ...]] = {}
        self._derive: dict[tuple[str, int, Hashable], DerivedKeys] = {}

    def settings(self, ground: Ground, peers: Peers, within: int) -> Sequence[tuple[int, Setting]]:
        """Return the settings of some bits of a ground, each with the bits that have it."""
        if isinstance(ground, OneRequest):
            return ((1, self._setting(ground, peers, 0)),)
        if within == ground.every and len(ground.plots) > 1:
            whole = self._whole.get((ground, peers.number))
            if whole is None:
                whole = self._whole[ground, peers.number] = self._find_settings(ground, peers, within)
            return whole
        return self._find_settings(ground, peers, within)

    def _find_settings(self, ground: Ground, peers: Peers, within: int) -> tuple[tuple[int, Setting], ...]:
        service = ground.of.service
        known = self._settings.setdefault((service, peers.number), {})
        found: dict[int, tuple[int, Setting]] = {}
        for request, bits in self._requests(ground, within):
            setting = known.get(request)
            if setting is None:
                if len(known) >= _MOST_REMEMBERED:  # of IAM and STS each resource that is asked about has its own
                    known.clear()
                setting = known[request] = self._setting(ground, peers, bits.bit_length() - 1)
            before, _ = found.get(id(setting), (0, setting))
            found[id(setting)] = (before | bits, setting)
        return tuple(found.values())

    def _requests(self, ground: Ground, within: int) -> Iterator[tuple[Hashable, int]]:
        """Yield (what the settings of requests depend on, the bits of such requests)."""
        differ = ground.of.service in ACTIONS_DIFFER
        alike: dict[Hashable, int] = {}
        for place, plot in enumerate(ground.plots):
            known = plot.resource if differ else self._alike(ground, place)
            for rules, actions in _told_apart(ground.of):
                bits = ground.on(place, plot.actions & actions) & within
                if bits:
                    alike[known, rules] = alike.get((known, rules), 0) | bits
        yield from alike.items()

    def _alike(self, ground: Ground, place: int) -> Hashable:
        """Return all of a plot's resource that questions about it depend on, but for the target (`Asks.knows`)."""
        found = self._alike_of.get((ground, place))
        if found is None:
            arn = ground.arns[place]
            found = "*" if arn is None else str(arn) if self._population.knows(arn) else (arn.service, arn.account)
            if len(ground.plots) > 1:
                self._alike_of[ground, place] = found
        return found

    def _question(self, ground: Ground, peers: Peers, bit: int) -> Question:
        """Return a request of one of the peers with all that belongs to it."""
        if isinstance(ground, OneRequest) and peers.number in ground.questions:
            return ground.questions[peers.number]
        target = ground.target(bit)
        member = peers.members.bit_length() - 1
        question = self._population.question(member, target.action_text, target.resource_text, self._way)
        if isinstance(ground, OneRequest):
            ground.questions[peers.number] = question
        return question

    def _setting(self, ground: Ground, peers: Peers, bit: int) -> Setting:
        whole = self._question(ground, peers, bit)
        question = replace(whole, further=()) if whole.further else whole
        policies = policies_of(question)
        situation = situation_of(question, policies)
        service = question.target.service
        common = tuple(
            (policy, statement, self._population.asked(statement, policy.document.version))
            for policy in in_play(policies, situation)
            if policy.layer not in _OWN
            for statement in policy.document.statements
            if statement.broken is None and (statement.services is None or service in statement.services)
        )
        key = situation.caller.kind, _all_but_caller(situation)
        awaits_policy = situation.needs_delegation and policies.resource is None
        same = (
            key,
            awaits_policy,
            whole.is_alone,
            bool(whole.further),
            tuple((policy.layer, policy.level, statement) for policy, statement, _ in common),
        )
        found = self._kinds.get(same)
        if found is None:
            is_personal = any(names_someone(statement) or asked.own_keys for _, statement, asked in common)
            found = Setting(
                situation, key, common, awaits_policy, is_personal, whole.is_alone, is_joint=bool(whole.further)
            )
            if len(self._kinds) >= _MOST_REMEMBERED:
                self._kinds.clear()
            self._kinds[same] = found
        return found

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
        """Return what derives the keys of requests on a plot, for one of the peers and some target."""
        if isinstance(ground, OneRequest):
            return _derived(self._question(ground, peers, 0))
        known = (ground.of.service, peers.number, self._alike(ground, place))
        found = self._derive.get(known)
        if found is None:
            if len(self._derive) >= _MOST_REMEMBERED:
                self._derive.clear()
            found = self._derive[known] = _derived(self._question(ground, peers, self._first_bit(ground, place)))
        return found

    def matches(self, ground: Ground, bit: int, policy: AttachedPolicy, statement: Statement) -> bool:
        """Return whether a statement whose resources hold no variables can speak of the resource of a request."""
        target = ground.target(bit)
        subject = Subject(_NOBODY, target, _NO_CONTEXT, has_boundary=False)
        return match_resource(policy, statement, subject)[0] is not FALSE

    def facts(self, ground: Ground, peers: Peers, key: str, within: int) -> Sequence[tuple[Fact, int]]:
        """Return what is known of a key on some bits of a ground, with the bits of each.

        The key varies over the ground, but not over the peers.
        """
        if isinstance(ground, OneRequest):
            return ((self._fact(ground, peers, key, 0), 1),)
        if len(ground.plots) == 1:
            return self._find_facts(ground, peers, key, within)
        known = self._on_ground.get((ground, peers.number, key))
        if known is None:
            known = self._on_ground[ground, peers.number, key] = self._find_facts(ground, peers, key, ground.every)
        return [(fact, there) for fact, bits in known if (there := bits & within)]

    def _find_facts(self, ground: Ground, peers: Peers, key: str, within: int) -> Sequence[tuple[Fact, int]]:
        who = peers.number if dependence(key) is Dependence.ACCOUNT else -1
        listed = reference().listed_key(ground.of.service, key)
        found: dict[Fact, int] = {}
        by_action = variation(key, reference()) is Variation.ACTION
        if by_action and not reference().may_take_key(ground.of.service, key):
            return ((self._fact(ground, peers, key, within.bit_length() - 1), within),)
        for place in range(len(ground.plots)):
            bits = ground.on(place, within >> place * ground.width)
            if not bits:
                continue
            alike = self._alike(ground, place)
            # Of a resource of which nothing is known, all tags are as little known: the listed key stands for them.
            is_known = isinstance(alike, str) and alike != "*"
            group = ground.of.service, who, key if is_known else listed
            if by_action:
                told = self._facts_by_action(ground, peers, key, place, (*group, alike))
                for fact, actions in told:
                    if there := ground.on(place, actions) & bits:
                        found[fact] = found.get(fact, 0) | there
                continue
            known = self._facts.setdefault(group, {})
            arn = ground.arns[place]
            unit = (None if arn is None else arn.region, alike)
            if unit not in known:
                known[unit] = self._fact(ground, peers, key, bits.bit_length() - 1)
            found[known[unit]] = found.get(known[unit], 0) | bits
        return tuple(found.items())

    def _facts_by_action(
        self, ground: Ground, peers: Peers, key: str, place: int, group: Hashable
    ) -> tuple[tuple[Fact, int], ...]:
        """Return what is known of a key on one plot, with the actions of each.

        It hangs on whether the action takes the key on such a resource: on the types that the resource fits.
        """
        plot = ground.plots[place]
        unit = group, ground.types_on(place), plot.actions
        told = self._by_action.get(unit)
        if told is None:
            known = self._facts.setdefault(group, {})
            found: dict[Fact, int] = {}
            for bit in positions(ground.on(place, plot.actions)):
                action = bit % ground.width
                of_action = action, ground.target(bit).resource_types
                fact = known.get(of_action)
                if fact is None:
                    fact = known[of_action] = self._fact(ground, peers, key, bit)
                found[fact] = found.get(fact, 0) | 1 << action
            told = self._by_action[unit] = tuple(found.items())
        return told

    def _fact(self, ground: Ground, peers: Peers, key: str, bit: int) -> Fact:
        derive = self.derive(ground, peers, bit // ground.width)
        return derive.on(ground.target(bit))(key) or UNKNOWN


def _derived(question: Question) -> DerivedKeys:
    derive = question.context.derive
    if not isinstance(derive, DerivedKeys):
        raise TypeError("a question about a snapshot derives its keys from the snapshot")
    return derive


_all_but_caller = attrgetter(*(name for name in Situation.__slots__ if name != "caller"))
