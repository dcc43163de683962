"""Creates many objects without the garbage collector, and frees many in small steps.

Freeing a million objects at once stops every other thread: the window would not react when a snapshot is closed or
reading one is canceled. Measured with a snapshot of 50 MB that is canceled half-way and near its end: 140 to 420 ms,
and 20 to 30 ms in small steps.
"""

import gc
import threading
from collections.abc import Iterator, MutableSequence, Sequence
from contextlib import contextmanager
from typing import Any

_AT_ONCE = 500
"""Entries: a millisecond or two."""
_COPIED_AT_ONCE = 20_000
_MANY = 100_000
"""Number of objects that the collector examines in some milliseconds: with fewer, it is not paused. Reference
cycles that are garbage when objects are frozen are never freed."""
OF_ACCOUNT = 5_000
"""The same for one account of an organization, or its catalog: it stays, and the objects of ten accounts are many."""


class _Pause:
    """Counts the threads that create such objects: they share the collector of the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work = 0
        self._was_enabled = False
        self._made = 0
        """Objects made in this pause since those before were frozen."""
        self._count = 0

    def begin(self) -> None:
        with self._lock:
            if not self._at_work:
                self._made = self._count = 0
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._add_made()
            self._at_work += 1

    def end(self, many: int, *, lives_on: bool) -> None:
        with self._lock:
            self._add_made()
            self._at_work -= 1
            if lives_on and self._made >= many:
                gc.freeze()  # what is in memory holds no cycles (`gc_paused`): the collector need not look at it again
                self._made = self._count = 0
            if not self._at_work and self._was_enabled:
                gc.enable()

    def _add_made(self) -> None:
        """Count at each look: the collector subtracts what is freed, so work that drops as much would count for 0."""
        count = gc.get_count()[0]
        self._made += max(0, count - self._count)
        self._count = count


_pause = _Pause()


@contextmanager
def gc_paused(many: int = _MANY) -> Iterator[None]:
    """Pause the garbage collector and, unless the work fails, spare it what was made, if that is ``many`` objects.

    Models, compiled policies and evaluators hold no cycles, and one full collection over a 38 MB snapshot stops every
    thread for half a second. Threads may do so side by side.
    """
    lives_on = False
    _pause.begin()
    try:
        yield
        lives_on = True
    finally:
        _pause.end(many, lives_on=lives_on)


@contextmanager
def collector_seldom() -> Iterator[None]:
    """Let the garbage collector run hardly ever, and not over what there is.

    For work that leaves no cycles: looking for some a hundred times a second costs a fifth of its time, and a twentieth
    as often 4 %. What it made counts as old afterwards: as new objects, all of it would be examined at once, which took
    another 5 %.
    """
    before = gc.get_threshold()
    gc.freeze()
    collect_seldom()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(*before)


def collect_seldom() -> None:
    """Let the garbage collector run hardly ever, for the lifetime of a worker process: each two million new objects."""
    gc.set_threshold(2_000_000, 5, 100)


def free_incrementally(*large: MutableSequence[Any]) -> None:
    """Empty lists, a few entries at a time, which frees entries without other references."""
    for entries in large:
        while entries:
            del entries[-_AT_ONCE:]


def held(entries: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield lists of all entries: holding these, a caller can drop their container first, and free them afterwards."""
    for start in range(0, len(entries), _COPIED_AT_ONCE):
        yield list(entries[start : start + _COPIED_AT_ONCE])
