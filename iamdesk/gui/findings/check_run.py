"""A run of the checks over the open snapshot, in a worker; findings arrive in batches."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iamdesk.checks.finding import Suppression
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.findings.rows import FindingRow
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from iamdesk.api import AppliedSettings, Opened

_BATCH = 400
"""Milliseconds between two polls for results."""
_AT_ONCE = 250
"""Rows added in one turn of the event loop; more wait for the next."""


class CheckRun(QObject):
    """Starts and stops a run; a run that was replaced emits nothing more."""

    found = Signal(list)
    """More rows."""

    done = Signal()
    """All checks have run."""

    full = Signal()
    """The maximum number of rows is reached: the rest was not checked."""

    failed = Signal(object)
    """The exception that ended the run."""

    cancelled = Signal()
    """The user cancelled the run."""

    def __init__(self, jobs: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._found: deque[FindingRow] = deque()
        self._report_end: Callable[[], None] | None = None
        """Reports how the run ended, once all its findings have arrived."""
        self.is_complete = False
        """Whether all checks have run."""
        self._drain = QTimer(self, interval=_BATCH)
        # Queued: posted events are handled before workers continue (``jobs``), timer events are not.
        self._drain.timeout.connect(self._take_in, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether more findings may arrive."""
        return self._job is not None

    def counted(self, count: int) -> str:
        """Return a count of findings for the window: 0 only if all checks have run, until then ``…``, or ``?``."""
        if count or self.is_complete:
            return number(count)
        return "…" if self.is_running else "?"

    def start(
        self,
        opened: "Opened",
        read: Callable[[], Sequence[Suppression]],
        executor_for: "Callable[[Opened], Executor | None]" = lambda _opened: None,
        most: int | None = None,
        read_settings: "Callable[[], AppliedSettings | None]" = lambda: None,
    ) -> None:
        """Run all checks again; ``read`` returns the suppressions (in the worker), ``executor_for`` the executor.

        ``read_settings`` returns the settings of the checks, in the worker, too.

        ``most`` is the maximum number of rows.
        """
        self.stop()
        found: deque[FindingRow] = deque()
        self._found = found

        def work(progress: Progress, cancelled: Cancelled) -> bool:
            # Rows are created here, off the GUI thread; a deque hands them from one thread to the other.
            from iamdesk.api import Workbench  # imported after the first paint

            applied = read_settings()
            findings = opened.findings(progress, cancelled, read(), executor_for(opened), applied)
            for count, finding in enumerate(Workbench.with_settings(findings, applied, opened)):
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
        """Cancel a run that is not needed any more, without a signal."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self._drain.stop()
        self._found = deque()
        self._report_end = None
        self.is_complete = False

    def _take_in(self) -> None:
        batch = [self._found.popleft() for _ in range(min(len(self._found), _AT_ONCE))]
        if batch:
            self.found.emit(batch)
        show_end = self._report_end
        if self._found or show_end is None:
            self._drain.start(0 if self._found else _BATCH)
            return
        self._drain.stop()
        self._job = self._report_end = None
        show_end()

    def _end(self, report: Callable[[], None]) -> None:
        self._report_end = report
        self._take_in()

    def _done(self, is_complete: bool) -> None:
        self._end(self._show_done if is_complete else self.full.emit)

    def _show_done(self) -> None:
        self.is_complete = True
        self.done.emit()

    def _failed(self, error: Exception) -> None:
        self._end(lambda: self.failed.emit(error))

    def _stopped(self) -> None:
        if self._job is not None:  # else the panel cancelled it
            self._end(self.cancelled.emit)
