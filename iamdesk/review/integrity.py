"""Detects changed and damaged parts of a review file."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

from iamdesk.errors import Damage
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.events import broken_event
from iamdesk.review.items import ReviewItem
from iamdesk.review.journal import Entry, broken_at, digest
from iamdesk.review.journal_rules import broken_packages, broken_rules
from iamdesk.review.schema import RECOVERED_FROM, EvidenceRecord, Head, read_events
from iamdesk.review.seals import broken_seals
from iamdesk.review.state import Ledger

_SHA256 = re.compile("[0-9a-f]{64}")

UNREADABLE = (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""Errors of reading a damaged file."""


def damages_of(
    connection: sqlite3.Connection,
    head: Head,
    lines: Callable[[], Iterable[ReviewItem]],
    journal: Callable[[], Iterable[Entry]],
    ledger: Ledger,
    packages: Callable[[], Sequence[EvidenceRecord]],
) -> tuple[Damage, ...]:
    """Return all damages of a file; empty for an intact one."""
    found: list[Damage] = []
    try:
        found.extend(_damages(connection, head, lines, journal, ledger, packages))
    except UNREADABLE as error:
        found.append(Damage(phrase("file"), phrase("A part of it cannot be read: {error}.", error=error)))
    return tuple(found)


def _damages(
    connection: sqlite3.Connection,
    head: Head,
    lines: Callable[[], Iterable[ReviewItem]],
    journal: Callable[[], Iterable[Entry]],
    ledger: Ledger,
    packages: Callable[[], Sequence[EvidenceRecord]],
) -> Iterator[Damage]:
    for (problem,) in connection.execute("PRAGMA integrity_check"):
        if problem != "ok":
            yield Damage(phrase("file"), phrase("SQLite reports damage: {problem}.", problem=problem))
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
        line_id, sha256 = line.line_id, line.sha256  # both are computed
        shas[line_id] = sha256
        if frozen.get(line_id) != sha256:
            yield Damage(
                phrase("entitlement {line_id}", line_id=line_id),
                phrase("It differs from the entitlement that was frozen with the review."),
            )
    for finding_id, sha256, text in connection.execute("SELECT finding_id, sha256, finding FROM findings"):
        finding = json.loads(text)
        shas[finding_id] = digest(finding)
        if shas[finding_id] != sha256 or finding["finding_id"] != finding_id:
            yield Damage(
                phrase("finding {finding_id}", finding_id=finding_id),
                phrase("It differs from the finding that was frozen with the review."),
            )
    events, known_packages = tuple(read_events(connection)), packages()
    is_recovered = RECOVERED_FROM in head.details  # there, items, entries and events may be lost
    ends = {head.journal_start: 0}
    wanted = {one.journal_sha256 for one in known_packages}
    changed: dict[str, int] = {}

    def entries() -> Iterator[Entry]:
        for entry in journal():
            if entry.sha256 in wanted:
                ends[entry.sha256] = entry.number
            sha256 = shas.get(entry.line_id)
            if sha256 != entry.line_sha256 and not (is_recovered and sha256 is None):
                changed.setdefault(entry.line_id, entry.number)
            yield entry

    each = entries()
    yield from broken_rules(head, ledger, each, events)
    for _ in each:  # those of a recovered review, whose rules are not checked
        pass
    if not is_recovered:
        yield from broken_packages(head, known_packages, ends, events)
        if not _SHA256.fullmatch(head.snapshot_sha256):
            yield Damage(phrase("head"), phrase("It does not name the digest of a snapshot."))
    yield from _twice(connection)
    for number in changed.values():
        yield Damage(phrase("journal entry {number}", number=number), phrase("The item it decides on was changed."))


def _twice(connection: sqlite3.Connection) -> Iterator[Damage]:
    """Yield the principals and findings that occur twice, which no table prevents."""
    for column, table in (("arn", "population"), ("finding_id", "findings")):  # names of our own, no input
        for (one,) in connection.execute(f"SELECT {column} FROM {table} GROUP BY {column} HAVING count(*) > 1"):  # noqa: S608
            yield Damage(phrase(table), phrase("{name} occurs twice.", name=visible(str(one))))
