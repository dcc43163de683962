"""The workbook and the PDF, read back: same findings, no formula, no link, every character seen."""

import dataclasses
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from iamdesk.checks.finding import Suppression
from iamdesk.escaping import visible
from iamdesk.export.files.pdf_pages import FONT, known_characters, printable
from iamdesk.export.findings.columns import COLUMNS
from iamdesk.export.findings.report import ordered
from iamdesk.export.findings.writers import render
from iamdesk.export.findings.xlsx_file import cell_text


def book(findings, snapshot, now):
    return load_workbook(io.BytesIO(render("xlsx", findings, snapshot, generated_at=now)))


def rows(sheet):
    names = [cell.value for cell in sheet[1]]
    return [dict(zip(names, [cell.value for cell in row], strict=True)) for row in sheet.iter_rows(min_row=2)]


def pages(findings, snapshot, now):
    return PdfReader(io.BytesIO(render("pdf", findings, snapshot, generated_at=now)))


def flat(reader):
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


def unbroken(reader):
    """The text without white space and without the feet of pages, over which a sentence may run."""
    return re.sub(r"acme-prod\.json·[^…]*…page\d+of\d+", "", re.sub(r"\s+", "", flat(reader)))


@pytest.fixture
def aside(sample_findings):
    word = Suppression(sample_findings[0].fingerprint, "Ito, Alice", "=known", date(2027, 1, 31), date(2026, 10, 1))
    return [replace(sample_findings[0], suppression=word), *sample_findings[1:]]


def test_xlsx_holds_every_finding_in_order(sample, sample_findings, now):
    made = book(sample_findings, sample, now)
    assert made.sheetnames == ["About", "Findings", "Suppressed", "Causes", "Checks"]
    listed = rows(made["Findings"])
    assert list(listed[0]) == [column.label for column in COLUMNS]
    assert [row["Finding"] for row in listed] == [one.fingerprint for one in ordered(sample_findings)]
    assert Counter(row["Severity"] for row in listed) == Counter(one.severity.value for one in sample_findings)
    about = {row["Name"]: row["Value"] for row in rows(made["About"])}
    assert about["Snapshot SHA-256"] == sample.sha256
    assert about["Findings"] == len(sample_findings)
    assert sum(row["Findings"] for row in rows(made["Checks"])) == len(sample_findings)
    assert made["Findings"].freeze_panes == "A2"


def test_xlsx_has_a_sheet_for_suppressed_findings(sample, aside, now):
    made = book(aside, sample, now)
    (row,) = rows(made["Suppressed"])
    assert (row["Suppressed by"], row["Reason for suppression"], row["Suppressed until"]) == (
        "Ito, Alice",
        "=known",
        "2027-01-31",
    )
    assert len(rows(made["Findings"])) == len(aside) - 1


def test_xlsx_runs_nothing(hostile, hostile_snapshot, now):
    made = book(hostile, hostile_snapshot, now)
    texts = set()
    for sheet in made:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n")
                assert cell.hyperlink is None
                assert (
                    cell.value is None
                    or sheet.title != "Findings"
                    or "\n" in str(cell.value)
                    or (visible(str(cell.value)) == str(cell.value))
                )
                texts.add(cell.value)
    assert made.defined_names == {} or not list(made.defined_names)
    assert {cell_text(one.subject_name) for one in hostile} <= texts


def test_xlsx_cells_are_no_longer_than_a_cell_may_be():
    assert len(cell_text("x" * 50_000)) == 32_767
    assert cell_text("x" * 50_000).endswith("(truncated: see the JSON report)")
    assert cell_text("x" * 32_767) == "x" * 32_767


def test_pdf_tells_counts_findings_and_pages(sample, sample_findings, now):
    reader = pages(sample_findings, sample, now)
    text = flat(reader)
    assert f"{len(sample_findings)} findings: " in text
    assert sample.sha256 in text
    assert "The snapshot is incomplete: " in reader.pages[0].extract_text()
    assert f"page {len(reader.pages)} of {len(reader.pages)}" in text
    told = unbroken(reader)
    for finding in sample_findings:
        assert re.sub(r"\s+", "", printable(finding.sentence)) in told
    titles = [str(entry.title) for entry in reader.outline if not isinstance(entry, list)]
    assert titles[-3:] == ["Findings", "Checks", "How to verify this report"] or "Findings" in titles


def test_pdf_holds_names_longer_than_a_page(sample_findings, sample, now):
    longest = dataclasses.replace(sample_findings[0], sentence="s" * 3_000, subject_name="n" * 3_000)
    assert len(pages([longest, *sample_findings[1:3]], sample, now).pages) > 1


def test_pdf_tells_suppressed_findings(sample, aside, now):
    text = flat(pages(aside, sample, now))
    assert f"{len(aside) - 1} findings: " in text
    assert "1 more suppressed." in text
    assert "Suppressed until 2027-01-31 by Ito, Alice: =known" in text


def test_pdf_runs_nothing_and_shows_every_character(hostile, hostile_snapshot, now):
    content = render("pdf", hostile, hostile_snapshot, generated_at=now)
    for word in (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/EmbeddedFile", b"/AcroForm"):
        assert word not in content
    text = re.sub(r"\s+", "", flat(PdfReader(io.BytesIO(content))))
    for finding in hostile:
        assert re.sub(r"\s+", "", printable(finding.sentence)) in text


def test_characters_that_the_font_has_not_are_escapes():
    assert printable("ünïcödé 名前 \u202e") == "ünïcödé \\u540d\\u524d \\u202e"
    assert printable("\N{GRINNING FACE}") == "\\U0001f600"


@pytest.mark.parametrize("name", ["xlsx", "pdf"])
def test_without_findings_they_still_stand(name, sample, now):
    assert len(render(name, [], sample, generated_at=now)) > 1000


def test_a_text_is_measured_once(monkeypatch):
    known_characters()
    font = pdfmetrics.getFont(FONT)
    width = font.stringWidth("iamdesk measures", 7.5)
    assert width == pytest.approx(TTFont.stringWidth(font, "iamdesk measures", 7.5))
    monkeypatch.setattr(TTFont, "stringWidth", None)
    assert font.stringWidth("iamdesk measures", 15) == pytest.approx(2 * width)
