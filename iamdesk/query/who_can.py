"""Who can: one action on one resource for everybody at once, always equal to asking one by one.

A statement in which nothing depends on the principal is evaluated once for all who carry it; one that depends on keys
about the principal, once for all of whom the same is known. What the statements say is summed up as bits, and each
set of principals for whom the sum is the same is decided once, by the engine's own `decide`. Where the unknown leaves
the decision open, one of each set of principals is asked that hang on the same. Principals whom a resource's policy
names are asked one by one.
"""

from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

from iamdesk.evaluate.context import Fact, at_given_time
from iamdesk.evaluate.derived_keys import Dependence, dependence
from iamdesk.evaluate.layers import Slot, decide_both
from iamdesk.evaluate.matching import Subject, match_statement
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.request import UnknownContext
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.verdict import Verdict
from iamdesk.policy.statement import Statement
from iamdesk.query.hearing import Hearing, Side
from iamdesk.query.population import Asked, Peers, Population, names_someone, positions
from iamdesk.query.said import OpenStatement
from iamdesk.query.sums import Feature, Hanging, features_of, resolution_key_of, resource_key, split, tally_of
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

_MOST_ANSWERS = 16


class _Undecided(NamedTuple):
    """Statements that hang on something unknown, the same for all of some principals."""

    members: int
    what: Hanging


