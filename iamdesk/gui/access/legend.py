"""The legend of the heat map: one line of samples, painted like the cells."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.export.access.heatmap import Cell, cell_of
from iamdesk.gui.access.heatmap_cell import paint_cell
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.i18n import mark, tr

_SAMPLE = 30
_GAP = 6

_SAMPLES: Mapping[str, Cell] = {
    mark("all"): cell_of({AccessExtent.ALLOWED: 1}),
    mark("some"): cell_of({AccessExtent.ALLOWED: 1, AccessExtent.NONE: 2}),
    mark("under conditions"): cell_of({AccessExtent.CONDITIONAL: 1}),
    mark("on some resources"): cell_of({AccessExtent.SOME: 1}),
    mark("if the resource policy allows it"): cell_of({AccessExtent.AWAITING: 1}),
    mark("denied"): cell_of({AccessExtent.DENIED: 1}),
}
"""Sample cells by their text."""


class AccessLegend(QWidget):
    """As many samples as fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Legend of the cells"))
        self.setAccessibleDescription(tr("The tooltip of each cell describes it in words."))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of one line."""
        return QSize(_SAMPLE * 10, self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the samples with their texts."""
        painter = QPainter(self)
        metrics, palette = self.fontMetrics(), self.palette()
        left = 0.0
        for english, cell in _SAMPLES.items():
            words = tr(english)
            width = metrics.horizontalAdvance(words)
            if left + _SAMPLE + _GAP + width > self.width():
                break
            place = QRectF(left, 0, _SAMPLE, self.height())
            paint_cell(painter, place, cell, palette, self.devicePixelRatioF(), count=False)
            painter.setPen(colour(Colour.MUTED, palette))
            room = QRectF(left + _SAMPLE + _GAP / 2, 0, width + _GAP, self.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
            left += _SAMPLE + width + 3 * _GAP
        painter.end()
