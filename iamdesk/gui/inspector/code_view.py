"""Read-only monospace text with line numbers, JSON colors, zoom and search: base of all texts in the inspector."""

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontDatabase,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPolygon,
    QResizeEvent,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QWidget

from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.inspector.json_highlighter import JsonHighlighter
from iamdesk.gui.inspector.text_positions import cursor_over
from iamdesk.policy.source_map import Span

_ZOOM_RANGE = range(-4, 17)
_MAX_FOUND = 2000
"""Maximum number of matches that are painted; all are counted."""


class CodeView(QPlainTextEdit):
    """Shows printed text; the cursor moves, the text cannot be edited."""

    zoomed = Signal(int)
    """Points added to the default size, after the user changed it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # code is left-to-right in any language
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setUndoRedoEnabled(False)
        self._zoom = 0
        self._found: list[QTextCursor] = []
        self._gutter = Gutter(self)
        self._highlighter = JsonHighlighter(self.document(), self.palette())
        self._apply_font()
        self.blockCountChanged.connect(self._layout_gutter)
        self.updateRequest.connect(self._scroll_gutter)
        self.cursorPositionChanged.connect(self.paint_selections)

    def show_text(self, text: str) -> None:
        """Show another text from its top, without marks."""
        self._found = []
        self.setPlainText(text)
        self.paint_selections()

    @property
    def zoom(self) -> int:
        """Points added to the default size."""
        return self._zoom

    def set_zoom(self, points: int) -> None:
        """Change the text size, within limits."""
        points = min(max(points, _ZOOM_RANGE.start), _ZOOM_RANGE.stop - 1)
        if points != self._zoom:
            self._zoom = points
            self._apply_font()
            self.zoomed.emit(points)

    def find_all(self, text: str) -> int:
        """Mark all matches (ignoring case), and return their number."""
        self._found = []
        count = 0
        if text:
            found = self.document().find(text)
            while not found.isNull():
                count += 1
                if count <= _MAX_FOUND:
                    self._found.append(found)
                found = self.document().find(text, found)
        self.paint_selections()
        return count

    def find_next(self, text: str, backward: bool = False) -> bool:
        """Select the next match, wrapping around; return False if there is none."""
        flag = QTextDocument.FindFlag.FindBackward if backward else QTextDocument.FindFlag(0)
        if not text:
            return False
        if self.find(text, flag):
            return True
        kept = self.textCursor()
        self.moveCursor(QTextCursor.MoveOperation.End if backward else QTextCursor.MoveOperation.Start)
        if self.find(text, flag):
            return True
        self.setTextCursor(kept)
        return False

    def go_to(self, span: Span) -> None:
        """Move the cursor to a span's start, and scroll to the span."""
        cursor = cursor_over(self.document(), span)
        cursor.clearSelection()
        cursor.setPosition(cursor_over(self.document(), span).position())
        self.setTextCursor(cursor)
        rows = max(1, self.viewport().height() // max(1, self.fontMetrics().lineSpacing()))
        # A statement that fits is shown in full with some context before it; a longer one from its first line.
        spare = max(0, rows - (span.end_line - span.start_line + 1))
        first = self.document().findBlockByNumber(span.start_line - 1).firstLineNumber()  # folded lines do not count
        self.verticalScrollBar().setValue(max(0, first - min(spare // 3, rows // 4)))
        self.horizontalScrollBar().setValue(0)

    def selections(self) -> list[QTextEdit.ExtraSelection]:
        """Return the extra selections: the current line and the matches."""
        found = [_selection(cursor, colour(Colour.FOUND_BAND, self.palette())) for cursor in self._found]
        if not self.hasFocus():
            return found
        line = _selection(self.textCursor(), self.palette().color(QPalette.ColorRole.AlternateBase))
        line.cursor.clearSelection()
        line.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return [line, *found]

    def paint_selections(self) -> None:
        """Repaint the extra selections."""
        self.setExtraSelections(self.selections())

    def gutter_letter(self, line: int) -> tuple[str, QColor, QColor] | None:  # noqa: ARG002 - for those that mark
        """Return letter, ink and surface of a line in the gutter, or None. The letter may be empty."""
        return None

    def gutter_fold(self, line: int) -> bool | None:  # noqa: ARG002 - for those that fold
        """Return whether the range that begins at a line is folded; None if none begins there."""
        return None

    def gutter_clicked(self, line: int) -> None:
        """Handle a click beside a line."""

    def gutter_width(self) -> int:
        """Return room for the fold mark, the largest line number and a letter."""
        digits = max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * (digits + 5)

    def visible_blocks(self) -> list[tuple[QTextBlock, QRect]]:
        """Return the visible lines with their rectangles, in viewport coordinates."""
        found: list[tuple[QTextBlock, QRect]] = []
        block = self.firstVisibleBlock()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset()).toRect()
            if rect.top() > self.viewport().height():
                break
            if block.isVisible():
                found.append((block, rect))
            block = block.next()
        return found

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom with Ctrl, else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom + (1 if event.angleDelta().y() > 0 else -1))
            event.accept()
        else:
            super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the gutter at the left edge."""
        super().resizeEvent(event)
        self._layout_gutter()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update colors and fonts."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_highlighter"):
            self._highlighter.recolour(self.palette())
            self.paint_selections()
            self._gutter.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show the current line."""
        super().focusInEvent(event)
        self.paint_selections()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the current line."""
        super().focusOutEvent(event)
        self.paint_selections()

    def _apply_font(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(max(5.0, QApplication.font().pointSizeF() + self._zoom))
        self.setFont(font)
        self._layout_gutter()

    def _layout_gutter(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.left(), area.top(), self.gutter_width(), area.height()))

    def _scroll_gutter(self, area: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, area.y(), self._gutter.width(), area.height())


class Gutter(QWidget):
    """Line numbers and, beside marked statements, their letter."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the numbers."""
        return QSize(self._view.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the visible lines."""
        painter = QPainter(self)
        painter.setFont(self._view.font())
        painter.fillRect(event.rect(), colour(Colour.GUTTER, self.palette()))
        rule = colour(Colour.RULE, self.palette())
        painter.fillRect(self.width() - 1, event.rect().top(), 1, event.rect().height(), rule)
        digit = self.fontMetrics().horizontalAdvance("9")
        number_ink = colour(Colour.GUTTER_TEXT, self.palette())
        current = self._view.textCursor().blockNumber()
        for block, rect in self._view.visible_blocks():
            line = block.blockNumber() + 1
            mark = self._view.gutter_letter(line)
            row = QRect(0, rect.top(), self.width() - 1, rect.height())
            if mark is not None:
                letter, ink, surface = mark
                painter.fillRect(row, surface)
                painter.fillRect(QRect(self.width() - 4, row.top(), 3, row.height()), ink)
                if letter:
                    bold = self._view.font()
                    bold.setBold(True)
                    painter.setFont(bold)
                    painter.setPen(ink)
                    painter.drawText(row.adjusted(0, 0, -digit, 0), Qt.AlignmentFlag.AlignRight, letter)
                    painter.setFont(self._view.font())
            folded = self._view.gutter_fold(line)
            if folded is not None:
                _draw_fold(painter, QRect(0, row.top(), digit * 2, row.height()), folded, number_ink)
            is_current = block.blockNumber() == current and self._view.hasFocus()
            painter.setPen(self.palette().color(QPalette.ColorRole.Text) if is_current else number_ink)
            painter.drawText(row.adjusted(0, 0, -digit * 5 // 2, 0), Qt.AlignmentFlag.AlignRight, str(line))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Report to the view which line was clicked."""
        place = event.position().toPoint().y()
        for block, rect in self._view.visible_blocks():
            if rect.top() <= place < rect.bottom() + 1:
                self._view.gutter_clicked(block.blockNumber() + 1)
        event.accept()


def _draw_fold(painter: QPainter, area: QRect, folded: bool, ink: QColor) -> None:
    """Draw a triangle: to the right if folded, down if not."""
    half = max(3, area.height() // 5)
    middle = area.center()
    corners = (
        ((-half // 2, -half), (-half // 2, half), (half, 0))
        if folded
        else ((-half, -half // 2), (half, -half // 2), (0, half))
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon(QPolygon([middle + QPoint(x, y) for x, y in corners]))
    painter.restore()


def _selection(cursor: QTextCursor, surface: QColor) -> QTextEdit.ExtraSelection:
    made = QTextEdit.ExtraSelection()
    made.cursor = QTextCursor(cursor)
    made.format.setBackground(surface)
    return made
