"""One action on one resource, put to everybody: what does not depend on the principal is found out once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from iamdesk.evaluate.context import Context, Fact
from iamdesk.evaluate.derived_keys import DerivedKeys
from iamdesk.evaluate.engine import Question, in_play, policies_of, settle, situation_of
from iamdesk.evaluate.layers import Situation
from iamdesk.evaluate.matching import StatementResult, Subject, match_resource, match_statement
from iamdesk.evaluate.policies import AttachedPolicy, SourceType
from iamdesk.evaluate.request import Layer, Request, UnknownContext
from iamdesk.evaluate.truth import FALSE, TRUE
from iamdesk.evaluate.verdict import Verdict
from iamdesk.policy.statement import Statement
from iamdesk.query.population import Asks, Peers, Population, names_someone


class Word(NamedTuple):
    """What one document says of the action on the resource, in one layer."""

    matching: tuple[StatementResult, ...]
    """Statements that match whatever the context is."""
    allows: bool
    denies: bool
    """Whether one of ``matching`` is an Allow, a Deny."""
    open: tuple[Statement, ...]
    """Statements that speak of the resource, too, and whose conditions or variables the request has to decide."""


SILENT = Word((), False, False, ())


class CommonStatement(NamedTuple):
    """A statement that all peers meet: of an organization policy, of the resource's policy."""

    policy: AttachedPolicy
    statement: Statement
    result: StatementResult | None
    """What it says of everybody; None where the principal or the context decides."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What is the same for all peers."""

    peers: Peers
    question: Question
    """That of one of them."""
    situation: Situation
    common: tuple[CommonStatement, ...]
    is_settled: bool
    """Whether every common statement has its result."""
    derive: DerivedKeys
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    """Verdicts by what the principal's own policies say: bits for identity Allow and Deny, boundary Allow and Deny."""

    def results(self, subject: Subject) -> list[StatementResult]:
        """Return the results of the common statements for one caller."""
        found = [one.result or match_statement(one.policy, one.statement, subject) for one in self.common]
        return [result for result in found if result is not None]


class Hearing:
    """One action on one resource of one snapshot. Holds no context: that comes with each question."""

    def __init__(self, asks: Asks, population: Population, action: str, resource: str) -> None:
        """Read the action and the resource.

        Raises:
            RequestError: one of them is malformed.
        """
        self._asks = asks
        self._population = population
        self.action, self.resource = action, resource
        self._sides: dict[int, Side] = {}
        self._identity: dict[int, Word] = {}
        self._boundary: dict[int, Word] = {}
        first = self._side(population.peers[0])
        self.target = first.question.target
        self.covering = population.index.covering(self.target.service, self.target.name)
        self._sides[first.peers.number] = first
        self._anyone = subject_of(first.question)

    def side(self, peers: Peers) -> Side:
        """Return what is the same for some peers."""
        found = self._sides.get(peers.number)
        if found is None:
            found = self._sides[peers.number] = self._side(peers)
        return found

    def identity_word(self, number: int) -> Word:
        """Return what a document (one of ``covering``) says as an identity policy."""
        word = self._identity.get(number)
        if word is None:
            word = self._identity[number] = self._word(number, Layer.IDENTITY)
        return word

    def boundary_word(self, number: int) -> Word:
        """Return what a document (one of ``covering``) says as a permissions boundary."""
        word = self._boundary.get(number)
        if word is None:
            word = self._boundary[number] = self._word(number, Layer.PERMISSIONS_BOUNDARY)
        return word

    def attached(self, number: int, layer: Layer) -> AttachedPolicy:
        """Return a document as a policy of a layer: enough to match its statements, not to tell where it comes from."""
        document = self._population.index.documents[number]
        return AttachedPolicy(layer, SourceType.USER_MANAGED, "", "", "", "", document)

    def verdict(
        self, position: int, given: Mapping[str, Fact], unknown: UnknownContext, moment: datetime | None = None
    ) -> Verdict:
        """Answer for one principal (not one of ``strange``), in one context, at a moment or now."""
        index = self._population.index
        side = self.side(self._population.peers_at(position))
        covering = self.covering
        said = 0
        is_open = not side.is_settled
        words: list[tuple[int, Layer, Word]] = []
        for number in index.carried[position]:
            if number in covering:
                word = self.identity_word(number)
                if word is not SILENT:
                    words.append((number, Layer.IDENTITY, word))
                    said |= word.allows | word.denies << 1
                    is_open = is_open or bool(word.open)
        for number in index.boundaries[position] or ():
            if number in covering:
                word = self.boundary_word(number)
                if word is not SILENT:
                    words.append((number, Layer.PERMISSIONS_BOUNDARY, word))
                    said |= word.allows << 2 | word.denies << 3
                    is_open = is_open or bool(word.open)
        if not is_open:
            verdict = side.verdicts.get(said)
            if verdict is None:
                verdict = side.verdicts[said] = self._settle(side, words, subject_of(side.question))
            return verdict
        subject = self.subject(side, position, given, unknown, moment or self._asks.now())
        return self._settle(side, words, subject)

    def subject(
        self, side: Side, position: int, given: Mapping[str, Fact], unknown: UnknownContext, moment: datetime
    ) -> Subject:
        """Return one of the peers, in a context, as what statements are held against."""
        standing = self._population.standing(position)
        derive = side.derive.of_another(standing.caller, standing.may_be_tagged, moment)
        context = Context(given, derive, unknown, side.question.context.is_multivalued)
        return Subject(standing.caller, self.target, context, side.peers.has_boundary)

    def _settle(self, side: Side, words: Iterable[tuple[int, Layer, Word]], subject: Subject) -> Verdict:
        results = side.results(subject)
        for number, layer, word in words:
            results.extend(word.matching)
            if word.open:
                policy = self.attached(number, layer)
                for statement in word.open:
                    result = match_statement(policy, statement, subject)
                    if result is not None and result.truth is not FALSE:
                        results.append(result)
        return settle(side.situation, results, subject)[0].verdict

    def _word(self, number: int, layer: Layer) -> Word:
        policy = self.attached(number, layer)
        matching: list[StatementResult] = []
        undecided: list[Statement] = []
        for statement in self.covering[number]:
            if not statement.resource_keys() and match_resource(policy, statement, self._anyone)[0] is FALSE:
                continue
            if statement.context_keys():
                undecided.append(statement)
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
        member = self._population.index.subjects[peers.members.bit_length() - 1]
        question = self._asks.question(Request(member, self.action, self.resource))
        policies = policies_of(question)
        situation = situation_of(question, policies)
        own = replace(policies, identity=(), boundary=None if policies.boundary is None else ())
        subject = subject_of(question)
        common: list[CommonStatement] = []
        for policy in in_play(own, situation):
            for statement in policy.document.statements:
                if statement.services is not None and question.target.service not in statement.services:
                    continue
                result = match_statement(policy, statement, subject)
                if result is None:
                    continue
                if statement.context_keys() or names_someone(statement):
                    common.append(CommonStatement(policy, statement, None))
                elif result.truth is not FALSE:
                    common.append(CommonStatement(policy, statement, result))
        derive = question.context.derive
        if not isinstance(derive, DerivedKeys):
            raise TypeError("a question about a snapshot derives its keys from the snapshot")
        is_settled = all(one.result is not None for one in common)
        return Side(peers, question, situation, tuple(common), is_settled, derive)


def subject_of(question: Question) -> Subject:
    """Return who asks what, as what statements are held against."""
    return Subject(question.caller, question.target, question.context, question.policies.boundary is not None)
