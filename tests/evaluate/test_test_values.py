"""The values that are tried for an unknown key show every way in which the tests on it can come out (rule K7)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.evaluate.condition_tests import value_truth
from iamdesk.evaluate.context import Context
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.evaluate.ternary import FALSE, TRUE
from iamdesk.evaluate.unknown_context.test_values import ANY_OTHER, Samples, samples
from iamdesk.policy.conditions import ConditionTest
from iamdesk.policy.document import LATEST_VERSION, parse_document
from iamdesk.policy.operators import OperatorFamily

from ..rules import rule

NOTHING = Context({}, lambda _key: None, MissingContextMode.UNKNOWN, lambda _key: False)

TEXTS = ("a", "A", "ab", "aXb", "b", "prod/a", "prod/x", "PROD/a", "x", "", "\u212a", "k", "a?", "*", "ba", "aab")
ARNS = (
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/b",
    "arn:aws:iam::111122223333:role/a",
    "arn:aws:iam::111122223333:role/a:b",
    "arn:aws:sns:us-east-1:111122223333:a",
    "arn:aws:sns:eu-west-1:444455556666:a",
    "no arn",
)
NUMBERS = ("0", "1", "1.5", "2", "10", "11", "-3", "1e3", "010", "12.50")
DATES = ("2026-01-01T00:00:00Z", "2026-06-01", "2027-01-01T00:00:00+00:00", "1767225600", "1970-01-01T00:00:00Z")
ADDRESSES = ("10.0.0.1", "10.0.1.7", "203.0.113.9", "203.0.113.0", "198.51.100.1", "2001:db8::1", "2001:db8:1::1")
BYTES = ("QUJD", "REVG", "YW55LW90aGVyLXZhbHVl")

KINDS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "String",
        ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike"),
        ("a", "A", "a*", "*b", "prod/*", "a?b", "K", ""),
        TEXTS,
    ),
    (
        "ARN",
        ("ArnEquals", "ArnLike", "ArnNotLike", "StringLike", "StringEquals"),
        ("arn:aws:s3:::a*", "arn:aws:iam::*:role/a", "arn:aws:sns:*:111122223333:*", "arn:aws:s3:::a"),
        ARNS,
    ),
    (
        "Numeric",
        ("NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"),
        ("1", "1.5", "10", "-3"),
        NUMBERS,
    ),
    (
        "Date",
        ("DateLessThan", "DateGreaterThan", "DateEquals", "DateNotEquals"),
        ("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
        DATES,
    ),
    (
        "IPAddress",
        ("IpAddress", "NotIpAddress"),
        ("10.0.0.0/24", "203.0.113.0/25", "203.0.113.9", "2001:db8::/48"),
        ADDRESSES,
    ),
    ("Binary", ("BinaryEquals",), ("QUJD", "REVG"), BYTES),
)
"""Type of the key, operators, values that policies list, values of requests."""


def conditions(*blocks: tuple[str, Sequence[str]]) -> tuple[ConditionTest, ...]:
    """Return condition tests on one key, a statement for each operator and its values."""
    document = {
        "Version": LATEST_VERSION,
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"aws:key": list(values)}}}
            for operator, values in blocks
        ],
    }
    return tuple(test for statement in parse_document(document).statements for test in statement.conditions)


def tried(tests: Sequence[ConditionTest], key_type: str, shape: str = "*", each: int = 1) -> Samples:
    return samples(tests, key_type, shape, lambda _key: None, each)


def outcome(tests: Sequence[ConditionTest], value: str) -> tuple[object, ...]:
    return tuple(value_truth(test, test.operator, value, NOTHING) for test in tests if test.operator is not None)


@pytest.mark.parametrize(("key_type", "operators", "listed", "values"), KINDS, ids=[kind[0] for kind in KINDS])
@given(data=st.data())
@rule("K7")
def test_each_way_to_come_out_is_shown(
    key_type: str, operators: tuple[str, ...], listed: tuple[str, ...], values: tuple[str, ...], data: st.DataObject
) -> None:
    block = st.tuples(st.sampled_from(operators), st.lists(st.sampled_from(listed), min_size=1, max_size=3))
    tests = conditions(*data.draw(st.lists(block, min_size=1, max_size=3)))
    found = tried(tests, key_type)
    if not found.is_complete:
        return
    shown = {outcome(tests, text) for text in found.texts}
    read = [value for value in values if key_type == "String" or _is_of_type(tests, value)]
    missed = {value for value in read if outcome(tests, value) not in shown}
    assert not missed, (found.texts, missed)


def _is_of_type(tests: Sequence[ConditionTest], value: str) -> bool:
    """Whether every operator can read a value: of a key that has a type, no other value comes."""
    return all(test.operator is None or test.operator.read_request(value) is not None for test in tests)


@pytest.mark.parametrize(
    ("key_type", "operator", "value"),
    [
        ("String", "StringLike", "prod/*"),
        ("ARN", "ArnLike", "arn:aws:iam::*:role/*"),
        ("Numeric", "NumericLessThan", "10"),
        ("Date", "DateLessThan", "2026-01-01T00:00:00Z"),
        ("Binary", "BinaryEquals", "QUJD"),
    ],
)
@rule("K7")
def test_one_operator_on_a_key_of_its_type_is_shown_in_full(key_type: str, operator: str, value: str) -> None:
    tests = conditions((operator, [value]))
    found = tried(tests, key_type)
    assert found.is_complete is True
    assert len({outcome(tests, text) for text in found.texts}) == 2


@rule("K7")
def test_a_family_that_nobody_taught_is_tried_with_what_is_listed_and_never_complete() -> None:
    """A new family of operators must not make an undetermined condition a settled one."""
    (told,) = conditions(("NumericEquals", ["7"]))
    assert told.operator is not None
    versions = replace(told, operator=replace(told.operator, family=OperatorFamily("Version")))
    found = tried((versions,), "String")
    assert found.is_complete is False
    assert "7" in found.texts
    assert {outcome((versions,), text) for text in found.texts} == {(TRUE,), (FALSE,)}


@rule("K7")
def test_two_values_for_each_way_where_a_key_has_several() -> None:
    tests = conditions(("StringLike", ["prod/*"]))
    found = tried(tests, "String", each=2)
    by_outcome = [outcome(tests, text) for text in found.texts]
    assert all(by_outcome.count(one) >= 2 for one in set(by_outcome))
    assert tried(conditions(("BinaryEquals", ["QUJD"])), "Binary", each=2).is_complete is False
    assert {"true", "TRUE"} <= set(tried(conditions(("Bool", ["true"])), "String", each=2).texts)
    assert "TRUE" not in tried(conditions(("Bool", ["true"])), "String").texts


@rule("K7")
def test_values_are_written_as_their_key_is_typed() -> None:
    dates = tried(conditions(("DateLessThan", ["2026-01-01T00:00:00Z"])), "Date").texts
    assert {"2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z"} <= set(dates)
    numbers = tried(conditions(("DateLessThan", ["2026-01-01T00:00:00Z"])), "Numeric").texts
    assert {"1767225600", "1767225599", "1767225601"} <= set(numbers)
    assert not any("T" in text for text in numbers)
    assert {"10", "9", "11"} <= set(tried(conditions(("NumericEquals", ["10"])), "Numeric").texts)
    assert {"2.5", "2.50"} <= set(tried(conditions(("NumericEquals", ["2.5"])), "Numeric", each=3).texts)


@rule("K7")
def test_numbers_of_hundreds_of_digits_are_told_apart() -> None:
    long = "9" * 300
    tests = conditions(("NumericLessThan", [long, f"{long[:-1]}8"]))
    found = tried(tests, "Numeric")
    assert {outcome(tests, text) for text in found.texts} == {outcome(tests, text) for text in ("1", long)}


@rule("K7")
def test_a_known_shape_is_kept() -> None:
    shape = "arn:aws:sts::111122223333:assumed-role/x/*"
    of_text = tried(conditions(("StringLike", ["*/ana", "arn:*"])), "String", shape)
    assert all(text.startswith("arn:aws:sts::111122223333:assumed-role/x/") for text in of_text.texts)
    assert any(text.endswith("/ana") for text in of_text.texts)
    of_numbers = tried(conditions(("NumericLessThan", ["10"])), "String", "1*")
    assert of_numbers.texts
    assert all(text.startswith("1") for text in of_numbers.texts)


@rule("K7")
def test_a_key_of_another_type_may_hold_what_an_operator_cannot_read() -> None:
    typed = tried(conditions(("NumericNotEquals", ["10"])), "Numeric").texts
    untyped = tried(conditions(("NumericNotEquals", ["10"])), "String").texts
    assert ANY_OTHER not in typed
    assert ANY_OTHER in untyped
    arns = conditions(("ArnLike", ["arn:aws:s3:::*"]))
    assert all(text.startswith("arn:") for text in tried(arns, "ARN").texts)
    assert any(not text.startswith("arn:") for text in tried(arns, "String").texts)


@rule("K7")
def test_the_ends_of_the_address_spaces_are_tried() -> None:
    found = tried(conditions(("IpAddress", ["0.0.0.1/32", "255.255.255.254/32"])), "IPAddress").texts
    assert {f"{end}.{end}.{end}.{end}" for end in (0, 255)} <= set(found)


@rule("K7", "G8")
def test_where_a_policy_names_no_number_one_is_tried_all_the_same() -> None:
    found = tried(conditions(("NumericNotEquals", ["not a number"])), "Numeric")
    assert "1" in found.texts
