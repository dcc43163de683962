"""The model of the heat map: a row for each service, a column for each access level.

Filter and order work on Python rows. The view paints each cell from its `Cell` (``heatmap_cell.py``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.export.access.heatmap import LEVELS, AccessHeatmap, Cell, MapRow, SearchedAction
from iamdesk.filter_language import EVERYTHING, Filter
from iamdesk.gui.access.text import LEVEL_NAMES, LEVEL_TITLES, REACH_CHOICES, cell_words, location_text
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import tooltip_text
from iamdesk.i18n import tr

SERVICE = 0
"""The column of the service itself, for all access levels."""
_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
type _Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """Which actions are counted."""

    typed: Filter[SearchedAction] = EVERYTHING
    level: str | None = None
    reaches: frozenset[AccessExtent] = next(iter(REACH_CHOICES.values()))

    def chosen(self, row: MapRow, level: str | None = None) -> int:
        """Return the actions of a row (of one level, if given) that pass the filter, as bits."""
        if self.level is not None and level is not None and level != self.level:
            return 0
        accepts = None if self.typed.shows_everything else self.typed.accepts
        return row.matching(accepts, level or self.level, self.reaches)


class HeatmapModel(QAbstractTableModel):
    """The services of one heat map that have actions that pass the filter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._map: AccessHeatmap | None = None
        self._shown: list[MapRow] = []
        self._filter = AccessFilter()
        self._column = SERVICE
        self._descending = False

    @property
    def map(self) -> AccessHeatmap | None:
        """The heat map shown; None for none."""
        return self._map

    @property
    def shown(self) -> list[MapRow]:
        """The visible rows, in order."""
        return self._shown

    @property
    def filter(self) -> AccessFilter:
        """Which actions are counted."""
        return self._filter

    def show(self, shown: AccessHeatmap | None) -> None:
        """Show another heat map; filter and order stay."""
        self.beginResetModel()
        self._map = shown
        self._fill()
        self.endResetModel()

    def show_only(self, chosen: AccessFilter) -> None:
        """Apply another filter."""
        if chosen == self._filter:
            return
        self.beginResetModel()
        self._filter = chosen
        self._fill()
        self.endResetModel()

    def row(self, index: _Index) -> MapRow | None:
        """Return the service of a cell."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def cell(self, index: _Index) -> Cell | None:
        """Return the counts of a cell; None if the service has no such action."""
        row = self.row(index)
        if row is None:
            return None
        return row.total if index.column() == SERVICE else row.cells.get(LEVELS[index.column() - 1])

    def place_of(self, service: str) -> int | None:
        """Return the row index of a service; None if it is not shown."""
        return next((at for at, row in enumerate(self._shown) if row.service == service), None)

    def _fill(self) -> None:
        rows = self._map.rows if self._map is not None else ()
        self._shown = self._ordered(row for row in rows if self._filter.chosen(row))

    def _ordered(self, rows: Iterable[MapRow]) -> list[MapRow]:
        """Return the rows in order: those without actions last, in either direction."""
        found = sorted(rows, key=self._key)
        if self._column == SERVICE and self._descending:
            filled = [row for row in found if not row.is_empty]
            found = [*reversed(filled), *found[len(filled) :]]
        return found

    def _key(self, row: MapRow) -> tuple[bool, float, int, str]:
        """Return the sort key of rows."""
        if self._column == SERVICE:
            return row.is_empty, 0.0, 0, row.service
        cell = row.cells.get(LEVELS[self._column - 1])
        sign = 1 if self._descending else -1
        share, count = (cell.share, cell.permitted) if cell is not None else (0.0, 0)
        return row.is_empty, sign * share, sign * count, row.service

    def words(self, index: _Index) -> str:
        """Return the text of a cell."""
        cell = self.cell(index)
        return cell_words(cell) if cell is not None else tr("AWS lists no such action")

    # Qt's interface

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of visible services."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the service and its levels."""
        return 0 if parent.isValid() else 1 + len(LEVELS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if orientation is not Qt.Orientation.Horizontal or section > len(LEVELS):
            return None
        level = LEVELS[section - 1] if section else ""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return tr(LEVEL_TITLES[level]) if level else tr("Service")
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(
                    tr("Access level {level}; click to sort, most first").format(level=tr(LEVEL_NAMES[level]))
                    if level
                    else tr("Sort by service")
                )
            case Qt.ItemDataRole.AccessibleTextRole:
                return tr(LEVEL_NAMES[level]) if level else tr("Service")
            case Qt.ItemDataRole.TextAlignmentRole:
                return (
                    Qt.AlignmentFlag.AlignCenter
                    if level
                    else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                )
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; ascending by a level is most first."""
        if not 0 <= column <= len(LEVELS):
            return
        self._column, self._descending = column, order is Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in held]
        self._shown = self._ordered(self._shown)
        places: Mapping[str, int] = {row.service: place for place, row in enumerate(self._shown)}
        moved = [self.index(places[row.service], index.column()) for row, index in zip(rows, held, strict=True)]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make every cell selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        row = self.row(index)
        if row is None:
            return None
        level = LEVELS[index.column() - 1] if index.column() else None
        cell = self.cell(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                if level is None:
                    return f"{row.service}  {row.name}"
                return f"{number(cell.permitted)}/{number(cell.total)}" if cell is not None else ""
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(f"{location_text(row, level)}\n{self.words(index)}.")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{location_text(row, level)}: {self.words(index)}"
        return None
