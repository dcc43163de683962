"""A table model of rows that arrive over time: kept sorted and filtered. No proxy, no work in `data`.

Filter and order work on Python rows: a proxy would ask the model for every cell of every row. A panel adds the column
titles, and what its cells show beside their texts (`tooltip`, `look`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPalette

from iamdesk.gui.core.plain_text import tooltip_text
from iamdesk.gui.core.slices import Slices
from iamdesk.gui.tables.noted_row import TITLE, NotedRow
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.note_line import note_drawing
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

type SortKey = tuple[int | str, ...]
type Index = QModelIndex | QPersistentModelIndex

_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_CHUNK = 2_000
"""Rows that are sorted or filtered without a look at the clock."""
_MERGED_AT_ONCE = 8_000
"""Maximum number of rows of each run that are merged without a look at the clock."""
_FREED_AT_ONCE = 500
_LATE = 500
"""Maximum number of rows that are added to the sorted ones when a filter changes; with more, all are sorted again."""
_FIRST = itemgetter(0)
# As Qt draws them: an arrow down for an ascending order.
_UP, _DOWN = "\N{BLACK UP-POINTING SMALL TRIANGLE}", "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"


def _free(rows: list[Any]) -> Generator[None]:
    while rows:
        del rows[-_FREED_AT_ONCE:]
        yield


def _merge[One](
    one: list[tuple[SortKey, One]], other: list[tuple[SortKey, One]], into: list[tuple[SortKey, One]]
) -> Generator[None]:
    """Merge two sorted runs, part by part; what is equal in both comes from the first one first."""
    at, beside = 0, 0
    while at < len(one) and beside < len(other):
        part = one[at : at + _MERGED_AT_ONCE]
        end = min(beside + _MERGED_AT_ONCE, len(other))
        before = bisect_left(other, part[-1][0], beside, end, key=_FIRST)
        if before == end:  # there may be more that belong before the end of the part
            del part[bisect_right(part, other[end - 1][0], key=_FIRST) :]
        at += len(part)
        part += other[beside:before]
        beside = before
        part.sort(key=_FIRST)  # Python merges sorted runs
        into += part
        yield
    into += one[at:]
    into += other[beside:]


def _merge_pairs[One](
    runs: list[list[tuple[SortKey, One]]],
) -> Generator[None, None, list[list[tuple[SortKey, One]]]]:
    """Return half as many sorted runs; those that were merged are freed pair by pair."""
    merged: list[list[tuple[SortKey, One]]] = []
    runs.reverse()
    while len(runs) > 1:
        yield
        one, other = runs.pop(), runs.pop()
        merged.append([])
        yield from _merge(one, other, merged[-1])
    return merged + runs


def _holds_the_same[Row](before: Sequence[Row], now: Sequence[Row]) -> Generator[None, None, bool]:
    """Return whether two lists hold the same rows in any order."""
    if len(before) != len(now):
        return False
    known: set[int] = set()
    for first in range(0, len(before), _CHUNK):
        known.update(map(id, before[first : first + _CHUNK]))
        yield
    for first in range(0, len(now), _CHUNK):
        if not known.issuperset(map(id, now[first : first + _CHUNK])):
            return False
        yield
    return True


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
    """All rows, of which a filter shows some. With very many, sorting and filtering take several turns (`Slices`)."""

    settled = Signal()
    """The visible rows are those of the last filter and order."""
    order_changed = Signal()
    """Rows are sorted by other columns."""
    noted = Signal(bool)
    """Whether there are notes on rows, now that this has changed."""

    def __init__(
        self, titles: Sequence[str], chosen: RowFilter[Row], palette: QPalette, *, has_notes: bool = False
    ) -> None:
        """Create a model without rows.

        Args:
            titles: The titles of the columns.
            chosen: Which rows are shown.
            palette: The colors.
            has_notes: Whether a last column shows the notes on rows (`NotedRow`).
        """
        super().__init__()
        self._has_notes = has_notes
        self.set_titles(titles)
        self._notes: Mapping[str, Note] = {}
        self._is_noted = False
        self._all: list[Row] = []
        self._sorted: list[Row] = []
        """The first of all rows, in order; rows that came later are not in it yet."""
        self._is_sorted = True
        """Whether that order is the current one."""
        self._shown: list[Row] = []
        self._filter = chosen
        self._order: tuple[tuple[int, bool], ...] = ((0, False),)
        self._is_reset = False
        """Whether other rows may become visible, so that views have to start over."""
        self._again = False
        self._then: Callable[[], None] | None = None
        self._slices = Slices(self)
        self._leaving: list[Row] = []
        """Rows that were removed: freed between events, since those of an organization would stop the window."""
        self._freeing = Slices(self)
        self.repaint(palette)

    @property
    def titles(self) -> Sequence[str]:
        """The titles of the columns."""
        return self._titles

    def set_titles(self, titles: Sequence[str]) -> None:
        """Set the titles of the columns, without that of the notes."""
        self._titles = (*titles, tr(TITLE)) if self._has_notes else tuple(titles)

    @property
    def note_column(self) -> int | None:
        """The column of the notes; None without one."""
        return len(self._titles) - 1 if self._has_notes else None

    def texts_of(self, row: Row) -> Sequence[str]:
        """Return the cells of a row as displayed, with its notes."""
        return (*row.texts, row.note_words) if self._has_notes and isinstance(row, NotedRow) else row.texts

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, in the order of arrival."""
        return self._all

    @property
    def shown(self) -> Sequence[Row]:
        """The visible rows, in their order."""
        return self._shown

    @property
    def order(self) -> Sequence[tuple[int, bool]]:
        """The columns by which rows are sorted, and whether in descending order; the first one counts most."""
        return self._order

    @property
    def is_settled(self) -> bool:
        """Whether the visible rows are those of the last filter and order."""
        return not self._slices.running

    def clear(self) -> None:
        """Remove all rows; filter and order stay."""
        self._slices.cancel()
        self.beginResetModel()
        self._leaving += self._all
        self._all, self._sorted, self._shown = [], [], []
        self._is_sorted, self._is_reset, self._again = True, False, False
        self._then = None
        self.endResetModel()
        self._emit_noted(False)
        self._freeing.run(_free(self._leaving), lambda: None)

    def extend(self, rows: Sequence[Row]) -> None:
        """Add rows; visible ones are inserted by the current order."""
        if self._notes and self._put_notes(rows):
            self._emit_noted(True)
        self._all.extend(rows)
        if not self.is_settled:
            self._again = len(self._order) > 1
            return  # they are added at the end
        if len(self._order) > 1:
            self._settle(is_sorted=False)
            return
        self._insert([row for row in rows if self._filter.accepts(row)])

    def _insert(self, rows: Sequence[Row]) -> None:
        """Show rows that were hidden or are new, by the current order of one column."""
        new = sorted(rows, key=self.sort_key, reverse=self._descending)
        runs = [(place, list(run)) for place, run in groupby(new, partial(self._place_in, self._shown))]
        # Inserted in runs: after a layout change, a view would examine every row.
        for place, run in reversed(runs):  # the last first, so that the indexes of the others stay valid
            self.beginInsertRows(QModelIndex(), place, place + len(run) - 1)
            self._shown[place:place] = run
            self.endInsertRows()

    def extend_by_many(self, rows: Sequence[Row]) -> None:
        """Add rows that arrive by the thousand: sorted between events, while views start over."""
        if self._notes and self._put_notes(rows):
            self._emit_noted(True)
        self._all.extend(rows)
        self._settle(is_sorted=False)

    def show_only(
        self, chosen: RowFilter[Row], then: Callable[[], None] | None = None, *, changed: bool = False
    ) -> None:
        """Apply another filter.

        Args:
            chosen: Which rows are shown.
            then: Called when they are visible, unless yet another filter comes before.
            changed: Whether rows have changed: filter and sort them again if the filter is the same, too.
        """
        self._then = then
        if changed or chosen != self._filter:
            self._filter = chosen
            self._settle(is_sorted=not changed, is_reset=True)
        elif self.is_settled:
            self._settled()

    def show_notes(self, notes: "Mapping[str, Note]") -> None:
        """Show the notes on rows; ``notes`` are all that there are, by item."""
        self._notes = notes
        changed = self._put_notes(self._all)
        self._emit_noted(any(isinstance(row, NotedRow) and row.notes for row in self._all))
        if any(was_accepted is not self._filter.accepts(row) for row, was_accepted in changed):
            self.refilter()
        elif changed and any(column == self.note_column for column, _descending in self._order):
            self.reorder()
        elif changed and self.note_column is not None:
            self.emit_data_changed(self.note_column)

    def _put_notes(self, rows: Sequence[Row]) -> list[tuple[Row, bool]]:
        """Give rows their notes; return those that got others, each with whether it passed the filter before."""
        changed: list[tuple[Row, bool]] = []
        for row in rows:
            if isinstance(row, NotedRow) and (found := row.notes_among(self._notes)) != row.notes:
                changed.append((row, self._filter.accepts(row)))
                row.notes = found
        return changed

    def _emit_noted(self, is_noted: bool) -> None:
        if is_noted is not self._is_noted:
            self._is_noted = is_noted
            self.noted.emit(is_noted)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        row = self.row_at(index)
        if row is None:
            return None
        column = index.column()
        if column == self.note_column:
            return self.note_data(row, role)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(self.tooltip(row, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._titles[column]}: {self.accessible_text(row, column) or tr('none')}"
        return self.look(row, column, role)

    def text(self, row: Row, column: int) -> str:
        """Return the text of a cell."""
        return row.texts[column]

    def tooltip(self, row: Row, column: int) -> str:
        """Return the tooltip of a cell: plain text, which may be hostile."""
        return self.text(row, column)

    def accessible_text(self, row: Row, column: int) -> str:
        """Return what a screen reader reads of a cell, after the title of the column."""
        return self.text(row, column)

    def look(self, _row: Row, _column: int, _role: int) -> Any:
        """Return the icon, color, font or alignment of a cell, by Qt's role; None: the usual."""
        return None

    def note_data(self, row: Row, role: int) -> Any:
        """Return what the column of the notes shows of a row."""
        if not isinstance(row, NotedRow):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.note_words
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(row.note_words)
            case Qt.ItemDataRole.DecorationRole if row.notes:
                return icons.icon(note_drawing(row.notes[0]), self.colours)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(TITLE)}: {row.note_words or tr('none')}"
        return None

    def refilter(self) -> None:
        """Filter and sort again: rows have changed."""
        self._settle(is_sorted=False, is_reset=True)

    def reorder(self) -> None:
        """Sort the visible rows; persistent indexes keep their rows."""
        self._settle(is_sorted=False)

    def _settle(self, *, is_sorted: bool, is_reset: bool = False) -> None:
        """Sort if needed, filter, and show the result; in one turn unless there are very many rows."""
        self._is_sorted = is_sorted and self._is_sorted
        self._is_reset = self._is_reset or is_reset
        found: list[Row] = []
        self._slices.run(self._prepare(found), lambda: self._show(found))

    def _prepare(self, found: list[Row]) -> Generator[None]:
        """Fill a list with the rows to show, and find out whether views have to start over."""
        yield from self._find(found)
        found[:] = self.with_rows_below(found)
        if not self._is_reset:
            self._is_reset = not (yield from _holds_the_same(self._shown, found))
        if len(found) > _CHUNK:
            yield  # views take a while over many rows

    def _find(self, found: list[Row]) -> Generator[None]:
        """Fill a list with the visible rows, in order."""
        if not self._is_sorted or len(self._all) - len(self._sorted) > _LATE:
            rows = list(self._all)
            yield from self._sort(rows)
            self._sorted, self._is_sorted = rows, True
        accepts = self._filter.accepts
        for first in range(0, len(self._sorted), _CHUNK):
            if first:
                yield
            found += [row for row in self._sorted[first : first + _CHUNK] if accepts(row)]
        late = [row for row in self._all[len(self._sorted) :] if accepts(row)]
        if len(late) > _LATE or (late and len(self._order) > 1):
            found += late
            yield from self._sort(found)
            return
        for row in late:
            found.insert(self._place_in(found, row), row)

    def _sort(self, rows: list[Row]) -> Generator[None]:
        """Sort rows in place, by the column that counts least first."""
        for place, (column, descending) in reversed(list(enumerate(self._order))):
            if descending:  # sorted backwards and turned around: equal rows keep their order
                rows.reverse()
            key = partial(self._key_at, place, column)
            runs: list[list[tuple[SortKey, Row]]] = []
            for first in range(0, len(rows), _CHUNK):
                if first:
                    yield
                keyed = [(key(row), row) for row in rows[first : first + _CHUNK]]
                keyed.sort(key=_FIRST)
                runs.append(keyed)
            while len(runs) > 1:
                runs = yield from _merge_pairs(runs)
            rows[:] = [row for run in runs for _key, row in run]
            if descending:
                rows.reverse()

    def _key_at(self, place: int, column: int, row: Row) -> SortKey:
        """Return the sort key in a column of the order; without what decides among equal rows, if another column does.

        ``place`` is that of the column in the order.
        """
        if len(self._order) == 1:
            return self.sort_key(row)
        return self.key_in(row, column) if place == len(self._order) - 1 else self.own_key(row, column)

    def _show(self, found: list[Row]) -> None:
        if self._is_reset:
            self.beginResetModel()
            self._shown = found
            self._is_reset = False
            self.endResetModel()
        else:
            self._move_to(found)
        if self._again:
            self._again = False
            self._settle(is_sorted=False)
            return
        self._settled()

    def _settled(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
        self.settled.emit()

    def _move_to(self, found: list[Row]) -> None:
        """Show rows in another order; persistent indexes keep their rows."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        rows = [self._shown[index.row()] for index in held]
        self._shown = found
        wanted = set(map(id, rows))
        places = {id(row): place for place, row in enumerate(found) if id(row) in wanted} if rows else {}
        moved = [
            self.index(places[id(row)], index.column()) if id(row) in places else QModelIndex()
            for row, index in zip(rows, held, strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def with_rows_below(self, rows: list[Row]) -> list[Row]:
        """Return visible rows with those that are shown below them; here there are none."""
        return rows

    @property
    def _descending(self) -> bool:
        return self._order[0][1]

    @property
    def _column(self) -> int:
        return self._order[0][0]

    def _place_in(self, shown: Sequence[Row], row: Row) -> int:
        """Return the insertion index of a row in sorted ones: after equal ones."""
        key = self.sort_key(row)
        if not self._descending:
            return bisect_right(shown, key, key=self.sort_key)
        count = len(shown)
        return count - bisect_left(range(count), key, key=lambda behind: self.sort_key(shown[count - 1 - behind]))

    def sort_key(self, row: Row) -> SortKey:
        """Return the sort key of a row in the first column of the order."""
        return self.key_in(row, self._column)

    def key_in(self, row: Row, column: int) -> SortKey:
        """Return the sort key of a row in a column; in that of the notes, those with a note come first."""
        if column != self.note_column or not isinstance(row, NotedRow):
            return row.sort_key(column)
        return (not row.notes, row.note_words.casefold(), *row.sort_key(0))

    def own_key(self, row: Row, column: int) -> SortKey:
        """Return the sort key of what a column shows, the same for equal cells."""
        return self.key_in(row, column)[: 1 if column != self.note_column else 2]

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
            return f"{titles[section]}{self._order_mark(section)}"
        return None

    def _order_mark(self, column: int) -> str:
        """Return the place of a column in an order by several, with its direction; empty for the others."""
        if len(self._order) < 2:
            return ""
        found = ((place, descending) for place, (one, descending) in enumerate(self._order, 1) if one == column)
        return "".join(f"  {place}{_UP if descending else _DOWN}" for place, descending in found)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if 0 <= column < len(self._titles):
            self.sort_by(((column, order is Qt.SortOrder.DescendingOrder),))

    def sort_by(self, order: Sequence[tuple[int, bool]]) -> None:
        """Sort by several columns; the first one counts most."""
        self._order = tuple(order)
        self.reorder()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._titles) - 1)
        self.order_changed.emit()

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Make rows selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS
