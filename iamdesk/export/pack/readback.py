"""A sheet comes back filled in: rows are found by their id and hash, and what was edited elsewhere is refused."""

import csv
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.export.csv_file import inert
from iamdesk.export.files import ExportError
from iamdesk.export.pack.book import ENTITLEMENTS_SHEET
from iamdesk.export.pack.columns import ENTITLEMENTS, Column, DecidedLine
from iamdesk.export.pack.csv_sheet import cell_text
from iamdesk.export.pack.source import PackSource
from iamdesk.review.decisions import UNDECIDED, Choice, DecisionError, LineDecision, Reviewer
from iamdesk.review.desk import ReviewDesk
from iamdesk.visible import visible

_MOST_BYTES = 1 << 31
_WHO = frozenset({"reviewer_name", "reviewer_account", "reviewed_utc", "second_reviewer"})
"""Told of what stands, which may have changed since the sheet was written: nobody reads them back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken."""

    row: int
    """As a spreadsheet counts: the headings are row 1."""
    line_id: str
    why: str


@dataclass(slots=True)
class ReadBack:
    """What a filled sheet says."""

    decisions: dict[str, LineDecision] = field(default_factory=dict)
    """By line id: those that are new."""
    rows: dict[str, int] = field(default_factory=dict)
    """By line id: in which row of the sheet it stands."""
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


def read_back(path: Path, source: PackSource) -> ReadBack:
    """Return what a filled sheet decides anew, and the rows that are refused, each with why.

    Raises:
        ExportError: it is no sheet of entitlements.
    """
    known = {row.line_id: row for row in source.rows()}
    found = ReadBack()
    seen: set[str] = set()
    for number, cells in _sheet(path):
        line_id = cells.get("line_id", "")
        if not any(cells.values()):
            continue
        row = known.get(line_id)
        if row is None:
            found.refused.append(Refused(number, line_id, "the review has no line with this line_id"))
        elif line_id in seen:
            found.refused.append(Refused(number, line_id, "the line stands in the sheet twice"))
        elif edited := list(_edited(cells, row)):
            found.refused.append(Refused(number, line_id, f"protected cells were edited: {', '.join(edited)}"))
        else:
            _take(number, cells, row, found)
        seen.add(line_id)
    return found


def fill_in(desk: ReviewDesk, path: Path, reviewer: Reviewer) -> tuple[int, list[Refused]]:
    """Save what a filled sheet decides anew; return how many decisions, and the rows that were refused.

    Each row is a decision of its own.

    Raises:
        ExportError: it is no sheet of entitlements.
        ReviewError: the review cannot be written.
    """
    found = read_back(path, PackSource(desk.file, None, datetime.now(UTC)))
    saved = 0
    for line_id, wanted in found.decisions.items():
        try:
            saved += len(desk.record({line_id: wanted}, reviewer).entries)
        except DecisionError as error:
            found.refused.append(Refused(found.rows[line_id], line_id, str(error)))
    return saved, sorted(found.refused, key=lambda one: one.row)


def _take(number: int, cells: Mapping[str, str], row: DecidedLine, found: ReadBack) -> None:
    try:
        decision = _decision(cells)
    except (DecisionError, ValueError) as error:
        found.refused.append(Refused(number, row.line_id, str(error)))
        return
    if decision == row.decision.by_one:
        found.unchanged += 1
    else:
        found.decisions[row.line_id] = decision
        found.rows[row.line_id] = number


def _decision(cells: Mapping[str, str]) -> LineDecision:
    word = cells.get("decision", "").strip().lower()
    comment = _unquoted(cells.get("decision_reason", ""))
    if word in ("", Choice.UNDECIDED.value):
        return LineDecision(comment=comment) if comment else UNDECIDED
    if word not in {choice.value for choice in Choice}:
        raise DecisionError(
            f"`{visible(word)}` is no decision: expected {', '.join(choice.value for choice in Choice)}"
        )
    if word != Choice.EXCEPT.value:
        return LineDecision(Choice(word), comment)
    expiry = cells.get("exception_expiry", "").strip()[:10]
    try:
        last_day = date.fromisoformat(expiry) if expiry else None
    except ValueError:
        raise DecisionError(f"`{visible(expiry)}` is no day: expected YYYY-MM-DD") from None
    return LineDecision(Choice.EXCEPT, comment, _unquoted(cells.get("exception_owner", "")), last_day)


def _unquoted(text: str) -> str:
    """Take back the mark that keeps a cell from being run."""
    text = text.strip()
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text


def _edited(cells: Mapping[str, str], row: DecidedLine) -> Iterator[str]:
    for column in ENTITLEMENTS:
        if column.is_open or column.name in _WHO:
            continue
        if cells.get(column.name, "") not in _spellings(column, row):
            yield column.name


def _spellings(column: Column[DecidedLine], row: DecidedLine) -> set[str]:
    """Return how a cell may come back: as in the CSV, as in the book."""
    value = column.value(row)
    text = cell_text(value)
    found = {text, inert(text), visible(text)}
    if isinstance(value, datetime):
        found.add(f"{value:%Y-%m-%d %H:%M:%S}")  # of the book, saved as CSV
    return found


# Sheets


def _sheet(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    rows = _book_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    names: list[str] | None = None
    for number, cells in enumerate(rows, 1):
        if names is None:
            names = cells
            missing = [column.name for column in ENTITLEMENTS if column.name not in names]
            if missing:
                raise ExportError(f"{path.name} is no sheet of entitlements: it lacks the column {missing[0]}")
            continue
        yield number, dict(zip(names, cells, strict=False))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            first = file.readline()
            file.seek(0)
            # A spreadsheet may have saved it with the mark of its own language.
            mark = ";" if first.count(";") > first.count(",") else ","
            yield from csv.reader(file, delimiter=mark)
    except (OSError, csv.Error) as error:
        raise ExportError(f"{path.name} cannot be read as CSV: {error}") from error


def _book_rows(path: Path) -> Iterator[list[str]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise ExportError(f"{path.name} is too large for a sheet of entitlements")
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise ExportError(f"{path.name} cannot be read as a workbook: {error}") from error
    try:
        if ENTITLEMENTS_SHEET not in book.sheetnames:
            raise ExportError(f"{path.name} has no sheet {ENTITLEMENTS_SHEET}")
        for row in _values(book[ENTITLEMENTS_SHEET]):
            yield [_text(value) for value in row]
    finally:
        book.close()


def _values(sheet: Any) -> Iterable[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return cell_text(value.replace(tzinfo=UTC, microsecond=0))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
