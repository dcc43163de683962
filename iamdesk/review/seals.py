"""Seals of a review file: counts and digests that reveal every changed or lost part.

Entitlements, findings, journal entries and events have their digests beside them. The rest is sealed in rows of the
head: how many there are of each, the digests of what has none of its own (head, population, noted packages), the digest
of all entitlements and findings in their order, and the last entry and event.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from iamdesk.errors import Damage
from iamdesk.i18n import mark, phrase
from iamdesk.review.journal import digest

SEAL = "seal."
COUNT = "count."
COUNTED = ("population", "lines", "findings", "journal", "packs", "origins", "events")
"""Tables whose rows are counted."""
FROZEN = f"{SEAL}frozen"
ITEMS = f"{SEAL}items"
_PACKAGES = f"{SEAL}packs"
_LAST = {"journal": f"{SEAL}journal", "events": f"{SEAL}events"}
_NONE = "0" * 64
"""As the last entry or event where there is none: as long as a digest."""


def seal(connection: sqlite3.Connection) -> None:
    """Seal what a file holds now; within the transaction that wrote it."""
    found = _sealed(connection)
    connection.executemany("INSERT OR REPLACE INTO head VALUES (?, ?)", found.items())


def _sealed(connection: sqlite3.Connection) -> dict[str, str]:
    """Return all seals and counts of what a file holds."""
    found = {FROZEN: _frozen(connection), ITEMS: _items(connection), _PACKAGES: _packages(connection)}
    found |= {name: _last(connection, table) for table, name in _LAST.items()}
    for table in COUNTED:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - names of our own
        found[f"{COUNT}{table}"] = count_text(count)
    return found


def seal_journal(connection: sqlite3.Connection, count: int, last: str) -> None:
    """Seal how many entries the journal has, how many of them come from other files, and the digest of the last one."""
    (origins,) = connection.execute("SELECT count(*) FROM origins").fetchone()
    counts = (
        (count_text(count), f"{COUNT}journal"),
        (count_text(origins), f"{COUNT}origins"),
        (last, _LAST["journal"]),
    )
    connection.executemany("UPDATE head SET value = ? WHERE name = ?", counts)


def seal_events(connection: sqlite3.Connection, count: int, last: str) -> None:
    """Seal how many events there are, and the digest of the last one."""
    counts = ((count_text(count), f"{COUNT}events"), (last, _LAST["events"]))
    connection.executemany("UPDATE head SET value = ? WHERE name = ?", counts)


def seal_packages(connection: sqlite3.Connection) -> None:
    """Seal the recorded packages."""
    (count,) = connection.execute("SELECT count(*) FROM packs").fetchone()
    connection.execute("UPDATE head SET value = ? WHERE name = ?", (count_text(count), f"{COUNT}packs"))
    connection.execute("UPDATE head SET value = ? WHERE name = ?", (_packages(connection), _PACKAGES))


def count_text(count: int) -> str:
    """Return a count as it is kept: always as long, so that SQLite writes it in its place."""
    return f"{count:010d}"


_BROKEN = {
    FROZEN: (mark("head"), mark("The head or the population differs from what was frozen with the review.")),
    ITEMS: (mark("items"), mark("Entitlements or findings differ from those that were frozen with the review.")),
    _PACKAGES: (mark("packs"), mark("The recorded packages were changed.")),
    _LAST["journal"]: (mark("journal"), mark("Its last entry is not the last one that was written.")),
    _LAST["events"]: (mark("events"), mark("Its last event is not the last one that was written.")),
}
"""Place and sentence by seal."""


def broken_seals(connection: sqlite3.Connection) -> Iterator[Damage]:
    """Yield what is not as it was sealed."""
    sealed = {
        str(name): str(value)
        for name, value in connection.execute("SELECT name, value FROM head")
        if str(name).startswith((SEAL, COUNT))
    }
    found = _sealed(connection)
    for name, (place, sentence) in _BROKEN.items():
        if sealed.get(name) != found.get(name):
            yield Damage(phrase(place), phrase(sentence))
    for table in COUNTED:
        name = f"{COUNT}{table}"
        if (given := sealed.get(name)) != found.get(name):
            count, written = (str(one).lstrip("0") or "0" for one in (found.get(name), given))
            yield Damage(table, phrase("It has {count} rows, but {told} were written.", count=count, told=written))
    if any(name not in found and name not in _BROKEN for name in sealed):
        yield Damage(phrase("head"), phrase("It has seals that iamdesk does not write."))


def lost(heads: Mapping[str, str], found: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield by table how many rows are lost, where the head still says how many there were."""
    for table in COUNTED:
        given = heads.get(f"{COUNT}{table}", "")
        if given.isdecimal() and int(given) > found.get(table, 0):
            yield table, int(given) - found.get(table, 0)


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
    given = sorted([name, value] for name, value in head if not str(name).startswith((SEAL, COUNT)))
    return digest([given, list(population)])


def items_sha256(lines: Iterable[Sequence[str]], findings: Iterable[Sequence[str]]) -> str:
    """Return the digest of entitlements and findings in their order, each given as its ID and digest."""
    return digest([list(map(list, lines)), list(map(list, findings))])


def genesis_of(seals: Mapping[str, str]) -> str:
    """Return the digest of what is reviewed, by the seals of the head; the first entry of the journal follows it."""
    return digest([seals.get(FROZEN, ""), seals.get(ITEMS, "")])


def reviewed_sha256(connection: sqlite3.Connection) -> str:
    """Return the digest of what is reviewed, computed from what the file holds."""
    return genesis_of({FROZEN: _frozen(connection), ITEMS: _items(connection)})


def _items(connection: sqlite3.Connection) -> str:
    return items_sha256(
        connection.execute("SELECT line_id, sha256 FROM lines ORDER BY position"),
        connection.execute("SELECT finding_id, sha256 FROM findings ORDER BY position"),
    )


def _last(connection: sqlite3.Connection, table: str) -> str:
    row = connection.execute(f"SELECT sha256 FROM {table} ORDER BY number DESC LIMIT 1").fetchone()  # noqa: S608
    return str(row[0]) if row else _NONE


def _frozen(connection: sqlite3.Connection) -> str:
    rows = connection.execute("SELECT * FROM population ORDER BY position")
    return frozen_sha256(connection.execute("SELECT name, value FROM head"), map(list, rows))


def _packages(connection: sqlite3.Connection) -> str:
    return digest([list(row) for row in connection.execute("SELECT * FROM packs ORDER BY number")])
