"""Executors for the long work of a command, by the global options ``--workers N`` and ``--scheduler ADDRESS``."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path

from iamdesk.api import USUAL_MEMORY, Opened, OrganizationSession, SnapshotSession, Workbench
from iamdesk.cli.choices import choice
from iamdesk.cli.output import echo_err
from iamdesk.work.settings import cores, open_executor, usual_workers
from iamdesk.work.workers import is_worthwhile


def executor(*opened: SnapshotSession, helped: bool = False) -> AbstractContextManager[Executor | None]:
    """Yield an executor for long work over snapshots, or None if this process alone is faster.

    Args:
        opened: the snapshots.
        helped: this process takes part and counts as one of the workers (`iamdesk.work.shared_tasks`).

    Raises:
        WorkError: the scheduler cannot be used; one sentence.
    """
    return executor_for(is_worthwhile(*(one.snapshot for one in opened)), helped=helped)


def keep_to_the_end(*opened: SnapshotSession) -> None:
    """Have memory of snapshots freed with the process, which ends faster, if it ends with the command."""
    if choice.is_last:
        choice.kept += opened


@contextmanager
def executor_for(is_large: bool, *, helped: bool = False) -> Iterator[Executor | None]:
    """Yield an executor, or None if the work is not large and this process alone is faster.

    A scheduler is always used if one is given. A single other process gains nothing unless this one takes part, too
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
def open_to_evaluate(snapshot: Path) -> Iterator[Opened]:
    """Yield a snapshot for requests; local processes help to read and evaluate a large one while the context is open.

    This process takes part and counts as one of the workers. The scheduler is not used: its workers may not see the
    files, and each of them would be sent the whole organization.

    Raises:
        SnapshotError: the snapshot cannot be read; one sentence.
    """
    others = usual_workers() if choice.workers is None else choice.workers - 1
    with ExitStack() as stack:

        @cache
        def executor() -> Executor | None:  # called for a large snapshot only
            return stack.enter_context(_ended(open_executor(others, report=echo_err))) if others else None

        yield Workbench().open_to_evaluate(snapshot, executor=executor, memory=_memory())


def _memory() -> int:
    return USUAL_MEMORY if choice.memory is None else choice.memory << 20


@contextmanager
def open_to_go_over(snapshot: Path) -> Iterator[SnapshotSession | OrganizationSession]:
    """Yield a snapshot for work over all accounts: a large one account by account, while the context is open.

    With a scheduler it is always loaded as a whole (see `open_to_evaluate`).

    Raises:
        SnapshotError: the snapshot cannot be read; one sentence.
    """
    if choice.scheduler is None:
        with open_to_evaluate(snapshot) as opened:
            if isinstance(opened, SnapshotSession | OrganizationSession):
                yield opened
                return
    yield Workbench().open_snapshot(snapshot)


@contextmanager
def _ended(executor: Executor) -> Iterator[Executor]:
    """Yield an executor and shut it down afterwards; after an error, without waiting for queued tasks."""
    try:
        yield executor
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise
    executor.shutdown()
