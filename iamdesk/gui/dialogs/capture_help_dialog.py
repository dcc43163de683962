"""How to get a snapshot, as a dialog for use while a snapshot is open."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from iamdesk.gui.widgets.capture_help import CaptureHelp
from iamdesk.i18n import tr


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
