"""Checks of values: in conditions by type and by key, and policy variables anywhere."""

import re
from collections.abc import Iterator

from iamdesk.aws.condition_keys import REGION_KEYS
from iamdesk.i18n import mark, phrase
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.operators import (
    ARN,
    BINARY,
    BOOL,
    DATE,
    IP_ADDRESS,
    NULL,
    NUMERIC,
    OPERATORS,
    STRING,
    OperatorFamily,
    is_private_network,
    read_network,
    read_number,
)
from iamdesk.policy.source_map import ElementPath
from iamdesk.policy.variables import has_variables
from iamdesk.policy.wildcards import is_pattern
from iamdesk.policy_validation.facts import facts, is_region
from iamdesk.policy_validation.issue import FindingType, Problem, validation_check
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView

_VPC = re.compile(r"vpc-(?:[0-9a-zA-Z]{8}|[0-9a-zA-Z]{17})")
_VPCE = re.compile(r"vpce-(?:[0-9a-zA-Z]{8}|[0-9a-zA-Z]{17})")
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_KMS_KEYS = frozenset({"s3:x-amz-server-side-encryption-aws-kms-key-id"})
_SOURCE_IP = "aws:sourceip"
_USER_ID = "aws:userid"


def _malformed(policy: PolicyView, family: OperatorFamily, sentence: str, **words: str) -> Iterator[Problem]:
    """Yield the values that an operator of a family cannot read; those with variables apart."""
    for _, test in policy.all_tests():
        if test.operator is None or test.operator.family is not family:
            continue
        for value in test.values:
            if value.is_malformed and not has_variables(value.text):
                yield test.path, phrase(sentence, text=value.text, operator=test.operator_text, **words)


@validation_check(
    "POL-150",
    "TYPE_MISMATCH_BOOLEAN",
    FindingType.WARNING,
    title=mark("Value that is not boolean"),
    remediation=mark("Use `true` or `false`."),
)
def not_boolean(policy: PolicyView) -> Iterator[Problem]:
    """``Bool`` and ``Null``."""
    sentence = mark("`{text}` is not true or false, as `{operator}` requires.")
    yield from _malformed(policy, BOOL, sentence)
    yield from _malformed(policy, NULL, sentence)


@validation_check(
    "POL-151",
    "TYPE_MISMATCH_DATE",
    FindingType.WARNING,
    title=mark("Value that is not a date"),
    remediation=mark("Use a date such as `2026-11-28` or `2026-11-28T12:00:00Z`."),
)
def not_a_date(policy: PolicyView) -> Iterator[Problem]:
    """Date operators."""
    return _malformed(policy, DATE, mark("`{text}` is not a date, as `{operator}` requires."))


@validation_check(
    "POL-152",
    "TYPE_MISMATCH_NUMBER",
    FindingType.WARNING,
    title=mark("Value that is not a number"),
    remediation=mark("Use an integer or a decimal number."),
)
def not_a_number(policy: PolicyView) -> Iterator[Problem]:
    """Numeric operators."""
    return _malformed(policy, NUMERIC, mark("`{text}` is not a number, as `{operator}` requires."))


@validation_check(
    "POL-153",
    "TYPE_MISMATCH_STRING",
    FindingType.WARNING,
    title=mark("Value that is not Base64"),
    remediation=mark("Encode the value in Base64."),
)
def not_base64(policy: PolicyView) -> Iterator[Problem]:
    """``BinaryEquals``."""
    return _malformed(policy, BINARY, mark("`{text}` is not Base64, as `{operator}` requires."))


@validation_check(
    "POL-154",
    "TYPE_MISMATCH_IP_RANGE",
    FindingType.ERROR,
    title=mark("Value that is not an address range"),
    remediation=mark("Use CIDR notation, such as `203.0.113.0/24`."),
)
def not_a_range(policy: PolicyView) -> Iterator[Problem]:
    """``IpAddress`` and ``NotIpAddress``."""
    return _malformed(policy, IP_ADDRESS, mark("`{text}` is not an address or range, as `{operator}` requires."))


_WITH_CODE = frozenset({BOOL, NULL, DATE, NUMERIC, BINARY, IP_ADDRESS})
"""Families for whose values AWS's page has a check."""


