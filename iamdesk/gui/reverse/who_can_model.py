"""The who-can table's model: takes rows as they come, and what their answers say later."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPalette

from iamdesk.explain.decision import Verdict
from iamdesk.gui import marks
from iamdesk.gui.marks import MARK_COLOURS, Mark
from iamdesk.gui.plain_text import tooltip_text
from iamdesk.gui.reverse.who_can_rows import COLUMN_TITLES, Column, Told, WhoCanFilter, WhoCanRow
from iamdesk.gui.tables.rows_model import Index, RowsModel
from iamdesk.gui.theme import Colour, colour
from iamdesk.language import tr


class WhoCanModel(RowsModel[WhoCanRow]):
    """Everybody who can, of whom the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], WhoCanFilter(), palette)

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have an answer, whatever the filter shows."""
        return sum(row.access.decision is verdict for row in self._all)

    def tell(self, told: Sequence[tuple[WhoCanRow, Told]]) -> None:
        """Take in what answers say. Rows stay where they are until `settle`."""
        for row, words in told:
            row.tell(words)
        if told:
            self.tell_changed(Column.HOW, Column.WHEN)

    def settle(self) -> None:
        """Filter and sort anew by what has been told since."""
        if sum(self._filter.lets_through(row) for row in self._all) != len(self._shown):
            self.refilter()
        else:
            self.reorder()

    def place_of(self, principal: str) -> int | None:
        """Return the row in which a principal is shown; None when it is not."""
        return next((at for at, row in enumerate(self._shown) if row.principal == principal), None)

    def repaint(self, palette: QPalette) -> None:
        """Take the colours of another palette."""
        self._icons = {mark.value: marks.icon(mark, palette) for mark in Mark}
        super().repaint(palette)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colours."""
        row = self.row_at(index)
        if row is None:
            return None
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
                return marks.icon(row.kind, self.colours)
            case Qt.ItemDataRole.ForegroundRole if column is Column.DECISION:
                return QBrush(colour(MARK_COLOURS[mark], self.colours))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.KIND, Column.ACCOUNT):
                return QBrush(colour(Colour.MUTED, self.colours))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(COLUMN_TITLES[column])}: {row.texts[column] or tr('none')}"
        return None
