"""A table of the pack as CSV, written row by row: RFC 4180, a byte order mark, no cell that a spreadsheet runs."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from iamdesk.export.evidence.columns import Cell, Column, cells_of
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.report import utc_text

_LONGEST = (1 << 31) - 1
"""Characters of a cell. Python's default limit is 131,072; the effective permissions in one cell may be longer."""


def csv_rows(file: Iterable[str], delimiter: str = ",") -> Iterator[list[str]]:
    """Yield the rows of a table, however long a cell is.

    Raises:
        csv.Error: it is none.
    """
    csv.field_size_limit(_LONGEST)
    yield from csv.reader(file, delimiter=delimiter)


def cell_text(cell: Cell) -> str:
    """Return a cell as text: moments as ``2026-10-27T09:30:00Z``."""
    return utc_text(cell) if isinstance(cell, datetime) else str(cell)


class CsvSheet[Row]:
    """One CSV file that is being written; use it in a ``with`` block."""

    def __init__(self, path: Path, columns: Sequence[Column[Row]]) -> None:
        self._columns = tuple(columns)
        self._file: TextIOWrapper = path.open("w", encoding="utf-8-sig", errors="surrogatepass", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow([column.name for column in self._columns])

    def write(self, row: Row) -> None:
        """Add one row."""
        self.write_cells(cells_of(self._columns, row))

    def write_cells(self, cells: Sequence[Cell]) -> None:
        """Add a row of which the cells are known."""
        self._writer.writerow([cell if isinstance(cell, int) else inert(cell_text(cell)) for cell in cells])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
