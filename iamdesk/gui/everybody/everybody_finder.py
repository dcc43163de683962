"""What everybody can, for the window: found in a worker when somebody looks, and laid out in one at each wish."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.everybody.everybody_lines import Everybody, Laid, Wanted
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.language import tr
from iamdesk.snapshot.progress import Cancelled, Progress

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot


class EverybodyFinder(QObject):
    """Finds the map once for each snapshot; the last wish counts."""

    found = Signal()
    """The map is there."""
    laid = Signal(object)
    """`Laid`: what was wanted last."""
    stopped = Signal()
    """The user cancelled it."""

    def __init__(self, jobs: JobRunner, failed: Callable[[Exception], None], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._failed = failed
        self._finding: Job | None = None
        self._laying: Job | None = None
        self.everybody: Everybody | None = None
        """What was found."""

    @property
    def running(self) -> bool:
        """Whether the map is on its way."""
        return self._finding is not None

    @property
    def is_laying(self) -> bool:
        """Whether what was wanted last is on its way."""
        return self._laying is not None

    def find(self, opened: "OpenSnapshot") -> None:
        """Find the map."""

        def work(progress: Progress, cancelled: Cancelled) -> Everybody:
            from iamdesk.export.everybody_map import everybody_map

            def first(done: int, total: int) -> None:
                progress(done, 2 * total)

            def second(done: int, total: int) -> None:
                progress(total + done, 2 * total)

            overview = opened.what_can_overview(first, cancelled)
            return Everybody(opened, everybody_map(overview, second, cancelled))

        self._finding = self._jobs.run(
            tr("Finding what everybody can do"),
            work,
            done=self._take,
            failed=self._end_badly,
            stopped=self._stopped,
            topic="everybody",
        )

    def lay_out(self, wanted: Wanted) -> None:
        """Filter and sort what was found."""
        everybody = self.everybody
        if everybody is None:
            return
        self._laying = self._jobs.run(
            tr("Laying out what everybody can do"),
            lambda _progress, cancelled: everybody.lay_out(wanted, cancelled),
            done=self._show,
            failed=self._end_badly,
            topic="everybody laid out",
        )

    def forget(self) -> None:
        """Drop everything: the snapshot is closed."""
        for job in (self._finding, self._laying):
            if job is not None:
                job.cancel()
        self._finding = self._laying = None
        if self.everybody is not None:
            self._jobs.let_go(self.everybody, Everybody.small_parts)
            self.everybody = None

    def _take(self, found: Everybody) -> None:
        self._finding = None
        self.everybody = found
        self.found.emit()

    def _show(self, laid: Laid) -> None:
        self._laying = None
        self.laid.emit(laid)

    def _end_badly(self, error: Exception) -> None:
        self._finding = self._laying = None
        self._failed(error)

    def _stopped(self) -> None:
        if self._finding is not None:
            self._finding = None
            self.stopped.emit()
