"""Tasks that this process does beside the workers: of two cores both work, and results come in the order of tasks."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from iamdesk.snapshot.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.work.tasks import Contents, results

_CHECK_EVERY = 0.05
_NO_CONTENTS: Contents = {}


def shared_out[T, R](
    function: Callable[[T, Cancelled], R],
    tasks: Iterable[T],
    executor: Executor | None,
    *,
    here: Callable[[T, Cancelled], R] | None = None,
    is_ours: Callable[[T], bool] = lambda _task: False,
    cancelled: Cancelled = never_cancelled,
    contents: Contents = _NO_CONTENTS,
) -> Iterator[R]:
    """Yield ``function(task, cancelled)`` for each task, in their order; this process takes tasks as the workers do.

    Args:
        function: A function of a module, as of `tasks.results`.
        tasks: Plain data.
        executor: The workers; None: this process does everything.
        here: What this process calls in place of ``function``.
        is_ours: Whether this process has at hand what a task needs: it takes those first, and the workers the others.
        cancelled: True ends it.
        contents: As of `tasks.results`.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
        Exception: whatever the function raises.
    """
    own = here or function
    if executor is None:
        for task in tasks:
            yield own(task, cancelled)
        return
    sharing: _Sharing[T, R] = _Sharing(tasks, is_ours)
    stop = threading.Event()
    thread = threading.Thread(
        target=sharing.collect, args=(function, executor, lambda: stop.is_set() or cancelled(), contents), daemon=True
    )
    thread.start()
    try:
        yield from sharing.in_order(own, cancelled)
    finally:
        stop.set()
        thread.join()


class _Sharing[T, R]:
    """What is to be done, and what is done and not given yet."""

    def __init__(self, tasks: Iterable[T], is_ours: Callable[[T], bool]) -> None:
        self._ours: deque[tuple[int, T]] = deque()
        self._others: deque[tuple[int, T]] = deque()
        for place, task in enumerate(tasks):
            (self._ours if is_ours(task) else self._others).append((place, task))
        self._count = len(self._ours) + len(self._others)
        self._given_out: deque[int] = deque()
        self._done: dict[int, R] = {}
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def _take(self) -> Iterator[T]:
        """Yield tasks for the workers, as they are asked for."""
        while (taken := _first_of(self._others, self._ours)) is not None:
            self._given_out.append(taken[0])
            yield taken[1]

    def collect(
        self, function: Callable[[T, Cancelled], R], executor: Executor, cancelled: Cancelled, contents: Contents
    ) -> None:
        """Gather what the workers have done, in a thread of its own."""
        try:
            for result in results(function, self._take(), executor, cancelled=cancelled, contents=contents):
                with self._changed:
                    self._done[self._given_out.popleft()] = result
                    self._changed.notify()
        except BaseException as error:  # noqa: BLE001 - raised where the results are awaited
            with self._changed:
                self._error = error
                self._changed.notify()

    def in_order(self, own: Callable[[T, Cancelled], R], cancelled: Cancelled) -> Iterator[R]:
        """Yield results as far as they are there; do tasks meanwhile."""
        for place in range(self._count):
            while place not in self._done:
                if cancelled():
                    raise WorkCancelled
                if self._error is not None:
                    raise self._error
                if not self._do_one(own, cancelled):
                    with self._changed:
                        if place not in self._done and self._error is None:
                            self._changed.wait(_CHECK_EVERY)
            yield self._done.pop(place)

    def _do_one(self, own: Callable[[Any, Cancelled], R], cancelled: Cancelled) -> bool:
        taken = _first_of(self._ours, self._others)
        if taken is None:
            return False
        self._done[taken[0]] = own(taken[1], cancelled)
        return True


def _first_of[T](*queues: deque[T]) -> T | None:
    """Take the first that is left; another thread takes from them, too."""
    for queue in queues:
        with suppress(IndexError):
            return queue.popleft()
    return None
