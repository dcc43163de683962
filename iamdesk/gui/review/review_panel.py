"""The review panel: the table, the evidence beside it, and the keys for decisions."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QStyle, QVBoxLayout, QWidget

from iamdesk.export.text.review import CHOICE_WORDS, finding_choice_word
from iamdesk.export.text.review_effect import exact_words
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.checkpoint_controller import CheckpointController
from iamdesk.gui.review.columns import WHERE_THERE_IS_ANY, Column
from iamdesk.gui.review.completion_strip import CompletionStrip
from iamdesk.gui.review.coordination_controller import CoordinationController
from iamdesk.gui.review.decision_buttons import DecisionButtons
from iamdesk.gui.review.decision_controller import DecisionController
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.evidence import EvidencePane
from iamdesk.gui.review.evidence_controller import EvidenceController
from iamdesk.gui.review.evidence_text import history_lines
from iamdesk.gui.review.filters import ReviewFilter, RowFilterMode
from iamdesk.gui.review.review_controller import ReviewController
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.review.review_status import ReviewStatus, status_of
from iamdesk.gui.review.review_table import ReviewTable
from iamdesk.gui.review.row_builder import RowBuilder
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.gui.review.toolbar import REVIEWER_WANTED, ReviewToolbar
from iamdesk.gui.widgets.full_height_list import scrolling
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, mark, ntr, tr
from iamdesk.review.decisions import DecisionError, ReviewDecision, same_person
from iamdesk.review.grouping import Grouping
from iamdesk.review.item_effect import ExactEffect, effect_of
from iamdesk.review.people import PEOPLE
from iamdesk.review.session import Change, ReviewSession

if TYPE_CHECKING:
    from iamdesk.api import KeyPermission

_STATUS_AFTER = 200
"""Milliseconds after a decision before the status of the review is read."""
_EVIDENCE_AFTER = 150
"""Milliseconds that a row is current before its critical actions are evaluated."""
_NO_REVIEW = mark(
    "No review is open. A review records every principal and entitlement of the snapshot, with "
    "effective permissions. You then keep, revoke or modify each entitlement, or make an "
    "exception, each with a single key. Every decision is saved at once."
)


class ReviewPanel(QWidget):
    """Decisions on review items. A decision that is shown is on disk; one that is being saved is marked."""

    title_changed = Signal(str)

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self.model = ReviewModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self.head = ReviewToolbar(lambda: self.model.rows, session.table_memory)
        self.table = ReviewTable(self.model)
        self.table.connect_filter(self.head.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self.evidence = EvidencePane(session)
        self.buttons = DecisionButtons()
        self.controller = ReviewController(self, session, jobs, prompts or FileDialogs(), self.message)
        self.packages = EvidenceController(
            self, session, jobs, prompts or FileDialogs(), self.message, self.controller, lambda: self.head.reviewer
        )
        self.coordination = CoordinationController(
            self,
            session,
            jobs,
            prompts or FileDialogs(),
            self.message,
            self.controller,
            lambda: self.head.reviewer,
            lambda: (self.packages.signing_key, self.packages.allowed_signers),
            self.table.selected_rows,
        )
        self.checkpoints = CheckpointController(jobs, self.message, session.announce, lambda: self.head.reviewer, self)
        self.controller.close_later = self.checkpoints.close
        self.strip = CompletionStrip(
            self.head.progress,
            self.head.summary,
            self.packages.export,
            self.packages.sign_last,
            self.packages.verify_last,
            self._show_checkpoints,
        )
        self.status = ReviewStatus()
        self._warned_of = ""
        self._own_sentence = ""
        """What the message said of the reviewer's own principals."""
        self._shown_id = ""
        """The review that was shown last."""
        self._exact: dict[str, str] = {}
        """By an item's digest, what the exact comparison says of it."""
        self.deciding = DecisionController(
            session, jobs, self.head, self.message, lambda: self.review_session, self.table.selected_rows, self
        )
        self.bar, self.queue = self.deciding.bar, self.deciding.queue
        self.rows = RowBuilder(jobs, self.model, lambda: self.review_session, lambda: self.queue.pending, self)
        self._nothing = FlowLabel(tr(_NO_REVIEW))
        self._new = QPushButton(tr("&New review…"))
        self._open = QPushButton(tr("&Open review…"))
        self._follow_up = QPushButton(tr("Follow-&up review…"))
        self._clear = QPushButton(tr("Clear the filter"))
        self._pages = QStackedWidget()
        self._lay_out()
        self._debounce = QTimer(self, singleShot=True, interval=0)
        self._status_timer = QTimer(self, singleShot=True, interval=_STATUS_AFTER)
        self._later = QTimer(self, singleShot=True, interval=_EVIDENCE_AFTER)
        self._connect()
        self._refresh()

    @property
    def review_session(self) -> ReviewSession | None:
        """The open review."""
        return self.controller.review_session

    @property
    def is_filling(self) -> bool:
        """Whether the rows are being created."""
        return self.rows.is_filling

    @property
    def title(self) -> str:
        """For the tab: ``Review 12/311``, entitlements and findings; true counts, regardless of the filter."""
        review_session = self.review_session
        if review_session is None:
            return tr("Review")
        total = len(review_session.lines) + len(review_session.findings)
        done = total - review_session.waiting - review_session.findings_waiting
        return tr("Review {done}/{total}").format(done=number(done), total=number(total))

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        choices = {
            f"actionReview{choice.value.title()}": partial(self.deciding.decide, choice) for choice in ReviewDecision
        }
        return {
            **self.controller.commands(),
            **self.packages.commands(),
            **self.coordination.commands(),
            "actionCheckpoints": self._show_checkpoints,
            **choices,
            "actionReviewSecond": self.deciding.second,
            "actionReviewSuggestion": self.deciding.take_suggestion,
            "actionReviewTicket": self.deciding.ticket,
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
        for button in (self._new, self._open, self._follow_up, self._clear):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inside.addLayout(buttons)
        inside.addStretch(1)
        self._new.setAccessibleName(tr("New review"))
        self._open.setAccessibleName(tr("Open a review"))
        self._follow_up.setObjectName("emptyFollowUp")
        self._follow_up.setAccessibleName(tr("Follow-up review"))
        self._pages.addWidget(self.table)
        self._pages.addWidget(scrolling(empty))  # with large text, it is higher than its place
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(gap)
        column.addWidget(self._pages, 1)
        column.addWidget(self.bar)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(left)
        card = QWidget()
        right = QVBoxLayout(card)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(gap)
        right.addWidget(self.buttons)
        right.addWidget(self.evidence, 1)
        self._split.addWidget(card)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._split.setSizes([880, 460])
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(self.head)
        layout.addWidget(self.head.saved)
        layout.addWidget(self.strip)
        layout.addWidget(self._split, 1)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.controller.opened.connect(lambda _desk: self._opened())
        self.controller.closing.connect(self.queue.finish)
        self.controller.closed.connect(self._closed)
        self.controller.making.connect(self._refresh)
        self.packages.taken.connect(self.reread)
        self.coordination.changed.connect(self.reread)
        self.checkpoints.changed.connect(self._status_timer.start)
        self._new.clicked.connect(self.controller.new_review)
        self._open.clicked.connect(self.controller.open_review)
        self._follow_up.clicked.connect(self.controller.next_review)
        self._clear.clicked.connect(self.head.clear_filter)
        self.head.filtered.connect(self._debounce.start)
        self.head.grouped.connect(self._regroup)
        self._debounce.timeout.connect(self._filter)
        self._later.timeout.connect(self._ask_engine)
        self._status_timer.timeout.connect(self._read_status)
        self.packages.changed.connect(self._status_timer.start)
        self.strip.wanted.connect(self._show_items)
        self.table.chosen.connect(self.deciding.decide)
        self.table.text_begun.connect(self.deciding.take_text)
        self.table.typing_goes_to = self.bar.take_typing
        self.buttons.chosen.connect(self.deciding.decide)
        self.table.second_wanted.connect(self.deciding.second)
        self.evidence.second_wanted.connect(self.deciding.second)
        self.table.suggestion_wanted.connect(self.deciding.take_suggestion)
        self.table.ticket_wanted.connect(self.deciding.ticket)
        self.table.comment_wanted.connect(self.deciding.comment)
        self.table.next_wanted.connect(self.go_to_next)
        self.table.selectionModel().currentRowChanged.connect(lambda _new, _old: self._row_changed())
        self.head.reviewer_changed.connect(self._check_reviewer)
        self.head.own.editingFinished.connect(self._check_own)
        for field in (self.head.reviewer_name, self.head.own):
            field.returnPressed.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.deciding.settled.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.deciding.decided.connect(self.go_to_next)
        self.queue.saved.connect(self._saved)
        self.queue.changed.connect(self.rows.show_pending)
        self.rows.laid_out.connect(self._laid_out)
        for leaves in (self.head.text.down, self.head.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))

    # Deciding

    def go_to_next(self) -> None:
        """Make the next undecided row current."""
        place = self.model.next_open(self.table.currentIndex().row())
        if place is not None:
            self.table.go_to(place)
        elif self.model.shown:
            self._session.announce(tr("All rows shown are decided."))

    def go_to_line(self, line_id: str) -> None:
        """Make an entitlement current; clears the filter, or leaves the findings, if they hide it."""
        if self.head.chosen_grouping.is_of_findings:
            with QSignalBlocker(self.head.grouping):
                self.head.grouping.setCurrentIndex(self.head.grouping.findData(Grouping.LINE))
            self.head.clear_filter()
            self.rows.fill(Grouping.LINE, line_id)
            return
        place = self.model.place_of(line_id)
        if place is None:
            self.head.clear_filter()
            self._filter()
            place = self.model.place_of(line_id)
        if place is not None:
            self.table.go_to(place)

    def decide(self, rows: Sequence[DecidedRow], choice: ReviewDecision) -> bool:
        """Decide on rows chosen elsewhere; return False if this panel asks for something first."""
        self.deciding.decide(choice, rows)
        return bool(self.head.reviewer.name) and not self.bar.isVisibleTo(self)

    def _saved(self, change: Change | None) -> None:
        review_session = self.review_session
        if review_session is None or change is None:
            return
        self.rows.update_decisions(frozenset(change.after))
        if any(one.ticket for one in change.after.values()) and self.table.isColumnHidden(Column.TICKET):
            self._show_columns()
        changed = len(change.after)
        if changed:
            on_findings = review_session.file.finding_states.known.keys() & change.after.keys()
            word_of = finding_choice_word if on_findings else CHOICE_WORDS.__getitem__
            words = {tr(word_of(decision.choice)) for decision in change.after.values()}
            word = words.pop() if len(words) == 1 else tr("Decided")
            if all(one.second and one.second != change.before[key].second for key, one in change.after.items()):
                word = tr("Second approval")
            if on_findings:
                template = ntr("Saved: {decision}, {count} finding.", "Saved: {decision}, {count} findings.", changed)
            else:
                template = ntr(
                    "Saved: {decision}, {count} entitlement.", "Saved: {decision}, {count} entitlements.", changed
                )
            self._session.announce(template.format(decision=word, count=number(changed)))
        self._refresh()
        self._status_timer.start()
        self.checkpoints.sign_if_due(review_session)
        if self.evidence.row is not None and set(self.evidence.row.subject_ids) & set(change.after):
            self._show_evidence()

    # What is open

    def _show_checkpoints(self) -> None:
        self.coordination.checkpoints(self.checkpoints)

    def _opened(self) -> None:
        self.packages.last_package, self.packages.is_verified = None, False
        self._read_status()
        before, self._shown_id = self._shown_id, self.review_session.head.review_id if self.review_session else ""
        if before not in ("", self._shown_id):
            self.head.clear_filter()  # that of the review before would hide rows of this one
        self.head.set_people(self.review_session is not None and PEOPLE in self.review_session.head.details)
        self.rows.fill(self.head.chosen_grouping)
        self._refresh()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.head.reviewer.name:
            self.head.ask_for_reviewer(self.message, tr(REVIEWER_WANTED))
        self._check_own()
        self.controller.report_mismatch()

    def _closed(self) -> None:
        self.bar.hide()
        self.rows.clear()
        self.evidence.show_row(None, None, matches=True)
        self.buttons.show_row(None)
        self.status = ReviewStatus()
        self.strip.show_status(None, _today())
        self._refresh()

    def reread(self) -> None:
        """Show the review again: something else than the keys changed decisions or their status."""
        self._regroup()
        self._read_status()

    def _read_status(self) -> None:
        review_session = self.review_session
        self._status_timer.stop()
        if review_session is None:
            return
        today, package, checkpoints = _today(), self.packages.last_package, self.checkpoints.folder
        self._jobs.run(
            tr("Counting what is open"),
            lambda _progress, _cancelled: status_of(review_session, today, package, checkpoints),
            done=lambda status: self._take_status(review_session, status),
            failed=lambda error: self._status_failed(review_session, error),
            topic="review status",
        )

    def _take_status(self, review_session: ReviewSession, status: ReviewStatus) -> None:
        if self.review_session is not review_session:
            return
        self.status = status
        self.packages.last_package = status.package.path or self.packages.last_package
        self.packages.to_sign = status.package.to_sign
        self._check_reviewer()
        if self.evidence.set_returned(status.returned):
            self._show_evidence()
        if self.rows.set_outcomes(status.removals, status.tickets):
            self._show_columns()
        self.strip.is_verified = self.packages.is_verified
        self.strip.checkpoints_are_on = self.checkpoints.choices.are_on
        self.strip.show_status(status, _today())

    def _check_reviewer(self) -> None:
        """Say, once for each part, that whoever is entered may not decide in it."""
        name, deciders = self.head.reviewer.name, self.status.deciders
        if not name or not deciders or any(same_person(name, one) for one in deciders):
            self._warned_of = ""
        elif self._warned_of != name and not self.message.text:  # what is said stays, such as that it was handed back
            self._warned_of = name
            self.message.say(
                Tone.WARNING,
                tr(
                    "This part is for {names}. Decisions of {name} are rejected when it is merged: the reviewer can "
                    "delegate it."
                ).format(names=", ".join(deciders), name=name),
            )

    def _check_own(self) -> None:
        """Say if one of the reviewer's own principals is not in the review: then it protects nothing."""
        review_session, own = self.review_session, self.head.reviewer.holder_arns
        if review_session is None or not own:
            self._take_own_problem(None)
            return
        self._jobs.run(
            tr("Looking for your identities"),
            lambda _progress, _cancelled: _own_problem(review_session, own),
            done=lambda found: self._take_own_problem(found) if self.head.reviewer.holder_arns == own else None,
            topic="review own",
            owner=self,
        )

    def _take_own_problem(self, found: DecisionError | None) -> None:
        sentence = tr("My identities: {problem}.").format(problem=error_words(found)) if found is not None else ""
        if self._own_sentence and self.message.text == self._own_sentence:
            self.message.clear()
        self._own_sentence = sentence
        self.head.show_own_problem(sentence)
        if sentence:
            self.message.say(Tone.WARNING, sentence)

    def _status_failed(self, review_session: ReviewSession, error: Exception) -> None:
        if self.review_session is review_session:  # else it was closed meanwhile
            raise error

    def _show_items(self, mode: RowFilterMode, items: frozenset[str]) -> None:
        """Show the rows of a count: of entitlements or findings as now, of the others if these have none."""
        review_session = self.review_session
        if review_session is None:
            return
        of_findings = self.head.chosen_grouping.is_of_findings
        known = review_session.file.finding_states.known if of_findings else review_session.file.item_states.known
        if items.isdisjoint(known):
            other = Grouping.LINE if of_findings else Grouping.FINDING
            self.head.grouping.setCurrentIndex(self.head.grouping.findData(other))
        self.head.text.clear()
        self.head.show_only.setCurrentIndex(self.head.show_only.findData(mode))
        self._filter()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _laid_out(self, go_to: str) -> None:
        self._show_columns()
        self._refresh()
        place = self.model.place_of(go_to) if go_to else None
        if place is None:
            place = self.model.next_open(-1)
        if self.model.shown:
            self.table.go_to(place if place is not None else 0)
        self._show_evidence()

    def _show_columns(self) -> None:
        review_session = self.review_session
        if review_session is not None:
            accounts = {line.account_id for line in review_session.lines} | {
                str(one["account_id"]) for one in review_session.findings
            }
            without = {Column.ACCOUNT} if len(accounts) < 2 else set[Column]()
            for column in WHERE_THERE_IS_ANY:
                if not any(row.texts[column] for row in self.model.rows):
                    without.add(column)
            self.head.set_follow_up(Column.WHY_ASKED not in without)
            self.table.show_columns(of_findings=self.head.chosen_grouping.is_of_findings, without=without)

    def _regroup(self) -> None:
        row = self.table.current_row()
        self.rows.fill(self.head.chosen_grouping, row.subject_ids[0] if row is not None else "")
        if self.head.chosen_grouping.is_of_findings:
            self._session.announce(tr("Findings: 1 accept the risk, 2 fix, 3 false positive."))

    def _filter(self) -> None:
        self._debounce.stop()
        row = self.table.current_row()
        show = self.head.chosen_show
        items = self.status.items(show, self.head.reviewer.name)
        chosen = ReviewFilter(show, self.head.text.filter, items)
        # Changed: what was decided meanwhile is shown, too.
        self.model.show_only(chosen, lambda: self._filtered(row), changed=True)

    def _filtered(self, row: DecidedRow | None) -> None:
        place = self.model.place_of(row.subject_ids[0]) if row is not None else None
        if self.model.shown:
            self.table.go_to(place or 0)
        self._refresh()
        self._show_evidence()

    # Evidence

    def _row_changed(self) -> None:
        self.deciding.row_changed(self.table.current_row())
        self._show_evidence()

    def _show_evidence(self) -> None:
        self.buttons.show_row(self.table.current_row())
        self.evidence.show_row(self.table.current_row(), self.review_session, matches=self.controller.matches)
        self._later.start()

    def _ask_engine(self) -> None:
        """Evaluate critical actions of the row's principal, if the open snapshot is the review's."""
        row, opened = self.evidence.row, self._session.snapshot
        self._read_history(row)
        if not isinstance(row, EntitlementRow) or opened is None or not self.controller.matches:
            return
        if len({one.holder_arn for one in row.lines}) > 1:
            return
        principal = row.lines[0].holder_arn

        def show(permissions: "tuple[KeyPermission, ...]") -> None:
            if self.evidence.row is row:
                self.evidence.set_details(permissions)

        self._jobs.run(
            tr("Evaluating critical actions"),
            lambda _progress, _cancelled: opened.key_permissions(principal),
            done=show,
            topic="review evidence",
        )
        if len(row.lines) == 1:
            self._compare_exactly(row)

    def _read_history(self, row: DecidedRow | None) -> None:
        """Read all decisions on the item of a row; nothing for a row of several."""
        review_session = self.review_session
        if review_session is None or row is None or len(row.subject_ids) > 1:
            return

        def show(lines: tuple[str, ...]) -> None:
            if self.evidence.row is row:
                self.evidence.set_history(lines)

        self._jobs.run(
            tr("Reading the decisions on the item"),
            lambda _progress, _cancelled: history_lines(review_session, row),
            done=show,
            failed=lambda error: self._status_failed(review_session, error),
            topic="item history",
        )

    def _compare_exactly(self, row: EntitlementRow) -> None:
        """Work out the exact numbers of one entitlement: those in the item are shown by requests."""
        whole, line = self._session.whole, row.lines[0]
        if whole is None or not effect_of(line):
            return
        known = self._exact.get(line.sha256)
        if known is not None:
            self.evidence.set_exact(known)
            return

        def show(exact: ExactEffect | None) -> None:
            words = "" if exact is None else exact_words(exact, line)
            self._exact[line.sha256] = words
            if self.evidence.row is row:
                self.evidence.set_exact(words)

        self.evidence.set_exact(
            tr(
                "These counts come from single requests. Comparing the whole snapshot with a copy without the "
                "entitlement…"
            )
        )
        self._jobs.run(
            tr("Comparing with a copy"),
            lambda _progress, cancelled: whole.exact_effect(line, cancelled),
            done=show,
            topic="exact effect",
        )

    # Appearance

    def _refresh(self) -> None:
        review_session = self.review_session
        self.head.show_progress(review_session)
        self.head.setEnabled(review_session is not None)
        shown = bool(self.model.shown)
        self._pages.setCurrentIndex(0 if shown else 1)
        self._clear.setVisible(review_session is not None)
        for button in (self._new, self._open, self._follow_up):
            button.setVisible(review_session is None and not self.controller.is_making)
        if not shown:
            text = tr("The review is being made.") if self.controller.is_making else tr(_NO_REVIEW)
            if self.is_filling:
                text = tr("Preparing the rows.")
            elif review_session is not None:
                text = tr("None of the {count} rows matches the filter.").format(count=number(len(self.model.rows)))
            self._nothing.setText(text)
        self.title_changed.emit(self.title)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.repaint(self.palette())


def _today() -> date:
    return datetime.now(UTC).date()


def _own_problem(review_session: ReviewSession, own: Collection[str]) -> DecisionError | None:
    """Return why one of a reviewer's own principals protects nothing; None if all do."""
    try:
        review_session.own.check(sorted(own))
    except DecisionError as error:
        return error
    return None
