"""Gray bars where contents will be, while they are computed."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from iamdesk.gui.core.theme import Colour, colour

_SKELETON_WIDTHS = (0.72, 0.9, 0.5)
"""Shares of the width, of the bars of a section that is being computed."""


class Skeleton(QWidget):
    """Gray bars where lines will be; they do not move, and so cost nothing."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a few lines."""
        return QSize(120, self.fontMetrics().lineSpacing() * len(_SKELETON_WIDTHS))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the bars."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(Colour.BAR_TRACK, self.palette()))
        line = self.fontMetrics().lineSpacing()
        for row, share in enumerate(_SKELETON_WIDTHS):
            painter.drawRoundedRect(QRect(0, row * line + line // 5, round(self.width() * share), line * 3 // 5), 3, 3)
