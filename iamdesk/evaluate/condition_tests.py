"""One condition test against one request: false, unknown or true. Rules: G1 to G19, K3, K4."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from iamdesk.evaluate.context import Context, KeyValue, Knowledge
from iamdesk.evaluate.open_rules import (
    ALL_VALUES_NOT_LIKE,
    ANY_VALUE_IF_EXISTS,
    NULL_OF_EMPTY_TEXT,
    SEVERAL_VALUES,
    SHORT_ARN_PATTERN,
    VARIABLE_UNDER_BOOL,
    WILDCARD_IN_VALUE,
    OpenRule,
)
from iamdesk.evaluate.ternary import FALSE, MAYBE, TRUE, Truth, truth
from iamdesk.policy.conditions import ConditionTest, PolicyValue, Quantifier
from iamdesk.policy.operators import (
    ARN,
    BOOL,
    DATE,
    IP_ADDRESS,
    NULL,
    STRING,
    Bound,
    Operator,
    is_private_address,
    is_private_network,
)
from iamdesk.policy.resource_patterns import UnknownVariable
from iamdesk.policy.wildcards import is_pattern


class TestResult(NamedTuple):
    """The result of a condition test."""

    truth: Truth
    fact: KeyValue
    """What is known of the key."""
    other: Truth | None = None
    """The result by the other reading, where AWS's pages disagree (rule K9)."""
    open_rule: OpenRule | None = None
    """The rule that they disagree on; set where ``other`` is."""


def evaluate_test(test: ConditionTest, context: Context) -> TestResult:
    """Evaluate one condition test for a request."""
    fact = context.fact(test.key)
    operator = test.operator
    if operator is None:
        return TestResult(FALSE, fact)
    if operator.family is NULL:
        return _null_test(test, fact, is_multivalued=context.is_multivalued(test.key))
    if fact.knowledge is Knowledge.UNKNOWN:
        absent = _of_absent(test, operator)[0]
        present = _of_unknown_value(_possible(test, fact, context), operator, context, fact.since)
        return TestResult(absent if absent is present else MAYBE, fact)
    if fact.knowledge is Knowledge.VALUE_UNKNOWN and not context.is_strict:
        return TestResult(_of_unknown_value(_possible(test, fact, context), operator, context, fact.since), fact)
    if not fact.values:
        result, other = _of_absent(test, operator)
        rule = ANY_VALUE_IF_EXISTS if test.quantifier is Quantifier.ANY else ALL_VALUES_NOT_LIKE
        return TestResult(result, fact, other, None if other is None else rule)
    result, other = _of_values(test, operator, fact.values, context)
    rule = SEVERAL_VALUES
    if other is None:
        other, rule = _read_otherwise(test, operator, fact.values, context)
    return TestResult(result, fact) if other in (None, MAYBE, result) else TestResult(result, fact, other, rule)


def _read_otherwise(
    test: ConditionTest, operator: Operator, values: tuple[str, ...], context: Context
) -> tuple[Truth | None, OpenRule]:
    """Return the result with the values of a policy, or of its variables, read otherwise (rules G13, H2, H8)."""
    if operator.family in (BOOL, ARN) and any(value.otherwise for value in test.values):
        read = replace(test, values=tuple([value.otherwise or value for value in test.values]))
        rule = VARIABLE_UNDER_BOOL if operator.family is BOOL else SHORT_ARN_PATTERN
        return _of_values(read, operator, values, context)[0], rule
    if operator.takes_wildcards and test.variable_keys:
        filled = [value for key in test.variable_keys for value in context.fact(key).values]
        if any(map(is_pattern, filled)):
            return _of_values(test, operator, values, context, has_wildcards=True)[0], WILDCARD_IN_VALUE
    return None, WILDCARD_IN_VALUE


def _null_test(test: ConditionTest, fact: KeyValue, *, is_multivalued: bool) -> TestResult:
    """``true`` requires that the key is absent, ``false`` that it is present with a value (rule G5).

    IAM User Guide, "Multivalued context key examples": ForAllValues "also returns true if there are no context keys in
    the request, or if the context key value resolves to a null dataset, such as an empty string. To prevent missing
    context keys or context keys with empty values from evaluating to true, include the Null condition operator in your
    policy with a value of false to check if the context key in the request exists and its value is not null."
    """
    wanted = {value.read(_no_variables) for value in test.values}
    if fact.knowledge is Knowledge.UNKNOWN:
        found = TRUE if {"true", "false"} <= wanted else MAYBE if wanted & {"true", "false"} else FALSE
        return TestResult(found, fact)
    of_null, of_value = truth("true" in wanted), truth("false" in wanted)
    if fact.knowledge is Knowledge.PRESENT and fact.values == ("",) and not is_multivalued:
        is_open = of_null is not of_value
        return TestResult(of_value, fact, of_null, NULL_OF_EMPTY_TEXT) if is_open else TestResult(of_value, fact)
    is_null = fact.knowledge is Knowledge.ABSENT or (fact.knowledge is Knowledge.PRESENT and fact.values in ((), ("",)))
    return TestResult(of_null if is_null else of_value, fact)


