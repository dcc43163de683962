"""The Overview tab: facts, tags, problems, and links to related items."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractListModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QVBoxLayout, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.inspector.property_list import PropertyList
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.padded_delegate import PaddedDelegate
from iamdesk.i18n import phrased, tr, translate
from iamdesk.inventory.keys import Link
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Links, Subject

_NO_SELECTION = QItemSelectionModel.SelectionFlag.NoUpdate


class LinkList(QAbstractListModel):
    """Links below group titles, as one list; rows that are not visible cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._sorts: Sequence[Links] = ()
        self._starts: list[int] = []
        """Row of each group title."""
        self._count = 0
        self._kind_of: Callable[[str], NodeKind | None] = lambda _key: None

    def show(self, sorts: Sequence[Links], kind_of: Callable[[str], NodeKind | None]) -> None:
        """Show other links; ``kind_of`` returns the kind of a key."""
        self.beginResetModel()
        self._sorts = sorts
        self._starts = []
        self._count = 0
        for sort in sorts:
            self._starts.append(self._count)
            self._count += 1 + len(sort.entries)
        self._kind_of = kind_of
        self.endResetModel()

    def link(self, row: int) -> Link | None:
        """Return the link of a row; None for a title."""
        if not 0 <= row < self._count:
            return None
        sort = bisect_right(self._starts, row) - 1
        place = row - self._starts[sort] - 1
        return self._sorts[sort].entries[place] if place >= 0 else None

    def key(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """Return the key of a row; empty for a title, and for items that are not in the snapshot."""
        link = self.link(index.row())
        return link.key if link is not None else ""

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        """Return the number of rows, titles included."""
        return 0 if parent.isValid() else self._count

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        """Let the cursor skip titles."""
        if not 0 <= index.row() < self._count:
            return Qt.ItemFlag.NoItemFlags
        enabled = Qt.ItemFlag.ItemIsEnabled
        return enabled if self.link(index.row()) is None else enabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, icon and, as tooltip, the key."""
        if not 0 <= index.row() < self._count:
            return None
        link = self.link(index.row())
        if link is None:
            return self._head(index.row(), role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(_words(link))
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text("\n".join(filter(None, (translate(link.name), link.key, _detail(link)))))
            case Qt.ItemDataRole.DecorationRole:
                kind = self._kind_of(link.key) if link.key else NodeKind.MISSING
                return icons.icon(kind, QGuiApplication.palette()) if kind is not None else None
            case Qt.ItemDataRole.AccessibleTextRole:
                kind = self._kind_of(link.key) if link.key else NodeKind.MISSING
                return visible(", ".join(filter(None, (translate(link.name), kind and tr(kind.value), _detail(link)))))
        return None

    def _head(self, row: int, role: int) -> object:
        sort = self._sorts[self._starts.index(row)]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return visible(f"{tr(sort.title)}: {number(len(sort.entries))}")
            case Qt.ItemDataRole.FontRole:
                font = QGuiApplication.font()
                font.setBold(True)
                return font
        return None


def _words(link: Link) -> str:
    name = translate(link.name)
    return f"{name}   {_detail(link)}" if link.detail else name


def _detail(link: Link) -> str:
    return tr(link.detail.value) if isinstance(link.detail, NodeKind) else translate(link.detail)


class FactsTab(QWidget):
    """Facts above; links below, in a list of their own, since there may be many."""

    key_chosen = Signal(str)
    """Of a link."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.facts = PropertyList(tr("Facts"))
        self.links = QListView()
        self.links.setObjectName("subjectLinks")
        self.links.setFrameShape(QListView.Shape.NoFrame)
        self.links.setUniformItemSizes(True)
        self.links.setAccessibleName(tr("Related items"))
        self.links.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.links.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.links.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._model = LinkList()
        self.links.setModel(self._model)
        self.links.setItemDelegate(PaddedDelegate(self.fontMetrics().lineSpacing() * 2 // 3, self.links))
        self.links.activated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.facts)
        layout.addWidget(self.links, 1)

    def show_subject(self, subject: Subject, kind_of: Callable[[str], NodeKind | None]) -> None:
        """Show another subject; ``kind_of`` returns the kind of a key."""
        odd = [("", translate(problem)) for problem in subject.problems]
        missing_data = [("", translate(gap)) for gap in subject.missing_data]
        groups = (
            ("", [(translate(phrased(label)), translate(value)) for label, value in subject.facts]),
            (tr("Tags"), subject.tags),
            (tr("Not in the snapshot"), missing_data),
            (tr("Problems in its entry"), odd),
        )
        self.facts.show_groups(groups)
        self._model.show(subject.links, kind_of)
        # The first link is current, but nothing looks selected.
        self.links.selectionModel().setCurrentIndex(self._model.index(1, 0), _NO_SELECTION)
        self.links.setVisible(bool(subject.links))
        # With links, the facts take the room they need, at most half; without, all of it.
        grows = QSizePolicy.Policy.Maximum if subject.links else QSizePolicy.Policy.Expanding
        self.facts.setSizePolicy(QSizePolicy.Policy.Expanding, grows)
        self.facts.setMaximumHeight(self.facts.content_height() if subject.links else 16_777_215)

    def _choose(self, index: QModelIndex) -> None:
        key = self._model.key(index)
        if key:
            self.key_chosen.emit(key)
