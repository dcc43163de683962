"""The model of the context table: one row for each condition key that matters for the request."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QPalette, QPixmap

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import KeyState
from iamdesk.gui.ask.context_rows import Choice, ContextRow
from iamdesk.gui.ask.context_values import ContextValueError, format_values
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.i18n import error_words, mark, tr

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
"""The `ContextRow` itself."""
_NO_PARENT = QModelIndex()
type _Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, in order."""

    KEY = 0
    VALUE = 1
    TYPE = 2
    NOTE = 3


_TITLES = {
    Column.KEY: mark("Key"),
    Column.VALUE: mark("In the request"),
    Column.TYPE: mark("Type"),
    Column.NOTE: mark("Effect"),
}


class ContextModel(QAbstractTableModel):
    """The rows; values can be edited. ``changed`` is emitted when the user changed the request context."""

    changed = Signal()
    refused = Signal(str)
    """A sentence: why the entered text is no value for the key."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__()
        self._palette = palette
        self._no_mark = QPixmap(16, 16)
        self._no_mark.fill(Qt.GlobalColor.transparent)
        self._unknown = MissingContextMode.UNKNOWN
        self.rows: tuple[ContextRow, ...] = ()

    def fill(self, rows: Iterable[ContextRow], unknown: MissingContextMode) -> None:
        """Show other rows. Rows at the same place are updated in place, so that the current cell stays."""
        new = tuple(rows)
        kept = [row.key.lower() for row in self.rows]
        self._unknown = unknown
        if [row.key.lower() for row in new[: len(kept)]] == kept:
            if len(new) > len(kept):
                self.beginInsertRows(QModelIndex(), len(kept), len(new) - 1)
                self.rows = new
                self.endInsertRows()
            self.rows = new
            if kept:
                self.dataChanged.emit(self.index(0, 0), self.index(len(kept) - 1, len(Column) - 1))
            return
        self.beginResetModel()
        self.rows = new
        self.endResetModel()

    def add(self, row: ContextRow) -> int:
        """Append a row and return its index."""
        place = len(self.rows)
        self.beginInsertRows(QModelIndex(), place, place)
        self.rows = (*self.rows, row)
        self.endInsertRows()
        return place

    def choose(self, place: int, choice: Choice, values: Sequence[str] = ()) -> None:
        """Set the value of a key. A key that was added by hand is removed when it has no value any more."""
        row = self.rows[place]
        changed = replace(row, choice=choice, values=tuple(values))
        if changed == row:
            return
        if choice is Choice.OPEN and not row.tested:
            self.beginRemoveRows(QModelIndex(), place, place)
            self.rows = self.rows[:place] + self.rows[place + 1 :]
            self.endRemoveRows()
        else:
            self.rows = (*self.rows[:place], changed, *self.rows[place + 1 :])
            self.dataChanged.emit(self.index(place, 0), self.index(place, len(Column) - 1))
        self.changed.emit()

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._palette = palette
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(Column) - 1))

    # Qt's interface

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of keys."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and section < len(Column):
            return tr(_TITLES[Column(section)])
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make values editable."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if index.isValid() and index.column() == Column.VALUE:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags if index.isValid() else Qt.ItemFlag.NoItemFlags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, colors and the row itself."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(self._text(row, column))
            case Qt.ItemDataRole.EditRole:
                return format_values(row.type, row.values) if column is Column.VALUE else self._text(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(self._text(row, column))
            case Qt.ItemDataRole.ForegroundRole:
                return self._brush(row, column)
            case Qt.ItemDataRole.DecorationRole if column is Column.KEY:
                # Rows without the mark leave its place empty, so that the keys are aligned.
                return icons.icon(Mark.CONDITIONAL, self._palette) if row.matters else self._no_mark
            case Qt.ItemDataRole.AccessibleTextRole:
                return visible(self._text(row, column))
            case _ if role == ROW_ROLE:
                return row
        return None

    def setData(  # noqa: N802 - Qt's name
        self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Set the entered text as the key's value; empty text means not provided."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or index.column() != Column.VALUE:
            return False
        row = self.rows[index.row()]
        text = str(value)
        if not text.strip():
            self.choose(index.row(), Choice.OPEN)
            return True
        try:
            values = row.typed(text)
        except ContextValueError as error:
            self.refused.emit(error_words(error))
            return False
        if row.choice is Choice.OPEN and values == row.values:
            return True  # the editor was opened on a value from the snapshot and closed unchanged
        self.choose(index.row(), Choice.VALUE, values)
        return True

    # Texts

    def _text(self, row: ContextRow, column: Column) -> str:
        match column:
            case Column.KEY:
                return row.key
            case Column.TYPE:
                return row.type
            case Column.VALUE:
                return self._value(row)
            case Column.NOTE:
                return self._note(row)

    def _value(self, row: ContextRow) -> str:
        if row.choice is Choice.ABSENT:
            return tr("absent")
        if row.values:
            return format_values(row.type, row.values)
        if row.choice is Choice.VALUE:
            return tr("a value is missing")
        match row.state:
            case KeyState.ABSENT | KeyState.DERIVED:
                return tr("absent")
            case _:
                return (
                    tr("not provided (unknown)")
                    if self._unknown is MissingContextMode.UNKNOWN
                    else tr("not provided (absent)")
                )

    def _note(self, row: ContextRow) -> str:
        if not row.is_ready:
            return tr("type a value")
        if not row.tested:
            return tr("not tested for this principal")
        if row.choice is not Choice.OPEN:
            return tr("provided")
        if row.matters:
            return tr("can change the decision")
        match row.state:
            case KeyState.DERIVED:
                return tr("known from the snapshot")
            case KeyState.ABSENT:
                return tr("not in this kind of request")
            case _:
                return tr("does not affect the decision")

    def _brush(self, row: ContextRow, column: Column) -> QBrush | None:
        if column is Column.TYPE:
            return QBrush(colour(Colour.MUTED, self._palette))
        if column is Column.KEY:
            return None
        if column is Column.NOTE:
            return QBrush(colour(Colour.CONDITIONAL if row.matters else Colour.MUTED, self._palette))
        return QBrush(colour(Colour.MUTED, self._palette)) if row.choice is Choice.OPEN else None
