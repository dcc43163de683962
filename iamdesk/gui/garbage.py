"""Keeps Python's cycle collector in the GUI thread.

The collector runs in whichever thread happens to allocate. In a worker it would destroy widgets and timers that have
become garbage, from the wrong thread: Qt warns ("Timers cannot be stopped from another thread") and crashes sooner or
later. So it is off while workers run, and the GUI thread collects what is young meanwhile.
"""

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY = 200
"""Milliseconds between two collections while workers run: of what came since, which is soon looked through."""


class _Switch:
    """The collector is the process's own: all runners count together. Used in the GUI thread only."""

    def __init__(self) -> None:
        self._users = 0
        self._was_enabled = False

    def off(self) -> None:
        if not self._users:
            self._was_enabled = gc.isenabled()
            gc.disable()
        self._users += 1

    def on(self) -> None:
        self._users -= 1
        if not self._users and self._was_enabled:
            gc.enable()


_switch = _Switch()


class GarbageDuty(QObject):
    """Is told when workers begin and end; what it counts are threads, not results."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(lambda: gc.collect(0))

    def begin(self) -> None:
        """Note that a worker starts."""
        if not self._workers:
            _switch.off()
            self._timer.start()
        self._workers += 1

    def end(self) -> None:
        """Note that a worker has ended."""
        self._workers -= 1
        if not self._workers:
            self._rest()

    def end_all(self) -> None:
        """Note that no worker is left, whether or not each has been noted."""
        if self._workers:
            self._workers = 0
            self._rest()

    def _rest(self) -> None:
        self._timer.stop()
        _switch.on()
