"""Signing an evidence pack: who, as what, and with which key."""

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPushButton, QWidget

from iamdesk.export.pack.signing import Role
from iamdesk.gui.plain_text import plain_label
from iamdesk.gui.prompts import Prompts

_ROLES = {
    Role.REVIEWER: "Reviewer",
    Role.SECOND_REVIEWER: "Second reviewer",
    Role.OWNER: "Owner",
    Role.MANAGEMENT: "Management",
}
_WITHOUT_KEY = "No key: this will be labelled as an unsigned attestation."
_WITH_KEY = "The manifest is signed with this key by ssh-keygen; a key with a passphrase has to be in an agent."


class SignDialog(QDialog):
    """Asks what a sign-off needs; ``accepted`` when it is complete."""

    def __init__(self, pack: Path, name: str, prompts: Prompts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pack = pack
        self._prompts = prompts
        self.setObjectName("signDialog")
        self.setWindowTitle("Sign an evidence pack")
        self.role = QComboBox()
        self.name = QLineEdit(name)
        self.title = QLineEdit()
        self.key = QLineEdit()
        self.choose = QPushButton("Choose a key…")
        self.sentence = plain_label(wrap=True)
        self.how = plain_label(wrap=True)
        for role, word in _ROLES.items():
            self.role.addItem(word, role)
        form = QFormLayout(self)
        form.addRow("&As", self.role)
        form.addRow("&Name", self.name)
        form.addRow("&Title", self.title)
        form.addRow("SSH &key", self.key)
        form.addRow("", self.choose)
        form.addRow("I say", self.sentence)
        form.addRow("", self.how)
        self.role.setAccessibleName("As what")
        self.name.setAccessibleName("Name of whoever signs")
        self.title.setAccessibleName("Title of whoever signs")
        self.key.setAccessibleName("SSH key to sign with")
        self.key.setPlaceholderText("without a key: an unsigned attestation")
        self.choose.setAccessibleName("Choose an SSH key")
        self.buttons = QDialogButtonBox()
        self.sign_button = self.buttons.addButton("&Sign", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        form.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.choose.clicked.connect(self._choose)
        self.role.currentIndexChanged.connect(lambda _at: self._say())
        self.key.textChanged.connect(lambda _text: self._say())
        self.name.textChanged.connect(lambda _text: self._say())
        self.resize(self.fontMetrics().averageCharWidth() * 80, self.sizeHint().height())
        self._say()

    @property
    def chosen_role(self) -> Role:
        """As what."""
        return Role(self.role.currentData())

    @property
    def chosen_key(self) -> Path | None:
        """The key; None for an unsigned attestation."""
        text = self.key.text().strip()
        return Path(text).expanduser() if text else None

    def _say(self) -> None:
        self.sentence.setText(self.chosen_role.sentence)
        self.how.setText(_WITH_KEY if self.chosen_key is not None else _WITHOUT_KEY)
        self.sign_button.setEnabled(bool(self.name.text().strip()))

    def _choose(self) -> None:
        folder = Path.home() / ".ssh"
        path = self._prompts.file_to_open(
            self, "Choose an SSH key", folder if folder.is_dir() else Path.home(), "All files (*)"
        )
        if path is not None:
            self.key.setText(str(path))