@validation_check(
    "POL-169",
    "",
    FindingType.WARNING,
    title=mark("Value that the operator cannot read"),
    remediation=mark("Use a value of the type that the operator compares, or another operator."),
)
def not_readable(policy: PolicyView) -> Iterator[Problem]:
    """ARN operators, and every family of operators that AWS's page has no check for: the value matches nothing."""
    for family in {operator.family: None for operator in OPERATORS.values()}:
        if family.reads and family not in _WITH_CODE:
            sentence = mark("`{text}` is not {what}, as `{operator}` requires.")
            yield from _malformed(policy, family, sentence, what=phrase(family.reads))


@validation_check(
    "POL-155",
    "INVALID_DATE_VALUE",
    FindingType.WARNING,
    title=mark("Date as seconds since 1970"),
    remediation=mark("Use a date such as `2026-11-28` or `2026-11-28T12:00:00Z`."),
)
def seconds_as_date(policy: PolicyView) -> Iterator[Problem]:
    """A number under a date operator."""
    for _, test in policy.all_tests():
        if test.operator is not None and test.operator.family is DATE:
            for value in test.values:
                if read_number(value.text) is not None:
                    yield test.path, phrase("The date `{text}` is a number of seconds.", text=value.text)


@validation_check(
    "POL-156",
    "WILDCARD_WITHOUT_LIKE_OPERATOR",
    FindingType.WARNING,
    title=mark("Wildcard without a Like operator"),
    remediation=mark(
        "Use the Like form of the operator if `*` and `?` are wildcards, or `${*}` and `${?}` for the characters."
    ),
)
def wildcard_without_like(policy: PolicyView) -> Iterator[Problem]:
    """String operators that compare characters; ARN operators all take wildcards (rule G13)."""
    for statement, test in policy.all_tests():
        operator = test.operator
        if operator is None or operator.family is not STRING or operator.takes_wildcards:
            continue
        for path, text in statement.values_of(test):
            if is_pattern(text.replace("${*}", "").replace("${?}", "")):
                yield (
                    path,
                    phrase(
                        "`{text}` has a wildcard, which `{operator}` reads as a character.",
                        text=text,
                        operator=test.operator_text,
                    ),
                )


@validation_check(
    "POL-157",
    "REDUNDANT_CONDITION_VALUE_NUM",
    FindingType.SUGGESTION,
    title=mark("More than one bound"),
    remediation=mark("Keep one value: the largest of the upper bounds, or the smallest of the lower bounds."),
)
def several_bounds(policy: PolicyView) -> Iterator[Problem]:
    """Values are alternatives, so that the widest decides."""
    for statement, test in policy.all_tests():
        operator = test.operator
        if (
            operator is not None
            and operator.family is NUMERIC
            and operator.bound is not None
            and len(statement.raw_values_of(test)) > 1
        ):
            yield (
                test.path,
                phrase(
                    "`{operator}` on `{key}` has several values, only one of which decides.",
                    operator=test.operator_text,
                    key=test.key_text,
                ),
            )


def _source_ip(policy: PolicyView, *, negated: bool) -> Iterator[tuple[ConditionTest, list[bool]]]:
    """Yield the tests of the source address, with whether each range is private."""
    for _, test in policy.all_tests():
        operator = test.operator
        if (
            test.key == _SOURCE_IP
            and operator is not None
            and operator.family is IP_ADDRESS
            and operator.negated == negated
        ):
            private = [is_private_network(read_network(value.text)) for value in test.values]
            if any(private):
                yield test, private


_PUBLIC_ONLY = mark("Use public addresses; test private ones with `aws:VpcSourceIp`.")


@validation_check(
    "POL-158",
    "PRIVATE_IP_ADDRESS",
    FindingType.ERROR,
    title=mark("Only private source addresses"),
    remediation=_PUBLIC_ONLY,
)
def private_addresses(policy: PolicyView) -> Iterator[Problem]:
    """The test never matches (rule G12)."""
    for test, private in _source_ip(policy, negated=False):
        if all(private):
            yield (
                test.path,
                phrase("All addresses of `{key}` are private: no request comes from them.", key=test.key_text),
            )


@validation_check(
    "POL-159",
    "PRIVATE_NOT_IP_ADDRESS",
    FindingType.ERROR,
    title=mark("Only private source addresses excluded"),
    remediation=_PUBLIC_ONLY,
)
def private_addresses_excluded(policy: PolicyView) -> Iterator[Problem]:
    """The test always matches."""
    for test, private in _source_ip(policy, negated=True):
        if all(private):
            yield (
                test.path,
                phrase("All addresses of `{key}` are private: the test excludes no request.", key=test.key_text),
            )


