"""Recovery of a damaged review: its intact parts are written to a new file. The damaged file is not changed."""

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import join_messages, phrase
from iamdesk.review.create_file import write_new
from iamdesk.review.decisions import UNDECIDED
from iamdesk.review.events import Event, broken_event
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import Entry, digest, entry_after
from iamdesk.review.review_file import EvidenceRecord, ReviewFile
from iamdesk.review.schema import (
    JOURNAL_GENESIS,
    LOST_PARTS,
    RECOVERED_FROM,
    Head,
    append_entries,
    append_events,
    connect,
    entry_of_row,
    event_of_row,
    head_of,
)
from iamdesk.review.seals import COUNT, FROZEN, LOST, frozen_sha256, lost
from iamdesk.review.sqlite_salvage import Row, rows_of

_HASH = re.compile("[0-9a-f]{64}")
RECOVERED = " (recovered)"
"""Suffix of the reviewer's name in entries that were written again because entries before them are lost."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """Result of a recovery."""

    path: Path
    lines: int
    entries: int
    """Unchanged entries of the journal."""
    detached: int
    """Decisions that were entered again because entries before them are lost."""
    lost: tuple[str, ...]
    """One sentence for each lost part; empty if nothing is lost."""


def recover(damaged: Path, into: Path) -> Recovered:
    """Write the intact parts of a damaged review to a new file.

    Keeps each entitlement, finding and journal entry that still has its digest.

    Raises:
        ReviewError: nothing can be recovered, or the new file exists or cannot be written.
    """
    if into.exists():
        raise ReviewError(phrase("{name} already exists; it was not changed", name=visible(into.name)))
    if not damaged.is_file():
        what = phrase("it is a folder, not a review") if damaged.is_dir() else phrase("there is no such file")
        raise ReviewError(join_messages(": ", (visible(damaged.name), what)))
    try:
        content = _rolled_back(damaged)
    except OSError as error:
        raise ReviewError(
            phrase("{name}: it cannot be read: {reason}", name=visible(damaged.name), reason=error.strerror)
        ) from error
    found = _Remains(content)
    if found.head is None and not found.lines:
        raise ReviewError(phrase("{name}: it contains no intact part of a review", name=visible(damaged.name)))
    head = found.head or Head("unknown", damaged.stem, "", "", datetime.now(UTC))
    details = {
        **head.details,
        RECOVERED_FROM: damaged.name,
        "recovered_from_sha256": hashlib.sha256(damaged.read_bytes()).hexdigest(),
    }
    kept, detached = found.chain()
    # What its first entry follows cannot be computed again: parts of it may be lost.
    details[JOURNAL_GENESIS] = start = kept[0].previous if kept else head.journal_start
    lost = tuple(found.lost(kept, detached))
    details[LOST_PARTS] = " ".join(filter(None, (head.details.get(LOST_PARTS, ""), *lost)))
    lines = [line for _, line in sorted(found.lines.items())]
    findings = [one for _, one in sorted(found.findings.items())]
    write_new(into, replace(head, details=details), found.members(), lines, findings)
    _append(into, [*kept, *_entered_anew(kept, detached, found.sha256s(), start)], found.events())
    with ReviewFile.open(into) as again:
        for package in found.packages():
            again.note_package(package)
    return Recovered(into, len(lines), len(kept), len(detached), lost)


def _rolled_back(damaged: Path) -> bytes:
    """Return the bytes of a copy of the file after SQLite rolled back an unfinished transaction."""
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        copy = Path(folder) / "review"
        shutil.copyfile(damaged, copy)
        hot = damaged.with_name(f"{damaged.name}-journal")
        if hot.is_file():
            shutil.copyfile(hot, Path(f"{copy}-journal"))
            with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(copy, writable=True)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("COMMIT")
        return copy.read_bytes()


def _append(path: Path, entries: Sequence[Entry], events: Sequence[Event]) -> None:
    """Append entries and events to the new file in one transaction."""
    with contextlib.closing(connect(path, writable=True)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        append_entries(connection, entries)
        append_events(connection, events)


def _entered_anew(
    kept: Sequence[Entry], detached: Sequence[Entry], known: Mapping[str, str], start: str
) -> Iterator[Entry]:
    """Yield new entries for detached decisions, unless the entitlement or finding is lost."""
    last = kept[-1] if kept else None
    current = {entry.line_id: entry.after for entry in kept}
    for entry in detached:
        before, after = current.get(entry.line_id, UNDECIDED), entry.after.by_one
        if entry.line_id in known and before != after:
            current[entry.line_id] = after
            last = entry_after(
                last,
                moment=datetime.fromisoformat(entry.moment),
                reviewer=f"{entry.reviewer}{RECOVERED}",
                account=entry.account,
                line_id=entry.line_id,
                line_sha256=known[entry.line_id],
                before=before,
                after=after,
                origin=entry.origin,
                start=start,
            )
            yield last


class _Remains:
    """The intact rows of a damaged file."""

    def __init__(self, content: bytes) -> None:
        self.lines: dict[int, ReviewItem] = {}
        self.findings: dict[int, Mapping[str, Any]] = {}
        self._members: dict[int, PopulationEntry] = {}
        self._entries: dict[int, Entry] = {}
        self._journal: dict[int, Sequence[int | str]] = {}
        self._origins: dict[int, str] = {}
        self._events: dict[int, Event] = {}
        self._packages: dict[int, EvidenceRecord] = {}
        self._heads: dict[str, str] = {}
        for row in rows_of(content):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                self._take(row)
        self._read_entries()

    @property
    def head(self) -> Head | None:
        """The head of the review; None if it is lost."""
        try:
            return head_of(self._heads)
        except (KeyError, ValueError):
            return None

    def _take(self, row: Row) -> None:
        cells = row.cells
        if row.number is None:
            if len(cells) == 2 and all(isinstance(one, str) for one in cells):
                self._heads[str(cells[0])] = str(cells[1])
        elif len(cells) == 4 and cells[0] is None:
            self._take_frozen(row.number, str(cells[1]), str(cells[2]), json.loads(str(cells[3])))
        elif len(cells) == 6 and cells[0] is None and isinstance(cells[4], int):
            arn, account, kind, why = (str(cells[at]) for at in (1, 2, 3, 5))
            self._members[row.number] = PopulationEntry(arn, account, kind, bool(cells[4]), why)
        elif len(cells) == 7 and cells[0] is None and isinstance(cells[5], int):
            moment, name, manifest, journal, last_event = (str(cells[at]) for at in (1, 2, 3, 4, 6))
            if _HASH.fullmatch(manifest) and _HASH.fullmatch(journal):
                self._packages[row.number] = EvidenceRecord(moment, name, manifest, journal, cells[5], last_event)
        elif len(cells) == 2 and cells[0] is None:
            self._origins[row.number] = str(cells[1])
        elif len(cells) == 8 and cells[0] is None:
            event = event_of_row((row.number, *map(str, cells[1:])))
            if digest(event.content) == event.sha256:
                self._events[event.number] = event
        elif len(cells) == 11 and cells[0] is None:
            self._journal[row.number] = (row.number, *map(str, cells[1:]))

    def _read_entries(self) -> None:
        """Read the rows of the journal that are as they were written, each with its origin."""
        for number, row in self._journal.items():
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                entry = entry_of_row(row, self._origins.get(number))
                if digest(entry.content) == entry.sha256:
                    self._entries[number] = entry

    def _take_frozen(self, number: int, key: str, sha256: str, value: Any) -> None:
        if digest(value) != sha256:
            return
        if "finding_id" in value:
            self.findings[number] = value
        else:
            line = ReviewItem.from_json(value)
            if line.line_id == key:
                self.lines[number] = line

    def members(self) -> Sequence[PopulationEntry]:
        """Return the intact part of the population, in order."""
        return [member for _, member in sorted(self._members.items())]

    def sha256s(self) -> Mapping[str, str]:
        """Return the digests of the intact entitlements and findings by ID."""
        lines = {line.line_id: line.sha256 for line in self.lines.values()}
        return {**lines, **{str(one["finding_id"]): digest(one) for one in self.findings.values()}}

    def packages(self) -> Sequence[EvidenceRecord]:
        """Return the intact records of evidence packages, in order."""
        return [package for _, package in sorted(self._packages.items())]

    def chain(self) -> tuple[list[Entry], list[Entry]]:
        """Return the unbroken chain of entries from the first one, and the detached entries after it."""
        kept: list[Entry] = []
        first = self._entries.get(1)  # whatever it follows: that may be lost
        previous = first.previous if first else ""
        while (entry := self._entries.get(len(kept) + 1)) is not None and entry.previous == previous:
            kept.append(entry)
            previous = entry.sha256
        return kept, [entry for number, entry in sorted(self._entries.items()) if number > len(kept)]

    def events(self) -> Sequence[Event]:
        """Return the events that follow one another from the first."""
        found: list[Event] = []
        while (event := self._events.get(len(found) + 1)) is not None:
            found.append(event)
        return found[: (broken_event(found) or len(found) + 1) - 1]

    def lost(self, kept: Sequence[Entry], detached: Sequence[Entry]) -> Iterator[str]:
        """Yield a sentence for each lost part, as far as the intact parts reveal it."""
        if self.head is None:
            yield phrase("The head of the review (title, snapshot, details) is lost.")
        found = {
            "population": len(self._members),
            "lines": len(self.lines),
            "findings": len(self.findings),
            "journal": len(kept) + len(detached),
            "packs": len(self._packages),
            "events": len(self.events()),
        }
        gone = dict(lost(self._heads, found))
        numbers: Mapping[str, Collection[int]] = {
            "population": self._members,
            "lines": self.lines,
            "findings": self.findings,
            "packs": self._packages,
        }
        for table, what in LOST.items():
            if table in gone and not (table == "journal" and detached):
                yield phrase(what, count=gone[table])
            elif f"{COUNT}{table}" not in self._heads and table in numbers:
                # The count is lost, too: missing numbers reveal some.
                missing = _missing(numbers[table], int(table == "packs"))
                if missing:
                    yield phrase("At least {what}", what=phrase(what, count=missing))
        if self.head is not None and "population" not in gone and not self._is_as_frozen:
            yield phrase("The head or the population differs from what was frozen with the review.")
        known = {line.line_id for line in self.lines.values()}
        known |= {str(finding["finding_id"]) for finding in self.findings.values()}
        decided = {entry.line_id for entry in (*kept, *detached)} - known
        if decided:
            yield phrase("{count:,} of the lost entitlements and findings were decided.", count=len(decided))
        if detached:
            sentence = phrase(
                "{lost:,} entries of the journal after number {number:,} are lost; the {entered:,} decisions after "
                "them were entered again.",
                lost=gone.get("journal", detached[-1].number - len(kept) - len(detached)),
                number=len(kept),
                entered=len(detached),
            )
            yield sentence if f"{COUNT}journal" in self._heads else phrase("At least {what}", what=sentence)

    @property
    def _is_as_frozen(self) -> bool:
        """Whether head and population match their seal."""
        rows = [
            [number, one.arn, one.account_id, one.kind, int(one.in_scope), one.out_reason]
            for number, one in sorted(self._members.items())
        ]
        return self._heads.get(FROZEN) == frozen_sha256(self._heads.items(), rows)


def _missing(numbers: Collection[int], first: int) -> int:
    return max(numbers) - first + 1 - len(numbers) if numbers else 0
