"""Findings as PDF: in the order of the HTML report, with page numbers and bookmarks. The first page is for management.

Does not use Qt, so that the command line can write it. Text is escaped before it becomes markup. Characters that the
font does not have are printed as escapes (``\\u540d``).
"""

import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepInFrame,
    LongTable,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)

from iamdesk.causes.grouping import causes_of
from iamdesk.causes.types import Causes
from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.export.files.pdf_pages import FONT, MARGIN, MUTED, NumberedPages, known_characters, printable
from iamdesk.export.findings.columns import place_of
from iamdesk.export.findings.html_file import Group, completeness_last, groups_of, suppressed_groups_of
from iamdesk.export.findings.management import Management, management_of, shortened
from iamdesk.export.findings.report import COMPLETENESS, Report, utc_text

_MAX_EVIDENCE = 12
"""Pieces of evidence printed for one finding; the JSON report has all."""
_SHAPES = {
    Severity.CRITICAL: ("\N{BLACK SQUARE}", "#8C0D2C"),
    Severity.HIGH: ("\N{BLACK UP-POINTING TRIANGLE}", "#A1131A"),
    Severity.MEDIUM: ("\N{BLACK DIAMOND}", "#7A4600"),
    Severity.LOW: ("\N{BLACK CIRCLE}", "#1C5A94"),
    Severity.INFO: ("\N{SHADOWED WHITE CIRCLE}", "#5F6368"),
}
"""By severity, a character of the font ZapfDingbats (square, triangle, diamond, disc, ring) and a color."""
_MAX_NAME = 400
"""Characters of a name in a table; the findings have all of it."""
_RULE = colors.HexColor("#D5D9DF")
_CODE = re.compile(r"`([^`\n]+)`")


def _markup(text: str) -> str:
    """Return untrusted text as markup: escaped, all characters printable."""
    return escape(printable(text))


def _remediation(text: str) -> str:
    """Return the remediation of a check as markup, with code in bold."""
    parts = _CODE.split(printable(text))  # before it is split: the space before a code is not the end of the text
    return "".join(f"<b>{escape(part)}</b>" if number % 2 else escape(part) for number, part in enumerate(parts))


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=FONT, fontSize=size, leading=size * 1.35, splitLongWords=1, **more)


class _Styles:
    def __init__(self) -> None:
        self._pieces: dict[str, Any] = {}
        known_characters()
        self.title = _style("title", 18, spaceAfter=4)
        self.heading = _style("heading", 13, spaceBefore=14, spaceAfter=6, keepWithNext=1)
        # Not keepWithNext: it would keep the heading with the whole table.
        self.table_heading = _style("heading", 13, spaceBefore=14, spaceAfter=6)
        self.group = _style("group", 10.5, spaceBefore=10, spaceAfter=2, keepWithNext=1)
        self.part = _style("part", 10.5, spaceBefore=7, spaceAfter=2)
        self.conclusion = _style("conclusion", 12, spaceBefore=4, spaceAfter=4)
        self.body = _style("body", 8.5, spaceAfter=3)
        self.muted = _style("muted", 8, textColor=MUTED, spaceAfter=3)
        self.finding = _style("finding", 8.5, leftIndent=8, borderPadding=0, spaceBefore=4, spaceAfter=1)
        self.proof = _style("proof", 7.5, leftIndent=18, bulletIndent=10, textColor=MUTED)
        self.cell = _style("cell", 8)
        self.number = _style("number", 8, alignment=TA_RIGHT)

    def plain(self, text: str, style: ParagraphStyle, bullet: str | None = None) -> Paragraph:
        """Return a paragraph of untrusted text, which is not parsed as markup."""
        piece = self._pieces.get(style.name)
        if piece is None:
            (piece,) = Paragraph("text", style).frags
            self._pieces[style.name] = piece
        return Paragraph("", style, bulletText=bullet, frags=[piece.clone(text=printable(text))])


