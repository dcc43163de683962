"""A few threads that run errands, which bring more errands.

The threads are daemons: what they do can be given up at any moment (files are written whole or not at all), so a
capture that is interrupted does not wait for AWS to answer.
"""

import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable

from iamdesk.progress import Cancelled, WorkCancelled

_LOOK_UP = 0.1
"""Seconds between two looks at whether the work is still wanted."""


class TaskPool[T, L: Hashable]:
    """Runs ``work(errand)`` for all errands given, and for those that each brings. One use."""

    def __init__(
        self,
        size: int,
        work: Callable[[T], Iterable[T]],
        lane: Callable[[T], L],
        lane_empty: Callable[[L], None],
    ) -> None:
        """Errands of one lane are run before the next lane is begun, and ``lane_empty`` is called at its end."""
        self._size = size
        self._work = work
        self._lane = lane
        self._lane_empty = lane_empty
        self._waiting: queue.PriorityQueue[tuple[int, int, T]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lanes: dict[L, int] = {}
        self._open: Counter[L] = Counter()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self.done = 0
        self.total = 0

    def run(self, errands: Iterable[T], watch: Callable[[], None], cancelled: Cancelled) -> None:
        """Run everything. ``watch`` is called in this thread, some times a second.

        Raises:
            WorkCancelled: it was cancelled.
            Exception: whatever an errand raised; the others were given up.
        """
        self._add(errands)
        if not self.total:
            return
        for number in range(self._size):
            threading.Thread(target=self._serve, name=f"collect-{number}", daemon=True).start()
        try:
            while not self._over.wait(_LOOK_UP):
                watch()
                if cancelled():
                    raise WorkCancelled
        finally:
            self._over.set()
        watch()
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> None:
        """Wait within an errand; raises `WorkCancelled` when everything is over meanwhile."""
        if self._over.wait(seconds):
            raise WorkCancelled

    def _add(self, errands: Iterable[T]) -> None:
        with self._lock:
            for errand in errands:
                lane = self._lane(errand)
                self._open[lane] += 1
                self.total += 1
                number = self._lanes.setdefault(lane, len(self._lanes))
                self._waiting.put((number, next(self._numbers), errand))

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                _, _, errand = self._waiting.get(timeout=_LOOK_UP)
            except queue.Empty:
                continue
            try:
                self._add(self._work(errand))
                self._finish(self._lane(errand))
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
                self._failure = self._failure or error
                self._over.set()

    def _finish(self, lane: L) -> None:
        with self._lock:
            self.done += 1
            self._open[lane] -= 1
            is_empty = not self._open[lane]
            is_over = self.done == self.total
        if is_empty:
            self._lane_empty(lane)
        if is_over:
            self._over.set()
