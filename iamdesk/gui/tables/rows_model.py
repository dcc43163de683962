"""A table model of rows that arrive over time: kept sorted and filtered. No proxy, no work in `data`.

Filter and order work on Python rows: a proxy would ask the model for every cell of every row. A panel adds the column
titles and `data`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPalette

type SortKey = tuple[int | str, ...]
type Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NO_FLAGS = Qt.ItemFlag.NoItemFlags


class TableRow(Protocol):
    """A row of texts."""

    @property
    def texts(self) -> Sequence[str]:
        """By column, as displayed."""

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column."""


class RowFilter[Row](Protocol):
    """Which rows are shown. Filters that pass the same rows are equal."""

    def accepts(self, row: Row) -> bool:
        """Return whether a row is shown."""


class RowsModel[Row: TableRow](QAbstractTableModel):
    """All rows, of which a filter shows some."""

    def __init__(self, titles: Sequence[str], chosen: RowFilter[Row], palette: QPalette) -> None:
        super().__init__()
        self._titles = tuple(titles)
        self._all: list[Row] = []
        self._shown: list[Row] = []
        self._filter = chosen
        self._column = 0
        self._descending = False
        self.repaint(palette)

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, in the order of arrival."""
        return self._all

    @property
    def shown(self) -> Sequence[Row]:
        """The visible rows, in their order."""
        return self._shown

    def clear(self) -> None:
        """Remove all rows; filter and order stay."""
        self.beginResetModel()
        self._all, self._shown = [], []
        self.endResetModel()

    def extend(self, rows: Sequence[Row]) -> None:
        """Add rows; visible ones are inserted by the current order."""
        self._all.extend(rows)
        new = sorted(filter(self._filter.accepts, rows), key=self.sort_key, reverse=self._descending)
        runs = [(place, list(run)) for place, run in groupby(new, self._place_for)]
        # Inserted in runs: after a layout change, a view would examine every row.
        for place, run in reversed(runs):  # the last first, so that the indexes of the others stay valid
            self.beginInsertRows(QModelIndex(), place, place + len(run) - 1)
            self._shown[place:place] = run
            self.endInsertRows()

    def show_only(self, chosen: RowFilter[Row]) -> None:
        """Apply another filter."""
        if chosen != self._filter:
            self._filter = chosen
            self.refilter()

    def refilter(self) -> None:
        """Filter and sort again: rows have changed."""
        self.beginResetModel()
        self._shown = [row for row in self._all if self._filter.accepts(row)]
        self._shown.sort(key=self.sort_key, reverse=self._descending)
        self.endResetModel()

    def reorder(self) -> None:
        """Sort the visible rows; persistent indexes keep their rows."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in held]
        self._shown.sort(key=self.sort_key, reverse=self._descending)
        wanted = set(map(id, rows))
        places = {id(row): place for place, row in enumerate(self._shown) if id(row) in wanted} if rows else {}
        moved = [self.index(places[id(row)], index.column()) for row, index in zip(rows, held, strict=True)]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def _place_for(self, row: Row) -> int:
        """Return the insertion index of a row: after equal ones."""
        shown, key = self._shown, self.sort_key(row)
        if not self._descending:
            return bisect_right(shown, key, key=self.sort_key)
        count = len(shown)
        return count - bisect_left(range(count), key, key=lambda behind: self.sort_key(shown[count - 1 - behind]))

    def sort_key(self, row: Row) -> SortKey:
        """Return the current sort key of a row."""
        return row.sort_key(self._column)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self.colours = QPalette(palette)
        self.emit_data_changed()

    def emit_data_changed(self, first: int = 0, last: int | None = None) -> None:
        """Let views repaint columns."""
        if self._shown:
            end = len(self._titles) - 1 if last is None else last
            self.dataChanged.emit(self.index(0, first), self.index(len(self._shown) - 1, end))

    def row_at(self, index: Index) -> Row | None:
        """Return the row of a cell; None if it is no cell of this table."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    # Qt's interface

    def rowCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of visible rows."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        titles = self._titles
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and section < len(titles):
            return titles[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if 0 <= column < len(self._titles):
            self._column, self._descending = column, order is Qt.SortOrder.DescendingOrder
            self.reorder()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Make rows selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS
