"""The headers of the access matrix: principals at the left, services upright at the top."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QHeaderView, QStyle, QWidget

from iamdesk.export.access.matrix import ServiceColumn
from iamdesk.gui.access_matrix.model import AccessMatrixModel
from iamdesk.gui.access_matrix.rows import MatrixRow, Order
from iamdesk.gui.access_matrix.text import UNKNOWN_MARK
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing
from iamdesk.gui.widgets.note_line import note_drawing
from iamdesk.i18n import tr
from iamdesk.viewmodel.tree import NodeKind

_GAP = 5
_TURN = 90.0
_ARROW = 4.0
_LETTERS = 14
"""Maximum letters of a service prefix in the header; the tooltip shows the rest."""
_START = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_END = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class ServiceHeader(QHeaderView):
    """Service prefixes, rotated; a small arrow marks the sort column."""

    def __init__(self, model: AccessMatrixModel, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model = model
        self.current = -1
        """The column of the current cell."""
        self._measured: tuple[Sequence[ServiceColumn] | None, int] = (None, 0)
        """The columns whose prefixes were measured last, and their maximum width in pixels."""
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_measured"):
            self._measured = (None, 0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for the longest prefix, within limits."""
        metrics, columns = self.fontMetrics(), self._model.columns
        if self._measured[0] is not columns:  # Qt asks several times, and there may be hundreds of columns
            widths = (metrics.horizontalAdvance(one.service[:_LETTERS]) for one in columns)
            self._measured = columns, max(widths, default=metrics.averageCharWidth() * 8)
        longest = self._measured[1]
        return QSize(longest, longest + 4 * _GAP)  # Qt would ask for every section

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the sections, and the background after the last one."""
        super().paintEvent(event)
        room = self.viewport().rect()
        if self.length() < room.width():
            rest = room.adjusted(self.length(), 0, 0, 0)
            painter = QPainter(self.viewport())
            painter.fillRect(QStyle.visualRect(self.layoutDirection(), room, rest), self.palette().base())

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803 - Qt's names
        """Paint one prefix."""
        palette, model = self.palette(), self._model
        column = model.column(logicalIndex)
        is_current = logicalIndex == self.current
        painter.save()
        painter.fillRect(rect, palette.base())
        if is_current:
            painter.fillRect(rect, colour(Colour.TOOK_PART_BAND, palette))
        font = QFont(self.font())
        if is_current:
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        text = str(model.headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
        room = rect.height() - 3 * _GAP
        text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.setPen(palette.text().color() if column is not None else colour(Colour.MUTED, palette))
        painter.translate(QPointF(rect.center().x() + 0.5, rect.bottom() - _GAP))
        painter.rotate(-_TURN)
        painter.drawText(QRect(0, -rect.width() // 2, room, rect.width()), _START, text)
        painter.resetTransform()
        painter.restore()
        wanted = model.matrix_rows.wanted if model.matrix_rows is not None and model.matrix_rows.is_whole else None
        is_sorted = wanted is not None and wanted.order is Order.SERVICE
        if wanted is not None and is_sorted and column is not None and column.service == wanted.service:
            middle, top = rect.center().x() + 0.5, float(rect.top() + _GAP)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.text())
            corners = [(-_ARROW, 0.0), (_ARROW, 0.0), (0.0, _ARROW + 1)]
            painter.drawPolygon(QPolygonF([QPointF(middle + x, top + y) for x, y in corners]))
            painter.restore()


class PrincipalHeader(QHeaderView):
    """Names with kind and badges, and at the end the number of services that each can use."""

    def __init__(self, model: AccessMatrixModel, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._model = model
        self.current = -1
        """The row of the current cell."""
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setDefaultSectionSize(self.fontMetrics().height() + 8)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a name and its badges: more if there is more."""
        unit = self.fontMetrics().averageCharWidth()
        above = self.parentWidget()
        width = above.width() * 3 // 10 if above is not None else 0
        width = min(max(width, unit * 30), unit * 60)
        return QSize(width, width)  # Qt would ask for every section

    def count_width(self) -> int:
        """Return the width of the numbers at the end."""
        return self.fontMetrics().horizontalAdvance("000") + 2 * _GAP

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the sections, and the background below the last one."""
        super().paintEvent(event)
        room = self.viewport().rect()
        if self.length() < room.height():
            painter = QPainter(self.viewport())
            painter.fillRect(room.adjusted(0, self.length(), 0, 0), self.palette().base())

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N802, N803 - Qt's names
        """Paint one row."""
        line = self._model.line(logicalIndex)
        if line is None:
            return
        palette = self.palette()
        painter.save()
        painter.fillRect(rect, palette.alternateBase() if logicalIndex % 2 else palette.base())
        if logicalIndex == self.current:
            painter.fillRect(rect, colour(Colour.TOOK_PART_BAND, palette))
        muted = colour(Colour.MUTED, palette)
        profile = line.profile
        count = number(profile.breadth[self._model.level]) if profile is not None else UNKNOWN_MARK
        room = rect.adjusted(_GAP, 0, -_GAP, 0)
        painter.setFont(self.font())
        painter.setPen(muted)
        painter.drawText(self._placed(room, room), _END, count if count != "0" else "–")
        room.setRight(room.right() - self.count_width())
        self._paint_person(painter, rect, room, line)
        painter.restore()

    def _placed(self, whole: QRect, part: QRect) -> QRect:
        return QStyle.visualRect(self.layoutDirection(), whole, part)

    def _paint_person(self, painter: QPainter, whole: QRect, room: QRect, line: MatrixRow) -> None:
        palette = self.palette()
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize, None, self)
        ratio = self.devicePixelRatioF()
        top = room.top() + (room.height() - size) // 2
        marks: list[Drawing] = [*self._model.badges(line), *map(note_drawing, self._model.notes_on(line)[:1])]
        for mark in reversed(marks):
            place = QRect(room.right() - size, top, size, size)
            painter.drawPixmap(self._placed(whole, place).topLeft(), icons.pixmap(mark, palette, size, ratio))
            room.setRight(place.left() - _GAP // 2)
        if line.is_group:
            self._paint_triangle(painter, self._placed(whole, QRect(room.left(), room.top(), 10, room.height())), line)
        room.setLeft(room.left() + 10 + _GAP + (2 * _GAP if line.is_member else 0))
        kind = line.kind or NodeKind.GROUP
        place = QRect(room.left(), top, size, size)
        painter.drawPixmap(self._placed(whole, place).topLeft(), icons.pixmap(kind, palette, size, ratio))
        room.setLeft(place.right() + _GAP)
        metrics = self.fontMetrics()
        font = QFont(self.font())
        if line.is_group:
            font.setWeight(QFont.Weight.DemiBold)
            metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(palette.text().color())
        name = metrics.elidedText(line.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(self._placed(whole, room), _START, name)
        room.setLeft(room.left() + metrics.horizontalAdvance(name) + _GAP)
        if line.detail and room.width() > metrics.averageCharWidth() * 3:
            painter.setFont(self.font())
            painter.setPen(colour(Colour.MUTED, palette))
            detail = self.fontMetrics().elidedText(line.detail, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(self._placed(whole, room), _START, detail)

    def _paint_triangle(self, painter: QPainter, place: QRect, line: MatrixRow) -> None:
        """Paint the arrow that shows whether a group is expanded."""
        middle = QPointF(place.center())
        side = -1.0 if self.isRightToLeft() else 1.0
        shut = [(-2.0 * side, -4.0), (3.0 * side, 0.0), (-2.0 * side, 4.0)]
        corners = [(-4.0, -2.0), (4.0, -2.0), (0.0, 3.0)] if line.is_open else shut
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().text())
        painter.drawPolygon(QPolygonF([middle + QPointF(x, y) for x, y in corners]))
        painter.restore()


class Corner(QWidget):
    """The titles of the names and of the numbers at their end."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint both titles at the bottom."""
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.brush(QPalette.ColorRole.Base))
        painter.setPen(colour(Colour.MUTED, palette))
        height = self.fontMetrics().height()
        room = QRect(_GAP, self.height() - height - _GAP, self.width() - 2 * _GAP, height)
        start = room.adjusted(10 + _GAP, 0, 0, 0)
        painter.drawText(QStyle.visualRect(self.layoutDirection(), room, start), _START, tr("Principal"))
        painter.drawText(room, _END, tr("Services"))
