"""Keeping the garbage collector out of the way while many objects that will live on are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 100_000
"""Objects that are looked through in some milliseconds: fewer are left to the collector. Whatever is garbage in a cycle
when the collector is told to spare what there is, stays for good."""


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
            if lives_on and gc.get_count()[0] >= _MANY:
                gc.freeze()
            if not self._at_work and self._was_enabled:
                gc.enable()


_pause = _Pause()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector and, unless the work fails, spare it what was made, if that is much.

    Models, compiled policies and evaluators hold no cycles, and one full collection over a 38 MB snapshot stops every
    thread for half a second. Threads may do so side by side.
    """
    lives_on = False
    _pause.begin()
    try:
        yield
        lives_on = True
    finally:
        _pause.end(lives_on)


@contextmanager
def collector_seldom() -> Iterator[None]:
    """Let the garbage collector run a twentieth as often, and not over what there is.

    For work that leaves no cycles: looking for some a hundred times a second costs a fifth of its time.
    """
    before = gc.get_threshold()
    gc.freeze()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def collect_seldom() -> None:
    """Let the garbage collector run a twentieth as often for as long as the process lives: of a worker."""
    gc.set_threshold(50_000, 20, 100)
