"""One review in one file: an SQLite database that is whole at any moment of a crash.

Each act is one transaction that SQLite has put on disk (``synchronous=FULL``) before it is said to be saved. The file
is locked for as long as somebody writes to it; the lock goes with the process. Nothing is ever deleted: the journal
grows, and the state of each line follows from it.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from iamdesk.review.decisions import UNDECIDED, Choice, DecisionError, LineDecision, Reviewer
from iamdesk.review.errors import ReviewError
from iamdesk.review.journal import GENESIS, Entry, as_json, broken_at, entry_after, from_json
from iamdesk.review.lines import EntitlementType, Line, Member
from iamdesk.visible import visible

APPLICATION_ID = 0x49414D52
"""``IAMR``: in the header of every review file, by which other programs can tell what it is."""
SCHEMA = 1
_SUFFIX = ".iamreview"

_TABLES = """
CREATE TABLE head (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE population (
    position INTEGER PRIMARY KEY, arn TEXT NOT NULL, account_id TEXT NOT NULL, kind TEXT NOT NULL,
    in_scope INTEGER NOT NULL, out_reason TEXT NOT NULL
);
CREATE TABLE lines (
    position INTEGER PRIMARY KEY, line_id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, line TEXT NOT NULL
);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY, moment TEXT NOT NULL, reviewer TEXT NOT NULL, account TEXT NOT NULL,
    line_id TEXT NOT NULL, line_sha256 TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    previous TEXT NOT NULL, sha256 TEXT NOT NULL
);
CREATE INDEX journal_of_line ON journal (line_id, number);
"""


@dataclass(frozen=True, slots=True)
class Head:
    """What a review is of."""

    review_id: str
    title: str
    snapshot_sha256: str
    snapshot_name: str
    created: datetime
    previous_sha256: str = ""
    """Of the manifest of the review before; empty for the first."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one act changed: hand ``before`` back to `record` to undo it."""

    before: Mapping[str, LineDecision]
    after: Mapping[str, LineDecision]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a review file that is not as it was written."""

    place: str
    sentence: str


class ReviewFile:
    """An open review. Use it in one thread; close it, or use it in a ``with`` block."""

    def __init__(self, path: Path, connection: sqlite3.Connection, head: Head, writable: bool) -> None:
        self.path = path
        self.head = head
        self.is_writable = writable
        self._connection = connection
        self._lines = {line.line_id: line for line in self._read_lines()}
        self._decisions: dict[str, LineDecision] = {}
        self._last: Entry | None = None
        for entry in self.journal():
            self._decisions[entry.line_id] = entry.after
            self._last = entry

    @classmethod
    def create(cls, path: Path, head: Head, population: Sequence[Member], lines: Sequence[Line]) -> Self:
        """Make a review; its population and lines are frozen with it.

        Raises:
            ReviewError: there is a file of that name already, or it cannot be written.
        """
        if path.exists():
            raise ReviewError(f"{_name(path)}: there is a file of that name already; it was left as it is")
        # Made under another name first: a review file is whole or not there.
        making = path.with_name(f".{path.name}.making")
        try:
            making.unlink(missing_ok=True)
            connection = _connect(making, writable=True)
            try:
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
                connection.executescript(f"BEGIN;{_TABLES}COMMIT;")
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany("INSERT INTO head VALUES (?, ?)", _head_rows(head))
                    connection.executemany(
                        "INSERT INTO population VALUES (?, ?, ?, ?, ?, ?)",
                        (
                            (at, each.arn, each.account_id, each.kind, each.in_scope, each.out_reason)
                            for at, each in enumerate(population)
                        ),
                    )
                    connection.executemany(
                        "INSERT INTO lines VALUES (?, ?, ?, ?)",
                        (
                            (at, line.line_id, line.sha256, json.dumps(line.as_json(), ensure_ascii=False))
                            for at, line in enumerate(lines)
                        ),
                    )
            finally:
                connection.close()
            making.rename(path)
        except sqlite3.IntegrityError as error:
            making.unlink(missing_ok=True)
            raise ReviewError(f"{_name(path)}: two lines are the same entitlement ({error})") from error
        except (sqlite3.Error, OSError) as error:
            with contextlib.suppress(OSError):
                making.unlink(missing_ok=True)
            raise ReviewError(f"{_name(path)}: the review cannot be written: {_reason(error)}") from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, writable: bool = True) -> Self:
        """Open a review, to write in it or only to read.

        Raises:
            ReviewError: it is no review, of a newer iamdesk, damaged beyond reading, or somebody else writes in it.
        """
        if not path.is_file():
            raise ReviewError(f"{_name(path)}: there is no such file")
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(path, writable=writable)
            _check(path, connection)
            if writable:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")  # takes the lock, which stays when the transaction ends
                connection.execute("COMMIT")
            return cls(path, connection, _read_head(path, connection), writable)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise ReviewError(f"{_name(path)}: somebody else has this review open; close it there first") from error
            raise ReviewError(f"{_name(path)}: the review cannot be read: {_reason(error)}") from error
        except ReviewError:
            if connection is not None:
                connection.close()
            raise

    def close(self) -> None:
        """Close the file; the lock on it is given up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    @property
    def lines(self) -> Sequence[Line]:
        """The lines, in the order in which they were frozen."""
        return tuple(self._lines.values())

    def line(self, line_id: str) -> Line:
        """Return a line by its id; KeyError for one that the review does not have."""
        return self._lines[line_id]

    def population(self) -> tuple[Member, ...]:
        """Return every principal, in scope or out."""
        rows = self._connection.execute(
            "SELECT arn, account_id, kind, in_scope, out_reason FROM population ORDER BY position"
        )
        return tuple(Member(arn, account, kind, bool(in_scope), why) for arn, account, kind, in_scope, why in rows)

    def decision(self, line_id: str) -> LineDecision:
        """Return what stands on a line now."""
        return self._decisions.get(line_id, UNDECIDED)

    def open_lines(self, today: date) -> tuple[str, ...]:
        """Return the ids of lines that still wait: undecided, or an exception that has run out."""
        return tuple(
            line_id
            for line_id in self._lines
            if self.decision(line_id).choice is Choice.UNDECIDED or self.decision(line_id).has_run_out(today)
        )

    def counts(self) -> Mapping[Choice, int]:
        """Return how many lines stand in each state."""
        found = dict.fromkeys(Choice, 0)
        for line_id in self._lines:
            found[self.decision(line_id).choice] += 1
        return found

    def journal(self) -> Iterator[Entry]:
        """Yield every entry, the oldest first."""
        rows = self._connection.execute(
            "SELECT number, moment, reviewer, account, line_id, line_sha256, before, after, previous, sha256 "
            "FROM journal ORDER BY number"
        )
        for number, moment, reviewer, account, line_id, seen, before, after, previous, sha256 in rows:
            yield Entry(
                number,
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

    @property
    def journal_sha256(self) -> str:
        """The hash of the last entry: whoever notes it can tell later that nothing before it was changed."""
        return self._last.sha256 if self._last else GENESIS

    def is_of(self, snapshot_sha256: str) -> bool:
        """Return whether the review is of the snapshot with this digest."""
        return self.head.snapshot_sha256 == snapshot_sha256

    # Writing

    def record(
        self,
        decisions: Mapping[str, LineDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Change:
        """Note decisions; when this returns they are on disk, all of them.

        Undo is to record what stood before. A line on which the same stands already gets no entry.

        Raises:
            DecisionError: a line is unknown or is the reviewer's own access, or many are decided without a reason.
            ReviewError: the file is open for reading only, or the disk refuses: then nothing was noted.
        """
        if not self.is_writable:
            raise ReviewError(f"{_name(self.path)}: the review is open for reading only")
        changed = {line_id: after for line_id, after in decisions.items() if self.decision(line_id) != after}
        self._check_decisions(changed, reviewer)
        moment = now().astimezone(UTC)
        entries: list[Entry] = []
        last = self._last
        for line_id, after in changed.items():
            last = entry_after(
                last,
                moment=moment,
                reviewer=reviewer.name,
                account=reviewer.account,
                line_id=line_id,
                line_sha256=self._lines[line_id].sha256,
                before=self.decision(line_id),
                after=after,
            )
            entries.append(last)
        self._write(entries)
        before = {line_id: self.decision(line_id) for line_id in changed}
        self._decisions.update(changed)
        self._last = last
        return Change(before, changed, tuple(entries))

    def _check_decisions(self, decisions: Mapping[str, LineDecision], reviewer: Reviewer) -> None:
        if not reviewer.name.strip():
            raise DecisionError("a decision needs the name of whoever decides")
        for line_id, decision in decisions.items():
            line = self._lines.get(line_id)
            if line is None:
                raise DecisionError(f"the review has no line {line_id}")
            if decision.choice is not Choice.UNDECIDED and line.holder_arn in reviewer.holder_arns:
                raise DecisionError(f"{reviewer.name} cannot decide on access of their own ({line.holder_arn})")
        kept = [one for one in decisions.values() if one.choice is not Choice.UNDECIDED]
        if len(kept) > 1 and not all(one.comment.strip() for one in kept):
            raise DecisionError("a decision on many lines needs a reason")

    def _write(self, entries: Sequence[Entry]) -> None:
        rows = [
            (
                entry.number,
                entry.moment,
                entry.reviewer,
                entry.account,
                entry.line_id,
                entry.line_sha256,
                json.dumps(as_json(entry.before), ensure_ascii=False),
                json.dumps(as_json(entry.after), ensure_ascii=False),
                entry.previous,
                entry.sha256,
            )
            for entry in entries
        ]
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise ReviewError(f"{_name(self.path)}: the decision could not be saved: {_reason(error)}") from error

    # Trust

    def damages(self) -> tuple[Damage, ...]:
        """Return everything in the file that is not as it was written; empty for a sound one."""
        found: list[Damage] = []
        try:
            self._look_for_damage(found)
        except sqlite3.DatabaseError as error:
            found.append(Damage("file", f"A part of it cannot be read: {error}."))
        return tuple(found)

    def _look_for_damage(self, found: list[Damage]) -> None:
        for (told,) in self._connection.execute("PRAGMA integrity_check"):
            if told != "ok":
                found.append(Damage("file", f"SQLite finds the file damaged: {told}."))
        broken = broken_at(self.journal())
        if broken is not None:
            found.append(
                Damage(f"journal entry {broken}", "It is not the entry that was written, or entries are missing.")
            )
        stored = dict(self._connection.execute("SELECT line_id, sha256 FROM lines"))
        found += [
            Damage(f"line {line.line_id}", "It is not the line that was frozen with the review.")
            for line in self._lines.values()
            if stored.get(line.line_id) != line.sha256
        ]
        seen: set[str] = set()
        for entry in self.journal():
            line_of_entry = self._lines.get(entry.line_id)
            if entry.line_id in seen or (line_of_entry is not None and line_of_entry.sha256 == entry.line_sha256):
                continue
            seen.add(entry.line_id)
            found.append(Damage(f"journal entry {entry.number}", "It decides on a line that reads otherwise now."))

    def _read_lines(self) -> Iterator[Line]:
        for (text,) in self._connection.execute("SELECT line FROM lines ORDER BY position"):
            value: dict[str, Any] = json.loads(text)
            yield Line(
                value["account_id"],
                value["holder_arn"],
                value["holder_kind"],
                EntitlementType(value["type"]),
                value["entitlement_id"],
                value["name"],
                value["evidence"],
            )


def _connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    mode = "rwc" if writable else "ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=0.2, isolation_level=None)
    # One file, no -wal beside it, and on disk before it counts as saved.
    if writable:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _check(path: Path, connection: sqlite3.Connection) -> None:
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if kind != APPLICATION_ID:
        raise ReviewError(f"{_name(path)}: the file is no review ({_SUFFIX})")
    if schema > SCHEMA:
        raise ReviewError(f"{_name(path)}: the review was written by a newer iamdesk; this one cannot read it")


def _head_rows(head: Head) -> Iterable[tuple[str, str]]:
    yield "review_id", head.review_id
    yield "title", head.title
    yield "snapshot_sha256", head.snapshot_sha256
    yield "snapshot_name", head.snapshot_name
    yield "created", head.created.astimezone(UTC).isoformat(timespec="seconds")
    yield "previous_sha256", head.previous_sha256


def _read_head(path: Path, connection: sqlite3.Connection) -> Head:
    rows = dict(connection.execute("SELECT name, value FROM head"))
    missing = [name for name, _ in _head_rows(_EMPTY) if name not in rows]
    if missing:
        raise ReviewError(f"{_name(path)}: the review's head lacks {', '.join(missing)}")
    return Head(
        rows["review_id"],
        rows["title"],
        rows["snapshot_sha256"],
        rows["snapshot_name"],
        datetime.fromisoformat(rows["created"]),
        rows["previous_sha256"],
    )


_EMPTY = Head("", "", "", "", datetime(1970, 1, 1, tzinfo=UTC))


def _name(path: Path) -> str:
    return visible(path.name)


def _reason(error: Exception) -> str:
    return (error.strerror or "the system gives no reason").lower() if isinstance(error, OSError) else str(error)
