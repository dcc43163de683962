"""Each condition operator, value by value: how policy and request values are read, and when they match."""

from decimal import Decimal

import pytest

from iamdesk.policy.operators import OPERATORS, read_address, read_date, read_network, read_number
from iamdesk.policy.wildcards import tokens_of

from ..each_case import each_case
from ..rules import rule


def compares(name: str, request: str, policy: str) -> bool | None:
    """Whether the values match in the positive sense; None where one of them cannot be read."""
    operator = OPERATORS[name.lower()]
    asked, listed = operator.read_request(request), operator.read_policy(tokens_of(policy))
    return None if asked is None or listed is None else operator.compare(asked, listed)


@rule("G6", "G17")
def test_the_operators_are_those_of_aws() -> None:
    texts = ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"]
    orders = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
    others = ["Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"]
    every = [
        *texts,
        "StringNotLike",
        *others,
        "Null",
        *(f"{kind}{word}" for kind in ("Numeric", "Date") for word in orders),
    ]
    assert {operator.name for operator in OPERATORS.values()} == set(every)
    for name, operator in OPERATORS.items():
        assert name == operator.name.lower()
        assert operator.negated is ("Not" in operator.name)
        assert operator.positive_name == operator.name.replace("Not", "")
        assert operator.ignores_case is ("IgnoreCase" in operator.name)
        assert operator.takes_wildcards is operator.name.startswith(("StringLike", "StringNotLike", "Arn"))
        assert (operator.bound is not None) is ("Than" in operator.name) is bool(operator.words)
        assert operator.takes_variables is operator.name.startswith(("String", "Arn"))
    families = {operator.family.name for operator in OPERATORS.values()}
    assert families == {"String", "Numeric", "Date", "Bool", "Binary", "IPAddress", "ARN", "Null"}


@rule("G7")
@pytest.mark.parametrize(
    ("name", "request_value", "policy_value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "ab", "a*", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringEqualsIgnoreCase", "a", "b", False),
        ("StringEqualsIgnoreCase", "a?", "A?", True),
        ("StringLike", "abc", "a*c", True),
        ("StringLike", "abc", "A*c", False),
        ("StringLike", "abc", "a?", False),
    ],
)
def test_text(name: str, request_value: str, policy_value: str, expected: bool) -> None:
    assert compares(name, request_value, policy_value) is expected


@rule("G8")
@each_case(
    ("text", "number"),
    [
        ("5", Decimal(5)),
        ("-5", Decimal(-5)),
        ("+5", Decimal(5)),
        ("5.", Decimal(5)),
        (".5", Decimal("0.5")),
        ("0.50", Decimal("0.5")),
        ("1e3", Decimal(1000)),
        ("1E-2", Decimal("0.01")),
        ("9" * 400, Decimal("9" * 400)),
        ("9" * 401, None),
        ("1e9999", None),
        ("", None),
        (".", None),
        ("five", None),
        ("5 ", None),
        ("0x5", None),
        ("Infinity", None),
        ("NaN", None),
        ("1_000", None),
    ],
)
def test_numbers_are_read(text: str, number: Decimal | None) -> None:
    assert read_number(text) == number


@rule("G8", "G9")
@pytest.mark.parametrize(
    ("word", "below", "same", "above"),
    [
        ("Equals", False, True, False),
        ("LessThan", True, False, False),
        ("LessThanEquals", True, True, False),
        ("GreaterThan", False, False, True),
        ("GreaterThanEquals", False, True, True),
    ],
)
def test_order(word: str, below: bool, same: bool, above: bool) -> None:
    for request, expected in (("9", below), ("10.0", same), ("11", above)):
        assert compares(f"Numeric{word}", request, "10") is expected
    for request, expected in (("2020-01-01", below), ("2020-01-02T00:00:00Z", same), ("2020-01-03", above)):
        assert compares(f"Date{word}", request, "2020-01-02") is expected


