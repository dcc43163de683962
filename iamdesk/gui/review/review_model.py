"""The model of the review table: texts, marks and colors of the rows."""

from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QFont, QPalette

from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.review.columns import COLUMN_TITLES, FINDING_TITLES, NUMBERS, Column
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.filters import ReviewFilter
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr
from iamdesk.review.decisions import ReviewDecision

CHOICE_GLYPHS: dict[ReviewDecision, Glyph] = {
    ReviewDecision.UNDECIDED: Glyph.UNDECIDED,
    ReviewDecision.KEEP: Glyph.KEEP,
    ReviewDecision.REVOKE: Glyph.REVOKE,
    ReviewDecision.MODIFY: Glyph.MODIFY,
    ReviewDecision.FIX: Glyph.REVOKE,
    ReviewDecision.FALSE_POSITIVE: Glyph.KEEP,
    ReviewDecision.EXCEPT: Glyph.EXCEPT,
}
"""Marks of decisions: the same for entitlements and findings that are to be removed, or may stay."""
_MUTED = (Column.ACCOUNT, Column.LAST_USED, Column.EFFECT)


class ReviewModel(RowsModel[DecidedRow]):
    """All rows of a review, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], ReviewFilter(), palette, has_notes=True)

    def replace(self, rows: list[DecidedRow], *, of_findings: bool = False) -> None:
        """Replace all rows."""
        self.clear()
        titles = FINDING_TITLES if of_findings else COLUMN_TITLES
        self.set_titles([tr(titles[column]) for column in Column])
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._titles) - 1)
        self.extend(rows)

    def place_of(self, subject_id: str) -> int | None:
        """Return the row of a review item; None if it is not shown."""
        return next((at for at, row in enumerate(self._shown) if subject_id in row.subject_ids), None)

    def next_open(self, after: int) -> int | None:
        """Return the next undecided row, wrapping around at the end; None if there is none."""
        count = len(self._shown)
        places = ((after + step) % count for step in range(1, count + 1))
        return next((at for at in places if self._shown[at].is_open and not self._shown[at].is_pending), None)

    def own_key(self, row: DecidedRow, column: int) -> SortKey:
        """Return the sort key of a cell: all but what decides among equal rows."""
        if column == self.note_column:
            return super().own_key(row, column)
        key = row.sort_key(column)
        return key[: max(len(key) - len(row.tie), 1)]

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column, aligned as its cells."""
        if role == Qt.ItemDataRole.TextAlignmentRole and section in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    @override
    def tooltip(self, row: DecidedRow, column: int) -> str:
        return row.tip if column == Column.WHO else row.tips.get(Column(column)) or row.texts[column]

    @override
    def accessible_text(self, row: DecidedRow, column: int) -> str:
        if column == Column.WHAT and row.is_guardrail:
            return tr("{entitlement}, guardrail").format(entitlement=row.texts[column] or tr("none"))
        return row.texts[column]

    @override
    def look(self, row: DecidedRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DecorationRole if column == Column.DECISION:
                return icons.icon(_glyph(row), self.colours)
            case Qt.ItemDataRole.DecorationRole if column == Column.WHAT and row.is_guardrail:
                return icons.icon(Glyph.GUARDRAIL, self.colours)
            case Qt.ItemDataRole.TextAlignmentRole if column in NUMBERS:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.ForegroundRole if column == Column.DECISION:
                return QBrush(icons.natural_colour(_glyph(row), self.colours))
            case Qt.ItemDataRole.ForegroundRole if column in _MUTED:
                return QBrush(colour(Colour.MUTED, self.colours))
            case Qt.ItemDataRole.FontRole if column == Column.DECISION and row.is_pending:
                font = QFont()
                font.setItalic(True)
                return font
        return None


def _glyph(row: DecidedRow) -> Glyph:
    return Glyph.MIXED if row.choice is None else CHOICE_GLYPHS[row.choice]
