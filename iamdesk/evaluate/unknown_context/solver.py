"""Decides over all values of unknown keys: every combination of values worth trying is evaluated (rules K6, K7).

The bounds of K6 show whether unknowns can matter at all. Where they can, values of the keys are enumerated: the same
key in two statements has one value in both, so an apparently undetermined request may have one decision.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod
from operator import itemgetter
from typing import NamedTuple

from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import KeyValue, Knowledge
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY
from iamdesk.evaluate.decision_logic import (
    CREDENTIALS_REFUSED,
    DecisionInputs,
    PolicyTypeDecision,
    decide,
    statement_effects,
)
from iamdesk.evaluate.matching import RequestFacts, StatementResult, match_statement
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.ternary import FALSE, MAYBE, Truth
from iamdesk.evaluate.unknown_context.complementary_statements import always_allowed_together
from iamdesk.evaluate.unknown_context.effort import is_too_much
from iamdesk.evaluate.unknown_context.key_domains import Domain, domains
from iamdesk.evaluate.unknown_context.passed_tags import Feasible, feasible_of
from iamdesk.policy.conditions import ConditionTest

MAX_COMBINATIONS = 4096
"""Number of combinations past which the bounds of K6 are the result."""
MAX_STATEMENT_EVALUATIONS = 64 * MAX_COMBINATIONS
"""The same for combinations times the statements to evaluate in each."""
MAX_SETS = 64
"""Number of minimal sets in the result."""
_MAX_FOUND = 1024

type ConditionSet = Mapping[str, KeyValue]
"""Values by key in lower case."""


class UnknownContextResult(NamedTuple):
    """The result over all combinations."""

    decision: EvalDecision
    type_decision: PolicyTypeDecision
    """The most favorable decision: how an allowed request is allowed."""
    keys: tuple[str, ...]
    """Keys in lower case whose value can change whether the request is allowed."""
    sets: tuple[ConditionSet, ...]
    """The minimal sets of values under which it is allowed; empty unless conditional."""
    denials: tuple[ConditionSet, ...]
    """The minimal sets of values under which it is not allowed; empty unless conditional."""
    is_exact: bool
    """False where values were not tried: too many combinations, or patterns without a complete set of witnesses."""
    has_more: bool = False
    """Whether there are more minimal sets than ``sets`` holds."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An undetermined statement, the unknown keys that it depends on, and its truth for their values."""

    result: StatementResult
    keys: tuple[str, ...]


