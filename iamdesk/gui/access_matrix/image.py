"""The access matrix as an image: summary, visible rows, legend.

Painted without screen images (``QPixmap``), so that a worker can do it. Of very many rows, only the first are painted,
with the total number.
"""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPalette

from iamdesk.gui.access_matrix.cell import look_of, paint_look
from iamdesk.gui.access_matrix.legend import legend_rows, paint_legend
from iamdesk.gui.access_matrix.rows import MatrixRow, MatrixRows
from iamdesk.gui.core.image_export import as_png, as_svg
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, WorkCancelled

_EDGE = 12.0
_CELL = 27.0
_MAX_LINES = 250
_MAX_SERVICES = 120
_LETTERS = 17
_TITLE = "Access matrix, by iamdesk"
_START = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_END = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


class AccessMatrixImage:
    """Some rows of a complete matrix. May be created and painted in any thread."""

    def __init__(
        self, matrix_rows: MatrixRows, lines: Sequence[MatrixRow], caption: str, font: QFont, palette: QPalette
    ) -> None:
        """``lines`` are the rows as laid out, including members of expanded groups."""
        self._lines = tuple(lines[:_MAX_LINES])
        self._columns = matrix_rows.columns[:_MAX_SERVICES]
        self._level = matrix_rows.wanted.level
        self._font = QFont(font)
        self._palette = QPalette(palette)
        left_out = (
            (len(lines), _MAX_LINES, tr("The first {count} of {all} rows are shown.")),
            (len(matrix_rows.columns), _MAX_SERVICES, tr("The first {count} of {all} services are shown.")),
        )
        more = [words.format(count=number(most), all=number(all_)) for all_, most, words in left_out if all_ > most]
        self._caption = " ".join((caption, *more))
        metrics = QFontMetricsF(self._font)
        self._line = metrics.height() + 8
        self._people = metrics.averageCharWidth() * 44
        heads = (metrics.horizontalAdvance(one.service[:_LETTERS]) for one in self._columns)
        self._head = max(heads, default=0.0) + _EDGE
        width = max(self._people + _CELL * len(self._columns), metrics.averageCharWidth() * 120) + 2 * _EDGE
        self._text = flow_height(self._caption, self._font, round(width - 2 * _EDGE))
        foot = legend_rows(width - 2 * _EDGE, self._level, self._font) - 1
        height = self._text + self._head + self._line * (len(self._lines) + 1) + 4 * _EDGE + foot * (self._line + _EDGE)
        self.size = QSizeF(width, height)
        """The size of the image."""

    def svg(self, cancelled: Cancelled) -> bytes:
        """Return the image as SVG.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        ground = self._palette.color(QPalette.ColorRole.Base)
        return as_svg(lambda painter: self.paint(painter, cancelled), self.size, ground, _TITLE, visible(self._caption))

    def png(self, cancelled: Cancelled) -> bytes:
        """Return the image as PNG.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        ground = self._palette.color(QPalette.ColorRole.Base)
        return as_png(lambda painter: self.paint(painter, cancelled), self.size, ground)

    def paint(self, painter: QPainter, cancelled: Cancelled) -> None:
        """Paint the image."""
        painter.setFont(self._font)
        palette = self._palette
        room = QRectF(_EDGE, _EDGE, self.size.width() - 2 * _EDGE, self._text)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        draw_flow(painter, room.toRect(), self._caption, self._font)
        foot = room.bottom() + _EDGE + self._head
        metrics = QFontMetricsF(self._font)
        for place, column in enumerate(self._columns):
            painter.save()
            painter.translate(QPointF(_EDGE + self._people + (place + 0.5) * _CELL, foot - 4))
            painter.rotate(-90)
            shown = metrics.elidedText(column.service, Qt.TextElideMode.ElideRight, self._head - 4)
            painter.drawText(QRectF(0, -_CELL / 2, self._head, _CELL), _START, shown)
            painter.restore()
        for place in range(len(self._lines)):
            if cancelled():
                raise WorkCancelled
            top = foot + place * self._line
            if place % 2:
                band = QRectF(_EDGE, top, self.size.width() - 2 * _EDGE, self._line)
                painter.fillRect(band, palette.alternateBase())
            self._paint_line(painter, place, top, metrics)
        legend = QRectF(_EDGE, foot + len(self._lines) * self._line + _EDGE, room.width(), self._line)
        paint_legend(painter, legend, self._level, palette, self._font)

    def _paint_line(self, painter: QPainter, place: int, top: float, metrics: QFontMetricsF) -> None:
        line = self._lines[place]
        indent = 2 * _EDGE if line.is_member else 0.0
        room = QRectF(_EDGE + indent, top, self._people - _EDGE - indent - metrics.averageCharWidth() * 5, self._line)
        painter.setPen(self._palette.color(QPalette.ColorRole.Text))
        name = metrics.elidedText(line.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _START, name)
        painter.setPen(colour(Colour.MUTED, self._palette))
        count = QRectF(_EDGE, top, self._people - _EDGE, self._line)
        profile = line.profile
        if profile is None:
            raise ValueError("the access matrix is incomplete")
        painter.drawText(count, _END, number(profile.breadth[self._level]))
        room.setLeft(room.left() + metrics.horizontalAdvance(name) + _EDGE / 2)
        if line.detail and room.width() > metrics.averageCharWidth() * 4:
            painter.drawText(room, _START, metrics.elidedText(line.detail, Qt.TextElideMode.ElideRight, room.width()))
        for number_, column in enumerate(self._columns):
            service_summary = profile.glances.get(column.service)
            look = look_of(service_summary, self._level) if service_summary is not None else None
            if look is not None:
                area = QRectF(_EDGE + self._people + number_ * _CELL, top, _CELL, self._line)
                paint_look(painter, area, look, self._palette, self._font)