class Sweep:
    """One question to everybody, in one context."""

    def __init__(
        self,
        population: Population,
        hearing: Hearing,
        given: Mapping[str, Fact],
        unknown: UnknownContext,
        moment: datetime,
        cancelled: Cancelled = never_cancelled,
        among: int | None = None,
    ) -> None:
        """Prepare; ``among`` are those who are asked at all, as bits: everybody, where it is not given."""
        self._among = population.everybody if among is None else among
        self._population = population
        self._hearing = hearing
        self._given = given
        self._unknown = unknown
        self._moment = moment
        self._cancelled = cancelled
        self._bits: dict[Feature, int] = {}
        self._undecided: list[_Undecided] = []
        self._subjects: dict[int, Subject] = {}
        self._known: dict[int, dict[str, Fact]] = {}

    def open_to(self) -> Mapping[Verdict, int]:
        """Return for whom the answer is allowed and for whom it is conditional, as bits; not of the strange ones.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        found = {Verdict.ALLOWED: 0, Verdict.CONDITIONAL: 0}
        for verdict, members in self.alike():
            if verdict in found:
                found[verdict] |= members
        return found

    def alike(self) -> Iterator[tuple[Verdict, int]]:
        """Yield (answer, for whom, as bits) for principals whose answers hang on the same; not for the strange ones.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        for said in (self._hearing.everywhere(), self._hearing.here()):
            for (layer, is_allow), members in said.certain.items():
                self._add(self._bits, Feature((Slot(layer), is_allow), TRUE), members)
            for one in said.open:
                self._breathe()
                self._hear_own(one)
        for peers in self._population.peers:
            self._breathe()
            yield from self._of_peers(peers)

    def of_the_moment(self) -> tuple[Truth, ...] | None:
        """Return all that the answer owes to the moment; None where that cannot be told apart from the rest.

        It is what statements say that ask for the time: the same at another moment means the same answer.
        """
        if any(one.asked.asks_for_time for peers in self._population.peers for one in self._hearing.side(peers).common):
            return None
        return tuple(
            self._match(one, position)
            for said in (self._hearing.everywhere(), self._hearing.here())
            for one in said.open
            if one.asked.asks_for_time
            for position, _ in self._told_apart(one.asked, one.members)
        )

    def _breathe(self) -> None:
        if self._cancelled():
            raise WorkCancelled

    @staticmethod
    def _add(bits: dict[Feature, int], feature: Feature, members: int) -> None:
        bits[feature] = bits.get(feature, 0) | members

    def _hear_own(self, one: OpenStatement) -> None:
        """Evaluate a statement of principals' own policies for everybody who carries it.

        Its truth is remembered by what it asks for: the same conditions stand in many policies.
        """
        asked = one.asked
        slot = Slot(one.policy.layer)
        for position, alike in self._told_apart(asked, one.members):
            key = self._truth_key(asked, position)
            truth = self._population.truth(key, partial(self._match, one, position))
            if truth is FALSE:
                continue
            self._add(self._bits, Feature((slot, one.statement.is_allow), truth), alike)
            if truth is MAYBE:
                self._undecided.append(_Undecided(alike, Hanging(slot, None, asked)))

    def _truth_key(self, asked: Asked, position: int) -> Hashable:
        """Return all that the truth of a statement hangs on that speaks of the resource."""
        peers = self._population.peers_at(position)
        known = self._known.get(peers.number)
        if known is None:
            known = self._known[peers.number] = {}
        facts: list[Fact | None] = []
        for key in asked.keys:
            if key in asked.own_keys and key not in self._given:
                of_caller = self._population.facts(position, (key,), self._hearing.side(peers).derive)
                facts += [fact and at_given_time(fact, self._given) for fact in of_caller]
            else:
                if key not in known:
                    known[key] = self._subject(position).context.fact(key)
                facts.append(known[key])
        resource = resource_key(self._hearing.target) if asked.in_resource else None
        return asked.number, self._unknown, tuple(facts), resource

    def _match(self, one: OpenStatement, position: int) -> Truth:
        result = match_statement(one.policy, one.statement, self._subject(position))
        return FALSE if result is None else result.truth

    def _hear(
        self, bits: dict[Feature, int], policy: AttachedPolicy, statement: Statement, asked: Asked, members: int
    ) -> Iterator[_Undecided]:
        """Evaluate a common statement for some peers; yield for whom it hangs on something unknown."""
        for one, alike in self._told_apart(asked, members):
            result = match_statement(policy, statement, self._subject(one))
            if result is None or result.truth is FALSE:
                continue
            for feature in features_of(result):
                self._add(bits, feature, alike)
            if result.truth is MAYBE:
                yield _Undecided(alike, Hanging(Slot(policy.layer, policy.level), result.grant, asked))

    def _told_apart(self, asked: Asked, members: int) -> Iterator[tuple[int, int]]:
        """Split principals into those for whom all that a statement asks for is known alike: one, all as bits."""
        depth, own_keys = asked.depth, asked.own_keys
        if self._given and depth is not Dependence.NONE:
            keys = [key for key in asked.keys if key not in self._given]
            depth = max([dependence(key) for key in keys], default=Dependence.NONE)
            own_keys = tuple(key for key in own_keys if key not in self._given)
        if depth is Dependence.NONE:
            yield members.bit_length() - 1, members
            return
        for peers in self._population.peers:
            of_peers = members & peers.members
            if not of_peers:
                continue
            if depth is Dependence.ACCOUNT:
                yield of_peers.bit_length() - 1, of_peers
            else:
                yield from self._population.alike(of_peers, own_keys, self._hearing.side(peers).derive)

    def _subject(self, position: int) -> Subject:
        subject = self._subjects.get(position)
        if subject is None:
            side = self._hearing.side(self._population.peers_at(position))
            subject = self._subjects[position] = self._hearing.subject(
                side, position, self._given, self._unknown, self._moment
            )
        return subject

    def _of_peers(self, peers: Peers) -> Iterator[tuple[Verdict, int]]:
        """Yield (verdict, positions as bits) for principals whom the engine treats alike.

        Which denial a refusal is, is not found out: it is always said to be the best case.
        """
        side = self._hearing.side(peers)
        named = self._named(side) & self._among
        for position in positions(named):
            yield self._ask(position), 1 << position
        rest = peers.members & self._among & ~named
        if not rest:
            return
        bits = {feature: members & rest for feature, members in self._bits.items() if members & rest}
        undecided = [*self._hear_common(side, rest, bits), *self._undecided]
        for members, features in split(rest, bits.items()):
            counted = tally_of(features)
            best, worst = (ruling.verdict for ruling in decide_both(side.situation, counted))
            if best is not Verdict.ALLOWED or worst is best:
                yield best, members
                continue
            certain = frozenset([what for what, truth in features if truth is TRUE])
            for alike, hanging in split(members, ((one.what, one.members) for one in undecided)):
                position = alike.bit_length() - 1
                key = resolution_key_of(side.key, certain, hanging, self._subject(position))
                yield self._population.resolved(key, partial(self._ask, position)), alike

    def _named(self, side: Side) -> int:
        """Return whom of the peers a statement could name, as bits."""
        found = 0
        for one in side.common:
            if one.result is None and names_someone(one.statement):
                found |= self._population.named_by(one.statement)
        return found & side.peers.members

    def _hear_common(self, side: Side, members: int, bits: dict[Feature, int]) -> Iterator[_Undecided]:
        """Add to ``bits`` what the common statements say of peers whom none names; yield the undecided ones."""
        for policy, statement, asked, result in side.common:
            if result is None:
                yield from self._hear(bits, policy, statement, asked, members)
            else:
                for feature in features_of(result):
                    self._add(bits, feature, members)

    def _ask(self, position: int) -> Verdict:
        return self._hearing.verdict(position, self._given, self._unknown, self._moment)


def answer_everybody(
    population: Population,
    hearing: Hearing,
    given: Mapping[str, Fact],
    unknown: UnknownContext,
    moment: datetime,
    cancelled: Cancelled,
) -> Mapping[Verdict, int]:
    """Return for whom the answer is allowed and for whom it is conditional, as bits; not of the strange ones.

    The last answers are remembered.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    sweep = Sweep(population, hearing, given, unknown, moment, cancelled)
    of_the_moment = sweep.of_the_moment()
    key = (frozenset(given.items()), unknown, of_the_moment)
    found = hearing.open_to.get(key)
    if found is None or of_the_moment is None:
        found = sweep.open_to()
        if len(hearing.open_to) >= _MOST_ANSWERS:
            hearing.open_to.clear()
        hearing.open_to[key] = found
    return found
