"""Creates the rows of a review in a worker, and updates them as decisions are saved."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.review.rows import removal_text, rows_of
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.coordination import RemovalOutcome
from iamdesk.review.grouping import Grouping
from iamdesk.review.session import ReviewSession
from iamdesk.review.tickets import TicketState

_CHECK_EVERY = 500
"""Rows after which the worker checks for cancellation."""


class RowBuilder(QObject):
    """Fills a model."""

    laid_out = Signal(str)
    """The rows exist; with the id of the item to make current, or empty."""

    def __init__(
        self,
        jobs: JobRunner,
        model: ReviewModel,
        review_session: Callable[[], ReviewSession | None],
        pending: Callable[[], frozenset[str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._model = model
        self._desk = review_session
        self._pending = pending
        self._shown_pending: frozenset[str] = frozenset()
        self._row_of: dict[str, DecidedRow] = {}
        self._filling: Job | None = None
        self._removals: Mapping[str, tuple[RemovalOutcome, str]] = {}
        self._tickets: Mapping[str, TicketState] = {}

    @property
    def is_filling(self) -> bool:
        """Whether the rows are being created."""
        return self._filling is not None and self._filling.running

    def fill(self, grouping: Grouping, go_to: str = "") -> None:
        """Create the rows again, in a worker: there may be hundreds of thousands."""
        review_session = self._desk()
        if review_session is None:
            return
        today, pending = _today(), self._pending()

        def lay_out(_progress: Progress, cancelled: Cancelled) -> list[DecidedRow]:
            rows = rows_of(review_session, grouping)
            for number, row in enumerate(rows):
                if number % _CHECK_EVERY == 0 and cancelled():  # checking yields to the GUI thread, which takes time
                    raise WorkCancelled
                row.update_decisions(review_session, today, pending)
            return sorted(rows, key=self._model.sort_key)

        self._filling = self._jobs.run(
            tr("Preparing the review"),
            lay_out,
            done=lambda rows: self._take(review_session, grouping, rows, go_to),
            topic="review rows",
        )

    def _take(self, review_session: ReviewSession, grouping: Grouping, rows: list[DecidedRow], go_to: str) -> None:
        if self._desk() is not review_session:
            return
        self._row_of = {one: row for row in rows for one in row.subject_ids}
        self._apply_outcomes()
        self._model.replace(rows, of_findings=grouping.is_of_findings)
        self.update_decisions(self._pending() | self._with_outcomes)  # decisions made while they were created
        self.laid_out.emit(go_to)

    def update_decisions(self, subject_ids: frozenset[str]) -> None:
        """Update the decisions of rows; they keep their place."""
        review_session = self._desk()
        if review_session is None:
            return
        today, pending = _today(), self._pending()
        rows = {id(row): row for one in subject_ids if (row := self._row_of.get(one)) is not None}
        for row in rows.values():
            row.update_decisions(review_session, today, pending)
        self._model.emit_data_changed()

    def set_outcomes(
        self, removals: Mapping[str, tuple[RemovalOutcome, str]], tickets: Mapping[str, TicketState]
    ) -> bool:
        """Show what became of revocations, and the state of tickets; return False if that is shown already."""
        if removals == self._removals and tickets == self._tickets:
            return False
        self._removals, self._tickets = removals, tickets
        self._apply_outcomes()
        self.update_decisions(self._with_outcomes)
        return True

    @property
    def _with_outcomes(self) -> frozenset[str]:
        return frozenset((*self._removals, *self._tickets))

    def _apply_outcomes(self) -> None:
        for row in self._rows_with(self._removals):
            row.set_removal(removal_text(row.subject_ids, self._removals))
        for row in self._rows_with(self._tickets):
            row.ticket_states = self._tickets

    def _rows_with(self, items: Iterable[str]) -> Iterable[DecidedRow]:
        return {id(row): row for item in items if (row := self._row_of.get(item)) is not None}.values()

    def show_pending(self) -> None:
        """Mark rows as being saved, or not any more."""
        pending = self._pending()
        changed = pending ^ self._shown_pending
        self._shown_pending = pending
        if changed:
            self.update_decisions(changed)

    def clear(self) -> None:
        """Remove all rows."""
        self._row_of, self._removals, self._tickets = {}, {}, {}
        self._model.clear()


def _today() -> date:
    return datetime.now(UTC).date()