def resolve(
    decision_inputs: DecisionInputs, results: Sequence[StatementResult], subject: RequestFacts, best: PolicyTypeDecision
) -> UnknownContextResult:
    """Decide a request whose bounds differ. ``best`` is the decision with all unknowns in the caller's favor."""
    trial = _Trial.of(decision_inputs, results, subject, best)
    keys, can_be_allowed = trial.keys, trial.can_be_allowed
    if (type_decision := trial.settled) is not None:
        return UnknownContextResult(type_decision.decision, type_decision, (), (), (), is_exact=True)
    if trial.is_too_large:
        # If even the best case is denied, the context does not matter.
        decision = trial.decision_of(())
        return UnknownContextResult(decision, best, keys if can_be_allowed else (), (), (), is_exact=not can_be_allowed)
    decide_truths = trial.judge()
    table = {combination: decide_truths(combination) for combination in trial.combinations()}
    if (is_feasible := trial.feasible()) is not None:
        possible = {combination: one for combination, one in table.items() if is_feasible(combination)}
        denied = next((one for one in possible.values() if one.decision is not EvalDecision.ALLOWED), None)
        if (
            denied is None
            or trial.decision_of({one.decision for one in possible.values()}) is not EvalDecision.CONDITIONAL
        ):
            table = possible
        else:  # values that no request has together count as denied, so that no set consists of them
            table = {combination: possible.get(combination, denied) for combination in table}
    type_decisions = list(table.values())
    decision = trial.decision_of({type_decision.decision for type_decision in type_decisions})
    if decision is not EvalDecision.CONDITIONAL:
        type_decision = next(
            (type_decision for type_decision in type_decisions if type_decision.decision is decision), best
        )
        return UnknownContextResult(decision, type_decision, (), (), (), is_exact=True)
    if len({type_decision.decision is EvalDecision.ALLOWED for type_decision in type_decisions}) == 1:
        # All values that were tried give the same decision, but there may be others.
        return UnknownContextResult(EvalDecision.CONDITIONAL, best, keys, (), (), is_exact=False)
    # From here on a value is its index in its domain: integers compare quickly.
    places = product(*(range(len(domain.facts)) for domain in trial.tried))
    allowed = {
        place: type_decision.decision is EvalDecision.ALLOWED
        for place, type_decision in zip(places, type_decisions, strict=True)
    }
    positions = [position for position in range(len(keys)) if _can_change(position, allowed)]
    allowed = {tuple([place[position] for position in positions]): word for place, word in allowed.items()}
    matters = tuple(keys[position] for position in positions)
    of_matter = [trial.tried[position] for position in positions]
    sets, has_more = _smallest_sets(matters, allowed, True, of_matter)
    denials, _ = _smallest_sets(matters, allowed, False, of_matter)
    if not trial.is_exact:
        bounds = _Bounds(decision_inputs, results, subject, ISSUE_TIME_KEY in keys)
        sets = tuple(one for one in sets if bounds.always_allow(one))
        denials = tuple(one for one in denials if bounds.never_allow(one))
    type_decision = next(
        type_decision for type_decision in type_decisions if type_decision.decision is EvalDecision.ALLOWED
    )
    return UnknownContextResult(
        EvalDecision.CONDITIONAL, type_decision, matters, sets, denials, trial.is_exact, has_more
    )


def resolve_decision(
    decision_inputs: DecisionInputs, results: Sequence[StatementResult], subject: RequestFacts, best: PolicyTypeDecision
) -> EvalDecision:
    """Return the decision that `resolve` makes, faster: without the keys and sets that it depends on."""
    trial = _Trial.of(decision_inputs, results, subject, best)
    type_decision = trial.settled
    return trial.decision_of(_seen(trial)) if type_decision is None else type_decision.decision


