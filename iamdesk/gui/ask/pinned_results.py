"""Pinned results side by side: one column for each, one row for each policy type; rows that differ are marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from iamdesk.evaluate.request import PolicyType
from iamdesk.explain.decision import EvaluationResult, PolicyTypeResult
from iamdesk.export.text.decision import condition_words, decision_words, policy_type_decision, short_arn
from iamdesk.gui.ask.policy_flow_drawing import mark_of
from iamdesk.gui.core.plain_text import plain_label, tooltip_text, visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.core.translate import translated
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.i18n import tr, translate

MAX_PINS = 5
_NO_PARENT = QModelIndex()
type _Index = QModelIndex | QPersistentModelIndex


class _Cell(NamedTuple):
    text: str
    tip: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    cells: tuple[_Cell, ...]
    is_input: bool
    """Whether it is part of the request, not of the evaluation."""
    by_reason: bool = False
    """Whether the reasons are compared, too: two conditional policy types may differ in what they depend on."""

    @property
    def differs(self) -> bool:
        """Whether the requests differ in it."""
        return len({(cell.text, cell.mark, cell.tip if self.by_reason else "") for cell in self.cells}) > 1

    def text(self, column: int) -> str:
        """The text of a cell, with the reason where the policy type makes the difference."""
        cell = self.cells[column]
        return f"{cell.text}: {cell.tip}" if self.by_reason and self.differs and cell.tip else cell.text


class PinnedModel(QAbstractTableModel):
    """The pinned results and the current one, the last column."""

    def __init__(self) -> None:
        super().__init__()
        self.results: tuple[EvaluationResult, ...] = ()
        self.has_current = False
        self.rows: tuple[_Row, ...] = ()
        self.palette = QPalette()

    def show_results(self, pins: Sequence[EvaluationResult], current: EvaluationResult | None) -> None:
        """Show pins, and the current result if it is not pinned."""
        is_pinned = any(current is one for one in pins)
        self.beginResetModel()
        self.has_current = current is not None and not is_pinned
        self.results = (*pins, current) if current is not None and not is_pinned else tuple(pins)
        self.rows = tuple(_rows([translated(one) for one in self.results]))
        self.endResetModel()

    def rowCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_PARENT) -> int:  # noqa: N802 - Qt's name
        """Return the number of results."""
        return 0 if parent.isValid() else len(self.results)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the name of a result or of a row; rows that differ begin with a mark."""
        if orientation is Qt.Orientation.Horizontal:
            if role != Qt.ItemDataRole.DisplayRole or section >= len(self.results):
                return None
            is_last = self.has_current and section == len(self.results) - 1
            return tr("Shown now") if is_last else tr("Pinned {number}").format(number=section + 1)
        if section >= len(self.rows):
            return None
        row = self.rows[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"≠ {row.title}" if row.differs else f"   {row.title}"
        if role == Qt.ItemDataRole.FontRole:
            return _font(bold=row.differs)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts, marks and tints."""
        if not index.isValid() or index.row() >= len(self.rows) or index.column() >= len(self.results):
            return None
        row = self.rows[index.row()]
        cell = row.cells[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return visible(row.text(index.column()))
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(cell.tip or cell.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                text = row.text(index.column())
                return visible(tr("{text}, differs").format(text=text) if row.differs else text)
            case Qt.ItemDataRole.FontRole:
                return _font(bold=row.differs and not row.is_input and not row.by_reason)
            case Qt.ItemDataRole.BackgroundRole if row.differs and not row.is_input:
                return colour(Colour.NOTE_SURFACE, self.palette)
            case Qt.ItemDataRole.DecorationRole if cell.mark is not None:
                return icons.icon(cell.mark, self.palette)
        return None


def _font(*, bold: bool) -> QFont:
    font = QFont()
    font.setBold(bold)
    return font


def _rows(results: Sequence[EvaluationResult]) -> list[_Row]:
    def inputs(title: str, cell: Callable[[EvaluationResult], _Cell]) -> _Row:
        return _Row(title, tuple(cell(one) for one in results), is_input=True)

    rows = [
        inputs(tr("Principal"), lambda one: _Cell(translate(short_arn(one.request.principal)), one.request.principal)),
        inputs(tr("Action"), lambda one: _Cell(one.request.action)),
        inputs(tr("Resource"), lambda one: _Cell(translate(short_arn(one.request.resource)), one.request.resource)),
        inputs(tr("Context"), _context),
        _Row(
            tr("Decision"),
            tuple(_Cell(translate(decision_words(one)), one.sentence, Mark(one.decision)) for one in results),
            is_input=False,
        ),
    ]
    decision = rows[-1]
    types: list[_Row] = []
    for policy_type in PolicyType:
        found = [next((row for row in one.layers if row.layer is policy_type), None) for one in results]
        titles = [row.title for row in found if mark_of(row) is not None and row is not None]
        if titles:
            cells = tuple(
                _outcome(row, is_out=policy_type in one.request.without)
                for row, one in zip(found, results, strict=True)
            )
            types.append(_Row(titles[0], cells, is_input=False))
    if decision.differs and not any(row.differs for row in types):
        types = [replace(row, by_reason=True) for row in types]
    return [*rows, *types]


def _context(result: EvaluationResult) -> _Cell:
    given = result.request.context
    return _Cell(translate(condition_words(given)) if given else tr("nothing provided"))


def _outcome(row: PolicyTypeResult | None, *, is_out: bool) -> _Cell:
    if is_out:
        return _Cell(tr("left out"))
    return _Cell(tr(policy_type_decision(row)), row.sentence if row is not None else "", mark_of(row))


class _Table(QTableView):
    """``chosen`` is emitted with a column for Enter and double click, ``removed`` for Delete."""

    chosen = Signal(int)
    removed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Show or remove the result of the current column."""
        at = self.currentIndex().column()
        if at >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(at)
        elif at >= 0 and event.key() == Qt.Key.Key_Delete:
            self.removed.emit(at)
        else:
            super().keyPressEvent(event)


class PinnedResults(QWidget):
    """The table with its heading; hidden while nothing is pinned. ``wanted`` is emitted with a result to show again."""

    wanted = Signal(object)
    changed = Signal()
    """Something was pinned or removed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pins: list[EvaluationResult] = []
        self._current: EvaluationResult | None = None
        self.model = PinnedModel()
        self.model.setParent(self)
        self.table = _Table()
        self.clear_button = QPushButton(tr("Remove pins"))
        self._lay_out()
        self.table.chosen.connect(self._show)
        self.table.removed.connect(self._remove)
        self.table.doubleClicked.connect(lambda index: self._show(index.column()))
        self.clear_button.clicked.connect(self.clear)
        self._refresh()

    def _lay_out(self) -> None:
        self.table.setObjectName("pinnedTable")
        self.table.setAccessibleName(tr("Pinned results, side by side"))
        self.table.setModel(self.model)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(True)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setIconSize(QSize(16, 16))
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 22)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heading = QHBoxLayout()
        heading.addWidget(plain_label(tr("Side by side; rows with ≠ differ"), buddy=self.table), 1)
        heading.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(heading)
        layout.addWidget(self.table)

    def show_current(self, result: EvaluationResult | None) -> None:
        """Show the current result beside the pinned ones."""
        self._current = result
        self._refresh()

    @property
    def is_pinned(self) -> bool:
        """Whether the current result is pinned."""
        return any(self._current is one for one in self.pins)

    def switch(self) -> None:
        """Pin the current result, or remove its pin; the oldest pin goes where there are too many."""
        if self._current is None:
            return
        if self.is_pinned:
            self.pins = [one for one in self.pins if one is not self._current]
        else:
            self.pins = [*self.pins, self._current][-MAX_PINS:]
        self._refresh()
        self.changed.emit()

    def clear(self) -> None:
        """Remove all pins."""
        self.pins = []
        self._refresh()
        self.changed.emit()

    def _show(self, column: int) -> None:
        result = self.model.results[column]
        if result is not self._current:
            self.wanted.emit(result)

    def _remove(self, column: int) -> None:
        if column < len(self.pins):
            del self.pins[column]
            self._refresh()
            self.changed.emit()

    def _refresh(self) -> None:
        self.model.palette = self.palette()
        self.model.show_results(self.pins, self._current)
        self.setVisible(bool(self.pins))
        self._fit()

    def _fit(self) -> None:
        """Make the table as high as its rows: the panel around it scrolls."""
        header = self.table.horizontalHeader()
        is_wider = self.model.columnCount() * header.minimumSectionSize() > self.table.viewport().width()
        scroll = self.table.horizontalScrollBar().sizeHint().height() if is_wider else 0
        rows = self.table.verticalHeader().length()
        self.table.setFixedHeight(header.sizeHint().height() + rows + scroll + 2 * self.table.frameWidth())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the texts anew."""
        super().resizeEvent(event)
        self.table.resizeRowsToContents()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._refresh()
