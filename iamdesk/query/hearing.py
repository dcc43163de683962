"""One action on one resource, put to everybody: what does not depend on the principal is found out once."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from iamdesk.evaluate.context import Context, Fact
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import Question, in_play, policies_of, situation_of
from iamdesk.evaluate.layers import Situation, Slot, decide_both, tally
from iamdesk.evaluate.matching import StatementResult, Subject, match_resource, match_statement
from iamdesk.evaluate.policies import AttachedPolicy, PolicySet
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE
from iamdesk.evaluate.unknowns import resolve_verdict
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.statement_index import Covering
from iamdesk.policy.statement import Statement
from iamdesk.query.population import Asked, Asks, Peers, Population, names_someone
from iamdesk.query.said import AS_BOUNDARY, AS_IDENTITY, Said, gather
from iamdesk.query.sums import Hanging, resolution_key_of

_OWN = frozenset({Layer.IDENTITY, Layer.PERMISSIONS_BOUNDARY})
_NOTHING_GIVEN: Mapping[str, str | Sequence[str] | None] = {}


class Word(NamedTuple):
    """What one document says of the action on the resource, in one layer."""

    matching: tuple[StatementResult, ...]
    """Statements that match whatever the context is."""
    allows: bool
    denies: bool
    """Whether one of ``matching`` is an Allow, a Deny."""
    open: tuple[tuple[Statement, Asked], ...]
    """Statements that speak of the resource, too, and what they ask of the context."""


SILENT = Word((), False, False, ())


class CommonStatement(NamedTuple):
    """A statement that all peers meet: of an organization policy, of the resource's policy."""

    policy: AttachedPolicy
    statement: Statement
    asked: Asked
    result: StatementResult | None
    """What it says of everybody; None where the principal or the context decides."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What is the same for all peers."""

    peers: Peers
    question: Question
    """That of one of them."""
    situation: Situation
    key: Hashable
    """The situation, whoever it is."""
    common: tuple[CommonStatement, ...]
    is_settled: bool
    """Whether every common statement has its result."""
    derive: DerivedKeys
    is_joint: bool
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    """Verdicts by what the principal's own policies say: bits for identity Allow and Deny, boundary Allow and Deny."""


