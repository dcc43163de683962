"""A damaged review: what of it is intact goes into a new file. The damaged one is never written to."""

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
from iamdesk.i18n import phrase
from iamdesk.review.decisions import UNDECIDED
from iamdesk.review.events import Event, broken_event
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import GENESIS, Entry, digest, entry_after
from iamdesk.review.review_file import EvidenceRecord, ReviewFile
from iamdesk.review.schema import (
    DETAIL,
    JOURNAL_START,
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
"""After the name of whoever decided, where an entry could not be kept as it stood: entries before it are lost."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What of a damaged review is in the new file."""

    path: Path
    lines: int
    entries: int
    """Of the journal, as they stood."""
    detached: int
    """Decisions that are kept although entries before them are lost: entered anew."""
    lost: tuple[str, ...]
    """What is not there any more, a sentence each; empty where everything is."""


def recover(damaged: Path, into: Path) -> Recovered:
    """Write what is intact in a damaged review to a new file.

    Every line, finding and journal entry is kept that still has the digest with which it was written.

    Raises:
        ReviewError: nothing can be recovered, or the new file is there already or cannot be written.
    """
    if into.exists():
        raise ReviewError(
            phrase("{name}: there is a file of that name already; it was left as it is", name=visible(into.name))
        )
    if not damaged.is_file():
        what = phrase("it is a folder, not a review") if damaged.is_dir() else phrase("there is no such file")
        raise ReviewError(f"{visible(damaged.name)}: {what}")
    try:
        content = _rolled_back(damaged)
    except OSError as error:
        raise ReviewError(
            phrase("{name}: it cannot be read: {reason}", name=visible(damaged.name), reason=error.strerror)
        ) from error
    found = _Remains(content)
    if found.head is None and not found.lines:
        raise ReviewError(phrase("{name}: nothing of a review can be found in it", name=visible(damaged.name)))
    head = found.head or Head("unknown", damaged.stem, "", "", datetime.now(UTC))
    told = {
        **head.details,
        "recovered_from": damaged.name,
        "recovered_from_sha256": hashlib.sha256(damaged.read_bytes()).hexdigest(),
    }
    kept, detached = found.chain()
    lost = tuple(found.lost(kept, detached))
    told["lost"] = " ".join(filter(None, (head.details.get("lost", ""), *lost)))
    lines = [line for _, line in sorted(found.lines.items())]
    findings = [one for _, one in sorted(found.findings.items())]
    with ReviewFile.create(into, replace(head, details=told), found.members(), lines, findings):
        pass
    _append(into, [*kept, *_entered_anew(kept, detached, found.sha256s(), head.journal_start)], found.events())
    with ReviewFile.open(into) as again:
        for pack in found.packs():
            again.note_pack(pack)
    return Recovered(into, len(lines), len(kept), len(detached), lost)


def _rolled_back(damaged: Path) -> bytes:
    """Return the file's bytes as SQLite leaves them when it undoes what a crash cut short; on a copy."""
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
    """Put entries into the new journal, all at once."""
    with contextlib.closing(connect(path, writable=True)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        append_entries(connection, entries)
        append_events(connection, events)


def _entered_anew(
    kept: Sequence[Entry], detached: Sequence[Entry], known: Mapping[str, str], start: str
) -> Iterator[Entry]:
    """Yield decisions anew whose entries hang in the air; none where its line or finding is lost."""
    last = kept[-1] if kept else None
    stands = {entry.line_id: entry.after for entry in kept}
    for entry in detached:
        before, after = stands.get(entry.line_id, UNDECIDED), entry.after.by_one
        if entry.line_id in known and before != after:
            stands[entry.line_id] = after
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
    """The rows of a damaged file that are what was written."""

    def __init__(self, content: bytes) -> None:
        self.lines: dict[int, ReviewItem] = {}
        self.findings: dict[int, Mapping[str, Any]] = {}
        self._members: dict[int, PopulationEntry] = {}
        self._entries: dict[int, Entry] = {}
        self._journal: dict[int, Sequence[int | str]] = {}
        self._origins: dict[int, str] = {}
        self._events: dict[int, Event] = {}
        self._packs: dict[int, EvidenceRecord] = {}
        self._heads: dict[str, str] = {}
        for row in rows_of(content):
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                self._take(row)
        self._read_entries()

    @property
    def head(self) -> Head | None:
        """What the review was of; None where that is lost."""
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
        elif len(cells) == 5 and cells[0] is None:
            moment, name, manifest, journal = (str(cell) for cell in cells[1:])
            if _HASH.fullmatch(manifest) and _HASH.fullmatch(journal):
                self._packs[row.number] = EvidenceRecord(moment, name, manifest, journal)
        elif len(cells) == 2 and cells[0] is None:
            self._origins[row.number] = str(cells[1])
        elif len(cells) == 8 and cells[0] is None:
            event = event_of_row((row.number, *map(str, cells[1:])))
            if digest(event.content) == event.sha256:
                self._events[event.number] = event
        elif len(cells) == 10 and cells[0] is None:
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
        """Return who is left of the population, in its order."""
        return [member for _, member in sorted(self._members.items())]

    def sha256s(self) -> Mapping[str, str]:
        """Return the digests of the lines and findings that are left, by id."""
        lines = {line.line_id: line.sha256 for line in self.lines.values()}
        return {**lines, **{str(one["finding_id"]): digest(one) for one in self.findings.values()}}

    def packs(self) -> Sequence[EvidenceRecord]:
        """Return the packs that are still noted, in their order."""
        return [pack for _, pack in sorted(self._packs.items())]

    def chain(self) -> tuple[list[Entry], list[Entry]]:
        """Return the entries that follow one another from the first, and those that hang in the air."""
        kept: list[Entry] = []
        previous = self._heads.get(f"{DETAIL}{JOURNAL_START}", GENESIS)
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
        """Tell what is not there any more, as far as the rest lets it be seen."""
        if self.head is None:
            yield phrase("What the review is of (its head) is lost.")
        found = {
            "population": len(self._members),
            "lines": len(self.lines),
            "findings": len(self.findings),
            "journal": len(kept) + len(detached),
            "packs": len(self._packs),
            "events": len(self.events()),
        }
        gone = dict(lost(self._heads, found))
        numbers: Mapping[str, Collection[int]] = {
            "population": self._members,
            "lines": self.lines,
            "findings": self.findings,
            "packs": self._packs,
        }
        for table, what in LOST.items():
            if table in gone and not (table == "journal" and detached):
                yield phrase(what, count=gone[table])
            elif f"{COUNT}{table}" not in self._heads and table in numbers:
                # How many there were is lost, too, or was never said (by an earlier iamdesk): gaps tell of some.
                missing = _missing(numbers[table], int(table == "packs"))
                if missing:
                    yield phrase("At least {told}", told=phrase(what, count=missing))
        if self.head is not None and "population" not in gone and not self._is_as_frozen:
            yield phrase("The head or the population differs from what was frozen with the review.")
        known = {line.line_id for line in self.lines.values()}
        known |= {str(finding["finding_id"]) for finding in self.findings.values()}
        decided = {entry.line_id for entry in (*kept, *detached)} - known
        if decided:
            yield phrase("{count:,} of the lost lines and findings had been decided.", count=len(decided))
        if detached:
            told = phrase(
                "{lost:,} entries of the journal after number {number:,} are lost; the {entered:,} decisions after "
                "them were entered again.",
                lost=gone.get("journal", detached[-1].number - len(kept) - len(detached)),
                number=len(kept),
                entered=len(detached),
            )
            yield told if f"{COUNT}journal" in self._heads else phrase("At least {told}", told=told)

    @property
    def _is_as_frozen(self) -> bool:
        """Whether head and population are as they were sealed; always so where an earlier iamdesk did not."""
        if FROZEN not in self._heads:
            return COUNT + "lines" not in self._heads
        rows = [
            [number, one.arn, one.account_id, one.kind, int(one.in_scope), one.out_reason]
            for number, one in sorted(self._members.items())
        ]
        return self._heads[FROZEN] == frozen_sha256(self._heads.items(), rows)


def _missing(numbers: Collection[int], first: int) -> int:
    return max(numbers) - first + 1 - len(numbers) if numbers else 0
