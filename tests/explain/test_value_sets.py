"""Context values in words: what a phrase covers comes out as the value that was tried."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.policy.operators import NULL, OPERATORS, STRING
from iamdesk.simulate.test_cases import evaluate_case

from ..each_case import each_case

OFFICE, LAB, HOME = "203.0.113.0/24", "203.0.113.64/26", "2001:db8:1234::/48"


def answer(*statements: dict[str, Any], **more: Any) -> EvaluationResult:
    case = {
        "principal": "arn:aws:iam::111122223333:user/ana",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::reports/q3.csv",
        "resource_account": "111122223333",
        "identity_policies": [{"name": "p", "document": {"Version": "2012-10-17", "Statement": list(statements)}}],
        **more,
    }
    return evaluate_case({"expected": "allowed"} | case, MissingContextMode.UNKNOWN)


def when(operator: str, key: str, values: Any, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": "*", "Resource": "*", "Condition": {operator: {key: values}}}


ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@each_case(
    ("statements", "words"),
    [
        ([when("IpAddress", "aws:SourceIp", OFFICE)], ["aws:SourceIp is within 203.0.113.0/24"]),
        (
            [when("IpAddress", "aws:SourceIp", [OFFICE, HOME])],
            ["aws:SourceIp is within 203.0.113.0/24 or 2001:db8:1234::/48"],
        ),
        ([when("IpAddress", "aws:SourceIp", "192.0.2.7")], ["aws:SourceIp is 192.0.2.7"]),
        (
            [when("IpAddress", "aws:SourceIp", OFFICE), when("IpAddress", "aws:SourceIp", LAB, "Deny")],
            ["aws:SourceIp is within 203.0.113.0/24 but not within 203.0.113.64/26"],
        ),
        (
            [ALLOW, when("NotIpAddress", "aws:SourceIp", [OFFICE, HOME], "Deny")],
            ["aws:SourceIp is within 203.0.113.0/24 or 2001:db8:1234::/48"],
        ),
        (
            [ALLOW, when("IpAddress", "aws:SourceIp", [OFFICE, HOME], "Deny")],
            ["aws:SourceIp is absent", "aws:SourceIp is outside 203.0.113.0/24 and 2001:db8:1234::/48"],
        ),
        ([when("Bool", "aws:MultiFactorAuthPresent", "true")], ["aws:MultiFactorAuthPresent is true"]),
        (
            [ALLOW, when("BoolIfExists", "aws:MultiFactorAuthPresent", "false", "Deny")],
            ["aws:MultiFactorAuthPresent is true"],
        ),
        (
            [when("StringEquals", "aws:PrincipalTag/t", "${aws:RequestTag/x}")],
            ["aws:PrincipalTag/t is <the tag “x” in the request> and aws:RequestTag/x is present"],
        ),
        (
            [when("StringEquals", "aws:SourceVpc", ["vpc-1", "vpc-2"])],
            ["aws:SourceVpc is vpc-1", "aws:SourceVpc is vpc-2"],
        ),
        ([when("StringLike", "aws:SourceVpc", "vpc-1*")], ["aws:SourceVpc matches vpc-1*"]),
        (
            [when("StringLike", "aws:SourceVpc", ["vpc-1*", "vpc-2*"])],
            ["aws:SourceVpc matches vpc-1* or vpc-2*"],
        ),
        (
            [when("StringLike", "aws:SourceVpc", "vpc-*"), when("StringEquals", "aws:SourceVpc", "vpc-9", "Deny")],
            ["aws:SourceVpc matches vpc-* but not vpc-9"],
        ),
        (
            [when("StringNotEquals", "aws:SourceVpc", ["vpc-1", "vpc-2"])],
            ["aws:SourceVpc is absent", "aws:SourceVpc is other than vpc-1 or vpc-2"],
        ),
        (
            [when("StringNotLike", "aws:SourceVpc", "vpc-1*")],
            ["aws:SourceVpc is absent", "aws:SourceVpc matches none of vpc-1*"],
        ),
        ([when("NumericLessThan", "aws:MultiFactorAuthAge", "3600")], ["aws:MultiFactorAuthAge is less than 3600"]),
        (
            [
                when("NumericLessThanEquals", "aws:MultiFactorAuthAge", "3600"),
                when("NumericLessThan", "aws:MultiFactorAuthAge", "60", "Deny"),
            ],
            ["aws:MultiFactorAuthAge is at least 60 and at most 3600"],
        ),
        ([when("NumericEquals", "aws:MultiFactorAuthAge", "60")], ["aws:MultiFactorAuthAge is 60"]),
        (
            [when("DateGreaterThan", "aws:TokenIssueTime", "2026-01-01T00:00:00Z")],
            ["aws:TokenIssueTime is after 2026-01-01T00:00:00Z"],
        ),
        ([when("Null", "aws:SourceVpc", "false")], ["aws:SourceVpc has any value"]),
        ([when("Null", "aws:SourceVpc", "true")], ["aws:SourceVpc is absent"]),
        (
            [when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:orders")],
            ["aws:SourceArn matches arn:aws:sns:*:111122223333:orders"],
        ),
        (
            [when("StringEqualsIgnoreCase", "aws:SourceVpc", "VPC-1")],
            ["aws:SourceVpc is VPC-1, ignoring case"],
        ),
    ],
)
def test_ways_to_be_allowed_in_words(statements: list[dict[str, Any]], words: list[str]) -> None:
    found = answer(*statements)

    assert found.decision == "conditional"
    assert sorted(dict.fromkeys(found.condition_words)) == sorted(words)


def test_each_set_has_its_words_in_order() -> None:
    found = answer(
        when("IpAddress", "aws:SourceIp", OFFICE), when("Bool", "aws:MultiFactorAuthPresent", "false", "Deny")
    )

    assert len(found.condition_words) == len(found.conditions)
    assert len(found.denial_words) == len(found.denials)
    for values, words in zip(found.conditions, found.condition_words, strict=True):
        assert all(words.count(f"{key} ") == 1 for key in values)


def test_the_sentence_tells_the_range_and_not_the_value_that_was_tried() -> None:
    assert answer(when("IpAddress", "aws:SourceIp", OFFICE)).sentence.endswith(
        " only if aws:SourceIp is within 203.0.113.0/24."
    )
    assert answer(when("StringEquals", "aws:SourceVpc", ["vpc-1", "vpc-2"])).sentence.endswith(
        " only if aws:SourceVpc is vpc-1 or vpc-2."
    )


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"Resource": "arn:aws:s3:::payroll/*"},
        {"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}, "StringEquals": {"aws:username": "ben"}}},
    ],
    ids=["other resource", "other user"],
)
def test_values_in_statements_that_cannot_apply_are_not_named(elsewhere: dict[str, Any]) -> None:
    cannot_apply = when("StringEquals", "aws:SourceVpc", "vpc-2", "Deny") | elsewhere
    found = answer(ALLOW, when("StringEquals", "aws:SourceVpc", "vpc-1", "Deny"), cannot_apply)

    assert sorted(found.condition_words) == ["aws:SourceVpc is absent", "aws:SourceVpc is other than vpc-1"]


def test_what_is_compared_with_another_key_is_told_by_a_value() -> None:
    found = answer(when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}"))

    assert all(" is " in words for words in found.condition_words)


def test_what_several_values_of_a_list_have_to_be_is_told() -> None:
    both = {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}, "ForAnyValue:StringLike": {"aws:TagKeys": "b*"}}
    found = answer({**ALLOW, "Condition": both}, action="ec2:CreateTags", resource="*")

    assert found.condition_words == ("aws:TagKeys has a value that is a and has a value that matches b*",)


# ── what a phrase covers comes out alike ─────────────────────────────────────────────────────────────────────────────

networks = st.builds(
    lambda octet, prefix: str(ipaddress.ip_network(f"10.0.0.{octet}/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(26, 32),
)
ip_statements = st.lists(
    st.builds(
        when,
        st.sampled_from(["IpAddress", "NotIpAddress"]),
        st.just("aws:SourceIp"),
        st.lists(networks, min_size=1, max_size=2),
        st.sampled_from(["Allow", "Deny"]),
    ),
    min_size=1,
    max_size=3,
)


def covers(phrase: str, address: ipaddress.IPv4Address) -> bool:
    """Read a phrase about addresses as a person would."""

    def within(text: str) -> bool:
        names = text.replace(" and ", " or ").replace(", ", " or ").split(" or ")
        return any(address in ipaddress.ip_network(name) for name in names)

    if phrase.startswith("is outside "):
        return not within(phrase.removeprefix("is outside "))
    if not phrase.startswith("is within "):
        return phrase == f"is {address}"
    text = phrase.removeprefix("is within ").replace(" but not within ", " except ")
    # ``A except B or C or D except E`` would be ambiguous to a reader: such phrases are left out of the test.
    if text.count(" except ") and (" or " in text or ", " in text or " and " in text):
        return False
    head, _, holes = text.partition(" except ")
    return within(head) and not (holes and within(holes))


@given(ip_statements, st.integers(0, 255))
def test_every_address_of_a_phrase_is_allowed_or_denied_as_told(statements: list[dict[str, Any]], octet: int) -> None:
    found = answer(*statements)
    address = ipaddress.ip_address(f"10.0.0.{octet}")
    assert isinstance(address, ipaddress.IPv4Address)
    known = answer(*statements, context={"aws:SourceIp": str(address)}).decision == "allowed"
    for words in found.condition_words:
        assert not covers(words.removeprefix("aws:SourceIp "), address) or known, words
    for words in found.denial_words:
        assert not covers(words.removeprefix("aws:SourceIp "), address) or not known, words


number_statements = st.lists(
    st.builds(
        when,
        st.sampled_from(
            [
                "NumericEquals",
                "NumericNotEquals",
                "NumericLessThan",
                "NumericLessThanEquals",
                "NumericGreaterThan",
                "NumericGreaterThanEquals",
            ]
        ),
        st.just("aws:MultiFactorAuthAge"),
        st.lists(st.integers(0, 6).map(str), min_size=1, max_size=2),
        st.sampled_from(["Allow", "Deny"]),
    ),
    min_size=1,
    max_size=3,
)


def holds(phrase: str, number: float) -> bool:
    if phrase == "has any value":
        return True
    checks = {
        "at least": lambda bound: number >= bound,
        "more than": lambda bound: number > bound,
        "at most": lambda bound: number <= bound,
        "less than": lambda bound: number < bound,
    }
    parts = phrase.removeprefix("is ").split(" and ")
    results = []
    for part in parts:
        for words, check in checks.items():
            if part.startswith(words):
                results.append(check(float(part.removeprefix(words))))
                break
        else:
            results.append(part not in ("absent", '""') and number == float(part))
    return all(results)


@given(number_statements, st.integers(-2, 16).map(lambda halves: halves / 2))
def test_every_number_of_a_phrase_is_allowed_or_denied_as_told(statements: list[dict[str, Any]], number: float) -> None:
    found = answer(*statements)
    known = answer(*statements, context={"aws:MultiFactorAuthAge": str(number)}).decision == "allowed"
    for words in found.condition_words:
        assert not holds(words.removeprefix("aws:MultiFactorAuthAge "), number) or known, words
    for words in found.denial_words:
        assert not holds(words.removeprefix("aws:MultiFactorAuthAge "), number) or not known, words


text_statements = st.lists(
    st.builds(
        when,
        st.sampled_from(["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"]),
        st.just("aws:SourceVpc"),
        st.lists(st.sampled_from(["a", "ab", "b", "a*", "*b", "a*b", "*", "?", "b*"]), min_size=1, max_size=2),
        st.sampled_from(["Allow", "Deny"]),
    ),
    min_size=1,
    max_size=3,
)


def meant(phrase: str, text: str) -> bool:
    """Read a phrase about texts as a person would; patterns and names alike, since no name here has a star."""
    from fnmatch import fnmatchcase

    if phrase == "absent":
        return False
    if phrase == "has any value":
        return True
    plain = phrase.startswith("matches ") and not phrase.startswith("matches none of ")
    one_word = plain and " but not " not in phrase and " and " not in phrase
    for alternative in phrase.replace(", ", " or ").split(" or ") if one_word else phrase.split(" or matches "):
        head, _, holes = alternative.removeprefix("matches ").partition(" but not ")
        if alternative.startswith(("is other than ", "matches none of ")):
            names = alternative.replace("is other than ", "").replace("matches none of ", "")
            if not any(fnmatchcase(text, name) for name in names.replace(", ", " or ").split(" or ")):
                return True
            continue
        if alternative.startswith("is "):
            if alternative == f"is {text}":
                return True
            continue
        excluded = holes.replace(", ", " or ").split(" or ") if holes else []
        inside = all(fnmatchcase(text, name) for name in head.split(" and "))
        if inside and not any(fnmatchcase(text, name) for name in excluded):
            return True
    return False


@given(text_statements, st.sampled_from(["a", "b", "ab", "aab", "ba", "c", "abc", "bb", "x", "xb", "ax"]))
def test_every_text_of_a_phrase_is_allowed_or_denied_as_told(statements: list[dict[str, Any]], text: str) -> None:
    found = answer(*statements)
    known = answer(*statements, context={"aws:SourceVpc": text}).decision == "allowed"
    for words in found.condition_words:
        assert not meant(words.removeprefix("aws:SourceVpc "), text) or known, (words, statements)
    for words in found.denial_words:
        assert not meant(words.removeprefix("aws:SourceVpc "), text) or not known, (words, statements)


def test_every_family_of_operators_has_words_for_what_it_reads() -> None:
    """Without them, a conditional decision on such an operator could not be put into a sentence."""
    assert {operator.family for operator in OPERATORS.values() if not operator.family.reads} == {STRING, NULL}
