"""A worksheet of xlsxwriter that writes whole rows, which is much faster than cell by cell.

The workbook of a large review has ten million cells. A test compares its output with that of xlsxwriter. They differ
only in text that xlsxwriter takes for rich text: it stays plain text.
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

_MAX_LENGTH = 32_767
"""Maximum UTF-16 code units of a cell."""
_NEEDS_CARE = re.compile(rf"[{UNSEEN}\n&<>\ufffe\uffff]|_x[0-9a-fA-F]{{4}}_|\A\s|\s\Z")
"""Text that must be escaped or truncated."""


class RowSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types that mypy reads
    """A worksheet of a workbook with ``constant_memory``, which is written row by row."""

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
