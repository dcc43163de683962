"""Asks for name, due day and reason when a part or items of it are delegated, handed back or assigned again."""

from datetime import date

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr

_LONGEST = 500


class HandOverDialog(QDialog):
    """``accepted`` is emitted when it is complete."""

    def __init__(
        self,
        title: str,
        sentence: str,
        parent: QWidget | None = None,
        *,
        asks_name: bool,
        needs_name: bool = True,
        needs_reason: bool = False,
        asks_due: bool = False,
    ) -> None:
        super().__init__(parent)
        self._needs_name, self._needs_reason = asks_name and needs_name, needs_reason
        self.setObjectName("handOverDialog")
        self.setWindowTitle(title)
        self.name, self.due, self.reason = QLineEdit(), QLineEdit(), QLineEdit()
        self.name.setObjectName("handOverName")
        self.name.setAccessibleName(tr("Who may decide"))
        self.due.setObjectName("handOverDue")
        self.due.setAccessibleName(tr("Due day"))
        self.due.setPlaceholderText(tr("YYYY-MM-DD, or none"))
        self.reason.setObjectName("handOverReason")
        self.reason.setAccessibleName(tr("Reason"))
        form = QFormLayout(self)
        form.addRow(FlowLabel(sentence))
        for label, field in ((tr("&Name"), self.name), (tr("&Due day"), self.due), (tr("&Reason"), self.reason)):
            field.setMaxLength(_LONGEST)
            form.addRow(label, field)
            field.textChanged.connect(lambda _text: self._check())
        form.setRowVisible(self.name, asks_name)
        form.setRowVisible(self.due, asks_due)
        buttons = QDialogButtonBox()
        self.accept_button = buttons.addButton(title, QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self._check()
        resize_within_screen(self, self.fontMetrics().averageCharWidth() * 80, self.sizeHint().height())

    @property
    def due_day(self) -> date | None:
        """The due day; None: there is none."""
        text = self.due.text().strip()
        return date.fromisoformat(text) if text else None

    def _check(self) -> None:
        """Only a complete form can be accepted."""
        is_complete = not (self._needs_name and not self.name.text().strip())
        is_complete = is_complete and not (self._needs_reason and not self.reason.text().strip())
        try:
            self.due_day  # noqa: B018 - whether it is a date
        except ValueError:
            is_complete = False
        self.accept_button.setEnabled(is_complete)
