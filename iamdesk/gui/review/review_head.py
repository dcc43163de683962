"""The head of the review panel: who reviews, how far it is, and which rows are shown."""

import getpass
import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from iamdesk.gui.plain_text import ElidedLabel, plain_label, set_tooltip
from iamdesk.gui.review.rows import SHOW_TITLES, Show
from iamdesk.review.decisions import Choice, Reviewer
from iamdesk.review.desk import ReviewDesk
from iamdesk.review.grouping import Grouping

GROUPING_TITLES: dict[Grouping, str] = {
    Grouping.LINE: "Each line",
    Grouping.PRINCIPAL: "By principal",
    Grouping.ENTITLEMENT: "By entitlement",
    Grouping.EFFECT: "By identical effect",
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
            ("reviewerName", self.reviewer_name, "Who reviews", "Your name", 26),
            ("reviewerOwn", self.own, "Principals that are the reviewer", "Your own ARNs, none is decided by you", 44),
            ("reviewFilter", self.text, "Filter the review by words", "Filter: a principal, a policy, a comment", 0),
        ):
            field.setObjectName(name)
            field.setAccessibleName(title)
            field.setPlaceholderText(hint)
            field.setMaxLength(_LONGEST)
            if width:
                field.setMaximumWidth(unit * width)
        set_tooltip(self.own, "Nobody certifies their own access: lines of these principals are for somebody else.")
        self.text.setClearButtonEnabled(True)
        self.grouping.setObjectName("reviewGrouping")
        self.grouping.setAccessibleName("What makes one row")
        for grouping, title in GROUPING_TITLES.items():
            self.grouping.addItem(title, grouping)
        self.show_only.setObjectName("reviewShow")
        self.show_only.setAccessibleName("Which rows are shown")
        for show, title in SHOW_TITLES.items():
            self.show_only.addItem(title, show)
        self.progress.setAccessibleName("How much is decided")
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
        first.addWidget(plain_label("&Reviewer", buddy=self.reviewer_name))
        first.addWidget(self.reviewer_name)
        first.addWidget(plain_label("&is", buddy=self.own))
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
        words = {Choice.KEEP: "kept", Choice.REVOKE: "revoked", Choice.MODIFY: "modified", Choice.EXCEPT: "excepted"}
        parts = [f"{counts[choice]:,} {word}" for choice, word in words.items() if counts[choice]]
        if run_out:
            parts.append(f"{run_out:,} {'exception has' if run_out == 1 else 'exceptions have'} run out")
        told = f": {', '.join(parts)}" if parts else ""
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(total - waiting)
        self.summary.setText(f"{total - waiting:,} of {total:,} decided, {waiting:,} remain{told}")


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such account, as in a container
        return "unknown"
