"""Text of several lines that can be selected, as high as it is; a long ARN breaks where the place ends."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from iamdesk.gui.core.plain_text import visible_lines


class WrappingText(QPlainTextEdit):
    """Read-only. Labels cannot break inside a word (`FlowLabel` can, without selection)."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(visible_lines(text), parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Base)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Take the height of the wrapped lines."""
        super().resizeEvent(event)
        lines = round(self.document().size().height())
        margin = round(self.document().documentMargin()) * 2
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margin + 2)
