"""Detects changed and damaged parts of a review file."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator

from iamdesk.errors import Damage
from iamdesk.i18n import phrase
from iamdesk.review.events import broken_event
from iamdesk.review.items import ReviewItem
from iamdesk.review.journal import Entry, broken_at, digest
from iamdesk.review.schema import SEALED, Head, has_findings, read_events
from iamdesk.review.seals import broken_seals

UNREADABLE = (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Errors of reading a damaged file."""


def damages_of(
    connection: sqlite3.Connection,
    head: Head,
    lines: Callable[[], Iterable[ReviewItem]],
    journal: Callable[[], Iterable[Entry]],
) -> tuple[Damage, ...]:
    """Return all damages of a file; empty for an intact one."""
    found: list[Damage] = []
    try:
        found.extend(_damages(connection, head, lines, journal))
    except UNREADABLE as error:
        found.append(Damage(phrase("file"), phrase("A part of it cannot be read: {error}.", error=error)))
    return tuple(found)


def _damages(
    connection: sqlite3.Connection,
    head: Head,
    lines: Callable[[], Iterable[ReviewItem]],
    journal: Callable[[], Iterable[Entry]],
) -> Iterator[Damage]:
    for (problem,) in connection.execute("PRAGMA integrity_check"):
        if problem != "ok":
            yield Damage(phrase("file"), phrase("SQLite reports damage: {problem}.", problem=problem))
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= SEALED:
        yield from broken_seals(connection)
    broken = broken_at(journal(), head.journal_start)
    if broken is not None:
        yield Damage(
            phrase("journal entry {broken}", broken=broken),
            phrase("It was changed, or entries are missing."),
        )
    broken = broken_event(read_events(connection))
    if broken is not None:
        yield Damage(
            phrase("event {broken}", broken=broken),
            phrase("It was changed, or events are missing."),
        )
    frozen = dict(connection.execute("SELECT line_id, sha256 FROM lines"))
    shas: dict[str, str] = {}
    for line in lines():
        shas[line.line_id] = line.sha256
        if frozen.get(line.line_id) != line.sha256:
            yield Damage(
                phrase("entitlement {line_id}", line_id=line.line_id),
                phrase("It differs from the entitlement that was frozen with the review."),
            )
    if has_findings(connection):
        for finding_id, sha256, text in connection.execute("SELECT finding_id, sha256, finding FROM findings"):
            finding = json.loads(text)
            shas[finding_id] = digest(finding)
            if shas[finding_id] != sha256 or finding["finding_id"] != finding_id:
                yield Damage(
                    phrase("finding {finding_id}", finding_id=finding_id),
                    phrase("It differs from the finding that was frozen with the review."),
                )
    seen: set[str] = set()
    # In a recovered review, entitlements may be lost, but their decisions are kept.
    if "recovered_from" in head.details:
        seen |= {entry.line_id for entry in journal()} - shas.keys()
    for entry in journal():
        if entry.line_id not in seen and shas.get(entry.line_id) != entry.line_sha256:
            seen.add(entry.line_id)
            yield Damage(
                phrase("journal entry {number}", number=entry.number), phrase("The item it decides on was changed.")
            )
