"""The bulk evaluator: some principals, some actions of a service, some resources, answered together.

Every statement is held against every resource once, for all principals that carry it and all actions that it covers;
what it says is a rectangle, principals (as bits) by requests (as bits of a `Ground`). Requests and principals of which
all statements say the same are decided once, by the engine's own `decide`. Where something unknown leaves the decision
open, one request of each set that hangs on the same is put to the engine. What is answered is always what the engine
answers to each request alone (``tests/query`` holds it to that).
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from math import inf
from types import MappingProxyType
from typing import NamedTuple

from iamdesk.evaluate.context import Context, Fact, at_given_time
from iamdesk.evaluate.derived_keys import Dependence, Variation, dependence, variation
from iamdesk.evaluate.engine import verdict_of
from iamdesk.evaluate.given_keys import facts_given
from iamdesk.evaluate.layers import Slot, Tally, decide, decide_both
from iamdesk.evaluate.matching import Subject, match_statement
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import UnknownContext
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.actions import reference
from iamdesk.policy.statement import Statement
from iamdesk.query.bulk.circumstances import Circumstances, Setting
from iamdesk.query.bulk.grounds import Ground, OneRequest
from iamdesk.query.bulk.own_statements import AS_BOUNDARY, AS_IDENTITY, OwnStatement, OwnStatements
from iamdesk.query.bulk.population import Asked, Peers, Population, names_someone, positions
from iamdesk.query.bulk.sums import Feature, Hanging, features_of, resolution_key_of, resource_key, split, tally_of
from iamdesk.query.requests.endpoints import Given, way_given
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

_FEW = 4
"""Principals whose own documents are gone through; of more, the statements are found by action and resource."""
_MOST_WAYS = 8
_MOST_REMEMBERED = 1 << 14


class Moment(NamedTuple):
    """In what context requests are made."""

    at: datetime
    given: Given = MappingProxyType({})
    """As typed."""
    unknown: UnknownContext = UnknownContext.UNKNOWN


class Answer(NamedTuple):
    """The answer to some requests of some principals."""

    verdict: Verdict
    members: int
    """The principals, as bits."""
    cells: int
    """The requests, as bits of the ground."""
    awaits_policy: bool
    """Whether it is refused only for want of the resource's own policy, which has to let the account in and which the
    snapshot does not hold (rules I1, I2)."""


class Outcome(NamedTuple):
    """The answers to one principal on a ground, as its bits; what is in none is refused because nothing allows it."""

    allowed: int
    conditional: int
    denied: int
    """Explicitly."""
    awaiting: int
    """`Answer.awaits_policy`."""


class Swept(NamedTuple):
    """The answers to one request for many principals."""

    bits: Mapping[Verdict, int]
    """By answer, the principals."""
    tells_denials: bool
    """Whether it was found out which denial a refusal is."""
    until: float
    """Until when it holds, in seconds since 1970."""

    def verdict(self, position: int) -> Verdict:
        """Return the answer to one of them."""
        return next(verdict for verdict, bits in self.bits.items() if bits >> position & 1)


class Voice(NamedTuple):
    """What one statement, or several that no context can tell apart, says of requests."""

    policy: AttachedPolicy
    """Stands for its layer."""
    statement: Statement
    asked: Asked
    members: int
    """Who carries it, as bits."""
    cells: int
    """The requests whose action it covers and of whose resource it can speak, as bits."""


class _Open(NamedTuple):
    """A statement that hangs on something unknown, and what is known of all that it asks for."""

    hanging: Hanging
    facts: tuple[Fact | None, ...]


class _Heard[What](NamedTuple):
    """Something that holds of some requests of some principals."""

    what: What
    members: int
    cells: int


class _Sum(NamedTuple):
    """What statements say: what they add up to, and those among them that are undecided."""

    said: list[_Heard[Feature]]
    undecided: list[_Heard[_Open]]


class _Decided(NamedTuple):
    best: Verdict
    worst: Verdict
    would_be_allowed: bool
    """Whether it could be allowed if the resource's own policy let the account in."""


