"""Folded statements of a policy's text. Folding changes what is shown, never the text."""

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextDocumentLayout, QPlainTextEdit

from iamdesk.policy.source_map import Span


class Folds:
    """The foldable ranges of a text, and which of them are folded. Lines count from 1."""

    def __init__(self, view: QPlainTextEdit) -> None:
        self._view = view
        self._spans: dict[int, Span] = {}
        self._folded: set[int] = set()

    def take(self, spans: Sequence[Span]) -> None:
        """Set the ranges of another text, all unfolded."""
        self._spans = {span.start_line: span for span in spans if span.end_line > span.start_line}
        self._folded = set()

    def at(self, line: int) -> Span | None:
        """Return the range that contains a line."""
        return next((span for span in self._spans.values() if span.start_line <= line <= span.end_line), None)

    def begins(self, line: int) -> bool:
        """Return whether a range begins at a line."""
        return line in self._spans

    def is_folded(self, line: int) -> bool:
        """Return whether the range that begins at a line is folded."""
        return line in self._folded

    @property
    def folded(self) -> tuple[Span, ...]:
        """The folded ranges, in the order of the text."""
        return tuple(self._spans[line] for line in sorted(self._folded))

    @property
    def has_unfolded(self) -> bool:
        """Whether any range is unfolded."""
        return bool(self._spans.keys() - self._folded)

    def set_folded(self, span: Span, folded: bool) -> None:
        """Fold or unfold a range; a cursor that would be hidden moves to its first line."""
        if self.is_folded(span.start_line) is folded:
            return
        self._set(span, folded)
        self._laid_out()

    def set_all(self, folded: bool) -> None:
        """Fold or unfold all ranges."""
        for span in self._spans.values():
            if self.is_folded(span.start_line) is not folded:
                self._set(span, folded)
        self._laid_out()

    def _set(self, span: Span, folded: bool) -> None:
        (self._folded.add if folded else self._folded.discard)(span.start_line)
        document = self._view.document()
        for number in range(span.start_line, span.end_line):  # block numbers count from 0: the first line stays visible
            block = document.findBlockByNumber(number)
            block.setVisible(not folded)
            block.setLineCount(0 if folded else max(1, block.layout().lineCount()))
        cursor = self._view.textCursor()
        if folded and span.start_line < cursor.blockNumber() + 1 <= span.end_line:
            cursor.setPosition(document.findBlockByNumber(span.start_line - 1).position())
            self._view.setTextCursor(cursor)

    def _laid_out(self) -> None:
        document = self._view.document()
        document.markContentsDirty(0, document.characterCount())
        layout = document.documentLayout()
        if isinstance(layout, QPlainTextDocumentLayout):
            layout.requestUpdate()
            layout.documentSizeChanged.emit(layout.documentSize())
        self._view.viewport().update()
