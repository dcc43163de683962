"""How a review file is laid out in SQLite: its tables, its head."""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from iamdesk.errors import Damage, DamagedReviewError, ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import nphrase, phrase
from iamdesk.private_files import create_private_file
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal import GENESIS, Entry, entry_from_json
from iamdesk.review.seals import genesis_of, seal_events, seal_journal

APPLICATION_ID = 0x49414D52
"""``IAMR``: in the header of every review file, by which other programs recognize it."""
SCHEMA = 1
"""The layout of the tables, in the header of every review file; there is no other."""
PART_OF = "part_of"
"""Under this name a part's head keeps the id of the review that was split."""
JOURNAL_START = "journal_start"
"""Under this name the head of a part keeps the digest of the last entry of the review that was split."""
JOURNAL_GENESIS = "journal_genesis"
"""Under this name the head of a recovered review keeps what its first entry follows."""
RECOVERED_FROM = "recovered_from"
"""Under this name the head of a recovered review keeps the name of the damaged file."""
LOST_PARTS = "lost"
"""Under this name the head of a recovered review says what is lost; empty if nothing is known to be."""
MAX_NUMBER = (1 << 63) - 1
"""Of a journal entry: the largest number that SQLite holds."""
PAGE_SIZE = 4096
"""Bytes. Fixed, so that what is left of a damaged file can be read page by page."""
SUFFIX = ".iamreview"

_TABLES = """
CREATE TABLE head (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE population (
    position INTEGER PRIMARY KEY, arn TEXT NOT NULL, account_id TEXT NOT NULL, kind TEXT NOT NULL,
    in_scope INTEGER NOT NULL, out_reason TEXT NOT NULL
);
CREATE TABLE lines (
    position INTEGER PRIMARY KEY, line_id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, line TEXT NOT NULL
);
CREATE TABLE findings (
    position INTEGER PRIMARY KEY, finding_id TEXT NOT NULL, sha256 TEXT NOT NULL, finding TEXT NOT NULL
);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY, moment TEXT NOT NULL, reviewer TEXT NOT NULL, account TEXT NOT NULL,
    line_id TEXT NOT NULL, line_sha256 TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    previous TEXT NOT NULL, sha256 TEXT NOT NULL, identities TEXT NOT NULL
);
CREATE INDEX journal_of_line ON journal (line_id, number);
CREATE TABLE origins (number INTEGER PRIMARY KEY, origin TEXT NOT NULL);
CREATE TABLE events (
    number INTEGER PRIMARY KEY, moment TEXT NOT NULL, actor TEXT NOT NULL, account TEXT NOT NULL,
    kind TEXT NOT NULL, details TEXT NOT NULL, previous TEXT NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE packs (
    number INTEGER PRIMARY KEY, moment TEXT NOT NULL, name TEXT NOT NULL, manifest_sha256 TEXT NOT NULL,
    journal_sha256 TEXT NOT NULL, journal_entries INTEGER NOT NULL, events_sha256 TEXT NOT NULL
);
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
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What the evidence contains besides: ``period_start``, ``period_end``, ``standards``, ``recovered_from`` …"""
    genesis: str = field(default="", compare=False)
    """Digest of what is reviewed: head, population, entitlements, findings. Empty if the journal does not begin with it
    (`has_genesis`), and where it is not computed."""

    @property
    def journal_start(self) -> str:
        """The digest that the first entry follows."""
        return self.genesis or self.details.get(JOURNAL_GENESIS, GENESIS)

    @property
    def split_at(self) -> str:
        """Of a part: the digest of the last entry of the review that was split; `GENESIS` if it had none."""
        return self.details.get(JOURNAL_START, GENESIS)

    @property
    def has_genesis(self) -> bool:
        """Whether the journal begins with the digest of what is reviewed: a recovered one begins as it did before."""
        return RECOVERED_FROM not in self.details or JOURNAL_GENESIS not in self.details


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """Record of an evidence package that was written."""

    moment: str
    """UTC, ISO 8601."""
    name: str
    """Name of the folder or archive."""
    manifest_sha256: str
    journal_sha256: str
    """Digest of the last journal entry in it."""
    journal_entries: int
    """Number of journal entries in it."""
    events_sha256: str
    """Digest of the last event in it; empty if it has none."""


class _Cursor(sqlite3.Cursor):
    """Reads while the connection is not closed."""

    connection: "_Connection"

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        with self.connection.in_use:
            return super().execute(sql, parameters)

    def __next__(self) -> Any:
        with self.connection.in_use:
            return super().__next__()

    def fetchone(self) -> Any:
        with self.connection.in_use:
            return super().fetchone()

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        with self.connection.in_use:
            return super().fetchmany(size)

    def fetchall(self) -> list[Any]:
        with self.connection.in_use:
            return super().fetchall()


