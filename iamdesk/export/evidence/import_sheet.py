"""Import of a filled sheet: rows are found by their id and hash, and edits of other cells are refused.

A row that was not filled in changes nothing. A filled row whose item has another decision than when the sheet was
exported is a conflict: it is listed, and the current decision stays. All other rows are imported.
"""

import csv
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import (
    ENTITLEMENTS,
    FINDINGS,
    Column,
    DecidedFinding,
    DecidedLine,
    cells_sha256,
    standing_sha256,
)
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.csv_writer import cell_text, csv_rows
from iamdesk.export.evidence.workbook import ENTITLEMENTS_SHEET, FINDINGS_SHEET, RESET
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.findings.csv_file import inert
from iamdesk.export.text.review import decision_words, finding_decision_words
from iamdesk.i18n import mark, phrase
from iamdesk.review.decisions import (
    FINDING_CHOICES,
    LINE_CHOICES,
    DecisionError,
    ItemDecision,
    ReviewDecision,
    Reviewer,
)
from iamdesk.review.session import ReviewSession

_MOST_BYTES = 1 << 31
_MOST_COMPARED = 30_000
"""Characters of a cell: a workbook cuts off somewhat later."""
_SHOWN = "decision_sha256"
_STANDING = "standing_sha256"
_WHO = frozenset(
    {"reviewer_name", "reviewer_account", "reviewed_utc", "second_reviewer"}
    | {"decided_by", "decided_account", "decided_utc", "state", _SHOWN, _STANDING}
)
"""Told of what stands, which may have changed since the sheet was written: nobody reads them back."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken."""

    sheet: str
    row: int
    """As a spreadsheet counts: the headings are row 1."""
    subject_id: str
    """Of the line or the finding, as the row has it."""
    why: str
    is_conflict: bool = False
    """Whether it is refused because the decision changed meanwhile."""


