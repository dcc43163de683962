"""Tasks shared between this process and the workers, so that two cores both work; results in the order of tasks."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.work.tasks import Contents, results

_CHECK_EVERY = 0.05
AHEAD = 2
"""Tasks given to a worker in advance: few, so that this process does not wait long for them at the end."""
_NO_CONTENTS: Contents = {}


def shared_out[T, R](
    function: Callable[[T, Cancelled], R],
    tasks: Iterable[T],
    executor: Executor | None,
    *,
    here: Callable[[T, Cancelled], R] | None = None,
    is_ours: Callable[[T], bool] = lambda _task: False,
    is_free: Callable[[], bool] = lambda: True,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    size: Callable[[T], int] = lambda _task: 1,
    total: int = 0,
    contents: Contents = _NO_CONTENTS,
    ahead: int = AHEAD,
) -> Iterator[R]:
    """Yield ``function(task, cancelled)`` for each task, in order; this process takes tasks as the workers do.

    Args:
        function: A module-level function, as for `tasks.results`.
        tasks: Plain data.
        executor: The workers; None: this process runs all tasks.
        here: What this process calls instead of ``function``.
        is_ours: Whether this process has the data of a task at hand: it takes those first, the workers the others.
        is_free: Whether this process takes a task now: not while it does other work beside, which that would slow down.
        progress: Called in this thread with the work done, as ``size`` counts it, and with ``total``.
        cancelled: Returns whether to stop.
        size: The amount of work of a task.
        total: The work of all tasks together; 0 while unknown.
        contents: As for `tasks.results`.
        ahead: Number of tasks given to a worker in advance; 1 if each takes seconds.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
        Exception: raised by the function.
    """
    own = here or function
    if executor is None:
        yield from results(own, tasks, None, progress=progress, cancelled=cancelled, size=size, total=total)
        return
    sharing: _Sharing[T, R] = _Sharing(tasks, is_ours, size)
    stop = threading.Event()
    thread = threading.Thread(
        target=sharing.collect,
        args=(function, executor, lambda: stop.is_set() or cancelled(), contents, ahead),
        daemon=True,
    )
    thread.start()
    try:
        yield from sharing.in_order(own, is_free, cancelled, lambda: progress(sharing.done, total))
    finally:
        stop.set()
        thread.join()


class _Sharing[T, R]:
    """The tasks to run, and the results not yet yielded."""

    def __init__(self, tasks: Iterable[T], is_ours: Callable[[T], bool], size: Callable[[T], int]) -> None:
        self._size = size
        self._done_here = 0
        self._done_there = 0
        self._ours: deque[tuple[int, T]] = deque()
        self._others: deque[tuple[int, T]] = deque()
        for place, task in enumerate(tasks):
            (self._ours if is_ours(task) else self._others).append((place, task))
        self._count = len(self._ours) + len(self._others)
        self._given_out: deque[int] = deque()
        self._done: dict[int, R] = {}
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    @property
    def done(self) -> int:
        """The work done so far, as tasks are counted."""
        return self._done_here + self._done_there

    def _take(self) -> Iterator[T]:
        """Yield tasks for the workers, on demand."""
        while (taken := _first_of(self._others, self._ours)) is not None:
            self._given_out.append(taken[0])
            yield taken[1]

    def collect(
        self,
        function: Callable[[T, Cancelled], R],
        executor: Executor,
        cancelled: Cancelled,
        contents: Contents,
        ahead: int,
    ) -> None:
        """Collect the results of the workers, in a thread of its own."""

        def count(done: int, _total: int) -> None:
            self._done_there = done

        try:
            for result in results(
                function,
                self._take(),
                executor,
                progress=count,
                cancelled=cancelled,
                size=self._size,
                contents=contents,
                ahead=ahead,
            ):
                with self._changed:
                    self._done[self._given_out.popleft()] = result
                    self._changed.notify()
        except BaseException as error:  # noqa: BLE001 - raised where the results are awaited
            with self._changed:
                self._error = error
                self._changed.notify()

    def in_order(
        self,
        own: Callable[[T, Cancelled], R],
        is_free: Callable[[], bool],
        cancelled: Cancelled,
        report: Callable[[], None],
    ) -> Iterator[R]:
        """Yield results as they become available; run tasks meanwhile if free, and call ``report`` after each."""
        for place in range(self._count):
            while place not in self._done:
                report()
                if cancelled():
                    raise WorkCancelled
                if self._error is not None:
                    raise self._error
                if not (is_free() and self._do_one(own, cancelled)):
                    with self._changed:
                        if place not in self._done and self._error is None:
                            self._changed.wait(_CHECK_EVERY)
            yield self._done.pop(place)
        report()

    def _do_one(self, own: Callable[[Any, Cancelled], R], cancelled: Cancelled) -> bool:
        taken = _first_of(self._ours, self._others)
        if taken is None:
            return False
        self._done[taken[0]] = own(taken[1], cancelled)
        self._done_here += self._size(taken[1])
        return True


def _first_of[T](*queues: deque[T]) -> T | None:
    """Take the first remaining task; another thread takes from the queues, too."""
    for queue in queues:
        with suppress(IndexError):
            return queue.popleft()
    return None
