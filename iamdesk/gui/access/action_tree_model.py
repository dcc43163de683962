"""The model of the actions behind a cell: each with result, resources and conditions; below each, its requests."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QIcon, QPalette

from iamdesk.access.effective_permissions import AccessExtent, ActionAccess, ActionDecision, ResourceOrigin
from iamdesk.export.access.detail_rows import ActionDetail, resource_words
from iamdesk.gui.access.text import LEVEL_NAMES, LEVEL_TITLES, REACH_MARKS, REACH_TITLES
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import MARK_COLOURS, MARK_WORDS, Mark
from iamdesk.i18n import mark, tr, translate

_NO_PARENT = QModelIndex()
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_TOP = 0
"""Internal id of an action's index; that of a result is its action's index plus one."""
_REACHES = tuple(AccessExtent)
_SOURCE_WORDS = {
    ResourceOrigin.FRESH: mark("represents all resources that no policy names"),
    ResourceOrigin.NAMED: mark("named in a policy that allows or leaves it"),
    ResourceOrigin.EXCEPTION: mark("named only in an exception"),
}
type _Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, in order."""

    ACTION = 0
    REACH = 1
    LEVEL = 2
    WORDS = 3


_TITLES = {
    Column.ACTION: mark("Action"),
    Column.REACH: mark("Result"),
    Column.LEVEL: mark("Access level"),
    Column.WORDS: mark("Resources and conditions"),
}


class ActionLine:
    """One action; its details come later."""

    __slots__ = ("action", "detail", "number")

    def __init__(self, action: ActionAccess, number: int) -> None:
        self.action = action
        self.number = number
        """Its index in the order of arrival, as the indexes of its results contain."""
        self.detail: ActionDetail | None = None

    @property
    def words(self) -> str:
        """Resources and conditions; ``…`` until they are known."""
        return "…" if self.detail is None else self.detail.words