def _seen(trial: "_Trial") -> set[EvalDecision]:
    """Return the decisions of the combinations, as many as the result needs; none where there are too many."""
    seen: set[EvalDecision] = set()
    if not trial.is_too_large:
        decide_truths = trial.judge()
        is_feasible = trial.feasible()
        for combination in trial.combinations():
            if is_feasible is not None and not is_feasible(combination):
                continue
            seen.add(decide_truths(combination).decision)
            if EvalDecision.ALLOWED in seen and len(seen) > 1:
                break
    return seen


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is tried to decide a request whose bounds differ."""

    decision_inputs: DecisionInputs
    subject: RequestFacts
    fixed: list[tuple[StatementResult, Truth]]
    undetermined: list[_Open]
    keys: tuple[str, ...]
    tried: list[Domain]
    can_be_allowed: bool

    @classmethod
    def of(
        cls,
        decision_inputs: DecisionInputs,
        results: Sequence[StatementResult],
        subject: RequestFacts,
        best: PolicyTypeDecision,
    ) -> "_Trial":
        fixed = [(result, result.truth) for result in results if result.truth is not MAYBE]
        undetermined = [_Open(result, _unknown_keys(result, subject)) for result in results if result.truth is MAYBE]
        keys = tuple(dict.fromkeys(key for one in undetermined for key in one.keys))
        dependent = [one.result for one in undetermined]
        doubt, joint = decision_inputs.doubt, list[ConditionTest]()
        if doubt is not None and doubt.depends_on_test(keys):
            keys, joint = tuple(dict.fromkeys((*keys, doubt.settled_by.key))), [doubt.settled_by]
        tried = (
            [] if is_too_much(dependent, subject) else domains(keys, dependent, subject.where_least_is_known(), joint)
        )
        return cls(decision_inputs, subject, fixed, undetermined, keys, tried, best.decision is EvalDecision.ALLOWED)

    @property
    def is_too_large(self) -> bool:
        """Whether there are too many combinations to try, or nothing to try."""
        if len(self.tried) < len(self.keys) or not self.keys:
            return True
        count = prod(len(domain.facts) for domain in self.tried)
        return count > MAX_COMBINATIONS or count * len(self.undetermined) > MAX_STATEMENT_EVALUATIONS

    @property
    def is_exact(self) -> bool:
        """Whether the combinations show every possible outcome."""
        return all(domain.is_complete for domain in self.tried)

    @property
    def settled(self) -> PolicyTypeDecision | None:
        """The decision for all values, where these cannot all be tried but it is certain nevertheless."""
        if not self.keys or not self.undetermined or (self.is_exact and not self.is_too_large):
            return None
        undetermined = [one.result for one in self.undetermined]
        results = [result for result, _ in self.fixed] + undetermined
        return always_allowed_together(self.decision_inputs, results, undetermined, self.subject)

    def combinations(self) -> Iterator[tuple[KeyValue, ...]]:
        return product(*(domain.facts for domain in self.tried))

    def feasible(self) -> Feasible | None:
        """Return which combinations a request can have; None: all."""
        tests = [test for one in self.undetermined for test, _ in one.result.open_tests]
        return feasible_of(self.keys, tests, self.subject.context)

    def judge(self) -> "_Judge":
        return _Judge(self.decision_inputs, self.fixed, self.undetermined, self.keys, self.subject)

    def decision_of(self, decisions: Collection[EvalDecision]) -> EvalDecision:
        """Return the decision that the decisions of all combinations give; none given: too many combinations."""
        if not decisions:
            return EvalDecision.CONDITIONAL if self.can_be_allowed else EvalDecision.IMPLICIT_DENY
        if EvalDecision.ALLOWED not in decisions and (self.is_exact or not self.can_be_allowed):
            # Nothing would ever allow it: context does not matter, even where a Deny may apply.
            is_explicit = decisions == {EvalDecision.EXPLICIT_DENY} and self.is_exact
            return EvalDecision.EXPLICIT_DENY if is_explicit else EvalDecision.IMPLICIT_DENY
        return (
            EvalDecision.ALLOWED if decisions == {EvalDecision.ALLOWED} and self.is_exact else EvalDecision.CONDITIONAL
        )


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Decides with some values given and the others unknown: correct whatever the others are."""

    decision_inputs: DecisionInputs
    results: Sequence[StatementResult]
    subject: RequestFacts
    asks_for_token: bool
    """Whether a statement depends on the session token."""

    def always_allow(self, values: ConditionSet) -> bool:
        return self._decide(values, optimistic=False) is EvalDecision.ALLOWED

    def never_allow(self, values: ConditionSet) -> bool:
        return self._decide(values, optimistic=True) is not EvalDecision.ALLOWED

    def _decide(self, values: ConditionSet, optimistic: bool) -> EvalDecision:
        doubt = self.decision_inputs.doubt
        if doubt is not None and (
            doubt.is_refused(values) if optimistic else doubt.may_be_refused(values, self.asks_for_token)
        ):
            return EvalDecision.IMPLICIT_DENY
        subject = _given(self.subject, values)
        counted = statement_effects(
            (result, _truth_of(result, subject) if result.truth is MAYBE else result.truth) for result in self.results
        )
        return decide(replace(self.decision_inputs, doubt=None), counted, optimistic).decision


def _given(subject: RequestFacts, values: Mapping[str, KeyValue]) -> RequestFacts:
    context = replace(subject.context, given={**subject.context.given, **values})
    return replace(subject, context=context)


