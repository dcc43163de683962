"""The state of tickets, as a ticket system exports it, recorded in the review.

A closed ticket says that the work was reported as done. That access is gone shows the next snapshot.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.csv_table import read_table, wrong_row
from iamdesk.review.decisions import ReviewDecision, Reviewer
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal_rules import CLOCKS
from iamdesk.review.review_file import ReviewFile, opened

COLUMNS = ("id", "ticket", "state", "closed")
"""``id``: of the entitlement or finding (``External id`` in ``tickets.csv``); ``ticket``: in the ticket system."""
CLOSED = frozenset({"closed", "done", "resolved", "completed", "complete", "fixed"})
"""States that mean that the work was reported as done; others are open."""
_TO_DO = (ReviewDecision.REVOKE, ReviewDecision.MODIFY, ReviewDecision.FIX)


@dataclass(frozen=True, slots=True)
class TicketState:
    """The state of one ticket."""

    item_id: str
    ticket: str
    """Its number; empty if the list does not say."""
    state: str
    """As the ticket system calls it."""
    closed: date | None = None
    """The day when it was closed; None: not stated."""

    @property
    def is_closed(self) -> bool:
        """Whether the work was reported as done."""
        return self.state.casefold() in CLOSED

    def as_json(self) -> dict[str, Any]:
        """Return the details of its event."""
        return {
            "item": self.item_id,
            "ticket": self.ticket,
            "state": self.state,
            "closed": self.closed.isoformat() if self.closed else "",
        }


@dataclass(frozen=True, slots=True)
class RefusedTicket:
    """A row that was not recorded."""

    row: int
    why: str


@dataclass(frozen=True, slots=True)
class TicketsRead:
    """What became of a list of tickets."""

    recorded: tuple[TicketState, ...]
    repeated: int
    """Rows that say what the review has already."""
    refused: tuple[RefusedTicket, ...]
    closed: int
    """Tickets of the review that are closed now, and of the others those that are open, and those without a state."""
    open: int
    without: int


def record_tickets(review: Path | ReviewFile, tickets: Path, actor: Reviewer) -> TicketsRead:
    """Record the states of tickets in a review: CSV with the columns ``id`` (or ``ticket``) and ``state``.

    Rows of items that the review does not have, or does not change, are refused; the others are recorded.

    Raises:
        ReviewError: a file cannot be read, the list lacks a column, or the review cannot be written.
    """
    table = read_table(tickets)
    renamed = {"external id": "id"}
    headings = [renamed.get(name, name) for name in table.headings]
    if "state" not in headings:
        raise wrong_row(tickets, 1, phrase("the column `{name}` is missing", name="state"))
    if not {"id", "ticket"} & set(headings):
        raise wrong_row(tickets, 1, phrase("the columns `id` and `ticket` are missing: one of them is needed"))
    with opened(review) as file:
        known = ticket_states(file.events())
        by_ticket: dict[str, list[str]] = {}
        for one in items_to_change(file):
            if number := (file.decision(one).ticket or (known[one].ticket if one in known else "")):
                by_ticket.setdefault(number, []).append(one)
        recorded: list[TicketState] = []
        refused: list[RefusedTicket] = []
        repeated = 0
        for at, row in table.rows:
            cells = {renamed.get(name, name): cell for name, cell in row.items()}
            items, why = _items(file, cells, by_ticket)
            closed = cells.get("closed", "")[:10]
            try:
                day = date.fromisoformat(closed) if closed else None
            except ValueError:
                why = phrase("`{text}` is not a date: expected YYYY-MM-DD", text=visible(closed))
            if not why and not cells["state"]:
                why = phrase("it has no state")
            if not why and day is not None:
                why = _day_fault(file, items, day)
            if why:
                refused.append(RefusedTicket(at, why))
                continue
            for item in items:
                ticket = cells.get("ticket", "") or file.decision(item).ticket
                state = TicketState(item, ticket, cells["state"], day)
                if known.get(item) == state:
                    repeated += 1
                else:
                    known[item] = state
                    recorded.append(state)
        if recorded:
            file.append([], [(EventKind.TICKET, one.as_json()) for one in recorded], actor)
        counts = ticket_counts(file)
    return TicketsRead(
        tuple(recorded), repeated, tuple(refused), counts["closed"], counts["open"], counts["without state"]
    )


def _items(file: ReviewFile, cells: dict[str, str], by_ticket: dict[str, list[str]]) -> tuple[list[str], str]:
    """Return the items of a row, and why it is refused; empty if it is not."""
    item, ticket = cells.get("id", ""), cells.get("ticket", "")
    if not item:
        found = by_ticket.get(ticket, [])
        return found, "" if found else phrase("the review has no ticket `{ticket}`", ticket=visible(ticket))
    if item not in file.item_states.known and item not in file.finding_states.known:
        return [], phrase("the review has no entitlement or finding `{item}`", item=visible(item))
    if file.decision(item).choice not in _TO_DO:
        return [], phrase("the review decided on no change of `{item}`", item=visible(item))
    return [item], ""


def _day_fault(file: ReviewFile, items: Iterable[str], closed: date) -> str:
    """Return why the day of closing is refused; empty if it is not."""
    if closed > (datetime.now(UTC) + CLOCKS).date():
        return phrase("it is closed on {day}, in the future", day=closed.isoformat())
    for item in items:
        decided = file.decided(item)
        if decided is not None and closed < (datetime.fromisoformat(decided.moment) - CLOCKS).date():
            return phrase(
                "it is closed on {day}, before the decision of {decided}",
                day=closed.isoformat(),
                decided=decided.moment[:10],
            )
    return ""


def items_to_change(file: ReviewFile) -> Iterable[str]:
    """Return the entitlements that are to be revoked or modified, and the findings that are to be fixed."""
    items = (*file.ids, *file.finding_states.known)
    return (one for one in items if file.decision(one).choice in _TO_DO)


def ticket_states(events: Iterable[Event]) -> dict[str, TicketState]:
    """Return the last state of the ticket of each item."""
    found: dict[str, TicketState] = {}
    for event in events:
        if event.kind is EventKind.TICKET:
            details = event.details
            day = date.fromisoformat(details["closed"]) if details["closed"] else None
            found[details["item"]] = TicketState(details["item"], details["ticket"], details["state"], day)
    return found


def ticket_counts(file: ReviewFile) -> Counter[str]:
    """Return of the changes that the review decided on how many tickets are ``closed``, ``open``, ``without state``."""
    states = ticket_states(file.events())
    counts = Counter({"closed": 0, "open": 0, "without state": 0})
    for item in items_to_change(file):
        state = states.get(item)
        counts["without state" if state is None else "closed" if state.is_closed else "open"] += 1
    return counts
