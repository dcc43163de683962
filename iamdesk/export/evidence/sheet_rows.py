"""Rows of a large sheet, printed at once: what xlsxwriter prints cell by cell, in a fraction of the time.

The book of a large review has ten million cells. In every other respect the sheet is xlsxwriter's own; a test compares
what both print. One thing differs: text that looks like marked-up text to xlsxwriter stays text.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from iamdesk.escaping import UNSEEN
from iamdesk.export.evidence.columns import Cell
from iamdesk.export.findings.xlsx_file import cell_text

_LONGEST = 32_767
"""Units of UTF-16 that a cell holds."""
_NEEDS_CARE = re.compile(rf"[{UNSEEN}\n&<>\ufffe\uffff]|_x[0-9a-fA-F]{{4}}_|\A\s|\s\Z")
"""What does not stand in the file as it is."""


class RowSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types that mypy reads
    """A worksheet of a book that is written row by row (``constant_memory``)."""

    def add_row(self, row: int, cells: Sequence[Cell], looks: Sequence[Any], date_look: Any) -> None:
        """Write a row below all that stand; ``looks`` are the formats by column, but moments have one of their own."""
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
                is_plain = len(cell) * 2 <= _LONGEST and _NEEDS_CARE.search(cell) is None
                text = f"<t>{cell}</t>" if is_plain else self._text(cell)
                printed.append(f'{opening} t="inlineStr"><is>{text}</is></c>')
            else:
                value = self._convert_date_time(cell.replace(tzinfo=None)) if isinstance(cell, datetime) else cell
                printed.append(f"{opening}><v>{value:.16G}</v></c>")
        printed.append("</row>")
        self.fh.write("".join(printed))

    def _text(self, text: str) -> str:
        shown = cell_text(text).encode("utf-16-le")[: 2 * _LONGEST].decode("utf-16-le", "ignore")
        keep = ' xml:space="preserve"' if shown != shown.strip() else ""
        return f"<t{keep}>{self._escape_data(self._escape_control_characters(shown))}</t>"


@cache
def _name(column: int) -> str:
    name: str = xl_col_to_name(column)
    return name
