"""Who does the long work of a command: ``--workers N`` and ``--scheduler ADDRESS``, which every command takes."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from iamdesk.cli.choice import choice
from iamdesk.cli.output import note
from iamdesk.work.setting import open_executor, usual_workers
from iamdesk.work.workers import is_worthwhile
from iamdesk.workbench import OpenSnapshot


@contextmanager
def executor(*opened: OpenSnapshot) -> Iterator[Executor | None]:
    """Give what does long work over snapshots; None where this process does it sooner.

    A scheduler that was asked for does it always. One process beside this one gains nothing.

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    workers = choice.workers or usual_workers()
    if choice.scheduler is None and (workers == 1 or not is_worthwhile(*(one.snapshot for one in opened))):
        yield None
        return
    found = open_executor(workers, choice.scheduler, note)
    try:
        yield found
    except BaseException:
        found.shutdown(cancel_futures=True)
        raise
    found.shutdown()