@validation_check(
    "POL-160",
    "PRIVATE_IP_ADDRESS_SUBSET",
    FindingType.SUGGESTION,
    title=mark("Private source addresses among public ones"),
    remediation=_PUBLIC_ONLY,
)
def some_private_addresses(policy: PolicyView) -> Iterator[Problem]:
    """The private ones have no effect."""
    for test, private in _source_ip(policy, negated=False):
        if not all(private):
            yield test.path, phrase("Some addresses of `{key}` are private and have no effect.", key=test.key_text)


@validation_check(
    "POL-161",
    "PRIVATE_NOT_IP_ADDRESS_SUBSET",
    FindingType.SUGGESTION,
    title=mark("Private source addresses excluded among public ones"),
    remediation=_PUBLIC_ONLY,
)
def some_private_addresses_excluded(policy: PolicyView) -> Iterator[Problem]:
    """The private ones have no effect."""
    for test, private in _source_ip(policy, negated=True):
        if not all(private):
            yield test.path, phrase("Some addresses of `{key}` are private and have no effect.", key=test.key_text)


@validation_check(
    "POL-162",
    "IMPROVE_IP_RANGE",
    FindingType.SUGGESTION,
    title=mark("Address with host bits set"),
    remediation=mark("Write the first address of the range."),
)
def bits_beyond_mask(policy: PolicyView) -> Iterator[Problem]:
    """``203.0.113.9/24``."""
    for _, test in policy.all_tests():
        if test.operator is None or test.operator.family is not IP_ADDRESS:
            continue
        for value in test.values:
            network = read_network(value.text)
            if network is not None and "/" in value.text and str(network.network_address) != _canonical(value.text):
                yield test.path, phrase("The range `{text}` is `{network}`.", text=value.text, network=str(network))


def _canonical(text: str) -> str:
    network = read_network(text.partition("/")[0])
    return str(network.network_address) if network is not None else ""


def _exact_values(policy: PolicyView, keys: frozenset[str]) -> Iterator[tuple[ElementPath, str, str]]:
    """Yield the values of keys that have neither variables nor wildcards: path, key and text."""
    for statement, test in policy.all_tests():
        if test.key in keys and test.operator is not None and test.operator.compares_values:
            for path, text in statement.values_of(test):
                if not has_variables(text) and not is_pattern(text):
                    yield path, test.key_text, text


@validation_check(
    "POL-163",
    "INVALID_VPC_FORMAT",
    FindingType.ERROR,
    title=mark("Malformed VPC"),
    remediation=mark("Use `vpc-` with 8 or 17 letters and digits."),
)
def invalid_vpc(policy: PolicyView) -> Iterator[Problem]:
    """``aws:SourceVpc``."""
    for path, key, text in _exact_values(policy, frozenset({"aws:sourcevpc"})):
        if not _VPC.fullmatch(text):
            yield path, phrase("`{text}` is not the ID of a VPC, which is what `{key}` contains.", text=text, key=key)


@validation_check(
    "POL-164",
    "INVALID_VPCE_FORMAT",
    FindingType.ERROR,
    title=mark("Malformed VPC endpoint"),
    remediation=mark("Use `vpce-` with 8 or 17 letters and digits."),
)
def invalid_vpce(policy: PolicyView) -> Iterator[Problem]:
    """``aws:SourceVpce``."""
    for path, key, text in _exact_values(policy, frozenset({"aws:sourcevpce"})):
        if not _VPCE.fullmatch(text):
            yield (
                path,
                phrase("`{text}` is not the ID of a VPC endpoint, which is what `{key}` contains.", text=text, key=key),
            )


@validation_check(
    "POL-165",
    "INVALID_REGION",
    FindingType.ERROR,
    title=mark("Unknown Region"),
    remediation=mark("Use a Region of AWS."),
)
def invalid_region(policy: PolicyView) -> Iterator[Problem]:
    """A wildcard of a Like operator has to match a Region."""
    for statement, test in policy.all_tests():
        if test.key not in REGION_KEYS or test.operator is None or test.operator.family is not STRING:
            continue
        for path, text in statement.values_of(test):
            known = is_region(text.lower() if test.operator.ignores_case else text)
            if not has_variables(text) and not known and not (is_pattern(text) and not test.operator.takes_wildcards):
                yield path, phrase("The Region `{text}` does not exist.", text=text)


