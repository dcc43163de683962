"""Checks of conditions without effect: keys that are irrelevant, tests without values, tests that any value passes."""

from collections.abc import Iterator

from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import STRING
from iamdesk.policy_validation.issue import FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView


@validation_check(
    "POL-136",
    "IRRELEVANT_CONDITION_KEY_IN_POLICY",
    FindingType.SUGGESTION,
    title=mark("Condition key about the resource in its own policy"),
    remediation=mark("Test the key in identity policies: in the policy of the resource it always has the same value."),
    kinds=frozenset({PolicyKind.RESOURCE}),
)
def irrelevant_key(policy: PolicyView) -> Iterator[Problem]:
    """The owner of the resource."""
    keys = {"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount"}
    for _, test in policy.all_tests():
        if test.key in keys:
            yield test.path, phrase("`{key}` is the same in every request for the resource.", key=test.key_text)


def _empty_tests(policy: PolicyView) -> Iterator[ConditionTest]:
    for statement, test in policy.all_tests():
        if statement.raw["Condition"][test.operator_text][test.key_text] == []:
            yield test


_ADD_VALUES = mark("Add values, or remove the key.")
_USE_NULL = mark('Use `"Null": {"key": "true"}` to test whether the key is absent, or add values.')


@validation_check(
    "POL-140",
    "EMPTY_ARRAY_CONDITION",
    FindingType.SUGGESTION,
    title=mark("Condition key without values"),
    remediation=_ADD_VALUES,
)
def empty_condition(policy: PolicyView) -> Iterator[Problem]:
    """A plain operator."""
    for test in _empty_tests(policy):
        if test.quantifier is Quantifier.NONE and not test.if_exists:
            yield test.path, phrase("`{key}` has an empty list of values.", key=test.key_text)


@validation_check(
    "POL-141",
    "EMPTY_ARRAY_CONDITION_FORALLVALUES",
    FindingType.SUGGESTION,
    title=mark("ForAllValues without values"),
    remediation=_USE_NULL,
)
def empty_condition_for_all(policy: PolicyView) -> Iterator[Problem]:
    """It is true if the key is absent."""
    for test in _empty_tests(policy):
        if test.quantifier is Quantifier.ALL:
            yield test.path, phrase("ForAllValues without values is true only if `{key}` is absent.", key=test.key_text)


@validation_check(
    "POL-142",
    "EMPTY_ARRAY_CONDITION_FORANYVALUE",
    FindingType.SUGGESTION,
    title=mark("ForAnyValue without values"),
    remediation=_ADD_VALUES,
)
def empty_condition_for_any(policy: PolicyView) -> Iterator[Problem]:
    """It is never true."""
    for test in _empty_tests(policy):
        if test.quantifier is Quantifier.ANY:
            yield test.path, phrase("ForAnyValue on `{key}` without values is never true.", key=test.key_text)


@validation_check(
    "POL-143",
    "EMPTY_ARRAY_CONDITION_IFEXISTS",
    FindingType.SUGGESTION,
    title=mark("IfExists without values"),
    remediation=_USE_NULL,
)
def empty_condition_if_exists(policy: PolicyView) -> Iterator[Problem]:
    """It is true if the key is absent."""
    for test in _empty_tests(policy):
        if test.quantifier is Quantifier.NONE and test.if_exists:
            yield test.path, phrase("IfExists without values is true only if `{key}` is absent.", key=test.key_text)


def _tests_on_star(policy: PolicyView) -> Iterator[tuple[ConditionTest, str]]:
    """Yield tests of which a value is ``*``, with what they come to: present, absent, always or never."""
    for statement, test in policy.all_tests():
        operator = test.operator
        if operator is None or operator.family is not STRING or not operator.takes_wildcards:
            continue
        if not any(text and not text.strip("*") for _, text in statement.values_of(test)):
            continue
        if operator.negated:
            yield test, "never" if test.quantifier is Quantifier.ANY and not test.if_exists else "absent"
        elif test.if_exists or test.quantifier is Quantifier.ALL:
            yield test, "always"
        else:
            yield test, "present"


def _on_star(policy: PolicyView, meaning: str, sentence: str) -> Iterator[Problem]:
    for test, found in _tests_on_star(policy):
        if found == meaning:
            yield test.path, phrase(sentence, key=test.key_text, operator=test.operator_text)


@validation_check(
    "POL-144",
    "EQUIVALENT_TO_NULL_FALSE",
    FindingType.SUGGESTION,
    title=mark("Presence tested with a wildcard"),
    remediation=mark('Use `"Null": {"key": "false"}`.'),
)
def equivalent_to_null_false(policy: PolicyView) -> Iterator[Problem]:
    """``StringLike`` with ``*``."""
    return _on_star(policy, "present", mark("`{operator}` on `{key}` with `*` only tests that the key is present."))


@validation_check(
    "POL-145",
    "EQUIVALENT_TO_NULL_TRUE",
    FindingType.SUGGESTION,
    title=mark("Absence tested with a wildcard"),
    remediation=mark('Use `"Null": {"key": "true"}`.'),
)
def equivalent_to_null_true(policy: PolicyView) -> Iterator[Problem]:
    """``StringNotLike`` with ``*``."""
    return _on_star(policy, "absent", mark("`{operator}` on `{key}` with `*` only tests that the key is absent."))


@validation_check(
    "POL-146",
    "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION",
    FindingType.SUGGESTION,
    title=mark("Condition key that always matches"),
    remediation=mark("Remove the key from the condition."),
)
def redundant_key(policy: PolicyView) -> Iterator[Problem]:
    """With IfExists or ForAllValues."""
    return _on_star(policy, "always", mark("`{operator}` on `{key}` with `*` is always true."))


@validation_check(
    "POL-147",
    "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION",
    FindingType.SUGGESTION,
    title=mark("Condition key that never matches"),
    remediation=mark("Remove the key, or the statement, which never applies."),
)
def redundant_statement_by_star(policy: PolicyView) -> Iterator[Problem]:
    """``ForAnyValue:StringNotLike``."""
    return _on_star(policy, "never", mark("`{operator}` on `{key}` with `*` is never true."))
