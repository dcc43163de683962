import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.snapshot.policy_decoding import decode_document, keep_ambiguous_documents_as_text
from iamdesk.strict_json import MAX_DEPTH, decode_repeating_at

DOCUMENT = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "a+b/ü%41"}]}
JSON_OBJECTS = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    "spelled",
    [
        DOCUMENT,
        json.dumps(DOCUMENT),
        "\n " + json.dumps(DOCUMENT, indent=4) + " \n",
        quote(json.dumps(DOCUMENT)),
        quote(json.dumps(DOCUMENT), safe=""),
        quote(json.dumps(DOCUMENT, ensure_ascii=False)),
        quote(json.dumps(DOCUMENT)).replace("%7B", "%7b"),
        quote(" " + json.dumps(DOCUMENT, indent=2)),
        quote_plus(json.dumps(DOCUMENT)),
    ],
)
def test_each_spelling_of_a_document_becomes_the_same_object(spelled: Any) -> None:
    assert decode_document(spelled) == DOCUMENT


@given(JSON_OBJECTS)
def test_every_object_comes_back_from_its_three_spellings(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert decode_document(document) is document
    assert decode_document(text) == document
    assert decode_document(quote(text, safe="")) == document


@given(st.text() | st.text().map(lambda text: "{" + text) | st.text().map(lambda text: "%7B" + text))
def test_any_text_is_an_object_or_stays_what_it_is(text: str) -> None:
    document = decode_document(text)
    assert isinstance(document, dict) or document == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a policy",
        "null",
        "[]",
        '"{}"',
        "12",
        '{"a": 1',
        '{"a": 1} {"b": 2}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}',
        "%7B%22a%22%3A%20%22%FF%22%7D",
        "%7B%zz",
        "%",
        nested(MAX_DEPTH + 1),
        nested(100_000),
        "[" * 100_000,
    ],
)
def test_what_is_no_json_object_stays_the_raw_text(text: str) -> None:
    assert decode_document(text) is text


def test_a_document_may_nest_as_deep_as_the_limit() -> None:
    assert isinstance(decode_document(nested(MAX_DEPTH)), dict)


@pytest.mark.parametrize(
    "text",
    [
        '{"Statement": [], "Statement": [{"Effect": "Deny"}]}',
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}',
        '{"a": {"b": 1, "b": 1}}',
    ],
)
@pytest.mark.parametrize("spell", [str, quote])
def test_text_with_a_key_that_stands_twice_stays_text_for_neither_may_vanish(text: str, spell: Any) -> None:
    spelled = spell(text)
    assert decode_document(spelled) == spelled


@pytest.mark.parametrize("value", [None, 12, True, 1.5, [1, 2], []])
def test_other_values_are_left_for_the_policy_language_to_judge(value: Any) -> None:
    assert decode_document(value) is value


def test_only_the_ambiguous_document_of_an_entry_becomes_text_and_keeps_both_keys() -> None:
    entry, _ = decode_repeating_at(
        '{"RolePolicyList": [{"PolicyDocument": {"Id": "plain"}}, {"PolicyDocument": {"Id": "a", "Id": "b"}}]}'
    )
    changed = keep_ambiguous_documents_as_text(entry)
    assert changed == [(("RolePolicyList", 1, "PolicyDocument"), "the key `Id` occurs twice in one object")]
    assert entry["RolePolicyList"][0]["PolicyDocument"] == {"Id": "plain"}
    assert entry["RolePolicyList"][1]["PolicyDocument"] == '{\n  "Id": "a",\n  "Id": "b"\n}'
    assert decode_document(entry["RolePolicyList"][1]["PolicyDocument"]).startswith("{")


def test_a_document_nested_too_deep_becomes_its_text() -> None:
    entry, _ = decode_repeating_at('{"Document": ' + nested(400) + "}")
    assert [why for _, why in keep_ambiguous_documents_as_text(entry)] == ["it is nested more than 60 levels deep"]
    assert entry["Document"].replace(" ", "") == nested(400)


def test_half_of_a_surrogate_pair_is_spelled_out_in_the_text_that_is_kept() -> None:
    entry, _ = decode_repeating_at('{"Document": {"Sid": "\\ud83d"}}')
    keep_ambiguous_documents_as_text(entry)
    assert entry["Document"] == '{\n  "Sid": "\\ud83d"\n}'
