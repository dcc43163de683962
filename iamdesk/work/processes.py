"""Processes of this machine as an executor, connected by pipes, not sockets."""

import multiprocessing
import os
import queue
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, NamedTuple

from iamdesk.i18n import phrase
from iamdesk.memory import collect_seldom
from iamdesk.progress import WorkCancelled
from iamdesk.work.cancellation import CancelFile
from iamdesk.work.errors import WorkerLostError

type Report = Callable[[str], None]
"""Called with one sentence on a worker that died, in another thread."""


def ignore_report(_sentence: str) -> None:
    """Ignore the sentence."""


class _Item(NamedTuple):
    """A task to run."""

    future: Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


class Processes(Executor):
    """A number of worker processes, started on demand.

    Each is a `ProcessPoolExecutor` of its own: when one dies, its task is known, and the others keep what they have
    read. Workers end with this process, however it ends.
    """

    def __init__(self, workers: int, report: Report = ignore_report, *, helped: bool = False) -> None:
        """``helped``: this process runs some of the shared tasks, too."""
        if workers < 1:
            raise ValueError("at least one worker is needed")
        self.workers = workers
        self.helped = helped
        self._report = report
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._folder = Path(tempfile.mkdtemp(prefix="iamdesk-work-"))
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._process_ids: dict[int, int] = {}
        self._waiting = 0
        self._idle = 0
        self._is_closed = False
        self._is_cancelled = False

    @property
    def process_ids(self) -> tuple[int, ...]:
        """IDs of the running processes."""
        with self._lock:
            return tuple(self._process_ids.values())

    def cancel_file(self) -> CancelFile:
        """Return a new cancellation file for one run of tasks."""
        return CancelFile(self._folder)

    def submit[**P, T](self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a module-level function.

        The future raises `WorkerLostError` if two workers died on it.

        Raises:
            RuntimeError: the executor is shut down.
        """
        item = _Item(Future(), function, args, kwargs)
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the workers are shut down")
            self._items.put(item)
            self._waiting += 1
            if self._idle < self._waiting and len(self._threads) < self.workers:
                # Daemons: the pools of the standard library end their processes with the interpreter.
                thread = threading.Thread(target=self._serve, args=(len(self._threads),), daemon=True)
                self._threads.append(thread)
                thread.start()
        return item.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more tasks and end the workers: after the remaining tasks, or at once with ``cancel_futures``."""
        with self._lock:
            if cancel_futures:
                self._is_cancelled = True
                self._drop_items()
                process_ids = tuple(self._process_ids.values())
            else:
                process_ids = ()
            if not self._is_closed:
                self._is_closed = True
                for _ in self._threads:
                    self._items.put(None)
        for process_id in process_ids:
            with suppress(OSError):
                os.kill(process_id, signal.SIGTERM)
        if wait:
            self._end()
        else:
            threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _drop_items(self) -> None:
        ends = 0
        with suppress(queue.Empty):
            while True:
                item = self._items.get_nowait()
                if item is None:
                    ends += 1
                else:
                    item.future.cancel()
                    item.future.set_running_or_notify_cancel()
        for _ in range(ends):
            self._items.put(None)

    # ── one worker ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, number: int) -> None:
        """Give one worker its tasks, one at a time, and replace it when it dies."""
        pool: ProcessPoolExecutor | None = None
        while True:
            with self._lock:
                self._idle += 1
            item = self._items.get()
            with self._lock:
                self._idle -= 1
                if item is not None:
                    self._waiting -= 1
            if item is None:
                break
            if item.future.set_running_or_notify_cancel():
                pool = self._do(number, pool, item)
            del item
        if pool is not None:
            pool.shutdown()
        with self._lock:
            self._process_ids.pop(number, None)

    def _do(self, number: int, pool: ProcessPoolExecutor | None, item: _Item) -> ProcessPoolExecutor | None:
        """Run one task; return the pool if it is still alive."""
        for attempt in (1, 2):
            try:
                pool = pool or self._start(number)
                result = pool.submit(item.function, *item.arguments, **item.keywords).result()
            except BrokenProcessPool:
                if pool is not None:
                    pool.shutdown(wait=False)
                pool = None
                with self._lock:
                    self._process_ids.pop(number, None)
                if self._is_cancelled:
                    item.future.set_exception(WorkCancelled())
                    return None
                if attempt == 1:
                    self._report(lost_once())
                else:
                    item.future.set_exception(WorkerLostError(lost_twice()))
            except BaseException as error:  # noqa: BLE001 - passed on to whoever awaits the result
                item.future.set_exception(error)
                return pool
            else:
                item.future.set_result(result)
                return pool
        return pool

    def _start(self, number: int) -> ProcessPoolExecutor:
        # Every system supports spawn, and a fork would copy locks of other threads in their current state.
        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start_worker)
        process_id = pool.submit(os.getpid).result()
        with self._lock:
            self._process_ids[number] = process_id
            is_cancelled = self._is_cancelled
        if is_cancelled:
            with suppress(OSError):
                os.kill(process_id, signal.SIGTERM)
        return pool


def lost_once() -> str:
    """Return the message for a worker that died once on a task."""
    return phrase("A worker process ended unexpectedly, most often because memory ran out. Its task is run again.")


def lost_twice() -> str:
    """Return the message for a second worker that died on the same task."""
    return phrase(
        "two worker processes ended unexpectedly on the same task, most often because memory ran out: "
        "use fewer workers, or close other programs"
    )


def _start_worker() -> None:
    """Initialize a worker: it ends with the process that started it, and leaves Ctrl+C to that process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_seldom()
    # Python would free a snapshot object by object before it ends; whoever started it waits half a second for that.
    Finalize(None, os._exit, (0,), exitpriority=-1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
