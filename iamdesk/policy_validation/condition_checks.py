"""Checks of ``Condition``: operators, keys, and how both fit."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

from iamdesk.aws.condition_keys import (
    GLOBAL_KEY_TYPES,
    PER_ACTION_KEY_TYPES,
    PRINCIPAL_TAG_PREFIX,
    RESOURCE_TAG_PREFIXES,
    spelled,
)
from iamdesk.aws.service_reference import reference
from iamdesk.i18n import join_names, mark, phrase
from iamdesk.policy.conditions import ConditionTest, Quantifier
from iamdesk.policy.operators import ARN, BOOL, NULL, NUMERIC, OPERATORS, STRING
from iamdesk.policy_validation.facts import facts
from iamdesk.policy_validation.issue import FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView
from iamdesk.policy_validation.precedents import precedents

_OLD_PRINCIPAL_KEY = "aws:arn"
_UNTRUSTWORTHY = frozenset({"aws:referer", "aws:useragent"})
"""Sent by the client as it likes (IAM User Guide, "AWS global condition context keys")."""
_ONE_VALUE_IN_PRACTICE = frozenset({"events:detail-type"})
"""Listed as multivalued, but documented with plain operators (EventBridge User Guide, "IAM policy conditions")."""
_MAX_NAMED = 5
_TAG_KEYS = (*RESOURCE_TAG_PREFIXES, "aws:requesttag/", PRINCIPAL_TAG_PREFIX)


@lru_cache(maxsize=1 << 10)
def key_type(key: str) -> str | None:
    """Return the type of a condition key (lower case); None if it does not exist."""
    return reference().key_type(key)


def _plain_type(key: str) -> str:
    return (key_type(key) or "").removeprefix("ArrayOf")


def _bare(operator_text: str) -> str:
    """Return an operator without set operator and IfExists, in lower case."""
    return operator_text.rpartition(":")[2].lower().removesuffix("ifexists")


@validation_check(
    "POL-110",
    "INVALID_CONDITION_OPERATOR",
    FindingType.ERROR,
    title=mark("Unknown condition operator"),
    remediation=mark("Use a condition operator of the policy grammar."),
    can_be_stored=False,
)
def invalid_condition_operator(policy: PolicyView) -> Iterator[Problem]:
    """The condition is never true (rule G17)."""
    for path, operator in _operators(policy):
        if not _is_unknown(operator):
            continue
        near = get_close_matches(_bare(operator), OPERATORS, n=1, cutoff=0.7)
        if _bare(operator) in OPERATORS:
            prefix = operator.partition(":")[0]
            yield (
                path,
                phrase("The set operator `{prefix}` of `{operator}` does not exist.", prefix=prefix, operator=operator),
            )
        elif near:
            name = OPERATORS[near[0]].name
            yield (
                path,
                phrase(
                    "The operator `{operator}` does not exist. Did you mean `{near}`?", operator=operator, near=name
                ),
            )
        else:
            yield path, phrase("The operator `{operator}` does not exist.", operator=operator)


def _operators(policy: PolicyView) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for statement in policy.statements:
        block = statement.raw.get("Condition")
        for operator in block if isinstance(block, dict) else ():
            yield (*statement.path, "Condition", operator), operator


def _is_unknown(operator: str) -> bool:
    prefix, colon, _ = operator.partition(":")
    if colon and prefix.lower() not in ("forallvalues", "foranyvalue"):
        return True
    return _bare(operator) not in OPERATORS


@validation_check(
    "POL-111",
    "NULL_WITH_IF_EXISTS",
    FindingType.ERROR,
    title=mark("Null with IfExists"),
    remediation=mark("Use `Null` without `IfExists`: it already tests whether the key is present."),
    can_be_stored=False,
)
def null_with_if_exists(policy: PolicyView) -> Iterator[Problem]:
    """AWS does not accept the suffix (rule G4)."""
    for path, operator in _operators(policy):
        if _bare(operator) == "null" and operator.lower().endswith("ifexists"):
            yield path, phrase("The operator `{operator}` does not exist.", operator=operator)


@validation_check(
    "POL-112",
    "NULL_WITH_QUALIFIER",
    FindingType.SUGGESTION,
    title=mark("Null with a set operator"),
    remediation=mark("Use `Null` without `ForAllValues:` or `ForAnyValue:`."),
)
def null_with_qualifier(policy: PolicyView) -> Iterator[Problem]:
    """It is then always true, or always false."""
    for path, operator in _operators(policy):
        if _bare(operator) == "null" and ":" in operator and not operator.lower().endswith("ifexists"):
            yield path, phrase("The operator `{operator}` is the same for every request.", operator=operator)


@validation_check(
    "POL-113",
    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
    FindingType.ERROR,
    title=mark("Condition key twice in different case"),
    remediation=mark("Write the key once, with all its values. Condition keys are not case-sensitive."),
    can_be_stored=False,
)
def duplicate_keys(policy: PolicyView) -> Iterator[Problem]:
    """In one operator."""
    for statement in policy.statements:
        block = statement.raw.get("Condition")
        for operator, keys in block.items() if isinstance(block, dict) else ():
            seen: set[str] = set()
            for key in keys if isinstance(keys, dict) else ():
                if key.lower() in seen:
                    message = phrase(
                        "The condition key `{key}` occurs twice below `{operator}`, in different case.",
                        key=key,
                        operator=operator,
                    )
                    yield (*statement.path, "Condition", operator, key), message
                seen.add(key.lower())


@validation_check(
    "POL-114",
    "INVALID_CONDITION_KEY_FORMAT",
    FindingType.ERROR,
    title=mark("Malformed condition key"),
    remediation=mark("Use the format `service:keyname`."),
)
def invalid_key_format(policy: PolicyView) -> Iterator[Problem]:
    """A service, a colon and a name, without white space in the service."""
    for _, test in policy.all_tests():
        if not _has_key_format(test.key):
            yield (
                test.path,
                phrase("The condition key `{key}` does not have the format `service:keyname`.", key=test.key_text),
            )


def _has_key_format(key: str) -> bool:
    service, colon, name = key.partition(":")
    return bool(colon and service and name) and not any(one.isspace() for one in service)


@validation_check(
    "POL-115",
    "INVALID_GLOBAL_CONDITION_KEY",
    FindingType.ERROR,
    title=mark("Unknown global condition key"),
    remediation=mark("Use a global condition key of AWS."),
)
def invalid_global_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys of ``aws:``; the sentence has the nearest key that exists."""
    for _, test in policy.all_tests():
        if (
            test.key.startswith("aws:")
            and test.key != _OLD_PRINCIPAL_KEY
            and test.key not in precedents().keys
            and key_type(test.key) is None
            and not _lacks_tag(test.key)
        ):
            yield test.path, _no_key(test, _global_keys())


