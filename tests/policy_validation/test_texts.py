"""Texts of files: positions, and what is no policy."""

import json

import pytest

from iamdesk.policy.source_map import Span, locate
from iamdesk.policy_validation.issue import PolicyTextError
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import MAX_CHARACTERS, validate_document, validate_text


def test_positions_are_those_of_the_text() -> None:
    text = '{"Version":"2012-10-17",\r\n\t"Statement":{"Effect":"allow","Action":"s3:*","Resource":"*"}}'
    (issue,) = validate_text(text.encode(), PolicyKind.IDENTITY)
    assert issue.check.issue_code == "INVALID_EFFECT"
    assert issue.span == Span(2, 24, 2, 31)


def test_a_byte_order_mark_is_skipped() -> None:
    (issue,) = validate_text(b'\xef\xbb\xbf{"Version": "2012-10-17"}', PolicyKind.IDENTITY)
    assert issue.check.issue_code == "MISSING_STATEMENT"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON: Expecting value at line 1, column 1"),
        (b'{"Version": }', "it is not JSON: Expecting value at line 1, column 13"),
        (b"\xff", "it is not UTF-8 at byte 0"),
        (b"[]", "it is not a JSON object at line 1, column 1"),
        (b'"text"', "it is not a JSON object at line 1, column 1"),
        (b'{\n "Id": "a",\n "Id": "b"}', "the key `Id` occurs twice in one object, again at line 3, column 2"),
        (b'{"Version": NaN}', "NaN is not a JSON value"),
        (b'{"a": ' * 70 + b"1" + b"}" * 70, "it is nested more than 60 levels deep"),
        (b"[" * 100_000, "it is nested more than 60 levels deep"),
        (b'{"Id": "\\ud800"}', "it contains half of a surrogate pair, which is not a character"),
        (b'{"Version": ' + b"9" * 10_000 + b"}", "a number has too many digits"),
        (b" " * (MAX_CHARACTERS + 1), "it has 1,048,577 characters, more than 1,048,576"),
    ],
)
def test_what_is_no_policy_is_one_sentence(content: bytes, reason: str) -> None:
    with pytest.raises(PolicyTextError) as caught:
        validate_text(content, PolicyKind.IDENTITY)
    assert str(caught.value) == reason


_ODD = [None, 0, -1.5, True, "", "*", "${", [], {}, [[]], [{}], {"a": []}, ["a", 1], {"AWS": {"b": 1}}, "arn:", "a:b"]
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)


@pytest.mark.parametrize("kind", list(PolicyKind))
def test_wrong_types_anywhere_are_issues_not_exceptions(kind: PolicyKind) -> None:
    for value in _ODD:
        for name in ("Version", "Id", "Statement", "Other"):
            validate_document({name: value}, kind, "s3")
        for name in _ELEMENTS:
            sound = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
            assert validate_document({"Statement": [{**sound, name: value}, value]}, kind, "s3")
        for block in ({"StringLike": value}, {"StringLike": {"aws:username": value}}, {"": {"": value}}):
            validate_document({"Statement": {"Effect": "Deny", "Condition": block}}, kind)


def test_every_value_of_a_text_is_located() -> None:
    value = {"a": [1, 'x,}"y', {"b": None}], "c": {}, "d": -1500.0, "e": [], "é": ["\n"]}
    for text in (json.dumps(value), json.dumps(value, indent=3), json.dumps(value, separators=(",", ":"))):
        lines = text.split("\n")
        for path, span in locate(text).spans.items():
            expected = value
            for step in path:
                expected = expected[step]  # type: ignore[index, call-overload]
            rows = lines[span.start_line - 1 : span.end_line]
            rows[-1] = rows[-1][: span.end_column - 1]
            rows[0] = rows[0][span.start_column - 1 :]
            assert json.loads("\n".join(rows)) == expected
