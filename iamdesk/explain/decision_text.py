"""The outcome of a condition test in words about the values of its key."""

from collections.abc import Sequence

from iamdesk.aws.service_reference import reference
from iamdesk.evaluate.unknown_context.test_values import can_read
from iamdesk.explain.condition_summary import comparison
from iamdesk.i18n import phrase
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import BOOL, Operator, opposite_of


def outcome_words(test: ConditionTest, values: Sequence[str], holds: bool) -> str:
    """Return the outcome of a test as words about its key: ``has a value that is red``, ``is not red``.

    Args:
        test: A test with an operator of AWS's.
        values: Values of the key with that outcome; the words apply to all values with it.
        holds: The outcome.
    """
    operator = test.operator
    if operator is None:
        raise ValueError("a test without an operator never holds: nothing is to be said")
    if test.quantifier is not Quantifier.NONE:
        return _of_several(test, operator, holds)
    key_type = reference().key_type(test.key)
    if not can_read(operator, test.key):
        kind = phrase(operator.family.reads)
        if operator.read_request(values[0]) is None:
            return phrase("is not {kind}", kind=kind)
        return phrase("is {kind} that {compared}", kind=kind, compared=_compared(test, operator, holds))
    compared = _compared(test, operator, holds)
    if len(values) > 1 or (key_type is not None and key_type.startswith("ArrayOf")):
        if holds:
            return phrase("has one value, which {compared}", compared=compared)
        # Without a set operator several values match nothing (rule G16).
        return phrase("has several values, or one that {compared}", compared=compared)
    return compared


def _of_several(test: ConditionTest, operator: Operator, holds: bool) -> str:
    """Return the outcome of a test with a set operator (rules G14, G15)."""
    satisfies = _compared(test, operator, holds=True)
    if not can_read(operator, test.key):  # what it cannot read satisfies neither the operator nor its opposite
        kind, matching = phrase(operator.family.reads), satisfies
        satisfies = phrase("is {kind} that {compared}", kind=kind, compared=matching)
        differs = phrase("is not {kind} that {compared}", kind=kind, compared=matching)
    else:
        differs = _compared(test, operator, holds=False)
    if test.quantifier is Quantifier.ANY and holds:
        return phrase("has a value that {compared}", compared=satisfies)
    if test.quantifier is Quantifier.ALL and not holds:
        return phrase("has a value that {compared}", compared=differs)
    # All values satisfy it, or (of ForAnyValue) fail it.
    each, none = (satisfies, differs) if test.quantifier is Quantifier.ALL else (differs, satisfies)
    is_stated_as_none = operator.negated is (test.quantifier is Quantifier.ALL)
    if is_stated_as_none:
        return phrase("has no value that {compared}", compared=none)
    return phrase("has only values, each of which {compared}", compared=each)


def _compared(test: ConditionTest, operator: Operator, holds: bool) -> str:
    """Return how one value compares with the listed ones: as the operator requires, or the opposite."""
    if holds:
        return comparison(test, operator)
    if operator.family is BOOL and len(test.values) == 1 and not test.values[0].is_malformed:
        return phrase("is {value}", value="false" if test.values[0].text.lower() == "true" else "true")
    opposite = opposite_of(operator)
    has_sizes = operator.bound is not None and len(test.values) > 1
    if opposite is None or has_sizes:
        return phrase("does not satisfy “{compared}”", compared=comparison(test, operator))
    return comparison(test, opposite)
