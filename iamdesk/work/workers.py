"""An executor together with the snapshot that its workers read."""

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from iamdesk.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.shared_tasks import AHEAD, shared_out
from iamdesk.work.tasks import Contents, begin, results
from iamdesk.work.worker_cache import content_of, reference_to

MIN_PRINCIPALS = 400
"""Number of users and roles from which worker processes are worth it. A worker takes 1.5 s to start and read so many;
the findings of 400 principals with different statements take 5 s, and their attack path steps 3 s."""


class HasPrincipals(Protocol):
    """Something whose number of users and roles is known: a snapshot, or what is open."""

    @property
    def principal_count(self) -> int:
        """Number of users and roles in all accounts."""


class Workers:
    """Workers for long work over one snapshot."""

    def __init__(self, executor: Executor, snapshot: Snapshot, name: str | None = None) -> None:
        """``name`` names a snapshot that was changed since it was read (`reference_to`)."""
        self.executor = executor
        self.reference = reference_to(snapshot, name)
        self.contents: Contents = {self.reference.sha256: lambda: content_of(snapshot)}
        """The content for workers that cannot read the snapshot."""

    def as_of(self, moment: datetime) -> "Workers":
        """Return the same workers, which evaluate requests as of a time."""
        found = copy.copy(self)
        found.reference = replace(self.reference, moment=moment.isoformat())
        return found

    @property
    def count(self) -> int:
        """Number of tasks that run at once."""
        return int(getattr(self.executor, "workers", 1))

    @property
    def helped(self) -> bool:
        """Whether this process runs some of the tasks, too."""
        return bool(getattr(self.executor, "helped", False))

    def begin[T](self, function: Callable[[T, Cancelled], Any], task: T) -> None:
        """Have workers read what tasks will need, while this process does (`tasks.begin`)."""
        begin(function, task, self.executor)

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
        is_free: Callable[[], bool] = lambda: True,
        are_long: bool = False,
    ) -> Iterator[R]:
        """Yield results as `tasks.results` does; the snapshot is sent to workers that cannot read it.

        ``here`` runs a task in this process, if it runs some (`helped`), whenever it ``is_free``; ``are_long`` says
        that each takes seconds.
        """
        sent = {**self.contents, **(contents or {})}
        if here is not None and self.helped:
            return shared_out(
                function,
                tasks,
                self.executor,
                here=here,
                is_free=is_free,
                progress=progress,
                cancelled=cancelled,
                size=size,
                total=total,
                contents=sent,
                ahead=1 if are_long else AHEAD,
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
    """Return whether there are so many principals that worker processes save time."""
    return sum(one.principal_count for one in snapshots) >= MIN_PRINCIPALS
