"""The table of the access matrix: thousands of rows, of which only the visible ones are painted.

A delegate would be called for each cell, and most are empty: visible rows are painted in one go, and equal cells from
one cached image. Everything else (keys, scrolling, accessibility) is that of Qt's table.
"""

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QEvent, QModelIndex, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QMenu, QTableView, QWidget

from iamdesk.gui.access_matrix.cell import CellStyle, paint_look
from iamdesk.gui.access_matrix.headers import Corner, PrincipalHeader, ServiceHeader
from iamdesk.gui.access_matrix.model import AccessMatrixModel
from iamdesk.gui.access_matrix.rows import MatrixRow
from iamdesk.gui.core.plain_text import menu_text, visible
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_MAX_PAINTED = 1500
_NARROWEST = 27
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class AccessMatrixTable(QTableView):
    """Arrows move, Enter opens a cell, Space expands a group, letters go to a service, Ctrl+C copies a row."""

    opened = Signal(object, str)
    """A `MatrixRow` of one principal, and a service (may be empty). Enter or a double click."""
    glanced = Signal(object, str)
    """The same for a click: to be shown without moving the focus."""
    sort_wanted = Signal(str)
    """By a service."""
    others_wanted = Signal()
    """Show the services without a column."""
    looked = Signal()
    """Other cells are visible."""

    def __init__(self, model: AccessMatrixModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._painted: dict[tuple[CellStyle, int, int, float], QPixmap] = {}
        self._typed = ""
        self._since = QElapsedTimer()
        self._services = ServiceHeader(model, self)
        self._people = PrincipalHeader(model, self)
        self._corner = Corner(self)
        self.setObjectName("everybodyTable")
        self.setAccessibleName(tr("Access matrix by principal and service"))
        self.setHorizontalHeader(self._services)
        self.setVerticalHeader(self._people)
        self.setModel(model)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(
            QAbstractItemView.SelectionMode.NoSelection
        )  # a frame marks the current cell; its color stays
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._open)
        self._services.sectionClicked.connect(self._head_clicked)
        self._people.sectionClicked.connect(self._name_clicked)
        self._people.sectionDoubleClicked.connect(lambda row: self._open(model.index(row, 0), service=False))
        self.selectionModel().currentChanged.connect(self._moved)
        model.modelReset.connect(self._fit)
        model.modelReset.connect(self.looked)
        self.verticalScrollBar().valueChanged.connect(self.looked)
        self.horizontalScrollBar().valueChanged.connect(self.looked)
        self._fit()

    def go_to(self, row: int, column: int) -> None:
        """Make a cell current and scroll to it."""
        index = self._model.index(row, column)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def in_view(self) -> tuple[range, range]:
        """Return the visible rows and columns."""
        area = self.viewport().rect()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0 or not self._model.columnCount():
            return range(0), range(0)
        return range(first, (last if last >= 0 else self._model.rowCount() - 1) + 1), self._columns_in(area)

    def current_line(self) -> MatrixRow | None:
        """Return the row of the current cell."""
        index = self.currentIndex()
        return self._model.line(index.row()) if index.isValid() else None

    def items_to_note(self) -> Sequence[str]:
        """Return what a note on the current row is on: its principals."""
        line = self.current_line()
        return tuple(person.key for person in line.people) if line is not None else ()

    def repaint_people(self) -> None:
        """Repaint the names, since their badges or notes have changed."""
        self._people.viewport().update()

    def copied_text(self) -> str:
        """Return the current row as displayed, below its column titles (``gui/core/clipboard.py``)."""
        row, line = self.currentIndex().row(), self.current_line()
        if line is None:
            return ""
        columns = range(self._model.columnCount())
        heads = [str(self._model.headerData(column, Qt.Orientation.Horizontal)) for column in columns]
        cells = [str(self._model.index(row, column).data()) for column in columns]
        names = ", ".join(person.key for person in line.people)
        return "\n".join(
            "\t".join(map(visible, cells_))
            for cells_ in ((tr("Principal"), "ARN", *heads), (line.title, names, *cells))
        )

    # Appearance

    def _fit(self) -> None:
        """Set the widths of columns and the heights of headers."""
        metrics = self.fontMetrics()
        narrowest = max(metrics.averageCharWidth() * 3 + 10, _NARROWEST)
        count = self._model.columnCount()
        room = self.viewport().width() // count if count else 0
        width = min(max(room, narrowest), narrowest * 3 // 2)
        self._services.setMinimumSectionSize(narrowest)
        if self._services.defaultSectionSize() != width:
            self._services.setDefaultSectionSize(width)
        if count and self._model.column(count - 1) is None:
            self._services.resizeSection(count - 1, max(metrics.horizontalAdvance("000") + 12, width))
        self.updateGeometries()

    def updateGeometries(self) -> None:  # noqa: N802 - Qt's name
        """Let the corner fill the space between both headers."""
        super().updateGeometries()
        if hasattr(self, "_corner"):
            self._corner.setGeometry(
                QRect(self._people.x(), self._services.y(), self._people.width(), self._services.height())
            )
            self._corner.setVisible(self._model.matrix_rows is not None)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give names the available width."""
        super().resizeEvent(event)
        self._fit()
        self.looked.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update colors and fonts."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_painted"):
            self._painted.clear()
            if event.type() is QEvent.Type.FontChange:
                self._people.setDefaultSectionSize(self.fontMetrics().height() + 8)
                self._fit()

    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        self._services.current, self._people.current = current.column(), current.row()
        for view in (self.viewport(), self._services.viewport(), self._people.viewport()):
            view.update()

    def _columns_in(self, area: QRect) -> range:
        last = self._model.columnCount() - 1
        ends = sorted(column if column >= 0 else last for column in map(self.columnAt, (area.left(), area.right())))
        return range(ends[0], ends[1] + 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the visible cells."""
        model, area = self._model, event.rect()
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0 or not model.columnCount():
            return
        last = last if last >= 0 else model.rowCount() - 1
        palette, ratio, current = self.palette(), self.devicePixelRatioF(), self.currentIndex()
        services = len(model.columns)
        places = [
            (column, self.columnViewportPosition(column), self.columnWidth(column)) for column in self._columns_in(area)
        ]
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        bright, band = palette.alternateBase(), colour(Colour.TOOK_PART_BAND, palette)
        for column, left, width in places:
            if column == current.column():
                painter.fillRect(left, area.top(), width, area.height(), band)
        height = self._people.defaultSectionSize()
        for row in range(first, last + 1):
            top = self.rowViewportPosition(row)
            if row == current.row():
                for _column, left, width in places:
                    painter.fillRect(left, top, width, height, band)
            elif row % 2:
                for column, left, width in places:
                    if column != current.column():
                        painter.fillRect(left, top, width, height, bright)
            for column, left, width in places:
                if column >= services:
                    self._paint_others(painter, QRect(left, top, width, height), row)
                    continue
                look = model.look(row, column)
                if look is not None:
                    painter.drawPixmap(left, top, self._picture(look, width, height, ratio))
        if current.isValid():
            edge = palette.highlight().color() if self.hasFocus() else colour(Colour.MUTED, palette)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(edge, 2.2 if self.hasFocus() else 1.4))
            painter.drawRoundedRect(QRectF(self.visualRect(current)).adjusted(1, 1, -1, -1), 3, 3)
        painter.end()

    def _paint_others(self, painter: QPainter, place: QRect, row: int) -> None:
        line = self._model.line(row)
        count = self._model.others(line) if line is not None else 0
        if count:
            painter.setPen(colour(Colour.MUTED, self.palette()))
            painter.drawText(place, _CENTRE, str(count))

    def _picture(self, look: CellStyle, width: int, height: int, ratio: float) -> QPixmap:
        key = look, width, height, ratio
        found = self._painted.get(key)
        if found is None:
            if len(self._painted) >= _MAX_PAINTED:
                self._painted.clear()
            found = QPixmap(round(width * ratio), round(height * ratio))
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            paint_look(painter, QRectF(0, 0, width, height), look, self.palette(), self.font())
            painter.end()
            self._painted[key] = found
        return found

    # Interaction

    def _place(self, index: QModelIndex) -> tuple[MatrixRow | None, str]:
        line, column = self._model.line(index.row()), self._model.column(index.column())
        return line, column.service if column is not None else ""

    def _clicked(self, index: QModelIndex) -> None:
        line, service = self._place(index)
        if line is not None and line.person is not None:
            self.glanced.emit(line, service)

    def _open(self, index: QModelIndex, *, service: bool = True) -> None:
        line, prefix = self._place(index)
        if line is None:
            return
        if line.is_group:
            self.toggle(index.row())
        else:
            self.opened.emit(line, prefix if service else "")

    def toggle(self, row: int) -> None:
        """Expand or collapse a group."""
        self._model.toggle(row)
        self._moved(self.currentIndex(), self.currentIndex())

    def _head_clicked(self, section: int) -> None:
        column = self._model.column(section)
        if column is None:
            self.others_wanted.emit()
        else:
            self.sort_wanted.emit(column.service)

    def _name_clicked(self, row: int) -> None:
        line = self._model.line(row)
        if line is None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.setCurrentIndex(self._model.index(row, max(self.currentIndex().column(), 0)))
        if line.is_group:
            self.toggle(row)
        else:
            self.glanced.emit(line, "")

    def menu(self) -> QMenu:
        """Return the context menu of the current cell; it deletes itself when it closes."""
        index = self.currentIndex()
        line, service = self._place(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if line is not None and line.is_group:
            words = tr("&Hide identical principals") if line.is_open else tr("&Show identical principals")
            menu.addAction(words, lambda: self.toggle(index.row()))
        elif line is not None:
            menu.addAction(tr("Show &effective permissions"), lambda: self.opened.emit(line, service))
        if service:
            words = tr("S&ort by {service}").format(service=menu_text(service))
            menu.addAction(words, lambda: self.sort_wanted.emit(service))
        else:
            menu.addAction(tr("Show all ser&vices"), self.others_wanted.emit)
        menu.addSeparator()
        if line is not None:
            note = icons.icon(Glyph.NOTE, self.palette())
            menu.addAction(note, tr("&Note…"), lambda: run_command(self, "actionNote"))
        menu.addAction(icons.icon(Glyph.COPY, self.palette()), tr("&Copy this row"), self.copy)
        return menu

    def copy(self) -> None:
        """Copy the current row."""
        QApplication.clipboard().setText(self.copied_text())

    def _show_menu(self, place: QPoint) -> None:
        index = self.indexAt(place)
        if index.isValid():
            self.setCurrentIndex(index)
            self.menu().popup(self.viewport().mapToGlobal(place))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open at Enter, expand a group at Space; Qt handles the rest."""
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                super().keyPressEvent(event)
            elif self._model.column(current.column()) is None:
                self.others_wanted.emit()
            else:
                self._open(current)
        elif event.key() == Qt.Key.Key_Space and current.isValid():
            self.toggle(current.row())
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Go to the next service that begins with the typed text."""
        is_new = not self._since.isValid() or self._since.elapsed() > QApplication.keyboardInputInterval()
        self._since.start()
        self._typed = search.casefold() if is_new else self._typed + search.casefold()
        count, here = len(self._model.columns), max(self.currentIndex().column(), 0)
        start = here + 1 if is_new else here
        for step in range(count):
            column = (start + step) % count
            if self._model.columns[column].service.startswith(self._typed):
                self.go_to(max(self.currentIndex().row(), 0), column)
                return
