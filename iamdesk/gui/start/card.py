"""A titled surface of a page."""

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.core.theme import Colour, colour


class Card(QFrame):
    """A title, and below it the widgets of ``body``."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = self.fontMetrics().lineSpacing()
        self.title = plain_label(title, wrap=True)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(line, line * 2 // 3, line, line * 2 // 3)
        self.body.setSpacing(line // 2)
        self.body.addWidget(self.title)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint surface and border."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(colour(Colour.CARD, self.palette()))
        painter.setPen(colour(Colour.RULE, self.palette()))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
