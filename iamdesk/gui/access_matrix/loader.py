"""The access matrix for the window: computed in workers when the panel is visible, laid out for each query."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from iamdesk.gui.access_matrix.filling import Executors, Filling, View
from iamdesk.gui.access_matrix.rows import AccessMatrixData, MatrixQuery, MatrixRows
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

FEW = 64
"""This many principals are computed before any is shown."""
_BATCH = 60
"""Milliseconds between two polls for results."""
_AT_ONCE = 500
"""Rows added in one turn of the event loop; more wait for the next."""


class AccessMatrixLoader(QObject):
    """Computes the matrix once for each snapshot; only the latest query counts."""

    listed = Signal()
    """The principals are known; their effective permissions are computed next."""
    arrived = Signal(list, list)
    """Rows (principal, `Profile`) and cells (`Known`) that were computed."""
    found = Signal()
    """The matrix is complete."""
    matrix_rows = Signal(object)
    """`MatrixRows`: the result of the latest query."""
    stopped = Signal()
    """The user cancelled the computation."""

    def __init__(self, jobs: JobRunner, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._failed = failed
        self._finding: Job | None = None
        self._laying: Job | None = None
        self._drain = QTimer(self, interval=_BATCH)
        # Queued: posted events are handled before workers continue (``jobs``), timer events are not.
        self._drain.timeout.connect(self._take_in, Qt.ConnectionType.QueuedConnection)
        self.filling: Filling | None = None
        """The computation, running or complete."""

    @property
    def matrix(self) -> AccessMatrixData | None:
        """The matrix; may be incomplete."""
        return None if self.filling is None else self.filling.matrix

    @property
    def is_whole(self) -> bool:
        """Whether all rows are computed."""
        return self.matrix is not None and self.matrix.is_whole

    @property
    def running(self) -> bool:
        """Whether the matrix is being computed."""
        return self._finding is not None

    @property
    def is_laying(self) -> bool:
        """Whether the latest query is being laid out."""
        return self._laying is not None

    def find(self, opened: "SnapshotSession", executor_for: Executors) -> None:
        """Compute the matrix, or the rest of it."""
        if self.filling is not None:
            self._fill(self.filling)
            return

        def work(progress: Progress, cancelled: Cancelled) -> Filling:
            filling = Filling(AccessMatrixData(opened, opened.access_matrix(progress, cancelled)), executor_for)
            if len(filling.matrix.people) <= FEW:
                filling.fill(progress, cancelled)
            return filling

        self._finding = self._run(work, self._take)

    def lay_out(self, wanted: MatrixQuery) -> None:
        """Filter and sort the matrix."""
        matrix = self.matrix
        if matrix is None:
            return
        self._laying = self._jobs.run(
            tr("Preparing the access matrix"),
            lambda _progress, cancelled: matrix.lay_out(wanted, cancelled),
            done=self._show,
            failed=self._end_badly,
            topic="everybody laid out",
        )

    def look_at(self, view: View) -> None:
        """Compute the visible principals first."""
        if self.filling is not None:
            self.filling.look_at(view)

    def forget(self) -> None:
        """Drop everything: the snapshot is closed."""
        finding, laying = self._finding, self._laying
        self._finding = self._laying = None
        for job in (finding, laying):
            if job is not None:
                job.cancel()
        self._drain.stop()
        if self.filling is not None:
            self._jobs.free_later(self.filling.matrix, AccessMatrixData.small_parts)
            self.filling = None

    def _run[T](self, work: Callable[[Progress, Cancelled], T], done: Callable[[T], None]) -> Job:
        return self._jobs.run(
            tr("Computing the access matrix"),
            work,
            done=done,
            failed=self._end_badly,
            stopped=self._stopped,
            topic="everybody",
        )

    def _take(self, filling: Filling) -> None:
        self._finding = None
        self.filling = filling
        if self.is_whole:
            self.found.emit()
        else:
            self._fill(filling)
            self.listed.emit()

    def _fill(self, filling: Filling) -> None:
        self._drain.start()
        self._finding = self._run(filling.fill, self._filled)

    def _filled(self, _nothing: None) -> None:
        self._finding = None
        self._drain.stop()
        self.found.emit()

    def _take_in(self) -> None:
        if self.filling is None:
            return
        rows, cells = self.filling.take(_AT_ONCE)
        if rows or cells:
            self.arrived.emit(rows, cells)

    def _show(self, matrix_rows: MatrixRows) -> None:
        self._laying = None
        self.matrix_rows.emit(matrix_rows)

    def _end_badly(self, error: Exception) -> None:
        self._finding = self._laying = None
        self._drain.stop()
        self._failed(error)

    def _stopped(self) -> None:
        if self._finding is not None:
            self._finding = None
            self._drain.stop()
            self._take_in()
            self.stopped.emit()
