"""Closes the window on Ctrl-C in the terminal that started it.

Python handles signals only between its own instructions, and Qt's event loop can wait for hours without one. So the
signal also writes a byte to a socket that wakes the loop.
"""

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


class Interrupts(QObject):
    """Calls back in the GUI thread when the user presses Ctrl-C in the terminal. Create it in the main thread."""

    def __init__(self, interrupted: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seen = False
        """Whether Ctrl-C was pressed."""
        self._interrupted = interrupted
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._previous_handler = signal.getsignal(signal.SIGINT)
        if self._previous_handler is not signal.SIG_IGN:  # a shell starts background processes with SIGINT ignored
            signal.signal(signal.SIGINT, self._note)
        self._previous_fd = signal.set_wakeup_fd(self._writing.fileno())

    def release(self) -> None:
        """Restore the previous signal handler."""
        signal.set_wakeup_fd(self._previous_fd)
        if self._previous_handler is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._previous_handler)
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    def _note(self, *_: object) -> None:
        self.seen = True

    def _woken(self) -> None:
        # Python has called the handler before this method, which is its first instruction since.
        self._reading.recv(4096)
        if self.seen:
            self._interrupted()