def _truth_of(result: StatementResult, subject: RequestFacts) -> Truth:
    """Return the truth of an undetermined statement with values given.

    Its other elements match whatever the values are: only the undetermined ones are evaluated again.
    """
    if not result.open_resource:
        context = subject.on_sub_request(result.policy.sub_request).context
        # By the other reading of a rule (rule K9) a statement may be undetermined although none of its tests is.
        return min([evaluate_test(test, context).truth for test, _ in result.open_tests], default=MAYBE)
    found = match_statement(result.policy, result.statement, subject)
    return FALSE if found is None else found.truth


class _Judge:
    """Decides one combination; each statement is evaluated once for each combination of its own keys."""

    def __init__(
        self,
        decision_inputs: DecisionInputs,
        fixed: list[tuple[StatementResult, Truth]],
        undetermined: list[_Open],
        keys: tuple[str, ...],
        subject: RequestFacts,
    ) -> None:
        self._situation = replace(decision_inputs, doubt=None)
        self._doubt = decision_inputs.doubt
        self._fixed = fixed
        self._hanging = undetermined
        self._keys = keys
        self._subject = subject
        self._own = [_picking([keys.index(key) for key in one.keys]) for one in undetermined]
        """Per statement, a function that picks the values of its keys from a combination."""
        self._truths: list[dict[tuple[KeyValue, ...], Truth]] = [{} for _ in undetermined]
        self._decided: dict[tuple[Truth, ...], PolicyTypeDecision] = {}

    def __call__(self, combination: tuple[KeyValue, ...]) -> PolicyTypeDecision:
        if self._doubt is not None and self._doubt.is_refused(dict(zip(self._keys, combination, strict=True))):
            return CREDENTIALS_REFUSED
        truths = self.truths(combination)
        type_decision = self._decided.get(truths)
        if type_decision is None:
            counted = statement_effects(
                [*self._fixed, *((one.result, t) for one, t in zip(self._hanging, truths, strict=True))]
            )
            type_decision = self._decided[truths] = decide(self._situation, counted, optimistic=False)
        return type_decision

    def truths(self, combination: tuple[KeyValue, ...]) -> tuple[Truth, ...]:
        """Return the truth of each undetermined statement."""
        found: list[Truth] = []
        for one, own_of, known in zip(self._hanging, self._own, self._truths, strict=True):
            own = own_of(combination)
            truth = known.get(own)
            if truth is None:
                subject = _given(self._subject, dict(zip(one.keys, own, strict=True)))
                truth = known[own] = _truth_of(one.result, subject)
            found.append(truth)
        return tuple(found)


def _picking(positions: Sequence[int]) -> Callable[[tuple[KeyValue, ...]], tuple[KeyValue, ...]]:
    """Return a function that picks some members of a tuple, as a tuple."""
    if len(positions) == 1:
        return itemgetter(slice(positions[0], positions[0] + 1))
    return itemgetter(*positions) if positions else lambda _: ()


def _unknown_keys(result: StatementResult, subject: RequestFacts) -> tuple[str, ...]:
    """Return every unknown key that the statement depends on: tested keys, and keys of variables."""
    keys: list[str] = []
    for test, _ in result.open_tests:
        keys.extend((test.key, *test.variable_keys))
    if result.open_resource:
        keys.extend(key for entry in result.statement.resources or () for key in entry.keys)
    context = subject.on_sub_request(result.policy.sub_request).context
    unknown = (key for key in dict.fromkeys(keys) if context.fact(key).knowledge >= Knowledge.VALUE_UNKNOWN)
    return tuple(unknown)


type _Places = tuple[int, ...]
"""For each key, the index of its value in its domain."""


def _can_change(position: int, allowed: Mapping[_Places, bool]) -> bool:
    seen: dict[_Places, bool] = {}
    for places, decision in allowed.items():
        rest = places[:position] + places[position + 1 :]
        if seen.setdefault(rest, decision) is not decision:
            return True
    return False


