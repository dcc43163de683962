"""The shown text of a policy: what `json.dumps` prints, and where each value stands in it."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from iamdesk.policy.document import parse_document
from iamdesk.policy.source_map import ElementPath, Span, render, statement_spans

from ..some_of import some_of

BOUNDED = settings(max_examples=some_of(200), deadline=None)
SAFE = st.text(
    st.characters(codec="ascii", min_codepoint=32, max_codepoint=126) | st.sampled_from('äß✓漢\n\t"\\'), max_size=6
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | SAFE
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SAFE, inner, max_size=4), max_leaves=12
)


def at(text: str, span: Span) -> str:
    """Cut the text out by lines and columns, as a reader counts them."""
    lines = text.split("\n")[span.start_line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.start_column - 1 :]
    return "\n".join(lines)


def paths(value: Any, path: ElementPath = ()) -> list[tuple[ElementPath, Any]]:
    found = [(path, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        found += paths(member, (*path, key))
    return found


@BOUNDED
@given(st.lists(JSON, max_size=3) | st.dictionaries(SAFE, JSON, max_size=3))
def test_text_and_spans_are_those_of_json_dumps(document: Any) -> None:
    shown = render(document)
    assert shown.text == json.dumps(document, indent=2, ensure_ascii=False)
    every = paths(document)
    assert set(shown.spans) == {path for path, _ in every}
    for path, value in every:
        cut = at(shown.text, shown.spans[path])
        assert cut.strip() == cut
        assert json.loads(cut) == value


@BOUNDED
@given(
    st.dictionaries(SAFE, JSON, max_size=2), JSON | st.lists(JSON, max_size=4), st.dictionaries(SAFE, JSON, max_size=1)
)
def test_spans_of_statements_can_be_told_without_printing(before: dict[str, Any], listed: Any, after: Any) -> None:
    document = {**before, "Statement": listed, **after}
    shown = render(document)
    spans = statement_spans(document)
    every = [("Statement", place) for place in range(len(listed))] if isinstance(listed, list) else [("Statement",)]
    assert spans == {path: shown.spans[path] for path in every}


def test_a_document_that_was_not_printed_yet_tells_the_same_spans() -> None:
    raw = {"Version": "2012-10-17", "Statement": [{"Sid": "\u202ea", "Effect": "Allow", "Action": ["a:b", "c:d"]}, {}]}
    printed, fresh = parse_document(raw), parse_document(raw)
    for path, _ in paths(raw):
        assert fresh.span_at(path) == printed.text.span_of(path)
    assert parse_document("no JSON\nat all").span_at(("Statement",)) == Span(1, 1, 2, 7)


@BOUNDED
@given(st.dictionaries(st.text(max_size=4), st.text(max_size=6), max_size=4))
def test_whatever_the_characters_the_text_says_the_value(document: dict[str, str]) -> None:
    assert json.loads(render(document).text) == document


def test_unseen_characters_are_written_out() -> None:
    text = render({"Sid": "a\u202eb\u200bc\u0085d", "\u2066k": "v"}).text
    assert "\\u202e" in text
    assert "\\u200b" in text
    assert "\\u0085" in text
    assert "\\u2066" in text
    assert all(character == "\n" or character.isprintable() for character in text)


def test_what_only_looks_printable_is_written_out_too() -> None:
    """DEL is ASCII, and the Hangul filler is a letter: neither is seen."""
    assert render({"Sid": "a\x7fb", "Id": "a\u3164b"}).text == '{\n  "Sid": "a\\u007fb",\n  "Id": "a\\u3164b"\n}'


def test_a_line_break_in_a_value_does_not_break_the_line() -> None:
    shown = render({"a": "x\ny", "b": 1})
    assert shown.spans["b",] == Span(3, 8, 3, 9)


def test_a_path_that_the_text_does_not_have_gives_its_nearest_ancestor() -> None:
    shown = render({"Statement": [{"Effect": "Allow"}]})
    assert shown.span_of(("Statement", 0, "Action", 2)) == shown.spans["Statement", 0]
    assert shown.span_of(("Nothing",)) == shown.spans[()]


def test_a_document_that_is_no_json_is_shown_as_its_lines() -> None:
    shown = render("one\ntwo")
    assert shown.text == "one\ntwo"
    assert shown.spans == {(): Span(1, 1, 2, 4)}
