"""Any table as CSV, by the rules of ``csv_file``; each row says where the table comes from, because rows get copied."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from iamdesk.export.findings.csv_file import inert
from iamdesk.export.findings.report import action_data_version, tool_version, utc_text

ABOUT_COLUMNS = (
    "query",
    "snapshot_sha256",
    "generated_utc",
    "iamdesk_version",
    "action_data_version",
    "rows_total",
)
"""The last columns of each table. Columns stay CSV that any reader understands; lines of comment would not."""
_TOTAL = "\0rows\0"
"""Stands for the number of rows until all are written; `inert` lets no cell contain it."""


@dataclass(frozen=True, slots=True)
class TableAbout:
    """Where a table comes from."""

    query: str = ""
    """The command that gives the same table, or the request in words; empty: the caller says it."""
    snapshot_sha256: str = ""
    """Empty: not known to the caller."""
    generated_at: datetime | None = None
    """None: now."""

    def cells(self, query: str) -> list[str]:
        """Return the cells of `ABOUT_COLUMNS` but the last; ``query`` is for a caller that says none."""
        return [
            self.query or query,
            self.snapshot_sha256,
            utc_text(self.generated_at or datetime.now(UTC)),
            tool_version(),
            action_data_version(),
        ]


def csv_bytes(
    headings: Sequence[str], rows: Iterable[Sequence[str | int]], query: str = "", about: TableAbout | None = None
) -> bytes:
    """Return headings and rows as the bytes of a CSV file; numbers stay numbers, texts are neutralized (`inert`).

    Args:
        headings: Names of the columns; those of `ABOUT_COLUMNS` that are not among them are added.
        rows: The cells of each row.
        query: What the table answers, in words, where ``about`` has no command.
        about: Where the table comes from, as far as the caller knows.
    """
    known = [*map(inert, (about or TableAbout()).cells(query)), _TOTAL]
    added = {name: cell for name, cell in zip(ABOUT_COLUMNS, known, strict=True) if name not in headings}
    cells = list(added.values())
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*headings, *added])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 - the number of rows is used behind the loop
        writer.writerow([*(str(value) if isinstance(value, int) else inert(value) for value in row), *cells])
    return out.getvalue().replace(_TOTAL, str(count)).encode("utf-8-sig")
