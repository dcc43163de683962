"""Ctrl-C in the terminal from which the window was started closes the window, as its own close button does.

Python looks at signals between its own instructions only, and Qt's loop can wait for hours without one. So the signal
also writes a byte to a socket that wakes the loop.
"""

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier


class Interrupts(QObject):
    """Calls back in the GUI thread when the user presses Ctrl-C in the terminal. Made in the main thread."""

    def __init__(self, interrupted: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.seen = False
        """Whether there was one."""
        self._interrupted = interrupted
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._woken)
        self._previous_handler = signal.getsignal(signal.SIGINT)
        if self._previous_handler is not signal.SIG_IGN:  # a shell starts what runs in the background so
            signal.signal(signal.SIGINT, self._note)
        self._previous_fd = signal.set_wakeup_fd(self._writing.fileno())

    def release(self) -> None:
        """Give the signal back."""
        signal.set_wakeup_fd(self._previous_fd)
        if self._previous_handler is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._previous_handler)
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    def _note(self, *_: object) -> None:
        self.seen = True

    def _woken(self) -> None:
        # By now Python has called the handler: this method is its first instruction since.
        self._reading.recv(4096)
        if self.seen:
            self._interrupted()