def _smallest_sets(
    keys: tuple[str, ...], allowed: Mapping[_Places, bool], wanted: bool, tried: Sequence[Domain]
) -> tuple[tuple[ConditionSet, ...], bool]:
    """Return minimal sets of fixed values that give the wanted outcome whatever the other values are.

    Also returns whether there are more of them.
    """
    masks = _masks(len(keys), allowed)
    others = sum(1 << number for number, word in enumerate(allowed.values()) if word is not wanted)
    holding = (1 << len(allowed)) - 1 ^ others
    useful = [{place: mask[place] for place in _useful(mask, holding, others)} for mask in masks]
    found = 0
    minimal: list[dict[int, int]] = []
    is_cut = False
    # Sets with both outcomes among their combinations: one more value may decide these.
    unsettled: list[tuple[tuple[tuple[int, int], ...], int]] = [((), holding | others)]
    for count in range(1, len(keys) + 1):
        larger = []
        for values, members in unsettled:
            first = values[-1][0] + 1 if values else 0
            for position in range(first, len(keys)):
                for place, mask in useful[position].items():
                    within = members & mask
                    if not within & holding:
                        continue
                    one = (*values, (position, place))
                    if within & others:
                        larger.append((one, within))
                    elif _needs_all(one, masks, others):
                        found += 1
                        if _takes_fresh_in_order(candidate := dict(one), tried):
                            minimal.append(candidate)
        unsettled = larger
        if len(minimal) >= MAX_SETS or found >= _MAX_FOUND:
            is_cut = count < len(keys)
            break
    sets = tuple(islice(_spread(keys, minimal, tried), MAX_SETS + 1))
    return sets[:MAX_SETS], is_cut or len(sets) > MAX_SETS


type _Masks = Sequence[Mapping[int, int]]
"""By key and index of its value: the combinations with the value, as bits."""


def _masks(keys: int, allowed: Mapping[_Places, bool]) -> _Masks:
    found: list[dict[int, int]] = [{} for _ in range(keys)]
    for number, places in enumerate(allowed):
        bit = 1 << number
        for mask, place in zip(found, places, strict=True):
            mask[place] = mask.get(place, 0) | bit
    return found


def _useful(mask: Mapping[int, int], holding: int, others: int) -> Iterator[int]:
    """Yield the indexes of a key's values that change the outcome for some values of the other keys.

    Combinations are in the order of `product`: those that differ in one key alone are as far apart as its values.
    """
    firsts = {place: (members & -members).bit_length() for place, members in mask.items()}
    for place, members in mask.items():
        turning = holding & members
        for other, first in firsts.items():
            distance = first - firsts[place]
            if other != place and (turning << distance if distance > 0 else turning >> -distance) & others:
                yield place
                break


def _needs_all(values: Sequence[tuple[int, int]], masks: _Masks, others: int) -> bool:
    """Return whether each of the values is needed: without it, some combination has the other outcome."""
    for left_out in range(len(values)):
        within = others
        for number, (position, place) in enumerate(values):
            if number != left_out:
                within &= masks[position][place]
        if not within:
            return False
    return True


def _spread(
    keys: tuple[str, ...], found: Iterable[Mapping[int, int]], tried: Sequence[Domain]
) -> Iterator[ConditionSet]:
    """Yield each set, also with other values named by policies that have the same outcome."""
    for one in found:
        facts = {position: tried[position].facts[place] for position, place in one.items()}
        choices = [(fact, *tried[position].same.get(fact, ())) for position, fact in facts.items()]
        for chosen in product(*choices):
            yield {keys[position]: fact for position, fact in zip(one, chosen, strict=True)}


def _takes_fresh_in_order(one: Mapping[int, int], tried: Sequence[Domain]) -> bool:
    """Return whether a set represents all that differ from it only in their choice of interchangeable values."""
    seen = 0
    for position, place in one.items():
        domain = tried[position]
        if domain.fresh and (fact := domain.facts[place]) in domain.fresh:
            number = domain.fresh.index(fact)
            if number > seen:
                return False
            seen = max(seen, number + 1)
    return True
