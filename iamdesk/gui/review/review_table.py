"""The review table: one key for each decision."""

from collections.abc import Callable, Collection
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from iamdesk.gui.core.plain_text import menu_text
from iamdesk.gui.review.choices import CHOICE_KEYS, choices_for
from iamdesk.gui.review.columns import OF_LINES_ALONE, WHERE_THERE_IS_ANY, Column
from iamdesk.gui.review.decision_row import DecidedRow
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.gui.review.review_model import ReviewModel
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.i18n import tr

_SECOND = Qt.Key.Key_5
_SUGGESTION = Qt.Key.Key_6
_TICKET = Qt.Key.Key_7
_NEXT = Qt.Key.Key_8
_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
"""With one of them a letter is a command, not text."""
_WIDEST: dict[int, str] = {
    Column.DECISION: "mm Exception until 2",
    Column.WHO: "group EngineeringLeads",
    Column.WHAT: "AmazonAthenaFullAccess  managed",
    Column.TIER: "Tier m",
    Column.SUGGESTION: "Needs judgment",
    Column.LOSES: "22,319 m",
    Column.GAINS: "22,319 m",
    Column.REVOKING: "GUARDRAIL: widens 12",
    Column.WHY_ASKED: "It is new since the previous",
    Column.REMOVAL: "Removed 2026-10-27 m",
    Column.TICKET: "OPS-1234 · In progress",
    Column.ADMINISTRATION: "Possibly in 1 step m",
    Column.EFFECT: "22,319 actions",
    Column.LAST_USED: "2026-10-27 m",
    Column.FINDINGS: "12, critical",
    Column.ACCOUNT: "000000000000",
}

_WIDEST_OF_FINDINGS: dict[int, str] = {
    Column.LAST_USED: "CMP-13 m",
    Column.FINDINGS: "medium, cannot tell",
    Column.COMMENT: "rebuilt in spring",
}
"""For findings, the sentence takes the remaining width, not the comment."""


class ReviewTable(RowsTable[DecidedRow]):
    """The table with its keys.

    1 keep, 2 revoke, 3 modify, 4 exception, 0 undecided, 5 second approval, 6 suggestion, 7 ticket, 8 next, Enter
    comment. The same keys decide on findings (`choices.ON_FINDINGS`). Every command is a digit: letters are text that
    the reviewer types, whether or not something is asked.
    """

    chosen = Signal(object)
    """`ReviewDecision` for the selected rows."""
    second_wanted = Signal()
    comment_wanted = Signal()
    next_wanted = Signal()
    suggestion_wanted = Signal()
    ticket_wanted = Signal()
    text_begun = Signal()
    """A letter was typed: something that takes text must ask now, if nothing does; `typing_goes_to` then gets it."""

    def __init__(self, model: ReviewModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model,
            name="reviewTable",
            title=tr("Review"),
            widest=_WIDEST,
            stretched=Column.COMMENT,
            names=Column.WHO,
            parent=parent,
        )
        self.setAccessibleDescription(
            tr(
                "Keys: 1 keep, 2 revoke, 3 modify, 4 exception, 0 undecided, 5 second approval, 6 take the "
                "suggestion, 7 ticket, 8 next undecided, Enter comment; on findings: 1 or 4 accept the risk, 2 fix, 3 "
                "false positive"
            )
        )
        self.typing_goes_to: Callable[[QKeyEvent], bool] | None = None
        """Takes what is typed while something is asked, so that letters of a reason do not decide; returns whether."""
        self.activated.connect(lambda _index: self.comment_wanted.emit())

    def add_actions_for(self, menu: QMenu, row: DecidedRow) -> None:
        """Add the decisions on the selected rows, with their keys."""
        for key, choice, word in choices_for(row):
            menu.addAction(f"{menu_text(tr(word))}\t{key}", partial(self.chosen.emit, choice))
        menu.addSeparator()
        for words, keys, wanted in (
            (tr("Comment…"), tr("Enter"), self.comment_wanted),
            (tr("Second approval"), "5", self.second_wanted),
            *(() if isinstance(row, FindingRow) else ((tr("Take suggestion"), "6", self.suggestion_wanted),)),
            (tr("Ticket number…"), "7", self.ticket_wanted),
        ):
            menu.addAction(f"{menu_text(words)}\t{keys}", wanted.emit)

    def show_columns(self, *, of_findings: bool, without: Collection[Column]) -> None:
        """Show the columns of entitlements or of findings, except those ``without`` content."""
        for column in (Column.ACCOUNT, *WHERE_THERE_IS_ANY, *OF_LINES_ALONE):
            self.setColumnHidden(column, column in without or (of_findings and column in OF_LINES_ALONE))
        header = self.horizontalHeader()
        wide, narrow = (Column.WHAT, Column.COMMENT) if of_findings else (Column.COMMENT, Column.WHAT)
        if header.sectionResizeMode(wide) is not QHeaderView.ResizeMode.Stretch:
            header.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(narrow, QHeaderView.ResizeMode.Interactive)
            widest = {**_WIDEST, **(_WIDEST_OF_FINDINGS if of_findings else {})}
            for column in (narrow, Column.LAST_USED, Column.FINDINGS):
                self.fit_column(column, widest[column])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Handle the decision keys; the table handles the rest."""
        if is_text(event):
            self.text_begun.emit()
        if self.typing_goes_to is not None and self.typing_goes_to(event):
            return
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        key = Qt.Key(event.key())
        if plain and key in CHOICE_KEYS:
            self.chosen.emit(CHOICE_KEYS[key])
        elif plain and key == _SECOND:
            self.second_wanted.emit()
        elif plain and key == _SUGGESTION:
            self.suggestion_wanted.emit()
        elif plain and key == _TICKET:
            self.ticket_wanted.emit()
        elif plain and key == _NEXT:
            self.next_wanted.emit()
        else:
            super().keyPressEvent(event)


def is_text(event: QKeyEvent) -> bool:
    """Return whether a key begins a text: a printed character that is neither a digit nor a space."""
    typed = event.text()
    is_written = bool(typed.strip()) and typed.isprintable() and not typed.isdigit()
    return is_written and not event.modifiers() & _MODIFIERS
