"""The entitlements of the open review by holder, for panels that show one principal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Signal

from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import row_of
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import ReviewItem
from iamdesk.review.session import ReviewSession

_CHECK_EVERY = 2000


class ItemsByPrincipal(QObject):
    """Sorted once, when a review is opened; each row has the current decision."""

    changed = Signal()
    """Another review was opened, or something was decided."""

    def __init__(self, panel: ReviewPanel, jobs: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._jobs = jobs
        self._desk: ReviewSession | None = None
        self._by_holder: Mapping[str, Sequence[ReviewItem]] = {}
        panel.controller.opened.connect(self._opened)
        panel.controller.closed.connect(self._closed)
        panel.title_changed.connect(lambda _title: self.changed.emit())

    @property
    def is_open(self) -> bool:
        """Whether there is a review whose entitlements are sorted."""
        return self._desk is not None

    def about(self, holder: str) -> list[DecidedRow]:
        """Return the entitlements of a principal, one per row, with their current decisions."""
        review_session = self._desk
        if review_session is None or review_session is not self._panel.review_session:
            return []
        rows: list[DecidedRow] = [row_of(review_session, (line,)) for line in self._by_holder.get(holder, ())]
        today, pending = datetime.now(UTC).date(), self._panel.queue.pending
        for row in rows:
            row.update_decisions(review_session, today, pending)
        return rows

    def decide(self, rows: Sequence[DecidedRow], choice: ReviewDecision) -> bool:
        """Decide on entitlements as the review panel does; return False if it asks for something first."""
        return self._panel.decide(rows, choice)

    def go_to(self, row: DecidedRow) -> None:
        """Make an entitlement the current row of the review panel."""
        self._panel.go_to_line(row.subject_ids[0])

    def _opened(self, review_session: ReviewSession) -> None:
        self._closed()

        def sort(_progress: Progress, cancelled: Cancelled) -> Mapping[str, Sequence[ReviewItem]]:
            found: dict[str, list[ReviewItem]] = {}
            for number, line in enumerate(review_session.lines):
                if number % _CHECK_EVERY == 0 and cancelled():
                    raise WorkCancelled
                found.setdefault(line.holder_arn, []).append(line)
            return found

        self._jobs.run(
            "Sorting the review by principal",
            sort,
            done=lambda found: self._take(review_session, found),
            topic="review holders",
        )

    def _take(self, review_session: ReviewSession, found: Mapping[str, Sequence[ReviewItem]]) -> None:
        if self._panel.review_session is review_session:
            self._desk, self._by_holder = review_session, found
            self.changed.emit()

    def _closed(self) -> None:
        self._desk, self._by_holder = None, {}
        self.changed.emit()
