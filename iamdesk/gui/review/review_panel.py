"""The review panel: the table in the middle, evidence beside it, and the keys that decide."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QStyle, QVBoxLayout, QWidget

from iamdesk.export.review_words import CHOICE_WORDS
from iamdesk.gui.ask.full_height_list import scrolling
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.gui.message_bar import MessageBar, Tone
from iamdesk.gui.prompts import Prompts
from iamdesk.gui.review.deciding import Deciding
from iamdesk.gui.review.evidence import Evidence
from iamdesk.gui.review.pack_door import PackDoor
from iamdesk.gui.review.review_door import ReviewDoor
from iamdesk.gui.review.review_head import ReviewHead
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.review.review_table import ReviewTable
from iamdesk.gui.review.rows import Column, ReviewFilter, ReviewRow, rows_of
from iamdesk.gui.session import Session
from iamdesk.gui.speech import number
from iamdesk.language import mark, ntr, tr
from iamdesk.review.decisions import Choice
from iamdesk.review.desk import Change, ReviewDesk
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from iamdesk.review.telling import Telling

_DEBOUNCE = 120
_EVIDENCE_AFTER = 150
"""Milliseconds for which a row stays chosen before the engine is asked about it."""
_BREATH = 500
"""Rows after which a worker looks whether it is still wanted."""
_NO_REVIEW = mark(
    "No review is open. A review freezes who is in the snapshot and every entitlement with what it really allows; then "
    "each is kept, revoked, modified or excepted, one key a decision, saved as it is made."
)


class ReviewPanel(QWidget):
    """Decides. What is shown as decided is on disk; what is on its way says so."""

    title_changed = Signal(str)

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: Prompts | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._shown_pending: frozenset[str] = frozenset()
        self._row_of: dict[str, ReviewRow] = {}
        self._filling: Job | None = None
        self.model = ReviewModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self.head = ReviewHead()
        self.table = ReviewTable(self.model)
        self.evidence = Evidence(session)
        self.door = ReviewDoor(self, session, jobs, prompts or Prompts(), self.message)
        self.packs = PackDoor(
            self, session, jobs, prompts or Prompts(), self.message, self.door, lambda: self.head.reviewer
        )
        self.deciding = Deciding(
            session, jobs, self.head, self.message, lambda: self.desk, self.table.selected_rows, self
        )
        self.bar, self.queue = self.deciding.bar, self.deciding.queue
        self._nothing = FlowLabel(tr(_NO_REVIEW))
        self._new = QPushButton(tr("&New review…"))
        self._open = QPushButton(tr("Open &review…"))
        self._clear = QPushButton(tr("Clear the filter"))
        self._pages = QStackedWidget()
        self._lay_out()
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE)
        self._later = QTimer(self, singleShot=True, interval=_EVIDENCE_AFTER)
        self._connect()
        self._refresh()

    @property
    def desk(self) -> ReviewDesk | None:
        """The open review."""
        return self.door.desk

    @property
    def is_filling(self) -> bool:
        """Whether the rows are still being laid out."""
        return self._filling is not None and self._filling.running

    @property
    def title(self) -> str:
        """For the tab: ``Review 12/311``; true counts, whatever the filter shows."""
        desk = self.desk
        if desk is None:
            return tr("Review")
        total = len(desk.lines)
        return tr("Review {done}/{total}").format(done=number(total - desk.waiting), total=number(total))

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what menu and keys do here (names of ``gui.actions``)."""
        choices = {f"actionReview{choice.value.title()}": partial(self.deciding.decide, choice) for choice in Choice}
        return {
            **self.door.commands(),
            **self.packs.commands(),
            **choices,
            "actionReviewSecond": self.deciding.second,
            "actionReviewNext": self.go_to_next,
            "actionUndo": self.deciding.undo,
            "actionRedo": self.deciding.redo,
        }

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        buttons = QHBoxLayout()
        for button in (self._new, self._open, self._clear):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        inside.addStretch(1)
        self._new.setAccessibleName(tr("New review"))
        self._open.setAccessibleName(tr("Open a review"))
        self._pages.addWidget(self.table)
        self._pages.addWidget(scrolling(empty))  # with large text it is higher than its place
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(gap)
        column.addWidget(self._pages, 1)
        column.addWidget(self.bar)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(left)
        self._split.addWidget(self.evidence)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._split.setSizes([880, 460])
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(self.head)
        layout.addWidget(self._split, 1)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.door.opened.connect(self._opened)
        self.door.closing.connect(self.queue.finish)
        self.door.closed.connect(self._closed)
        self.packs.taken.connect(self._regroup)
        self._new.clicked.connect(self.door.new_review)
        self._open.clicked.connect(self.door.open_review)
        self._clear.clicked.connect(self.head.clear_filter)
        self.head.filtered.connect(self._debounce.start)
        self.head.grouped.connect(self._regroup)
        self._debounce.timeout.connect(self._filter)
        self._later.timeout.connect(self._ask_engine)
        self.table.chosen.connect(self.deciding.decide)
        self.table.second_wanted.connect(self.deciding.second)
        self.table.comment_wanted.connect(self.deciding.comment)
        self.table.next_wanted.connect(self.go_to_next)
        self.table.selectionModel().currentRowChanged.connect(lambda _new, _old: self._show_evidence())
        self.deciding.settled.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.deciding.decided.connect(self.go_to_next)
        self.queue.saved.connect(self._saved)
        self.queue.changed.connect(self._tell_pending)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.head.text)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._leave_filter)

    # Deciding

    def go_to_next(self) -> None:
        """Go to the next row that waits for a decision."""
        place = self.model.next_open(self.table.currentIndex().row())
        if place is not None:
            self.table.go_to(place)
        elif self.model.shown:
            self._session.announce(tr("Every line that is shown is decided."))

    def go_to_line(self, line_id: str) -> None:
        """Go to a line, past the filter where that hides it."""
        place = self.model.place_of(line_id)
        if place is None:
            self.head.clear_filter()
            self._filter()
            place = self.model.place_of(line_id)
        if place is not None:
            self.table.go_to(place)

    def decide(self, rows: Sequence[ReviewRow], choice: Choice) -> bool:
        """Decide on rows that somebody chose elsewhere; False where something is asked here first."""
        self.deciding.decide(choice, rows)
        return bool(self.head.reviewer.name) and not self.bar.isVisibleTo(self)

    def _saved(self, change: Change | None) -> None:
        desk = self.desk
        if desk is None or change is None:
            return
        self._tell_rows(frozenset(change.after))
        changed = len(change.after)
        if changed:
            words = {tr(CHOICE_WORDS[decision.choice]) for decision in change.after.values()}
            word = words.pop() if len(words) == 1 else tr("Decided")
            said = ntr("Saved: {decision}, {count} line.", "Saved: {decision}, {count} lines.", changed)
            self._session.announce(said.format(decision=word, count=number(changed)))
        self._refresh()
        if self.evidence.row is not None and set(self.evidence.row.line_ids) & set(change.after):
            self._show_evidence()

    def _tell_pending(self) -> None:
        pending = self.queue.pending
        changed = pending ^ self._shown_pending
        self._shown_pending = pending
        if changed:
            self._tell_rows(changed)

    def _tell_rows(self, line_ids: frozenset[str]) -> None:
        """Let rows say what stands on them; they stay where they are."""
        desk = self.desk
        if desk is None:
            return
        today, pending = _today(), self.queue.pending
        rows = {id(row): row for line_id in line_ids if (row := self._row_of.get(line_id)) is not None}
        for row in rows.values():
            row.tell(desk, today, pending)
        self.model.tell_changed()

    # What is open

    def _opened(self, desk: ReviewDesk) -> None:
        self.table.setColumnHidden(Column.ACCOUNT, len({line.account_id for line in desk.lines}) < 2)
        self._fill()
        self._refresh()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.head.reviewer.name:
            self.message.say(Tone.NOTE, tr("Say who reviews: every decision bears a name."))
            self.head.reviewer_name.setFocus(Qt.FocusReason.OtherFocusReason)
        self.door.say_what_is_odd()

    def _closed(self) -> None:
        self.bar.hide()
        self._row_of = {}
        self.model.clear()
        self.evidence.show_row(None, None, matches=True)
        self._refresh()

    def _fill(self, line_id: str = "") -> None:
        """Lay the rows out anew, in a worker: there may be hundreds of thousands; go to a line, or to the next open."""
        desk, grouping = self.desk, self.head.chosen_grouping
        if desk is None:
            return
        today, pending = _today(), self.queue.pending

        def lay_out(_progress: Progress, cancelled: Cancelled) -> list[ReviewRow]:
            rows = rows_of(desk, grouping)
            for place, row in enumerate(rows):
                if place % _BREATH == 0 and cancelled():  # asking gives way to the window, which takes its time
                    raise WorkCancelled
                row.tell(desk, today, pending)
            return sorted(rows, key=self.model.sort_key)

        self._filling = self._jobs.run(
            tr("Laying out the review"),
            lay_out,
            done=lambda rows: self._take_rows(desk, rows, line_id),
            topic="review rows",
        )

    def _take_rows(self, desk: ReviewDesk, rows: list[ReviewRow], line_id: str) -> None:
        if self.desk is not desk:
            return
        self._row_of = {one: row for row in rows for one in row.line_ids}
        self.model.replace(rows)
        self._tell_rows(self.queue.pending)  # what was decided while the rows were laid out
        self._refresh()
        place = self.model.place_of(line_id) if line_id else self.model.next_open(-1)
        if self.model.shown:
            self.table.go_to(place if place is not None else 0)
        self._show_evidence()

    def _regroup(self) -> None:
        row = self.table.current_row()
        self._fill(row.line_ids[0] if row is not None else "")

    def _filter(self) -> None:
        self._debounce.stop()
        row = self.table.current_row()
        self.model.show_only(ReviewFilter(self.head.chosen_show, self.head.text.text()))
        self.model.refilter()  # what was decided since counts now
        place = self.model.place_of(row.line_ids[0]) if row is not None else None
        if self.model.shown:
            self.table.go_to(place or 0)
        self._refresh()
        self._show_evidence()

    def _leave_filter(self) -> None:
        if self.head.text.text():
            self.head.text.clear()
        else:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # Evidence

    def _show_evidence(self) -> None:
        self.evidence.show_row(self.table.current_row(), self.desk, matches=self.door.matches)
        self._later.start()

    def _ask_engine(self) -> None:
        """Ask what the shown row's principal may do, where the open snapshot is the review's own."""
        row, opened = self.evidence.row, self._session.snapshot
        if row is None or opened is None or not self.door.matches or len({one.holder_arn for one in row.lines}) > 1:
            return
        principal = row.lines[0].holder_arn

        def tell(told: "tuple[Telling, ...]") -> None:
            if self.evidence.row is row:
                self.evidence.tell(told)

        self._jobs.run(
            tr("Asking what the principal may do"),
            lambda _progress, _cancelled: opened.telling(principal),
            done=tell,
            topic="review evidence",
        )

    # Looks

    def _refresh(self) -> None:
        desk = self.desk
        self.head.tell(desk)
        self.head.setEnabled(desk is not None)
        shown = bool(self.model.shown)
        self._pages.setCurrentIndex(0 if shown else 1)
        self._clear.setVisible(desk is not None)
        for button in (self._new, self._open):
            button.setVisible(desk is None)
        if not shown:
            text = tr(_NO_REVIEW)
            if self.is_filling:
                text = tr("The rows are being laid out.")
            elif desk is not None:
                text = tr("None of the {count} rows is let through by the filter.").format(
                    count=number(len(self.model.rows))
                )
            self._nothing.setText(text)
        self.title_changed.emit(self.title)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.repaint(self.palette())


def _today() -> date:
    return datetime.now(UTC).date()