@validation_check(
    "POL-166",
    "INVALID_KMS_KEY_VALUE",
    FindingType.ERROR,
    title=mark("Value that is not a KMS key"),
    remediation=mark("Use the ARN of the key: `arn:aws:kms:region:account:key/key-id`."),
)
def invalid_kms_key(policy: PolicyView) -> Iterator[Problem]:
    """Keys whose values are ARNs of KMS keys."""
    for path, key, text in _exact_values(policy, _KMS_KEYS):
        if not _KMS_KEY.fullmatch(text):
            yield (
                path,
                phrase("`{text}` is not the ARN of a KMS key, which is what `{key}` contains.", text=text, key=key),
            )


def _is_wide_user_id(text: str, open_part: str) -> bool:
    """Return whether an open part of a value of aws:userid is left of the colon, and not alone there."""
    left, colon, _ = text.partition(":")
    return (open_part in left and (not colon or left != open_part)) if open_part in left else False


@validation_check(
    "POL-167",
    "WILDCARD_USAGE_TOO_PERMISSIVE",
    FindingType.ERROR,
    title=mark("Wildcard in a sensitive condition key"),
    remediation=mark("Name the values in full."),
)
def wildcard_too_permissive(policy: PolicyView) -> Iterator[Problem]:
    """Sensitive keys take no wildcards; in ``aws:userid`` only right of the colon, or alone left of it."""
    for statement, test in policy.all_tests():
        if test.operator is None or not test.operator.takes_wildcards:
            continue
        for path, text in statement.values_of(test):
            bare = _without_variables(text)
            if test.key in facts().sensitive_keys and is_pattern(bare):
                yield (
                    path,
                    phrase(
                        "`{text}` has a wildcard, which the sensitive key `{key}` does not support.",
                        text=text,
                        key=test.key_text,
                    ),
                )
            elif test.key == _USER_ID and _is_wide_user_id(bare, "*"):
                yield path, phrase("`{text}` has a wildcard in the unique ID of `{key}`.", text=text, key=test.key_text)


@validation_check(
    "POL-168",
    "VARIABLE_USAGE_TOO_PERMISSIVE",
    FindingType.ERROR,
    title=mark("Policy variable in a sensitive condition key"),
    remediation=mark("Name the values in full."),
)
def variable_too_permissive(policy: PolicyView) -> Iterator[Problem]:
    """Sensitive keys take no variables; in ``aws:userid`` only right of the colon, or alone left of it.

    A sensitive key as variable is no risk, since AWS sets its value.
    """
    if not policy.has_variables:
        return
    for statement, test in policy.all_tests():
        if test.operator is None or test.operator.family is not STRING:
            continue
        for path, text in statement.values_of(test):
            marked = _VARIABLE.sub(_mark_variable, text)
            if "\0" not in marked:
                continue
            if test.key in facts().sensitive_keys:
                yield (
                    path,
                    phrase(
                        "`{text}` has a policy variable, which the sensitive key `{key}` does not support.",
                        text=text,
                        key=test.key_text,
                    ),
                )
            elif test.key == _USER_ID and _is_wide_user_id(marked, "\0"):
                yield (
                    path,
                    phrase("`{text}` has a policy variable in the unique ID of `{key}`.", text=text, key=test.key_text),
                )


_VARIABLE = re.compile(r"\$\{[^}]*\}")


def _mark_variable(found: re.Match[str]) -> str:
    key = found[0][2:-1].partition(",")[0].strip().lower()
    return "" if key in facts().sensitive_keys else "\0"


def _without_variables(text: str) -> str:
    return _VARIABLE.sub("", text)


# Policy variables


def _texts_with_variables(policy: PolicyView) -> Iterator[tuple[ElementPath, str]]:
    """Yield the texts in which a variable may be: resources, and values of conditions."""
    for statement in policy.statements:
        for path, text in statement.every_resource:
            if has_variables(text):
                yield path, text
        for test in statement.tests:
            for path, text in statement.values_of(test):
                if has_variables(text):
                    yield path, text


def _variables(text: str) -> list[str]:
    return [found[2:-1] for found in _VARIABLE.findall(text)]


