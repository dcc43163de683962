"""Commands to copy: read-only, in a fixed-pitch font, with a button below."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.i18n import tr

_LINES_SHOWN = 4


class CommandBox(QWidget):
    """Shows one command per line; long lines scroll. Tab leaves the text."""

    def __init__(self, what: str, commands: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = "\n".join(commands)
        several = len(commands) > 1
        lines = min(len(commands), _LINES_SHOWN)
        self.text = QPlainTextEdit("\n".join(map(visible, commands)))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setAccessibleName(
            (tr("Commands that capture: {what}") if several else tr("Command that captures: {what}")).format(
                what=visible(what)
            )
        )
        bar = self.text.horizontalScrollBar().sizeHint().height()
        margin = 2 * (self.text.frameWidth() + round(self.text.document().documentMargin()))
        self.text.setFixedHeight(self.text.fontMetrics().lineSpacing() * lines + margin + bar + 4)
        self.button = QPushButton(tr("Copy the commands") if several else tr("Copy the command"))
        self.button.setAccessibleName(tr("Copy the command that captures: {what}").format(what=visible(what)))
        self.button.clicked.connect(self.copy)
        self.text.setMinimumWidth(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().lineSpacing() // 4)
        layout.addWidget(self.text)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self._tint()

    def copy(self) -> None:
        """Copy the commands, one per line."""
        QGuiApplication.clipboard().setText(self._commands)
        self.button.setText(tr("Copied"))

    def _tint(self) -> None:
        self.button.setIcon(icons.icon(Glyph.COPY, self.palette()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "button"):
            self._tint()
