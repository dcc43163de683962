"""The model of a comparison's table: texts, marks and colors."""

from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPalette

from iamdesk.gui.compare.rows import COLUMN_TITLES, ChangeKind, Column, CompareFilter, CompareRow
from iamdesk.gui.tables.rows_model import RowsModel
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing, Glyph, Mark
from iamdesk.i18n import tr

SORT_MARKS: dict[ChangeKind, Drawing] = {
    ChangeKind.GAINED: Glyph.GAINED,
    ChangeKind.LOST: Glyph.LOST,
    ChangeKind.INCONCLUSIVE: Mark.UNKNOWN,
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

    @override
    def tooltip(self, row: CompareRow, column: int) -> str:
        return row.subject if column == Column.WHO else row.texts[column]

    @override
    def look(self, row: CompareRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DecorationRole if column == Column.SORT:
                return self._icons[row.sort]
            case Qt.ItemDataRole.ForegroundRole if column == Column.SORT:
                return self._brushes[row.sort]
        return None