class ActionTreeModel(QAbstractItemModel):
    """A tree of two levels: actions, and the results of each."""

    def __init__(self, palette: QPalette, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[ActionLine] = []
        self._shown: list[ActionLine] = []
        self._places: dict[int, int] = {}
        self._column = Column.ACTION
        self._descending = False
        self._icons: dict[Mark, QIcon] = {}
        self.repaint(palette)

    @property
    def lines(self) -> Sequence[ActionLine]:
        """The actions, in the order of the list."""
        return self._shown

    def show(self, actions: Sequence[ActionAccess]) -> Sequence[ActionLine]:
        """Show other actions, and return their rows in the order in which details are needed."""
        self.beginResetModel()
        self._lines = [ActionLine(action, number) for number, action in enumerate(actions)]
        self._order()
        self.endResetModel()
        return tuple(self._shown)

    def set_details(self, details: Sequence[tuple[ActionLine, ActionDetail]]) -> None:
        """Add the details of some actions."""
        for line, detail in details:
            place = self._places.get(line.number)
            if place is None or self._shown[place] is not line:
                continue  # of a previous list
            if detail.decisions:
                self.beginInsertRows(self.index(place, 0), 0, len(detail.decisions) - 1)
                line.detail = detail
                self.endInsertRows()
            line.detail = detail
        if details and self._shown:
            self.dataChanged.emit(self.index(0, Column.WORDS), self.index(len(self._shown) - 1, Column.WORDS))

    def line(self, index: _Index) -> ActionLine | None:
        """Return the action of a row, or of a result's row."""
        if not index.isValid():
            return None
        return self._shown[index.row()] if index.internalId() == _TOP else self._lines[index.internalId() - 1]

    def result(self, index: _Index) -> ActionDecision | None:
        """Return the result of a row; None for an action."""
        if not index.isValid() or index.internalId() == _TOP:
            return None
        detail = self._lines[index.internalId() - 1].detail
        return detail.decisions[index.row()] if detail is not None else None

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._palette = QPalette(palette)
        self._icons = {one: icons.icon(one, palette) for one in Mark}
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(Column) - 1))

    def _order(self) -> None:
        self._shown = sorted(self._lines, key=self._key, reverse=self._descending)
        self._places = {line.number: place for place, line in enumerate(self._shown)}

    def _key(self, line: ActionLine) -> tuple[int | str, ...]:
        action = line.action
        match self._column:
            case Column.REACH:
                return _REACHES.index(action.reach), action.name
            case Column.LEVEL:
                return action.access_level, action.name
            case Column.WORDS:
                return line.words.casefold(), action.name
        return (action.name,)

    # Qt's interface

    def index(self, row: int, column: int, parent: _Index = _NO_PARENT) -> QModelIndex:
        """Return an index that contains a number, never an object."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._shown[parent.row()].number + 1 if parent.isValid() else _TOP)

    def parent(self, index: _Index = _NO_PARENT) -> QModelIndex:  # type: ignore[override]  # Qt has a second one, of QObject
        """Return the action of a result."""
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        return self.createIndex(self._places[index.internalId() - 1], 0, _TOP)

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of actions, or of an action's results."""
        if not parent.isValid():
            return len(self._shown)
        if parent.internalId() != _TOP or parent.column() > 0:
            return 0
        detail = self._shown[parent.row()].detail
        return len(detail.decisions) if detail is not None else 0

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: ARG002, N802 - Qt's name
        """Return the number of columns."""
        return len(Column)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and section < len(Column):
            return tr(_TITLES[Column(section)])
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the actions by a column; persistent indexes keep their rows."""
        if not 0 <= column < len(Column):
            return
        self._column, self._descending = Column(column), order is Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        numbers = [self._shown[index.row()].number if index.internalId() == _TOP else None for index in held]
        self._order()
        moved = [
            QModelIndex(index) if number is None else self.createIndex(self._places[number], index.column(), _TOP)
            for index, number in zip(held, numbers, strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Make rows selectable."""
        return _FLAGS if index.isValid() else _NO_FLAGS

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and colors."""
        line = self.line(index)
        if line is None:
            return None
        result = self.result(index)
        column = Column(index.column())
        if result is not None:
            return self._of_decision(result, column, role)
        return self._of_action(line, column, role)

    def _of_action(self, line: ActionLine, column: Column, role: int) -> Any:
        action = line.action
        mark = REACH_MARKS[action.reach]
        texts = {
            Column.ACTION: action.name,
            Column.REACH: tr(REACH_TITLES[action.reach]),
            Column.LEVEL: tr(LEVEL_TITLES[action.access_level]),
            Column.WORDS: visible(translate(line.words)),
        }
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return texts[column]
            case Qt.ItemDataRole.ToolTipRole if column is Column.ACTION:
                return tooltip_text(f"{action.name}, {tr(LEVEL_NAMES[action.access_level])}\n{action.description}")
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(translate(line.words) if column is Column.WORDS else texts[column])
            case Qt.ItemDataRole.DecorationRole if column is Column.REACH:
                return self._icons[mark]
            case Qt.ItemDataRole.ForegroundRole if column is Column.REACH:
                return QBrush(colour(MARK_COLOURS[mark], self._palette))
            case Qt.ItemDataRole.ForegroundRole if column is Column.LEVEL:
                return QBrush(colour(Colour.MUTED, self._palette))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(_TITLES[column])}: {texts[column] or tr('none')}"
        return None

    def _of_decision(self, result: ActionDecision, column: Column, role: int) -> Any:
        mark = Mark(result.decision)
        texts = {
            Column.ACTION: visible(translate(resource_words(result))),
            Column.REACH: _short(mark),
            Column.LEVEL: "",
            Column.WORDS: tr(_SOURCE_WORDS[result.source]) if result.resource != "*" else "",
        }
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(f"{tr(MARK_WORDS[mark])}\n{result.resource}\n{tr('Enter opens the full result.')}")
            case Qt.ItemDataRole.DecorationRole if column is Column.REACH:
                return self._icons[mark]
            case Qt.ItemDataRole.ForegroundRole if column is Column.REACH:
                return QBrush(colour(MARK_COLOURS[mark], self._palette))
            case Qt.ItemDataRole.ForegroundRole if column is Column.WORDS:
                return QBrush(colour(Colour.MUTED, self._palette))
            case Qt.ItemDataRole.AccessibleTextRole:
                title = tr("Resource") if column is Column.ACTION else tr(_TITLES[column])
                return f"{title}: {texts[column] or tr('none')}"
        return None


def _short(shape: Mark) -> str:
    """Return a decision in one word, for a narrow column."""
    match shape:
        case Mark.ALLOWED:
            return tr("Allowed")
        case Mark.CONDITIONAL:
            return tr("Depends")
    return tr("Denied")