@cache
def _global_keys() -> tuple[str, ...]:
    return (*(key for key in GLOBAL_KEY_TYPES if key.startswith("aws:")), *PER_ACTION_KEY_TYPES, PRINCIPAL_TAG_PREFIX)


def nearest_key(key: str, keys: tuple[str, ...] = ()) -> str:
    """Return the key most like one that does not exist (in lower case), as AWS spells it; empty if none is like it.

    ``keys``: those to choose from; none: the global keys.
    """
    name, slash, _ = key.partition("/")
    near = get_close_matches(name + slash, keys or _global_keys(), n=1, cutoff=0.75)
    return spelled(near[0]) if near else ""


def _no_key(test: ConditionTest, keys: tuple[str, ...]) -> str:
    if near := nearest_key(test.key, keys):
        return phrase("The condition key `{key}` does not exist. Did you mean `{near}`?", key=test.key_text, near=near)
    return phrase("The condition key `{key}` does not exist.", key=test.key_text)


@validation_check(
    "POL-116",
    "INVALID_SERVICE_CONDITION_KEY",
    FindingType.ERROR,
    title=mark("Unknown condition key of a service"),
    remediation=mark("Use a condition key that the Service Authorization Reference lists for the service."),
)
def invalid_service_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys of a service that exists."""
    for _, test in policy.all_tests():
        service, _, name = test.key.partition(":")
        if service == "aws" or not name or key_type(test.key) is not None or _lacks_tag(test.key):
            continue
        if reference().service_exists(service) and test.key not in precedents().keys:
            yield test.path, _no_key(test, reference().keys_of(service))


@validation_check(
    "POL-117",
    "UNSUPPORTED_GLOBAL_CONDITION_KEY",
    FindingType.ERROR,
    title=mark("Unsupported global condition key"),
    remediation=mark("Use `aws:PrincipalArn`, or `aws:SourceArn` for the resource on whose behalf a service calls."),
    kinds=frozenset({PolicyKind.RESOURCE, PolicyKind.ENDPOINT, PolicyKind.TRUST, PolicyKind.RCP, PolicyKind.SCP}),
)
def unsupported_global_key(policy: PolicyView) -> Iterator[Problem]:
    """``aws:ARN`` in policies that apply to services as well: two keys replace it."""
    return _old_keys(policy, mark("The condition key `{key}` is not supported."))


@validation_check(
    "POL-118",
    "DEPRECATED_GLOBAL_CONDITION_KEY",
    FindingType.WARNING,
    title=mark("Deprecated global condition key"),
    remediation=mark("Use `aws:PrincipalArn`."),
    kinds=frozenset({PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.PERMISSION_SET}),
)
def deprecated_global_key(policy: PolicyView) -> Iterator[Problem]:
    """``aws:ARN`` in policies of identities: one key replaces it."""
    return _old_keys(policy, mark("The condition key `{key}` is deprecated."))


def _old_keys(policy: PolicyView, sentence: str) -> Iterator[Problem]:
    for _, test in policy.all_tests():
        if test.key == _OLD_PRINCIPAL_KEY:
            yield test.path, phrase(sentence, key=test.key_text)


def _lacks_tag(key: str) -> bool:
    """Return whether a key is one for tags without the tag's key: ``aws:resourcetag`` or ``aws:resourcetag/``."""
    return f"{key.removesuffix('/')}/" in _TAG_KEYS


