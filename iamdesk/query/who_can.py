"""Who can: one action on one resource for everybody at once, always equal to asking one by one.

A statement in which nothing depends on the principal is evaluated once for all who carry it; one that depends on keys
about the principal, once for all of whom the same is known. What the statements say is summed up as bits, and each
set of principals for whom the sum is the same is decided once, by the engine's own `decide`. Where the unknown leaves
the decision open, principals are put together whose undecided statements cannot be told apart, and one of each group
is asked. Principals whom a resource's policy names are asked one by one.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from iamdesk.evaluate.context import Fact
from iamdesk.evaluate.derived_keys import Dependence, dependence
from iamdesk.evaluate.layers import Slot, Tally, decide, tally
from iamdesk.evaluate.matching import StatementResult, Subject, match_statement
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.verdict import Verdict
from iamdesk.explain.decision import Decision
from iamdesk.policy.statement import Statement
from iamdesk.query.hearing import Hearing, Side
from iamdesk.query.population import Peers, Population, names_someone, positions
from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled

_BREATH = 512


@dataclass(frozen=True, slots=True)
class Access:
    """One row of who-can: a principal and the answer; `explanation` gives all of it."""

    principal: str
    decision: Verdict
    _answer: Callable[[], Decision]

    @property
    def explanation(self) -> Decision:
        """The full answer for this principal, evaluated when asked for."""
        return self._answer()


class _Feature(NamedTuple):
    """Something that statements say of some principals: a slot's Allow or Deny, or a grant, true or unknown."""

    what: tuple[Slot, bool] | Grant
    """(slot, whether it is an Allow), or how the resource's side names them."""
    truth: Truth


class _Undecided(NamedTuple):
    """A statement that hangs on something unknown, for some principals."""

    members: int
    signature: Hashable
    own_keys: tuple[str, ...]
    """Keys about the caller that it asks for."""


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
    ) -> None:
        self._population = population
        self._index = population.index
        self._hearing = hearing
        self._given = given
        self._unknown = unknown
        self._moment = moment
        self._cancelled = cancelled
        self._bits: dict[_Feature, int] = {}
        self._undecided: dict[tuple[Layer, int], list[_Undecided]] = {}
        self._subjects: dict[int, Subject] = {}

    def verdicts(self) -> Mapping[Verdict, int]:
        """Return the positions of all users and roles, but the strange ones, by verdict, as bits.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        self._hear_own_policies()
        found = dict.fromkeys(Verdict, 0)
        for peers in self._population.peers:
            for verdict, members in self._of_peers(peers):
                found[verdict] |= members
        return found

    def _hear_own_policies(self) -> None:
        hearing, index = self._hearing, self._index
        said: dict[tuple[Layer, bool], int] = {}
        for done, number in enumerate(hearing.covering):
            if done % _BREATH == 0 and self._cancelled():
                raise WorkCancelled
            for layer, members, word_of in (
                (Layer.IDENTITY, index.carriers[number] & self._population.everybody, hearing.identity_word),
                (Layer.PERMISSIONS_BOUNDARY, index.bounded[number], hearing.boundary_word),
            ):
                if not members:
                    continue
                word = word_of(number)
                if word.allows:
                    said[layer, True] = said.get((layer, True), 0) | members
                if word.denies:
                    said[layer, False] = said.get((layer, False), 0) | members
                if word.open:
                    policy = hearing.attached(number, layer)
                    for statement in word.open:
                        self._hear(policy, statement, number, members)
        for (layer, is_allow), members in said.items():
            feature = _Feature((Slot(layer), is_allow), TRUE)
            self._bits[feature] = self._bits.get(feature, 0) | members

    def _hear(self, policy: AttachedPolicy, statement: Statement, number: int, members: int) -> None:
        """Evaluate a statement of principals' own policies for all who carry it."""
        for one, alike in self._told_apart(statement.context_keys(), members):
            result = match_statement(policy, statement, self._subject(one))
            if result is None or result.truth is FALSE:
                continue
            _note(self._bits, result, alike)
            if result.truth is MAYBE:
                signature = (policy.layer, self._population.signature(statement, policy.document.version))
                undecided = _Undecided(alike, signature, self._own_keys(statement))
                self._undecided.setdefault((policy.layer, number), []).append(undecided)

    def _own_keys(self, statement: Statement) -> tuple[str, ...]:
        return tuple(
            key
            for key in dict.fromkeys(statement.context_keys())
            if key not in self._given and dependence(key) is Dependence.CALLER
        )

    def _told_apart(self, keys: Sequence[str], members: int) -> Iterator[tuple[int, int]]:
        """Split principals into those for whom all keys are known alike, as (one of them, all of them as bits)."""
        asked = [key for key in keys if key not in self._given]
        depth = max([dependence(key) for key in asked], default=Dependence.NONE)
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
                yield from self._population.alike(of_peers, asked, self._hearing.side(peers).derive)

    def _subject(self, position: int) -> Subject:
        subject = self._subjects.get(position)
        if subject is None:
            side = self._hearing.side(self._population.peers_at(position))
            subject = self._subjects[position] = self._hearing.subject(
                side, position, self._given, self._unknown, self._moment
            )
        return subject

    def _of_peers(self, peers: Peers) -> Iterator[tuple[Verdict, int]]:
        """Yield (verdict, positions as bits) for principals whom the engine treats alike."""
        side = self._hearing.side(peers)
        named = self._named(side)
        for position in positions(named):
            yield self._ask(position), 1 << position
        rest = peers.members & ~named
        if not rest:
            return
        bits = {feature: members & rest for feature, members in self._bits.items() if members & rest}
        undecided = list(self._hear_common(side, rest, bits))
        for members, features in _split(rest, bits):
            counted = _tally(features)
            best = decide(side.situation, counted, optimistic=True).verdict
            if best is decide(side.situation, counted, optimistic=False).verdict:
                yield best, members
            else:
                for position, alike in self._alike(members, side, undecided):
                    yield self._ask(position), alike

    def _named(self, side: Side) -> int:
        """Return whom of the peers a statement could name, as bits."""
        found = 0
        for one in side.common:
            if one.result is None and names_someone(one.statement):
                found |= self._population.named_by(one.statement)
        return found & side.peers.members

    def _hear_common(self, side: Side, members: int, bits: dict[_Feature, int]) -> Iterator[_Undecided]:
        """Add to ``bits`` what the common statements say of peers whom none names; yield the undecided ones."""
        for place, one in enumerate(side.common):
            if one.result is not None:
                _note(bits, one.result, members)
                continue
            for position, alike in self._told_apart(one.statement.context_keys(), members):
                result = match_statement(one.policy, one.statement, self._subject(position))
                if result is None or result.truth is FALSE:
                    continue
                _note(bits, result, alike)
                if result.truth is MAYBE:
                    yield _Undecided(alike, ("common", place), self._own_keys(one.statement))

    def _ask(self, position: int) -> Verdict:
        return self._hearing.verdict(position, self._given, self._unknown, self._moment)

    def _alike(self, members: int, side: Side, common: Sequence[_Undecided]) -> Iterator[tuple[int, int]]:
        """Split undecided principals by what they hang on, as (one of them, all of them as bits).

        Statements with the same signature, in the same order, over the same facts: everything that `resolve` reads is
        the same, once what is decided is.
        """
        index = self._index
        groups: dict[Hashable, tuple[int, int]] = {}
        for position in positions(members):
            open_ones = [one for one in common if one.members >> position & 1]
            for layer, numbers in (
                (Layer.IDENTITY, index.carried[position]),
                (Layer.PERMISSIONS_BOUNDARY, index.boundaries[position] or ()),
            ):
                for number in numbers:
                    of_document = self._undecided.get((layer, number), ())
                    open_ones += [one for one in of_document if one.members >> position & 1]
            own_keys = sorted({key for one in open_ones for key in one.own_keys})
            facts = self._population.facts(position, own_keys, side.derive)
            key = (tuple([one.signature for one in open_ones]), facts)
            first, bits = groups.get(key, (position, 0))
            groups[key] = (first, bits | 1 << position)
        yield from groups.values()


