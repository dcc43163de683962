"""Tables that people give to a review as CSV files: rules, managers, reviewers, people, tickets."""

import csv
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase

_MAX_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file with headings."""

    path: Path
    sha256: str
    """Of the file."""
    headings: tuple[str, ...]
    """In lower case."""
    rows: Sequence[tuple[int, Mapping[str, str]]]
    """Row number (the headings are row 1) and cells by heading; empty rows are left out."""

    def check_columns(self, known: Collection[str], required: Collection[str] = ()) -> None:
        """Check the headings.

        Raises:
            ReviewError: a heading is not known, or a required one is missing; one sentence.
        """
        unknown = next((name for name in self.headings if name not in known), None)
        if unknown is not None:
            sentence = phrase(
                "unknown column `{name}`: expected {names}", name=visible(unknown), names=", ".join(known)
            )
            raise wrong_row(self.path, 1, sentence)
        self.require_columns(required)

    def require_columns(self, required: Collection[str]) -> None:
        """Check that some columns are there.

        Raises:
            ReviewError: one is missing; one sentence.
        """
        missing = next((name for name in required if name not in self.headings), None)
        if missing is not None:
            raise wrong_row(self.path, 1, phrase("the column `{name}` is missing", name=visible(missing)))


def read_table(path: Path) -> CsvTable:
    """Read a CSV file in UTF-8 with headings in its first row.

    Raises:
        ReviewError: it cannot be read; the sentence names file and row.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ReviewError(
            phrase("{name}: it cannot be read: {reason}", name=visible(path.name), reason=reason)
        ) from error
    if len(content) > _MAX_BYTES:
        raise ReviewError(phrase("{name}: the file is larger than 16 MiB", name=visible(path.name)))
    table = _parsed(path, content)
    headings = [name.strip().lower() for name in table[0]] if table else []
    twice = next((name for name in headings if headings.count(name) > 1), None)
    if twice is not None:
        raise wrong_row(path, 1, phrase("the column `{name}` occurs twice", name=visible(twice)))
    rows = []
    for number, row in enumerate(table[1:], start=2):
        if len(row) > len(headings):
            raise wrong_row(path, number, phrase("it has more cells than headings"))
        if any(cell.strip() for cell in row):
            cells = [cell.strip() for cell in row] + [""] * (len(headings) - len(row))
            rows.append((number, dict(zip(headings, cells, strict=True))))
    return CsvTable(path, hashlib.sha256(content).hexdigest(), tuple(headings), rows)


def _parsed(path: Path, content: bytes) -> list[list[str]]:
    table: list[list[str]] = []
    try:
        text = content.decode("utf-8-sig")
        # Not by `splitlines`: U+2028 and the like do not end a row.
        table.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise wrong_row(path, number, phrase("it is not a CSV file in UTF-8")) from error
    except (ValueError, csv.Error) as error:
        raise wrong_row(path, len(table) + 1, phrase("it is not a CSV file in UTF-8")) from error
    return table


def wrong_row(path: Path, row: int, sentence: str) -> ReviewError:
    """Return the error about a row of a file."""
    return ReviewError(phrase("{name}, row {row}: {sentence}", name=visible(path.name), row=row, sentence=sentence))
