"""Tickets of causes as an issue tracker exports them: which cause has one, and what became of it.

Read are CSV files of Jira ("Export CSV (all fields)") and ServiceNow (list export), which keep the stable id of
`cause_tickets` in the field that the import mapped it to.
"""

import csv
import io
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from iamdesk.i18n import join_names, nphrase, phrase

_ID = re.compile(r"iamdesk-([0-9a-f]{12})")
_KEYS = ("issue key", "key", "number")
_STATUSES = ("status", "state")
_CATEGORY = "status category"
_CLOSED = frozenset(
    {
        *("done", "closed", "resolved", "complete", "completed", "won't do", "won't fix", "declined", "duplicate"),
        *("canceled", "cancelled", "closed complete", "closed incomplete", "closed skipped"),
    }
)
"""Statuses of the default workflows of Jira and ServiceNow that end a ticket, in lower case."""
_MAX_NAMED = 10
_MAX_SIZE = 1 << 28
"""Of a file, in bytes."""


class TicketsError(Exception):
    """A file of tickets cannot be used; one sentence."""


class TrackedTicket(NamedTuple):
    """A ticket of a cause."""

    key: str
    """Its key or number in the tracker; empty if the file has none."""
    status: str
    """As in the tracker; empty if the file has none."""
    is_closed: bool


def read_tickets(path: Path) -> Mapping[str, TrackedTicket]:
    """Return the tickets of a file by the id of their cause; of several with one cause, an open one first.

    Raises:
        TicketsError: It cannot be read, is no CSV file, or has no ticket of a cause.
    """
    try:
        if path.stat().st_size > _MAX_SIZE:
            raise TicketsError(phrase("{path}: the file is too large for a list of tickets", path=str(path)))
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TicketsError(phrase("{path}: it cannot be read as CSV in UTF-8", path=str(path))) from error
    found: dict[str, TrackedTicket] = {}
    for cause, ticket in _tickets(rows):
        if cause not in found or (found[cause].is_closed and not ticket.is_closed):
            found[cause] = ticket
    if not found:
        raise TicketsError(
            phrase(
                "{path}: no ticket has the id of a cause, such as iamdesk-0123456789ab: export the field that the "
                "import mapped it to",
                path=str(path),
            )
        )
    return found


def _tickets(rows: list[list[str]]) -> Iterator[tuple[str, TrackedTicket]]:
    headings = [heading.strip().lower() for heading in rows[0]] if rows else []

    def cell(row: list[str], names: Iterable[str]) -> str:
        places = (headings.index(name) for name in names if name in headings)
        return next((row[place].strip() for place in places if place < len(row) and row[place].strip()), "")

    for row in rows[1:]:
        ids = (match[1] for text in row if (match := _ID.fullmatch(text.strip())))
        cause = next(ids, None)
        if cause is not None:
            status = cell(row, _STATUSES)
            category = cell(row, (_CATEGORY,))
            yield cause, TrackedTicket(cell(row, _KEYS), status, (category or status).lower() in _CLOSED)


def ticket_words(ticket: TrackedTicket) -> str:
    """Return a ticket in words: ``SEC-12, In Progress``."""
    key, status = ticket.key or phrase("without a key"), ticket.status or phrase("no status")
    return phrase("{key}, {status}", key=key, status=status)


def contradictions(tickets: Mapping[str, TrackedTicket], causes: Container[str]) -> Iterator[str]:
    """Yield what tickets say otherwise than the snapshot, given the ids of its causes: one line each."""
    still = [ticket_words(ticket) for cause, ticket in tickets.items() if ticket.is_closed and cause in causes]
    if still:
        yield nphrase(
            "{count:,} closed ticket whose cause is still found: {tickets}",
            "{count:,} closed tickets whose causes are still found: {tickets}",
            len(still),
            tickets=join_names(still, _MAX_NAMED, last=";"),
        )
    ended = [ticket_words(ticket) for cause, ticket in tickets.items() if not ticket.is_closed and cause not in causes]
    if ended:
        yield nphrase(
            "{count:,} open ticket whose cause is not found, or is one of the further causes: {tickets}",
            "{count:,} open tickets whose causes are not found, or are among the further causes: {tickets}",
            len(ended),
            tickets=join_names(ended, _MAX_NAMED, last=";"),
        )
