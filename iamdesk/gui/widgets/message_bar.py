"""The message bar at the top of a panel: what is wrong, and what to do. Used instead of modal boxes."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QStyle, QToolButton, QWidget

from iamdesk.gui.core.plain_text import menu_text, plain_label, set_tooltip, visible_lines
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr


class Tone(Enum):
    """The kind of message: icon and surface."""

    NOTE = (Glyph.INFO, Colour.NOTE_SURFACE)
    WARNING = (Glyph.WARNING, Colour.WARNING_SURFACE)
    ERROR = (Glyph.ERROR, Colour.ERROR_SURFACE)


class MessageBar(QFrame):
    """A sentence with an icon, at most two buttons, and a close button. Hidden while it has no message."""

    def __init__(self, parent: QWidget | None = None, *, closable: bool = True) -> None:
        super().__init__(parent)
        self._tone = Tone.NOTE
        self._acts: list[Callable[[], None] | None] = [None, None]
        self._mark = plain_label()
        self._text = plain_label(wrap=True, selectable=True)
        self._text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button, self._other_button = QPushButton(), QPushButton()
        self._buttons = (self._button, self._other_button)
        for at, button in enumerate(self._buttons):
            button.clicked.connect(lambda _checked=False, at=at: self._pressed(at))
        self._close = QToolButton()
        self._close.setAutoRaise(True)
        self._close.setAccessibleName(tr("Close this message"))
        set_tooltip(self._close, tr("Close this message"))
        self._close.clicked.connect(self.clear)
        if not closable:
            self._close.hide()
        layout = QHBoxLayout(self)
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        layout.setContentsMargins(margin, margin // 2, margin // 2, margin // 2)
        layout.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        for button in self._buttons:
            layout.addWidget(button)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._tint()
        self.clear()

    @property
    def text(self) -> str:
        """The message; empty while hidden."""
        return self._text.text()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The buttons of the message."""
        return tuple(one for one in self._buttons if not one.isHidden())

    def say(
        self,
        tone: Tone,
        text: str,
        button: str = "",
        act: Callable[[], None] | None = None,
        other_button: str = "",
        other_act: Callable[[], None] | None = None,
    ) -> None:
        """Show a message; ``button`` is the text of a button that calls ``act``, ``other_button`` that of a second."""
        self._tone, self._acts = tone, [act, other_act]
        self._text.setText(text)
        self._text.setAccessibleName(visible_lines(text))
        for widget, name in zip(self._buttons, (button, other_button), strict=True):
            widget.setAccessibleName(visible_lines(name))
            widget.setText(menu_text(name))
            widget.setVisible(bool(name))
        self._tint()
        self.show()

    def clear(self) -> None:
        """Remove the message."""
        self._text.setText("")
        self._text.setAccessibleName(tr("No message"))
        for button in self._buttons:
            button.setAccessibleName(tr("No message"))
        self._acts = [None, None]
        self.hide()

    def _pressed(self, at: int) -> None:
        act = self._acts[at]
        if act is not None:
            act()

    def _tint(self) -> None:
        size = self.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        self._mark.setPixmap(icons.pixmap(self._tone.value[0], self.palette(), size, self.devicePixelRatioF()))
        self._close.setIcon(icons.icon(Glyph.CLEAR, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the surface and a line below it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._tone.value[1], self.palette()))
        line: QColor = colour(Colour.RULE, self.palette())
        painter.fillRect(0, self.height() - 1, self.width(), 1, line)