class Bulk:
    """Answers many requests of the principals and groups of one snapshot. Safe to use from several threads at once."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.own = OwnStatements(population)
        self.circumstances = Circumstances(population)
        self._ways: dict[Hashable, Circumstances] = {}
        self._decided: dict[Hashable, _Decided] = {}
        self._everywhere: dict[tuple[str, str], tuple[Voice, ...]] = {}
        self._where: dict[tuple[Ground, int], tuple[int, ...]] = {}
        self._outcomes: dict[Hashable, Outcome] = {}

    def request(self, action: str, resource: str) -> OneRequest:
        """Return one action on one resource, as a ground.

        Raises:
            RequestError: one of them is malformed.
        """
        return OneRequest(self.population.target(action, resource))

    def answers(
        self,
        ground: Ground,
        members: int,
        moment: Moment,
        *,
        within: int | None = None,
        tells_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> Iterator[Answer]:
        """Yield the answers to requests of principals, each request and principal in one of them.

        Args:
            ground: The requests.
            members: Who asks, as bits of the population; none of its ``strange``. A group stands for some member.
            moment: The context.
            within: Some bits of the ground; all where it is not given.
            tells_denials: Whether it is found out which denial a refusal is; else it may be either.
            cancelled: Asked now and then.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        within = ground.every if within is None else within
        if moment.given and not isinstance(ground, OneRequest):  # what is given holds of each action otherwise
            for bit in positions(within):
                target = ground.target(bit)
                alone = self.request(target.action_text, target.resource_text)
                for answer in self.answers(alone, members, moment, tells_denials=tells_denials, cancelled=cancelled):
                    yield answer._replace(cells=1 << bit)
            return
        asking = _Asking(self, ground, moment, tells_denials=tells_denials, cancelled=cancelled)
        yield from asking.answers(members, within, self.voices(ground, members, within))

    def outcome(
        self, ground: Ground, position: int, own: Iterable[OwnStatement], moment: datetime, within: int | None = None
    ) -> Outcome:
        """Return what one principal (or member of a group) is answered on a ground, in a context of which nothing is
        given; ``own`` are its `own_statements`."""
        within = ground.every if within is None else within
        asking = _Asking(self, ground, Moment(moment))
        voices = [voice for one in own for voice in self._voices_of(ground, one, 1 << position, within)]
        key = self._sharable(ground, position, voices, within) if len(ground.plots) > 1 else None
        known = None if key is None else self._outcomes.get(key)
        if known is not None:
            return known
        found = dict.fromkeys(Verdict, 0)
        awaiting = 0
        for answer in asking.answers(1 << position, within, voices):
            found[answer.verdict] |= answer.cells
            if answer.awaits_policy:
                awaiting |= answer.cells
        outcome = Outcome(found[Verdict.ALLOWED], found[Verdict.CONDITIONAL], found[Verdict.EXPLICIT_DENY], awaiting)
        if key is not None and asking.until == inf:
            if len(self._outcomes) >= _MOST_REMEMBERED:
                self._outcomes.clear()
            self._outcomes[key] = outcome
        return outcome

    def _sharable(self, ground: Ground, position: int, voices: Sequence[Voice], within: int) -> Hashable:
        """Return all that an outcome hangs on, where that is not who asks; else None.

        Of 61,875 outcomes on fresh resources in an account of 6,000 principals, each statement of theirs another one,
        it spares a third: statements that name resources say nothing of fresh ones.
        """
        peers = self.population.peers_at(position)
        if any(voice.asked.own_keys or voice.asked.in_resource for voice in voices):
            return None
        if any(setting.is_personal for _, setting in self.circumstances.settings(ground, peers, within)):
            return None
        said = frozenset([(voice.policy.layer, voice.asked.number, voice.cells) for voice in voices])
        return ground, within, peers.number, said

    def sweep(
        self,
        ground: OneRequest,
        members: int,
        moment: Moment,
        *,
        tells_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> Swept:
        """Return the answers to one request for some principals; see `answers`.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        bits = dict.fromkeys(Verdict, 0)
        asking = _Asking(self, ground, moment, tells_denials=tells_denials, cancelled=cancelled)
        for answer in asking.answers(members, 1, self.voices(ground, members, 1)):
            bits[answer.verdict] |= answer.members
        return Swept(bits, tells_denials, asking.until)

    def verdict(self, position: int, action: str, resource: str, moment: Moment) -> Verdict:
        """Return the engine's answer to one request of one principal."""
        population = self.population
        return verdict_of(population.question(position, action, resource, moment.given, moment.unknown))

    def circumstances_of(self, moment: Moment) -> Circumstances:
        """Return the circumstances of requests that come as the context says."""
        way = way_given(moment.given, moment.unknown)
        if not way:
            return self.circumstances
        key = tuple(sorted(way.items()))
        found = self._ways.get(key)
        if found is None:
            if len(self._ways) >= _MOST_WAYS:
                self._ways.clear()
            found = self._ways[key] = Circumstances(self.population, way)
        return found

    def decided(self, setting: Setting, features: Sequence[Feature]) -> _Decided:
        """Decide what statements say in a setting."""
        key = (setting.key, setting.awaits_policy, frozenset(features))
        found = self._decided.get(key)
        if found is None:
            counted = tally_of(features)
            best, worst = (ruling.verdict for ruling in decide_both(setting.situation, counted))
            with_account = Tally(counted.allow, counted.deny, {**counted.grants, Grant.ACCOUNT: TRUE})
            could_be = decide(setting.situation, with_account, optimistic=True).verdict is Verdict.ALLOWED
            found = _Decided(best, worst, setting.awaits_policy and could_be)
            if len(self._decided) >= _MOST_REMEMBERED:
                self._decided.clear()
            self._decided[key] = found
        return found

    # ── statements of principals' own policies ───────────────────────────────────────────────────────────────────────

    def voices(self, ground: Ground, members: int, within: int) -> Iterator[Voice]:
        """Yield what principals' own statements speak of, as far as their resources tell."""
        if members.bit_count() <= _FEW:
            for position in positions(members):
                for one in self._own(ground, position):
                    yield from self._voices_of(ground, one, 1 << position, within)
        elif isinstance(ground, OneRequest):
            for voice in (*self._voices_everywhere(ground), *self._voices_here(ground)):
                if voice.members & members:
                    yield voice._replace(members=voice.members & members)
        else:
            yield from self._voices_on(ground, members, within)

    def _own(self, ground: Ground, position: int) -> Iterable[OwnStatement]:
        """Return the statements of one subject that can decide requests."""
        service = ground.of.service
        if not isinstance(ground, OneRequest):
            return self.own.of(position, service)
        index, target = self.population.index, ground.target(0)
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

    def _asked(self, place: int) -> Asked:
        number, statement = self.population.index.statement(place)
        return self.population.asked(statement, self.population.index.documents[number].version)

    def _voices_of(self, ground: Ground, one: OwnStatement, members: int, within: int) -> Iterator[Voice]:
        for cells in self._cells(ground, one):
            if cells & within:
                yield Voice(one.policy, one.statement, one.asked, members, cells & within)

    def _cells(self, ground: Ground, one: OwnStatement) -> Sequence[int]:
        """Return the bits that a statement covers and can speak of; plot by plot where its resource holds variables."""
        key = (ground, one.place)
        found = self._where.get(key)
        if found is None:
            found = tuple(self._find_cells(ground, one))
            if len(ground.plots) > 1:
                self._where[key] = found
        return found

    def _find_cells(self, ground: Ground, one: OwnStatement) -> Iterator[int]:
        if one.is_for_all:
            covered = ground.everywhere(one.actions)
            if covered:
                yield covered
            return
        if self.population.index.is_loose(one.place):
            plots: Sequence[int] = range(len(ground.plots))
        else:
            plots = self.circumstances.plots_named(ground, one.place)
        matching = 0
        for place in plots:
            covered = ground.on(place, one.actions)
            if not covered:
                continue
            if one.asked.in_resource:
                yield covered
            elif self.circumstances.matches(ground, covered.bit_length() - 1, one.policy, one.statement):
                matching |= covered
        if matching:
            yield matching

    def _voices_everywhere(self, ground: OneRequest) -> tuple[Voice, ...]:
        """Return what the statements say of an action that name every resource: the same on each."""
        target = ground.target(0)
        key = (target.service, target.name)
        found = self._everywhere.get(key)
        if found is None:
            places = self.population.index.covering(*key).anywhere
            found = tuple(self._joined((place, 1) for place in places))
            if len(self._everywhere) >= _MOST_REMEMBERED:
                self._everywhere.clear()
            self._everywhere[key] = found
        return found

    def _voices_here(self, ground: OneRequest) -> Iterator[Voice]:
        """Return what the other statements say of one request."""
        index, target = self.population.index, ground.target(0)
        covering = index.covering(target.service, target.name)
        naming = index.naming(covering, target.service, target.resource)
        return self._joined(self._matching(ground, ((place, 1) for place in (*naming, *covering.loose))))

    def _voices_on(self, ground: Ground, members: int, within: int) -> Iterator[Voice]:
        """Yield what the statements of many say of many requests."""
        index, service = self.population.index, ground.of.service
        named: list[tuple[int, int]] = []
        anywhere: list[tuple[int, int]] = []
        for place in index.of_service(service):
            actions = ground.of.covered_by(index.statement(place)[1])
            cells = ground.everywhere(actions) & within
            if cells:
                (anywhere if index.names_every_resource(place) else named).append((place, cells))
        for voice in self._joined((*anywhere, *self._matching(ground, named))):
            if voice.members & members:
                yield voice._replace(members=voice.members & members)

    def _matching(self, ground: Ground, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Yield statements, each with the bits among some of whose resources it can speak."""
        index = self.population.index
        for place, cells in places:
            statement = index.statement(place)[1]
            plots: Sequence[int] = range(len(ground.plots))
            if not isinstance(ground, OneRequest) and not index.is_loose(place):
                plots = self.circumstances.plots_named(ground, place)
            found = 0
            for plot in plots:
                here = cells & ground.on(plot, ground.of.every)
                if not here:
                    continue
                if statement.resource_keys():
                    yield place, here
                elif self.circumstances.matches(ground, here.bit_length() - 1, AS_IDENTITY, statement):
                    found |= here
            if found:
                yield place, found

    def _joined(self, places: Iterable[tuple[int, int]]) -> Iterator[Voice]:
        """Yield statements with those who carry them, those joined that no context can tell apart."""
        population, index = self.population, self.population.index
        found: dict[tuple[int, int, int], Voice] = {}
        for place, cells in places:
            number, statement = index.statement(place)
            asked = self._asked(place)
            carriers = ((AS_IDENTITY, population.carriers[number]), (AS_BOUNDARY, population.bounded[number]))
            for layer, (policy, members) in enumerate(carriers):
                if members:
                    key = (layer, asked.number, cells)
                    known = found.get(key)
                    everyone = members if known is None else known.members | members
                    found[key] = Voice(policy, statement, asked, everyone, cells)
        yield from found.values()


class _Asking:
    """Some requests, in one context."""

    def __init__(
        self,
        bulk: Bulk,
        ground: Ground,
        moment: Moment,
        *,
        tells_denials: bool = True,
        cancelled: Cancelled = never_cancelled,
    ) -> None:
        self._bulk = bulk
        self._population = bulk.population
        self._ground = ground
        self._moment = moment
        self._tells_denials = tells_denials
        self._cancelled = cancelled
        self._circumstances = bulk.circumstances_of(moment)
        self._given: Mapping[str, Fact] = facts_given(moment.given, ground.target(0)) if moment.given else {}
        self._subjects: dict[tuple[int, int], Subject] = {}
        self.until = inf
        """Until when the answers hold, in seconds since 1970."""

    def answers(self, members: int, within: int, voices: Iterable[Voice]) -> Iterator[Answer]:
        """Answer requests of principals; ``voices`` are those of their own policies."""
        own = self._heard(voices)
        for peers, of_peers in self._by_peers(members):
            for cells, setting in self._circumstances.settings(self._ground, peers, within):
                if self._cancelled():
                    raise WorkCancelled
                if setting.is_joint or (setting.is_alone and not isinstance(self._ground, OneRequest)):
                    yield from self._one_by_one(setting, own, of_peers, cells)
                    continue
                for group in self._told_by_name(setting, of_peers):
                    yield from self._of_alike(setting, own, group, cells)

    def _by_peers(self, members: int) -> Iterator[tuple[Peers, int]]:
        if members & members - 1 == 0:
            yield self._population.peers_at(members.bit_length() - 1), members
            return
        for peers in self._population.peers:
            if members & peers.members:
                yield peers, members & peers.members

    def _one_by_one(self, setting: Setting, own: _Sum, members: int, cells: int) -> Iterator[Answer]:
        """Put requests to the engine one by one, but for those that the first of their decisions refuses for sure."""
        if setting.is_joint and isinstance(self._ground, OneRequest) and not self._tells_denials:
            first = [
                answer
                for group in self._told_by_name(setting, members)
                for answer in self._of_alike(setting, own, group, cells)
            ]
            members = 0
            for answer in first:
                if answer.verdict in (Verdict.ALLOWED, Verdict.CONDITIONAL):
                    members |= answer.members
                else:
                    yield answer
        for position in positions(members):
            for bit in positions(cells):
                if self._cancelled():
                    raise WorkCancelled
                yield Answer(self._verdict(position, bit), 1 << position, 1 << bit, awaits_policy=False)

    def _told_by_name(self, setting: Setting, members: int) -> Iterator[int]:
        """Yield those whom a statement of others could name, each alone, then all others."""
        named = 0
        if members & members - 1:
            for _, statement, _ in setting.common:
                if names_someone(statement):
                    named |= self._population.named_by(statement) & members
        for position in positions(named):
            yield 1 << position
        if members & ~named:
            yield members & ~named

    def _of_alike(self, setting: Setting, own: _Sum, members: int, cells: int) -> Iterator[Answer]:
        """Answer for peers whom no statement of others names, or for one of them."""
        common = self._heard(self._common(setting, members, cells))
        undecided = [one for heard in (common, own) for one in heard.undecided if one.members & members]
        traits: dict[tuple[Feature, int], int] = {}
        for heard in (own, common):
            for feature, having, where in heard.said:
                if having & members and where & cells:
                    key = (feature, having & members)
                    traits[key] = traits.get(key, 0) | where & cells
        for part, said in split(cells, traits.items()):
            of_part: dict[Feature, int] = {}
            for feature, having in said:
                of_part[feature] = of_part.get(feature, 0) | having
            for who, features in split(members, of_part.items()):
                yield from self._decide(setting, who, part, features, undecided)

    def _decide(
        self, setting: Setting, members: int, cells: int, features: Sequence[Feature], undecided: list[_Heard[_Open]]
    ) -> Iterator[Answer]:
        """Yield the answers where all statements say the same."""
        decided = self._bulk.decided(setting, features)
        awaits = decided.would_be_allowed
        if decided.best is decided.worst or (decided.best is not Verdict.ALLOWED and not self._tells_denials):
            refused = decided.best is Verdict.IMPLICIT_DENY
            yield Answer(decided.best, members, cells, refused and awaits)
            return
        certain = frozenset([what for what, truth in features if truth is TRUE])
        here = [one for one in undecided if one.members & members and one.cells & cells]
        for part, of_part in split(cells, [(one, one.cells) for one in here]):
            for who, open_ones in split(members, [(one.what, one.members) for one in of_part]):
                position, bit = who.bit_length() - 1, part.bit_length() - 1
                hanging = [one.hanging for one in open_ones]
                key = resolution_key_of(setting.key, certain, hanging, self._subject(position, bit))
                if decided.best is not Verdict.ALLOWED:
                    key = ("refused", key)
                verdict = self._population.resolved(key, partial(self._verdict, position, bit))
                yield Answer(verdict, who, part, verdict is Verdict.IMPLICIT_DENY and awaits)

    def _verdict(self, position: int, bit: int) -> Verdict:
        target = self._ground.target(bit)
        return self._bulk.verdict(position, target.action_text, target.resource_text, self._moment)

    # ── what statements say ──────────────────────────────────────────────────────────────────────────────────────────

    def _common(self, setting: Setting, members: int, cells: int) -> Iterator[Voice]:
        """Yield the statements of organization and resource policies."""
        ground = self._ground
        for policy, statement, asked in setting.common:
            actions = ground.of.covered_by(statement)
            entries = statement.resources
            if entries is None or (not statement.not_resource and any(entry.is_everything for entry in entries)):
                yield Voice(policy, statement, asked, members, ground.everywhere(actions) & cells)
            else:
                for place in range(len(ground.plots)):
                    yield Voice(policy, statement, asked, members, ground.on(place, actions) & cells)

    def _heard(self, voices: Iterable[Voice]) -> _Sum:
        """Return what statements say of all requests and principals of theirs."""
        heard = _Sum([], [])
        for voice in voices:
            if self._cancelled():
                raise WorkCancelled
            if not voice.cells:
                continue
            if voice.asked.changes != ():
                self.until = min(self.until, voice.asked.holds_until(self._moment.at.timestamp()))
            is_own = voice.policy is AS_IDENTITY or voice.policy is AS_BOUNDARY
            if is_own and not voice.asked.keys:
                feature = Feature((Slot(voice.policy.layer), voice.statement.is_allow), TRUE)
                heard.said.append(_Heard(feature, voice.members, voice.cells))
                continue
            for facts, members, cells in self._told_apart(voice.asked, voice.members, voice.cells):
                if is_own:
                    self._hear_own(heard, voice, facts, members, cells)
                else:
                    self._hear_common(heard, voice, facts, members, cells)
        return heard

    def _hear_own(self, heard: _Sum, voice: Voice, facts: tuple[Fact | None, ...], members: int, cells: int) -> None:
        """Add what a statement says; its truth is remembered by what it asks for, the same in many policies."""
        asked, slot = voice.asked, Slot(voice.policy.layer)
        bit = cells.bit_length() - 1
        resource = resource_key(self._ground.target(bit)) if asked.in_resource else None
        key = (asked.number, self._moment.unknown, facts, resource)
        truth = self._population.truth(key, partial(self._match, voice, members.bit_length() - 1, bit))
        if truth is FALSE:
            return
        heard.said.append(_Heard(Feature((slot, voice.statement.is_allow), truth), members, cells))
        if truth is MAYBE:
            heard.undecided.append(_Heard(_Open(Hanging(slot, None, asked), facts), members, cells))

    def _match(self, voice: Voice, position: int, bit: int) -> Truth:
        result = match_statement(voice.policy, voice.statement, self._subject(position, bit))
        return FALSE if result is None else result.truth

    def _hear_common(self, heard: _Sum, voice: Voice, facts: tuple[Fact | None, ...], members: int, cells: int) -> None:
        policy = voice.policy
        subject = self._subject(members.bit_length() - 1, cells.bit_length() - 1)
        result = match_statement(policy, voice.statement, subject)
        if result is None or result.truth is FALSE:
            return
        for feature in features_of(result):
            heard.said.append(_Heard(feature, members, cells))
        if result.truth is MAYBE:
            hanging = Hanging(Slot(policy.layer, policy.level), result.grant, voice.asked)
            heard.undecided.append(_Heard(_Open(hanging, facts), members, cells))

    def _told_apart(self, asked: Asked, members: int, cells: int) -> Iterator[tuple[tuple[Fact | None, ...], int, int]]:
        """Split principals and requests into those of which the same is known of all that a statement asks for."""
        keys = [key for key in asked.keys if key not in self._given] if self._given else asked.keys
        if not any(dependence(key) is not Dependence.NONE for key in keys):
            yield from self._told_apart_on_ground(asked, members, cells)
            return
        own = tuple([key for key in keys if dependence(key) is Dependence.CALLER])
        for peers, of_peers in self._by_peers(members):
            if not own:
                yield from self._told_apart_on_ground(asked, of_peers, cells)
                continue
            place = (cells.bit_length() - 1) // self._ground.width
            derive = self._circumstances.derive(self._ground, peers, place)
            for position, alike in self._population.alike(of_peers, own, derive):
                known = dict(zip(own, self._population.facts(position, own, derive), strict=True))
                yield from self._told_apart_on_ground(asked, alike, cells, known)

    def _told_apart_on_ground(
        self, asked: Asked, members: int, cells: int, known: Mapping[str, Fact | None] | None = None
    ) -> Iterator[tuple[tuple[Fact | None, ...], int, int]]:
        """Split requests of principals of whom the same is ``known``."""
        parts: list[tuple[tuple[Fact | None, ...], int]] = [((), cells)]
        position = members.bit_length() - 1
        for key in asked.keys:
            fact: Fact | None
            if key in self._given:
                fact = self._given[key]
            elif known is not None and key in known:
                fact = known[key]
                fact = fact and at_given_time(fact, self._given)
            elif variation(key, reference()) is not Variation.NONE and not isinstance(self._ground, OneRequest):
                peers = self._population.peers_at(position)
                parts = [
                    ((*facts, one), where)
                    for facts, part in parts
                    for one, where in self._circumstances.facts(self._ground, peers, key, part)
                ]
                continue
            else:
                fact = self._subject(position, cells.bit_length() - 1).context.fact(key)
            parts = [((*facts, fact), part) for facts, part in parts]
        for facts, part in parts:
            yield facts, members, part

    def _subject(self, position: int, bit: int) -> Subject:
        """Return one request of one principal, as statements are held against it."""
        key = (position, bit)
        subject = self._subjects.get(key)
        if subject is None:
            peers, target = self._population.peers_at(position), self._ground.target(bit)
            standing = self._population.standing(position)
            derive = self._circumstances.derive(self._ground, peers, bit // self._ground.width)
            own = derive.on(target).of_another(standing.caller, standing.may_be_tagged, self._moment.at)
            context = Context(self._given, own, self._moment.unknown, reference().is_multivalued)
            subject = self._subjects[key] = Subject(standing.caller, target, context, peers.has_boundary)
        return subject