@validation_check(
    "POL-170",
    "MISSING_BRACE_IN_VARIABLE",
    FindingType.ERROR,
    title=mark("Policy variable without its closing brace"),
    remediation=mark("Add `}` after the variable."),
    can_be_stored=False,
)
def missing_brace(policy: PolicyView) -> Iterator[Problem]:
    """It is literal text (rule H9)."""
    for path, text in _texts_with_variables(policy):
        if has_variables(_VARIABLE.sub("", text)) or any("${" in inner for inner in _variables(text)):
            yield path, phrase("A policy variable of `{text}` has no closing brace.", text=text)


@validation_check(
    "POL-171",
    "EMPTY_VARIABLE",
    FindingType.ERROR,
    title=mark("Empty policy variable"),
    remediation=mark("Name the condition key in the variable, or remove it."),
    can_be_stored=False,
)
def empty_variable(policy: PolicyView) -> Iterator[Problem]:
    """It is literal text (rule H9)."""
    for path, text in _texts_with_variables(policy):
        if any(not inner.partition(",")[0].strip() for inner in _variables(text)):
            yield path, phrase("A policy variable of `{text}` is empty.", text=text)


@validation_check(
    "POL-172",
    "UNSUPPORTED_SPACE_IN_VARIABLE",
    FindingType.ERROR,
    title=mark("Space in a policy variable"),
    remediation=mark("Remove the space from the name of the variable."),
    can_be_stored=False,
)
def space_in_variable(policy: PolicyView) -> Iterator[Problem]:
    """Only a default value can have spaces."""
    for path, text in _texts_with_variables(policy):
        for inner in _variables(text):
            name = inner.partition(",")[0]
            if name.strip() and (name.split() != [name.strip()] or name != name.strip()):
                yield path, phrase("The policy variable `{name}` has a space in its name.", name=name)


