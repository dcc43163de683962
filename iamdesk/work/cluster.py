"""A Dask cluster that the user runs, as an executor (extra ``cluster``). Nothing of ours listens anywhere."""

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from iamdesk.language import phrase
from iamdesk.work.errors import WorkerLostError, WorkError
from iamdesk.work.processes import Tell, tell_nobody

INSTALL = "pip install 'iamdesk[cluster]'"
_TIMEOUT = 10
"""Seconds in which a scheduler has to answer."""
_WATCH_EVERY = 0.5
"""Seconds between two looks at which workers there are."""


class Cluster(Executor):
    """The workers of a scheduler. They must have the same iamdesk as this process.

    Snapshot content leaves this machine: what workers cannot read at the same path is sent to them.
    """

    def __init__(self, address: str, tell: Tell = tell_nobody) -> None:
        """Connect to the scheduler at an address such as ``tcp://10.0.0.5:8786``.

        Raises:
            WorkError: the package is not installed, or there is no scheduler; one sentence.
        """
        try:
            from distributed import Client
        except ImportError:
            raise WorkError(phrase("work on a cluster needs the package distributed: {how}", how=INSTALL)) from None
        try:
            self._client = Client(address, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise WorkError(
                phrase("no Dask scheduler can be reached at {address}: {error}", address=address, error=str(error))
            ) from error
        self._executor = self._client.get_executor(pure=False)
        known = self._addresses()
        if not known:
            self._client.close()
            raise WorkError(phrase("the Dask scheduler at {address} has no workers", address=address))
        self._is_closed = threading.Event()
        self._watching = threading.Thread(target=self._watch, args=(known, tell), daemon=True)
        self._watching.start()

    @property
    def workers(self) -> int:
        """How many tasks are done at once."""
        return max(1, sum(int(threads) for threads in self._client.nthreads().values()))

    def _addresses(self) -> set[str]:
        return set(self._client.scheduler_info(n_workers=-1)["workers"])

    def _watch(self, known: set[str], tell: Tell) -> None:
        """Tell of workers that have gone."""
        while not self._is_closed.wait(_WATCH_EVERY):
            try:
                found = self._addresses()
            except (OSError, RuntimeError, ValueError):  # the scheduler has gone: futures say so
                continue
            for address in sorted(known - found):
                tell(phrase("The worker at {address} has gone: others run its tasks once more.", address=address))
            known = found

    def share(self, content: bytes) -> Any:
        """Send something to the cluster, once; what comes back stands for it in `submit`.

        As the result of a task: the scheduler has it made again where the worker that holds it dies.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that it is large
            return self._client.submit(_same, content, pure=False)

    def submit[**P, T](self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function of a module.

        Dask itself gives the task of a worker that died to another one. The future raises `WorkerLostError` where it
        has given up.
        """
        outer: Future[T] = Future()
        inner: Future[T] = self._executor.submit(function, *args, **kwargs)

        def ended(_inner: Future[T]) -> None:
            if not outer.set_running_or_notify_cancel():
                return
            error = inner.exception() if not inner.cancelled() else WorkError(phrase("the cluster dropped the task"))
            if error is None:
                outer.set_result(inner.result())
            elif type(error).__name__ == "KilledWorker":
                outer.set_exception(
                    WorkerLostError(
                        phrase("several workers of the cluster died over the same task: give them more memory")
                    )
                )
            else:
                outer.set_exception(error)

        def cancel(ended_outer: Future[T]) -> None:
            if ended_outer.cancelled():
                inner.cancel()

        outer.add_done_callback(cancel)
        inner.add_done_callback(ended)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on."""
        self._is_closed.set()
        self._watching.join()
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()


def _same(content: bytes) -> bytes:
    return content
