"""Suppressions: read, written, applied, and back when their day is over."""

import json
from datetime import date, timedelta

import pytest

from iamdesk.checks.finding import Evidence, Finding, Severity, State, SuppressionError
from iamdesk.checks.suppressions import as_bytes, read_suppressions, suppressed, suppression

TODAY = date(2026, 10, 27)
ID, OTHER = "0123456789abcdef0123", "fedcba9876543210fedc"


def finding(fingerprint=ID):
    return Finding(
        "ADM-01",
        "Administrator",
        Severity.HIGH,
        State.FOUND,
        "1",
        "arn:x",
        "ops",
        "user",
        "It is.",
        (),
        "Do.",
        fingerprint,
    )


def word(fingerprint=ID, days=30, **about):
    return suppression(fingerprint, "Alice", "known", TODAY + timedelta(days=days), TODAY, **about)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "accepted.json"
    words = [word(OTHER, check_id="ZZZ-01"), word(check_id="ADM-01", subject="arn:x\u202e名前")]
    path.write_bytes(as_bytes(words))
    assert set(read_suppressions(path)) == set(words)
    assert as_bytes(read_suppressions(path)) == as_bytes(reversed(words)) == path.read_bytes()
    assert path.read_bytes().isascii()


def test_a_file_that_is_not_there_holds_none(tmp_path):
    assert read_suppressions(tmp_path / "none.json") == ()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"[]", "the file"),
        (b"{", "the file"),
        (b'{"format": "else", "suppressions": []}', "format"),
        (b'{"format": "iamdesk-suppressions/1", "suppressions": [{}]}', "suppressions.0.finding"),
        (b"\xff\xfe", "the file"),
    ],
)
def test_a_file_of_something_else_gives_one_sentence(tmp_path, content, place):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(SuppressionError, match=r"^[^\n]+$") as caught:
        read_suppressions(path)
    assert f"x.json is not a suppression file: {place}: " in str(caught.value)


def test_a_folder_gives_one_sentence(tmp_path):
    with pytest.raises(SuppressionError, match="cannot be read"):
        read_suppressions(tmp_path)


def test_of_several_words_for_one_finding_the_last_counts(tmp_path):
    path = tmp_path / "x.json"
    told = json.loads(as_bytes([word()]))
    told["suppressions"].append({**told["suppressions"][0], "owner": "Bob", "more": "ignored"})
    path.write_text(json.dumps(told))
    (one,) = read_suppressions(path)
    assert one.owner == "Bob"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"owner": "  "}, "an owner"),
        ({"reason": ""}, "a reason"),
        ({"fingerprint": "ADM-01"}, "the id of a finding"),
        ({"expires": TODAY - timedelta(days=1)}, "today or later, not on 2026-10-26"),
    ],
)
def test_a_suppression_has_to_be_whole(fields, message):
    given = {"fingerprint": ID, "owner": "Alice", "reason": "known", "expires": TODAY, **fields}
    with pytest.raises(SuppressionError, match=message):
        suppression(given["fingerprint"], given["owner"], given["reason"], given["expires"], TODAY)


def test_findings_are_set_aside_and_none_is_dropped():
    both = list(suppressed([finding(), finding(OTHER)], [word()], TODAY))
    assert [one.suppression is not None for one in both] == [True, False]
    assert both[0].suppression.owner == "Alice"
    assert both[1] == finding(OTHER)


@pytest.mark.parametrize(("days", "holds"), [(-1, True), (0, True), (1, False), (400, False)])
def test_a_suppression_holds_to_the_end_of_its_day_and_then_the_finding_is_back(days, holds):
    (one,) = suppressed([finding()], [word(days=5)], TODAY + timedelta(days=5 + days))
    assert (one.suppression is not None) is holds
    told = Evidence("It was suppressed until 2026-11-01 by Alice: known")
    assert one.evidence == (() if holds else (told,))