@rule("G9")
@each_case(
    ("text", "seconds"),
    [
        ("1970-01-01", "0"),
        ("1970-02", "2678400"),
        ("1970-01-02", "86400"),
        ("1970-01-01T01", None),
        ("1970-01-01T01:02", "3720"),
        ("1970-01-01T01:02:03", "3723"),
        ("1970-01-01t01:02:03z", "3723"),
        ("1970-01-01T01:02:03.5Z", "3723.5"),
        ("1970-01-01T01:02:03.000000001Z", "3723.000000001"),
        ("1970-01-01T01:02:03+01:00", "123"),
        ("1970-01-01T01:02:03-01:30", "9123"),
        ("1970-01-01T01:02:03+0100", "123"),
        ("1970-01-01T01:02:03+00:01", "3663"),
        ("1969-12-31T23:59:59Z", "-1"),
        ("86400", "86400"),
        ("-1.5", "-1.5"),
        ("1970", "1970"),
        ("1970-13-01", None),
        ("1970-02-30", None),
        ("1970-01-01T24:00:00", None),
        ("1970-01-01T00:60", None),
        ("tomorrow", None),
        ("1970-1-1", None),
        ("", None),
    ],
)
def test_dates_are_read_as_seconds(text: str, seconds: str | None) -> None:
    assert read_date(text) == (None if seconds is None else Decimal(seconds))


@rule("G10", "G5")
@pytest.mark.parametrize("name", ["Bool", "Null"])
def test_truth_values_are_compared_without_case_and_nothing_else_is_one(name: str) -> None:
    assert compares(name, "true", "TRUE") is True
    assert compares(name, "False", "false") is True
    assert compares(name, "true", "false") is False
    for text in ("1", "yes", "", "true "):
        assert compares(name, text, "true") is None
        assert compares(name, "true", text) is None


@rule("G11")
def test_bytes_are_compared_as_bytes() -> None:
    assert compares("BinaryEquals", "AAE=", "AAE=") is True
    assert compares("BinaryEquals", "AAE=", "AAI=") is False
    for text in ("AAE", "!!!!", "AA E="):
        assert compares("BinaryEquals", text, "AAE=") is None
        assert compares("BinaryEquals", "AAE=", text) is None


@rule("G12")
@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.9.9.9/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.4", "10.1.2.3", False),
        ("10.1.2.3", "0.0.0.0/0", True),
        ("2001:db8::1", "2001:db8::/32", True),
        ("2001:db9::1", "2001:db8::/32", False),
        ("2001:0DB8:0::0001", "2001:db8::1", True),
        ("10.1.2.3", "::/0", False),
        ("::1", "0.0.0.0/0", False),
    ],
)
def test_addresses(address: str, network: str, expected: bool) -> None:
    assert compares("IpAddress", address, network) is expected


@rule("G12", "G18")
@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0/", "10.0.0", "10.0.0.0/255.0.0.0", "10.0.0.0/8/8", "host", ""]
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert read_network(text) is None


@rule("G12", "G19")
@pytest.mark.parametrize("text", ["10.0.0.0/8", "fe80::1%eth0", "10.0.0.256", "010.0.0.1", ""])
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text) is None


@rule("G13")
@each_case("name", ["ArnEquals", "ArnLike"])
@each_case(
    ("request_value", "policy_value", "expected"),
    [
        ("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/ana", True),
        ("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::*:user/*", True),
        ("arn:aws:iam::111122223333:user/ana", "arn:aws:iam:*:user/ana", None),
        ("arn:aws:iam::111122223333:user/ana", "arn:*:iam::111122223333:user/an?", True),
        ("arn:aws:iam::111122223333:user/ana", "arn:aws:IAM::111122223333:user/ana", False),
        ("arn:aws:sns:eu-west-1:111122223333:a:b:c", "arn:aws:sns:*:*:a:*", True),
        ("arn:aws:sns:eu-west-1:111122223333:a:b:c", "arn:aws:sns:*:a:b:c:d", False),
        ("arn:aws:s3:::b", "*", None),
        ("bucket", "arn:aws:s3:::b", None),
        ("urn:aws:s3:::b", "arn:aws:s3:::b", None),
        ("arn:aws:s3::b", "arn:aws:s3:::b", None),
    ],
)
def test_arns(name: str, request_value: str, policy_value: str, expected: bool | None) -> None:
    assert compares(name, request_value, policy_value) is expected
