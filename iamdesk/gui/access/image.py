"""The heat map as an image: title, summary, all visible rows, legend."""

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPalette

from iamdesk.export.access.comparison import Difference
from iamdesk.export.access.heatmap import LEVELS
from iamdesk.gui.access.heatmap_cell import paint_cell
from iamdesk.gui.access.heatmap_model import HeatmapModel
from iamdesk.gui.access.heatmap_pair import paint_pair, paint_sign
from iamdesk.gui.access.legend import SAMPLES
from iamdesk.gui.access.text import LEVEL_TITLES
from iamdesk.gui.core.image_export import picture_file
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets.wrapping_label import draw_flow, flow_height
from iamdesk.i18n import mark, tr

_EDGE = 12.0
_RATIO = 2.0
_SIGN_WORDS = {
    Difference.MORE: mark("the left one can do more"),
    Difference.LESS: mark("the right one can do more"),
    Difference.BOTH: mark("each can do something that the other cannot"),
    Difference.HOW: mark("same actions, with other limits"),
    Difference.PERHAPS: mark("resources or conditions may differ"),
}


class HeatmapImage:
    """One heat map, with its filter and order."""

    def __init__(self, model: HeatmapModel, caption: str, font: QFont, palette: QPalette) -> None:
        self._model = model
        self._caption = caption
        self._font = font
        self._palette = QPalette(palette)
        metrics = QFontMetricsF(font)
        self._line = metrics.height() + 10
        self._service = metrics.averageCharWidth() * 36
        self._column = metrics.averageCharWidth() * (20 if model.is_comparing else 15)

    @property
    def size(self) -> QSizeF:
        """The size of the image."""
        width = self._service + self._column * len(LEVELS) + 2 * _EDGE
        head = flow_height(self._caption, self._font, round(width - 2 * _EDGE))
        return QSizeF(width, head + self._line * (len(self._model.shown) + 3) + 3 * _EDGE)

    def as_file(self, suffix: str) -> bytes:
        """Return the image as a file of a format in ``PICTURES``."""
        ground = self._palette.color(QPalette.ColorRole.Base)
        return picture_file(
            suffix, self.paint, self.size, ground, "Effective permissions, by iamdesk", visible(self._caption)
        )

    def paint(self, painter: QPainter) -> None:
        """Paint the image."""
        painter.setFont(self._font)
        ink, muted = self._palette.color(QPalette.ColorRole.Text), colour(Colour.MUTED, self._palette)
        width = self.size.width() - 2 * _EDGE
        head = QRectF(_EDGE, _EDGE, width, flow_height(self._caption, self._font, round(width)))
        painter.setPen(ink)
        draw_flow(painter, head.toRect(), self._caption, self._font)
        top = head.bottom() + _EDGE
        painter.setPen(muted)
        for number, level in enumerate(LEVELS):
            room = QRectF(_EDGE + self._service + number * self._column, top, self._column, self._line)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), tr(LEVEL_TITLES[level]))
        for place, row in enumerate(self._model.shown):
            self._paint_row(painter, place, row.service, row.name, top + self._line * (place + 1))
        self._paint_legend(painter, top + self._line * (len(self._model.shown) + 1) + _EDGE)

    def _paint_row(self, painter: QPainter, place: int, service: str, name: str, top: float) -> None:
        metrics = QFontMetricsF(self._font)
        align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.setPen(self._palette.color(QPalette.ColorRole.Text))
        room = QRectF(_EDGE, top, self._service - _EDGE, self._line)
        painter.drawText(room, align, service)
        painter.setPen(colour(Colour.MUTED, self._palette))
        room.setLeft(room.left() + metrics.horizontalAdvance(service) + _EDGE / 2)
        painter.drawText(room, align, metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(room.width(), 0)))
        for number in range(1, len(LEVELS) + 1):
            index = self._model.index(place, number)
            cell, other, found = self._model.cell(index), self._model.other_cell(index), self._model.difference(index)
            if cell is None:
                continue
            area = QRectF(_EDGE + self._service + (number - 1) * self._column, top, self._column, self._line)
            if other is not None and found is not None:
                paint_pair(painter, area, (cell, other), found.kind, self._palette, _RATIO)
            else:
                paint_cell(painter, area, cell, self._palette, _RATIO)

    def _paint_legend(self, painter: QPainter, top: float) -> None:
        left, metrics = _EDGE, QFontMetricsF(self._font)
        align = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for words, cell in SAMPLES.items():
            paint_cell(painter, QRectF(left, top, 30, self._line), cell, self._palette, _RATIO, count=False)
            left = self._words(painter, tr(words), left + 34, top, metrics, align)
        if self._model.is_comparing:
            left, top = _EDGE, top + self._line
            for kind, words in _SIGN_WORDS.items():
                paint_sign(painter, QRectF(left, top, 12, self._line).center(), kind, self._palette)
                left = self._words(painter, tr(words), left + 16, top, metrics, align)

    def _words(
        self, painter: QPainter, words: str, left: float, top: float, metrics: QFontMetricsF, align: int
    ) -> float:
        painter.setPen(colour(Colour.MUTED, self._palette))
        width = metrics.horizontalAdvance(words) + 4
        painter.drawText(QRectF(left, top, width, self._line), align, words)
        return left + width + _EDGE
