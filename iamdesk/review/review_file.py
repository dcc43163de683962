"""A review in one file: an SQLite database that survives crashes.

Each change is one transaction, which is on disk (``synchronous=FULL``) before it is reported as saved. The file is
locked while it is open for writing (``file_lock.py``); the lock ends with the process. Nothing is ever deleted: the
journal grows, and the decision on each item follows from it.
"""

import contextlib
import json
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from iamdesk.errors import Damage, DamagedReviewError, ReviewError
from iamdesk.file_lock import LockedError, WriteLock
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.review.create_file import display_name, reason_of, write_new
from iamdesk.review.decisions import FINDING_CHOICES, LINE_CHOICES, ItemDecision, Reviewer
from iamdesk.review.events import Event, EventKind, event_after
from iamdesk.review.integrity import UNREADABLE, damages_of
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import Entry, Origin, entry_after
from iamdesk.review.journal_rules import CLOCKS
from iamdesk.review.schema import (
    APPLICATION_ID,
    SCHEMA,
    EvidenceRecord,
    Head,
    append_entries,
    append_events,
    are_kept,
    check,
    connect,
    damaged,
    last_event_moment,
    read_entries,
    read_entries_on,
    read_events,
    read_head,
)
from iamdesk.review.seals import reviewed_sha256, seal_packages
from iamdesk.review.segregation_of_duties import check_decisions
from iamdesk.review.state import Decided, FrozenItem, ItemStates, Ledger

__all__ = [
    "APPLICATION_ID",
    "SCHEMA",
    "Change",
    "Damage",
    "Decided",
    "EvidenceRecord",
    "Head",
    "ItemStates",
    "ReviewFile",
    "TakenEntry",
    "opened",
    "path_of",
]


_DECISION = mark("{path}: the decision could not be saved: {error}")
_PACKAGE = mark("{path}: the package could not be recorded: {error}")


class MovedOnError(ReviewError):
    """Decisions were recorded while something was worked out from the earlier ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded change; pass ``before`` to `record` to undo it."""

    before: Mapping[str, ItemDecision]
    after: Mapping[str, ItemDecision]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class TakenEntry:
    """A decision of another review file."""

    line_id: str
    after: ItemDecision
    reviewer: str
    account: str
    origin: Origin
    identities: tuple[str, ...] = ()
    """ARNs of the reviewer's own principals, as the reviewer gave them."""