def _no_variables(key: str) -> str | None:  # noqa: ARG001 - the shape of a resolver
    return None


def _of_absent(test: ConditionTest, operator: Operator) -> tuple[Truth, Truth | None]:
    """Evaluate a test whose key is absent or has no values (rules G3, G4, G14, G15)."""
    if test.quantifier is Quantifier.ALL:
        # One table row of AWS's shows no match for this operator alone (rule G14).
        return TRUE, (FALSE if operator.name == "StringNotLike" else None)
    if test.quantifier is Quantifier.ANY:
        # Two sentences of AWS's conflict for IfExists with ForAnyValue: strict mode takes false (rule G4).
        return FALSE, (TRUE if test.if_exists else None)
    return truth(test.if_exists or operator.negated), None


def _possible(test: ConditionTest, fact: KeyValue, context: Context) -> ConditionTest:
    """Return a test without the listed values that the key is known not to have."""
    values = test.values
    if fact.excludes or fact.excluded_ids:
        values = tuple([value for value in values if fact.can_be(value.text)])
    if test.key == "aws:sourceip" and test.operator is not None and test.operator.family is IP_ADDRESS:
        values = tuple([value for value in values if not _is_private(value, context)])  # rule G12
    return test if len(values) == len(test.values) else replace(test, values=values)


def _is_private(listed: PolicyValue, context: Context) -> bool:
    try:
        return is_private_network(listed.read(context.variable))
    except UnknownVariable:
        return False


def _of_unknown_value(test: ConditionTest, operator: Operator, context: Context, since: Decimal | None = None) -> Truth:
    """Evaluate a test whose key is present with an unknown value (rule K3)."""
    if since is not None and operator.family is DATE:
        return _of_later_value(test, operator, since)
    if any(value.matches_everything for value in test.values) and operator.family is STRING:
        result = truth(not operator.negated)
        if test.quantifier is Quantifier.NONE and result is TRUE and context.is_multivalued(test.key):
            return MAYBE  # with several values it is false (rule G16)
    elif all(value.is_malformed for value in test.values) and not operator.negated:
        result = FALSE  # rule G18
    elif not test.values and not (test.quantifier is Quantifier.NONE and context.is_multivalued(test.key)):
        result = TRUE
    else:
        return MAYBE
    # ForAllValues is true for a single empty value (rule G14).
    return MAYBE if test.quantifier is Quantifier.ALL and result is FALSE else result


def _of_later_value(test: ConditionTest, operator: Operator, since: Decimal) -> Truth:
    """Evaluate a test whose key is present with an unknown time, not before ``since``."""
    listed = [moment for value in test.values if (moment := value.read(_no_variables)) is not None]
    if operator.bound is Bound.LOWER:
        return TRUE if any(operator.compare(since, moment) for moment in listed) else MAYBE
    if any(moment > since or operator.compare(since, moment) for moment in listed):
        return MAYBE
    return truth(operator.negated)


def _of_values(
    test: ConditionTest,
    operator: Operator,
    values: tuple[str, ...],
    context: Context,
    *,
    has_wildcards: bool = False,
) -> tuple[Truth, Truth | None]:
    if test.quantifier is Quantifier.NONE:
        if len(values) > 1:
            # Several values without a set operator: false; the value-by-value result is the other reading (rule
            # G16).
            each = [value_truth(test, operator, value, context, has_wildcards=has_wildcards) for value in values]
            other = min(each) if operator.negated else max(each)
            return FALSE, (other if other is not FALSE else None)
        return value_truth(test, operator, values[0], context, has_wildcards=has_wildcards), None
    if test.quantifier is Quantifier.ALL:
        if values == ("",):
            return TRUE, None  # a lone empty string is a null set (rule G14)
        return min(value_truth(test, operator, value, context, has_wildcards=has_wildcards) for value in values), None
    return max(value_truth(test, operator, value, context, has_wildcards=has_wildcards) for value in values), None


def value_truth(
    test: ConditionTest, operator: Operator, value: str, context: Context, *, has_wildcards: bool = False
) -> Truth:
    """Return the result for one request value by itself; ``operator`` is that of the test.

    The value is compared with the list: positive operators need any match, negated ones none (rules G1, G2)."""
    request = operator.read_request(value)
    if request is None:
        return FALSE  # a malformed request value fails negated operators too (rule G19)
    values = test.values
    if test.key == "aws:sourceip" and operator.family is IP_ADDRESS and is_private_address(request):
        # Public addresses never match private ranges (rule G12).
        values = tuple(listed for listed in values if not is_private_network(listed.read(context.variable)))
    found = FALSE
    for listed in values:
        matched = _compare(operator, request, listed, context, has_wildcards)
        if matched is TRUE:
            return truth(not operator.negated)
        found = max(found, matched)
    return found.negated() if operator.negated else found


def _compare(operator: Operator, request: Any, listed: PolicyValue, context: Context, has_wildcards: bool) -> Truth:
    try:
        policy = listed.read(context.variable, has_wildcards=has_wildcards)
    except UnknownVariable:
        return MAYBE  # rule K4
    return truth(policy is not None and operator.compare(request, policy))
