"""What happens to a review besides decisions: it is assigned, split, delegated, merged, removals are logged.

Append-only, each event bound to the one before by its hash, as the journal of decisions is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from iamdesk.review.journal import GENESIS, digest


class EventKind(StrEnum):
    """What happened."""

    ASSIGN = "assign"
    """Rules gave each item a reviewer."""
    SPLIT = "split"
    """A part was written for a reviewer."""
    DELEGATE = "delegate"
    """The reviewer of a part, or the coordinator, named another person who decides."""
    HAND_BACK = "hand_back"
    """The delegate gave the part back."""
    RETURN = "return"
    """Items of a part were handed back, because another person is to decide on them."""
    REASSIGN = "reassign"
    """The coordinator gave items to another reviewer."""
    REMIND = "remind"
    """Reminders were written."""
    MERGE = "merge"
    """The decisions of a part were taken."""
    CONFLICT = "conflict"
    """Part and review decided otherwise; the review's decision stays until the conflict is resolved."""
    RESOLVE = "resolve"
    """The coordinator chose between the two."""
    TICKET = "ticket"
    """The state of a ticket came back from the ticket system (`tickets`)."""
    DESCRIBE = "describe"
    """It was stated who captured the snapshot, when the review is due, or who the reviewers are (`description`)."""
    FILL = "fill"
    """Decisions of a filled sheet were saved: those of its actor at its moment, which is one act."""
    REMOVAL = "removal"
    """The log of ``remediation.sh`` says what was done about a revoked entitlement (`close_out`)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as it is kept."""

    number: int
    """From 1."""
    moment: str
    """UTC, ISO 8601."""
    actor: str
    """As typed."""
    account: str
    """Of the operating system."""
    kind: EventKind
    details: Mapping[str, Any]
    """JSON."""
    previous: str
    """Hash of the event before."""
    sha256: str

    @property
    def content(self) -> dict[str, Any]:
        """What the hash is over."""
        return {
            "number": self.number,
            "moment": self.moment,
            "actor": self.actor,
            "account": self.account,
            "kind": self.kind.value,
            "details": dict(self.details),
            "previous": self.previous,
        }


def event_after(
    previous: Event | None, *, moment: datetime, actor: str, account: str, kind: EventKind, details: Mapping[str, Any]
) -> Event:
    """Return the next event; ``moment`` is UTC."""
    unsealed = Event(
        previous.number + 1 if previous else 1,
        moment.isoformat(timespec="milliseconds"),
        actor,
        account,
        kind,
        details,
        previous.sha256 if previous else GENESIS,
        "",
    )
    return replace(unsealed, sha256=digest(unsealed.content))


def event_from_json(value: Mapping[str, Any]) -> Event:
    """Return the event of a JSON object: its content and its ``sha256``.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Event(
        value["number"],
        value["moment"],
        value["actor"],
        value["account"],
        EventKind(value["kind"]),
        value["details"],
        value["previous"],
        value["sha256"],
    )


def broken_event(events: Iterable[Event]) -> int | None:
    """Return the number of the first event that is not what was written, or does not follow; None where all do."""
    previous = GENESIS
    for number, event in enumerate(events, 1):
        if event.number != number or event.previous != previous or event.sha256 != digest(event.content):
            return number
        previous = event.sha256
    return None
