"""The legend of the access matrix: rows of samples, painted like the cells."""

from collections.abc import Iterator

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from iamdesk.export.access.matrix import GRAVITY
from iamdesk.gui.access.text import LEVEL_NAMES
from iamdesk.gui.access_matrix.cell import UNKNOWN, CellStyle, paint_look
from iamdesk.gui.access_matrix.text import NOT_YET
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.i18n import tr

_SAMPLE = 27
_GAP = 6
_BETWEEN = 3


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


class AccessMatrixLegend(QWidget):
    """Samples, in as many rows as they need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: str | None = None
        self._is_whole = True
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Legend of the cells"))
        self.setAccessibleDescription(tr("The tooltip of each cell describes it in words."))

    def show_level(self, level: str | None, *, is_whole: bool = True) -> None:
        """Show the legend for one access level or all; with pending cells while the matrix is incomplete."""
        self._level, self._is_whole = level, is_whole
        self.updateGeometry()
        self.update()

    def _placed(self, width: float) -> Iterator[tuple[int, float, str, CellStyle]]:
        """Yield the row and the left edge, in pixels, of each sample with its text; one without room starts a row."""
        metrics = QFontMetricsF(self.font())
        row, left = 0, 0.0
        for words, look in samples(self._level, is_whole=self._is_whole):
            wanted = _SAMPLE + _GAP + metrics.horizontalAdvance(words)
            if left and left + wanted > width:
                row, left = row + 1, 0.0
            yield row, left, words, look
            left += wanted + 2 * _GAP

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 8

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: narrow legends have more rows."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of the rows at a width, in pixels."""
        rows = max(row for row, *_ in self._placed(width)) + 1
        return rows * (self._row_height() + _BETWEEN) - _BETWEEN

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at the present width."""
        return QSize(_SAMPLE * 10, self.heightForWidth(max(self.width(), _SAMPLE * 10)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Require no width."""
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the samples, each with its text."""
        painter = QPainter(self)
        metrics, palette, font, height = QFontMetricsF(self.font()), self.palette(), self.font(), self._row_height()
        for row, left, words, look in self._placed(self.width()):
            top = row * (height + _BETWEEN)
            paint_look(painter, QRectF(left, top, _SAMPLE, height), look, palette, font)
            painter.setPen(colour(Colour.MUTED, palette))
            place = QRectF(left + _SAMPLE + _GAP / 2, top, metrics.horizontalAdvance(words) + _GAP, height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)
        painter.end()
