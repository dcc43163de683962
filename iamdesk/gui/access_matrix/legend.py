"""The legend of the access matrix: one line of samples, painted like the cells."""

from collections.abc import Iterator

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from iamdesk.export.access.matrix import GRAVITY
from iamdesk.gui.access.text import LEVEL_NAMES
from iamdesk.gui.access_matrix.cell import UNKNOWN, CellStyle, paint_look
from iamdesk.gui.access_matrix.text import NOT_YET
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.i18n import tr

_SAMPLE = 27
_GAP = 6


def samples(level: str | None, *, is_whole: bool = True) -> Iterator[tuple[str, CellStyle]]:
    """Yield texts and sample cells, for one access level or all."""
    if not is_whole:
        yield tr(NOT_YET), UNKNOWN
    if level is None:
        for place, name in enumerate(GRAVITY, start=1):
            yield tr(LEVEL_NAMES[name]), _look(level=name, heat=4 * place)
        some = _look(level="Write", heat=15)
    else:
        yield tr("all"), _look(heat=16, share=20)
        yield tr("some"), _look(heat=6, share=7)
        some = _look(heat=16, share=20)
    yield tr("only under conditions"), some._replace(plain=0, conditional=8)
    yield tr("on some resources only"), some._replace(somewhere=True)
    yield tr("if the resource policy allows it"), some._replace(plain=0, awaiting=8)
    yield tr("denied"), some._replace(denied=True)


def _look(level: str = "", heat: int = 0, share: int = 0) -> CellStyle:
    return CellStyle(level, heat, share, 8, 0, 0, somewhere=False, denied=False)


def paint_legend(
    painter: QPainter, room: QRectF, level: str | None, palette: QPalette, font: QFont, *, is_whole: bool = True
) -> None:
    """Paint as many samples as fit, each with its text."""
    metrics = QFontMetricsF(font)
    left = room.left()
    painter.setFont(font)
    for words, look in samples(level, is_whole=is_whole):
        width = metrics.horizontalAdvance(words)
        if left + _SAMPLE + _GAP + width > room.right():
            break
        paint_look(painter, QRectF(left, room.top(), _SAMPLE, room.height()), look, palette, font)
        painter.setPen(colour(Colour.MUTED, palette))
        place = QRectF(left + _SAMPLE + _GAP / 2, room.top(), width + _GAP, room.height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
        left += _SAMPLE + width + 3 * _GAP


class AccessMatrixLegend(QWidget):
    """One line of samples."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: str | None = None
        self._is_whole = True
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(tr("Legend of the cells"))
        self.setAccessibleDescription(tr("The tooltip of each cell describes it in words."))

    def show_level(self, level: str | None, *, is_whole: bool = True) -> None:
        """Show the legend for one access level or all; with pending cells while the matrix is incomplete."""
        self._level, self._is_whole = level, is_whole
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of one line."""
        return QSize(_SAMPLE * 10, self.fontMetrics().height() + 8)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Require no width: samples that do not fit are left out."""
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the samples."""
        painter = QPainter(self)
        paint_legend(painter, QRectF(self.rect()), self._level, self.palette(), self.font(), is_whole=self._is_whole)
        painter.end()
