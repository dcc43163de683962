"""Asks for the name and the reason when a part is delegated or handed back."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr

_LONGEST = 500


class HandOverDialog(QDialog):
    """``accepted`` is emitted when it is complete."""

    def __init__(self, title: str, sentence: str, parent: QWidget | None = None, *, asks_name: bool) -> None:
        super().__init__(parent)
        self.setObjectName("handOverDialog")
        self.setWindowTitle(title)
        self.name, self.reason = QLineEdit(), QLineEdit()
        self.name.setObjectName("handOverName")
        self.name.setAccessibleName(tr("Who may decide"))
        self.reason.setObjectName("handOverReason")
        self.reason.setAccessibleName(tr("Reason"))
        form = QFormLayout(self)
        form.addRow(FlowLabel(sentence))
        for label, field in ((tr("&Name"), self.name), (tr("&Reason"), self.reason)):
            field.setMaxLength(_LONGEST)
            form.addRow(label, field)
        form.setRowVisible(self.name, asks_name)
        buttons = QDialogButtonBox()
        self.accept_button = buttons.addButton(title, QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setDefault(True)
        buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        if asks_name:
            self.name.textChanged.connect(lambda text: self.accept_button.setEnabled(bool(text.strip())))
            self.accept_button.setEnabled(False)
        self.resize(self.fontMetrics().averageCharWidth() * 80, self.sizeHint().height())