class _Connection(sqlite3.Connection):
    """A connection that a thread may close while others read: these get `sqlite3.ProgrammingError`.

    Python's own frees the database under a statement that another thread is just preparing: the process crashes or
    hangs.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self.in_use = threading.RLock()
        """Held for each call of SQLite that reads, and to close."""
        super().__init__(*arguments, **keywords)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        with self.in_use:
            return super().cursor(_Cursor).execute(sql, parameters)

    def backup(self, *arguments: Any, **keywords: Any) -> None:
        with self.in_use:
            super().backup(*arguments, **keywords)

    def close(self) -> None:
        with self.in_use:
            super().close()


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open the database; writing is for one thread at a time, whichever it is.

    Raises:
        sqlite3.Error, UnicodeError: it is none, or cannot be opened.
    """
    if writable:
        with contextlib.suppress(OSError):  # SQLite says why it cannot be opened
            create_private_file(path)
    mode = "rw" if writable else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=0.2,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )
    try:
        # One file, no -wal beside it, and on disk before it counts as saved.
        if writable:
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except (sqlite3.Error, UnicodeError):  # SQLite's own sentence may quote damaged text
        connection.close()
        raise
    return connection


def create_tables(connection: sqlite3.Connection) -> None:
    """Lay out an empty database."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.executescript(f"BEGIN;{_TABLES}PRAGMA user_version = {SCHEMA};COMMIT;")


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Check a review's layout: every table, index, trigger and view is as iamdesk lays them out.

    Raises:
        ReviewError: it is not a review, or one of another layout.
        DamagedReviewError: its layout is another one: what is written there may never be read, or change on its way.
        sqlite3.Error: it cannot be read.
    """
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    found, expected = _layout(connection), _own_layout()
    is_ours = found == expected
    if kind != APPLICATION_ID and not is_ours:
        raise ReviewError(phrase("{name}: the file is not a review ({suffix})", name=visible(path.name), suffix=SUFFIX))
    if version != SCHEMA and not is_ours:
        raise ReviewError(
            phrase(
                "{name}: the review has layout {found}; this iamdesk reads only layout {own}",
                name=visible(path.name),
                found=version,
                own=SCHEMA,
            )
        )
    if kind != APPLICATION_ID or version != SCHEMA:
        raise damaged(
            path, [Damage(phrase("file"), phrase("The file type or the layout version in its header was changed."))]
        )
    if not is_ours:
        raise damaged(path, list(_layout_damages(found, expected)))


def damaged(path: Path, damages: Sequence[Damage]) -> DamagedReviewError:
    """Return the error with the damage found in a file."""
    summary = phrase("{place}: {sentence}", place=damages[0].place, sentence=damages[0].sentence.rstrip("."))
    if len(damages) > 1:
        summary = nphrase("{told}, and 1 more", "{told}, and {count:,} more", len(damages) - 1, told=summary)
    return DamagedReviewError(
        phrase("{name}: the file was changed or damaged: {told}", name=visible(path.name), told=summary), damages
    )


type _Layout = frozenset[tuple[str, str, str, str | None]]
"""Of each thing in a database its type, its name, the table it belongs to, and its SQL."""


def _layout(connection: sqlite3.Connection) -> _Layout:
    return frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


@cache  # one value
def _own_layout() -> _Layout:
    with contextlib.closing(sqlite3.connect(":memory:")) as made:
        made.executescript(_TABLES)
        return _layout(made)


def _layout_damages(found: _Layout, expected: _Layout) -> Iterator[Damage]:
    for kind, name, *_rest in sorted(found - expected, key=str):
        known = any(name == other for _, other, _, _ in expected)
        sentence = phrase("It is not as iamdesk creates it.") if known else phrase("iamdesk does not create it.")
        yield Damage(f"{visible(str(kind))} {visible(str(name))}", sentence)
    names = {name for _, name, _, _ in found}
    for kind, name, *_rest in sorted(expected - found, key=str):
        if name not in names:
            yield Damage(f"{kind} {name}", phrase("It is missing."))