@dataclass(slots=True)
class ReadBack:
    """What a filled sheet says."""

    decisions: dict[str, ItemDecision] = field(default_factory=dict)
    """By id of the line or finding: those that are new."""
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)
    """By the same: in which sheet and row it stands."""
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind[Row: (DecidedLine, DecidedFinding)]:
    """One of the two tables that come back."""

    sheet: str
    what: str
    columns: tuple[Column[Row], ...]
    choices: tuple[ReviewDecision, ...]
    owner: str
    expiry: str
    """Names of the columns in which an exception's owner and last day stand."""
    rows: Callable[[EvidenceContext], Iterable[Row]]

    @property
    def id_column(self) -> str:
        """By which rows are found."""
        return f"{self.what}_id"

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return the columns that a sheet lacks."""
        return [column.name for column in self.columns if column.name not in names]


_LINES: _Kind[DecidedLine] = _Kind(
    ENTITLEMENTS_SHEET,
    mark("line"),
    ENTITLEMENTS,
    LINE_CHOICES,
    "exception_owner",
    "exception_expiry",
    lambda source: source.rows(),
)
_FINDINGS: _Kind[DecidedFinding] = _Kind(
    FINDINGS_SHEET,
    mark("finding"),
    FINDINGS,
    FINDING_CHOICES,
    "owner_id",
    "expiry_utc",
    lambda source: source.findings(),
)


def read_back(path: Path, source: EvidenceContext) -> ReadBack:
    """Return what a filled sheet decides anew, and the rows that are refused, each with why.

    ``path`` is the book of a pack (its sheets Entitlements and Findings), or one of the two tables as CSV.

    Raises:
        ExportError: it is neither.
    """
    found = ReadBack()
    if path.suffix.lower() == ".xlsx":
        with _book(path) as book:
            _read(_LINES, _book_rows(book, path, ENTITLEMENTS_SHEET), path, source, found)
            if FINDINGS_SHEET in book.sheetnames:
                _read(_FINDINGS, _book_rows(book, path, FINDINGS_SHEET), path, source, found)
        return found
    headings = next(iter(_csv_rows(path)), [])
    if _FINDINGS.id_column in headings:
        _read(_FINDINGS, _csv_rows(path), path, source, found)
    else:
        _read(_LINES, _csv_rows(path), path, source, found)
    return found


def fill_in(desk: ReviewSession, path: Path, reviewer: Reviewer) -> tuple[int, list[Refused]]:
    """Save what a filled sheet decides anew; return how many decisions, and the rows that were refused.

    Each row is a decision of its own.

    Raises:
        ExportError: it is no sheet of entitlements or findings.
        ReviewError: the review cannot be written.
    """
    found = read_back(path, EvidenceContext(desk.file, None, datetime.now(UTC)))
    saved = 0
    for subject_id, wanted in found.decisions.items():
        try:
            saved += len(desk.record_whole({subject_id: wanted}, reviewer).entries)
        except DecisionError as error:
            found.refused.append(Refused(*found.rows[subject_id], subject_id, str(error)))
    return saved, sorted(found.refused, key=lambda one: (one.sheet, one.row))


def _read[Row: (DecidedLine, DecidedFinding)](
    kind: _Kind[Row], rows: Iterable[list[str]], path: Path, source: EvidenceContext, found: ReadBack
) -> None:
    known = {_id_of(row): row for row in kind.rows(source)}
    seen: set[str] = set()
    for number, cells in _named(rows, kind, path):
        subject_id = cells.get(kind.id_column, "")
        if not any(cells.values()):
            continue
        row = known.get(subject_id)
        why = ""
        if row is None:
            why = phrase(
                "the review has no {what} with this {id_column}", what=phrase(kind.what), id_column=kind.id_column
            )
        elif subject_id in seen:
            why = phrase("the {what} stands in the sheet twice", what=phrase(kind.what))
            if found.decisions.pop(subject_id, None) is not None:  # which of the two is meant, nobody can tell
                found.refused.append(Refused(*found.rows[subject_id], subject_id, why))
        elif edited := list(_edited(cells, row, kind)):
            why = phrase("protected cells were edited: {edited}", edited=", ".join(edited))
        elif _says_nothing(cells, row, kind):
            found.unchanged += 1
        elif any("\udc80" <= sign <= "\udcff" for cell in cells.values() for sign in cell):
            why = phrase("a cell is not in UTF-8: save the sheet as CSV UTF-8")
        else:
            has_moved = cells.get(_STANDING) != standing_sha256(row)
            try:
                wanted = _decision(cells, row, kind)
                if has_moved and wanted != row.decision:
                    found.refused.append(Refused(kind.sheet, number, subject_id, _moved_on(row), is_conflict=True))
                else:
                    _take(number, wanted, row, kind, found)
            except (DecisionError, ValueError) as error:
                why = str(error)
        if why:
            found.refused.append(Refused(kind.sheet, number, subject_id, why))
        seen.add(subject_id)


def _id_of(row: DecidedLine | DecidedFinding) -> str:
    return row.line_id if isinstance(row, DecidedLine) else row.finding_id


def _says_nothing[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> bool:
    """Return whether a row was not filled in: its cells are empty, or as exported."""
    is_open = [column for column in kind.columns if column.is_open]
    if not any(cells.get(column.name, "").strip() for column in is_open):
        return True
    try:
        shown = ItemDecision(*_parts(cells, kind), ticket=_unquoted(cells.get("ticket", "")))
    except (DecisionError, ValueError):
        return False
    if cells_sha256(shown) == cells.get(_SHOWN):
        return True
    return cells.get(_STANDING) == standing_sha256(row) and _is_as_shown(cells, row, is_open)


def _is_as_shown[Row: (DecidedLine, DecidedFinding)](
    cells: Mapping[str, str], row: Row, columns: Iterable[Column[Row]]
) -> bool:
    """Return whether cells show the current decision, allowing for what was escaped or cut off at export."""
    return all(_plain(cells.get(column.name, "")) in map(_plain, _spellings(column, row)) for column in columns)


def _plain(text: str) -> str:
    return text.strip()[:_MOST_COMPARED]


def _moved_on(row: DecidedLine | DecidedFinding) -> str:
    """Return the current decision on an item that somebody else decided meanwhile, as a sentence."""
    stands = decision_words(row.decision) if isinstance(row, DecidedLine) else finding_decision_words(row.decision)
    if row.decided is None:
        return phrase(
            "its decision changed after the sheet was exported: now {decision}; nothing was overwritten",
            decision=stands,
        )
    return phrase(
        "its decision changed after the sheet was exported: now {decision}, by {reviewer} on {day}; nothing was "
        "overwritten",
        decision=stands,
        reviewer=visible(row.decided.reviewer),
        day=row.decided.moment[:10],
    )


def _take[Row: (DecidedLine, DecidedFinding)](
    number: int, wanted: ItemDecision, row: Row, kind: _Kind[Row], found: ReadBack
) -> None:
    """Record what a row decides if it is new; who made the same decision before keeps it."""
    if wanted == row.decision:
        found.unchanged += 1
    else:
        found.decisions[_id_of(row)] = wanted
        found.rows[_id_of(row)] = (kind.sheet, number)


def _decision[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> ItemDecision:
    """Return the decision after a filled row: empty cells keep the current one, `reset` clears it."""
    stands = row.decision
    ticket = _unquoted(cells.get("ticket", ""))
    ticket = "" if ticket.lower() == RESET else ticket or stands.ticket
    word = _word(cells)
    if word == RESET:
        return ItemDecision(ticket=ticket)
    if not word:
        if any(cells.get(name, "").strip() for name in ("decision_reason", kind.owner, kind.expiry)):
            raise DecisionError(phrase("the row has no decision: enter one, or `reset` to clear the current decision"))
        return replace(stands, ticket=ticket)
    if _is_as_shown(cells, row, [column for column in kind.columns if column.is_open and column.name != "ticket"]):
        return replace(stands, ticket=ticket)
    if word == ReviewDecision.UNDECIDED.value and stands.choice is not ReviewDecision.UNDECIDED:
        raise DecisionError(phrase("`undecided` clears nothing: enter `reset` to clear the current decision"))
    wanted = ItemDecision(*_parts(cells, kind), ticket=ticket)
    return replace(wanted, second=stands.second) if wanted.decided == stands.decided else wanted


def _word(cells: Mapping[str, str]) -> str:
    return cells.get("decision", "").strip().lower()


def _parts[Row: (DecidedLine, DecidedFinding)](
    cells: Mapping[str, str], kind: _Kind[Row]
) -> tuple[ReviewDecision, str, str, date | None]:
    """Return choice, reason, owner and last day of a row.

    Raises:
        DecisionError: it names no choice, or no day.
    """
    word, comment = _word(cells), _unquoted(cells.get("decision_reason", ""))
    if word not in {choice.value for choice in kind.choices}:
        expected = ", ".join((*(choice.value for choice in kind.choices), RESET))
        raise DecisionError(
            phrase(
                "`{word}` is no decision on a {what}: expected {expected}",
                word=visible(word),
                what=phrase(kind.what),
                expected=expected,
            )
        )
    if word != ReviewDecision.EXCEPT.value:
        return ReviewDecision(word), comment, "", None
    expiry = cells.get(kind.expiry, "").strip()[:10]
    try:
        last_day = date.fromisoformat(expiry) if expiry else None
    except ValueError:
        raise DecisionError(phrase("`{expiry}` is no day: expected YYYY-MM-DD", expiry=visible(expiry))) from None
    return ReviewDecision.EXCEPT, comment, _unquoted(cells.get(kind.owner, "")), last_day


def _unquoted(text: str) -> str:
    """Take back the mark that keeps a cell from being run."""
    text = text.strip()
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text


def _edited[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> Iterator[str]:
    for column in kind.columns:
        if column.is_open or column.name in _WHO:
            continue
        if cells.get(column.name, "") not in _spellings(column, row):
            yield column.name


def _spellings[Row: (DecidedLine, DecidedFinding)](column: Column[Row], row: Row) -> set[str]:
    """Return how a cell may come back: as in the CSV, as in the book."""
    value = column.value(row)
    text = cell_text(value)
    found = {text, inert(text), visible(text)}
    if isinstance(value, datetime):
        found.add(f"{value:%Y-%m-%d %H:%M:%S}")  # of the book, saved as CSV
    elif text.isascii() and text.isdigit():  # an account's id in a CSV that a spreadsheet took for a number
        found |= {str(int(text)), f"{int(text):.5E}"}
    return found


# Sheets


def _named[Row: (DecidedLine, DecidedFinding)](
    rows: Iterable[list[str]], kind: _Kind[Row], path: Path
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield rows by the names of their columns, with the numbers that a spreadsheet gives them."""
    numbered = enumerate(rows, 1)
    _, names = next(numbered, (1, []))
    if missing := kind.missing(names):
        raise ExportError(
            phrase(
                "{name} is no sheet of {lower}: it lacks the column {missing}",
                name=path.name,
                lower=kind.sheet.lower(),
                missing=missing[0],
            )
        )
    for number, cells in numbered:
        yield number, dict(zip(names, cells, strict=False))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            first = file.readline()
            file.seek(0)
            # A spreadsheet may have saved it with the mark of its own language.
            mark = ";" if first.count(";") > first.count(",") else ","
            yield from csv_rows(file, mark)
    except (OSError, csv.Error) as error:
        raise ExportError(
            phrase("{name} cannot be read as CSV: {error}", name=path.name, error=_reason(error))
        ) from error


@contextmanager
def _book(path: Path) -> Iterator[Any]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise ExportError(phrase("{name} is too large for a sheet of entitlements", name=path.name))
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise ExportError(
            phrase("{name} cannot be read as a workbook: {error}", name=path.name, error=_reason(error))
        ) from error
    try:
        yield book
    finally:
        book.close()


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _book_rows(book: Any, path: Path, name: str) -> Iterator[list[str]]:
    if name not in book.sheetnames:
        raise ExportError(phrase("{name} has no sheet {sheet}", name=path.name, sheet=name))
    for row in _values(book[name]):
        yield [_text(value) for value in row]


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
