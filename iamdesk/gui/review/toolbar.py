"""The head of the review panel: reviewer, progress, and which rows are shown."""

import getpass
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QLineEdit, QProgressBar, QStyle, QVBoxLayout, QWidget

from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip, visible
from iamdesk.gui.core.table_memory import TableMemory
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.fields import FINDING_FIELDS, LINE_FIELDS
from iamdesk.gui.review.filters import OF_FINDINGS, OF_LINES, SHOW_TITLES, SINCE_PREVIOUS, RowFilterMode
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows
from iamdesk.i18n import mark, ntr, tr
from iamdesk.review.decisions import ReviewDecision, Reviewer
from iamdesk.review.grouping import Grouping
from iamdesk.review.session import ItemStates, ReviewSession

GROUPING_TITLES: dict[Grouping, str] = {
    Grouping.LINE: mark("Entitlements"),
    Grouping.PRINCIPAL: mark("By principal"),
    Grouping.ENTITLEMENT: mark("By entitlement"),
    Grouping.EFFECT: mark("Identical access"),
    Grouping.PERSON: mark("By person"),
    Grouping.FINDING: mark("Findings"),
    Grouping.CHECK: mark("Findings by check"),
}
REVIEWER_WANTED = mark("Enter the reviewer: every decision is recorded with a name.")
_LONGEST = 500
_OWN_TIP = mark(
    "Reviewers cannot certify their own access: entitlements of these principals must be reviewed by someone else."
)


class ReviewToolbar(QWidget):
    """Fields above the table."""

    filtered = Signal()
    grouped = Signal()
    reviewer_changed = Signal()

    def __init__(
        self, rows: Callable[[], Iterable[DecidedRow]], memory: TableMemory, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._own_problem = ""
        """What is wrong with the reviewer's own principals."""
        self.reviewer_name = QLineEdit()
        self.own = QLineEdit()
        self.grouping = QComboBox()
        self.show_only = QComboBox()
        self.text = FilterLine(
            LINE_FIELDS,
            rows,
            memory,
            name="reviewFilter",
            title=tr("Filter the review"),
            hint=tr("Filter by principal, policy or comment"),
        )
        self.saved = SavedFilters(self.text, memory)
        self.progress = QProgressBar()
        self.summary = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        unit = self.fontMetrics().averageCharWidth()
        for name, field, title, hint, width in (
            ("reviewerName", self.reviewer_name, tr("Reviewer"), tr("Your name"), 26),
            (
                "reviewerOwn",
                self.own,
                tr("My identities"),
                tr("Your own ARNs, which you cannot review"),
                44,
            ),
        ):
            field.setObjectName(name)
            field.setAccessibleName(title)
            field.setPlaceholderText(hint)
            field.setMaxLength(_LONGEST)
            field.setMaximumWidth(unit * width)
        self.show_own_problem("")
        self.grouping.setObjectName("reviewGrouping")
        self.grouping.setAccessibleName(tr("Group rows by"))
        for grouping, title in GROUPING_TITLES.items():
            if grouping is not Grouping.PERSON:
                self.grouping.addItem(tr(title), grouping)
        self.show_only.setObjectName("reviewShow")
        self.show_only.setAccessibleName(tr("Which rows are shown"))
        self._is_follow_up = self._has_people = False
        self._offer_chosen()
        self.progress.setAccessibleName(tr("Progress of the review"))
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(unit * 18)
        self.progress.setMaximumHeight(self.fontMetrics().height())
        self._lay_out()
        self.text.changed.connect(self.filtered)
        self.show_only.currentIndexChanged.connect(lambda _at: self.filtered.emit())
        self.grouping.currentIndexChanged.connect(lambda _at: self._regroup())
        self._asked_for: tuple[MessageBar, str] | None = None
        self.reviewer_name.editingFinished.connect(self._reviewer_entered)
        self.reviewer_name.editingFinished.connect(self.reviewer_changed)
        self.own.editingFinished.connect(self.reviewer_changed)

    def _lay_out(self) -> None:
        """Lay out the fields in a row, or two with large text.

        Progress and summary are shown beside the counts (`CompletionStrip`).
        """
        self.show_only.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.show_only.setMinimumContentsLength(18)
        self.show_only.view().setTextElideMode(Qt.TextElideMode.ElideNone)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        who = (
            (plain_label(tr("Rev&iewer"), buddy=self.reviewer_name), 0),
            (self.reviewer_name, 0),
            (plain_label(tr("&My identities"), buddy=self.own), 0),
            (self.own, 1),
        )
        shown = ((self.grouping, 0), (self.show_only, 0), (self.text, 2))
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutHorizontalSpacing)
        layout.addWidget(OneOrTwoRows(who, shown, gap))

    @property
    def reviewer(self) -> Reviewer:
        """The reviewer, as entered, with the account of the operating system."""
        own = frozenset(one for one in re.split(r"[\s,;]+", self.own.text()) if one)
        return Reviewer(self.reviewer_name.text().strip(), _account(), own)

    def ask_for_reviewer(self, message: MessageBar, sentence: str) -> None:
        """Say in a message that the reviewer is to be entered, until that is done, and focus the field."""
        message.say(Tone.NOTE, sentence)
        self._asked_for = message, message.text
        self.reviewer_name.setFocus(Qt.FocusReason.OtherFocusReason)

    def _reviewer_entered(self) -> None:
        if self._asked_for is not None and self.reviewer.name:
            message, sentence = self._asked_for
            if message.text == sentence:
                message.clear()
            self._asked_for = None

    def show_own_problem(self, sentence: str) -> None:
        """Show what is wrong with the reviewer's own principals; empty: nothing is known to be."""
        self._own_problem, field = sentence, self.own
        tip = sentence or tr(_OWN_TIP)
        set_tooltip(field, tip)
        field.setAccessibleDescription(visible(tip))
        red = QPalette()
        if sentence:
            red.setColor(QPalette.ColorRole.Text, colour(Colour.ERROR, self.palette()))
        field.setPalette(red)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the color of the field."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_own_problem") and self._own_problem:
            self.show_own_problem(self._own_problem)

    @property
    def chosen_grouping(self) -> Grouping:
        """How rows are grouped."""
        return Grouping(self.grouping.currentData())

    @property
    def chosen_show(self) -> RowFilterMode:
        """Which rows are shown."""
        return RowFilterMode(self.show_only.currentData())

    def clear_filter(self) -> None:
        """Show all rows."""
        self.text.clear()
        self.show_only.setCurrentIndex(0)

    def _offer(self, shows: Sequence[RowFilterMode]) -> None:
        """Offer the filters of entitlements or findings; the chosen one stays if it is among them."""
        wanted = self.show_only.currentData()
        before = [self.show_only.itemData(at) for at in range(self.show_only.count())]
        if before == list(shows):
            return
        with QSignalBlocker(self.show_only):
            self.show_only.clear()
            for show in shows:
                self.show_only.addItem(tr(SHOW_TITLES[show]), show)
            self.show_only.setCurrentIndex(max(self.show_only.findData(wanted), 0))

    def set_follow_up(self, is_follow_up: bool) -> None:
        """Offer the filters by changes since a previous review, or not."""
        self._is_follow_up = is_follow_up
        self._offer_chosen()

    def set_people(self, has_people: bool) -> None:
        """Offer rows and filter by person, or not: the review has a list of people, or none."""
        self._has_people = has_people
        place = self.grouping.findData(Grouping.PERSON)
        with QSignalBlocker(self.grouping):
            if has_people and place < 0:
                at = self.grouping.findData(Grouping.EFFECT) + 1
                self.grouping.insertItem(at, tr(GROUPING_TITLES[Grouping.PERSON]), Grouping.PERSON)
            elif not has_people and place >= 0:
                self.grouping.removeItem(place)
        self._offer_chosen()

    def _offer_chosen(self) -> None:
        offered = OF_FINDINGS if self.chosen_grouping.is_of_findings else OF_LINES
        hidden: set[RowFilterMode] = set() if self._is_follow_up else set(SINCE_PREVIOUS)
        if not self._has_people:
            hidden.add(RowFilterMode.PERSON)
        self._offer([one for one in offered if one not in hidden])

    def _regroup(self) -> None:
        self._offer_chosen()
        self.text.set_fields(FINDING_FIELDS if self.chosen_grouping.is_of_findings else LINE_FIELDS)
        self.filtered.emit()
        self.grouped.emit()

    def show_progress(self, review_session: ReviewSession | None) -> None:
        """Show the progress of the review."""
        if review_session is None:
            self.progress.setRange(0, 1)
            self.progress.setValue(0)
            self.summary.setText("")
            return
        file = review_session.file
        parts = [
            _progress(file.item_states, mark("{count} of {total} entitlements decided, {waiting} remain")),
            _progress(file.finding_states, mark("{count} of {total} findings decided, {waiting} remain")),
        ]
        if self.chosen_grouping.is_of_findings:
            parts.reverse()
        total = len(review_session.lines) + len(review_session.findings)
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(total - review_session.waiting - review_session.findings_waiting)
        self.summary.setText("; ".join(parts))


