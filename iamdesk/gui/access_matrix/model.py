"""The model of the access matrix: rows of principals, columns of services.

Nothing is prepared: a cell is counted when it is displayed, and cached by equal contents (`ServiceSummary`), so that
thousands of rows cost only what is visible.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from iamdesk.export.access.matrix import Profile, ServiceColumn, ServiceSummary
from iamdesk.gui.access_matrix import text as words
from iamdesk.gui.access_matrix.cell import UNKNOWN, CellStyle, look_of
from iamdesk.gui.access_matrix.filling import Known
from iamdesk.gui.access_matrix.rows import MatrixRow, MatrixRows, members_of
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.notebook import words_of
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.widgets.icons import BADGE_SENTENCES
from iamdesk.i18n import tr
from iamdesk.viewmodel.tree import Badge

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_HEAD_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
type Index = QModelIndex | QPersistentModelIndex
type BadgesOf = Callable[[int], tuple[Badge, ...]]
"""The badges of a row of the outline."""


class AccessMatrixModel(QAbstractTableModel):
    """The rows as laid out; groups expand and collapse. The last column is for services without their own."""

    def __init__(self, badges_of: BadgesOf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._badges_of = badges_of
        self.notes: Mapping[str, Note] = {}
        """The user's notes, by item."""
        self._laid: MatrixRows | None = None
        self._lines: list[MatrixRow] = []
        self._columns: Sequence[ServiceColumn] = ()
        self._level: str | None = None
        self._looks: dict[ServiceSummary, CellStyle | None] = {}
        self._cells: dict[tuple[str, str], ServiceSummary | None] = {}
        """By principal and service: cells that were computed before the rest of their row."""

    @property
    def matrix_rows(self) -> MatrixRows | None:
        """The rows shown; None for none."""
        return self._laid

    @property
    def lines(self) -> Sequence[MatrixRow]:
        """The rows, including members of expanded groups."""
        return self._lines

    @property
    def columns(self) -> Sequence[ServiceColumn]:
        """The services that have a column."""
        return self._columns

    @property
    def level(self) -> str | None:
        """The access level shown; None for all."""
        return self._level

    @property
    def looked_at(self) -> int:
        """The number of different cells displayed since the last layout."""
        return len(self._looks)

    def show(self, matrix_rows: MatrixRows | None) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._laid = matrix_rows
        self._lines = list(matrix_rows.lines) if matrix_rows is not None else []
        self._columns = matrix_rows.columns if matrix_rows is not None else ()
        self._level = matrix_rows.wanted.level if matrix_rows is not None else None
        self._looks = {}
        if matrix_rows is None or matrix_rows.is_whole:
            self._cells = {}
        self.endResetModel()

    def fill(self, rows: Iterable[tuple[str, Profile]], cells: Iterable[Known]) -> None:
        """Add what was computed since the layout."""
        changed = set()
        places = self._laid.places if self._laid is not None else {}
        for cell in cells:
            self._cells[cell.principal, cell.service] = cell.service_summary
            changed.add(places.get(cell.principal, -1))
        for principal, profile in rows:
            row = places.get(principal, -1)
            if row >= 0:
                self._lines[row] = replace(self._lines[row], profile=profile)
                changed.add(row)
        changed.discard(-1)
        if changed and self._columns:
            first, last = min(changed), max(changed)
            self.dataChanged.emit(self.index(first, 0), self.index(last, self.columnCount() - 1))
            self.headerDataChanged.emit(Qt.Orientation.Vertical, first, last)

    def lacks(self, row: int) -> bool:
        """Return whether a row is not computed yet."""
        return self._lines[row].profile is None

    def line(self, row: int) -> MatrixRow | None:
        """Return a row's line."""
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def badges(self, line: MatrixRow) -> tuple[Badge, ...]:
        """Return the badges of a row: those of its principal, or those that all members of a group have."""
        found = [self._badges_of(person.row) if person.row >= 0 else () for person in line.people]
        return tuple(badge for badge in found[0] if all(badge in others for others in found[1:]))

    def notes_on(self, line: MatrixRow) -> "tuple[Note, ...]":
        """Return the user's notes on the principals of a row."""
        if not self.notes:
            return ()
        return tuple(self.notes[person.key] for person in line.people if person.key in self.notes)

    def column(self, column: int) -> ServiceColumn | None:
        """Return the service of a column; None for the last one."""
        return self._columns[column] if 0 <= column < len(self._columns) else None

    def look(self, row: int, column: int) -> CellStyle | None:
        """Return the appearance of a service's cell; None if it is empty."""
        line, service = self._lines[row], self._columns[column].service
        if not self._is_known(line, service):
            return UNKNOWN
        service_summary = self._glance(line, service)
        if service_summary is None:
            return None
        try:
            return self._looks[service_summary]
        except KeyError:
            found = self._looks[service_summary] = look_of(service_summary, self._level)
            return found

    def service_summary(self, index: Index) -> ServiceSummary | None:
        """Return the counts of a cell, as far as they are computed."""
        line, column = self.line(index.row()), self.column(index.column())
        return self._glance(line, column.service) if line is not None and column is not None else None

    def _glance(self, line: MatrixRow, service: str) -> ServiceSummary | None:
        if line.profile is None:
            return self._cells.get((line.people[0].key, service))
        return line.profile.glances.get(service)

    def _is_known(self, line: MatrixRow, service: str) -> bool:
        return line.profile is not None or (line.people[0].key, service) in self._cells

    def others(self, line: MatrixRow) -> int:
        """Return the number of services without a column to which a row has access."""
        if line.profile is None:
            return 0
        seen = sum(
            service_summary is not None and service_summary.count(self._level) > 0
            for service_summary in (line.profile.glances.get(one.service) for one in self._columns)
        )
        return line.profile.breadth[self._level] - seen

    def place_of(self, key: str) -> int | None:
        """Return the row of a principal, or of its group; None if it is not shown."""
        found = None
        for row, line in enumerate(self._lines if key else ()):
            first, *others = line.people
            if first.key == key or (others and any(person.key == key for person in others)):
                found = row
                if not line.is_open:
                    return row
        return found

    def column_of(self, service: str) -> int | None:
        """Return the column of a service; None if it has none."""
        return next((place for place, one in enumerate(self._columns) if one.service == service), None)

    def toggle(self, row: int) -> bool:
        """Expand or collapse a group; return False if the row is no group."""
        line = self.line(row)
        if line is None or not line.is_group:
            return False
        count = len(line.people)
        if line.is_open:
            self.beginRemoveRows(_NO_PARENT, row + 1, row + count)
            del self._lines[row + 1 : row + 1 + count]
            self._lines[row] = MatrixRow(line.profile, line.people)
            self.endRemoveRows()
        else:
            self.beginInsertRows(_NO_PARENT, row + 1, row + count)
            self._lines[row] = MatrixRow(line.profile, line.people, is_open=True)
            self._lines[row + 1 : row + 1] = members_of(line)
            self.endInsertRows()
        self.headerDataChanged.emit(Qt.Orientation.Vertical, row, row)
        return True

    def cell_words(self, index: Index) -> str:
        """Return the text of a cell: principal, service, counts."""
        line, column = self.line(index.row()), self.column(index.column())
        if line is None:
            return ""
        if column is None:
            count = self.others(line)
            sentence = words.others_words(self._laid.others if self._laid is not None else 0)
            return f"{line.title}: {number(count)}. {sentence}"
        place = words.location_text(column, self._level)
        if not self._is_known(line, column.service):
            return f"{line.title}, {place}: {tr(words.NOT_YET)}"
        return f"{line.title}, {place}: {words.glance_words(self.service_summary(index), self._level)}"

    # Qt's interface

    def rowCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of services, plus one for the others if there are any."""
        if parent.isValid() or self._laid is None:
            return 0
        return len(self._columns) + (self._laid.others > 0)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a service, or a principal."""
        if role not in _HEAD_ROLES:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return self._service_head(section, role)
        line = self.line(section)
        if line is None:
            return None
        notes = [tr("Note: {text}").format(text=words_of(found))] if (found := self.notes_on(line)) else []
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(". ".join((words.line_words(line, self._level), *notes)))
        more = [*(tr(BADGE_SENTENCES[badge]) for badge in self.badges(line)), *notes]
        return tooltip_text("\n".join((words.line_tip(line, self._level), *more)))

    def _service_head(self, section: int, role: int) -> str | None:
        column = self.column(section)
        if column is not None:
            match role:
                case Qt.ItemDataRole.DisplayRole:
                    return column.service
                case Qt.ItemDataRole.AccessibleTextRole:
                    return column.name
            is_whole = self._laid is None or self._laid.is_whole
            return tooltip_text(words.column_words(column, is_whole=is_whole))
        if self._laid is None or section != len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr("{count} more").format(count=number(self._laid.others))
        sentence = f"{words.others_words(self._laid.others)}. {tr('Click to show them.')}"
        return tooltip_text(sentence) if role == Qt.ItemDataRole.ToolTipRole else sentence

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Make every cell selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell."""
        line = self.line(index.row())
        if line is None or not index.isValid():
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                if self.column(index.column()) is None:
                    count = self.others(line)
                    return number(count) if count else ""
                if not self._is_known(line, self._columns[index.column()].service):
                    return words.UNKNOWN_MARK
                return words.count_words(self.service_summary(index), self._level)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(f"{self.cell_words(index)}.")
            case Qt.ItemDataRole.AccessibleTextRole:
                return self.cell_words(index)
        return None