class ReviewFile:
    """An open review; a context manager. Only one thread may write at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, head: Head, writable: bool) -> None:
        self.path = path
        self.head = head
        self.is_writable = writable
        self._connection = connection
        self._lock: WriteLock | None = None
        self._writing = threading.Lock()
        self._place = _place(path)
        self._is_uncertain = False
        """Whether the disk refused a change so late that the file may hold it nevertheless."""
        self._ledger = self._read_ledger()

    @classmethod
    def create(
        cls,
        path: Path,
        head: Head,
        population: Iterable[PopulationEntry],
        lines: Iterable[ReviewItem],
        findings: Iterable[Mapping[str, Any]] = (),
    ) -> Self:
        """Create a review with its frozen population, entitlements and findings.

        ``findings`` are JSON objects with a ``finding_id``.

        Raises:
            ReviewError: the file exists, or cannot be written.
        """
        write_new(path, head, population, lines, findings)
        return cls.open(path, checked=False)

    @classmethod
    def open(cls, path: Path, *, writable: bool = True, checked: bool = True) -> Self:
        """Open a review for writing or reading. Its integrity is checked first.

        Args:
            path: The file.
            writable: Whether to open it for writing.
            checked: Whether to check its content; if not, only the database schema is checked.

        Raises:
            DamagedReviewError: it was changed or damaged: `recovery.recover` saves the intact parts to a new file.
            ReviewError: it is not a review, has another layout, or is open for writing elsewhere.
        """
        if not path.is_file():
            what = phrase("it is a folder, not a review") if path.is_dir() else phrase("there is no such file")
            raise ReviewError(join_messages(": ", (display_name(path), what)))
        connection: sqlite3.Connection | None = None
        if not writable:
            _undo_what_was_cut_short(path)
        try:
            lock = WriteLock(path) if writable else None
        except LockedError:
            raise ReviewError(_taken(path)) from None
        try:
            if lock is not None and not is_cut_short(path):
                _check_header(path)
            connection = connect(path, writable=writable)
            check(path, connection)
            if writable:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN EXCLUSIVE")  # takes the lock, which stays when the transaction ends
                connection.execute("COMMIT")
            head = read_head(path, connection)
            if checked and (found := _damages(connection, head)):
                raise damaged(path, found)
            review = cls(path, connection, head, writable)
        except UNREADABLE as error:
            _close(connection, lock)
            raise _unreadable(path, error) from error
        except ReviewError:
            _close(connection, lock)
            raise
        review._lock = lock
        return review

    def _read_ledger(self) -> Ledger:
        ledger = _empty_ledger(self._connection)
        for entry in read_entries(self._connection):
            ledger.take(entry)
        return ledger

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Have the disk's refusal be a `ReviewError`."""
        try:
            yield
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error

    def close(self) -> None:
        """Close the file once a running transaction has finished, and release its lock."""
        with self._writing:
            _close(self._connection, self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    def __len__(self) -> int:
        """Return the number of entitlements."""
        return len(self._ledger.lines.known)

    @property
    def ids(self) -> Iterable[str]:
        """The IDs of the entitlements, in the order of the review."""
        return self._ledger.lines.known.keys()

    @property
    def lines(self) -> Sequence[ReviewItem]:
        """The entitlements, in the order of the review; read on each access."""
        return tuple(self.each_line())

    def each_line(self) -> Iterator[ReviewItem]:
        """Yield the entitlements one by one: a review may have hundreds of thousands."""
        with self._reading():
            yield from _lines(self._connection)

    def each_line_by_id(self) -> Iterator[tuple[str, ReviewItem]]:
        """Yield the entitlements with their IDs, which are digests and take time to compute."""
        with self._reading():
            for line_id, text in self._connection.execute("SELECT line_id, line FROM lines ORDER BY position"):
                yield line_id, ReviewItem.from_json(json.loads(text))

    def line(self, line_id: str) -> ReviewItem:
        """Return an entitlement by its ID; raises KeyError if the review does not have it."""
        with self._reading():
            found = self._connection.execute("SELECT line FROM lines WHERE line_id = ?", (line_id,)).fetchone()
        if found is None:
            raise KeyError(line_id)
        return ReviewItem.from_json(json.loads(found[0]))

    def sha256_of(self, subject_id: str) -> str:
        """Return the digest of an entitlement or finding; raises KeyError if the review does not have it."""
        states = self._ledger.of(subject_id)
        if states is None:
            raise KeyError(subject_id)
        return states.known[subject_id].sha256

    def population(self) -> tuple[PopulationEntry, ...]:
        """Return all principals, in scope and out of scope."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT arn, account_id, kind, in_scope, out_reason FROM population ORDER BY position"
            )
            return tuple(
                PopulationEntry(arn, account, kind, bool(in_scope), why) for arn, account, kind, in_scope, why in rows
            )

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """Yield the findings as JSON objects, in order."""
        with self._reading():
            for (text,) in self._connection.execute("SELECT finding FROM findings ORDER BY position"):
                yield json.loads(text)

    def decision(self, subject_id: str) -> ItemDecision:
        """Return the current decision on an entitlement or finding."""
        return self._ledger.decision(subject_id)

    def decided(self, subject_id: str) -> Decided | None:
        """Return who made the current decision on an entitlement or finding; None if it is undecided."""
        return self._ledger.decided(subject_id)

    def open_lines(self, today: date) -> tuple[str, ...]:
        """Return the IDs of entitlements that need a decision: undecided ones and expired exceptions."""
        return self._ledger.lines.open(today)

    @property
    def item_states(self) -> ItemStates:
        """Numbers of entitlements by decision."""
        return self._ledger.lines

    @property
    def finding_states(self) -> ItemStates:
        """Numbers of findings by decision."""
        return self._ledger.findings

    def journal(self) -> Iterator[Entry]:
        """Yield all journal entries, oldest first."""
        with self._reading():
            yield from read_entries(self._connection)

    def entry(self, number: int) -> Entry | None:
        """Return one entry of the journal; None where there is none of that number."""
        with self._reading():
            return next(read_entries(self._connection, number, number), None)

    def entries_on(self, subject_id: str) -> tuple[Entry, ...]:
        """Return all journal entries on an entitlement or finding, oldest first."""
        with self._reading():
            return tuple(read_entries_on(self._connection, subject_id))

    def entries_from(self, review_id: str) -> Mapping[int, str]:
        """Return the hashes of the entries that were taken from another review file, by their number there."""
        return self._ledger.taken.get(review_id, {})

    def events(self) -> tuple[Event, ...]:
        """Return what happened besides decisions, the oldest first."""
        with self._reading():
            return tuple(read_events(self._connection))

    @property
    def journal_sha256(self) -> str:
        """The digest of the last entry, which proves that no entry before it was changed."""
        return self._ledger.last.sha256 if self._ledger.last else self.head.journal_start

    def is_of(self, snapshot_sha256: str) -> bool:
        """Return whether the review is of the snapshot with this digest."""
        return self.head.snapshot_sha256 == snapshot_sha256

    # Writing

    def record(
        self,
        decisions: Mapping[str, ItemDecision],
        reviewer: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        restores: bool = False,
    ) -> Change:
        """Record decisions; all of them are on disk when this returns.

        Undo records the earlier decisions; ``restores`` says so, and requires no new reason. An item whose decision is
        unchanged gets no entry.

        Raises:
            DecisionError: a decision is not permitted (`segregation_of_duties.check_decisions`).
            ReviewError: the file is read-only, or cannot be written: then nothing is recorded.
        """
        if not self.is_writable:
            raise ReviewError(phrase("{path}: the review is open read-only", path=display_name(self.path)))
        with self._writing:
            self._settle()
            changed = {one: after for one, after in decisions.items() if self.decision(one) != after}
            check_decisions(self._ledger, changed, reviewer, restores=restores)
            moment = self._moment(now())
            entries: list[Entry] = []
            last = self._ledger.last
            for subject_id, after in changed.items():
                last = entry_after(
                    last,
                    moment=moment,
                    reviewer=reviewer.name,
                    account=reviewer.account,
                    line_id=subject_id,
                    line_sha256=self.sha256_of(subject_id),
                    before=self.decision(subject_id),
                    after=after,
                    identities=reviewer.holder_arns,
                    start=self.head.journal_start,
                )
                entries.append(last)
            self._write(entries)
            before = {one: self.decision(one) for one in changed}
            for entry in entries:
                self._ledger.take(entry)
            return Change(before, changed, tuple(entries))

    def append(
        self,
        taken: Sequence[TakenEntry],
        events: Sequence[tuple[EventKind, Mapping[str, Any]]],
        actor: Reviewer,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        unless_after: str = "",
    ) -> tuple[Entry, ...]:
        """Take entries over from another review file, and record events with them: all of it, or nothing.

        Who decided checked the rules there; that the entries fit here is up to the caller (`merge`).

        Args:
            taken: The entries, in their order.
            events: Kind and details of each event.
            actor: Who does it.
            now: The moment of all of it.
            unless_after: Digest of the last entry when the caller read the review; empty: it does not matter.

        Raises:
            MovedOnError: a decision was recorded since ``unless_after``.
            ReviewError: the file is open for reading only, or the disk refuses: then nothing was noted.
        """
        if not self.is_writable:
            raise ReviewError(phrase("{path}: the review is open read-only", path=display_name(self.path)))
        with self._writing:
            self._settle()
            if unless_after not in ("", self.journal_sha256):
                raise MovedOnError(
                    phrase("{path}: a decision was recorded meanwhile: repeat it", path=display_name(self.path))
                )
            moment = self._moment(now())
            entries: list[Entry] = []
            last, is_in_effect = self._ledger.last, dict[str, ItemDecision]()
            for one in taken:
                last = entry_after(
                    last,
                    moment=moment,
                    reviewer=one.reviewer,
                    account=one.account,
                    line_id=one.line_id,
                    line_sha256=self.sha256_of(one.line_id),
                    before=is_in_effect.get(one.line_id, self.decision(one.line_id)),
                    after=one.after,
                    origin=one.origin,
                    identities=one.identities,
                    start=self.head.journal_start,
                )
                is_in_effect[one.line_id] = one.after
                entries.append(last)
            recorded: list[Event] = []
            before = self.events()[-1:]
            for kind, details in events:
                previous = recorded[-1] if recorded else before[0] if before else None
                recorded.append(
                    event_after(
                        previous, moment=moment, actor=actor.name, account=actor.account, kind=kind, details=details
                    )
                )
            self._write(entries, recorded)
            for entry in entries:
                self._ledger.take(entry)
            return tuple(entries)

    def _moment(self, now: datetime) -> datetime:
        """Return the time of what is written next (UTC): never before that of what was written last.

        Raises:
            ReviewError: the clock is behind the last entry by more than clocks of two computers differ.
        """
        now = now.astimezone(UTC)
        if not self.head.has_genesis:
            return now
        last = self._ledger.last.moment if self._ledger.last else ""
        with self._reading():
            before = max(last, last_event_moment(self._connection))
        earliest = datetime.fromisoformat(before) if before else self.head.created - CLOCKS
        if now < earliest - (CLOCKS if before else timedelta()):
            raise ReviewError(
                phrase(
                    "{path}: the clock of this computer says {now}, but the last entry of the review is of {last}; "
                    "if that entry was saved under a wrong clock, `iamdesk review recover` into a new file lets "
                    "decisions be saved again",
                    path=display_name(self.path),
                    now=now.isoformat(timespec="minutes"),
                    last=(before or self.head.created.isoformat(timespec="minutes")),
                )
            )
        return max(now, earliest)

    def _write(self, entries: Sequence[Entry], events: Sequence[Event] = ()) -> None:
        def write() -> None:
            append_entries(self._connection, entries)
            append_events(self._connection, events)

        self._save(write, lambda: are_kept(self._connection, entries, events), _DECISION)

    def _save(self, write: Callable[[], None], is_kept: Callable[[], bool], what: str) -> None:
        """Do a change in one transaction, and read it back: a manipulated file (a trigger) may drop or change it.

        Raises:
            ReviewError: it is not saved.
        """
        self._check_place()
        try:
            try:
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    write()
            except sqlite3.Error:
                self._is_uncertain = True
                if not is_kept():
                    self._is_uncertain = False
                    raise
                # The change counts already, but may not be on disk: it is once another one is.
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    for title in ("", self.head.title):  # SQLite does not write what stays the same
                        self._connection.execute("UPDATE head SET value = ? WHERE name = 'title'", (title,))
                self._is_uncertain = False
            is_same = is_kept()
        except (sqlite3.Error, UnicodeError) as error:
            raise ReviewError(phrase(what, path=display_name(self.path), error=reason_of(error))) from error
        if not is_same:
            raise ReviewError(phrase(what, path=display_name(self.path), error=phrase("the file returns another one")))
        self._check_place()

    def _check_place(self) -> None:
        """Check that the open file is the one under its name: what is written to another one would be lost.

        Raises:
            ReviewError: it was moved, removed or replaced.
        """
        if _place(self.path) != self._place:
            raise ReviewError(
                phrase(
                    "{path}: the file was moved, removed or replaced while it was open: the last decision is not "
                    "saved; close the review, and open the file that counts",
                    path=display_name(self.path),
                )
            )

    def _settle(self) -> None:
        """After a change of which it is not known whether the file holds it: read what it holds.

        Raises:
            ReviewError: it cannot be read.
        """
        if self._is_uncertain:
            with self._reading():
                self._ledger = self._read_ledger()
            self._is_uncertain = False

    @contextlib.contextmanager
    def copied(self) -> Iterator["ReviewFile"]:
        """Yield a temporary read-only copy of the review in its current state.

        Raises:
            ReviewError: it cannot be copied.
        """
        with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
            path = Path(place) / self.path.name
            try:
                with self._writing, contextlib.closing(sqlite3.connect(path)) as copy:
                    self._connection.backup(copy)
            except sqlite3.Error as error:
                raise ReviewError(
                    phrase("{path}: it cannot be copied: {error}", path=display_name(self.path), error=reason_of(error))
                ) from error
            with ReviewFile.open(path, writable=False, checked=False) as review:
                yield review

    # Evidence packages

    def packages(self) -> tuple[EvidenceRecord, ...]:
        """Return the recorded evidence packages, oldest first."""
        with self._reading():
            return tuple(_packages(self._connection))

    def note_package(self, package: EvidenceRecord) -> None:
        """Record an evidence package, so that a follow-up review can refer to its manifest.

        Raises:
            ReviewError: the file is read-only, or cannot be written.
        """
        if not self.is_writable:
            raise ReviewError(phrase("{path}: the review is open read-only", path=display_name(self.path)))

        def write() -> None:
            self._connection.execute("INSERT INTO packs VALUES (NULL, ?, ?, ?, ?, ?, ?)", astuple(package))
            seal_packages(self._connection)

        with self._writing:
            self._save(write, lambda: tuple(_packages(self._connection))[-1:] == (package,), _PACKAGE)

    # Integrity

    def reviewed_sha256(self) -> str:
        """Return the digest of what is reviewed: head, population, entitlements and findings."""
        with self._reading():
            return reviewed_sha256(self._connection)

    def damages(self) -> tuple[Damage, ...]:
        """Return all damages of the file; empty for an intact one."""
        return _damages(self._connection, self.head)


@contextlib.contextmanager
def opened(review: Path | ReviewFile, *, writable: bool = True) -> Iterator[ReviewFile]:
    """Yield a review, opened and closed again; one that is open already is yielded as it is, and stays open.

    Raises:
        ReviewError: as `ReviewFile.open`.
    """
    if isinstance(review, ReviewFile):
        yield review
    else:
        with ReviewFile.open(review, writable=writable) as file:
            yield file


def path_of(review: Path | ReviewFile) -> Path:
    """Return the path of a review, open or not."""
    return review.path if isinstance(review, ReviewFile) else review


def _damages(connection: sqlite3.Connection, head: Head) -> tuple[Damage, ...]:
    return damages_of(
        connection,
        head,
        lambda: _lines(connection),
        lambda: read_entries(connection),
        _empty_ledger(connection),
        lambda: tuple(_packages(connection)),
    )


def _empty_ledger(connection: sqlite3.Connection) -> Ledger:
    return Ledger(
        ItemStates(
            _known(connection, "SELECT line_id, sha256, json_extract(line, '$.holder_arn') FROM lines"), LINE_CHOICES
        ),
        ItemStates(
            _known(connection, "SELECT finding_id, sha256, json_extract(finding, '$.subject_arn') FROM findings"),
            FINDING_CHOICES,
        ),
    )


def _packages(connection: sqlite3.Connection) -> Iterator[EvidenceRecord]:
    for _, *values in connection.execute("SELECT * FROM packs ORDER BY number"):
        yield EvidenceRecord(*values)


def _lines(connection: sqlite3.Connection) -> Iterator[ReviewItem]:
    for (text,) in connection.execute("SELECT line FROM lines ORDER BY position"):
        yield ReviewItem.from_json(json.loads(text))


_NOT_DAMAGE = (sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN)
_HEADER = (18, 24)
"""Bytes of the SQLite header about the file format: rollback journal, reserved bytes, payload fractions."""
_HEADER_BYTES = bytes((1, 1, 0, 64, 32, 32))


def _check_header(path: Path) -> None:
    """Check the header before SQLite acts on it: a damaged one could make SQLite write a WAL file beside this one.

    Raises:
        DamagedReviewError: it is not the header of a review.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if header.startswith(b"SQLite format 3\0") and header[slice(*_HEADER)] != _HEADER_BYTES:
        raise damaged(path, [Damage(phrase("file"), phrase("The file format in its header was changed."))])


def _unreadable(path: Path, error: Exception) -> ReviewError:
    """Return the error for a file that could not be opened: damaged, unless SQLite reports another cause."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ReviewError(_taken(path))
    sentence = phrase("{path}: the review cannot be read: {error}", path=display_name(path), error=reason_of(error))
    return ReviewError(sentence) if code in _NOT_DAMAGE else DamagedReviewError(sentence)


def _known(connection: sqlite3.Connection, wanted: str) -> dict[str, FrozenItem]:
    return {
        one: FrozenItem(sha256, holder or "")
        for one, sha256, holder in connection.execute(f"{wanted} ORDER BY position")
    }


def is_cut_short(path: Path) -> bool:
    """Return whether a crash may have left an unfinished transaction, which SQLite rolls back on opening."""
    return path.with_name(f"{path.name}-journal").exists()


def _undo_what_was_cut_short(path: Path) -> None:
    """Let SQLite roll back an unfinished transaction, which a read-only connection cannot do."""
    if not is_cut_short(path):
        return
    try:
        lock = WriteLock(path)
    except LockedError:
        return  # another process is writing
    # If it fails (the folder is read-only), opening the file reports the reason.
    with contextlib.suppress(sqlite3.Error), contextlib.closing(connect(path, writable=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    lock.release()


def _place(path: Path) -> tuple[int, int] | None:
    """Return which file is under a name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _close(connection: sqlite3.Connection | None, lock: WriteLock | None) -> None:
    if connection is not None:
        connection.close()
    if lock is not None:
        lock.release()


def _taken(path: Path) -> str:
    return phrase(
        "{path}: the review is open in another window or program; close it there first", path=display_name(path)
    )
