"""The rows of a review are laid out in a worker, and tell what stands on them as decisions are saved."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.review.rows import rows_of
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.grouping import Grouping
from iamdesk.review.session import ReviewSession

_BREATH = 500
"""Rows after which a worker looks whether it is still wanted."""


class Rows(QObject):
    """Fills a model."""

    laid_out = Signal(str)
    """The rows are there; with the id of what the cursor is to go to, or nothing."""

    def __init__(
        self,
        jobs: JobRunner,
        model: ReviewModel,
        desk: Callable[[], ReviewSession | None],
        pending: Callable[[], frozenset[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._model = model
        self._desk = desk
        self._pending = pending
        self._shown_pending: frozenset[str] = frozenset()
        self._row_of: dict[str, DecidedRow] = {}
        self._filling: Job | None = None

    @property
    def is_filling(self) -> bool:
        """Whether the rows are still being laid out."""
        return self._filling is not None and self._filling.running

    def fill(self, grouping: Grouping, go_to: str = "") -> None:
        """Lay the rows out anew, in a worker: there may be hundreds of thousands."""
        desk = self._desk()
        if desk is None:
            return
        today, pending = _today(), self._pending()

        def lay_out(_progress: Progress, cancelled: Cancelled) -> list[DecidedRow]:
            rows = rows_of(desk, grouping)
            for number, row in enumerate(rows):
                if number % _BREATH == 0 and cancelled():  # asking gives way to the window, which takes its time
                    raise WorkCancelled
                row.tell(desk, today, pending)
            return sorted(rows, key=self._model.sort_key)

        self._filling = self._jobs.run(
            tr("Preparing the review"),
            lay_out,
            done=lambda rows: self._take(desk, grouping, rows, go_to),
            topic="review rows",
        )

    def _take(self, desk: ReviewSession, grouping: Grouping, rows: list[DecidedRow], go_to: str) -> None:
        if self._desk() is not desk:
            return
        self._row_of = {one: row for row in rows for one in row.subject_ids}
        self._model.replace(rows, of_findings=grouping.is_of_findings)
        self.tell(self._pending())  # what was decided while the rows were laid out
        self.laid_out.emit(go_to)

    def tell(self, subject_ids: frozenset[str]) -> None:
        """Let rows say what stands on them; they stay where they are."""
        desk = self._desk()
        if desk is None:
            return
        today, pending = _today(), self._pending()
        rows = {id(row): row for one in subject_ids if (row := self._row_of.get(one)) is not None}
        for row in rows.values():
            row.tell(desk, today, pending)
        self._model.tell_changed()

    def tell_pending(self) -> None:
        """Let rows say that they are being saved, or no longer are."""
        pending = self._pending()
        changed = pending ^ self._shown_pending
        self._shown_pending = pending
        if changed:
            self.tell(changed)

    def clear(self) -> None:
        """Forget every row."""
        self._row_of = {}
        self._model.clear()


def _today() -> date:
    return datetime.now(UTC).date()
