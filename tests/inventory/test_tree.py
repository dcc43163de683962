import pytest

from iamdesk.viewmodel import tree
from iamdesk.viewmodel.tree import KeyRows, Node, NodeKind, NodeTable


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_the_first_row_of_a_key_counts_however_the_rows_are_taken(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(tree, "_PIECE", piece)
    monkeypatch.setattr(tree, "_PART", 2 * piece)
    keys = ["", "a", "b", "a", "", "c", "b", "a"]
    table = NodeTable.of(Node(NodeKind.SECTION, key, "", key, 0, 0, 0) for key in keys)
    assert table.first_rows(lambda: None) == {"a": 1, "b": 2, "c": 5}
    assert NodeTable().first_rows(lambda: None) == {}


def test_rows_of_keys_are_a_mapping_and_take_later_keys_only_where_there_is_none() -> None:
    rows = KeyRows([{"a": 1, "b": 2}, {"b": 7, "c": 8}])
    rows.set_default("a", 9)
    rows.set_default("d", 10)
    assert rows == {"a": 1, "b": 2, "c": 8, "d": 10}
    assert (list(rows), len(rows)) == (["a", "b", "c", "d"], 4)
    assert "e" not in rows
    assert rows.get("e") is None
    with pytest.raises(KeyError):
        rows["e"]
