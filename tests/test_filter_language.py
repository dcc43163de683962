"""The filter language: what a text means, where it is wrong, and what is offered while it is typed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.filter_language import Field, FieldKind, FilterError, FilterFields, joined, quoted
from tests.some_of import some_of

from .each_case import each_case


@dataclass(frozen=True)
class Row:
    subject: str
    severity: str | None = None
    actions: int | None = None
    used: date | str | None = None
    tags: tuple[str, ...] = ()
    kind: str = "user"
    tiers: frozenset[int] = frozenset()


LEVELS = {"info": "Info", "low": "Low", "medium": "Medium", "high": "High", "critical": "Critical"}
FIELDS = FilterFields[Row](
    (
        Field("severity", "Severity", lambda row: row.severity, FieldKind.RANK, LEVELS, column=0),
        Field("subject", "Subject", lambda row: row.subject, column=1),
        Field("actions", "Number of actions", lambda row: row.actions, FieldKind.NUMBER, column=2),
        Field("used", "Last used", lambda row: row.used, FieldKind.DATE, {"never": "never", "unknown": "unknown"}),
        Field("tag", "Tags", lambda row: row.tags, column=4),
        Field("kind", "Kind", lambda row: row.kind, FieldKind.WORD, {"user": "user", "role": "role"}, column=5),
        Field("tier", "Tier", lambda row: row.tiers, FieldKind.NUMBER),
    ),
    lambda word: lambda row: word in f"{row.subject}\n{row.severity}".casefold(),
)
ROWS = (
    Row("Alice s3:GetObject", "high", 12, date(2026, 5, 31), ("team blue", "prod")),
    Row("bob (admin)", "low", 1_200, date(2026, 6, 1), ("prod",), "role", frozenset({0, 2})),
    Row('carol "c" -x', "critical", None, "never"),
    Row("dave", None, 0, None, (), "role", frozenset({3})),
)


def shown(text: str) -> str:
    """Return the first letters of the rows that a filter shows."""
    found = FIELDS.read(text)
    return "".join(row.subject[0].lower() for row in ROWS if found.accepts(row))


@each_case(
    ("text", "expected"),
    [
        ("", "abcd"),
        ("   ", "abcd"),
        ("ALICE", "a"),
        ("high alice", "a"),
        ("alice high nothing", ""),
        ('"alice s3"', "a"),
        ('"s3 alice"', ""),
        ("-alice", "bcd"),
        ('-"alice s3"', "bcd"),
        ("s3:getobject", "a"),
        ("subject:al", "a"),
        ("subject:s3:get", "a"),
        ("subject=al", ""),
        ("subject=DAVE", "d"),
        ("subject!=dave", "abc"),
        ('subject="bob (admin)"', "b"),
        ("(admin)", "b"),
        ("subject:bob", "b"),
        ("-subject:a", ""),
        ("severity:high", "a"),
        ("severity:crit", "c"),
        ("severity>=high", "ac"),
        ("severity<high", "b"),
        ("severity<=low", "b"),
        ("severity>high", "c"),
        ('severity:""', "d"),
        ("-severity>=high", "bd"),
        ("actions>5", "ab"),
        ("actions>=1,200", "b"),
        ("actions:12", "a"),
        ("actions<5", "d"),
        ('actions=""', "c"),
        ("used<2026-06", "a"),
        ("used<=2026-06", "ab"),
        ("used:2026-06", "b"),
        ("used:2026", "ab"),
        ("used>2026-05", "b"),
        ("used>=2026-05-31", "ab"),
        ("used:never", "c"),
        ("-used:never", "abd"),
        ('used:""', "d"),
        ("tag:prod", "ab"),
        ('tag="team blue"', "a"),
        ("tag=team", ""),
        ('tag:""', "cd"),
        ("kind:role", "bd"),
        ("kind:r", "bd"),
        ("tier:2", "b"),
        ("tier>=2", "bd"),
        ("tier<1", "b"),
        ("alice OR dave", "ad"),
        ("kind:role dave OR alice", "ad"),
        ("kind:role (dave OR alice)", "d"),
        ("-(alice OR dave)", "bc"),
        ("(alice) OR(dave)", "ad"),
        ("alice or dave", ""),
        ('subject:"\\"c\\""', "c"),
        ("unknownfield:x", ""),
        ("-", "c"),
        ("- x", "c"),
    ],
)
def test_what_a_text_means(text, expected):
    assert shown(text) == expected


@each_case(
    ("text", "wrong", "sentence"),
    [
        ("alice severity>=", "severity>=", "A value is missing after severity>=."),
        ("severity:bad", "severity:bad", "severity is one of: info, low, medium, high, critical; bad is not."),
        ("severity:", "severity:", "A value is missing after severity:."),
        ("x actions>many", "actions>many", "actions is a number; many is not."),
        ("used<2026-13", "used<2026-13", "used is a date: 2026, 2026-06 or 2026-06-30; 2026-13 is not."),
        ("used<never", "used<never", "used is a date: 2026, 2026-06 or 2026-06-30; never is not."),
        ("subject>a", "subject>a", "subject is a text and has no order: use subject:a."),
        ("kind<role", "kind<role", "kind has no order: use kind:role."),
        ('a "b c', '"b c', "The quotation mark is not closed."),
        ("a (b", "(", "The parenthesis is not closed."),
        ("a ()", "()", "There is nothing in the parentheses."),
        ("a OR", "OR", "OR needs an alternative on each side."),
        ("OR a", "OR", "OR needs an alternative on each side."),
        (
            "sevrity>low",
            "sevrity>",
            "There is no field sevrity. Fields are: severity, subject, actions, used, tag, kind, tier.",
        ),
    ],
)
def test_where_a_text_is_wrong(text, wrong, sentence):
    with pytest.raises(FilterError) as caught:
        FIELDS.read(text)
    assert caught.value.sentence == sentence
    assert text[caught.value.start : caught.value.end] == wrong


def test_a_name_close_to_a_field_is_a_word_with_a_note():
    assert FIELDS.read("severty:high").note == (
        "There is no field severty, so it is searched as text. Did you mean severity?"
    )
    assert not FIELDS.read("s3:GetObject").note
    assert not FIELDS.read("arn:aws:iam::1:role/x").note


def test_highlighted_words_are_those_that_a_row_contains():
    assert FIELDS.read('alice -bob "c d" severity:high -(-e)').words == ("alice", "c d", "e")


def test_deep_nesting_is_refused():
    with pytest.raises(FilterError, match="too many parentheses"):
        FIELDS.read("(" * 200 + "a" + ")" * 200)
    with pytest.raises(FilterError, match="too many parentheses"):
        FIELDS.read("-" * 1_500 + "a")


def test_filters_of_the_same_text_are_equal():
    assert FIELDS.read(" alice ") == FIELDS.read("alice")
    assert FIELDS.read("alice") != FIELDS.read("bob")
    assert FIELDS.read(" ").shows_everything


def offered(text: str, cursor: int | None = None) -> list[str]:
    """Return the texts that suggestions lead to."""
    at = len(text) if cursor is None else cursor
    return [f"{text[: one.start]}{one.insert}{text[one.end :]}" for one in FIELDS.suggestions(text, at, ROWS)]


def test_names_of_fields_are_offered():
    assert offered("se") == ["severity:"]
    assert offered("alice -s") == ["alice -severity:", "alice -subject:"]
    assert offered("(alice OR (su") == ["(alice OR (subject:"]
    assert offered("number") == ["actions:"]  # by the title of its column
    assert len(offered("")) == len(FIELDS.fields)
    assert offered("xyz") == []


def test_values_that_occur_are_offered_most_frequent_first():
    assert offered("tag:") == ["tag:prod", 'tag:"team blue"']
    assert offered("tag:t") == ['tag:"team blue"']
    assert offered('-tag:"team b') == ['-tag:"team blue"']
    assert offered("severity>=") == ["severity>=critical", "severity>=high", "severity>=low"]
    assert offered("used:n") == ["used:never"]
    assert offered("tag: alice", 4) == ["tag:prod alice", 'tag:"team blue" alice']


def test_the_filter_of_a_cell():
    assert FIELDS.of_cell(ROWS[1], 1) == 'subject="bob (admin)"'
    assert FIELDS.of_cell(ROWS[1], 1, leave_out=True) == '-subject="bob (admin)"'
    assert FIELDS.of_cell(ROWS[2], 2) == 'actions=""'
    assert FIELDS.of_cell(ROWS[0], 4, leave_out=True) == '-(tag="team blue" tag=prod)'
    assert FIELDS.of_cell(ROWS[0], 9) == ""


@each_case("row", ROWS)
@each_case("column", [0, 1, 2, 4, 5])
def test_the_filter_of_a_cell_shows_its_row_and_leaving_out_hides_it(row, column):
    assert FIELDS.read(FIELDS.of_cell(row, column)).accepts(row)
    assert not FIELDS.read(FIELDS.of_cell(row, column, leave_out=True)).accepts(row)


def test_one_more_test_holds_for_all_alternatives():
    assert joined("", "kind:role") == "kind:role"
    assert joined("bob", "kind:role") == "bob kind:role"
    assert shown(joined("alice OR dave", "kind:role")) == "d"


# Properties

texts = st.text(st.sampled_from('ab sOR-()":<>=\\severity2026-06.é'), max_size=30) | st.text(max_size=30)


@settings(max_examples=some_of(600))
@given(texts)
def test_any_text_is_a_filter_or_wrong_at_a_place(text):
    try:
        found = FIELDS.read(text)
    except FilterError as error:
        assert 0 <= error.start < error.end <= len(text)  # noqa: PT017 - not every text is wrong
    else:
        assert all(isinstance(found.accepts(row), bool) for row in ROWS)


@settings(max_examples=some_of(300))
@given(st.text(max_size=30))
def test_a_quoted_value_is_that_value(value):
    row = Row(value)
    assert FIELDS.read(f"subject={quoted(value)}").accepts(row)
    assert FIELDS.read(f"(subject={quoted(value)})").accepts(row)


@settings(max_examples=some_of(300))
@given(st.lists(st.text(st.sampled_from("abcdés3.*/_"), min_size=1, max_size=4), max_size=4), st.sampled_from(ROWS))
def test_plain_words_mean_what_they_always_meant(words: list[str], row: Any):
    found = FIELDS.read(" ".join(words))
    expected = all(word.casefold() in f"{row.subject}\n{row.severity}".casefold() for word in words)
    assert found.accepts(row) is expected


@settings(max_examples=some_of(300))
@given(st.sampled_from(["alice", "severity>=low", "tag:prod", "used<2026-06", "kind=role"]), st.sampled_from(ROWS))
def test_not_is_the_opposite(test: str, row: Any):
    assert FIELDS.read(f"-{test}").accepts(row) is not FIELDS.read(test).accepts(row)
    assert FIELDS.read(f"{test} -{test}").accepts(row) is False
    assert FIELDS.read(f"{test} OR -{test}").accepts(row) is True


@settings(max_examples=some_of(300))
@given(texts, st.integers(0, 30))
def test_suggestions_replace_a_part_of_the_text(text, cursor):
    at = min(cursor, len(text))
    for one in FIELDS.suggestions(text, at, ROWS):
        assert 0 <= one.start <= one.end <= len(text)
        assert one.insert
