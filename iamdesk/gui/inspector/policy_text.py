"""A policy's text with the marks of a result: bands, letters, and a dotted line under the failed element."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from iamdesk.gui.core.plain_text import show_tooltip, visible, visible_lines
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.inspector.code_view import CodeView
from iamdesk.gui.inspector.folds import Folds
from iamdesk.gui.inspector.highlights import Band
from iamdesk.gui.inspector.text_positions import cursor_over
from iamdesk.i18n import tr
from iamdesk.policy.document import Document
from iamdesk.policy.source_map import Span


class PolicyText(CodeView):
    """Shows one document. ``setExtraSelections`` paints the marks of a result, the highlighter the JSON syntax."""

    folding = Signal(str)
    """A sentence, after something was folded or unfolded."""
    note_changed = Signal(str)
    """The result's or a diagnostic's sentence on the statement at the cursor; may be empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._bands: tuple[Band, ...] = ()
        self._wrong: tuple[tuple[Span, str], ...] = ()
        self._readings: tuple[str, ...] = ()
        self._last_announced = ""
        self.folds = Folds(self)
        self.cursorPositionChanged.connect(self._emit_note)
        self.viewport().installEventFilter(self)

    @property
    def shown(self) -> Document | None:
        """The document whose text is shown."""
        return self._document

    @property
    def bands(self) -> tuple[Band, ...]:
        """The marked statements, in the order of the text."""
        return self._bands

    def show_document(self, document: Document | None, bands: tuple[Band, ...] = ()) -> None:
        """Show a document from its top; the same one keeps scroll position and cursor."""
        self._bands = bands
        if document is not self._document:
            self._document = document
            self._wrong = ()
            text = ""
            if document is not None:
                # Invisible characters are escaped in printed JSON; text that is not JSON is shown unchanged.
                text = document.text.text if isinstance(document.raw, dict) else visible_lines(document.text.text)
                spans = ((document.span_of(wrong), wrong.message) for wrong in document.diagnostics)
                self._wrong = tuple((span, message) for span, message in spans if span is not None)
            self.show_text(text)
            self._readings = ()
            self.folds.take(self._every_statement())
        self.paint_selections()
        self._gutter.update()
        self._emit_note()

    def statement_spans(self) -> tuple[Span, ...]:
        """Return the statements to step through: the marked ones, or all if none is marked."""
        return tuple(band.span for band in self._bands) if self._bands else self._every_statement()

    def _every_statement(self) -> tuple[Span, ...]:
        if self._document is None:
            return ()
        spans = (self._document.text.span_of(statement.path) for statement in self._document.statements)
        return tuple(span for span in spans if span is not None)

    def statement_at(self, line: int) -> int | None:
        """Return the index of the statement that contains a line."""
        covers = (span.start_line <= line <= span.end_line for span in self._every_statement())
        return next((position for position, is_it in enumerate(covers) if is_it), None)

    def show_readings(self, sentences: tuple[str, ...]) -> None:
        """Set the explanations of the statements, which are shown for folded ones."""
        self._readings = sentences
        self.viewport().update()

    # ── folding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def toggle_fold(self, line: int | None = None) -> bool:
        """Fold or unfold the statement at a line (default: the cursor); return False if there is none."""
        span = self.folds.at(line or self.textCursor().blockNumber() + 1)
        if span is None:
            return False
        folded = not self.folds.is_folded(span.start_line)
        self.folds.set_folded(span, folded)
        self._gutter.update()
        position = self.statement_at(span.start_line)
        if position is not None:
            if folded and position < len(self._readings):
                sentence = tr("Statement {number} is folded: {reading}")
                sentence = sentence.format(number=position + 1, reading=self._readings[position])
            else:
                sentence = tr("Statement {number} is folded.") if folded else tr("Statement {number} is shown.")
                sentence = sentence.format(number=position + 1)
            self.folding.emit(sentence)
        return True

    def toggle_all_folds(self) -> None:
        """Fold all statements, or unfold them if all are folded."""
        folded = self.folds.has_unfolded
        self.folds.set_all(folded)
        self._gutter.update()
        self.folding.emit(tr("All statements are folded.") if folded else tr("All statements are shown."))

    def gutter_fold(self, line: int) -> bool | None:
        """Return whether the statement that begins at a line is folded; None if none does."""
        return self.folds.is_folded(line) if self.folds.begins(line) else None

    def gutter_clicked(self, line: int) -> None:
        """Fold or unfold the statement that begins beside a click."""
        if self.folds.begins(line):
            self.toggle_fold(line)

    def go_to(self, span: Span) -> None:
        """Scroll to a span; unfold it if necessary."""
        around = self.folds.at(span.start_line)
        if around is not None:
            self.folds.set_folded(around, False)
        super().go_to(span)

    def find_next(self, text: str, backward: bool = False) -> bool:
        """Select the next match; unfold it if necessary."""
        found = super().find_next(text, backward)
        around = self.folds.at(self.textCursor().blockNumber() + 1) if found else None
        if around is not None:
            self.folds.set_folded(around, False)
            self.ensureCursorVisible()
        return found

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Fold and unfold with Return; other keys move as in any text."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() and self.toggle_fold():
            event.accept()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the explanations of folded statements behind their first line."""
        super().paintEvent(event)
        if not self.folds.folded:
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        metrics = self.fontMetrics()
        for block, rect in self.visible_blocks():
            line = block.blockNumber() + 1
            if not self.folds.is_folded(line):
                continue
            start = rect.left() + metrics.horizontalAdvance(block.text() + " ")
            room = QRect(start, rect.top(), self.viewport().width() - start - 4, rect.height())
            text = metrics.elidedText(self._folded_text(line), Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _folded_text(self, line: int) -> str:
        position = self.statement_at(line)
        known = position is not None and position < len(self._readings)
        return f"… }}  {visible(self._readings[position])}" if position is not None and known else "… }"

    def go_to_statement(self, forward: bool) -> bool:
        """Go to the next or previous marked statement, wrapping around; return False if there is none."""
        spans = self.statement_spans()
        if not spans:
            return False
        line = self.textCursor().blockNumber() + 1
        if forward:
            after = [span for span in spans if span.start_line > line]
            self.go_to(after[0] if after else spans[0])
        else:
            before = [span for span in spans if span.start_line < line]
            self.go_to(before[-1] if before else spans[-1])
        return True

    def band_at(self, line: int) -> Band | None:
        """Return the band that contains a line."""
        return next((band for band in self._bands if band.first_line <= line <= band.last_line), None)

    def sentence_at(self, line: int) -> str:
        """Return the sentences about a line: the role of its statement, and problems."""
        band = self.band_at(line)
        wrong = [message for span, message in self._wrong if span.start_line == line]
        return " ".join([band.sentence] if band else []) + "".join(f" Problem: {message}." for message in wrong)

    def gutter_letter(self, line: int) -> tuple[str, QColor, QColor] | None:
        """Return the letter on a band's first line, and its surface on the others."""
        band = self.band_at(line)
        if band is None:
            return None
        letter = band.letter if line == band.first_line else ""
        return letter, colour(band.ink, self.palette()), colour(band.surface, self.palette())

    def selections(self) -> list[QTextEdit.ExtraSelection]:
        """Return the bands, the current line, the matches, then the underlines."""
        under = [one for band in self._bands for one in self._band_selections(band)]
        over = [
            self._underline(span, colour(band.ink, self.palette()))
            for band in self._bands
            if (span := band.failed) is not None
        ]
        over += [self._underline(span, colour(Colour.WARNING, self.palette())) for span, _ in self._wrong]
        usual = super().selections()
        if self._bands and usual and self.band_at(self.textCursor().blockNumber() + 1) and self.hasFocus():
            usual = usual[1:]  # inside a band, the current line is not painted: it would hide the band's color
        return [*under, *usual, *over]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Show the sentences about the line under the pointer."""
        if watched is self.viewport() and isinstance(event, QHelpEvent):
            line = self.cursorForPosition(event.pos()).blockNumber() + 1
            show_tooltip(event.globalPos(), self.sentence_at(line), self.viewport())
            return True
        return super().eventFilter(watched, event)

    def _emit_note(self) -> None:
        sentence = self.sentence_at(self.textCursor().blockNumber() + 1)
        if sentence != self._last_announced:
            self._last_announced = sentence
            self.note_changed.emit(sentence)

    def _band_selections(self, band: Band) -> list[QTextEdit.ExtraSelection]:
        """Return one selection per line: in a longer one, Qt paints the last line only as wide as its text."""
        surface = colour(band.surface, self.palette())
        made: list[QTextEdit.ExtraSelection] = []
        for line in range(band.first_line, band.last_line + 1):
            one = QTextEdit.ExtraSelection()
            one.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
            one.format.setBackground(surface)
            one.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            made.append(one)
        return made

    def _underline(self, span: Span, ink: QColor) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = cursor_over(self.document(), span)
        made.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        made.format.setUnderlineColor(ink)
        return made
