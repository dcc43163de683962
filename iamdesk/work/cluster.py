"""A Dask cluster run by the user, as an executor (extra ``cluster``). iamdesk itself opens no port."""

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from typing import Any

from iamdesk.i18n import phrase
from iamdesk.work.errors import WorkerLostError, WorkError
from iamdesk.work.processes import Report, ignore_report

INSTALL = "pip install 'iamdesk[cluster]'"
_TIMEOUT = 10
"""Seconds for a scheduler to respond."""
_IDLE_LOOKS = 10
"""Checks of an idle cluster after which an awaited task counts as lost."""
_WATCH_EVERY = 0.5
"""Seconds between two checks of the list of workers."""


class Cluster(Executor):
    """The workers of a scheduler. They must have the same version of iamdesk as this process.

    Snapshot content leaves this machine: it is sent to workers that cannot read it from the same path.
    """

    def __init__(self, address: str, report: Report = ignore_report) -> None:
        """Connect to the scheduler at an address such as ``tcp://10.0.0.5:8786``.

        Raises:
            WorkError: the package is not installed, or there is no scheduler; one sentence.
        """
        try:
            from distributed import Client
        except ImportError:
            raise WorkError(phrase("a Dask cluster requires the package distributed: {how}", how=INSTALL)) from None
        try:
            self._client = Client(address, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise WorkError(
                phrase("no Dask scheduler can be reached at {address}: {error}", address=address, error=str(error))
            ) from error
        self._calls: set[_Call] = set()
        """Calls whose results are awaited."""
        self._lock = threading.Lock()
        known = self._addresses()
        if not known:
            self._client.close()
            raise WorkError(phrase("the Dask scheduler at {address} has no workers", address=address))
        self._is_closed = threading.Event()
        self._watching = threading.Thread(target=self._watch, args=(known, report), daemon=True)
        self._watching.start()

    @property
    def workers(self) -> int:
        """Number of tasks that run at once."""
        return max(1, sum(int(threads) for threads in self._client.nthreads().values()))

    def _addresses(self) -> set[str]:
        return set(self._client.scheduler_info(n_workers=-1)["workers"])

    def _watch(self, known: set[str], report: Report) -> None:
        """Report workers that were lost."""
        while not self._is_closed.wait(_WATCH_EVERY):
            try:
                found = self._addresses()
                self._give_again_what_was_lost()
            except (OSError, RuntimeError, ValueError):  # the scheduler is gone: the futures report it
                continue
            for address in sorted(known - found):
                report(phrase("The worker at {address} was lost. Other workers run its tasks again.", address=address))
            known = found

    def share(self, content: bytes) -> Any:
        """Send something to the cluster, once; the returned value represents it in `submit`.

        It is sent as the result of a task: the scheduler recreates it if the worker that holds it dies.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about its size
            return self._client.submit(_same, content, pure=False)

    def submit[**P, T](self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a module-level function.

        Dask itself gives the task of a dead worker to another one. The future raises `WorkerLostError` once Dask gives
        up.
        """
        call = _Call(function, args, kwargs)
        with self._lock:
            self._calls.add(call)

        def cancel(future: Future[Any]) -> None:
            with self._lock:
                self._calls.discard(call)
            if future.cancelled() and call.inner is not None:
                call.inner.cancel()

        self._give(call)
        call.outer.add_done_callback(cancel)
        return call.outer

    def _give(self, call: "_Call") -> None:
        call.idle = 0
        call.inner = inner = self._client.submit(call.function, *call.args, pure=False, **call.kwargs)
        inner.add_done_callback(lambda _inner: self._ended(call, inner))

    def _give_again_what_was_lost(self) -> None:
        """Resubmit tasks that no worker runs: the scheduler can lose the tasks of a worker that dies at a bad
        moment."""
        with self._lock:
            calls = [call for call in self._calls if not call.outer.done()]
        is_idle = calls and not any(self._client.processing().values())
        for call in calls:
            call.idle = call.idle + 1 if is_idle else 0
            if call.idle >= _IDLE_LOOKS:
                self._give(call)

    def _ended(self, call: "_Call", inner: Any) -> None:
        """Handle the end of a task; called in a thread of Dask's."""
        if call.inner is not inner or call.outer.done():
            return
        try:
            result = inner.result(timeout=_TIMEOUT)
        except TimeoutError as error:
            if inner.status != "error":  # the worker that had the result is gone
                self._give(call)
                return
            self._set(call, error=error)
        except CancelledError:
            self._set(call, error=WorkError(phrase("the cluster dropped the task")))
        except Exception as error:  # noqa: BLE001 - passed on to the caller
            if type(error).__name__ == "KilledWorker":
                error = WorkerLostError(
                    phrase("several workers of the cluster crashed on the same task: give them more memory")
                )
            self._set(call, error=error)
        else:
            self._set(call, result)

    @staticmethod
    def _set(call: "_Call", result: Any = None, error: Exception | None = None) -> None:
        if not call.outer.set_running_or_notify_cancel():
            return
        if error is None:
            call.outer.set_result(result)
        else:
            call.outer.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster, which keeps running."""
        with self._lock:
            left = [call.outer for call in self._calls]
        if cancel_futures:
            for future in left:
                future.cancel()
        elif wait:
            wait_for(left)
        self._is_closed.set()
        self._watching.join()
        self._client.close()


class _Call:
    """One task."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.outer: Future[Any] = Future()
        self.inner: Any = None
        """Dask's future of it."""
        self.idle = 0
        """Number of checks during which it was awaited while all workers were idle."""


def _same(content: bytes) -> bytes:
    return content
