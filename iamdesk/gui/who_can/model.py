"""The model of the who-can table: rows are added as they are found, and get their details later."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, override

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QBrush, QPalette

from iamdesk.explain.decision import EvalDecision
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.who_can.details import RowDetails
from iamdesk.gui.who_can.rows import (
    COLUMN_TITLES,
    EXPLAINED,
    TITLES_OF_ACTIONS,
    ActionRow,
    Column,
    PrincipalRow,
    WhoCanFilter,
    WhoCanRow,
)
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_COLOURS, Mark
from iamdesk.i18n import ntr, tr


class WhoCanModel(RowsModel[WhoCanRow]):
    """All rows, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        self._owners: dict[int, PrincipalRow] = {}
        self._counts = Counter[EvalDecision]()
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], WhoCanFilter(), palette, has_notes=True)

    def count(self, decision: EvalDecision) -> int:
        """Return the number of rows with a decision, regardless of the filter."""
        return self._counts[decision]

    def extend(self, rows: Sequence[WhoCanRow]) -> None:
        """Add rows, and count their decisions: an organization has too many rows to count them for each batch."""
        self._counts.update(decision for row in rows for decision in row.decisions)
        super().extend(rows)

    def granted_and_depending(self) -> tuple[int, int]:
        """Return how many principals can perform it, or an action, for sure, and for how many all depends."""
        granted = sum(row.mark is EvalDecision.ALLOWED for row in self._all)
        return granted, len(self._all) - granted

    @property
    def shown_principals(self) -> int:
        """The number of visible rows without those of expanded actions."""
        actions = sum(isinstance(row, ActionRow) for row in self._shown) if self._owners else 0
        return len(self._shown) - actions

    @property
    def holds_actions(self) -> bool:
        """Whether rows contain several actions, to which they expand."""
        return bool(self._all) and isinstance(self._all[0], PrincipalRow)

    def toggle(self, row: PrincipalRow) -> None:
        """Expand or collapse the actions of a row."""
        self._owners |= {id(one): row for one in row.rows}
        place = self._shown.index(row) + 1
        if row.is_open:
            self.beginRemoveRows(QModelIndex(), place, place + len(row.rows) - 1)
            row.is_open = False
            del self._shown[place : place + len(row.rows)]
            self.endRemoveRows()
        else:
            below = sorted(row.rows, key=self.sort_key, reverse=self._descending)
            self.beginInsertRows(QModelIndex(), place, place + len(below) - 1)
            row.is_open = True
            self._shown[place:place] = below
            self.endInsertRows()
        self.dataChanged.emit(self.index(place - 1, 0), self.index(place - 1, len(Column) - 1))

    def owner(self, row: WhoCanRow) -> PrincipalRow | None:
        """Return the row that contains an action's row; None for other rows."""
        return self._owners.get(id(row))

    @property
    def unexplained(self) -> Sequence[WhoCanRow]:
        """The rows without details, and the visible actions without."""
        if self.holds_actions:
            return [row for row in self._shown if not row.has_details]
        return [row for row in self._all if not row.has_details]

    @property
    def needs_details(self) -> bool:
        """Whether the details of all rows are needed to filter and sort them."""
        chosen = self._filter
        by_details = isinstance(chosen, WhoCanFilter) and chosen.needs_details
        return not self.holds_actions and (by_details or any(column in EXPLAINED for column, _ in self._order))

    def with_rows_below(self, rows: list[WhoCanRow]) -> list[WhoCanRow]:
        """Return principals with the actions of those that are expanded."""
        if not self.holds_actions:
            return rows
        return [one for row in rows for one in (row, *sorted(row.below, key=self.sort_key, reverse=self._descending))]

    def own_key(self, row: WhoCanRow, column: int) -> SortKey:
        """Return the sort key of a cell: external principals are first among equal decisions, too."""
        return self.key_in(row, column)[:4] if column == Column.DECISION else super().own_key(row, column)

    def sort_key(self, row: WhoCanRow) -> SortKey:
        """Return the sort key of a row; actions stay below their principal."""
        owner = self._owners.get(id(row))
        if owner is None:
            return (*self.key_in(row, self._column), 0)
        return (*self.key_in(owner, self._column), -1 if self._descending else 1, *self.key_in(row, self._column))

    def clear(self) -> None:
        """Remove all rows."""
        self._counts.clear()
        super().clear()
        self._owners.clear()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        title = super().headerData(section, orientation, role)
        is_own = title is not None and section != self.note_column
        other = TITLES_OF_ACTIONS.get(Column(section)) if is_own and self.holds_actions else None
        return tr(other) if other else title

    def set_details(self, details: Sequence[tuple[WhoCanRow, RowDetails]]) -> None:
        """Add details to rows, and show those that match the filter now. Rows keep their place until `settle`."""
        accepts = self._filter.accepts
        hidden = [] if self.holds_actions else [row for row, _ in details if not accepts(row)]
        for row, words in details:
            row.set_details(words)
        if details:
            self.emit_data_changed(Column.HOW, Column.WHEN)
        if self.is_settled and len(self._order) == 1:  # else `settle` shows them
            self._insert([row for row in hidden if accepts(row)])

    def settle(self) -> None:
        """Filter and sort by the details added since."""
        self.reorder()

    def place_of(self, principal: str) -> int | None:
        """Return the row of a principal; None if it is not shown."""
        return next((at for at, row in enumerate(self._shown) if row.principal == principal), None)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._icons = {mark.value: icons.icon(mark, palette) for mark in Mark}
        super().repaint(palette)

    @override
    def text(self, row: WhoCanRow, column: int) -> str:
        return f"{_shape(row)}{row.texts[column]}" if column == Column.PRINCIPAL else row.texts[column]

    @override
    def tooltip(self, row: WhoCanRow, column: int) -> str:
        return row.principal if column == Column.PRINCIPAL else row.tip

    @override
    def accessible_text(self, row: WhoCanRow, column: int) -> str:
        state = _accessible_text(row) if column == Column.PRINCIPAL else ""
        return ", ".join(filter(None, (row.texts[column], state)))

    @override
    def look(self, row: WhoCanRow, column: int, role: int) -> Any:
        mark = Mark(row.mark)
        match role:
            case Qt.ItemDataRole.DecorationRole if column == Column.DECISION:
                return self._icons[mark.value]
            case Qt.ItemDataRole.DecorationRole if column == Column.PRINCIPAL and not isinstance(row, ActionRow):
                return icons.icon(row.kind, self.colours)
            case Qt.ItemDataRole.ForegroundRole if column == Column.DECISION:
                return QBrush(colour(MARK_COLOURS[mark], self.colours))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.KIND, Column.ACCOUNT):
                return QBrush(colour(Colour.MUTED, self.colours))
        return None


def _shape(row: WhoCanRow) -> str:
    """Return the prefix of a name: an arrow for a row that expands, an indent for its actions."""
    if isinstance(row, ActionRow):
        return "      "
    if isinstance(row, PrincipalRow):
        return "▾ " if row.is_open else "▸ "
    return ""


def _accessible_text(row: WhoCanRow) -> str:
    """Return the name with that state in words, and whether the principal is external."""
    words = []
    if isinstance(row, PrincipalRow):
        count = ntr("{count} action", "{count} actions", row.count).format(count=number(row.count))
        words = [count, tr("open") if row.is_open else tr("closed")]
    if row.is_external and not isinstance(row, ActionRow):
        words.append(row.texts[Column.KIND])
    return ", ".join(words)
