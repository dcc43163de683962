"""What one principal may do of a service, all actions at once: the engine's decision over actions as bits.

Every statement is held against every resource of a ground (`grounds`) once; what it says is a set of actions. Sets of
actions of which all statements say the same are decided once, by the engine's own `decide`. Where the unknown leaves
the decision open, one action of each set that hangs on the same is asked by itself.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from iamdesk.evaluate.context import Context, Fact
from iamdesk.evaluate.derived_keys import Dependence, Variation, dependence, variation
from iamdesk.evaluate.engine import settle
from iamdesk.evaluate.layers import Slot, Tally, decide, decide_both
from iamdesk.evaluate.matching import Subject, match_statement
from iamdesk.evaluate.policies import AttachedPolicy
from iamdesk.evaluate.principal_match import Grant
from iamdesk.evaluate.request import Layer, UnknownContext
from iamdesk.evaluate.services import ACTIONS_DIFFER
from iamdesk.evaluate.truth import FALSE, MAYBE, TRUE, Truth
from iamdesk.evaluate.verdict import Verdict
from iamdesk.index.action_bits import service_actions
from iamdesk.index.actions import reference
from iamdesk.policy.statement import Statement
from iamdesk.query.circumstances import Circumstances, Setting
from iamdesk.query.grounds import Ground, arn_services
from iamdesk.query.own_statements import OwnStatement, WideStatement
from iamdesk.query.population import Asked, Population, positions
from iamdesk.query.said import AS_BOUNDARY, AS_IDENTITY
from iamdesk.query.sums import Feature, Hanging, features_of, resolution_key_of, resource_key, split, tally_of

type Point = Callable[[int, str, str], Verdict]
"""(position, action, resource) → the answer to this one question."""


class Outcome(NamedTuple):
    """The answers on a ground, as its bits; what is in none of these is refused because nothing allows it."""

    allowed: int
    conditional: int
    denied: int
    """Explicitly."""
    awaiting: int
    """Refused, but only for want of the resource's own policy, which has to let the account in and which the snapshot
    does not hold (SEMANTICS I1, I2)."""


class Open(NamedTuple):
    """A statement that hangs on something unknown, and what is known of all that it asks for."""

    hanging: Hanging
    facts: tuple[Fact | None, ...]


class _Decided(NamedTuple):
    best: Verdict
    worst: Verdict
    would_be_allowed: bool
    """Whether it could be allowed if the resource's own policy let the account in."""


class Assessor:
    """Decides whole grounds for the principals and groups of one snapshot."""

    def __init__(self, population: Population, point: Point) -> None:
        self.population = population
        self.circumstances = Circumstances(population)
        self.point = point
        self._own: dict[Layer, dict[int, dict[str, tuple[OwnStatement, ...]]]] = {
            policy.layer: {} for policy in (AS_IDENTITY, AS_BOUNDARY)
        }
        self._split: dict[tuple[int, Layer], tuple[frozenset[str], tuple[WideStatement, ...]]] = {}
        self._decided: dict[Hashable, _Decided] = {}

    def statements(self, position: int) -> tuple[Mapping[str, tuple[int, ...]], tuple[WideStatement, ...]]:
        """Return the services that a subject's policies name, and the statements that are for all services.

        Beside each service stand the documents that may speak of it (`speaking`). What a boundary says is told only of
        services of which the other policies speak.
        """
        index = self.population.index
        services: set[str] = set()
        wide: list[WideStatement] = []
        apart: list[tuple[int, frozenset[str] | None]] = []
        for number in index.carried[position]:
            named, of_document = self._split_document(number, AS_IDENTITY)
            services |= named
            wide += of_document
            apart.append((number, None if of_document else named))
        if wide:
            for number in index.boundaries[position] or ():
                named, of_document = self._split_document(number, AS_BOUNDARY)
                services |= named
                wide += of_document
        services |= ACTIONS_DIFFER  # some of their actions need no Allow (SEMANTICS I3)
        speaking = {
            service: tuple([number for number, named in apart if named is None or service in named])
            for service in sorted(services)
        }
        return speaking, tuple(wide)

    def _split_document(self, number: int, policy: AttachedPolicy) -> tuple[frozenset[str], tuple[WideStatement, ...]]:
        known = self._split.get((number, policy.layer))
        if known is None:
            index = self.population.index
            version = index.documents[number].version
            services: set[str] = set()
            wide: list[WideStatement] = []
            for place, statement in index.of_document(number):
                named = index.arn_services(place)
                if statement.services is not None:
                    services |= statement.services
                elif named is not None:
                    services.update(*(reference().services_on(one) for one in named))
                else:
                    asked = self.population.asked(statement, version)
                    actions = tuple(entry.text for entry in statement.actions)
                    where = None if index.names_every_resource(place) else place
                    signature = (policy.layer, statement.not_action, actions, asked.number, where)
                    wide.append(WideStatement(place, policy, statement, asked, signature))
            known = self._split[number, policy.layer] = (frozenset(services), tuple(wide))
        return known

    def of_service(self, wide: Iterable[WideStatement], service: str) -> tuple[OwnStatement, ...]:
        """Return what statements for all services say of one."""
        actions, index, of_service = service_actions(service), self.population.index, arn_services(service)
        return tuple(
            OwnStatement(
                one.place, one.policy, one.statement, one.asked, covered, index.is_for_all_of(one.place, of_service)
            )
            for one in wide
            if (covered := actions.covered_by(one.statement))
        )

    def own_statements(self, position: int, service: str) -> tuple[OwnStatement, ...]:
        """Return the statements of a subject's own policies that can decide a service's actions, in the engine's order.

        Left out is what speaks of no resource on which the service's actions are asked.
        """
        return self.statements_of(position, service, self.speaking(position, service))

    def speaking(self, position: int, service: str) -> tuple[int, ...]:
        """Return the numbers of the documents that a subject carries and that may speak of a service."""
        found: list[int] = []
        for number in self.population.index.carried[position]:
            named, wide = self._split_document(number, AS_IDENTITY)
            if wide or service in named:
                found.append(number)
        return tuple(found)

    def statements_of(self, position: int, service: str, speaking: Iterable[int]) -> tuple[OwnStatement, ...]:
        """Return the same as `own_statements`, for whom knows which documents are ``speaking``."""
        found: list[OwnStatement] = []
        for number in speaking:
            found += self._of_document(number, service, AS_IDENTITY)
        for number in self.population.index.boundaries[position] or ():
            found += self._of_document(number, service, AS_BOUNDARY)
        return tuple(found)

    def _of_document(self, number: int, service: str, policy: AttachedPolicy) -> tuple[OwnStatement, ...]:
        of_document = self._own[policy.layer].setdefault(number, {})
        known = of_document.get(service)
        if known is None:
            index, actions = self.population.index, service_actions(service)
            version = index.documents[number].version
            of_service = arn_services(service)
            known = of_document[service] = tuple(
                OwnStatement(
                    place,
                    policy,
                    statement,
                    self.population.asked(statement, version),
                    covered,
                    index.is_for_all_of(place, of_service),
                )
                for place, statement in index.of_document(number)
                if (statement.services is None or service in statement.services)
                and ((named := index.arn_services(place)) is None or of_service is None or named & of_service)
                and (covered := actions.covered_by(statement))
            )
        return known

    def outcome(
        self, ground: Ground, position: int, own: Sequence[OwnStatement], moment: datetime, within: int
    ) -> Outcome:
        """Decide some bits of a ground for one subject; ``own`` are its `own_statements`."""
        return Case(self, ground, position, moment, within).outcome(own)

    def match(self, ground: Ground, position: int, one: OwnStatement, bit: int, moment: datetime) -> Truth:
        """Hold one statement against one request."""
        return Case(self, ground, position, moment, ground.every).match(one.policy, one.statement, bit)

    def verdict_of(
        self,
        setting: Setting,
        ground: Ground,
        position: int,
        statements: Iterable[OwnStatement],
        bit: int,
        moment: datetime,
    ) -> Verdict:
        """Return the answer to one request if some statements of a subject's were all that there are."""
        subject = Case(self, ground, position, moment, ground.every).subject(bit)
        matched = (match_statement(one.policy, one.statement, subject) for one in statements)
        results = [result for result in matched if result is not None and result.truth is not FALSE]
        return settle(setting.situation, results, subject)[0].verdict

    def decided(self, setting: Setting, features: tuple[Feature, ...]) -> _Decided:
        """Decide what statements say in a setting."""
        key = (setting.key, setting.awaits_policy, features)
        found = self._decided.get(key)
        if found is None:
            counted = tally_of(features)
            best, worst = (ruling.verdict for ruling in decide_both(setting.situation, counted))
            with_account = Tally(counted.allow, counted.deny, {**counted.grants, Grant.ACCOUNT: TRUE})
            could_be = decide(setting.situation, with_account, optimistic=True).verdict is Verdict.ALLOWED
            found = self._decided[key] = _Decided(best, worst, setting.awaits_policy and could_be)
        return found


