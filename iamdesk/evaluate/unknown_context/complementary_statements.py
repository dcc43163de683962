"""Statements that complement each other for every value of an unknown key (rule K7).

If one Allow requires a tag to equal ``${aws:username}`` and another requires it to differ, both together always allow,
whatever the value. A comparison and its opposite share one outcome. Outcomes are tried here instead of values: more
than are possible, so what holds for all outcomes holds for all values.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.condition_tests import evaluate_test
from iamdesk.evaluate.context import ABSENT, Context, KeyValue, Knowledge
from iamdesk.evaluate.credential_limits import ISSUE_TIME_KEY
from iamdesk.evaluate.decision_logic import DecisionInputs, PolicyTypeDecision, decide, statement_effects
from iamdesk.evaluate.matching import RequestFacts, StatementResult
from iamdesk.evaluate.request import EvalDecision
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth, truth
from iamdesk.evaluate.unknown_context.test_values import can_read, counts_empty_as_none
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import OPERATORS

_MAX_COMBINATIONS = 1024
"""Number of combinations of outcomes that are tried at once."""
_MAX_COMPARISONS = 6
"""Per key."""
_SOME, _EMPTY = KeyValue(Knowledge.PRESENT, ("x",)), KeyValue(Knowledge.PRESENT, ("",))


def always_allowed_together(
    decision_inputs: DecisionInputs,
    results: Sequence[StatementResult],
    undetermined: Sequence[StatementResult],
    subject: RequestFacts,
) -> PolicyTypeDecision | None:
    """Return the decision if it is the same for all unknown values; None if they may matter.

    ``undetermined`` are those of ``results`` that depend on unknown values.
    """
    context = subject.where_least_is_known().context
    tests: dict[str, list[ConditionTest]] = {}
    for result in undetermined:
        for test, _ in result.open_tests:
            tests.setdefault(test.key, []).append(test)
    outcomes_of = {key: found for key, of in tests.items() if len(of) > 1 and (found := _outcomes_of(key, of, context))}
    doubt, decision_inputs = decision_inputs.doubt, replace(decision_inputs, doubt=None)
    may_be_refused = doubt is not None and doubt.may_be_refused({}, ISSUE_TIME_KEY in tests)
    fixed = [(result, result.truth) for result in results if result.truth is not MAYBE]
    for group in _groups(outcomes_of):
        type_decision = _settled_by({key: outcomes_of[key] for key in group}, decision_inputs, fixed, undetermined)
        if type_decision is not None and not (may_be_refused and type_decision.decision is EvalDecision.ALLOWED):
            return type_decision
    return None


type _Outcome = Mapping[int, Truth]
"""The result of each test on a key, by the identity of the test."""


def _groups(outcomes_of: Mapping[str, Sequence[_Outcome]]) -> Iterator[list[str]]:
    """Yield the keys that are tried together: as many as possible, then each of the others."""
    together: list[str] = []
    alone: list[str] = []
    count = 1
    for key in sorted(outcomes_of, key=lambda key: len(outcomes_of[key])):
        count *= len(outcomes_of[key])
        (together if count <= _MAX_COMBINATIONS else alone).append(key)
    if together:
        yield together
    yield from ([key] for key in alone if len(outcomes_of[key]) <= _MAX_COMBINATIONS)


def _settled_by(
    outcomes_of: Mapping[str, Sequence[_Outcome]],
    decision_inputs: DecisionInputs,
    fixed: Sequence[tuple[StatementResult, Truth]],
    undetermined: Sequence[StatementResult],
) -> PolicyTypeDecision | None:
    first: PolicyTypeDecision | None = None
    seen: set[tuple[Truth, ...]] = set()
    is_allowed: bool | None = None
    for outcomes in product(*outcomes_of.values()):
        known = {test: truth for outcome in outcomes for test, truth in outcome.items()}
        truths = tuple([_truth_of(result, known) for result in undetermined])
        if truths in seen:
            continue
        seen.add(truths)
        counted = statement_effects([*fixed, *zip(undetermined, truths, strict=True)])
        worst = decide(decision_inputs, counted, optimistic=False)
        best = decide(decision_inputs, counted, optimistic=True)
        if worst.decision is EvalDecision.ALLOWED and is_allowed is not False:
            is_allowed = True
        elif best.decision is not EvalDecision.ALLOWED and is_allowed is not True:
            is_allowed = False
        else:
            return None
        # Of two denials the weaker one is returned: an explicit Deny does not apply for every value.
        if first is None or best.decision is EvalDecision.IMPLICIT_DENY:
            first = worst if is_allowed else best
    return first


def _truth_of(result: StatementResult, known: Mapping[int, Truth]) -> Truth:
    found = min([known.get(id(test), MAYBE) for test, _ in result.open_tests], default=MAYBE)
    return min(found, MAYBE) if result.open_resource else found


def _outcomes_of(key: str, tests: Sequence[ConditionTest], context: Context) -> list[_Outcome]:
    """Return the possible outcomes of the tests on one key, perhaps more; none where there are too many."""
    compared = {
        _comparison(test): test for test in tests if test.operator is not None and test.operator.compares_values
    }
    if len(compared) > _MAX_COMPARISONS:
        return []
    found: dict[tuple[Truth, ...], None] = {}
    if context.fact(key).knowledge is Knowledge.UNKNOWN:
        found[_given(key, ABSENT, tests, context)] = None
    fixed = {False: _given(key, _SOME, tests, context)}
    if any(map(counts_empty_as_none, tests)):
        fixed[True] = _given(key, _EMPTY, tests, context)
    choices = [(True, False, None) if _can_fail_both(test) else (True, False) for test in compared.values()]
    choices = [(True, False, None) if _can_fail_both(test) else (True, False) for test in compared.values()]
    for matched in product(*choices):
        matches = dict(zip(compared, matched, strict=True))
        for is_null, truths in fixed.items():
            found[tuple([_outcome_of(test, matches, truths[place], is_null) for place, test in enumerate(tests)])] = (
                None
            )
    return [{id(test): truth for test, truth in zip(tests, outcome, strict=True)} for outcome in found]


def _given(key: str, fact: KeyValue, tests: Sequence[ConditionTest], context: Context) -> tuple[Truth, ...]:
    known = replace(context, given={**context.given, key: fact})
    return tuple([evaluate_test(test, known).truth for test in tests])


def _comparison(test: ConditionTest) -> Hashable:
    """Return a key that a test shares with tests that are equal or opposite to it."""
    operator = test.operator
    name = positive = ""
    if operator is not None:
        same = OPERATORS[operator.same_as.lower()] if operator.same_as else operator
        name, positive = same.name, same.positive_name
    values = frozenset([(value.text, bool(value.variables)) for value in test.values])
    if test.quantifier is Quantifier.NONE:
        return positive, values, Quantifier.NONE
    if not _reads_all(test):
        return name, values, test.quantifier
    # "All are listed" is the opposite of "any is not listed".
    is_of_all = (test.quantifier is Quantifier.ALL) is not (operator is not None and operator.negated)
    return positive, values, Quantifier.ALL if is_of_all else Quantifier.ANY


def _reads_all(test: ConditionTest) -> bool:
    """Return whether the operator can read every value of the key; if not, it fails, negated or not (rule G19)."""
    return test.operator is not None and can_read(test.operator, test.key)


def _can_fail_both(test: ConditionTest) -> bool:
    """Return whether a test and its opposite may both be false."""
    if test.quantifier is not Quantifier.NONE:
        return False
    known = reference().key_type(test.key)
    return not _reads_all(test) or known is None or known.startswith("ArrayOf")  # rule G16


def _outcome_of(test: ConditionTest, matches: Mapping[Hashable, bool | None], fixed: Truth, is_null: bool) -> Truth:
    operator = test.operator
    if operator is None or not operator.compares_values:
        return fixed
    if is_null and test.quantifier is Quantifier.ALL:
        return TRUE
    matched = matches[_comparison(test)]
    if matched is None:
        return FALSE
    if test.quantifier is not Quantifier.NONE and not _reads_all(test):
        return truth(matched)
    return truth(matched is not operator.negated)
