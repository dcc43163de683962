"""Keeps the window wholly on its screen: at first, when it is restored, and when it moves to a smaller screen."""

from PySide6.QtCore import QByteArray, QEvent, QObject, QRect, QSize, QTimer
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

USUAL_SIZE = QSize(1360, 860)


class WindowPlace(QObject):
    """Keeps a window within the room that its screen leaves to windows."""

    def __init__(self, window: QWidget, kept: QByteArray) -> None:
        super().__init__(window)
        self._window = window
        self._follows = False
        self.is_bound = True
        """Whether the screen limits the window; not where it is only painted into a picture."""
        if kept.isEmpty() or not window.restoreGeometry(kept):
            window.resize(USUAL_SIZE)
        self.fit()
        window.installEventFilter(self)

    def fit(self) -> None:
        """Make the window as small as its screen asks for, and move it there. One that fills its screen stays."""
        window = self._window
        if not self.is_bound or window.isMaximized() or window.isFullScreen():
            return
        room = window.screen().availableGeometry()
        frame, inner = window.frameGeometry(), window.geometry()
        # What the desktop puts around is known once it has: before, a bar for the title is reckoned with.
        title = 0 if window.isVisible() else window.fontMetrics().lineSpacing() * 2
        around = QSize(frame.width() - inner.width(), frame.height() - inner.height() + title)
        size = inner.size().boundedTo(room.size() - around)
        if size != inner.size():
            window.resize(size)
        whole = QRect(frame.topLeft(), size + around)
        x = max(room.left(), min(whole.left(), room.right() + 1 - whole.width()))
        y = max(room.top(), min(whole.top(), room.bottom() + 1 - whole.height()))
        if (x, y) != (frame.x(), frame.y()):
            window.move(x, y)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit once the desktop has put its frame around, and follow the screens from then on."""
        if event.type() is QEvent.Type.Show and not event.spontaneous():
            QTimer.singleShot(0, self, self.fit)
            handle = self._window.windowHandle()
            if not self._follows and handle is not None:
                self._follows = True
                handle.screenChanged.connect(self._screen_changed)
        return super().eventFilter(watched, event)

    def _screen_changed(self, _screen: QScreen) -> None:
        QTimer.singleShot(0, self, self.fit)
