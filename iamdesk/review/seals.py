"""Seals of a review file: counts and digests that reveal every changed or lost part.

Lines, findings, journal entries and events have their digests beside them. The rest is sealed in rows of the head: how
much of each there is, and the digests of what has none of its own (head, population, noted packs).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iamdesk.errors import Damage
from iamdesk.i18n import mark, phrase
from iamdesk.review.journal import digest

SEAL = "seal."
COUNT = "count."
LAYOUT = f"{SEAL}layout"
COUNTED = ("population", "lines", "findings", "journal", "packs", "origins", "events")
"""Tables whose rows are counted; the last two from layout 5 on."""
FROZEN = f"{SEAL}frozen"
_PACKS = f"{SEAL}packs"


def seal(connection: sqlite3.Connection, layout: int) -> None:
    """Seal what a file holds now; within the transaction that wrote it."""
    found = {LAYOUT: str(layout), FROZEN: _frozen(connection), _PACKS: _packs(connection)}
    for table in _counted(connection):
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names of our own
        found[f"{COUNT}{table}"] = count_text(count)
    connection.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", found.items())


def _counted(connection: sqlite3.Connection) -> Iterator[str]:
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return (table for table in COUNTED if table in there)


def seal_journal(connection: sqlite3.Connection, count: int) -> None:
    """Seal how many entries the journal has, and how many of them come from other files."""
    (origins,) = connection.execute("SELECT count(*) FROM origins").fetchone()
    counts = ((count_text(count), f"{COUNT}journal"), (count_text(origins), f"{COUNT}origins"))
    connection.executemany("UPDATE head SET value = ? WHERE name = ?", counts)


def seal_events(connection: sqlite3.Connection, count: int) -> None:
    """Seal how many events there are."""
    connection.execute("UPDATE head SET value = ? WHERE name = ?", (count_text(count), f"{COUNT}events"))


def seal_packs(connection: sqlite3.Connection) -> None:
    """Seal the noted packs."""
    (count,) = connection.execute("SELECT count(*) FROM packs").fetchone()
    connection.execute("UPDATE head SET value = ? WHERE name = ?", (count_text(count), f"{COUNT}packs"))
    connection.execute("UPDATE head SET value = ? WHERE name = ?", (_packs(connection), _PACKS))


def count_text(count: int) -> str:
    """Return a count as it is kept: always as long, so that SQLite writes it in its place."""
    return f"{count:010d}"


def broken_seals(connection: sqlite3.Connection) -> Iterator[Damage]:
    """Yield what is not as it was sealed."""
    sealed: Mapping[str, str] = dict(connection.execute("SELECT name, value FROM head"))
    if sealed.get(FROZEN) != _frozen(connection):
        yield Damage(phrase("head"), phrase("The head or the population differs from what was frozen with the review."))
    if sealed.get(_PACKS) != _packs(connection):
        yield Damage(phrase("packs"), phrase("The recorded packages were changed."))
    for table in _counted(connection):
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names of our own
        if (told := sealed.get(f"{COUNT}{table}")) != count_text(count):
            yield Damage(
                table,
                phrase(
                    "It has {count:,} rows, but {told} were written.", count=count, told=str(told).lstrip("0") or "0"
                ),
            )


def lost(heads: Mapping[str, str], found: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield by table how many rows are lost, where the head still says how many there were."""
    for table in COUNTED:
        told = heads.get(f"{COUNT}{table}", "")
        if told.isdecimal() and int(told) > found.get(table, 0):
            yield table, int(told) - found.get(table, 0)


LOST = {
    "population": mark("{count:,} principals of the population are lost."),
    "lines": mark("{count:,} entitlements are lost."),
    "findings": mark("{count:,} findings are lost."),
    "journal": mark("{count:,} entries of the journal are lost."),
    "packs": mark("{count:,} recorded packages are lost."),
    "events": mark("{count:,} records of assigning, splitting and merging are lost."),
}
"""Sentences by table."""


def frozen_sha256(head: Iterable[tuple[str, str]], population: Iterable[list[Any]]) -> str:
    """Return the digest of what is frozen and has no digest of its own: head and rows of the population."""
    told = sorted([name, value] for name, value in head if not str(name).startswith((SEAL, COUNT)))
    return digest([told, list(population)])


def _frozen(connection: sqlite3.Connection) -> str:
    rows = connection.execute("SELECT * FROM population ORDER BY position")
    return frozen_sha256(connection.execute("SELECT name, value FROM head"), map(list, rows))


def _packs(connection: sqlite3.Connection) -> str:
    return digest([list(row) for row in connection.execute("SELECT * FROM packs ORDER BY number")])
