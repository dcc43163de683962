"""Explanations of a policy's statements in plain language: beside the text if there is room, else below it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from iamdesk.gui.core.plain_text import visible
from iamdesk.i18n import tr


class StatementSummaries(QListWidget):
    """One row for each statement. The current row follows the text's cursor, and the text follows a chosen row."""

    statement_chosen = Signal(int)
    """Index of a statement that is to be shown in the text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("policyReadings")
        self.setAccessibleName(tr("Statements in plain language"))
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setWordWrap(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlternatingRowColors(True)
        self.itemClicked.connect(lambda item: self.statement_chosen.emit(self.row(item)))
        self.itemActivated.connect(lambda item: self.statement_chosen.emit(self.row(item)))

    def show_readings(self, names: Sequence[str], sentences: Sequence[str]) -> None:
        """Show one sentence for each statement, after its name."""
        self.clear()
        for name, sentence in zip(names, sentences, strict=True):
            self.addItem(QListWidgetItem(visible(f"{name}: {sentence}")))

    def follow(self, position: int | None) -> None:
        """Make the statement at the text's cursor current."""
        if position is None or position >= self.count():
            self.setCurrentRow(-1)
        elif position != self.currentRow():
            self.setCurrentRow(position)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the sentences again."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap the sentences again in another font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()
