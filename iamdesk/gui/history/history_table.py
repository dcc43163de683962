"""The query history as rows: one for each request, updated when it is evaluated again."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QMouseEvent, QPalette
from PySide6.QtWidgets import QWidget

from iamdesk.escaping import with_visible_end
from iamdesk.export.decision.query_history import HistoryEntry
from iamdesk.export.text.decision import short_arn, without_words
from iamdesk.filter_language import EVERYTHING, Field, FieldKind, FilterFields
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_COLOURS, Mark
from iamdesk.i18n import mark, tr, translate


class Column(IntEnum):
    """The columns, in order."""

    NUMBER = 0
    RESULT = 1
    PRINCIPAL = 2
    ACTION = 3
    RESOURCE = 4
    GIVEN = 5
    SNAPSHOT = 6


class HistoryRow:
    """One request."""

    __slots__ = ("asked", "haystack", "number", "texts")

    def __init__(self, number: int, asked: HistoryEntry) -> None:
        self.number = number
        self.update(asked)

    def update(self, asked: HistoryEntry) -> None:
        """Update the row with its latest result."""
        self.asked = asked
        request = asked.request
        given = [translate(asked.context_words), translate(without_words(request.without))]
        self.texts: tuple[str, ...] = tuple(
            map(
                visible,
                (
                    number(self.number),
                    translate(asked.decision_text),
                    translate(short_arn(request.principal)),
                    translate(asked.what),
                    translate(short_arn(request.resource)),
                    "; ".join(filter(None, given)),
                    asked.snapshot.replace("\\", "/").rpartition("/")[2],
                ),
            )
        )
        self.haystack = "\n".join((*self.texts, request.principal, request.resource)).casefold()

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column; by default, the order in which requests were evaluated."""
        return (self.number,) if column == Column.NUMBER else (self.texts[column].casefold(), self.number)


_TITLES: dict[Column, str] = {
    Column.NUMBER: mark("No."),
    Column.RESULT: mark("Decision"),
    Column.PRINCIPAL: mark("Principal"),
    Column.ACTION: mark("Action"),
    Column.RESOURCE: mark("Resource"),
    Column.GIVEN: mark("Context"),
    Column.SNAPSHOT: mark("Snapshot"),
}


def _column(name: str, column: Column) -> Field[HistoryRow]:
    return Field(name, _TITLES[column], lambda row: row.texts[column], column=column)


FIELDS: FilterFields[HistoryRow] = FilterFields(
    (
        Field("number", _TITLES[Column.NUMBER], lambda row: row.number, FieldKind.NUMBER, column=Column.NUMBER),
        _column("decision", Column.RESULT),
        _column("principal", Column.PRINCIPAL),
        _column("action", Column.ACTION),
        _column("resource", Column.RESOURCE),
        _column("context", Column.GIVEN),
        _column("snapshot", Column.SNAPSHOT),
        Field("arn", mark("ARN"), lambda row: (row.asked.request.principal, row.asked.request.resource)),
    ),
    lambda word: lambda row: word in row.haystack,
)


class HistoryModel(RowsModel[HistoryRow]):
    """All evaluated requests, each once for each snapshot."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(_TITLES[column]) for column in Column], EVERYTHING, palette)

    def take(self, asked: HistoryEntry) -> None:
        """Add a result; a request that is in the list keeps its place."""
        for row in self.rows:
            if row.asked.evaluated == asked.evaluated and row.asked.sha256 == asked.sha256:
                row.update(asked)
                self.emit_data_changed()
                return
        self.extend([HistoryRow(len(self.rows) + 1, asked)])

    @override
    def tooltip(self, row: HistoryRow, column: int) -> str:
        asked, request = row.asked, row.asked.request
        return "\n".join(
            (
                translate(asked.sentence),
                request.principal,
                translate(asked.what),
                with_visible_end(request.resource),
                asked.snapshot,
            )
        )

    @override
    def look(self, row: HistoryRow, column: int, role: int) -> Any:
        mark = Mark(row.asked.decision)
        match role:
            case Qt.ItemDataRole.DecorationRole if column == Column.RESULT:
                return icons.icon(mark, self.colours)
            case Qt.ItemDataRole.ForegroundRole if column == Column.RESULT:
                return QBrush(colour(MARK_COLOURS[mark], self.colours))
            case Qt.ItemDataRole.ForegroundRole if column in (Column.NUMBER, Column.GIVEN, Column.SNAPSHOT):
                return QBrush(colour(Colour.MUTED, self.colours))
        return None


class HistoryTable(RowsTable[HistoryRow]):
    """A click or Return evaluates again; Ctrl+C copies rows, with whole ARNs."""

    def __init__(self, model: HistoryModel, parent: QWidget | None = None) -> None:
        widest: dict[int, str] = {
            Column.NUMBER: "1,000 m",
            Column.RESULT: "mm Denied · explicit deny",
            Column.PRINCIPAL: "user nora.lindqvist.contractor",
            Column.ACTION: "s3:DeleteObjectVersion mm",
            Column.GIVEN: "aws:SourceIp is 203.0.113.7 mm",
            Column.SNAPSHOT: "acme-prod.json mm",
        }
        super().__init__(
            model,
            name="askedTable",
            title=tr("Query history"),
            widest=widest,
            stretched=Column.RESOURCE,
            parent=parent,
        )

    def copied(self, row: HistoryRow) -> Sequence[str]:
        """Return the cells of a row with whole ARNs."""
        number, result, _, what, _, given, snapshot = row.texts
        return number, result, row.asked.request.principal, what, row.asked.request.resource, given, snapshot

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Evaluate again at a plain click; with a modifier, rows are selected."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        is_plain = event.button() is Qt.MouseButton.LeftButton and not event.modifiers()
        if is_plain and index.isValid() and len(self.selected_rows()) == 1:
            self.activated.emit(index)
