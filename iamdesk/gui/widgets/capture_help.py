"""How to get a snapshot: the AWS CLI command, the permission that it needs, and Copy."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

CAPTURE_COMMAND = "aws iam get-account-authorization-details --output json > snapshot.json"
"""The AWS CLI reads all pages by itself, so that the file is complete."""


class CaptureHelp(QWidget):
    """A few sentences and a command to copy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.command = QLineEdit(CAPTURE_COMMAND)
        self.command.setReadOnly(True)
        self.command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.command.setCursorPosition(0)
        self.command.setAccessibleName(tr("Command that captures an account"))
        self.copy_button = QPushButton(tr("&Copy"))
        self.copy_button.setAccessibleName(tr("Copy the command"))
        self.copy_button.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(self.command, 1)
        row.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(plain_label(tr("With the AWS CLI, signed in to the account that you review:"), wrap=True))
        layout.addLayout(row)
        layout.addWidget(
            plain_label(
                tr(
                    "It needs one permission, iam:GetAccountAuthorizationDetails, and changes nothing. The file "
                    "contains users, groups, roles and policies, but no secrets. iamdesk reads it on this "
                    "machine and does not send it anywhere."
                ),
                wrap=True,
            )
        )
        self._tint()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(CAPTURE_COMMAND)
        self.copy_button.setText(tr("Copied"))

    def _tint(self) -> None:
        self.copy_button.setIcon(icons.icon(Glyph.COPY, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()


class CaptureHelpDialog(QDialog):
    """Not modal; deletes itself when it closes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("How do I get a snapshot?"))
        self.help = CaptureHelp()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.help)
        layout.addWidget(buttons)
        self.setMinimumWidth(min(self.fontMetrics().averageCharWidth() * 90, self.screen().availableGeometry().width()))