@validation_check(
    "POL-173",
    "MISSING_QUOTE_IN_VARIABLE",
    FindingType.ERROR,
    title=mark("Default value without quotes"),
    remediation=mark("Put the default value in single quotes: `${aws:PrincipalTag/team, 'none'}`."),
    can_be_stored=False,
)
def missing_quote(policy: PolicyView) -> Iterator[Problem]:
    """The default value of a variable."""
    for path, text in _texts_with_variables(policy):
        for inner in _variables(text):
            _, comma, default = inner.partition(",")
            quoted = default.strip()
            if comma and (len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'"):
                yield (
                    path,
                    phrase("The default value of the policy variable `{name}` is not in single quotes.", name=inner),
                )


@validation_check(
    "POL-174",
    "VARIABLE_UNSUPPORTED_IN_ELEMENT",
    FindingType.ERROR,
    title=mark("Policy variable in another element"),
    remediation=mark("Use policy variables only in `Resource`, `NotResource` and the values of `Condition`."),
    can_be_stored=False,
)
def variable_in_another_element(policy: PolicyView) -> Iterator[Problem]:
    """Actions, principals, Sids and condition keys."""
    for statement in policy.statements:
        found = statement.entries("Action", "NotAction", "Effect", "Sid")
        found += [(path, entry.text) for path, entry in statement.every_principal]
        found += [(test.path, test.key_text) for test in statement.tests]
        for path, text in found:
            if has_variables(text):
                yield path, phrase("`{text}` has a policy variable, which the element does not support.", text=text)


@validation_check(
    "POL-175",
    "VARIABLE_UNSUPPORTED_IN_VERSION",
    FindingType.ERROR,
    title=mark("Policy variable in an old version"),
    remediation=mark('Set `"Version": "2012-10-17"`.'),
)
def variable_in_old_version(policy: PolicyView) -> Iterator[Problem]:
    """In version 2008-10-17, and without a version, it is literal text (rule H6)."""
    if policy.has_variables:
        return
    for path, text in _texts_with_variables(policy):
        if _VARIABLE.search(text):
            yield (
                path,
                phrase("The policy variable in `{text}` is literal text in this version of the policy.", text=text),
            )


@validation_check(
    "POL-176",
    "INVALID_VARIABLE_FOR_OPERATOR",
    FindingType.ERROR,
    title=mark("Policy variable with an operator that does not support it"),
    remediation=mark("Use policy variables only with String and ARN operators."),
)
def variable_for_operator(policy: PolicyView) -> Iterator[Problem]:
    """All but String and ARN operators (rule H2)."""
    for statement, test in policy.all_tests():
        if test.operator is None or test.operator.family in (STRING, ARN):
            continue
        for path, text in statement.values_of(test):
            if has_variables(text):
                yield (
                    path,
                    phrase(
                        "`{text}` has a policy variable, which `{operator}` does not support.",
                        text=text,
                        operator=test.operator_text,
                    ),
                )


@validation_check(
    "POL-178",
    "",
    FindingType.SECURITY_WARNING,
    title=mark("Session ARN compared with aws:PrincipalArn"),
    remediation=mark(
        "Compare with the ARN of the role, `arn:aws:iam::ACCOUNT:role/NAME`; test `aws:userid` to tell sessions apart."
    ),
)
def session_as_principal_arn(policy: PolicyView) -> Iterator[Problem]:
    """Of a role session the key has the role's ARN: a negated test, as of a Deny, is then met by everyone.

    Beside the ARN of the role itself, that of its sessions changes nothing.

    Source: IAM User Guide, AWS global condition context keys, aws:PrincipalArn.
    """
    for statement, test in policy.all_tests():
        if test.key != "aws:principalarn" or test.operator is None or not test.operator.compares_values:
            continue
        values = tuple(statement.values_of(test))
        roles = {text.rpartition("/")[2] for _, text in values if ":role/" in text}
        for path, text in values:
            if ":assumed-role/" in text and text.partition(":assumed-role/")[2].partition("/")[0] not in roles:
                yield (
                    path,
                    phrase(
                        "`{key}` is never the ARN of a session of a role, such as `{text}`, but that of the role.",
                        key=test.key_text,
                        text=text,
                    ),
                )


# Sizes


def _too_long(size: int, most: int) -> Iterator[Problem]:
    if size > most:
        yield (), phrase("The policy has {size:,} characters; the quota is {most:,}.", size=size, most=most)


_SPLIT = mark("Split the policy into several smaller ones.")


@validation_check(
    "POL-180",
    "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
    FindingType.WARNING,
    title=mark("Policy larger than its quota"),
    remediation=_SPLIT,
    kinds=frozenset({PolicyKind.IDENTITY, PolicyKind.PERMISSION_SET, PolicyKind.SESSION}),
)
def identity_policy_size(policy: PolicyView) -> Iterator[Problem]:
    """Characters without white space, which only session policies count; inline policies share other quotas."""
    size = policy.full_size if policy.kind is PolicyKind.SESSION else policy.size
    return _too_long(size, facts().quotas[policy.kind.value])


@validation_check(
    "POL-181",
    "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
    FindingType.WARNING,
    title=mark("Trust policy larger than the default quota"),
    remediation=mark("Request an increase of the quota, or shorten the policy."),
    kinds=frozenset({PolicyKind.TRUST}),
)
def trust_policy_size(policy: PolicyView) -> Iterator[Problem]:
    """Characters without white space; the quota can be increased."""
    return _too_long(policy.size, facts().quotas["trust"])


@validation_check(
    "POL-182",
    "POLICY_SIZE_EXCEEDS_SCP_QUOTA",
    FindingType.ERROR,
    title=mark("SCP larger than its quota"),
    remediation=_SPLIT,
    kinds=frozenset({PolicyKind.SCP}),
    can_be_stored=False,
)
def scp_size(policy: PolicyView) -> Iterator[Problem]:
    """All characters count."""
    return _too_long(policy.full_size, facts().quotas["scp"])


@validation_check(
    "POL-183",
    "POLICY_SIZE_EXCEEDS_RCP_QUOTA",
    FindingType.ERROR,
    title=mark("RCP larger than its quota"),
    remediation=_SPLIT,
    kinds=frozenset({PolicyKind.RCP}),
    can_be_stored=False,
)
def rcp_size(policy: PolicyView) -> Iterator[Problem]:
    """All characters count."""
    return _too_long(policy.full_size, facts().quotas["rcp"])


@validation_check(
    "POL-184",
    "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
    FindingType.WARNING,
    title=mark("Resource policy larger than its quota"),
    remediation=_SPLIT,
    kinds=frozenset({PolicyKind.RESOURCE, PolicyKind.ENDPOINT}),
)
def resource_policy_size(policy: PolicyView) -> Iterator[Problem]:
    """By service; a resource policy of an unknown service is not measured."""
    most = (
        facts().quotas["endpoint"]
        if policy.kind is PolicyKind.ENDPOINT
        else facts().resource_quotas.get(policy.resource_service)
    )
    if most is not None:
        yield from _too_long(policy.full_size, most)
