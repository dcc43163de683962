"""Keeping the garbage collector out of the way while many objects that will live on are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Pause:
    """Counts the threads that make such objects: the collector is the process's own, so they count together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work = 0
        self._was_enabled = False

    def begin(self) -> None:
        with self._lock:
            if not self._at_work:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._at_work += 1

    def end(self, lives_on: bool) -> None:
        with self._lock:
            self._at_work -= 1
            if lives_on:
                gc.freeze()
            if not self._at_work and self._was_enabled:
                gc.enable()


_pause = _Pause()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector and, unless the work fails, spare it what was made. Threads may do so side by side.

    Models and compiled policies hold no cycles, and one full collection over a 38 MB snapshot stops every thread for
    half a second.
    """
    lives_on = False
    _pause.begin()
    try:
        yield
        lives_on = True
    finally:
        _pause.end(lives_on)
