"""What Qt leaves out for the keyboard: a frame around text that has the focus, and Return on a focused button."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QPushButton,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from iamdesk.gui.core.run_command import main_window_of

_WIDTH = 2


class FocusRing(QWidget):
    """A frame over a widget; the mouse goes through it."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(around)
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.resize(around.size())
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the frame in the color of the field that has the cursor."""
        painter, tint = QPainter(self), self.palette().color(QPalette.ColorRole.Accent)
        width, height = self.width(), self.height()
        for x, y, wide, high in (
            (0, 0, width, _WIDTH),
            (0, height - _WIDTH, width, _WIDTH),
            (0, 0, _WIDTH, height),
            (width - _WIDTH, 0, _WIDTH, height),
        ):
            painter.fillRect(x, y, wide, high, tint)


class FocusMarks(QObject):
    """Follows the focus through the main window and the windows that belong to it."""

    def __init__(self, window: QWidget, app: QApplication) -> None:
        super().__init__(window)
        self._window = window
        self._ring: FocusRing | None = None
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if self._ring is not None and isValid(self._ring):
            self._ring.deleteLater()
            self._ring.hide()
        self._ring = None
        if old is not None and isValid(old):
            old.removeEventFilter(self)
        if new is None or main_window_of(new) is not self._window:
            return
        if isinstance(new, QAbstractScrollArea) and not isinstance(new, QAbstractItemView):
            self._ring = FocusRing(new)  # lists and tables show where the cursor is
            new.installEventFilter(self)
        elif isinstance(new, QPushButton | QToolButton):
            if isinstance(new, QPushButton) and new.isFlat():
                self._ring = FocusRing(new)  # without its frame, Qt does not mark it
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Let Return press the button, and the ring follow the size of the text."""
        if event.type() is QEvent.Type.Resize and self._ring is not None and isinstance(watched, QWidget):
            self._ring.resize(watched.size())
        elif event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_return and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                return _press(watched)
        return super().eventFilter(watched, event)


def _press(watched: QObject) -> bool:
    """Press a button; return whether it is one that can be pressed."""
    if not isinstance(watched, QAbstractButton) or not watched.isEnabled():
        return False
    if isinstance(watched, QToolButton) and watched.menu() is not None:
        watched.showMenu()
    else:
        watched.click()
    return True
