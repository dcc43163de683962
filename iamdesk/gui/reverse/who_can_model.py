"""The who-can table's model: takes rows as they come, keeps them sorted and filtered. No proxy, no work in `data`."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QIcon, QPalette

from iamdesk.explain.decision import Verdict
from iamdesk.gui import marks
from iamdesk.gui.marks import MARK_COLOURS, Mark
from iamdesk.gui.plain_text import tooltip_text
from iamdesk.gui.reverse.who_can_rows import COLUMN_TITLES, Column, Told, WhoCanFilter, WhoCanRow
from iamdesk.gui.theme import Colour, colour

_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
type _Index = QModelIndex | QPersistentModelIndex


class WhoCanModel(QAbstractTableModel):
    """Everybody who can, of whom the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__()
        self._all: list[WhoCanRow] = []
        self._shown: list[WhoCanRow] = []
        self._filter = WhoCanFilter()
        self._column = Column.DECISION
        self._descending = False
        self._icons: dict[str, QIcon] = {}
        self.repaint(palette)

    @property
    def rows(self) -> Sequence[WhoCanRow]:
        """Every row, in the order in which it was found."""
        return self._all

    @property
    def shown(self) -> Sequence[WhoCanRow]:
        """The rows on show, in their order."""
        return self._shown

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have an answer, whatever the filter shows."""
        return sum(row.access.decision is verdict for row in self._all)

    def clear(self) -> None:
        """Forget every row; filter and order stay."""
        self.beginResetModel()
        self._all, self._shown = [], []
        self.endResetModel()

    def extend(self, rows: Sequence[WhoCanRow]) -> None:
        """Take in rows that have come; those that are shown go where the order puts them."""
        self._all.extend(rows)
        new = [row for row in rows if self._filter.lets_through(row)]
        if not new:
            return
        self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
        self._shown.extend(new)
        self.endInsertRows()
        self._reorder()

    def tell(self, told: Sequence[tuple[WhoCanRow, Told]]) -> None:
        """Take in what answers say. Rows stay where they are until `settle`."""
        for row, words in told:
            row.tell(words)
        if told and self._shown:
            self.dataChanged.emit(self.index(0, Column.HOW), self.index(len(self._shown) - 1, Column.WHEN))

    def settle(self) -> None:
        """Filter and sort anew by what has been told since."""
        shown = [row for row in self._all if self._filter.lets_through(row)]
        if len(shown) != len(self._shown):
            self._show(shown)
        else:
            self._reorder()

    def show_only(self, chosen: WhoCanFilter) -> None:
        """Show what another filter lets through."""
        if chosen == self._filter:
            return
        self._filter = chosen
        self._show([row for row in self._all if chosen.lets_through(row)])

    def place_of(self, principal: str) -> int | None:
        """Return the row in which a principal is shown; None when it is not."""
        return next((at for at, row in enumerate(self._shown) if row.principal == principal), None)

    def repaint(self, palette: QPalette) -> None:
        """Take the colours of another palette."""
        self._palette = QPalette(palette)
        self._icons = {mark.value: marks.icon(mark, palette) for mark in Mark}
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(Column) - 1))

    def _show(self, rows: list[WhoCanRow]) -> None:
        self.beginResetModel()
        self._shown = rows
        self._shown.sort(key=self._key, reverse=self._descending)
        self.endResetModel()

    def _key(self, row: WhoCanRow) -> tuple[int | str, ...]:
        return row.keys[self._column]

    def _reorder(self) -> None:
        """Sort what is shown; whoever holds an index keeps its row."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in held]
        self._shown.sort(key=self._key, reverse=self._descending)
        places = {id(row): place for place, row in enumerate(self._shown)} if rows else {}
        moved = [self.index(places[id(row)], index.column()) for row, index in zip(rows, held, strict=True)]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    # What Qt asks

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the count of rows on show."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the count of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's title."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and section < len(Column):
            return COLUMN_TITLES[Column(section)]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if not 0 <= column < len(Column):
            return
        self._column, self._descending = Column(column), order is Qt.SortOrder.DescendingOrder
        self._reorder()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let rows be selected."""
        return _FLAGS if index.isValid() else _NO_FLAGS

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colours."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row = self._shown[index.row()]
        column = Column(index.column())
        mark = Mark(row.access.decision)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(row.principal if column is Column.PRINCIPAL else row.tip)
            case Qt.ItemDataRole.DecorationRole if column is Column.DECISION:
                return self._icons[mark.value]
            case Qt.ItemDataRole.DecorationRole if column is Column.PRINCIPAL:
                return marks.icon(row.kind, self._palette)
            case Qt.ItemDataRole.ForegroundRole if column is Column.DECISION:
                return QBrush(colour(MARK_COLOURS[mark], self._palette))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.KIND, Column.ACCOUNT):
                return QBrush(colour(Colour.MUTED, self._palette))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMN_TITLES[column]}: {row.texts[column] or 'none'}"
        return None
