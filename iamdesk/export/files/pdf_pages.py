"""Fonts (from the library), printable text and page numbers of PDF files. Does not use Qt."""

from functools import cache
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from iamdesk.escaping import visible

MARGIN = 16 * mm
MUTED = colors.HexColor("#5A6068")
FONT, BOLD = "Vera", "VeraBd"


class _Font(TTFont):  # type: ignore[misc]  # reportlab has no types
    """A font that caches text widths: breaking the lines of thousands of pages measures the same words repeatedly."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._widths: dict[str, float] = {}
        """Widths at a font size of one point."""

    def stringWidth(self, text: str, size: float, encoding: str = "utf-8") -> float:  # noqa: N802 - reportlab's name
        """Return the width of a text."""
        width = self._widths.get(text)
        if width is None:
            if len(self._widths) >= _MAX_CACHED:
                self._widths.clear()
            width = self._widths[text] = super().stringWidth(text, 1, encoding)
        return width * size


_MAX_CACHED = 1 << 14


@cache
def known_characters() -> frozenset[int]:
    """Register the fonts, and return the characters that both have."""
    folder = Path(reportlab.__file__).parent / "fonts"
    found: list[frozenset[int]] = []
    for name in (FONT, BOLD):
        font = _Font(name, str(folder / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        found.append(frozenset(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)
    return found[0] & found[1]


def printable(text: str) -> str:
    """Return the text with escapes for characters that the font does not have."""
    known = known_characters()
    shown = visible(text)
    if known.issuperset(map(ord, shown)):
        return shown
    return "".join(one if ord(one) in known else _escaped(one) for one in shown)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class NumberedPages(Canvas):  # type: ignore[misc]  # reportlab has no types
    """A canvas that writes page footers once the number of pages is known."""

    def __init__(self, foot: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._foot = foot
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Store the page until `save`."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages with footers."""
        for number, kept in enumerate(self._kept, start=1):
            self.__dict__.update(kept)
            self.setFont(FONT, 7)
            self.setFillColor(MUTED)
            self.drawString(MARGIN, 10 * mm, self._foot)
            self.drawRightString(A4[0] - MARGIN, 10 * mm, f"page {number} of {len(self._kept)}")
            super().showPage()
        super().save()
