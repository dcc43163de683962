import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.gui.ask.context_values import ContextValueError, address_in, format_values, parse_values

VALID = [
    ("Bool", "true"),
    ("Bool", "False"),
    ("Numeric", "3600"),
    ("Numeric", "-1.5"),
    ("Date", "2026-09-30"),
    ("Date", "2026-09-30T14:05:00Z"),
    ("Date", "2026-09-30T14:05:00+02:00"),
    ("Date", "1790000000"),
    ("IPAddress", "203.0.113.7"),
    ("IPAddress", "2001:db8::1"),
    ("ARN", "arn:aws:s3:::bucket"),
    ("ARN", "arn:aws:iam::111122223333:role/a:b"),
    ("Binary", "QmFzZTY0"),
    ("String", "anything, even with commas"),
    ("String", "arn:aws:s3:::not checked"),
]
INVALID = [
    ("Bool", "yes", "true or false"),
    ("Bool", "1", "true or false"),
    ("Numeric", "ten", "a number"),
    ("Numeric", "nan", "a number"),
    ("Date", "30.9.2026", "a date"),
    ("Date", "2026-13-01", "a date"),
    ("IPAddress", "203.0.113.0/24", "one IP address"),
    ("IPAddress", "example.org", "one IP address"),
    ("ARN", "arn:aws:s3", "an ARN"),
    ("ARN", "bucket", "an ARN"),
    ("Binary", "not base64!", "base64 text"),
]


@pytest.mark.parametrize(("key_type", "text"), VALID)
def test_a_value_of_the_keys_type_is_taken_as_typed(key_type: str, text: str) -> None:
    assert parse_values("aws:Key", key_type, f"  {text} ") == (text,)


@pytest.mark.parametrize(("key_type", "text", "expected"), INVALID)
def test_another_value_is_refused_with_key_expectation_and_value(key_type: str, text: str, expected: str) -> None:
    with pytest.raises(ContextValueError) as refused:
        parse_values("aws:Key", key_type, text)
    assert str(refused.value).startswith(f"aws:Key takes {expected}")
    assert f'"{text}"' in str(refused.value)


def test_an_array_takes_values_between_commas_and_each_is_checked() -> None:
    assert parse_values("aws:TagKeys", "ArrayOfString", 'team, "a, b" ,cost') == ("team", "a, b", "cost")
    assert parse_values("k", "ArrayOfARN", "arn:aws:s3:::a,arn:aws:s3:::b,") == ("arn:aws:s3:::a", "arn:aws:s3:::b")
    with pytest.raises(ContextValueError):
        parse_values("k", "ArrayOfARN", "arn:aws:s3:::a, b")
    with pytest.raises(ContextValueError, match="quote"):
        parse_values("aws:TagKeys", "ArrayOfString", '"open, quote')


def test_a_single_valued_string_keeps_its_commas() -> None:
    assert parse_values("aws:UserAgent", "String", "curl/8, (linux)") == ("curl/8, (linux)",)


def test_two_quotes_are_the_empty_text() -> None:
    assert parse_values("aws:UserAgent", "String", '""') == ("",)
    assert format_values("String", ("",)) == '""'


@given(st.lists(st.text(alphabet=string.ascii_letters + ' ,":/*-é', max_size=8), min_size=1, max_size=4))
def test_what_is_written_for_several_values_reads_back_as_them(values: list[str]) -> None:
    kept = tuple(value.strip() for value in values)
    if len(kept) == 1 or kept[-1]:
        assert parse_values("aws:TagKeys", "ArrayOfString", format_values("ArrayOfString", kept)) == kept


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.0/24", "203.0.113.1"),
        ("2001:db8:1234::/48", "2001:db8:1234::1"),
        ("203.0.113.9/32", "203.0.113.9"),
        ("203.0.113.9/24", "203.0.113.1"),
        ("0.0.0.0/0", "0.0.0.1"),
        ("203.0.113.9", None),
        ("a/b", None),
    ],
)
def test_a_range_offers_one_of_its_addresses(text: str, address: str | None) -> None:
    assert address_in(text) == address
