"""Who does the long work of a command: ``--workers N`` and ``--scheduler ADDRESS``, which every command takes."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass

from iamdesk.cli.output import note

MAX_WORKERS = 256


@dataclass(slots=True)
class _Choice:
    workers: int | None = None
    scheduler: str | None = None


_choice = _Choice()


def choose(workers: int | None, scheduler: str | None) -> None:
    """Take what the command line says."""
    _choice.workers, _choice.scheduler = workers, scheduler


@contextmanager
def executor() -> Iterator[Executor | None]:
    """Give what does long work; None where this process does it: one worker beside it would gain nothing.

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    from iamdesk.work.setting import open_executor, usual_workers

    workers = _choice.workers or usual_workers()
    if _choice.scheduler is None and workers == 1:
        yield None
        return
    opened = open_executor(workers, _choice.scheduler, note)
    try:
        yield opened
    except BaseException:
        opened.shutdown(cancel_futures=True)
        raise
    opened.shutdown()
