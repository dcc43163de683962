"""The XLSX workbook of a package, written in bounded memory: dates, numbers and text, no formulas, macros or links.

The sheets Entitlements and Findings can be filled in and imported (`import_sheet`); all other cells are protected.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from iamdesk.escaping import UNSEEN, visible
from iamdesk.export.evidence.columns import Cell, Column, cells_of
from iamdesk.export.findings.xlsx_file import cell_text
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ReviewDecision

_MAX_LENGTH = 32_767
"""Maximum UTF-16 code units of a cell."""
_NEEDS_CARE = re.compile(rf"[{UNSEEN}\n&<>\ufffe\uffff]|_x[0-9a-fA-F]{{4}}_|\A\s|\s\Z")
"""Text that must be escaped or truncated."""


class RowSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types that mypy reads
    """A worksheet of a workbook with ``constant_memory``, which writes whole rows: much faster than cell by cell.

    The workbook of a large review has ten million cells. A test compares the output with that of xlsxwriter, which
    differs only in text that it takes for rich text: here it stays plain text.
    """

    def add_row(self, row: int, cells: Sequence[Cell], looks: Sequence[Any], date_look: Any) -> None:
        """Write the next row; ``looks`` are the formats by column, ``date_look`` is the format of times."""
        self._check_dimensions(row, 0)
        self._check_dimensions(row, len(cells) - 1)
        if row > self.previous_row:
            self._write_single_row(row)
        number = row + 1
        printed = [f'<row r="{number}">']
        for column, (cell, look) in enumerate(zip(cells, looks, strict=False)):
            style = (date_look if isinstance(cell, datetime) else look)._get_xf_index()
            opening = f'<c r="{_name(column)}{number}" s="{style}"' if style else f'<c r="{_name(column)}{number}"'
            if isinstance(cell, str):
                is_plain = len(cell) * 2 <= _MAX_LENGTH and _NEEDS_CARE.search(cell) is None
                text = f"<t>{cell}</t>" if is_plain else self._text(cell)
                printed.append(f'{opening} t="inlineStr"><is>{text}</is></c>')
            else:
                value = self._convert_date_time(cell.replace(tzinfo=None)) if isinstance(cell, datetime) else cell
                printed.append(f"{opening}><v>{value:.16G}</v></c>")
        printed.append("</row>")
        self.fh.write("".join(printed))

    def _text(self, text: str) -> str:
        shown = cell_text(text).encode("utf-16-le")[: 2 * _MAX_LENGTH].decode("utf-16-le", "ignore")
        keep = ' xml:space="preserve"' if shown != shown.strip() else ""
        return f"<t{keep}>{self._escape_data(self._escape_control_characters(shown))}</t>"


@cache
def _name(column: int) -> str:
    name: str = xl_col_to_name(column)
    return name


_MAX_ROWS = 1_048_575
_WIDTHS = {
    "line_id": 34,
    "finding_id": 22,
    "finding_or_line_ids": 34,
    "subject_arn": 60,
    "holder_arn": 60,
    "principal_arn": 60,
    "entitlement_id": 60,
    "holder_display": 34,
    "entitlement_name": 34,
    "name": 34,
    "title": 40,
    "finding": 60,
    "effective_summary": 50,
    "decision_reason": 36,
    "reason": 36,
    "reason_given": 36,
    "proof_summary": 90,
    "deciding_statements": 60,
    "assumptions": 60,
    "conditions": 40,
    "limited_by": 34,
    "finding_ids": 34,
    "remediation": 60,
    "command": 60,
    "line_sha256": 66,
    "finding_sha256": 66,
    "decision_sha256": 66,
    "standing_sha256": 66,
}
_READABLE = 240
"""Characters that are readable side by side on A4: a wider table is printed on several pages."""
RESET = "reset"
"""In a filled sheet it clears the current decision; an empty cell changes nothing."""
ENTITLEMENTS_SHEET = "Entitlements"
FINDINGS_SHEET = "Findings"


@dataclass(frozen=True, slots=True)
class Headings:
    """A row of headings."""

    cells: Sequence[str]


type PageRow = Headings | Sequence[str]


class Workbook:
    """Writer of a workbook."""

    def __init__(
        self, path: Path, review_id: str, snapshot_sha256: str, created: datetime, *, is_draft: bool = False
    ) -> None:
        self._workbook = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "default_date_format": "yyyy-mm-dd hh:mm:ss",
                "remove_timezone": True,
            },
        )
        self._workbook.set_properties({"title": f"Access review {review_id}", "created": created.replace(tzinfo=None)})
        safe = visible(review_id).replace("&", "&&")
        self._header = "&C&BDRAFT: the review is not complete" if is_draft else ""
        self._footer = f"&L{safe}&C{snapshot_sha256[:16]}&RPage &P of &N"
        self._head = self._workbook.add_format({"bold": True, "bottom": 1, "bg_color": "#E8ECF2", "locked": True})
        self._plain = self._workbook.add_format({"valign": "top", "text_wrap": True})
        self._date = self._workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"})
        self._open = self._workbook.add_format(
            {"locked": False, "bg_color": "#FFFBE6", "valign": "top", "num_format": "@", "text_wrap": True}
        )
        self._bold = self._workbook.add_format({"bold": True, "valign": "top", "text_wrap": True})
        self._heading = self._workbook.add_format({"bold": True, "font_size": 13, "valign": "top"})

    def sheet[Row](self, name: str, columns: Sequence[Column[Row]], *, fillable: bool = False) -> "Sheet[Row]":
        """Add a sheet for a table."""
        return Sheet(self, name, columns, fillable=fillable)

    def page(self, name: str, rows: Iterable[PageRow]) -> None:
        """Add a sheet of text: the first cell of each row is bold; a row of one cell is a heading."""
        sheet = self._add(name)
        sheet.set_column(0, 0, 52)
        sheet.set_column(1, 2, 66)  # a SHA-256 in one piece
        sheet.set_column(3, 6, 20)
        for at, row in enumerate(rows):
            if isinstance(row, Headings):
                looks: Sequence[Any] = (self._head,) * len(row.cells)
            else:
                looks = (self._heading,) if len(row) == 1 else (self._bold, *repeat(self._plain, len(row)))
            sheet.add_row(at, row.cells if isinstance(row, Headings) else row, looks, self._date)

    def _add(self, name: str) -> Any:
        sheet = self._workbook.add_worksheet(name, RowSheet)
        sheet.set_footer(self._footer)
        if self._header:
            sheet.set_header(self._header)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        return sheet

    def close(self) -> None:
        """Write the file.

        Raises:
            OSError: the disk refuses.
        """
        try:
            self._workbook.close()
        except xlsxwriter.exceptions.FileCreateError as error:  # it wraps the system's error in one of its own
            raise error.args[0] from error


class Sheet[Row]:
    """Writer of one sheet."""

    def __init__(self, workbook: Workbook, name: str, columns: Sequence[Column[Row]], *, fillable: bool) -> None:
        self._workbook = workbook
        self._sheet = sheet = workbook._add(name)
        self._columns = tuple(columns)
        self._looks = tuple(
            workbook._open if fillable and column.is_open else workbook._plain for column in self._columns
        )
        self.count = 0
        widths = [_WIDTHS.get(column.name, 18) for column in self._columns]
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        sheet.fit_to_pages(-(-sum(widths) // _READABLE), 0)
        for at, column in enumerate(self._columns):
            sheet.write_string(0, at, column.name, workbook._head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.autofilter(0, 0, _MAX_ROWS, len(self._columns) - 1)
        if fillable:
            self._protect(FINDING_CHOICES if name == FINDINGS_SHEET else LINE_CHOICES)

    def _protect(self, choices: Sequence[ReviewDecision]) -> None:
        self._sheet.protect(
            "",
            {
                "autofilter": True,
                "sort": True,
                "format_columns": True,
                "format_rows": True,
                "select_locked_cells": True,
            },
        )
        place = next((at for at, column in enumerate(self._columns) if column.name == "decision"), None)
        if place is not None:
            self._sheet.data_validation(
                1,
                place,
                _MAX_ROWS,
                place,
                {"validate": "list", "source": [*(choice.value for choice in choices), RESET]},
            )

    def write(self, row: Row) -> None:
        """Add one row."""
        self.write_cells(cells_of(self._columns, row))

    def write_cells(self, cells: Sequence[Cell]) -> None:
        """Add one row by its cells; rows beyond the maximum of a sheet are dropped."""
        if self.count >= _MAX_ROWS:
            return
        self.count += 1
        self._sheet.add_row(self.count, cells, self._looks, self._workbook._date)
