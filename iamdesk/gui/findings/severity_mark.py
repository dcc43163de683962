"""The mark of a severity: four bars of rising height, more of them filled the higher the severity."""

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap

from iamdesk.checks.finding import Severity
from iamdesk.gui.core.theme import Colour, colour

SEVERITY_COLOURS: dict[Severity, Colour] = {
    Severity.CRITICAL: Colour.CRITICAL,
    Severity.HIGH: Colour.HIGH,
    Severity.MEDIUM: Colour.MEDIUM,
    Severity.LOW: Colour.LOW,
    Severity.INFO: Colour.INFO,
}
_FILLED = {Severity.CRITICAL: 4, Severity.HIGH: 3, Severity.MEDIUM: 2, Severity.LOW: 1, Severity.INFO: 0}
_BARS = 4


def severity_pixmap(
    severity: Severity, palette: QPalette, size: int, ratio: float, tint: QColor | None = None
) -> QPixmap:
    """Return the mark ``size`` logical pixels wide; ``tint`` overrides its color."""
    wanted = tint or colour(SEVERITY_COLOURS[severity], palette)
    return _pixmap(_FILLED[severity], wanted.name(), size, ratio)


def severity_icon(severity: Severity, palette: QPalette, size: int = 16) -> QIcon:
    """Return the mark as an icon, with another color for selected rows."""
    icon = QIcon()
    for ratio in (1.0, 2.0):
        icon.addPixmap(severity_pixmap(severity, palette, size, ratio))
        selected = palette.highlightedText().color()
        icon.addPixmap(severity_pixmap(severity, palette, size, ratio, selected), QIcon.Mode.Selected)
    return icon


@lru_cache(maxsize=256)
def _pixmap(filled: int, tint: str, size: int, ratio: float) -> QPixmap:
    image = QPixmap(round(size * ratio), round(size * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    full = QColor(tint)
    faint = QColor(tint)
    faint.setAlphaF(0.28)
    unit = size / 16
    for bar in range(_BARS):
        height = (4 + 3 * bar) * unit
        rect = QRectF((1 + 3.75 * bar) * unit, size - 1.5 * unit - height, 2.75 * unit, height)
        painter.fillRect(rect, full if bar < filled else faint)
    painter.end()
    return image
