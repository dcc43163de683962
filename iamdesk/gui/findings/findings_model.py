"""The findings table's model: takes findings as they come, keeps them sorted and filtered.

Filter and order work on Python rows, not through a proxy: a proxy would ask this model for every cell of every row.
"""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QIcon, QPalette

from iamdesk.checks.finding import Severity, State
from iamdesk.gui import marks
from iamdesk.gui.findings.rows import COLUMN_TITLES, SEVERITIES, Column, Counts, FindingFilter, FindingRow, Tally
from iamdesk.gui.findings.severity_mark import SEVERITY_COLOURS, severity_icon
from iamdesk.gui.marks import Mark
from iamdesk.gui.plain_text import tooltip_text
from iamdesk.gui.theme import Colour, colour

_NO_PARENT = QModelIndex()
type _Index = QModelIndex | QPersistentModelIndex


class FindingsModel(QAbstractTableModel):
    """All findings of a snapshot, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__()
        self._all: list[FindingRow] = []
        self._shown: list[FindingRow] = []
        self._tally = Tally()
        self._filter = FindingFilter()
        self._column = Column.SEVERITY
        self._descending = False
        self._icons: dict[Severity, QIcon] = {}
        self.repaint(palette)

    @property
    def counts(self) -> Counts:
        """What there is, whatever is shown."""
        return self._tally.counts

    @property
    def rows(self) -> Sequence[FindingRow]:
        """Every row, in the order in which it was found."""
        return self._all

    @property
    def shown(self) -> Sequence[FindingRow]:
        """The rows on show, in their order."""
        return self._shown

    def clear(self) -> None:
        """Forget every finding; filter and order stay."""
        self.beginResetModel()
        self._all, self._shown, self._tally = [], [], Tally()
        self.endResetModel()

    def extend(self, rows: Sequence[FindingRow]) -> None:
        """Take in findings that have come; those that are shown go where the order puts them."""
        self._all.extend(rows)
        self._tally.add(rows)
        new = [row for row in rows if self._filter.lets_through(row)]
        if not new:
            return
        self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(new) - 1)
        self._shown.extend(new)
        self.endInsertRows()
        self._reorder()

    def show_only(self, chosen: FindingFilter) -> None:
        """Show what another filter lets through."""
        if chosen == self._filter:
            return
        self.beginResetModel()
        self._filter = chosen
        self._shown = [row for row in self._all if chosen.lets_through(row)]
        self._shown.sort(key=self._key, reverse=self._descending)
        self.endResetModel()

    def place_of(self, fingerprint: str) -> int | None:
        """Return the row in which a finding is shown; None when it is not."""
        return next((at for at, row in enumerate(self._shown) if row.finding.fingerprint == fingerprint), None)

    def repaint(self, palette: QPalette) -> None:
        """Take the colours of another palette."""
        self._palette = QPalette(palette)
        self._icons = {severity: severity_icon(severity, palette) for severity in SEVERITIES}
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(Column) - 1))

    def _key(self, row: FindingRow) -> tuple[int | str, ...]:
        return row.keys[self._column]

    def _reorder(self) -> None:
        """Sort what is shown; whoever holds an index keeps its finding."""
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
        """Return the count of findings on show."""
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
        """Sort by a column; ascending by severity is worst first."""
        if not 0 <= column < len(Column):
            return
        self._column, self._descending = Column(column), order is Qt.SortOrder.DescendingOrder
        self._reorder()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let rows be selected."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colours."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row = self._shown[index.row()]
        finding = row.finding
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(finding.subject_key if column is Column.SUBJECT else row.texts[column])
            case Qt.ItemDataRole.DecorationRole if column is Column.SEVERITY:
                return self._icons[finding.severity]
            case Qt.ItemDataRole.DecorationRole if column is Column.STATE and finding.state is State.CANNOT_TELL:
                return marks.icon(Mark.UNKNOWN, self._palette)
            case Qt.ItemDataRole.ForegroundRole if column is Column.SEVERITY:
                return QBrush(colour(SEVERITY_COLOURS[finding.severity], self._palette))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.ACCOUNT, Column.STATE):
                return QBrush(colour(Colour.MUTED, self._palette))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMN_TITLES[column]}: {row.texts[column]}"
        return None
