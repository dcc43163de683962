import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from pytestqt.modeltest import ModelTester

from iamdesk.api import SnapshotSession
from iamdesk.gui.navigator.tree_model import OutlineModel
from iamdesk.viewmodel.tree import Badge, Node, NodeKind, NodeTable, Outline

HOSTILE = "<img src=x>\u202egpj"
NODES = [
    Node(NodeKind.SNAPSHOT, "s", "", "", -1, 1, 1),
    Node(NodeKind.ACCOUNT, "111122223333", "", "111122223333", 0, 2, 2),
    Node(NodeKind.SECTION, "Users", "2", "", 1, 4, 2),
    Node(NodeKind.SECTION, "Roles", "1", "", 1, 6, 1),
    Node(NodeKind.USER, "alice", "/eng/", "arn:alice", 2, 7, 2),
    Node(NodeKind.USER, HOSTILE, "", "arn:bob", 2, 0, 0),
    Node(NodeKind.ROLE, "deploy", "", "arn:deploy", 3, 9, 1),
    Node(NodeKind.INLINE_POLICY, "p1", "", "arn:alice#inline/p1", 4, 0, 0),
    Node(NodeKind.AWS_POLICY, "ReadOnlyAccess", "", "arn:ro", 4, 0, 0),
    Node(NodeKind.TRUST_POLICY, "Trust policy", "", "arn:deploy#trust", 6, 0, 0),
]


@pytest.fixture
def outline() -> Outline:
    return Outline(
        NodeTable.of(NODES), {4: (Badge.UNUSED,)}, {node.key: row for row, node in enumerate(NODES) if node.key}
    )


@pytest.fixture
def model(outline: Outline) -> OutlineModel:
    made = OutlineModel()
    made.show(outline)
    return made


def tree(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[object]:
    """Return the tree as the view sees it: a text, or a pair of text and children."""
    found: list[object] = []
    parent = parent or QModelIndex()
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        below = tree(model, index)
        found.append((index.data(), below) if below else index.data())
    return found


def test_it_is_a_sound_model_whole_filtered_and_empty(qtmodeltester: ModelTester, model: OutlineModel) -> None:
    qtmodeltester.check(model, force_py=False)
    model.set_filter(frozenset({0, 1, 2, 4, 7}))
    qtmodeltester.check(model)
    model.set_filter(frozenset({0}))
    qtmodeltester.check(model)
    model.show(None)
    qtmodeltester.check(model)


def test_it_shows_the_outline(model: OutlineModel) -> None:
    bob = "<img src=x>\\u202egpj"
    users = ("Users", [("alice", ["p1", "ReadOnlyAccess"]), bob])
    assert tree(model) == [("111122223333", [users, ("Roles", [("deploy", ["Trust policy"])])])]


def test_a_filter_leaves_out_what_it_does_not_hold(model: OutlineModel) -> None:
    model.set_filter(frozenset({0, 1, 2, 4, 8}))
    assert tree(model) == [("111122223333", [("Users", [("alice", ["ReadOnlyAccess"])])])]
    policy = model.index_of(8)
    assert policy.row() == 0
    assert policy.parent() == model.index_of(4)
    assert not model.index_of(7).isValid()
    model.set_filter(None)
    assert model.index_of(8).row() == 1


def test_an_index_knows_its_parent(model: OutlineModel) -> None:
    for number in range(1, len(NODES)):
        index = model.index_of(number)
        assert model.index(index.row(), 0, index.parent()) == index
        assert index.internalId() == number


def test_tooltips_are_escaped_and_tell_of_badges(model: OutlineModel) -> None:
    tip = model.index_of(5).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip
    assert "\\u202e" in tip
    assert "Not used" in model.index_of(4).data(Qt.ItemDataRole.ToolTipRole)


def test_screen_readers_get_kind_and_badges(model: OutlineModel) -> None:
    alice = model.index_of(4)
    assert alice.data(Qt.ItemDataRole.AccessibleTextRole) == "alice, user, /eng/"
    assert "Not used" in alice.data(Qt.ItemDataRole.AccessibleDescriptionRole)


def test_badges_that_come_later_repaint_only_what_differs(model: OutlineModel) -> None:
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: changed.append((first.internalId(), last.internalId())))
    badges = {4: (Badge.UNUSED,), 6: (Badge.ADMINISTRATOR, Badge.EXTERNAL_ACCESS, Badge.UNUSED, Badge.MISSING_DATA)}
    model.set_badges(badges, (6,))
    assert changed == [(6, 6)]
    assert model.badges_of(6) == (Badge.ADMINISTRATOR, Badge.EXTERNAL_ACCESS, Badge.UNUSED)


def test_leaves_say_that_they_are_leaves(model: OutlineModel) -> None:
    assert not model.hasChildren(model.index_of(7))
    assert model.hasChildren(model.index_of(4))
    model.set_filter(frozenset({0, 1, 2, 4}))
    assert not model.hasChildren(model.index_of(4)), "its children are filtered out"
    assert model.flags(QModelIndex()) == Qt.ItemFlag.NoItemFlags


def test_bounds_give_invalid_indexes(model: OutlineModel) -> None:
    assert not model.index(1, 0).isValid()
    assert not model.index(-1, 0).isValid()
    assert not model.index(0, 1).isValid()
    assert model.node(-1) is None
    assert model.node(len(NODES)) is None


def test_the_sample_is_shown_whole(sample: SnapshotSession) -> None:
    model = OutlineModel()
    model.show(sample.outline)

    def count(parent: QModelIndex) -> int:
        rows = range(model.rowCount(parent))
        return sum(1 + count(model.index(row, 0, parent)) for row in rows)

    assert count(QModelIndex()) == len(sample.outline.nodes) - 1
