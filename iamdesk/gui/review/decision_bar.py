"""Asks for the details of a decision: a reason, and for an exception an owner, a last day and what limits its risk.

A row, not a dialog.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import PlainLabel, plain_label, set_tooltip, visible
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.review.modify_effect import change_text
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr
from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision
from iamdesk.whatif.edits import Edit

_USUAL_DAYS = 90
_DIALOG_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class DecisionBar(QWidget):
    """Return saves, Esc cancels. Hidden unless something is asked."""

    given = Signal(object)
    """`ItemDecision`."""
    ticket_given = Signal(str)
    """The number of a ticket; empty: there is none any more."""
    edits_taken = Signal(object)
    """Changes of the window *What if* (tuple of `Edit`) that were entered as text."""
    what_if_wanted = Signal()
    given_up = Signal()
    wrong = Signal(str)
    """What is missing, as a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("decisionBar")
        self._choice = ReviewDecision.UNDECIDED
        self._asks_ticket = False
        self._prompt = "{what}"
        self._edits: Callable[[], Sequence[Edit]] = tuple
        self._label: PlainLabel = plain_label()
        self.reason = QLineEdit()
        self.owner = QLineEdit()
        self.expiry = QLineEdit()
        self.compensating = QLineEdit()
        self.edits_button = QPushButton()
        self.edits_button.setObjectName("decisionEdits")
        self.effect = FlowLabel()
        self.effect.setObjectName("modifyEffect")
        self._name_edits_button()
        self.edits_button.clicked.connect(self._take_edits)
        self.save_button = QPushButton(tr("Save"))
        self.cancel_button = QPushButton(tr("Cancel"))
        for name, field, title, hint in (
            ("decisionReason", self.reason, tr("Reason or comment"), tr("Reason")),
            (
                "decisionCompensating",
                self.compensating,
                tr("What limits the risk of the exception until its last day"),
                tr("Compensating control"),
            ),
            ("decisionOwner", self.owner, tr("Owner of the exception"), tr("Owner")),
            ("decisionExpiry", self.expiry, tr("Last day of the exception"), tr("YYYY-MM-DD")),
        ):
            field.setObjectName(name)
            field.setAccessibleName(title)
            field.setPlaceholderText(hint)
            field.returnPressed.connect(self._save)
            field.installEventFilter(self)
        self.owner.setMaximumWidth(self.fontMetrics().averageCharWidth() * 28)
        self.expiry.setMaximumWidth(self.fontMetrics().averageCharWidth() * 16)
        self.save_button.clicked.connect(self._save)
        self.cancel_button.clicked.connect(self.cancel_input)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        layout = QHBoxLayout()
        column.addLayout(layout)
        column.addWidget(self.effect)
        for widget in (
            self._label,
            self.reason,
            self.owner,
            self.expiry,
            self.compensating,
            self.edits_button,
            self.save_button,
            self.cancel_button,
        ):
            layout.addWidget(widget, 1 if widget in (self.reason, self.compensating) else 0)
        self.hide()

    def take_typing(self, event: QKeyEvent) -> bool:
        """Take a key that was pressed elsewhere while this row asks: text, Return and Esc; return whether it did."""
        is_typed = Qt.Key(event.key()) in _DIALOG_KEYS or (event.text() and event.text().isprintable())
        if not self.isVisible() or not is_typed:
            return False
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reason.deselect()
        self.reason.end(False)
        QApplication.sendEvent(self.reason, event)
        return True

    def ask(
        self,
        choice: ReviewDecision,
        word: str,
        what: str,
        current: ItemDecision,
        today: date,
        *,
        change: str = "",
        edits: Callable[[], Sequence[Edit]] | None = None,
    ) -> None:
        """Ask for the details of a decision.

        Args:
            choice: The decision.
            word: The decision in one word.
            what: Its target: ``12 entitlements``.
            current: The decision up to now.
            today: Exceptions end after it.
            change: Of *modify*, the change that is suggested.
            edits: Of *modify*, returns the changes of the window *What if*, which can be taken over; None: not offered.
        """
        self._choice, self._asks_ticket = choice, False
        is_exception, is_change = choice is ReviewDecision.EXCEPT, choice is ReviewDecision.MODIFY
        offers_edits = is_change and edits is not None
        self._edits = edits or tuple
        self._prompt = tr("Comment on {what}") if choice is ReviewDecision.UNDECIDED else f"{tr(word)}: {{what}}"
        self.name_target(what)
        hint = tr("What to change, such as: only read from the payroll bucket") if is_change else tr("Reason")
        self.reason.setPlaceholderText(hint)
        self.reason.setAccessibleName(tr("What to change") if is_change else tr("Reason or comment"))
        self.reason.setText(current.comment or change)
        self.edits_button.setVisible(offers_edits)
        self._name_edits_button()
        self.show_effect(())
        self.compensating.setText(current.compensating)
        self.owner.setText(current.owner)
        usual = current.expiry if current.expiry and current.expiry >= today else today + timedelta(_USUAL_DAYS)
        self.expiry.setText(usual.isoformat())
        self.compensating.setVisible(is_exception)
        self.owner.setVisible(is_exception)
        self.expiry.setVisible(is_exception)
        self.show()
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reason.selectAll()

    def ask_ticket(self, what: str, current: str) -> None:
        """Ask for the number of a ticket; ``what`` is its target, ``current`` the number up to now."""
        self._asks_ticket = True
        self._prompt = tr("Ticket of {what}:")
        self.name_target(what)
        self.reason.setPlaceholderText(tr("Number in the ticket system, such as OPS-1234; empty: none"))
        self.reason.setAccessibleName(tr("Number of the ticket"))
        self.reason.setText(current)
        for widget in (self.edits_button, self.compensating, self.owner, self.expiry, self.effect):
            widget.hide()
        self.show()
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        self.reason.selectAll()

    def name_target(self, what: str) -> None:
        """Show what is decided on."""
        self._label.setText(self._prompt.format(what=what))

    def show_effect(self, lines: Sequence[str]) -> None:
        """Show what the change does, or why that is not known; nothing without lines."""
        self.effect.setText("\n".join(lines))
        self.effect.setVisible(bool(lines))

    def _name_edits_button(self) -> None:
        has_edits = bool(self._edits())
        self.edits_button.setText(tr("Take from &What if") if has_edits else tr("&What if…"))
        set_tooltip(
            self.edits_button,
            tr("Enter the changes that the window What if has in its list, and show their effect.")
            if has_edits
            else tr("Try the change in the window What if; then take it from there."),
        )

    def _take_edits(self) -> None:
        edits = tuple(self._edits())
        if not edits:
            self.what_if_wanted.emit()
            return
        self.reason.setText(visible(change_text(edits)))
        self.reason.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edits_taken.emit(edits)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what the window What if has now, when this window becomes active again."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange:
            self._name_edits_button()

    def cancel_input(self) -> None:
        """Cancel the input."""
        self.hide()
        self.given_up.emit()

    def _save(self) -> None:
        if self._asks_ticket:
            self.hide()
            self.ticket_given.emit(self.reason.text().strip())
            return
        is_exception = self._choice is ReviewDecision.EXCEPT
        try:
            expiry = date.fromisoformat(self.expiry.text().strip()) if is_exception else None
        except ValueError:
            self.wrong.emit(tr("The last day of an exception is written as YYYY-MM-DD."))
            self.expiry.setFocus()
            return
        owner, compensating = (
            field.text().strip() if is_exception else "" for field in (self.owner, self.compensating)
        )
        try:
            decision = ItemDecision(self._choice, self.reason.text().strip(), owner, expiry, compensating=compensating)
        except DecisionError as error:
            self.wrong.emit(error_sentence(error))
            (self.reason if not self.reason.text().strip() else self.owner).setFocus()
            return
        try:
            decision.check_last_day(datetime.now(UTC).date())
        except DecisionError as error:
            self.wrong.emit(error_sentence(error))
            self.expiry.setFocus()
            return
        self.hide()
        self.given.emit(decision)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Cancel at Esc."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.cancel_input()
            return True
        return super().eventFilter(watched, event)
