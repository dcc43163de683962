"""Import of a filled sheet: rows are found by their id and hash, and edits of other cells are refused.

A row that was not filled in changes nothing. A filled row whose item has another decision than when the sheet was
exported is a conflict: it is listed, and the current decision stays. All other rows are imported.
"""

import csv
import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.export.evidence.columns import (
    FINDINGS,
    Column,
    DecidedFinding,
    DecidedLine,
    cells_sha256,
    entitlement_columns,
    state_sha256,
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
from iamdesk.review.events import EventKind
from iamdesk.review.journal import Entry
from iamdesk.review.session import ReviewSession

_MAX_BYTES = 1 << 31
_MAX_COMPARED = 30_000
"""Characters of a cell that are compared: a workbook truncates at somewhat more."""
_SHOWN = "decision_sha256"
_STANDING = "standing_sha256"
_COMPENSATING = "compensating_control"
_WHO = frozenset(
    {"reviewer_name", "reviewer_account", "reviewed_utc", "second_reviewer"}
    | {"decided_by", "decided_account", "decided_utc", "state", _SHOWN, _STANDING}
)
"""Columns about the current decision, which may have changed since the export: they are not imported.

They and `review_status` (the whole review may have become complete, or a draft again) are the only columns that a
reviewer does not fill in and that may differ from what a package would say now.
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not imported."""

    sheet: str
    row: int
    """Row number in the spreadsheet: the headings are row 1."""
    subject_id: str
    """ID of the entitlement or finding, as in the row."""
    why: str
    is_conflict: bool = False
    """Whether it is refused because the decision changed after the export."""


@dataclass(slots=True)
class ReadBack:
    """The content of a filled sheet."""

    decisions: dict[str, ItemDecision] = field(default_factory=dict)
    """New decisions by ID of the entitlement or finding."""
    rows: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Sheet and row by the same ID."""
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind[Row: (DecidedLine, DecidedFinding)]:
    """One of the two tables that can be imported."""

    sheet: str
    what: str
    id_column: str
    columns: tuple[Column[Row], ...]
    """All columns that a package of the review has, without `review_status`."""
    choices: tuple[ReviewDecision, ...]
    owner: str
    expiry: str
    """``owner`` and ``expiry``: names of the columns with the owner and the last day of an exception."""
    rows: Callable[[EvidenceContext], Iterable[Row]]

    def missing(self, names: Sequence[str]) -> list[str]:
        """Return the columns that are missing in a sheet."""
        return [column.name for column in self.columns if column.name not in names]


def _lines(source: EvidenceContext) -> _Kind[DecidedLine]:
    return _Kind(
        ENTITLEMENTS_SHEET,
        mark("entitlement"),
        "line_id",
        entitlement_columns(source.people),
        LINE_CHOICES,
        "exception_owner",
        "exception_expiry",
        lambda source: source.rows(),
    )


_FINDINGS: _Kind[DecidedFinding] = _Kind(
    FINDINGS_SHEET,
    mark("finding"),
    "finding_id",
    FINDINGS,
    FINDING_CHOICES,
    "owner_id",
    "expiry_utc",
    lambda source: source.findings(),
)


def read_back(path: Path, source: EvidenceContext) -> ReadBack:
    """Return the new decisions of a filled sheet, and the refused rows with reasons.

    ``path`` is the workbook of a package (sheets Entitlements and Findings), or one of the two tables as CSV.

    Raises:
        ExportError: it is neither.
    """
    found = ReadBack()
    if path.suffix.lower() == ".xlsx":
        with _workbook(path) as workbook:
            _read(_lines(source), _workbook_rows(workbook, path, ENTITLEMENTS_SHEET), path, source, found)
            if FINDINGS_SHEET in workbook.sheetnames:
                _read(_FINDINGS, _workbook_rows(workbook, path, FINDINGS_SHEET), path, source, found)
        return found
    headings = next(iter(_csv_rows(path)), [])
    if _FINDINGS.id_column in headings:
        _read(_FINDINGS, _csv_rows(path), path, source, found)
    else:
        _read(_lines(source), _csv_rows(path), path, source, found)
    return found


def fill_in(session: ReviewSession, path: Path, reviewer: Reviewer) -> tuple[int, list[Refused]]:
    """Save the decisions and tickets of a filled sheet; return how many rows were saved, and the refused rows.

    Each row is saved by itself, all at one moment, at which an event says that they come from a sheet: one act.

    Raises:
        ExportError: it is not a sheet of entitlements or findings.
        ReviewError: the review cannot be written.
    """
    found = read_back(path, EvidenceContext(session.file, None, datetime.now(UTC)))
    entries: list[Entry] = []

    def moment() -> datetime:
        return datetime.fromisoformat(entries[0].moment) if entries else datetime.now(UTC)

    for subject_id, wanted in found.decisions.items():
        try:
            entries += session.record_whole({subject_id: wanted}, reviewer, moment).entries
        except DecisionError as error:
            found.refused.append(Refused(*found.rows[subject_id], subject_id, str(error)))
    saved = len(entries)
    if saved:
        with path.open("rb") as sheet:
            sha256 = hashlib.file_digest(sheet, "sha256").hexdigest()
        details = {"sheet": path.name, "sha256": sha256, "decisions": saved}
        session.file.append([], [(EventKind.FILL, details)], reviewer, moment)
    return saved, sorted(found.refused, key=lambda one: (one.sheet, one.row))


def _read[Row: (DecidedLine, DecidedFinding)](
    kind: _Kind[Row], rows: Iterable[list[str]], path: Path, source: EvidenceContext, found: ReadBack
) -> None:
    known = {_id_of(row): row for row in kind.rows(source)}
    seen: set[str] = set()
    decided: dict[str, ItemDecision | None] = {}  # None: rows contradict each other
    agreeing: dict[str, list[int]] = {}
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
        elif edited := list(_edited(cells, row, kind)):
            why = phrase("protected cells were edited: {edited}", edited=", ".join(edited))
            if subject_id in seen:  # a row with the id of another one
                decided[subject_id] = None
                why = _twice(subject_id, kind, found, agreeing)
        elif _is_unchanged(cells, row, kind):
            found.unchanged += 1
        elif any("\udc80" <= sign <= "\udcff" for cell in cells.values() for sign in cell):
            why = phrase("a cell is not in UTF-8: save the sheet as CSV UTF-8")
        else:
            has_moved = cells.get(_STANDING) != state_sha256(row)
            try:
                wanted = _decision(cells, row, kind)
                if decided.setdefault(subject_id, wanted) != wanted:
                    decided[subject_id] = None
                    raise DecisionError(_twice(subject_id, kind, found, agreeing))
                if found.decisions.get(subject_id) == wanted:
                    agreeing.setdefault(subject_id, []).append(number)  # with the row before it
                    continue
                if wanted.decided != row.decision.decided:
                    wanted.check_last_day(datetime.now(UTC).date())
                if has_moved and wanted != row.decision:
                    found.refused.append(Refused(kind.sheet, number, subject_id, _moved_on(row), is_conflict=True))
                else:
                    _take(number, wanted, row, kind, found)
            except (DecisionError, ValueError) as error:
                why = str(error)
        if why:
            found.refused.append(Refused(kind.sheet, number, subject_id, why))
        seen.add(subject_id)


def _twice[Row: (DecidedLine, DecidedFinding)](
    subject_id: str, kind: _Kind[Row], found: ReadBack, agreeing: Mapping[str, Sequence[int]]
) -> str:
    """Return why a row is refused that contradicts others on the same item; none of them is imported."""
    why = phrase("the {what} is in the sheet twice", what=phrase(kind.what))
    if found.decisions.pop(subject_id, None) is not None:
        sheet, first = found.rows[subject_id]
        rows = (first, *agreeing.get(subject_id, ()))
        found.refused += [Refused(sheet, number, subject_id, why) for number in rows]
    return why


def _id_of(row: DecidedLine | DecidedFinding) -> str:
    return row.line_id if isinstance(row, DecidedLine) else row.finding_id


def _is_unchanged[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> bool:
    """Return whether a row was not filled in: its cells are empty, or as exported."""
    is_open = [column for column in kind.columns if column.is_open]
    if not any(cells.get(column.name, "").strip() for column in is_open):
        return True
    try:
        shown = replace(_entered(cells, kind), ticket=_unquoted(cells.get("ticket", "")))
    except (DecisionError, ValueError):
        return False
    if cells_sha256(shown) == cells.get(_SHOWN):
        return True
    return cells.get(_STANDING) == state_sha256(row) and _is_as_shown(cells, row, is_open)


def _is_as_shown[Row: (DecidedLine, DecidedFinding)](
    cells: Mapping[str, str], row: Row, columns: Iterable[Column[Row]]
) -> bool:
    """Return whether cells show the current decision, allowing for what was escaped or cut off at export."""
    return all(_plain(cells.get(column.name, "")) in map(_plain, _spellings(column, row)) for column in columns)


def _plain(text: str) -> str:
    return text.strip()[:_MAX_COMPARED]


def _moved_on(row: DecidedLine | DecidedFinding) -> str:
    """Return a sentence with the current decision on an item that was decided after the export."""
    current = decision_words(row.decision) if isinstance(row, DecidedLine) else finding_decision_words(row.decision)
    if row.decided is None:
        return phrase(
            "its decision changed after the sheet was exported: now {decision}; nothing was overwritten",
            decision=current,
        )
    return phrase(
        "its decision changed after the sheet was exported: now {decision}, by {reviewer} on {day}; nothing was "
        "overwritten",
        decision=current,
        reviewer=visible(row.decided.reviewer),
        day=row.decided.moment[:10],
    )


def _take[Row: (DecidedLine, DecidedFinding)](
    number: int, wanted: ItemDecision, row: Row, kind: _Kind[Row], found: ReadBack
) -> None:
    """Add the decision of a row if it is new; a decision that is the same stays with its first reviewer."""
    if wanted == row.decision:
        found.unchanged += 1
    else:
        found.decisions[_id_of(row)] = wanted
        found.rows[_id_of(row)] = (kind.sheet, number)


def _decision[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> ItemDecision:
    """Return the decision after a filled row: empty cells keep the current one, `reset` clears it."""
    current = row.decision
    ticket = _unquoted(cells.get("ticket", ""))
    ticket = "" if ticket.lower() == RESET else ticket or current.ticket
    word = _word(cells)
    if word == RESET:
        return ItemDecision(ticket=ticket)
    if not word:
        if any(cells.get(name, "").strip() for name in ("decision_reason", kind.owner, kind.expiry, _COMPENSATING)):
            raise DecisionError(phrase("the row has no decision: enter one, or `reset` to clear the current decision"))
        return replace(current, ticket=ticket)
    if _is_as_shown(cells, row, [column for column in kind.columns if column.is_open and column.name != "ticket"]):
        return replace(current, ticket=ticket)
    if word == ReviewDecision.UNDECIDED.value and current.choice is not ReviewDecision.UNDECIDED:
        if cells_sha256(ItemDecision()) == cells.get(_SHOWN) and not _unquoted(cells.get("decision_reason", "")):
            return replace(current, ticket=ticket)  # as exported, and decided since by others
        raise DecisionError(phrase("`undecided` clears nothing: enter `reset` to clear the current decision"))
    wanted = replace(_entered(cells, kind), ticket=ticket)
    if wanted.decided != current.decided:
        return wanted
    return replace(wanted, second=current.second, second_comment=current.second_comment)


def _word(cells: Mapping[str, str]) -> str:
    return cells.get("decision", "").strip().lower()


def _entered[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], kind: _Kind[Row]) -> ItemDecision:
    """Return the decision of a row, without its ticket.

    Raises:
        DecisionError: the decision or the date is not valid.
    """
    word, comment = _word(cells), _unquoted(cells.get("decision_reason", ""))
    if word not in {choice.value for choice in kind.choices}:
        expected = ", ".join((*(choice.value for choice in kind.choices), RESET))
        raise DecisionError(
            phrase(
                "`{word}` is not a valid decision for this {what}: expected {expected}",
                word=visible(word),
                what=phrase(kind.what),
                expected=expected,
            )
        )
    if word != ReviewDecision.EXCEPT.value:
        return ItemDecision(ReviewDecision(word), comment)
    expiry = cells.get(kind.expiry, "").strip()[:10]
    try:
        last_day = date.fromisoformat(expiry) if expiry else None
    except ValueError:
        raise DecisionError(phrase("`{expiry}` is not a date: expected YYYY-MM-DD", expiry=visible(expiry))) from None
    owner, compensating = (_unquoted(cells.get(name, "")) for name in (kind.owner, _COMPENSATING))
    return ItemDecision(ReviewDecision.EXCEPT, comment, owner, last_day, compensating=compensating)


def _unquoted(text: str) -> str:
    """Remove the apostrophe with which `inert` neutralizes a cell."""
    text = text.strip()
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text


def _edited[Row: (DecidedLine, DecidedFinding)](cells: Mapping[str, str], row: Row, kind: _Kind[Row]) -> Iterator[str]:
    for column in kind.columns:
        if column.is_open or column.name in _WHO:
            continue
        if cells.get(column.name, "") not in _spellings(column, row):
            yield column.name


def _spellings[Row: (DecidedLine, DecidedFinding)](column: Column[Row], row: Row) -> set[str]:
    """Return the texts of a cell after editing in a spreadsheet: as in the CSV, as in the workbook."""
    value = column.value(row)
    text = cell_text(value)
    found = {text, inert(text), visible(text)}
    if isinstance(value, datetime):
        found.add(f"{value:%Y-%m-%d %H:%M:%S}")  # the workbook, saved as CSV
    elif text.isascii() and text.isdigit():  # an account ID in a CSV that a spreadsheet read as a number
        found |= {str(int(text)), f"{int(text):.5E}"}
    return found


# Sheets


def _named[Row: (DecidedLine, DecidedFinding)](
    rows: Iterable[list[str]], kind: _Kind[Row], path: Path
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield row number and cells by column name."""
    numbered = enumerate(rows, 1)
    _, names = next(numbered, (1, []))
    if missing := kind.missing(names):
        raise ExportError(
            phrase(
                "{name} is not a sheet of {lower}: the column {missing} is missing",
                name=path.name,
                lower=kind.sheet.lower(),
                missing=missing[0],
            )
        )
    if twice := next((one for at, one in enumerate(names) if one and one in names[:at]), None):
        raise ExportError(phrase("{name} has the column {column} twice", name=path.name, column=visible(twice)))
    for number, cells in numbered:
        yield number, dict(zip(names, cells, strict=False))


def _csv_rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            first = file.readline()
            file.seek(0)
            # In some languages, spreadsheets save CSV with semicolons.
            delimiter = ";" if first.count(";") > first.count(",") else ","
            yield from csv_rows(file, delimiter)
    except (OSError, csv.Error) as error:
        raise ExportError(
            phrase("{name} cannot be read as CSV: {error}", name=path.name, error=_reason(error))
        ) from error


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                raise ExportError(phrase("{name} is too large for a review sheet", name=path.name))
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise ExportError(
            phrase("{name} cannot be read as a workbook: {error}", name=path.name, error=_reason(error))
        ) from error
    try:
        yield workbook
    finally:
        workbook.close()


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _workbook_rows(workbook: Any, path: Path, name: str) -> Iterator[list[str]]:
    if name not in workbook.sheetnames:
        raise ExportError(phrase("{name} has no sheet {sheet}", name=path.name, sheet=name))
    for row in _values(workbook[name]):
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
