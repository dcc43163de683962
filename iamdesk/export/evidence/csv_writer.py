"""CSV tables of a package, written row by row by the rules of ``findings.csv_file``."""

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

_MAX_CELL = (1 << 31) - 1
"""Maximum characters of a cell. Python's default is 131,072; the effective permissions in a cell may be longer."""


def csv_rows(file: Iterable[str], delimiter: str = ",") -> Iterator[list[str]]:
    """Yield the rows of a table, with cells of any length.

    Raises:
        csv.Error: it is not CSV.
    """
    csv.field_size_limit(_MAX_CELL)
    yield from csv.reader(file, delimiter=delimiter)


def cell_text(cell: Cell) -> str:
    """Return a cell as text: times as ``2026-10-27T09:30:00Z``."""
    return utc_text(cell) if isinstance(cell, datetime) else str(cell)


class CsvSheet[Row]:
    """Writer of one CSV file; a context manager."""

    def __init__(self, path: Path, columns: Sequence[Column[Row]]) -> None:
        self._columns = tuple(columns)
        self.names = tuple(column.name for column in self._columns)
        self.count = 0
        """Number of rows, without the headings."""
        self._file: TextIOWrapper = path.open("w", encoding="utf-8-sig", errors="surrogatepass", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow(self.names)

    def write(self, row: Row) -> None:
        """Add one row."""
        self.write_cells(cells_of(self._columns, row))

    def write_cells(self, cells: Sequence[Cell]) -> None:
        """Add one row by its cells."""
        self.count += 1
        self._writer.writerow([cell if isinstance(cell, int) else inert(cell_text(cell)) for cell in cells])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
