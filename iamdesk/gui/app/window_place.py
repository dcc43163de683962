"""Keeps the window on its screen: at startup, when it is restored, and when it moves to a smaller screen."""

from PySide6.QtCore import QByteArray, QEvent, QObject, QRect, QSize, QTimer
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

USUAL_SIZE = QSize(1360, 860)
_LEAST = 16
"""Characters that a panel is wide at least."""


class WindowPlace(QObject):
    """Keeps a window within the available geometry of its screen."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._follows = False
        self._is_bound = True
        self._panels: list[tuple[QWidget, int, QSize]] = []
        window.installEventFilter(self)

    def restore(self, kept: QByteArray) -> None:
        """Restore the window's geometry, or the default size, within the available screen."""
        if kept.isEmpty() or not self._window.restoreGeometry(kept):
            self._window.resize(USUAL_SIZE)
        self.fit()

    @property
    def is_bound(self) -> bool:
        """Whether the screen limits the window; False if it is only rendered to an image."""
        return self._is_bound

    @is_bound.setter
    def is_bound(self, value: bool) -> None:
        self._is_bound = value
        self._size_panels()

    def allow_small(self, panel: QWidget, lines: int = 4) -> None:
        """Allow a panel to be smaller than what is in it asks for: no content makes the window outgrow the screen."""
        self._panels.append((panel, lines, panel.minimumSize()))
        self._size_panels()

    def _size_panels(self) -> None:
        metrics = self._window.fontMetrics()
        width, line = metrics.averageCharWidth() * _LEAST, metrics.lineSpacing()
        for panel, lines, usual in self._panels:
            panel.setMinimumSize(QSize(width, line * lines) if self._is_bound else usual)

    def fit(self) -> None:
        """Resize and move the window to fit its screen. A maximized or full-screen window stays."""
        window = self._window
        self._size_panels()
        if not self._is_bound or window.isMaximized() or window.isFullScreen():
            return
        room = window.screen().availableGeometry()
        frame, inner = window.frameGeometry(), window.geometry()
        # The size of the window frame is known once it is shown; until then, assume a title bar.
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
        """Fit the window once the desktop has added its frame, and follow screen changes from then on."""
        if event.type() is QEvent.Type.Show and not event.spontaneous():
            QTimer.singleShot(0, self, self.fit)
            handle = self._window.windowHandle()
            if not self._follows and handle is not None:
                self._follows = True
                handle.screenChanged.connect(self._screen_changed)
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            QTimer.singleShot(0, self, self.fit)
        return super().eventFilter(watched, event)

    def _screen_changed(self, _screen: QScreen) -> None:
        QTimer.singleShot(0, self, self.fit)
