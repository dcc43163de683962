"""Positions in text: from lines and columns (characters, from 1) to Qt's positions (UTF-16 units)."""

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument

from iamdesk.policy.source_map import Span


def utf16_length(text: str) -> int:
    """Return how many UTF-16 units a text has: a character beyond U+FFFF counts twice."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def position(document: QTextDocument, line: int, column: int) -> int:
    """Return the document position of a line and column; positions outside are clamped."""
    block: QTextBlock = document.findBlockByNumber(min(max(line, 1), document.blockCount()) - 1)
    return block.position() + utf16_length(block.text()[: max(column, 1) - 1])


def cursor_over(document: QTextDocument, span: Span) -> QTextCursor:
    """Return a cursor that selects the span; its position is the start of the span."""
    cursor = QTextCursor(document)
    cursor.setPosition(position(document, span.end_line, span.end_column))
    cursor.setPosition(position(document, span.start_line, span.start_column), QTextCursor.MoveMode.KeepAnchor)
    return cursor
