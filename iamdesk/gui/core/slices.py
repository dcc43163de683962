"""Work on the GUI thread in slices: it goes on between events, so that typing and painting never wait for it.

For work over rows that only the GUI thread may touch. Work that can run elsewhere is a job (``gui/core/jobs.py``).
"""

from collections.abc import Callable, Generator
from time import thread_time

from PySide6.QtCore import QObject, QTimer

from iamdesk.gui.core.gc_control import collector_off

_SLICE = 0.02
"""Seconds of processor time between two turns of the event loop."""


class Slices(QObject):
    """Runs at most one work; a new one replaces it. Short work ends before ``run`` returns."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Generator[None] | None = None
        self._done: Callable[[], None] | None = None
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._go_on)

    @property
    def running(self) -> bool:
        """Whether work is left."""
        return self._work is not None

    def run(self, work: Generator[None], done: Callable[[], None]) -> None:
        """Run ``work``, which yields where it may be interrupted, then ``done``."""
        self._work, self._done = work, done
        self._go_on()

    def cancel(self) -> None:
        """Drop the work."""
        self._turn.stop()
        self._work = self._done = None

    def _go_on(self) -> None:
        work, done = self._work, self._done
        if work is None or done is None:
            return
        until = thread_time() + _SLICE
        with collector_off():
            for _ in work:
                if thread_time() >= until:
                    self._turn.start()
                    return
        self._work = self._done = None
        done()