class Hearing:
    """One action on one resource of one snapshot. Holds no context: that comes with each question."""

    def __init__(
        self,
        asks: Asks,
        population: Population,
        everywhere: dict[tuple[str, str], Said],
        action: str,
        resource: str,
        way: Mapping[str, str | Sequence[str] | None] = _NOTHING_GIVEN,
    ) -> None:
        """Read the action and the resource.

        ``everywhere`` keeps what is the same for all resources of an action, for all hearings of a snapshot; ``way`` is
        the part of the context on which the layers themselves hang (`endpoints.way_given`).

        Raises:
            RequestError: one of them is malformed.
        """
        self._asks = asks
        self._population = population
        self._everywhere = everywhere
        self.action, self.resource = action, resource
        self._way = way
        self._sides: dict[int, Side] = {}
        self._identity: dict[int, Word] = {}
        self._boundary: dict[int, Word] = {}
        self._here: Said | None = None
        self.open_to: dict[Hashable, Mapping[Verdict, int]] = {}
        """Answers for everybody, by their context."""
        first = self._side(population.peers[0])
        self.target = first.question.target
        self.is_joint = first.is_joint
        """Whether the request is several decisions (`evaluate.layers`): what is told here is the first one alone."""
        self._sides[first.peers.number] = first
        self._anyone = subject_of(first.question)

    @cached_property
    def covering(self) -> Covering:
        """The statements that cover the action: found out for all policies at once."""
        return self._population.index.covering(self.target.service, self.target.name)

    def side(self, peers: Peers) -> Side:
        """Return what is the same for some peers."""
        found = self._sides.get(peers.number)
        if found is None:
            found = self._sides[peers.number] = self._side(peers)
        return found

    def everywhere(self) -> Said:
        """Return what the statements say of everybody that name every resource."""
        key = (self.target.service, self.target.name)
        found = self._everywhere.get(key)
        if found is None:
            found = self._everywhere[key] = gather(self._population, self.covering.anywhere, self._anyone)
        return found

    def here(self) -> Said:
        """Return what the other statements say of everybody."""
        if self._here is None:
            naming = self._population.index.naming(self.covering, self.target.service, self.target.resource)
            self._here = gather(self._population, (*naming, *self.covering.loose), self._anyone)
        return self._here

    def verdict(
        self, position: int, given: Mapping[str, Fact], unknown: UnknownContext, moment: datetime | None = None
    ) -> Verdict:
        """Answer for one principal (not one of ``strange``), in one context, at a moment or now."""
        index = self._population.index
        side = self.side(self._population.peers_at(position))
        words = self._words(self._identity, AS_IDENTITY, index.carried[position])
        limits = self._words(self._boundary, AS_BOUNDARY, index.boundaries[position] or ())
        is_open = not side.is_settled
        said = 0
        for word in words:
            said |= word.allows | word.denies << 1
            is_open = is_open or bool(word.open)
        for word in limits:
            said |= word.allows << 2 | word.denies << 3
            is_open = is_open or bool(word.open)
        if is_open:
            subject = self.subject(side, position, given, unknown, moment or self._asks.now())
            return self._settle(side, words, limits, subject)
        verdict = side.verdicts.get(said)
        if verdict is None:
            verdict = side.verdicts[said] = self._settle(side, words, limits, subject_of(side.question))
        return verdict

    def _words(self, known: dict[int, Word], policy: AttachedPolicy, numbers: Iterable[int]) -> list[Word]:
        """Return what documents say in a layer, but for the silent ones."""
        words = []
        for number in numbers:
            word = known.get(number)
            if word is None:
                word = known[number] = self._word(number, policy)
            if word is not SILENT:
                words.append(word)
        return words

    def subject(
        self, side: Side, position: int, given: Mapping[str, Fact], unknown: UnknownContext, moment: datetime
    ) -> Subject:
        """Return one of the peers, in a context, as what statements are held against."""
        standing = self._population.standing(position)
        derive = side.derive.of_another(standing.caller, standing.may_be_tagged, moment)
        context = Context(given, derive, unknown, side.question.context.is_multivalued)
        return Subject(standing.caller, self.target, context, side.peers.has_boundary)

    def _settle(self, side: Side, words: Iterable[Word], limits: Iterable[Word], subject: Subject) -> Verdict:
        """Decide for one principal, as the engine does: the same statements in the same order."""
        results: list[StatementResult] = []
        hanging: list[Hanging] = []

        def hear(policy: AttachedPolicy, statement: Statement, asked: Asked) -> None:
            result = match_statement(policy, statement, subject)
            if result is not None and result.truth is not FALSE:
                results.append(result)
                if result.truth is MAYBE:
                    hanging.append(Hanging(Slot(policy.layer, policy.level), result.grant, asked))

        for one in side.common:
            if one.result is not None:
                results.append(one.result)
            else:
                hear(one.policy, one.statement, one.asked)
        for policy, of_layer in ((AS_IDENTITY, words), (AS_BOUNDARY, limits)):
            for word in of_layer:
                results.extend(word.matching)
                for statement, asked in word.open:
                    hear(policy, statement, asked)
        counted = tally([(result, result.truth) for result in results])
        best, worst = decide_both(side.situation, counted)
        if best.verdict is worst.verdict:
            return best.verdict
        certain = tally([(result, TRUE) for result in results if result.truth is TRUE])
        said = {*((slot, True) for slot in certain.allow), *((slot, False) for slot in certain.deny), *certain.grants}
        key = resolution_key_of(side.key, frozenset(said), hanging, subject)
        if best.verdict is not Verdict.ALLOWED:
            key = (
                key,
                tuple([one.asked.number for one in hanging]),
            )  # which denial it is can depend on the order in which values are tried
        return self._population.resolved(key, lambda: resolve_verdict(side.situation, results, subject, best))

    def _word(self, number: int, policy: AttachedPolicy) -> Word:
        matching: list[StatementResult] = []
        undecided: list[tuple[Statement, Asked]] = []
        for statement in self._population.index.covering_of(number, self.target.service, self.target.name):
            if not statement.resource_keys() and match_resource(policy, statement, self._anyone)[0] is FALSE:
                continue
            if statement.context_keys():
                version = self._population.index.documents[number].version
                undecided.append((statement, self._population.asked(statement, version)))
                continue
            result = match_statement(policy, statement, self._anyone)
            if result is not None and result.truth is TRUE:
                matching.append(result)
        if not matching and not undecided:
            return SILENT
        allows = any(result.statement.is_allow for result in matching)
        denies = any(not result.statement.is_allow for result in matching)
        return Word(tuple(matching), allows, denies, tuple(undecided))

    def _side(self, peers: Peers) -> Side:
        whole = self._population.question(peers.members.bit_length() - 1, self.action, self.resource, self._way)
        question = first_decision(whole)
        policies = policies_of(question)
        situation = situation_of(question, policies)
        subject = subject_of(question)
        common: list[CommonStatement] = []
        for policy in common_policies(policies, situation):
            for statement in policy.document.statements:
                if statement.services is not None and question.target.service not in statement.services:
                    continue
                result = match_statement(policy, statement, subject)
                if result is None:
                    continue
                asked = self._population.asked(statement, policy.document.version)
                if asked.keys or names_someone(statement):
                    common.append(CommonStatement(policy, statement, asked, None))
                elif result.truth is not FALSE:
                    common.append(CommonStatement(policy, statement, asked, result))
        derive = question.context.derive
        if not isinstance(derive, DerivedKeys):
            raise TypeError("a question about a snapshot derives its keys from the snapshot")
        is_settled = all(one.result is not None for one in common)
        key = situation_key(situation)
        return Side(peers, question, situation, key, tuple(common), is_settled, derive, bool(whole.further))


def first_decision(question: Question) -> Question:
    """Return the decision on the resource asked about alone."""
    return replace(question, further=()) if question.further else question


def common_policies(policies: PolicySet, situation: Situation) -> Iterator[AttachedPolicy]:
    """Yield the policies in play that peers share: all but their own, attached ones and boundary."""
    return (policy for policy in in_play(policies, situation) if policy.layer not in _OWN)


def subject_of(question: Question) -> Subject:
    """Return who asks what, as what statements are held against."""
    return Subject(question.caller, question.target, question.context, question.policies.boundary is not None)


def situation_key(situation: Situation) -> Hashable:
    """Return a situation without who asks: principals of whom it is the same are decided alike."""
    return situation.caller.kind, _all_but_caller(situation)


_all_but_caller = attrgetter(*(name for name in Situation.__slots__ if name != "caller"))
