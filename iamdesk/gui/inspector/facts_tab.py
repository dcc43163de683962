"""The Overview tab: facts, tags, what is odd, and who is in it or carries it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QVBoxLayout, QWidget

from iamdesk.gui import marks
from iamdesk.gui.inspector.property_list import PropertyList
from iamdesk.gui.inspector.roomy_rows import RoomyRows
from iamdesk.gui.plain_text import plain_label, tooltip_text, visible
from iamdesk.index.nodes import NodeKind
from iamdesk.index.shown import Subject


class Members(QAbstractListModel):
    """(key, name) pairs as a list; nothing is made for rows that nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self._members: Sequence[tuple[str, str]] = ()
        self._kind_of: Callable[[str], NodeKind | None] = lambda _key: None

    def show(self, members: Sequence[tuple[str, str]], kind_of: Callable[[str], NodeKind | None]) -> None:
        """Show other members; ``kind_of`` tells what a key stands for."""
        self.beginResetModel()
        self._members = members
        self._kind_of = kind_of
        self.endResetModel()

    def key(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """Return the key of a row; empty for none."""
        return self._members[index.row()][0] if 0 <= index.row() < len(self._members) else ""

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """Return how many there are."""
        return 0 if parent.isValid() else len(self._members)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, drawing and, as tooltip, key."""
        if not 0 <= index.row() < len(self._members):
            return None
        key, name = self._members[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(name)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(key)
            case Qt.ItemDataRole.DecorationRole:
                kind = self._kind_of(key)
                return marks.icon(kind, QGuiApplication.palette()) if kind is not None else None
            case Qt.ItemDataRole.AccessibleTextRole:
                kind = self._kind_of(key)
                return visible(f"{name}, {kind}" if kind is not None else name)
        return None


class FactsTab(QWidget):
    """Facts above; members below, in a list of their own, for there may be very many."""

    key_chosen = Signal(str)
    """Of a member."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = PropertyList("Facts")
        self._title = plain_label()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self.members = QListView()
        self.members.setFrameShape(QListView.Shape.NoFrame)
        self.members.setUniformItemSizes(True)
        self.members.setAccessibleName("Members")
        self.members.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._model = Members()
        self.members.setModel(self._model)
        self.members.setItemDelegate(RoomyRows(self.fontMetrics().lineSpacing() * 2 // 3, self.members))
        self.members.activated.connect(lambda index: self.key_chosen.emit(self._model.key(index)))
        line = self.fontMetrics().lineSpacing()
        self._title.setContentsMargins(line * 2 // 3 + 3, line // 3, 0, line // 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.facts)
        layout.addWidget(self._title)
        layout.addWidget(self.members, 1)

    def show_subject(self, subject: Subject, members_title: str, kind_of: Callable[[str], NodeKind | None]) -> None:
        """Show another subject; ``members_title`` says what its members are to it."""
        odd = [("", problem) for problem in subject.problems]
        gaps = [("", gap) for gap in subject.gaps]
        groups = (("", subject.facts), ("Tags", subject.tags), ("Not in the snapshot", gaps), ("Odd in its entry", odd))
        self.facts.show_groups(groups)
        self._model.show(subject.members, kind_of)
        count = len(subject.members)
        self._title.setText(f"{members_title}: {count:,}")
        self.members.setAccessibleName(members_title)
        for widget in (self._title, self.members):
            widget.setVisible(count > 0)
        # With members the facts take the room they need and no more; without, all there is.
        grows = QSizePolicy.Policy.Maximum if count else QSizePolicy.Policy.Expanding
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, grows)
        self.facts.setMaximumHeight(self.facts.content_height() if count else 16_777_215)