_WORDS = {
    ReviewDecision.KEEP: mark("{count} kept"),
    ReviewDecision.REVOKE: mark("{count} revoked"),
    ReviewDecision.MODIFY: mark("{count} modified"),
    ReviewDecision.FIX: mark("{count} to fix"),
    ReviewDecision.EXCEPT: mark("{count} with an exception"),
}
_SHOWN = (
    ReviewDecision.KEEP,
    ReviewDecision.REVOKE,
    ReviewDecision.MODIFY,
    ReviewDecision.FIX,
    ReviewDecision.FALSE_POSITIVE,
    ReviewDecision.EXCEPT,
)


def _decided(choice: ReviewDecision, count: int) -> str:
    if choice is ReviewDecision.FALSE_POSITIVE:
        words = ntr("{count} false positive", "{count} false positives", count)
    else:
        words = tr(_WORDS[choice])
    return words.format(count=number(count))


def _progress(states: ItemStates, sentence: str) -> str:
    """Return the progress of a review: ``12 of 94 findings decided, 82 remain: 12 to fix``."""
    counts = states.counts()
    total, waiting = len(states.known), states.waiting(datetime.now(UTC).date())
    run_out = waiting - counts[ReviewDecision.UNDECIDED]
    parts = [_decided(choice, counts[choice]) for choice in _SHOWN if counts.get(choice)]
    if run_out:
        words = ntr("{count} exception has expired", "{count} exceptions have expired", run_out)
        parts.append(words.format(count=number(run_out)))
    details = f": {', '.join(parts)}" if parts else ""
    return tr(sentence).format(count=number(total - waiting), total=number(total), waiting=number(waiting)) + details


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such account, as in a container
        return "unknown"
