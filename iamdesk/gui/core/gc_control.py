"""Keeps Python's cycle collector in the GUI thread.

The collector runs in whichever thread happens to allocate. In a worker it would destroy widgets and timers that have
become garbage, from the wrong thread: Qt warns ("Timers cannot be stopped from another thread") and crashes sooner or
later. So it is off while workers run. Nothing is collected in their time: what a sweep makes in 200 ms takes 50 ms to
look through, and all of it lives on.
"""

import gc

from PySide6.QtCore import QObject


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

    def begin(self) -> None:
        """Note that a worker starts."""
        if not self._workers:
            _switch.off()
        self._workers += 1

    def end(self) -> None:
        """Note that a worker has ended."""
        self._workers -= 1
        if not self._workers:
            _switch.on()

    def end_all(self) -> None:
        """Note that no worker is left, whether or not each has been noted."""
        if self._workers:
            self._workers = 0
            _switch.on()
