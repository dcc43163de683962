"""A large button of the start page: an icon, a name and a sentence."""

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph


class ActionTile(QAbstractButton):
    """Painted as a card; works like any button."""

    def __init__(self, glyph: Glyph, name: str, sentence: str, keys: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._glyph = glyph
        self._name = visible(name)
        self._sentence = visible(sentence)
        self._keys = visible(keys)
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(self._sentence)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for two lines and padding."""
        line = self.fontMetrics().lineSpacing()
        return QSize(self.fontMetrics().averageCharWidth() * 64, line * 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint card, icon and texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        card = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        is_near = self.underMouse() or self.hasFocus()
        surface = colour(Colour.NOTE_SURFACE if self.isDown() else Colour.CARD, palette)
        painter.setBrush(surface)
        painter.setPen(palette.color(QPalette.ColorRole.Accent) if is_near else colour(Colour.RULE, palette))
        painter.drawRoundedRect(card, 6, 6)
        line = self.fontMetrics().lineSpacing()
        size = line * 3 // 2
        drawing = icons.pixmap(self._glyph, palette, size, self.devicePixelRatioF(), colour(Colour.LINK, palette))
        painter.drawPixmap(line, (self.height() - size) // 2, drawing)
        left = line * 2 + size
        right = self.width() - line
        top = (self.height() - line * 2 - line // 4) // 2
        align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if self._keys:
            painter.setPen(colour(Colour.MUTED, palette))
            keys_width = self.fontMetrics().horizontalAdvance(self._keys)
            painter.drawText(QRect(right - keys_width, top, keys_width, line), align, self._keys)
            right -= keys_width + line
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        name = QFontMetrics(font).elidedText(self._name, Qt.TextElideMode.ElideMiddle, right - left)
        painter.drawText(QRect(left, top, right - left, line), align, name)
        painter.setFont(self.font())
        painter.setPen(colour(Colour.MUTED, palette))
        room = self.width() - line - left
        sentence = self.fontMetrics().elidedText(self._sentence, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, top + line + line // 4, room, line), align, sentence)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Return acts, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        self.update()
