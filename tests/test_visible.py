"""Unseen characters are written out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from iamdesk.escaping import visible, visible_json


def test_unseen_characters_become_escapes():
    assert visible("a\u202eb\u200b\n\x00\ud83d\U000e0041") == "a\\u202eb\\u200b\\u000a\\u0000\\ud83d\\U000e0041"


def test_what_can_be_seen_stays():
    assert visible("ünïcödé 名前 שלום <&>'\"") == "ünïcödé 名前 שלום <&>'\""


def test_white_space_at_the_end_is_written_out():
    assert visible("a b ") == "a b\\u0020"
    assert visible("a\u3000 \xa0") == "a\\u3000\\u0020\\u00a0"
    assert visible("  a") == "  a"


@given(st.text(alphabet=st.characters(codec=None)))
def test_json_keeps_its_values(text):
    printed = visible_json(json.dumps([text, {text: 1}], ensure_ascii=False, indent=2))
    printed.encode()
    assert json.loads(printed) == [text, {text: 1}]
    assert visible(printed.replace("\n", "")) == printed.replace("\n", "")
