"""Colors for JSON: keys, strings, special characters in strings, literals and punctuation."""

import re

from PySide6.QtGui import QColor, QFont, QPalette, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.inspector.text_positions import utf16_length

_LONGEST_LINE = 10_000
# One token per match. No part matches the same text in two ways, so the time is linear.
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<literal>\b(?:true|false|null)\b|-?\d[\d.eE+-]*)|(?P<punctuation>[{}\[\],:]+)'
)
_KEY = re.compile(r"\s*:")
_ESCAPE = re.compile(r"\\u[0-9a-f]{4}|\\.")
_WILDCARD = re.compile(r"[*?]|\$\{[^}\"]{0,200}\}")


class JsonHighlighter(QSyntaxHighlighter):
    """Colors JSON line by line; no token of printed JSON spans lines."""

    def __init__(self, document: QTextDocument, palette: QPalette) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self._make_formats(palette)

    def recolour(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._make_formats(palette)
        self.rehighlight()

    def _make_formats(self, palette: QPalette) -> None:
        names = {
            "key": Colour.CODE_KEY,
            "string": Colour.CODE_STRING,
            "literal": Colour.CODE_LITERAL,
            "punctuation": Colour.CODE_PUNCTUATION,
            "escape": Colour.CODE_ESCAPE,
            "wildcard": Colour.CODE_LITERAL,
        }
        self._formats = {part: _format(colour(name, palette)) for part, name in names.items()}
        self._formats["effect"] = _format(colour(Colour.CODE_STRING, palette), QFont.Weight.DemiBold)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Color one line; extremely long lines stay plain."""
        if len(text) > _LONGEST_LINE:
            return
        astral = not text.isascii() and any(character > "\uffff" for character in text)
        is_effect = False
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup or ""
            if kind == "string" and _KEY.match(text, token.end()):
                self._paint(text, token.start(), token.end(), "key", astral)
                is_effect = token[0] == '"Effect"'
                continue
            self._paint(text, token.start(), token.end(), "effect" if is_effect and kind == "string" else kind, astral)
            if kind == "string":
                for part, pattern in (("wildcard", _WILDCARD), ("escape", _ESCAPE)):
                    for found in pattern.finditer(text, token.start(), token.end()):
                        self._paint(text, found.start(), found.end(), part, astral)

    def _paint(self, text: str, start: int, end: int, part: str, astral: bool) -> None:
        if astral:
            start, end = utf16_length(text[:start]), utf16_length(text[:end])
        self.setFormat(start, end - start, self._formats[part])


def _format(ink: QColor, weight: QFont.Weight = QFont.Weight.Normal) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(ink)
    made.setFontWeight(weight)
    return made
