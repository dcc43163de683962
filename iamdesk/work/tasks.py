"""Tasks on an executor: results in the order of the tasks, with progress and cancellation."""

import importlib.metadata
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from iamdesk.i18n import choose, chosen, phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.work.cancellation import CancelFile, CancelWatch
from iamdesk.work.errors import NotHereError, WorkError
from iamdesk.work.worker_cache import take_content

_CHECK_EVERY = 0.05
"""Seconds between two checks for cancellation."""
_AHEAD = 8
"""Tasks given to each worker in advance: early results wait in memory."""

type Contents = Mapping[str, Callable[[], bytes]]
"""By key (a snapshot's SHA-256): makes the content for workers that cannot read it (`worker_cache.content_of`)."""
_NO_CONTENTS: Contents = {}


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What a worker is sent."""

    function: Callable[..., Any]
    task: Any
    version: str
    language: str
    cancel_path: str | None
    content_keys: tuple[str, ...] = ()
    """Keys of the contents that are sent along."""


def results[T, R](
    function: Callable[[T, Cancelled], R],
    tasks: Iterable[T],
    executor: Executor | None,
    *,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    size: Callable[[T], int] = lambda _task: 1,
    total: int = 0,
    contents: Contents = _NO_CONTENTS,
    ahead: int = _AHEAD,
) -> Iterator[R]:
    """Yield ``function(task, cancelled)`` for each task, in the order of the tasks.

    Args:
        function: A module-level function; called in a worker, or here if ``executor`` is None.
        tasks: Plain data, taken on demand: an endless iterator is fine.
        executor: Any executor; those of this package (`open_executor`) guarantee more (see there).
        progress: Called with the work done, as ``size`` counts it, and with ``total``.
        cancelled: Returns whether to stop.
        size: The amount of work of a task.
        total: The work of all tasks together; 0 while unknown.
        contents: What is sent to workers that cannot read the data of a task.
        ahead: Number of tasks given to each worker in advance.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
        Exception: raised by the function.
    """
    if executor is None:
        done = 0
        for task in tasks:
            yield function(task, cancelled)
            done += size(task)
            progress(done, total)
        return
    run = _Run(executor, function, contents, ahead)
    waiting: deque[_Awaited[T]] = deque()
    more = iter(tasks)
    is_whole = False
    try:
        while True:
            for task in islice(more, run.most - len(waiting)):
                waiting.append(_Awaited(task, size(task), run.submit(task, size(task))))
            if not waiting:
                break
            first = waiting[0]
            _await(first.future, run, progress, total, cancelled)
            try:
                result = first.future.result()
            except NotHereError as lacking:
                lacked = (*first.lacked, lacking.key)
                again = run.submit_again(first.task, first.size, lacked)
                waiting[0] = first._replace(future=again, lacked=lacked)
                continue
            waiting.popleft()
            yield result
        is_whole = True
    finally:
        run.end(is_whole, [awaited.future for awaited in waiting])
    progress(run.done, total)


def begin[T](function: Callable[[T, Cancelled], Any], task: T, executor: Executor) -> None:
    """Have each worker begin with a task whose result is not awaited: what it reads serves the tasks that follow."""
    for _ in range(int(getattr(executor, "workers", 1))):
        executor.submit(_perform, _Parcel(function, task, own_version(), chosen(), None))


class _Awaited[T](NamedTuple):
    task: T
    size: int
    future: Future[Any]
    lacked: tuple[str, ...] = ()
    """Keys that workers could not read: another worker may lack all of them."""


def _await(future: Future[Any], run: "_Run", progress: Progress, total: int, cancelled: Cancelled) -> None:
    reported = -1
    while True:
        if cancelled():
            raise WorkCancelled
        if run.done != reported:
            reported = run.done
            progress(reported, total)
        if wait([future], _CHECK_EVERY).done:
            return


class _Run:
    """The tasks of one call of `results`."""

    def __init__(self, executor: Executor, function: Callable[..., Any], contents: Contents, ahead: int) -> None:
        self._executor = executor
        self._function = function
        self._contents = contents
        self._shared: dict[str, Any] = {}
        make_file: Callable[[], CancelFile] | None = getattr(executor, "cancel_file", None)
        self._cancel_file = make_file() if make_file is not None else None
        self._cancel_path = None if self._cancel_file is None else str(self._cancel_file.path)
        self.most = ahead * int(getattr(executor, "workers", 4))
        self.done = 0
        self._counting = threading.Lock()

    def submit(self, task: Any, size: int) -> Future[Any]:
        return self._counted(size, self._executor.submit(_perform, self._parcel(task)))

    def submit_again(self, task: Any, size: int, keys: tuple[str, ...]) -> Future[Any]:
        """Resubmit a task with the content that workers could not read; the last key is the one lacked now."""
        for key in keys:
            make = self._contents.get(key)
            if make is None or keys.count(key) > 1:  # it was sent, and is lacking again
                raise WorkError(phrase("a worker cannot read its snapshot, and it cannot be sent"))
            if key not in self._shared:
                share: Callable[[bytes], Any] = getattr(self._executor, "share", lambda content: content)
                self._shared[key] = share(make())
        contents = [self._shared[key] for key in keys]
        return self._counted(size, self._executor.submit(_perform, self._parcel(task, keys), *contents))

    def _parcel(self, task: Any, keys: tuple[str, ...] = ()) -> _Parcel:
        return _Parcel(self._function, task, own_version(), chosen(), self._cancel_path, keys)

    def _counted(self, size: int, future: Future[Any]) -> Future[Any]:
        def count(ended: Future[Any]) -> None:
            if not ended.cancelled() and ended.exception() is None:
                with self._counting:
                    self.done += size

        future.add_done_callback(count)
        return future

    def end(self, is_whole: bool, left: Iterable[Future[Any]]) -> None:
        for future in left:
            future.cancel()
        if not is_whole and self._cancel_file is not None:
            self._cancel_file.cancel()


@cache
def own_version() -> str:
    """Return the version of iamdesk, which workers must have, too."""
    try:
        return importlib.metadata.version("iamdesk")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _perform(parcel: _Parcel, *contents: bytes) -> Any:
    """Run one task; called in the worker."""
    if parcel.version != own_version():
        raise WorkError(
            phrase(
                "the worker has iamdesk {there}, this is iamdesk {here}: both must be the same",
                there=own_version(),
                here=parcel.version,
            )
        )
    if parcel.language != chosen():
        choose(parcel.language)
    for key, content in zip(parcel.content_keys, contents, strict=True):
        take_content(key, content)
    try:
        return parcel.function(parcel.task, CancelWatch(parcel.cancel_path))
    except Exception as error:
        if _travels(error):
            raise
        raise WorkError(f"{type(error).__name__}: {error}") from None


def _travels(error: Exception) -> bool:
    """Return whether an exception can be pickled: one that cannot would end the worker."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made in this line
    except Exception:  # noqa: BLE001 - whatever it is
        return False
    return True
