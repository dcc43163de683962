"""An executor together with the snapshot that its workers are to read."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor

from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.shared_tasks import shared_out
from iamdesk.work.tasks import Contents, results
from iamdesk.work.worker_cache import content_of, reference_to

MIN_PRINCIPALS = 400
"""Users and roles from which other processes are worth it. A worker takes 1.5 s until it has started and read so many;
the findings of 400 principals, every statement of theirs another one, take 5 s, and the whole map of steps 3 s."""


class Workers:
    """What long work over one snapshot is given, to be shared out."""

    def __init__(self, executor: Executor, snapshot: Snapshot, copy: str | None = None) -> None:
        """``copy`` names a snapshot that was changed since it was read (`reference_to`)."""
        self.executor = executor
        self.reference = reference_to(snapshot, copy)
        self.contents: Contents = {self.reference.sha256: lambda: content_of(snapshot)}
        """What a worker is sent that cannot read the snapshot."""

    @property
    def count(self) -> int:
        """How many tasks are done at once."""
        return int(getattr(self.executor, "workers", 1))

    @property
    def helped(self) -> bool:
        """Whether this process is to do some of the work, too."""
        return bool(getattr(self.executor, "helped", False))

    def results[T, R](
        self,
        function: Callable[[T, Cancelled], R],
        tasks: Iterable[T],
        *,
        progress: Progress = no_progress,
        cancelled: Cancelled = never_cancelled,
        size: Callable[[T], int] = lambda _task: 1,
        total: int = 0,
        contents: Contents | None = None,
        here: Callable[[T, Cancelled], R] | None = None,
    ) -> Iterator[R]:
        """Yield what `tasks.results` does; a worker that cannot read the snapshot is sent it.

        ``here`` does a task in this process; it is called where this process works, too (`helped`).
        """
        sent = {**self.contents, **(contents or {})}
        if here is not None and self.helped:
            return shared_out(
                function,
                tasks,
                self.executor,
                here=here,
                progress=progress,
                cancelled=cancelled,
                size=size,
                total=total,
                contents=sent,
            )
        return results(
            function,
            tasks,
            self.executor,
            progress=progress,
            cancelled=cancelled,
            size=size,
            total=total,
            contents=sent,
        )


def is_worthwhile(*snapshots: Snapshot) -> bool:
    """Return whether there are so many principals that other processes save time."""
    return (
        sum(len(account.users) + len(account.roles) for one in snapshots for account in one.accounts) >= MIN_PRINCIPALS
    )
