"""A thread pool for tasks that can add more tasks.

The threads are daemons: they can be stopped at any moment (files are written atomically), so that an interrupted
capture does not wait for responses of AWS.
"""

import itertools
import queue
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable

from iamdesk.progress import Cancelled, WorkCancelled

_POLL_INTERVAL = 0.1
"""Seconds between checks for cancellation."""


class TaskPool[T, L: Hashable]:
    """Runs ``work(task)`` for all given tasks and for the tasks that it returns. For a single run."""

    def __init__(
        self,
        size: int,
        work: Callable[[T], Iterable[T]],
        lane: Callable[[T], L],
        lane_empty: Callable[[L], None],
    ) -> None:
        """Tasks of one lane are started before those of the next lane; ``lane_empty`` is called when a lane is done."""
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

    def run(self, tasks: Iterable[T], watch: Callable[[], None], cancelled: Cancelled) -> None:
        """Run all tasks. ``watch`` is called in this thread several times a second.

        Raises:
            WorkCancelled: the work was cancelled.
            Exception: the error of a task; the others are abandoned.
        """
        self._add(tasks)
        if not self.total:
            return
        for number in range(self._size):
            threading.Thread(target=self._serve, name=f"collect-{number}", daemon=True).start()
        try:
            while not self._over.wait(_POLL_INTERVAL):
                watch()
                if cancelled():
                    raise WorkCancelled
        finally:
            self._over.set()
        watch()
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> None:
        """Wait in a task; raises `WorkCancelled` if the run ends in the meantime."""
        if self._over.wait(seconds):
            raise WorkCancelled

    def _add(self, tasks: Iterable[T]) -> None:
        with self._lock:
            for task in tasks:
                lane = self._lane(task)
                self._open[lane] += 1
                self.total += 1
                number = self._lanes.setdefault(lane, len(self._lanes))
                self._waiting.put((number, next(self._numbers), task))

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                _, _, task = self._waiting.get(timeout=_POLL_INTERVAL)
            except queue.Empty:
                continue
            try:
                self._add(self._work(task))
                self._finish(self._lane(task))
            except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
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