def append_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Put entries at the journal's end.

    Raises:
        sqlite3.Error, UnicodeError: they cannot be written.
    """
    entries = tuple(entries)
    if entries:
        rows = map(_entry_row, entries)
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        origins = [(one.number, _cell(one.origin.as_json())) for one in entries if one.origin]
        connection.executemany("INSERT INTO origins VALUES (?, ?)", origins)
        seal_journal(connection, entries[-1].number, entries[-1].sha256)


def read_entries(connection: sqlite3.Connection, first: int = 1, last: int = MAX_NUMBER) -> Iterator[Entry]:
    """Yield the journal's entries from a number to another one.

    Raises:
        sqlite3.Error, KeyError, TypeError, ValueError: they cannot be read.
    """
    wanted = "SELECT number, origin FROM origins WHERE number BETWEEN ? AND ?"
    origins: dict[int, str] = dict(connection.execute(wanted, (first, last)))
    for row in connection.execute("SELECT * FROM journal WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)):
        yield entry_of_row(row, origins.get(row[0]))


def read_entries_on(connection: sqlite3.Connection, line_id: str) -> Iterator[Entry]:
    """Yield the journal's entries on one entitlement or finding, oldest first.

    Raises:
        sqlite3.Error, KeyError, TypeError, ValueError: they cannot be read.
    """
    for row in connection.execute("SELECT * FROM journal WHERE line_id = ? ORDER BY number", (line_id,)).fetchall():
        found = connection.execute("SELECT origin FROM origins WHERE number = ?", row[:1]).fetchone()
        yield entry_of_row(row, found[0] if found else None)


def entry_of_row(row: Sequence[Any], origin: str | None) -> Entry:
    """Return the entry of a row of the journal, and of that of its origin.

    Raises:
        KeyError, TypeError, ValueError: they are none.
    """
    value = dict(zip(_ENTRY_COLUMNS, row, strict=True))
    value |= {name: json.loads(value[name]) for name in ("before", "after", "identities")}
    return entry_from_json({**value, "origin": json.loads(origin) if origin else None})


_ENTRY_COLUMNS = (
    "number",
    "moment",
    "reviewer",
    "account",
    "line_id",
    "line_sha256",
    "before",
    "after",
    "previous",
    "sha256",
    "identities",
)


def append_events(connection: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Put events at the end of the review's events.

    Raises:
        sqlite3.Error, UnicodeError: they cannot be written.
    """
    rows = [_event_row(event) for event in events]
    if rows:
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        seal_events(connection, int(rows[-1][0]), str(rows[-1][-1]))


def read_events(connection: sqlite3.Connection, first: int = 1) -> Iterator[Event]:
    """Yield the events from a number on.

    Raises:
        sqlite3.Error, KeyError, TypeError, ValueError: they cannot be read.
    """
    for row in connection.execute("SELECT * FROM events WHERE number >= ? ORDER BY number", (first,)):
        yield event_of_row(row)


def last_event_moment(connection: sqlite3.Connection) -> str:
    """Return the time of the last event; empty if there is none.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    row = connection.execute("SELECT moment FROM events ORDER BY number DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def event_of_row(row: Sequence[Any]) -> Event:
    """Return the event of a row.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    number, moment, actor, account, kind, details, previous, sha256 = row
    return Event(number, moment, actor, account, EventKind(kind), json.loads(details), previous, sha256)


def are_kept(connection: sqlite3.Connection, entries: Sequence[Entry], events: Sequence[Event] = ()) -> bool:
    """Return whether journal and events end in these: read back, not remembered.

    Raises:
        sqlite3.Error, KeyError, TypeError, ValueError: they cannot be read.
    """
    return (not entries or [*read_entries(connection, entries[0].number)] == [*entries]) and (
        not events or [*read_events(connection, events[0].number)] == [*events]
    )


def _event_row(event: Event) -> tuple[int | str, ...]:
    return tuple(map(_cell, (*event.content.values(), event.sha256)))


def _entry_row(entry: Entry) -> tuple[int | str, ...]:
    values = {"identities": (), **entry.content, "sha256": entry.sha256}
    return tuple(_cell(values[name]) for name in _ENTRY_COLUMNS)


def _cell(value: Any) -> int | str:
    return value if isinstance(value, int | str) else json.dumps(value, ensure_ascii=False)


def head_rows(head: Head) -> Iterable[tuple[str, str]]:
    """Yield a head as it is kept."""
    yield "review_id", head.review_id
    yield "title", head.title
    yield "snapshot_sha256", head.snapshot_sha256
    yield "snapshot_name", head.snapshot_name
    yield "created", head.created.astimezone(UTC).isoformat(timespec="seconds")
    yield "previous_sha256", head.previous_sha256
    for name, value in head.details.items():
        yield f"{DETAIL}{name}", value


def read_head(path: Path, connection: sqlite3.Connection) -> Head:
    """Read what a review is of.

    Raises:
        DamagedReviewError: something of it is missing.
        sqlite3.Error, ValueError: it cannot be read.
    """
    rows = dict(connection.execute("SELECT name, value FROM head"))
    missing = [name for name, _ in head_rows(_EMPTY) if name not in rows]
    if missing:
        lacking = phrase("It lacks {missing}.", missing=", ".join(missing))
        raise damaged(path, [Damage(phrase("head"), lacking)])
    head = head_of(rows)
    return replace(head, genesis=genesis_of(rows)) if head.has_genesis else head


def head_of(rows: Mapping[str, str]) -> Head:
    """Return the head of rows that are all there."""
    return Head(
        rows["review_id"],
        rows["title"],
        rows["snapshot_sha256"],
        rows["snapshot_name"],
        datetime.fromisoformat(rows["created"]),
        rows["previous_sha256"],
        {name.removeprefix(DETAIL): value for name, value in rows.items() if name.startswith(DETAIL)},
    )


DETAIL = "detail."
_EMPTY = Head("", "", "", "", datetime(1970, 1, 1, tzinfo=UTC))