def render(report: Report, *, with_details: bool = True) -> bytes:
    """Return the report as a PDF file; the same report gives the same bytes.

    Without details it is the management report: one page, and its appendix.
    """
    title = f"{'Findings' if with_details else 'Management report'}: {report.snapshot_name}"
    out = io.BytesIO()
    document = _Document(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 4 * mm,
        title=printable(title),
        author="iamdesk",
        subject=f"Snapshot SHA-256 {report.snapshot_sha256}",
        invariant=1,
    )
    frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0, id="all")
    document.addPageTemplates([PageTemplate(id="all", frames=[frame])])
    foot = f"{printable(report.snapshot_name)[:60]} · {report.generated_utc} · SHA-256 {report.snapshot_sha256[:16]}…"
    styles, causes = _Styles(), causes_of(report.findings)
    story = list(_first_page(title, report, management_of(report, causes), styles, document.width))
    groups = completeness_last(groups_of(report))
    if with_details:
        story += _details(report, causes, groups, styles, document.width)
    story += _appendix(report, groups, styles, document.width, with_details=with_details)
    document.build(story, canvasmaker=partial(NumberedPages, foot))
    return out.getvalue()


class _Document(BaseDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """A document with a bookmark for each heading."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Add a bookmark if the flowable is a heading."""
        level = {"heading": 0, "group": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is not None:
            key = f"h{id(flowable)}" if not hasattr(flowable, "bookmark") else flowable.bookmark
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level, closed=level == 0)


def _first_page(title: str, report: Report, page: Management, styles: _Styles, width: float) -> Iterator[Flowable]:
    """Yield the page for management. It is one page, whatever it holds: long names make its text smaller."""
    yield Paragraph(_markup(shortened(title)), styles.title)
    parts = list(_head(report, styles))
    parts += _summary(report, page, styles, width)
    yield KeepInFrame(0, 0, parts, mode="shrink")
    yield PageBreak()


def _head(report: Report, styles: _Styles) -> Iterator[Flowable]:
    versions = f"{report.generated_utc} · iamdesk {report.tool_version} · action data {report.action_data_version}"
    yield Paragraph(_markup(versions), styles.muted)
    yield Paragraph(f"Snapshot SHA-256 {_markup(report.snapshot_sha256)}", styles.muted)
    if report.settings_sha256:
        yield Paragraph(f"Settings SHA-256 {_markup(report.settings_sha256)}", styles.muted)


def _summary(report: Report, page: Management, styles: _Styles, width: float) -> Iterator[Flowable]:
    yield Paragraph(f"<b>{_markup(page.conclusion)}</b>", styles.conclusion)
    yield styles.plain(" ".join(page.grounds), styles.body)
    yield from _counts(report, styles)
    yield Paragraph("<b>Scope</b>", styles.part)
    latest = report.snapshot_latest
    data = () if latest is None else (f"data as of {utc_text(latest)}, the latest time in the snapshot",)
    yield styles.plain(f"{'; '.join((*page.scope, *data))}.", styles.body)
    yield Paragraph("<b>Five numbers</b>, of open findings", styles.part)
    yield _numbers_table(page, styles, width)
    yield Paragraph("<b>Risks</b>, worst first", styles.part)
    if page.risks:
        rows = [
            (one.cause.severity, f"{one.number}. {one.name}", one.effect, _count(len(one.cause.findings)))
            for one in page.risks
        ]
        yield _table(("Severity", "Cause", "Effect", "Findings"), rows, styles, width, (0.12, 0.42, 0.34, 0.12))
    else:
        yield styles.plain("No cause of findings was found.", styles.body)
    if page.more_risks:
        yield styles.plain(f"{page.more_risks:,} more causes are in the findings report.", styles.muted)
    if page.trend is not None:
        yield Paragraph("<b>Trend</b>", styles.part)
        yield styles.plain(f"{page.trend.sentence} Compared with {page.trend.compared_with}.", styles.body)
        for warning in page.trend.warnings:
            yield styles.plain(warning, styles.muted)
    if page.notes:
        yield Paragraph("<b>Notes</b>", styles.part)
        words = "In the words of whoever reviewed the findings; iamdesk has not checked them."
        yield styles.plain(words, styles.muted)
        notes = [(one.about, one.text) for one in page.notes]
        yield _table(("About", "Note"), notes, styles, width, (0.25, 0.75))
        if page.more_notes:
            yield styles.plain(f"{page.more_notes:,} more with the findings.", styles.muted)
    yield Paragraph("<b>Decisions needed</b>", styles.part)
    if page.decisions:
        decisions = [(one.about, Paragraph(_remediation(one.text), styles.cell), "", "") for one in page.decisions]
        yield _table(("About", "Decision", "Owner", "Until"), decisions, styles, width, (0.14, 0.58, 0.16, 0.12))
        yield styles.plain("For each risk: have it fixed, or accept it, with an owner and a date.", styles.muted)
    else:
        yield styles.plain("None.", styles.body)


def _numbers_table(page: Management, styles: _Styles, width: float) -> LongTable:
    named = [(one, f"{one.title} ({one.note})" if one.note else one.title) for one in page.numbers]
    if page.trend is None:
        return _table(("Now", "What"), [(one.text, name) for one, name in named], styles, width, (0.16, 0.84))
    rows = [(one.text, name, one.before_text, one.change) for one, name in named]
    return _table(("Now", "What", "Before", "Change"), rows, styles, width, (0.14, 0.5, 0.14, 0.22))


def _details(
    report: Report, causes: Causes, groups: Sequence[Group], styles: _Styles, width: float
) -> Iterator[Flowable]:
    if causes.rows:
        yield from _table_heading("Causes", styles)
        rows = [(one.severity, one.name, one.effect, _count(len(one.findings))) for one in causes.rows]
        yield _table(("Severity", "Cause", "Effect", "Findings"), rows, styles, width, (0.12, 0.44, 0.32, 0.12))
    yield from _contents(groups, styles, width)
    yield from _groups("Findings", [one for one in groups if not one.check_id.startswith(COMPLETENESS)], styles)
    yield from _groups("Suppressed findings", tuple(suppressed_groups_of(report)), styles)


def _appendix(
    report: Report, groups: Sequence[Group], styles: _Styles, width: float, *, with_details: bool
) -> Iterator[Flowable]:
    missing = [one for one in groups if one.check_id.startswith(COMPLETENESS)]
    if missing or report.problem_count:
        yield from _completeness(report, missing, styles, width, with_details=with_details)
    yield from _table_heading("Scope by account", styles)
    accounts = [
        (
            f"{one.account_id} {one.alias}" if one.alias else one.account_id,
            *map(_count, (one.users, one.groups, one.roles, one.policies, one.broken)),
        )
        for one in report.accounts
    ]
    headings = ("Account", "Users", "Groups", "Roles", "Managed policies", "Malformed")
    yield _table(headings, accounts, styles, width, (0.4, 0.1, 0.1, 0.1, 0.16, 0.14))
    if with_details:
        yield from _table_heading("Checks", styles)
        checks = [(check.id, check.question, _count(report.by_check.get(check.id, 0))) for check in report.checks]
        yield _table(("Check", "Question", "Findings"), checks, styles, width, (0.12, 0.74, 0.14))
    yield from _table_heading("How to verify this report", styles)
    files = [(file.path.name, _count(file.size), file.sha256) for file in report.snapshot_files[:50]]
    yield _table(("File", "Bytes", "SHA-256"), files, styles, width, (0.34, 0.14, 0.52))
    more = len(report.snapshot_files) - 50
    if more > 0:
        yield Paragraph(f"{more:,} more files: see the JSON report.", styles.muted)


def _completeness(
    report: Report, missing: Sequence[Group], styles: _Styles, width: float, *, with_details: bool
) -> Iterator[Flowable]:
    title = "Appendix: completeness of the snapshot"
    yield from _table_heading(title, styles)
    yield styles.plain(
        "Findings that depend on missing data are marked “cannot tell”. A check that was skipped has not passed.",
        styles.body,
    )
    if report.problem_count:
        yield styles.plain(f"Reading the snapshot found {report.problem_count:,} problems.", styles.body)
    if with_details:
        yield from _groups("", missing, styles)
    elif missing:
        rows = [
            (one.severity, f"{one.title}: {one.findings[0].sentence}", _count(len(one.findings))) for one in missing
        ]
        yield _table(("Severity", "What is missing", "Findings"), rows, styles, width, (0.12, 0.74, 0.14))


def _table_heading(text: str, styles: _Styles) -> Iterator[Flowable]:
    yield CondPageBreak(30 * mm)
    yield Paragraph(text, styles.table_heading)


def _counts(report: Report, styles: _Styles) -> Iterator[Flowable]:
    severities = "   ".join(f"{_mark(severity)} <b>{count:,}</b>" for severity, count in report.by_severity.items())
    yield Spacer(0, 4)
    yield Paragraph(severities, styles.body)
    states = ", ".join(f"{count:,} {state.value}" for state, count in report.by_state.items())
    suppressed = f"; {len(report.suppressed):,} more suppressed" if report.suppressed else ""
    yield Paragraph(f"{len(report.findings):,} findings: {states}{suppressed}.", styles.body)


def _contents(groups: Sequence[Group], styles: _Styles, width: float) -> Iterator[Flowable]:
    if not groups:
        yield Paragraph("No findings", styles.heading)
        return
    yield from _table_heading("Contents", styles)
    rows = [(group.severity, group.check_id, group.title, _count(len(group.findings))) for group in groups]
    yield _table(("Severity", "Check", "Title", "Findings"), rows, styles, width, (0.16, 0.12, 0.58, 0.14))


def _groups(title: str, groups: Sequence[Group], styles: _Styles) -> Iterator[Flowable]:
    if not groups:
        return
    if title:
        yield Paragraph(_markup(title), styles.heading)
    for group in groups:
        yield Paragraph(f"{_mark(group.severity)} {_markup(group.title)} ({_markup(group.check_id)})", styles.group)
        if group.check is not None:
            standards = f" Standards: {'; '.join(group.check.standards)}." if group.check.standards else ""
            yield Paragraph(_markup(group.check.question + standards), styles.muted)
        if group.shared_remediation:
            yield Paragraph(f"<b>Remediation:</b> {_remediation(group.shared_remediation)}", styles.body)
        for finding in group.findings:
            yield from _finding(finding, styles, with_remediation=not group.shared_remediation)


def _finding(finding: Finding, styles: _Styles, *, with_remediation: bool) -> Iterator[Flowable]:
    state = " (cannot tell)" if finding.state is State.INCONCLUSIVE else ""
    about = f"{finding.subject_kind}, account {finding.account}{state}"
    yield Paragraph(
        f"<b>{_markup(finding.subject_name)}</b> <font color='#5A6068'>{_markup(about)}</font><br/>"
        f"{_markup(finding.sentence)}",
        styles.finding,
    )
    for note in finding.notes:
        yield styles.plain(f"Note: {note}", styles.proof)
    if finding.suppression is not None:
        until, owner = finding.suppression.expires, finding.suppression.owner
        yield styles.plain(f"Suppressed until {until} by {owner}: {finding.suppression.reason}", styles.proof)
    for piece in finding.evidence[:_MAX_EVIDENCE]:
        texts = [piece.text]
        if piece.decision is not None:
            texts.append(piece.decision.sentence)
        if piece.statement is not None:
            texts.append(f"({place_of(piece.statement)})")
        yield styles.plain(" ".join(texts), styles.proof, "•")
    if len(finding.evidence) > _MAX_EVIDENCE:
        yield Paragraph(f"{len(finding.evidence) - _MAX_EVIDENCE:,} more: see the JSON report.", styles.proof)
    if with_remediation:
        yield Paragraph(f"Remediation: {_remediation(finding.remediation)}", styles.proof)
    if finding.remediation_command:
        yield styles.plain(finding.remediation_command, styles.proof)


def _mark(severity: Severity) -> str:
    shape, colour = _SHAPES[severity]
    word = severity.value.capitalize()
    return f"<font color='{colour}'><font name='ZapfDingbats'>{shape}</font> {word}</font>"


def _count(number: int) -> str:
    return f"{number:,}"


def _table(
    headings: Sequence[str], rows: Sequence[Sequence[Any]], styles: _Styles, width: float, shares: Sequence[float]
) -> LongTable:
    """Return a table that may span pages; columns of numbers are right-aligned. A row must fit on a page."""
    numbers = {position for position, heading in enumerate(headings) if heading in _NUMBERS}
    cells = [
        [
            Paragraph(f"<b>{_markup(heading)}</b>", styles.number if position in numbers else styles.cell)
            for position, heading in enumerate(headings)
        ]
    ]
    cells += [
        [
            value
            if isinstance(value, Flowable)
            else Paragraph(_mark(value), styles.cell)
            if isinstance(value, Severity)
            else Paragraph(_markup(shortened(value, _MAX_NAME)), styles.number if position in numbers else styles.cell)
            for position, value in enumerate(row)
        ]
        for row in rows
    ]
    table = LongTable(cells, colWidths=[share * width for share in shares], repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


_NUMBERS = frozenset(
    {"Users", "Groups", "Roles", "Managed policies", "Malformed", "Findings", "Bytes", "Now", "Before"}
)