@validation_check(
    "POL-119",
    "MISSING_TAG_KEY_IN_CONDITION",
    FindingType.ERROR,
    title=mark("Condition key without a tag key"),
    remediation=mark("Add the key of the tag: `aws:ResourceTag/owner`."),
)
def missing_tag_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys that end in the key of a tag."""
    for _, test in policy.all_tests():
        if _lacks_tag(test.key):
            yield test.path, phrase("The condition key `{key}` does not name a tag.", key=test.key_text)


@validation_check(
    "POL-120",
    "MISSING_QUALIFIER",
    FindingType.ERROR,
    title=mark("Multivalued key without a set operator"),
    remediation=mark("Add `ForAnyValue:` or `ForAllValues:` to the operator."),
)
def missing_qualifier(policy: PolicyView) -> Iterator[Problem]:
    """Keys such as ``aws:TagKeys`` (rule G16)."""
    for _, test in policy.all_tests():
        if test.operator is None or test.quantifier is not Quantifier.NONE or not test.operator.compares_values:
            continue
        if (key_type(test.key) or "").startswith("ArrayOf") and test.key not in _ONE_VALUE_IN_PRACTICE:
            message = phrase(
                "`{key}` has several values, but `{operator}` has no set operator.",
                key=test.key_text,
                operator=test.operator_text,
            )
            yield test.path, message


@validation_check(
    "POL-121",
    "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
    FindingType.SECURITY_WARNING,
    title=mark("ForAllValues on a single-valued key"),
    remediation=mark("Remove `ForAllValues:` from the operator: it is true for a request without the key."),
)
def for_all_values_on_one_value(policy: PolicyView) -> Iterator[Problem]:
    """Audiences of identity providers apart, which POL-050 reports."""
    for _, test in policy.all_tests():
        type_ = key_type(test.key)
        if test.quantifier is not Quantifier.ALL or type_ is None or type_.startswith("ArrayOf"):
            continue
        host, _, claim = test.key.rpartition(":")
        if not (claim == "aud" and "." in host) and _bare(test.operator_text) != "null":
            yield test.path, phrase("`{key}` has one value, but is tested with ForAllValues.", key=test.key_text)


@validation_check(
    "POL-122",
    "INVALID_CONDITION_DATA_TYPE",
    FindingType.ERROR,
    title=mark("Values of different JSON types"),
    remediation=mark("Write all values of the condition key in the same JSON type."),
)
def invalid_condition_data_type(policy: PolicyView) -> Iterator[Problem]:
    """Text, number or boolean."""
    for statement, test in policy.all_tests():
        types = {_json_type(value) for _, value in statement.raw_values_of(test)}
        if len(types) > 1:
            yield test.path, phrase("The values of `{key}` have different JSON types.", key=test.key_text)


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


@validation_check(
    "POL-123",
    "INVALID_CONDITION_MULTIPLE_BOOLEAN",
    FindingType.ERROR,
    title=mark("Several boolean values"),
    remediation=mark("Use one value, true or false."),
)
def multiple_booleans(policy: PolicyView) -> Iterator[Problem]:
    """``Bool``, and ``Null``, whose values are boolean, too."""
    for statement, test in policy.all_tests():
        if (
            test.operator is not None
            and test.operator.family in (BOOL, NULL)
            and len(statement.raw_values_of(test)) > 1
        ):
            yield (
                test.path,
                phrase("`{operator}` on `{key}` has several values.", operator=test.operator_text, key=test.key_text),
            )


@validation_check(
    "POL-124",
    "TYPE_MISMATCH",
    FindingType.WARNING,
    title=mark("Operator of the wrong type for the key"),
    remediation=mark("Use an operator of the key's type."),
)
def type_mismatch(policy: PolicyView) -> Iterator[Problem]:
    """String operators on booleans, numbers, dates and addresses compare them as text."""
    for _, test in policy.all_tests():
        type_ = _plain_type(test.key)
        if type_ and test.operator is not None and not _types_fit(test, type_):
            message = phrase(
                "`{key}` is of type {type}, but is tested with `{operator}`.",
                key=test.key_text,
                type=type_,
                operator=test.operator_text,
            )
            yield test.path, message


_NAMES = {
    "ARN": "ARN",
    "Bool": "Bool",
    "Date": "Date",
    "Numeric": "Numeric",
    "IPAddress": "IPAddress",
    "String": "String",
}


def _types_fit(test: ConditionTest, type_: str) -> bool:
    family = test.operator.family if test.operator is not None else NULL
    if family is NULL or type_ not in _NAMES:
        return True
    if family is STRING:
        return type_ in ("String", "ARN", "Binary")
    if type_ in family.key_types or (family is ARN and type_ == "ARN"):
        return family is not NUMERIC or type_ != "Date" or test.key == "aws:epochtime"
    if test.key == "aws:epochtime":
        return family.is_number
    # A tag, or an entry of an encryption context, can hold a number, a date or an ARN.
    return type_ == "String" and test.key.startswith((*_TAG_KEYS, "kms:encryptioncontext:"))


@validation_check(
    "POL-125",
    "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
    FindingType.SECURITY_WARNING,
    title=mark("StringLike on an ARN"),
    remediation=mark("Use `ArnLike`, whose wildcards do not cross the colons of the ARN."),
)
def string_like_on_arn(policy: PolicyView) -> Iterator[Problem]:
    """``StringLike`` and ``StringNotLike``, with a wildcard or without."""
    for _, test in policy.all_tests():
        if (
            test.operator is not None
            and test.operator.family is STRING
            and test.operator.takes_wildcards
            and _plain_type(test.key) == "ARN"
        ):
            message = phrase(
                "`{key}` is an ARN, but is tested with `{operator}`.", key=test.key_text, operator=test.operator_text
            )
            yield test.path, message


@validation_check(
    "POL-126",
    "MISSING_PAIRED_CONDITION_KEYS",
    FindingType.SECURITY_WARNING,
    title=mark("Private address without its VPC"),
    remediation=mark("Add `aws:SourceVpc`, `aws:SourceVpcArn` or `aws:SourceVpce` to the condition."),
)
def missing_paired_keys(policy: PolicyView) -> Iterator[Problem]:
    """Addresses in a VPC are not unique."""
    partners = {"aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"}
    for statement, test in policy.all_tests():
        if test.key == "aws:vpcsourceip" and not statement.tested_keys & partners:
            yield (
                test.path,
                phrase(
                    "`{key}` is tested without the VPC: the address is unique only within a VPC.", key=test.key_text
                ),
            )


@validation_check(
    "POL-127",
    "UNTRUSTWORTHY_CONDITION_KEY",
    FindingType.SECURITY_WARNING,
    title=mark("Condition key that the caller chooses"),
    remediation=mark("Restrict access by a key that the caller cannot choose."),
)
def untrustworthy_key(policy: PolicyView) -> Iterator[Problem]:
    """Headers of the request."""
    for _, test in policy.all_tests():
        if test.key in _UNTRUSTWORTHY:
            yield test.path, phrase("The caller can set `{key}` to any value.", key=test.key_text)


@validation_check(
    "POL-128",
    "DYNAMODB_ATTRIBUTES_WITHOUT_SELECT",
    FindingType.SECURITY_WARNING,
    title=mark("Attributes of a table without Select"),
    remediation=mark("Add `dynamodb:Select` with the value `SPECIFIC_ATTRIBUTES`."),
)
def attributes_without_select(policy: PolicyView) -> Iterator[Problem]:
    """A read that names no attributes returns all of them."""
    for statement in policy.statements:
        selects = any(
            test.key == "dynamodb:select" and {text for _, text in statement.values_of(test)} == {"SPECIFIC_ATTRIBUTES"}
            for test in statement.tests
        )
        for test in statement.tests if statement.is_allow and not selects else ():
            if test.key == "dynamodb:attributes":
                yield test.path, phrase("`{key}` does not restrict reads that name no attributes.", key=test.key_text)


@validation_check(
    "POL-129",
    "S3_PREFIX_IN_NEGATIVE_CONTEXT",
    FindingType.SECURITY_WARNING,
    title=mark("Prefix that a shorter one bypasses"),
    remediation=mark("Use an Allow with `StringLike`, or a Deny with `StringNotLike`, on `s3:prefix`."),
)
def prefix_in_negative_context(policy: PolicyView) -> Iterator[Problem]:
    """A Deny of prefixes, or an Allow of all others."""
    for statement, test in policy.all_tests():
        operator = test.operator
        if test.key != "s3:prefix" or operator is None or not operator.compares_values:
            continue
        if operator.negated == statement.is_allow and statement.effect in ("Allow", "Deny"):
            yield test.path, phrase("A request with a shorter prefix bypasses the test of `{key}`.", key=test.key_text)


@validation_check(
    "POL-130",
    "USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES",
    FindingType.WARNING,
    title=mark("Condition key of some services only"),
    remediation=mark("Restrict the statement to actions of the services that support the key."),
)
def key_of_some_services(policy: PolicyView) -> Iterator[Problem]:
    """Keys that AWS's page lists with the services that support them."""
    for statement, test in policy.all_tests():
        supporting = facts().keys_of_services.get(test.key)
        if supporting is None:
            continue
        services = {pattern.service or "*" for _, pattern in statement.actions} - supporting
        if "NotAction" in statement.raw:
            services = {"*"}
        if services:
            message = phrase(
                "Some services of the statement do not support `{key}`: {services}.",
                key=test.key_text,
                services=", ".join(sorted(services)),
            )
            yield test.path, message


@validation_check(
    "POL-131",
    "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
    FindingType.ERROR,
    title=mark("Action whose requests do not contain the key"),
    remediation=mark("Move the actions to a statement without the condition key."),
)
def unsupported_action_for_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys of services, and actions without wildcards; keys for tags are checks of their own.

    STS evaluates several actions with one context (rule F12), so actions of it are left out.
    """
    known = reference()
    for statement, test in policy.all_tests():
        if test.key.startswith("aws:") or key_type(test.key) is None or known.is_global_key(test.key):
            continue
        missing = []
        for _, pattern in statement.actions:
            action = known.action(pattern.service or "", pattern.literal or "")
            if action is None or action.service == "sts" or not known.knows_takers(test.key, action.service):
                continue
            is_precedent = (action.full_name.lower(), test.key) in precedents().pairs
            if not known.takes_key(action, None, test.key) and not is_precedent:
                missing.append(action.full_name)
        if missing:
            message = phrase(
                "Requests for {actions} do not contain `{key}`.",
                actions=join_names(missing, _MAX_NAMED, last=","),
                key=test.key_text,
            )
            yield test.path, message
