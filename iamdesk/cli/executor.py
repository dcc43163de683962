"""Who does the long work of a command: ``--workers N`` and ``--scheduler ADDRESS``, which every command takes."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path

from iamdesk.api import USUAL_MEMORY, OrganizationSession, RequestSession, SnapshotSession, Workbench
from iamdesk.cli.choices import choice
from iamdesk.cli.output import echo_err
from iamdesk.work.settings import cores, open_executor, usual_workers
from iamdesk.work.workers import is_worthwhile


def executor(*opened: SnapshotSession, helped: bool = False) -> AbstractContextManager[Executor | None]:
    """Give what does long work over snapshots; None where this process does it sooner.

    With ``helped`` this process works as the others do, and is counted among them: for work that is shared out between
    them (`iamdesk.work.shared_tasks`).

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    return executor_for(is_worthwhile(*(one.snapshot for one in opened)), helped=helped)


@contextmanager
def executor_for(is_large: bool, *, helped: bool = False) -> Iterator[Executor | None]:
    """Give what does work; None where it is not large, and this process does it sooner.

    A scheduler that was asked for does it always. One process beside this one gains nothing, unless this one works, too
    (``helped``).

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    workers = choice.workers or (cores() if helped else usual_workers())
    if choice.scheduler is None and (workers == 1 or not is_large):
        yield None
        return
    with _ended(open_executor(workers - helped, choice.scheduler, echo_err, helped=helped)) as found:
        yield found


@contextmanager
def open_to_evaluate(snapshot: Path) -> Iterator[RequestSession]:
    """Give a snapshot to be asked; processes of this machine read and sweep over a large one as long as this lasts.

    This process works as they do, and is counted among them. A scheduler is not asked: its workers may not see the
    files, and each of them would be sent all of an organization.

    Raises:
        SnapshotError: it cannot be read; one sentence.
    """
    beside = usual_workers() if choice.workers is None else choice.workers - 1
    with ExitStack() as ended:

        @cache
        def executor() -> Executor | None:  # opened for a large one alone
            return ended.enter_context(_ended(open_executor(beside, tell=echo_err))) if beside else None

        yield Workbench().open_to_evaluate(snapshot, executor=executor, memory=_memory())


def _memory() -> int:
    return USUAL_MEMORY if choice.memory is None else choice.memory << 20


@contextmanager
def open_to_go_over(snapshot: Path) -> Iterator[SnapshotSession | OrganizationSession]:
    """Give a snapshot whose every account is gone over: a large one account by account, as long as this lasts.

    Whole, where a scheduler was asked for (`open_to_evaluate`).

    Raises:
        SnapshotError: it cannot be read; one sentence.
    """
    if choice.scheduler is None:
        with open_to_evaluate(snapshot) as opened:
            if isinstance(opened, SnapshotSession | OrganizationSession):
                yield opened
                return
    yield Workbench().open_snapshot(snapshot)


@contextmanager
def _ended(executor: Executor) -> Iterator[Executor]:
    """Give an executor, and end it: at once, where what it was for has failed."""
    try:
        yield executor
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()