class Case:
    """One subject on one ground."""

    def __init__(self, assessor: Assessor, ground: Ground, position: int, moment: datetime, within: int) -> None:
        self._assessor = assessor
        self._population = assessor.population
        self._circumstances = assessor.circumstances
        self._ground = ground
        self._position = position
        self._moment = moment
        self._within = within
        self._peers = assessor.population.peers_at(position)
        self._subjects: dict[int, Subject] = {}
        self._known: dict[str, Fact | None] = {}
        self._bits: dict[Feature, int] = {}
        self._open: list[tuple[Open, int]] = []

    def outcome(self, own: Sequence[OwnStatement]) -> Outcome:
        """Decide the bits that are asked about; ``own`` are the subject's `own_statements`."""
        for one in own:
            self._hear_own(one)
        found = dict.fromkeys(Verdict, 0)
        awaiting = 0
        for bits, setting in self._circumstances.settings(self._ground, self._peers, self._within):
            if setting.is_alone:
                for bit in positions(bits):
                    target = self._ground.target(bit)
                    found[self._assessor.point(self._position, target.action_text, target.resource_text)] |= 1 << bit
                continue
            said = {feature: where & bits for feature, where in self._bits.items() if where & bits}
            undecided = [*self.hear_common(setting, bits, said), *self._open]
            for part, features in split(bits, said.items()):
                decided = self._assessor.decided(setting, features)
                for verdict, where in self._verdicts(setting, part, features, decided, undecided):
                    found[verdict] |= where
                    if verdict is Verdict.IMPLICIT_DENY and decided.would_be_allowed:
                        awaiting |= where
        return Outcome(found[Verdict.ALLOWED], found[Verdict.CONDITIONAL], found[Verdict.EXPLICIT_DENY], awaiting)

    def _verdicts(
        self,
        setting: Setting,
        part: int,
        features: Sequence[Feature],
        decided: _Decided,
        undecided: Sequence[tuple[Open, int]],
    ) -> Iterator[tuple[Verdict, int]]:
        """Yield (verdict, bits) for bits of which all statements say the same."""
        if decided.best is decided.worst:
            yield decided.best, part
            return
        certain = frozenset([what for what, truth in features if truth is TRUE])
        for bits, open_ones in split(part, undecided):
            bit = bits.bit_length() - 1
            hanging = [one.hanging for one in open_ones]
            key = resolution_key_of(setting.key, certain, hanging, self.subject(bit))
            if decided.best is not Verdict.ALLOWED:
                key = ("refused", key)
            target = self._ground.target(bit)
            ask = partial(self._assessor.point, self._position, target.action_text, target.resource_text)
            yield self._population.resolved(key, ask), bits

    # ── what statements say ──────────────────────────────────────────────────────────────────────────────────────────

    def _hear_own(self, one: OwnStatement) -> None:
        slot = Slot(one.policy.layer)
        for covered in self._where(one):
            if not one.asked.keys:
                self._add(self._bits, Feature((slot, one.statement.is_allow), TRUE), covered)
                continue
            target = self._ground.target(covered.bit_length() - 1)
            resource = resource_key(target) if one.asked.in_resource else None
            for facts, bits in self.told_apart(one.asked, covered):
                key = (one.asked.number, UnknownContext.UNKNOWN, facts, resource)
                match = partial(self.match, one.policy, one.statement, bits.bit_length() - 1)
                truth = self._population.truth(key, match)
                if truth is FALSE:
                    continue
                self._add(self._bits, Feature((slot, one.statement.is_allow), truth), bits)
                if truth is MAYBE:
                    self._open.append((Open(Hanging(slot, None, one.asked), facts), bits))

    def _where(self, one: OwnStatement) -> Iterator[int]:
        """Yield the bits that a statement covers and can speak of; plot by plot where its resource holds variables."""
        index, ground = self._population.index, self._ground
        if one.is_for_all:
            covered = ground.everywhere(one.actions) & self._within
            if covered:
                yield covered
            return
        if index.is_loose(one.place):
            plots: Sequence[int] = range(len(ground.plots))
        else:
            plots = self._circumstances.plots_named(ground, one.place)
        matching = 0
        for place in plots:
            covered = ground.on(place, one.actions) & self._within
            if not covered:
                continue
            if one.asked.in_resource:
                yield covered
            elif self._circumstances.matches(ground, covered.bit_length() - 1, one.policy, one.statement):
                matching |= covered
        if matching:
            yield matching

    def hear_common(self, setting: Setting, bits: int, said: dict[Feature, int]) -> Iterator[tuple[Open, int]]:
        """Add to ``said`` what the common statements of a setting say; yield those that hang on something unknown."""
        ground = self._ground
        for policy, statement, asked in setting.common:
            actions = ground.of.covered_by(statement)
            entries = statement.resources
            if entries is None or (not statement.not_resource and any(entry.is_everything for entry in entries)):
                covered = [ground.everywhere(actions) & bits]
            else:
                covered = [ground.on(place, actions) & bits for place in range(len(ground.plots))]
            for one in filter(None, covered):
                for facts, alike in self.told_apart(asked, one):
                    result = match_statement(policy, statement, self.subject(alike.bit_length() - 1))
                    if result is None or result.truth is FALSE:
                        continue
                    for feature in features_of(result):
                        self._add(said, feature, alike)
                    if result.truth is MAYBE:
                        slot = Slot(policy.layer, policy.level)
                        yield Open(Hanging(slot, result.grant, asked), facts), alike

    @staticmethod
    def _add(said: dict[Feature, int], feature: Feature, bits: int) -> None:
        said[feature] = said.get(feature, 0) | bits

    def told_apart(self, asked: Asked, covered: int) -> Iterator[tuple[tuple[Fact | None, ...], int]]:
        """Split bits into those for which all that a statement asks for is known alike, as (facts, bits)."""
        parts: list[tuple[tuple[Fact | None, ...], int]] = [((), covered)]
        for key in asked.keys:
            if dependence(key) is not Dependence.CALLER and variation(key, reference()) is not Variation.NONE:
                parts = [
                    ((*facts, fact), where)
                    for facts, part in parts
                    for fact, where in self._circumstances.facts(self._ground, self._peers, key, part)
                ]
            else:
                fact = self._fact(key, covered)
                parts = [((*facts, fact), part) for facts, part in parts]
        yield from parts

    def _fact(self, key: str, covered: int) -> Fact | None:
        """Return what is known of a key that is the same on the whole ground."""
        if key not in self._known:
            subject = self.subject(covered.bit_length() - 1)
            if dependence(key) is Dependence.CALLER:
                derive = self._circumstances.derive(self._ground, self._peers, self._place(covered))
                self._known[key] = self._population.facts(self._position, (key,), derive)[0]
            else:
                self._known[key] = subject.context.fact(key)
        return self._known[key]

    def _place(self, bits: int) -> int:
        return (bits.bit_length() - 1) // self._ground.width

    def match(self, policy: AttachedPolicy, statement: Statement, bit: int) -> Truth:
        """Hold a statement against one request."""
        result = match_statement(policy, statement, self.subject(bit))
        return FALSE if result is None else result.truth

    def subject(self, bit: int) -> Subject:
        """Return one request, as statements are held against it."""
        subject = self._subjects.get(bit)
        if subject is None:
            standing = self._population.standing(self._position)
            derive = self._circumstances.derive(self._ground, self._peers, self._place(1 << bit))
            own = derive.on(self._ground.target(bit)).of_another(standing.caller, standing.may_be_tagged, self._moment)
            context = Context({}, own, UnknownContext.UNKNOWN, reference().is_multivalued)
            subject = Subject(standing.caller, self._ground.target(bit), context, self._peers.has_boundary)
            self._subjects[bit] = subject
        return subject
