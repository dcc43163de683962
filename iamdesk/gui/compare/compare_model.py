"""The model of a comparison's table: texts, marks and colors."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPalette

from iamdesk.gui.compare.rows import COLUMN_TITLES, ChangeKind, Column, CompareFilter, CompareRow
from iamdesk.gui.core.plain_text import tooltip_text
from iamdesk.gui.tables.rows_model import Index, RowsModel
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing, Glyph, Mark
from iamdesk.i18n import tr

SORT_MARKS: dict[ChangeKind, Drawing] = {
    ChangeKind.GAINED: Glyph.GAINED,
    ChangeKind.LOST: Glyph.LOST,
    ChangeKind.CANNOT_TELL: Mark.UNKNOWN,
    ChangeKind.SAME: Glyph.SAME,
}


class CompareModel(RowsModel[CompareRow]):
    """All rows of a comparison, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], CompareFilter(), palette, has_notes=True)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._icons = {sort: icons.icon(mark, palette) for sort, mark in SORT_MARKS.items()}
        self._brushes = {sort: QBrush(icons.natural_colour(mark, palette)) for sort, mark in SORT_MARKS.items()}
        super().repaint(palette)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colors."""
        row = self.row_at(index)
        if row is None:
            return None
        if index.column() == self.note_column:
            return self.note_data(row, role)
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(row.subject if column is Column.WHO else row.texts[column])
            case Qt.ItemDataRole.DecorationRole if column is Column.SORT:
                return self._icons[row.sort]
            case Qt.ItemDataRole.ForegroundRole if column is Column.SORT:
                return self._brushes[row.sort]
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(COLUMN_TITLES[column])}: {row.texts[column]}"
        return None
