"""One search for everybody who can: asked in a worker, its rows brought to the table in batches as they are found."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iamdesk.evaluate.request import Request
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.gui.reverse.who_can_rows import Column, Told, WhoCanRow, told_of
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot

_BATCH = 60
"""Milliseconds between two looks at what the worker has found."""


class WhoCanSearch(QObject):
    """Runs at most one search; a new one takes the place of the one before."""

    found = Signal(object)
    """A list of `WhoCanRow` that has come."""
    told = Signal(object)
    """A list of (`WhoCanRow`, `Told`): what the answers of rows say."""
    ended = Signal(bool)
    """The search is over; whether it has run to its end. Everything that it found has been given out."""

    def __init__(self, jobs: JobRunner, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._failed = failed
        self._job: Job | None = None
        self._rows: deque[WhoCanRow] = deque()
        self._words: deque[tuple[WhoCanRow, Told]] = deque()
        self._drain = QTimer(self, interval=_BATCH)
        # Queued: what comes as a posted event is done before workers go on (``jobs``), what a timer calls is not.
        self._drain.timeout.connect(self._give_out, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return self._job is not None

    def start(self, opened: "OpenSnapshot", request: Request) -> None:
        """Search for everybody who can do the request's action on its resource."""
        self.stop()
        rows: deque[WhoCanRow] = deque()
        words: deque[tuple[WhoCanRow, Told]] = deque()
        self._rows, self._words = rows, words

        def work(progress: Progress, cancelled: Cancelled) -> None:
            _sweep(opened, request, rows, words, progress, cancelled)

        self._job = self._jobs.run(
            f"Finding who can {request.action}",
            work,
            done=lambda _nothing: self._end(complete=True),
            failed=self._end_badly,
            stopped=self._stopped,
            topic="who can",
        )
        self._drain.start()

    def stop(self) -> None:
        """End a search that nobody wants any more, without a word."""
        job, self._job = self._job, None
        self._drain.stop()
        self._rows, self._words = deque(), deque()
        if job is not None:
            job.cancel()

    def _give_out(self) -> None:
        for source, signal in ((self._rows, self.found), (self._words, self.told)):
            batch: list[object] = []
            while source:
                batch.append(source.popleft())
            if batch:
                signal.emit(batch)

    def _end(self, *, complete: bool) -> None:
        self._job = None
        self._drain.stop()
        self._give_out()
        self.ended.emit(complete)

    def _end_badly(self, error: Exception) -> None:
        self._end(complete=False)
        self._failed(error)

    def _stopped(self) -> None:
        if self._job is not None:  # else it was ended here, and nobody waits for it
            self._end(complete=False)


def _sweep(
    opened: "OpenSnapshot",
    request: Request,
    found: deque[WhoCanRow],
    told: deque[tuple[WhoCanRow, Told]],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    """Find everybody, then put each answer into words, in the order in which rows are shown at first.

    Runs in a worker. A deque takes rows from one thread and gives them to another.
    """
    rows = []
    for access in opened.who_can(
        action=request.action,
        resource=request.resource,
        context=request.context,
        unknown_context=request.unknown_context,
        progress=progress,
        cancelled=cancelled,
    ):
        rows.append(WhoCanRow(access, opened.outline))
        found.append(rows[-1])
    rows.sort(key=lambda row: row.keys[Column.DECISION])
    for place, row in enumerate(rows):
        if cancelled():
            raise WorkCancelled
        progress(place, len(rows))
        told.append((row, told_of(row.access.explanation)))
