"""``review.json`` is read piece by piece, with only a part of its text in memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.export.evidence import read_json
from iamdesk.export.evidence.read_json import pieces

DOCUMENT: dict[str, Any] = {
    "changes": [],
    "entitlements": [1, 23, {"name": "é\ud800"}, "]"],
    "findings": [{"id": "{,"}],
    "population": [-1.5e10],
    "schema": 345,
}


@pytest.mark.parametrize("at_once", [1, 2, 7, 1 << 22])
def test_pieces_are_the_same_however_much_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(read_json, "_AT_ONCE", at_once)
    path = tmp_path / "review.json"
    path.write_bytes(json.dumps(DOCUMENT, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    assert [*pieces(path)] == [
        *(("entitlements", item, True) for item in DOCUMENT["entitlements"]),
        ("findings", {"id": "{,"}, True),
        ("population", -1.5e10, True),
        ("schema", 345, False),
    ]


@pytest.mark.parametrize("text", ["", "[", '{"a":1', '{"a":1}x', '{"a" 1}', '{"changes":[1 2]}', '{"changes":[1'])
@pytest.mark.parametrize("at_once", [1, 1 << 22])
def test_what_is_no_object_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int, text: str) -> None:
    monkeypatch.setattr(read_json, "_AT_ONCE", at_once)
    path = tmp_path / "review.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"[Ee]xpect"):
        [*pieces(path)]
