"""Rows printed at once are what xlsxwriter prints cell by cell; text that needs no care in CSV stays as it is."""

import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import Cell
from iamdesk.export.evidence.workbook import RowSheet
from iamdesk.export.findings import csv_file
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.xlsx_file import cell_text

from ...some_of import some_of

ODD = [
    "plain",
    "",
    " before",
    "after ",
    "\u00a0wide space\u2003",
    "a & b < c > d \" '",
    "_x0041_ and _x00_",
    "line\nbreak",
    "tab\tand \x00 null",
    "\ufffe\uffff",
    "\ud800",
    "\u202egpj",
    "=1+1",
    "\U0001f600" * 20_000,
    "x" * 40_000,
    "é" * 32_767,
]
MOMENT = datetime(2026, 11, 24, 13, 5, 59, tzinfo=UTC)
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "remove_timezone": True}


def sheet_of(path: Path, rows: Sequence[Sequence[Cell]], *, at_once: bool) -> str:
    """Write rows below a heading; return the sheet's XML."""
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    plain, shaded = book.add_format({"valign": "top"}), book.add_format({"bg_color": "#FFFBE6"})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet("Rows", RowSheet)
    sheet.write_string(0, 0, "heading", plain)
    for number, cells in enumerate(rows, start=1):
        looks = [(plain, shaded, None)[at % 3] or book.default_url_format for at in range(len(cells))]
        if at_once:
            sheet.add_row(number, cells, looks, date)
            continue
        for at, (cell, look) in enumerate(zip(cells, looks, strict=True)):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, at, cell.replace(tzinfo=None), date)
            elif isinstance(cell, int):
                sheet.write_number(number, at, cell, look)
            else:
                sheet.write_string(number, at, cell_text(cell), look)
    book.close()
    with zipfile.ZipFile(path) as packed:
        return packed.read("xl/worksheets/sheet1.xml").decode()


def test_rows_at_once_are_those_of_single_cells(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[text, 7, MOMENT, text, -1, 123_456_789_012] for text in ODD]
    rows.append([f"column {at}" for at in range(60)])
    one, other = (sheet_of(tmp_path / f"{way}.xlsx", rows, at_once=way) for way in (True, False))
    assert one == other
    assert one.count("<row ") == len(rows) + 1


@settings(max_examples=some_of(50), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(st.characters(), max_size=12), min_size=1, max_size=8))
def test_any_text_is_printed_as_xlsxwriter_does(tmp_path: Path, texts: list[str]) -> None:
    one, other = (sheet_of(tmp_path / f"{way}.xlsx", [texts], at_once=way) for way in (True, False))
    assert one == other


def test_text_like_mark_up_stays_text(tmp_path: Path) -> None:
    text = "<r><t>bold</t></r>"
    sheet_of(tmp_path / "book.xlsx", [[text]], at_once=True)
    assert openpyxl.load_workbook(tmp_path / "book.xlsx")["Rows"]["A2"].value == text


@given(st.text(st.characters() | st.sampled_from("=+-@＝; \t\r\n'\"\u202e")))
def test_text_that_is_not_suspect_needs_nothing(text: str) -> None:
    shown = csv_file._FORMULA_AFTER_SEMICOLON.sub(r"\1'", visible(text))
    needed = "'" + shown if re.match(csv_file._STARTS_FORMULA, text) else shown
    assert inert(text) == needed
