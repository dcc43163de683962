"""The head of the review panel: who reviews, how far it is, and which rows are shown."""

import getpass
import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from iamdesk.gui.plain_text import ElidedLabel, plain_label, set_tooltip
from iamdesk.gui.review.rows import SHOW_TITLES, Show
from iamdesk.gui.speech import number
from iamdesk.language import mark, ntr, tr
from iamdesk.review.decisions import Choice, Reviewer
from iamdesk.review.desk import ReviewDesk
from iamdesk.review.grouping import Grouping

GROUPING_TITLES: dict[Grouping, str] = {
    Grouping.LINE: mark("Each line"),
    Grouping.PRINCIPAL: mark("By principal"),
    Grouping.ENTITLEMENT: mark("By entitlement"),
    Grouping.EFFECT: mark("By identical effect"),
}
_LONGEST = 500


class ReviewHead(QWidget):
    """Fields above the table."""

    filtered = Signal()
    grouped = Signal()
    reviewer_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reviewer_name = QLineEdit()
        self.own = QLineEdit()
        self.grouping = QComboBox()
        self.show_only = QComboBox()
        self.text = QLineEdit()
        self.progress = QProgressBar()
        self.summary = ElidedLabel()
        unit = self.fontMetrics().averageCharWidth()
        for name, field, title, hint, width in (
            ("reviewerName", self.reviewer_name, tr("Who reviews"), tr("Your name"), 26),
            (
                "reviewerOwn",
                self.own,
                tr("Principals that are the reviewer"),
                tr("Your own ARNs, none is decided by you"),
                44,
            ),
            (
                "reviewFilter",
                self.text,
                tr("Filter the review by words"),
                tr("Filter: a principal, a policy, a comment"),
                0,
            ),
        ):
            field.setObjectName(name)
            field.setAccessibleName(title)
            field.setPlaceholderText(hint)
            field.setMaxLength(_LONGEST)
            if width:
                field.setMaximumWidth(unit * width)
        set_tooltip(self.own, tr("Nobody certifies their own access: lines of these principals are for somebody else."))
        self.text.setClearButtonEnabled(True)
        self.grouping.setObjectName("reviewGrouping")
        self.grouping.setAccessibleName(tr("What makes one row"))
        for grouping, title in GROUPING_TITLES.items():
            self.grouping.addItem(tr(title), grouping)
        self.show_only.setObjectName("reviewShow")
        self.show_only.setAccessibleName(tr("Which rows are shown"))
        for show, title in SHOW_TITLES.items():
            self.show_only.addItem(tr(title), show)
        self.progress.setAccessibleName(tr("How much is decided"))
        self.progress.setTextVisible(False)
        self.progress.setMaximumWidth(unit * 18)
        self.progress.setMaximumHeight(self.fontMetrics().height())
        self._lay_out()
        self.text.textChanged.connect(lambda _text: self.filtered.emit())
        self.show_only.currentIndexChanged.connect(lambda _at: self.filtered.emit())
        self.grouping.currentIndexChanged.connect(lambda _at: self.grouped.emit())
        self.reviewer_name.editingFinished.connect(self.reviewer_changed)
        self.own.editingFinished.connect(self.reviewer_changed)

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(plain_label(tr("&Reviewer"), buddy=self.reviewer_name))
        first.addWidget(self.reviewer_name)
        first.addWidget(plain_label(tr("&is"), buddy=self.own))
        first.addWidget(self.own, 1)
        first.addWidget(self.progress)
        first.addWidget(self.summary, 2)
        second.addWidget(self.grouping)
        second.addWidget(self.show_only)
        second.addWidget(self.text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(first)
        layout.addLayout(second)

    @property
    def reviewer(self) -> Reviewer:
        """Who reviews, as typed, and as the system knows them."""
        own = frozenset(one for one in re.split(r"[\s,;]+", self.own.text()) if one)
        return Reviewer(self.reviewer_name.text().strip(), _account(), own)

    @property
    def chosen_grouping(self) -> Grouping:
        """What makes one row."""
        return Grouping(self.grouping.currentData())

    @property
    def chosen_show(self) -> Show:
        """Which rows are wanted."""
        return Show(self.show_only.currentData())

    def clear_filter(self) -> None:
        """Show every row."""
        self.text.clear()
        self.show_only.setCurrentIndex(0)

    def tell(self, desk: ReviewDesk | None) -> None:
        """Say how far the review is."""
        if desk is None:
            self.progress.setRange(0, 1)
            self.progress.setValue(0)
            self.summary.setText("")
            return
        total = len(desk.lines)
        counts = desk.file.counts()
        waiting = desk.waiting
        run_out = waiting - counts[Choice.UNDECIDED]
        words = {
            Choice.KEEP: tr("{count} kept"),
            Choice.REVOKE: tr("{count} revoked"),
            Choice.MODIFY: tr("{count} modified"),
            Choice.EXCEPT: tr("{count} excepted"),
        }
        parts = [word.format(count=number(counts[choice])) for choice, word in words.items() if counts[choice]]
        if run_out:
            said = ntr("{count} exception has run out", "{count} exceptions have run out", run_out)
            parts.append(said.format(count=number(run_out)))
        told = f": {', '.join(parts)}" if parts else ""
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(total - waiting)
        self.summary.setText(
            tr("{count} of {total} decided, {waiting} remain").format(
                count=number(total - waiting), total=number(total), waiting=number(waiting)
            )
            + told
        )


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such account, as in a container
        return "unknown"
