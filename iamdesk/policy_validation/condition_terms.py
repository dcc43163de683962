"""What a condition test asks of a key: whether it is false without it, and whether it restricts to values."""

from iamdesk.policy.conditions import ConditionTest, Quantifier


def requires_key(test: ConditionTest) -> bool:
    """Return whether a test is false for a request without the key (rules G4, G14, G16)."""
    operator = test.operator
    if operator is None:
        return True
    if not operator.compares_values:
        return {value.text.lower() for value in test.values} == {"false"}
    if test.if_exists or test.quantifier is Quantifier.ALL:
        return False
    return test.quantifier is Quantifier.ANY or not operator.negated


def demands_presence(test: ConditionTest) -> bool:
    """Return whether a test compares values of a key that a request then has to contain."""
    return test.operator is not None and test.operator.compares_values and requires_key(test)


def is_null_test(test: ConditionTest, *, is_absent: bool) -> bool:
    """Return whether a test is ``Null`` with ``true`` (``is_absent``) or with ``false``."""
    if test.operator is None or test.operator.compares_values:
        return False
    return {value.text.lower() for value in test.values} == {"true" if is_absent else "false"}
