"""The statement as PDF: A4, text with page numbers."""

import io
from collections.abc import Iterator
from functools import partial
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    LongTable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from iamdesk.export.evidence.report_model import Section, Statement, Table, Text
from iamdesk.export.files.pdf_pages import BOLD, FONT, MARGIN, NumberedPages, known_characters, printable

_MAX_CELL = 1200
_MIN_HEIGHT = 90
"""Points that must be left on a page for a heading."""
_BODY = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=12, spaceAfter=4)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=7.5, leading=9.5, spaceAfter=0, splitLongWords=True)
_HEADING = ParagraphStyle("heading", parent=_BODY, fontName=BOLD, fontSize=12, leading=16, spaceBefore=10)
_TITLE = ParagraphStyle("title", parent=_HEADING, fontSize=18, leading=22, spaceBefore=0)
_MUTED = ParagraphStyle("muted", parent=_BODY, fontSize=8, leading=10, textColor=colors.HexColor("#5a6068"))
_WARNING = ParagraphStyle(
    "warning",
    parent=_BODY,
    backColor=colors.HexColor("#fbeedd"),
    textColor=colors.HexColor("#7a3b00"),
    borderPadding=4,
    spaceBefore=6,
    spaceAfter=8,
)
_LOOK = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8ecf2")),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#c5cad2")),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


class _Paragraph(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph that breaks its lines once for each width: a table over several pages asks again on each."""

    _wrapped_to: float | None = None

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Return width and height. Lines are gone after a paragraph was asked to split and could not."""
        if width != self._wrapped_to or not hasattr(self, "blPara"):
            super().wrap(width, height)
            self._wrapped_to = width
        return self.width, self.height


def render_pdf(statement: Statement) -> bytes:
    """Return the statement as the bytes of a PDF file; the same statement gives the same bytes."""
    known_characters()  # registers the fonts
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 12,
        title=printable(statement.title),
        author="iamdesk",
        subject=f"review {printable(statement.review_id)}",
        invariant=1,
    )

    flow: list[Flowable] = [
        _Paragraph(_markup(statement.title), _TITLE),
        _Paragraph(_markup(f"Review {statement.review_id} · generated {statement.generated_utc}"), _MUTED),
        _Paragraph(_markup(f"Evidence SHA-256 {statement.evidence_sha256}"), _MUTED),
    ]
    for section in statement.sections:
        flow += _section(section, A4[0] - 2 * MARGIN)
    foot = f"{printable(statement.review_id)} · evidence {statement.evidence_sha256[:16]}…"
    document.build(flow, canvasmaker=partial(NumberedPages, foot))
    return out.getvalue()


def _section(section: Section, width: float) -> Iterator[Flowable]:
    if section.new_page:
        yield PageBreak()
    else:
        yield CondPageBreak(_MIN_HEIGHT)
    yield _Paragraph(_markup(section.title), _HEADING)
    for block in section.blocks:
        if isinstance(block, Text):
            yield _Paragraph(_markup(block.text), _WARNING if block.is_warning else _BODY)
        elif block.rows:
            yield _table(block, width)
            yield Spacer(1, 5)
        else:
            yield _Paragraph("None.", _MUTED)


def _table(table: Table, width: float) -> LongTable:
    shares = table.widths or (1,) * len(table.headings)
    bold = [_Paragraph(f"<b>{_markup(heading)}</b>", _CELL) for heading in table.headings]
    rows = [[_Paragraph(_markup(_short(cell)), _CELL) for cell in row] for row in table.rows]
    made = LongTable(
        [bold, *rows], colWidths=[width * share / sum(shares) for share in shares], repeatRows=1, splitInRow=1
    )
    made.setStyle(_LOOK)
    return made


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…"


def _markup(text: str) -> str:
    return escape(printable(text))
