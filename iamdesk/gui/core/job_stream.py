"""Work in a thread whose results reach the window in batches, as they are found."""

from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.progress import Cancelled, Progress

type Producer = Callable[[Callable[[Any], None], Progress, Cancelled], None]
"""``work(give, progress, cancelled)``: calls ``give`` for each result. Runs in a worker."""

_BATCH = 60
"""Milliseconds between two polls for results."""
_MAX_AT_ONCE = 1_000
"""Results of one batch: what is done with them ends within 50 ms."""


class JobStream(QObject):
    """Runs at most one work; a new one replaces the previous one."""

    batch = Signal(object)
    """A list of results."""
    ended = Signal(bool)
    """The work has ended; whether it is complete. All its results have been emitted."""

    def __init__(self, jobs: JobRunner, topic: str, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._topic = topic
        self._failed = failed
        self._job: Job | None = None
        self._found: deque[Any] = deque()
        self._finish: Callable[[], None] | None = None
        """What follows once all results of ended work were emitted."""
        self._drain = QTimer(self, interval=_BATCH)
        # Queued: posted events are handled before workers continue (``jobs``), timer events are not.
        self._drain.timeout.connect(self._give_out, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether more results may come."""
        return self._job is not None or self._finish is not None

    def start(self, label: str, work: Producer, *, prompt: bool = False) -> None:
        """Run ``work``; ``label`` describes it to the user, ``prompt`` is as for `JobRunner.run`.

        Does nothing once the window is closed: a delayed filter may still call it then.
        """
        self.stop()
        if self._jobs.is_closed:
            return
        # A deque hands results from one thread to the other. Each work has its own.
        found: deque[Any] = deque()
        self._found = found
        self._job = self._jobs.run(
            label,
            lambda progress, cancelled: work(found.append, progress, cancelled),
            done=lambda _nothing: self._end(complete=True),
            failed=self._end_badly,
            stopped=self._stopped,
            topic=self._topic,
            prompt=prompt,
        )
        self._drain.start()

    def stop(self) -> None:
        """Cancel work that is not needed any more, without a signal."""
        job, self._job = self._job, None
        self._finish = None
        self._drain.stop()
        self._found = deque()
        if job is not None:
            job.cancel()

    def _give_out(self) -> None:
        batch = [self._found.popleft() for _ in range(min(len(self._found), _MAX_AT_ONCE))]
        if batch:
            self.batch.emit(batch)
        if not self._found and (finish := self._finish) is not None:
            self._finish = None
            self._drain.stop()
            finish()

    def _end(self, *, complete: bool) -> None:
        self._end_with(lambda: self.ended.emit(complete))

    def _end_badly(self, error: Exception) -> None:
        def fail() -> None:
            self.ended.emit(False)
            self._failed(error)

        self._end_with(fail)

    def _end_with(self, finish: Callable[[], None]) -> None:
        """Emit the results that are left, then call ``finish``: at once unless there are very many."""
        self._job = None
        self._finish = finish
        self._give_out()

    def _stopped(self) -> None:
        if self._job is not None:  # else it was cancelled here
            self._end(complete=False)
