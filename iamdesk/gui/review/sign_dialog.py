"""The dialog for signing an evidence package, or a part of a review: name, role and key."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from iamdesk.export.evidence.signing import Role
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.review.signer_words import missing_signatures
from iamdesk.i18n import mark, tr
from iamdesk.review.decisions import same_person

if TYPE_CHECKING:
    from iamdesk.export.evidence.signers import Signer

ROLE_WORDS = {
    Role.REVIEWER: mark("Reviewer"),
    Role.SECOND_REVIEWER: mark("Second reviewer"),
    Role.OWNER: mark("Owner"),
    Role.MANAGEMENT: mark("Management"),
}
_WITHOUT_KEY = mark("No key: the sign-off is labeled as an unsigned attestation.")
_WITH_KEY = mark("ssh-keygen signs the manifest with this key; a key with a passphrase must be loaded in ssh-agent.")
_PART_WITHOUT_KEY = mark("No key: an unsigned attestation, which does not show who decided in the part.")
_PART_WITH_KEY = mark(
    "ssh-keygen signs every decision and delegation in the part with this key; a key with a passphrase must be loaded "
    "in ssh-agent."
)


class SignDialog(QDialog):
    """Asks for a sign-off; ``accepted`` is emitted when it is complete."""

    def __init__(
        self, package: Path, name: str, prompts: FileDialogs, parent: QWidget | None = None, *, is_part: bool = False
    ) -> None:
        """Create the dialog.

        Args:
            package: What is signed: an evidence package, or a part.
            name: Suggested name of the signer.
            prompts: Asks for the key.
            parent: Parent widget.
            is_part: Whether a part is signed, which only its reviewer does.
        """
        super().__init__(parent)
        self.package = package
        self._is_part = is_part
        self._prompts = prompts
        self.setObjectName("signDialog")
        self.setWindowTitle(tr("Sign part") if is_part else tr("Sign evidence package"))
        self.role = QComboBox()
        self.name = QLineEdit(name)
        self.title = QLineEdit()
        self.key = QLineEdit()
        self.choose = QPushButton(tr("Choose a key…"))
        self.draft = plain_label(
            tr("This package is a DRAFT: the review was not complete when it was written."), wrap=True
        )
        self.draft.setObjectName("signDraft")
        self.missing = plain_label(wrap=True)
        self.missing.setObjectName("signMissing")
        self.sentence = plain_label(wrap=True)
        self.how = plain_label(wrap=True)
        for role, word in ROLE_WORDS.items():
            self.role.addItem(tr(word), role)
        form = QFormLayout(self)
        form.addRow(self.draft)
        form.setRowVisible(self.draft, False)
        form.addRow(self.missing)
        form.setRowVisible(self.missing, False)
        form.addRow(tr("&Role"), self.role)
        form.setRowVisible(self.role, not is_part)
        form.addRow(tr("&Name"), self.name)
        form.addRow(tr("&Job title"), self.title)
        form.addRow(tr("SSH &key"), self.key)
        form.addRow("", self.choose)
        form.addRow(tr("Statement"), self.sentence)
        form.addRow("", self.how)
        self.role.setAccessibleName(tr("Role of the signer"))
        self.name.setAccessibleName(tr("Name of the signer"))
        self.title.setAccessibleName(tr("Job title of the signer"))
        self.key.setAccessibleName(tr("SSH key to sign with"))
        self.key.setPlaceholderText(tr("without a key: an unsigned attestation"))
        self.choose.setAccessibleName(tr("Choose an SSH key"))
        self.buttons = QDialogButtonBox()
        self.sign_button = self.buttons.addButton(tr("&Sign"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        form.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.choose.clicked.connect(self._choose)
        self.role.currentIndexChanged.connect(lambda _at: self._show_message())
        self.key.textChanged.connect(lambda _text: self._show_message())
        self.name.textChanged.connect(lambda _text: self._show_message())
        resize_within_screen(self, self.fontMetrics().averageCharWidth() * 80, self.sizeHint().height())
        self._form = form
        self._show_message()

    @property
    def chosen_role(self) -> Role:
        """The role of the signer."""
        return Role(self.role.currentData())

    @property
    def chosen_key(self) -> Path | None:
        """The key; None for an unsigned attestation."""
        text = self.key.text().strip()
        return Path(text).expanduser() if text else None

    def show_draft(self) -> None:
        """Say that the package is a draft."""
        self._form.setRowVisible(self.draft, True)
        self._show_message()

    def show_missing(self, signers: "Sequence[Signer]") -> None:
        """Say whose signatures are missing, and suggest the role in which the suggested name is missing."""
        self.missing.setText(missing_signatures(signers))
        self._form.setRowVisible(self.missing, bool(signers))
        own = next((one for one in signers if same_person(one.name, self.name.text())), None)
        if own is not None:
            self.role.setCurrentIndex(self.role.findData(own.role))
        self._show_message()

    def _show_message(self) -> None:
        self.sentence.setText(self.chosen_role.sentence)
        with_key, without_key = (_PART_WITH_KEY, _PART_WITHOUT_KEY) if self._is_part else (_WITH_KEY, _WITHOUT_KEY)
        self.how.setText(tr(with_key) if self.chosen_key is not None else tr(without_key))
        self.sign_button.setEnabled(bool(self.name.text().strip()))
        # Show the statement in full: a form does not grow with the wrapped lines of its texts.
        resize_within_screen(self, self.width(), max(self.height(), self._form.totalHeightForWidth(self.width())))

    def _choose(self) -> None:
        folder = Path.home() / ".ssh"
        path = self._prompts.file_to_open(
            self, tr("Choose an SSH key"), folder if folder.is_dir() else Path.home(), tr("All files (*)")
        )
        if path is not None:
            self.key.setText(str(path))
