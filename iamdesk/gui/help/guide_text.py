"""The text of a guide page: our own Markdown, with images no wider than the window."""

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QFont,
    QImage,
    QPalette,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

_SETTLED = 120
"""Milliseconds after the last change of width before images are scaled again."""


class GuideText(QTextBrowser):
    """Shows a file; links are emitted (``anchorClicked``) and not followed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        # Always shown: if it came and went, images would be scaled twice.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.document().setDocumentMargin(self.fontMetrics().height())
        self._path: Path | None = None
        self._fitted = 0
        self._fit = QTimer(self)
        self._fit.setSingleShot(True)
        self._fit.setInterval(_SETTLED)
        self._fit.timeout.connect(self._show_again)

    def show_file(self, path: Path) -> None:
        """Show a page from its top."""
        self._path = path
        self._fitted = self.viewport().width()
        self.document().setBaseUrl(QUrl.fromLocalFile(str(path)))
        self.setMarkdown(path.read_text(encoding="utf-8"))
        self._dress()

    def _dress(self) -> None:
        """Add background and margins to commands; a long one wraps, but stays one line when copied.

        Markdown only marks them as code.
        """
        gap = self.fontMetrics().height() // 2
        ground = self.palette().color(QPalette.ColorRole.AlternateBase)
        block, cursor = self.document().begin(), QTextCursor(self.document())
        while block.isValid():
            if _is_code(block):
                style = QTextBlockFormat()
                style.setNonBreakableLines(False)
                style.setBackground(ground)
                style.setLeftMargin(gap)
                style.setTopMargin(0 if _is_code(block.previous()) else gap)
                style.setBottomMargin(0 if _is_code(block.next()) else gap)
                cursor.setPosition(block.position())
                cursor.mergeBlockFormat(style)
            block = block.next()
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                table = frame.format()
                table.setTopMargin(gap)
                table.setBottomMargin(gap)
                frame.setFormat(table)
                self._dress_head(frame)

    def _dress_head(self, table: QTextTable) -> None:
        """Make column titles bold: after a command, Qt takes the first of them for another line of it."""
        bold, plain = QTextCharFormat(), QTextBlockFormat()
        bold.setFontWeight(QFont.Weight.Bold)
        for column in range(table.columns()):
            cell = table.cellAt(0, column)
            cursor = cell.firstCursorPosition()
            if not cursor.block().text() and cursor.block() != cell.lastCursorPosition().block():
                cursor.deleteChar()
            cursor.setPosition(cell.lastCursorPosition().position(), QTextCursor.MoveMode.KeepAnchor)
            cursor.setBlockFormat(plain)
            cursor.mergeCharFormat(bold)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._path is not None:
            self._dress()

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 - Qt's name
        """Return an image of the guide, scaled down in a narrow window; nothing from elsewhere."""
        if kind != QTextDocument.ResourceType.ImageResource.value or self._path is None:
            return None
        image = QImage(str(self._path.parent / "images" / QUrl(name).fileName()))
        room = self.viewport().width() - 2 * round(self.document().documentMargin()) - 4
        if image.width() > room > 0:
            return image.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        return image

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Scale the images, once the width has settled."""
        super().resizeEvent(event)
        if self._path is not None and self.viewport().width() != self._fitted:
            self._fit.start()

    def _show_again(self) -> None:
        if self._path is None or self.viewport().width() == self._fitted:
            return
        bar = self.verticalScrollBar()
        place = bar.value() / max(bar.maximum(), 1)
        self.show_file(self._path)
        bar.setValue(round(place * bar.maximum()))


def _is_code(block: QTextBlock) -> bool:
    return block.isValid() and bool(block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence))
