import pytest

from iamdesk.index import nodes
from iamdesk.index.nodes import Node, NodeKind, NodeTable


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_the_first_row_of_a_key_counts_however_the_rows_are_taken(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(nodes, "_PIECE", piece)
    keys = ["", "a", "b", "a", "", "c", "b", "a"]
    table = NodeTable.of(Node(NodeKind.SECTION, key, "", key, 0, 0, 0) for key in keys)
    assert table.first_rows(lambda: None) == {"a": 1, "b": 2, "c": 5}
    assert NodeTable().first_rows(lambda: None) == {}
