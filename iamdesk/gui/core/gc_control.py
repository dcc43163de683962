"""Keeps Python's cycle collector in the GUI thread.

The collector runs in whichever thread allocates. In a worker, it would destroy garbage widgets and timers from the
wrong thread: Qt warns ("Timers cannot be stopped from another thread") and may crash. So it is off while workers run.
Nothing is collected meanwhile: the objects that a job creates in 200 ms take 50 ms to examine, and all of them are in
use.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject


class _Switch:
    """The state of the process's collector, shared by all runners. Used in the GUI thread only."""

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


@contextmanager
def collector_off() -> Iterator[None]:
    """Turn the collector off for work in the GUI thread that makes many objects, all of them in use."""
    _switch.off()
    try:
        yield
    finally:
        _switch.on()


class GCControl(QObject):
    """Is notified when worker threads begin and end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers = 0

    def begin(self) -> None:
        """Record that a worker starts."""
        if not self._workers:
            _switch.off()
        self._workers += 1

    def end(self) -> None:
        """Record that a worker has ended."""
        self._workers -= 1
        if not self._workers:
            _switch.on()

    def end_all(self) -> None:
        """Record that no worker is left, whether or not each was recorded."""
        if self._workers:
            self._workers = 0
            _switch.on()
