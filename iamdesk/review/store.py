"""One review in one file: an SQLite database that is whole at any moment of a crash.

Each act is one transaction that SQLite has put on disk (``synchronous=FULL``) before it is said to be saved. The file
is locked for as long as somebody writes to it (``write_lock.py``); the lock goes with the process. Nothing is ever
deleted: the journal grows, and the state of each line follows from it.
"""

import contextlib
import json
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from iamdesk.review.decisions import UNDECIDED, Choice, DecisionError, LineDecision, Reviewer
from iamdesk.review.errors import ReviewError
from iamdesk.review.journal import GENESIS, Entry, as_json, broken_at, digest, entry_after, from_json
from iamdesk.review.lines import Line, Member
from iamdesk.review.schema import (
    APPLICATION_ID,
    SCHEMA,
    Head,
    check,
    connect,
    create_tables,
    head_rows,
    migrate,
    read_head,
)
from iamdesk.review.write_lock import TakenError, WriteLock
from iamdesk.visible import visible

__all__ = ["APPLICATION_ID", "SCHEMA", "Change", "Damage", "Decided", "Head", "ReviewFile"]


@dataclass(frozen=True, slots=True)
class Change:
    """What one act changed: hand ``before`` back to `record` to undo it."""

    before: Mapping[str, LineDecision]
    after: Mapping[str, LineDecision]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided on a line, and when."""

    reviewer: str
    account: str
    moment: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a review file that is not as it was written."""

    place: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept in memory of a line."""

    sha256: str
    holder_arn: str


class ReviewFile:
    """An open review. One thread at a time writes; close it, or use it in a ``with`` block."""

    def __init__(self, path: Path, connection: sqlite3.Connection, head: Head, writable: bool) -> None:
        self.path = path
        self.head = head
        self.is_writable = writable
        self._connection = connection
        self._lock: WriteLock | None = None
        self._writing = threading.Lock()
        rows = connection.execute(
            "SELECT line_id, sha256, json_extract(line, '$.holder_arn') FROM lines ORDER BY position"
        )
        self._known = {line_id: _Known(sha256, holder) for line_id, sha256, holder in rows}
        self._decisions: dict[str, LineDecision] = {}
        self._decided: dict[str, Decided] = {}
        self._tally = dict.fromkeys(Choice, 0)
        self._tally[Choice.UNDECIDED] = len(self._known)
        self._excepted: set[str] = set()
        self._last: Entry | None = None
        for entry in self.journal():
            self._take(entry)

    @classmethod
    def create(
        cls,
        path: Path,
        head: Head,
        population: Iterable[Member],
        lines: Iterable[Line],
        findings: Iterable[Mapping[str, Any]] = (),
    ) -> Self:
        """Make a review; its population, lines and findings are frozen with it.

        ``findings`` are JSON objects that each have a ``finding_id``.

        Raises:
            ReviewError: there is a file of that name already, or it cannot be written.
        """
        if path.exists():
            raise ReviewError(f"{_name(path)}: there is a file of that name already; it was left as it is")
        # Made under another name first: a review file is whole or not there.
        making = path.with_name(f".{path.name}.making")
        try:
            making.unlink(missing_ok=True)
            connection = connect(making, writable=True)
            try:
                create_tables(connection)
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    _fill(connection, head, population, lines, findings)
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
        if not writable:
            _undo_what_was_cut_short(path)
        try:
            lock = WriteLock(path) if writable else None
        except TakenError:
            raise ReviewError(_taken(path)) from None
        try:
            connection = connect(path, writable=writable)
            schema = check(path, connection)
            if writable:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")  # takes the lock, which stays when the transaction ends
                connection.execute("COMMIT")
                migrate(connection, schema)
            review = cls(path, connection, read_head(path, connection), writable)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            _close(connection, lock)
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise ReviewError(_taken(path)) from error
            raise ReviewError(f"{_name(path)}: the review cannot be read: {_reason(error)}") from error
        except ReviewError:
            _close(connection, lock)
            raise
        review._lock = lock
        return review

    def close(self) -> None:
        """Close the file, when the act that is being saved is; the lock on it is given up."""
        with self._writing:
            _close(self._connection, self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def __len__(self) -> int:
        """Return the count of lines."""
        return len(self._known)

    @property
    def ids(self) -> Iterable[str]:
        """The ids of the lines, in the order in which they were frozen."""
        return self._known.keys()

    @property
    def lines(self) -> Sequence[Line]:
        """The lines, in the order in which they were frozen; read anew each time."""
        return tuple(self.each_line())

    def each_line(self) -> Iterator[Line]:
        """Yield the lines one by one: a review may have hundreds of thousands."""
        for (text,) in self._connection.execute("SELECT line FROM lines ORDER BY position"):
            yield Line.from_json(json.loads(text))

    def each_line_by_id(self) -> Iterator[tuple[str, Line]]:
        """Yield the lines with their ids, which are a hash each and so cost time to make anew."""
        for line_id, text in self._connection.execute("SELECT line_id, line FROM lines ORDER BY position"):
            yield line_id, Line.from_json(json.loads(text))

    def line(self, line_id: str) -> Line:
        """Return a line by its id; KeyError for one that the review does not have."""
        found = self._connection.execute("SELECT line FROM lines WHERE line_id = ?", (line_id,)).fetchone()
        if found is None:
            raise KeyError(line_id)
        return Line.from_json(json.loads(found[0]))

    def line_sha256(self, line_id: str) -> str:
        """Return the digest with which a line was frozen; KeyError for one that the review does not have."""
        return self._known[line_id].sha256

    def population(self) -> tuple[Member, ...]:
        """Return every principal, in scope or out."""
        rows = self._connection.execute(
            "SELECT arn, account_id, kind, in_scope, out_reason FROM population ORDER BY position"
        )
        return tuple(Member(arn, account, kind, bool(in_scope), why) for arn, account, kind, in_scope, why in rows)

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """Yield the findings as JSON objects, in their order; none in a review of an older iamdesk."""
        try:
            rows = self._connection.execute("SELECT finding FROM findings ORDER BY position")
        except sqlite3.OperationalError:
            return
        for (text,) in rows:
            yield json.loads(text)

    def decision(self, line_id: str) -> LineDecision:
        """Return what stands on a line now."""
        return self._decisions.get(line_id, UNDECIDED)

    def decided(self, line_id: str) -> Decided | None:
        """Return who decided what stands on a line; None where nobody did."""
        return self._decided.get(line_id)

    def open_lines(self, today: date) -> tuple[str, ...]:
        """Return the ids of lines that still wait: undecided, or an exception that has run out."""
        return tuple(
            line_id
            for line_id in self._known
            if self.decision(line_id).choice is Choice.UNDECIDED or self.decision(line_id).has_run_out(today)
        )

    def counts(self) -> Mapping[Choice, int]:
        """Return how many lines stand in each state; counted as decisions come, so that asking costs nothing."""
        return dict(self._tally)

    def waiting(self, today: date) -> int:
        """Return how many lines wait: undecided ones, and exceptions that have run out."""
        run_out = sum(self._decisions[line_id].has_run_out(today) for line_id in self._excepted)
        return self._tally[Choice.UNDECIDED] + run_out

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
        *,
        restores: bool = False,
    ) -> Change:
        """Note decisions; when this returns they are on disk, all of them.

        Undo is to record what stood before: ``restores`` says so, and asks for no new reason. A line on which the same
        stands already gets no entry.

        Raises:
            DecisionError: a line is unknown or is the reviewer's own access, many are decided without a reason, or
                somebody stands as second reviewer for another, or for a decision of their own.
            ReviewError: the file is open for reading only, or the disk refuses: then nothing was noted.
        """
        if not self.is_writable:
            raise ReviewError(f"{_name(self.path)}: the review is open for reading only")
        with self._writing:
            changed = {line_id: after for line_id, after in decisions.items() if self.decision(line_id) != after}
            self._check_decisions(changed, reviewer, restores=restores)
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
                    line_sha256=self._known[line_id].sha256,
                    before=self.decision(line_id),
                    after=after,
                )
                entries.append(last)
            self._write(entries)
            before = {line_id: self.decision(line_id) for line_id in changed}
            for entry in entries:
                self._take(entry)
            return Change(before, changed, tuple(entries))

    def _take(self, entry: Entry) -> None:
        """Let the state follow from an entry. Who only stands for a decision has not decided it."""
        if not (entry.after.second and entry.after.by_one == entry.before.by_one) and not (
            entry.before.second and entry.before.by_one == entry.after
        ):
            self._decided[entry.line_id] = Decided(entry.reviewer, entry.account, entry.moment)
        if entry.after.choice is Choice.UNDECIDED:
            self._decided.pop(entry.line_id, None)
        if entry.line_id in self._known:  # of a recovered review, lines may be lost
            self._tally[self.decision(entry.line_id).choice] -= 1
            self._tally[entry.after.choice] += 1
            is_exception = entry.after.choice is Choice.EXCEPT
            (self._excepted.add if is_exception else self._excepted.discard)(entry.line_id)
        self._decisions[entry.line_id] = entry.after
        self._last = entry

    def _check_decisions(self, decisions: Mapping[str, LineDecision], reviewer: Reviewer, *, restores: bool) -> None:
        if not reviewer.name.strip():
            raise DecisionError("a decision needs the name of whoever decides")
        for line_id, decision in decisions.items():
            line = self._known.get(line_id)
            if line is None:
                raise DecisionError(f"the review has no line {line_id}")
            if decision.choice is not Choice.UNDECIDED and line.holder_arn in reviewer.holder_arns:
                raise DecisionError(f"{reviewer.name} cannot decide on access of their own ({line.holder_arn})")
            if decision.second:
                self._check_second(line_id, decision, reviewer)
        kept = [
            one
            for line_id, one in decisions.items()
            if one.choice is not Choice.UNDECIDED and one.by_one != self.decision(line_id).by_one
        ]
        if not restores and len(kept) > 1 and not all(one.comment.strip() for one in kept):
            raise DecisionError("a decision on many lines needs a reason")

    def _check_second(self, line_id: str, decision: LineDecision, reviewer: Reviewer) -> None:
        if decision.second != reviewer.name or decision.by_one != self.decision(line_id).by_one:
            raise DecisionError("a second reviewer stands for a decision as it is, and in their own name")
        decided = self._decided.get(line_id)
        if decided is not None and decided.reviewer.strip().casefold() == reviewer.name.strip().casefold():
            raise DecisionError(f"{reviewer.name} decided it: the second reviewer must be somebody else")

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
        except (sqlite3.Error, UnicodeError) as error:
            raise ReviewError(f"{_name(self.path)}: the decision could not be saved: {_reason(error)}") from error

    @contextlib.contextmanager
    def copied(self) -> Iterator["ReviewFile"]:
        """Give the review as it stands now, for reading; it is gone at the end of the block.

        Raises:
            ReviewError: it cannot be copied.
        """
        with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
            path = Path(place) / self.path.name
            try:
                with self._writing, contextlib.closing(sqlite3.connect(path)) as copy:
                    self._connection.backup(copy)
            except sqlite3.Error as error:
                raise ReviewError(f"{_name(self.path)}: it cannot be copied: {_reason(error)}") from error
            with ReviewFile.open(path, writable=False) as review:
                yield review

    # Trust

    def damages(self) -> tuple[Damage, ...]:
        """Return everything in the file that is not as it was written; empty for a sound one."""
        found: list[Damage] = []
        try:
            self._look_for_damage(found)
        except (sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
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
        shas: dict[str, str] = {}
        for line in self.each_line():
            shas[line.line_id] = line.sha256
            known = self._known.get(line.line_id)
            if known is None or known.sha256 != line.sha256:
                found.append(Damage(f"line {line.line_id}", "It is not the line that was frozen with the review."))
        for finding_id, sha256, text in self._finding_rows():
            if digest(json.loads(text)) != sha256:
                found.append(Damage(f"finding {finding_id}", "It is not the finding that was frozen with the review."))
        seen: set[str] = set()
        # A recovered review tells in its head that lines are lost: their decisions stand without them.
        if "recovered_from" in self.head.details:
            seen |= {entry.line_id for entry in self.journal()} - shas.keys()
        for entry in self.journal():
            if entry.line_id not in seen and shas.get(entry.line_id) != entry.line_sha256:
                seen.add(entry.line_id)
                found.append(Damage(f"journal entry {entry.number}", "It decides on a line that reads otherwise now."))

    def _finding_rows(self) -> Iterable[tuple[str, str, str]]:
        try:
            return self._connection.execute("SELECT finding_id, sha256, finding FROM findings ORDER BY position")
        except sqlite3.OperationalError:
            return ()


def _fill(
    connection: sqlite3.Connection,
    head: Head,
    population: Iterable[Member],
    lines: Iterable[Line],
    findings: Iterable[Mapping[str, Any]],
) -> None:
    connection.executemany("INSERT INTO head VALUES (?, ?)", head_rows(head))
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
    connection.executemany(
        "INSERT INTO findings VALUES (?, ?, ?, ?)",
        (
            (at, finding["finding_id"], digest(finding), json.dumps(finding, ensure_ascii=False))
            for at, finding in enumerate(findings)
        ),
    )


def _undo_what_was_cut_short(path: Path) -> None:
    """Let SQLite take an act back that a crash cut short: who only reads could not, and could not read either."""
    if not path.with_name(f"{path.name}-journal").exists():
        return
    try:
        lock = WriteLock(path)
    except TakenError:
        return  # nothing was: somebody writes right now
    # Where it cannot be done (the folder is for reading), opening says why.
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(path, writable=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    lock.release()


def _close(connection: sqlite3.Connection | None, lock: WriteLock | None) -> None:
    if connection is not None:
        connection.close()
    if lock is not None:
        lock.release()


def _taken(path: Path) -> str:
    return f"{_name(path)}: somebody else has this review open; close it there first"


def _name(path: Path) -> str:
    return visible(path.name)


def _reason(error: Exception) -> str:
    return (error.strerror or "the system gives no reason").lower() if isinstance(error, OSError) else str(error)
