"""The heat map: a table of cells for the keyboard."""

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from iamdesk.export.access.heatmap import LEVELS, Cell, MapRow
from iamdesk.gui.access.heatmap_cell import paint_cell
from iamdesk.gui.access.heatmap_model import SERVICE, HeatmapModel
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.i18n import tr

_GAP = 6
_MAX_PAINTED = 1000
type _Index = QModelIndex | QPersistentModelIndex


class HeatmapTable(QTableView):
    """Arrow keys move between cells, Enter goes to the actions, Ctrl+C copies the heat map as displayed."""

    list_wanted = Signal()
    """Enter or a double click."""

    def __init__(self, model: HeatmapModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("whatCanTable")
        self.setAccessibleName(tr("What it can do, by service and access level"))
        self.setModel(model)
        self._cells = _CellDelegate(self)
        self.setItemDelegate(self._cells)
        self.setSelectionMode(
            QAbstractItemView.SelectionMode.NoSelection
        )  # a frame marks the current cell; its color stays
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.activated.connect(lambda _index: self.list_wanted.emit())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(self.fontMetrics().horizontalAdvance("999/999") + 26)
        header.setSortIndicator(SERVICE, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        header.setSectionResizeMode(SERVICE, QHeaderView.ResizeMode.Interactive)
        for column in range(1, 1 + len(LEVELS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(SERVICE, self.fontMetrics().averageCharWidth() * 24)

    def show_level(self, level: str | None) -> None:
        """Show the column of one access level only; None shows all."""
        for column, name in enumerate(LEVELS, start=1):
            self.setColumnHidden(column, level not in (None, name))

    def go_to(self, row: int, column: int) -> None:
        """Make a cell current and scroll to it."""
        index = self._model.index(row, column)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def copied_text(self) -> str:
        """Return the whole heat map as displayed (``gui/core/clipboard.py``)."""
        columns = [column for column in range(1 + len(LEVELS)) if not self.isColumnHidden(column)]
        titles = [tr("Service"), *LEVELS]
        lines = ["\t".join(titles[column] for column in columns)]
        for row in range(self._model.rowCount()):
            cells = (self._model.index(row, column).data() for column in columns)
            lines.append("\t".join(visible(str(cell)) for cell in cells))
        return "\n".join(lines)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update colors and fonts."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_cells"):
            self._cells.forget()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the actions at Enter; Qt handles the rest."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class _CellDelegate(QStyledItemDelegate):
    """Paints services as prefix and name, and cells as heat; the current cell has a frame."""

    def __init__(self, table: HeatmapTable) -> None:
        super().__init__(table)
        self._table = table
        self._painted: dict[Hashable, QPixmap] = {}
        """Cache of painted cells: a screen shows a hundred, many of them equal."""

    def forget(self) -> None:
        """Clear the cache: palette or font has changed."""
        self._painted.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: N802 - Qt's name
        usual = super().sizeHint(option, index)
        return QSize(usual.width() + 2 * _GAP, usual.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        if not isinstance(model, HeatmapModel):
            return
        row, cell = model.row(index), model.cell(index)
        if row is None:
            return
        # PySide makes a new QRect for each access; one is enough.
        rect: QRect = option.rect
        painter.save()
        painter.setFont(option.font)
        if index.column() == SERVICE:
            self._paint_service(painter, option, rect, row)
        elif cell is not None:
            painter.drawPixmap(rect.topLeft(), self._picture(cell, option, rect))
        if index == self._table.currentIndex():
            focused = self._table.hasFocus()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            edge = option.palette.highlight().color() if focused else colour(Colour.MUTED, option.palette)
            painter.setPen(QPen(edge, 2.2 if focused else 1.4))
            painter.drawRoundedRect(QRectF(rect).adjusted(1.5, 1.5, -1.5, -1.5), 3, 3)
        painter.restore()

    def _picture(self, cell: Cell, option: QStyleOptionViewItem, rect: QRect) -> QPixmap:
        ratio = self._table.devicePixelRatioF()
        key = (_looks(cell), rect.width(), rect.height(), ratio)
        found = self._painted.get(key)
        if found is None:
            if len(self._painted) >= _MAX_PAINTED:
                self._painted.clear()
            found = QPixmap(round(rect.width() * ratio), round(rect.height() * ratio))
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            painter.setFont(option.font)
            paint_cell(painter, QRectF(0, 0, rect.width(), rect.height()), cell, option.palette, ratio)
            painter.end()
            self._painted[key] = found
        return found

    def _paint_service(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: MapRow) -> None:
        room = rect.adjusted(_GAP, 0, -_GAP, 0)
        align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        muted = colour(Colour.MUTED, option.palette)
        metrics = option.fontMetrics
        painter.setPen(muted if row.is_empty else option.palette.text().color())
        shown = metrics.elidedText(row.service, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, align, shown)
        room.setLeft(room.left() + metrics.horizontalAdvance(shown) + _GAP)
        if room.width() > 3 * _GAP:
            painter.setPen(muted)
            painter.drawText(room, align, metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room.width()))


def _looks(cell: Cell) -> Hashable:
    return cell.total, cell.permitted, cell.conditional, cell.awaiting, cell.somewhere, cell.denied
