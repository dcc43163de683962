"""The outline as a Qt model. An index contains the node's number, so that indexes stay valid across filters.

A filter is a set of node numbers that includes the ancestors (``viewmodel/search.py``): it hides all others, branch by
branch as branches are expanded. No proxy, no work in ``data()``.
"""

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.translate import row_text
from iamdesk.gui.widgets.icons import BADGE_SENTENCES
from iamdesk.gui.widgets.note_line import note_text
from iamdesk.i18n import tr, translate
from iamdesk.viewmodel.tree import Badge, Node, Outline

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

type Index = QModelIndex | QPersistentModelIndex

MAX_BADGES = 3
_ROOT = 0
# Created once: a view asks for the flags of every row, and combining two flags takes a microsecond.
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_SERVED = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.AccessibleDescriptionRole,
    }
)


class OutlineModel(QAbstractItemModel):
    """One column: a node's text. The navigator's delegate paints icon, detail and badges from the node itself."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._outline: Outline | None = None
        self._badges: Mapping[int, tuple[Badge, ...]] = {}
        self._notes: Mapping[str, Note] = {}
        self._shown: Set[int] | None = None
        self._children: dict[int, Sequence[int]] = {}
        """By parent, as far as needed: the visible children."""
        self._positions: dict[int, int] = {}

    def show(self, outline: Outline | None) -> None:
        """Show another outline, without filter; None for none."""
        self.beginResetModel()
        self._outline = outline
        self._badges = outline.badges if outline is not None else {}
        self._forget_filter(None)
        self.endResetModel()

    def set_filter(self, rows: Set[int] | None) -> None:
        """Show only the nodes in ``rows``, which include all their ancestors; None shows everything."""
        self.beginResetModel()
        self._forget_filter(rows)
        self.endResetModel()

    def set_badges(self, badges: Mapping[int, tuple[Badge, ...]], changed: Sequence[int]) -> None:
        """Show other badges; only the given rows are repainted."""
        self._badges = badges
        if self._outline is None:
            return
        siblings: dict[int, list[int]] = {}
        for node in changed:
            if self.holds(node):
                siblings.setdefault(self._outline.nodes.parents[node], []).append(node)
        for nodes in siblings.values():
            first, last = self.index_of(min(nodes)), self.index_of(max(nodes))
            self.dataChanged.emit(first, last, [Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole])

    def node(self, number: int) -> Node | None:
        """Return a node by its number; None for a number that the outline does not have."""
        if self._outline is None or not 0 <= number < len(self._outline.nodes):
            return None
        return self._outline.nodes[number]

    def node_at(self, index: Index) -> Node | None:
        """Return the node of an index; None for an invalid one."""
        return self.node(index.internalId()) if index.isValid() else None

    def note_of(self, number: int) -> "Note | None":
        """Return the user's note on a node."""
        node = self.node(number) if self._notes else None
        return self._notes.get(node.key) if node is not None and node.key else None

    def show_notes(self, notes: "Mapping[str, Note]") -> None:
        """Show other notes; the view is to be repainted."""
        self._notes = notes

    def badges_of(self, number: int) -> tuple[Badge, ...]:
        """Return the badges to paint beside a node."""
        return self._badges.get(number, ())[:MAX_BADGES]

    def holds(self, number: int) -> bool:
        """Return whether a node passes the filter (its branch may be collapsed)."""
        if self._shown is not None:
            return number in self._shown and number != _ROOT
        return self._outline is not None and _ROOT < number < len(self._outline.nodes)

    def index_of(self, number: int) -> QModelIndex:
        """Return the index of a node; an invalid one if it is filtered out."""
        if not self.holds(number):
            return QModelIndex()
        return self.createIndex(self._position(number), 0, number)

    def children_of(self, number: int) -> Sequence[int]:
        """Return the visible children of a node."""
        children = self._children.get(number)
        if children is None:
            if self._outline is None or not self._outline.nodes:
                return ()
            children = self._outline.children(number)
            if self._shown is not None:
                translate = self._shown
                children = tuple([child for child in children if child in translate])
                self._positions.update(zip(children, range(len(children)), strict=True))
            self._children[number] = children
        return children

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's shape
        """Return the number of children of a row."""
        return len(self.children_of(parent.internalId() if parent.isValid() else _ROOT))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: ARG002, B008, N802 - Qt's shape
        """Return one."""
        return 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008, N802 - Qt's shape
        """Return the stored answer: Qt asks for every row, so no list of children is created."""
        outline = self._outline
        if not parent.isValid() or outline is None:
            return self.rowCount(parent) > 0
        children = outline.children(parent.internalId())
        translate = self._shown
        if not children or translate is None:
            return bool(children)
        return not translate.isdisjoint(children)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's shape
        """Return the index of a child; an invalid one outside the bounds."""
        number = parent.internalId() if parent.isValid() else _ROOT
        children = self._children.get(number)
        if children is None:
            children = self.children_of(number)
        if column == 0 and 0 <= row < len(children):
            return self.createIndex(row, 0, children[row])
        return QModelIndex()

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """Return the parent's index; invalid for top-level rows."""
        if self._outline is None or not index.isValid():
            return QModelIndex()
        return self.index_of(self._outline.nodes.parents[index.internalId()])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, tooltip, and text for screen readers; None for other roles."""
        node = self.node_at(index) if role in _SERVED else None
        if node is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(row_text(node))
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text("\n".join(self._words(index.internalId(), node)))
            case Qt.ItemDataRole.AccessibleTextRole:
                detail = f", {translate(node.detail)}" if node.detail else ""
                return visible(f"{row_text(node)}, {tr(node.kind.value)}{detail}")
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                badges = [tr(BADGE_SENTENCES[badge]) for badge in self.badges_of(index.internalId())]
                return visible(" ".join([*badges, *self._note_words(index.internalId())]))
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return the flags of a row: every row is selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS

    def _words(self, number: int, node: Node) -> list[str]:
        key = [] if node.key in ("", node.text) else [node.key]
        return [
            f"{row_text(node)} ({tr(node.kind.value)})",
            *key,
            *(tr(BADGE_SENTENCES[badge]) for badge in self.badges_of(number)),
            *self._note_words(number),
        ]

    def _note_words(self, number: int) -> list[str]:
        note = self.note_of(number)
        return [] if note is None else [tr("Note: {text}").format(text=note_text(note))]

    def _position(self, number: int) -> int:
        if self._outline is None:
            return -1
        parent = self._outline.nodes.parents[number]
        if self._shown is None:
            return number - self._outline.children(parent).start
        self.children_of(parent)
        return self._positions.get(number, -1)

    def _forget_filter(self, rows: Set[int] | None) -> None:
        self._shown = rows
        self._children = {}
        self._positions = {}
