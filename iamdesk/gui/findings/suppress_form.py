"""The form for suppressing findings: owner, reason and last day, with defaults."""

from datetime import date, timedelta

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDateEdit, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QWidget

from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr

_USUAL = timedelta(days=90)
_LONGEST = 2_000


class SuppressForm(QWidget):
    """``given`` is emitted with owner, reason and last day once they are complete; ``left`` if the user cancels."""

    given = Signal(str, str, object)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("suppressForm")
        self.setAccessibleName(tr("Suppress findings"))
        self._about = FlowLabel()
        self.owner = QLineEdit()
        self.owner.setObjectName("suppressOwner")
        self.owner.setMaxLength(_LONGEST)
        self.reason = QLineEdit()
        self.reason.setObjectName("suppressReason")
        self.reason.setMaxLength(_LONGEST)
        self.until = QDateEdit()
        self.until.setObjectName("suppressUntil")
        self.until.setCalendarPopup(True)
        self.until.setDisplayFormat("yyyy-MM-dd")
        self.until.setAccessibleDescription(tr("Last day of the suppression. After it, the finding is open again."))
        self.go = QPushButton(tr("Suppress"))
        self.go.setObjectName("suppressNow")
        self.go.setDefault(True)
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("suppressCancel")
        form = QFormLayout(self)
        form.setContentsMargins(0, 4, 0, 4)
        form.addRow(self._about)
        for name, field in ((tr("&Owner"), self.owner), (tr("&Reason"), self.reason), (tr("&Until"), self.until)):
            form.addRow(plain_label(name, buddy=field), field)
        buttons = QHBoxLayout()
        buttons.addWidget(self.go)
        buttons.addWidget(cancel)
        buttons.addStretch(1)
        form.addRow(buttons)
        self.owner.textChanged.connect(self._check)
        self.reason.textChanged.connect(self._check)
        self.owner.returnPressed.connect(self._give)
        self.reason.returnPressed.connect(self._give)
        self.go.clicked.connect(self._give)
        cancel.clicked.connect(self.left)
        self._check()

    def ask(self, about: str, owner: str, today: date) -> None:
        """Show the form with the text ``about``; ``owner`` is the default owner."""
        self._about.setText(about)
        self.owner.setText(owner)
        self.reason.clear()
        self.until.setMinimumDate(QDate(today.year, today.month, today.day))
        usual = today + _USUAL
        self.until.setDate(QDate(usual.year, usual.month, usual.day))
        (self.reason if owner else self.owner).setFocus(Qt.FocusReason.OtherFocusReason)

    def _check(self) -> None:
        self.go.setEnabled(bool(self.owner.text().strip() and self.reason.text().strip()))

    def _give(self) -> None:
        if self.go.isEnabled():
            day = self.until.date()
            until = date(day.year(), day.month(), day.day())
            self.given.emit(self.owner.text().strip(), self.reason.text().strip(), until)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Cancel at Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
