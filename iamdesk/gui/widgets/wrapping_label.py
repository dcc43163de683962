"""Text that wraps to the available width, inside an ARN if necessary.

Qt's labels break lines between words only, and an ARN is one word: it would widen the panel or be cut off. Here, a line
breaks between words if possible, else anywhere. For labels (`FlowLabel`) and delegates (`flow_height`, `draw_flow`).
Text is plain; invisible characters are escaped. A label of our own text may set `code`: text between backticks is
painted in a fixed-pitch font, without them.
"""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from iamdesk.gui.core.plain_text import PlainLabel, set_tooltip, visible, visible_lines

_LEAST = 24
"""Minimum width in pixels; below it, nothing is laid out."""


def _lay_out(
    text: str, font: QFont, width: int, most_lines: int = 0, code: tuple[tuple[int, int], ...] = ()
) -> tuple[QTextLayout, float]:
    """Return the laid-out text and its height; ``most_lines`` above 0 ends it there with an ellipsis.

    ``code`` are stretches (start, length) in the fixed-pitch font.
    """
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    if code:
        layout.setFormats([_code_format(start, length) for start, length in code])
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    direction = QGuiApplication.layoutDirection()
    option.setAlignment(QStyle.visualAlignment(direction, Qt.AlignmentFlag.AlignLeft))
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    width = max(width, _LEAST)
    while True:
        line = layout.createLine()
        if not line.isValid():
            break
        if most_lines and layout.lineCount() > most_lines:
            layout.endLayout()
            before = layout.lineAt(most_lines - 1)
            kept = text[: before.textStart()]
            rest = QFontMetrics(font).elidedText(text[before.textStart() :], Qt.TextElideMode.ElideRight, width)
            return _lay_out(kept + rest.replace("\u2028", " "), font, width)
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout, height


def _code_format(start: int, length: int) -> QTextLayout.FormatRange:
    stretch = QTextLayout.FormatRange()
    stretch.start, stretch.length = start, length
    look = QTextCharFormat()
    look.setFontFamilies([QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()])
    look.setFontFixedPitch(True)
    stretch.format = look
    return stretch


def _apart(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text without its backticks, and the ranges of code in it."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # an unpaired backtick is literal
        return text, ()
    code = []
    start = 0
    for place, piece in enumerate(pieces):
        if place % 2 and piece:
            code.append((start, len(piece)))
        start += len(piece)
    return "".join(pieces), tuple(code)


@lru_cache(maxsize=4096)
def _height(text: str, font_key: str, width: int, most_lines: int, code: tuple[tuple[int, int], ...] = ()) -> int:
    font = QFont()
    font.fromString(font_key)
    return round(_lay_out(text, font, width, most_lines, code)[1] + 0.49)


def flow_height(text: str, font: QFont, width: int, most_lines: int = 0) -> int:
    """Return the height of the text at a width, in pixels; 0 for no text."""
    return _height(visible(text), font.toString(), width, most_lines) if text else 0


def draw_flow(painter: QPainter, rect: QRect, text: str, font: QFont, most_lines: int = 0) -> None:
    """Draw the text from the top of the rectangle with the painter's pen."""
    if text:
        _lay_out(visible(text), font, rect.width(), most_lines)[0].draw(painter, QPointF(rect.topLeft()))


class FlowLabel(PlainLabel):
    """A label whose text wraps; its minimum width is a few characters."""

    def __init__(self, text: str = "", parent: QWidget | None = None, *, code: bool = False) -> None:
        self._marks_code = code
        self._is_shortened = False
        super().__init__(text, parent)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Return True: the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Return the height of the text at a width, in pixels."""
        margins = self.contentsMargins()
        inner = width - margins.left() - margins.right()
        text, code = self._text()
        return _height(text, self.font().toString(), inner, 0, code) + margins.top() + margins.bottom()

    def _text(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        text = visible_lines(self.text())
        return _apart(text) if self._marks_code else (text, ())

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of the text on one line, within limits."""
        metrics = self.fontMetrics()
        width = min(metrics.horizontalAdvance(self.text()), metrics.averageCharWidth() * 60)
        return QSize(width, self.heightForWidth(max(width, _LEAST)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return room for a few characters on one line."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 8, metrics.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Draw the text in the foreground color; text without room ends in an ellipsis, in full in the tooltip."""
        rect = self.contentsRect()
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text, code = self._text()
        layout, height = _lay_out(text, self.font(), rect.width(), code=code)
        is_shortened = height > rect.height() + 1 and layout.lineCount() > 1
        if is_shortened:
            fitting = max(rect.height() // max(self.fontMetrics().lineSpacing(), 1), 1)
            layout, _ = _lay_out(text, self.font(), rect.width(), fitting)
            set_tooltip(self, text)
        elif self._is_shortened:
            set_tooltip(self, "")
        self._is_shortened = is_shortened
        layout.draw(painter, QPointF(rect.topLeft()))