def _features(result: StatementResult) -> Iterator[_Feature]:
    """Yield what one statement adds to the sum, as `tally` counts it."""
    counted = tally([(result, result.truth)])
    for slot, truth in counted.allow.items():
        yield _Feature((slot, True), truth)
    for slot, truth in counted.deny.items():
        yield _Feature((slot, False), truth)
    for grant, truth in counted.grants.items():
        yield _Feature(grant, truth)


def _note(bits: dict[_Feature, int], result: StatementResult, members: int) -> None:
    for feature in _features(result):
        bits[feature] = bits.get(feature, 0) | members


def _split(members: int, bits: Mapping[_Feature, int]) -> list[tuple[int, tuple[_Feature, ...]]]:
    """Split principals into sets of whom the statements say the same."""
    parts: list[tuple[int, tuple[_Feature, ...]]] = [(members, ())]
    for feature, having in bits.items():
        split: list[tuple[int, tuple[_Feature, ...]]] = []
        for part, features in parts:
            inside = part & having
            if inside:
                split.append((inside, (*features, feature)))
            if inside != part:
                split.append((part ^ inside, features))
        parts = split
    return parts


def _tally(features: Sequence[_Feature]) -> Tally:
    allow: dict[Slot, Truth] = {}
    deny: dict[Slot, Truth] = {}
    grants: dict[Grant, Truth] = {}
    for what, truth in features:
        if isinstance(what, Grant):
            grants[what] = max(grants.get(what, FALSE), truth)
        else:
            slot, is_allow = what
            side = allow if is_allow else deny
            side[slot] = max(side.get(slot, FALSE), truth)
    return Tally(allow, deny, grants)
