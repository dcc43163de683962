"""A damaged review: what of it is intact goes into a new file. The damaged one is never written to."""

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.language import mark, phrase
from iamdesk.review.decisions import LineDecision, Reviewer
from iamdesk.review.errors import ReviewError
from iamdesk.review.journal import GENESIS, Entry, digest, from_json
from iamdesk.review.lines import Line, Member
from iamdesk.review.salvage import Row, rows_of
from iamdesk.review.schema import Head, append_entries, connect, head_of
from iamdesk.review.store import ReviewFile
from iamdesk.visible import visible

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
    told["lost"] = " ".join(lost)
    lines = [line for _, line in sorted(found.lines.items())]
    review = ReviewFile.create(
        into, replace(head, details=told), found.members(), lines, [one for _, one in sorted(found.findings.items())]
    )
    with review:
        _append(into, review, kept)
    with ReviewFile.open(into) as again:
        for entry in detached:
            _enter(again, entry)
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


def _append(path: Path, review: ReviewFile, entries: Sequence[Entry]) -> None:
    """Put entries into the new journal as they stood."""
    review.close()
    with contextlib.closing(connect(path, writable=True)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        append_entries(connection, entries)


def _enter(review: ReviewFile, entry: Entry) -> None:
    """Enter a decision anew whose entry hangs in the air; nothing where its line or finding is lost."""
    decision: LineDecision = entry.after.by_one
    reviewer = Reviewer(f"{entry.reviewer}{RECOVERED}", entry.account)
    with contextlib.suppress(KeyError):
        review.sha256_of(entry.line_id)
        review.record({entry.line_id: decision}, reviewer, lambda: datetime.fromisoformat(entry.moment))


class _Remains:
    """The rows of a damaged file that are what was written."""

    def __init__(self, content: bytes) -> None:
        self.lines: dict[int, Line] = {}
        self.findings: dict[int, Mapping[str, Any]] = {}
        self._members: dict[int, Member] = {}
        self._entries: dict[int, Entry] = {}
        self._heads: dict[str, str] = {}
        for row in rows_of(content):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                self._take(row)

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
            self._members[row.number] = Member(arn, account, kind, bool(cells[4]), why)
        elif len(cells) == 10 and cells[0] is None:
            words = [str(cell) for cell in cells[1:]]
            moment, reviewer, account, line_id, seen, before, after, previous, sha256 = words
            entry = Entry(
                row.number,
                moment,
                reviewer,
                account,
                line_id,
                seen,
                from_json(json.loads(before)),
                from_json(json.loads(after)),
                previous,
                sha256,
            )
            if digest(entry.content) == entry.sha256:
                self._entries[entry.number] = entry

    def _take_frozen(self, number: int, key: str, sha256: str, value: Any) -> None:
        if digest(value) != sha256:
            return
        if "finding_id" in value:
            self.findings[number] = value
        else:
            line = Line.from_json(value)
            if line.line_id == key:
                self.lines[number] = line

    def members(self) -> Sequence[Member]:
        """Return who is left of the population, in its order."""
        return [member for _, member in sorted(self._members.items())]

    def chain(self) -> tuple[list[Entry], list[Entry]]:
        """Return the entries that follow one another from the first, and those that hang in the air."""
        kept: list[Entry] = []
        previous = GENESIS
        while (entry := self._entries.get(len(kept) + 1)) is not None and entry.previous == previous:
            kept.append(entry)
            previous = entry.sha256
        return kept, [entry for number, entry in sorted(self._entries.items()) if number > len(kept)]

    def lost(self, kept: Sequence[Entry], detached: Sequence[Entry]) -> Iterator[str]:
        """Tell what is not there any more, as far as the rest lets it be seen."""
        if self.head is None:
            yield phrase("What the review is of (its head) is lost.")
        for what, numbers, first in (
            (mark("At least {count:,} principals of the population are lost."), self._members, 0),
            (mark("At least {count:,} lines are lost."), self.lines, 0),
            (mark("At least {count:,} findings are lost."), self.findings, 0),
        ):
            missing = _missing(list(numbers), first)
            if missing:
                yield phrase(what, count=missing)
        known = {line.line_id for line in self.lines.values()}
        known |= {str(finding["finding_id"]) for finding in self.findings.values()}
        gone = {entry.line_id for entry in (*kept, *detached)} - known
        if gone:
            yield phrase("{count:,} of the lost lines and findings had been decided.", count=len(gone))
        if detached:
            between = detached[-1].number - len(kept) - len(detached)
            yield (
                phrase(
                    "At least {lost:,} entries of the journal after number {number:,} are lost; the {entered:,} "
                    "decisions after them were entered anew.",
                    lost=between,
                    number=len(kept),
                    entered=len(detached),
                )
            )


def _missing(numbers: Sequence[int], first: int) -> int:
    return max(numbers) - first + 1 - len(numbers) if numbers else 0
