"""One run of the checks over the open snapshot, in a worker; what it finds arrives in batches."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iamdesk.checks.finding import Suppression
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.findings.rows import FindingRow
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import Opened

_BATCH = 400
"""Milliseconds between two looks at what the worker has found."""
_AT_ONCE = 250
"""Rows that arrive in one turn of the event loop; more wait for the next."""


class CheckRun(QObject):
    """Starts and stops it; a run that another replaces says nothing more."""

    found = Signal(list)
    """More rows."""

    done = Signal()
    """Every check has run."""

    full = Signal()
    """There is no room for more rows: the rest was not looked for."""

    failed = Signal(object)
    """The exception that ended it."""

    cancelled = Signal()
    """Somebody ended it, and not the panel by itself."""

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._found: deque[FindingRow] = deque()
        self._tell_end: Callable[[], None] | None = None
        """Says how the run ended, once everything that it found has arrived."""
        self.is_complete = False
        """Whether every check has run to its end."""
        self._drain = QTimer(self, interval=_BATCH)
        # Queued: what comes as a posted event is done before workers go on (``jobs``), what a timer calls is not.
        self._drain.timeout.connect(self._take_in, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether more may come."""
        return self._job is not None

    def start(
        self,
        opened: "Opened",
        read: Callable[[], Sequence[Suppression]],
        executor_for: "Callable[[Opened], Executor | None]" = lambda _opened: None,
        most: int | None = None,
    ) -> None:
        """Run every check anew; ``read`` reads, in the worker, what is suppressed; ``executor_for``: who runs it.

        ``most`` is how many rows there is room for.
        """
        self.stop()
        found: deque[FindingRow] = deque()
        self._found = found

        def work(progress: Progress, cancelled: Cancelled) -> bool:
            # Rows are made here, off the GUI thread; a deque takes them from one thread and gives them to another.
            for count, finding in enumerate(opened.findings(progress, cancelled, read(), executor_for(opened))):
                if count == most:
                    return False
                found.append(FindingRow(finding))
            return True

        self._job = self._jobs.run(
            tr("Running the checks"),
            work,
            done=self._done,
            failed=self._failed,
            stopped=self._stopped,
            topic="findings",
            patient=True,
        )
        self._drain.start()

    def stop(self) -> None:
        """End a run that nobody wants any more, without a word."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self._drain.stop()
        self._found = deque()
        self._tell_end = None
        self.is_complete = False

    def _take_in(self) -> None:
        batch = [self._found.popleft() for _ in range(min(len(self._found), _AT_ONCE))]
        if batch:
            self.found.emit(batch)
        tell_end = self._tell_end
        if self._found or tell_end is None:
            self._drain.start(0 if self._found else _BATCH)
            return
        self._drain.stop()
        self._job = self._tell_end = None
        tell_end()

    def _end(self, tell: Callable[[], None]) -> None:
        self._tell_end = tell
        self._take_in()

    def _done(self, is_complete: bool) -> None:
        self._end(self._tell_done if is_complete else self.full.emit)

    def _tell_done(self) -> None:
        self.is_complete = True
        self.done.emit()

    def _failed(self, error: Exception) -> None:
        self._end(lambda: self.failed.emit(error))

    def _stopped(self) -> None:
        if self._job is not None:  # else the panel itself ended it
            self._end(self.cancelled.emit)
