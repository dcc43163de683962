"""The log of ``remediation.sh``, recorded in the review: which revoked entitlements were removed in AWS."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import phrase
from iamdesk.review.decisions import ReviewDecision, Reviewer
from iamdesk.review.events import Event, EventKind
from iamdesk.review.journal_rules import CLOCKS
from iamdesk.review.review_file import ReviewFile


class RemovalOutcome(StrEnum):
    """What the script did about an entitlement."""

    DONE = "done"
    GONE = "gone"
    """It was gone already."""
    BY_HAND = "by_hand"
    KEPT = "kept"
    """It has a Deny statement."""
    SKIPPED = "skipped"
    """The caller uses it."""
    FAILED = "failed"

    @property
    def is_closed(self) -> bool:
        """Whether the entitlement is gone."""
        return self in (RemovalOutcome.DONE, RemovalOutcome.GONE)


@dataclass(frozen=True, slots=True)
class Removal:
    """One line of a log."""

    number: int
    """Number of the line, from 1; it is not recorded."""
    moment: datetime
    """UTC."""
    review_id: str
    item_id: str
    outcome: RemovalOutcome
    command: str
    message: str
    """What AWS answered."""

    @classmethod
    def of_line(cls, number: int, line: str) -> Self:
        """Parse a line: six columns separated by tabs.

        Raises:
            ValueError: it is incomplete, as the last line of an interrupted run may be, or malformed.
        """
        moment, review_id, item_id, outcome, command, message = line.split("\t")
        when = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return cls(number, when, review_id, item_id, RemovalOutcome(outcome), command, message)

    def as_json(self) -> dict[str, Any]:
        """Return the details of the event."""
        return {
            "item": self.item_id,
            "at": self.moment.isoformat(),
            "outcome": self.outcome.value,
            "command": self.command,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of a log that was not recorded."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class ClosedOut:
    """What became of a log."""

    recorded: tuple[Removal, ...]
    repeated: int
    """Lines that the review has already."""
    refused: tuple[RefusedLine, ...]


@dataclass(frozen=True, slots=True)
class RemovalState:
    """How many of the revoked entitlements are removed, as far as logs say."""

    closed: int
    open: int
    by_outcome: Counter[str]
    """Open ones by their last outcome; ``""`` without any."""


def close_out(review: ReviewFile, log: Path, actor: Reviewer) -> ClosedOut:
    """Record the outcomes of a log as events of the review. Lines that it has already are not recorded again.

    Args:
        review: Open for writing.
        log: Log of ``remediation.sh``.
        actor: Who records it.

    Raises:
        ReviewError: the log cannot be read, or the review cannot be written.
    """
    try:
        text = log.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise ReviewError(phrase("{name}: the log cannot be read", name=visible(log.name))) from None
    seen = {_key(event.details) for event in review.events() if event.kind is EventKind.REMOVAL}
    recorded: list[Removal] = []
    refused: list[RefusedLine] = []
    repeated = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        try:
            removal = Removal.of_line(number, line)
        except ValueError:
            refused.append(RefusedLine(number, phrase("it is incomplete or not a line of this log")))
            continue
        if why := _fault(review, removal):
            refused.append(RefusedLine(number, why))
        elif (key := _key(removal.as_json())) in seen:
            repeated += 1
        elif why := _time_fault(review, removal):
            refused.append(RefusedLine(number, why))
        else:
            seen.add(key)
            recorded.append(removal)
    if recorded:
        review.append([], [(EventKind.REMOVAL, one.as_json()) for one in recorded], actor)
    return ClosedOut(tuple(recorded), repeated, tuple(refused))


def _key(details: Any) -> tuple[str, ...]:
    return tuple(str(details[name]) for name in ("item", "at", "outcome", "command", "message"))


def _fault(review: ReviewFile, removal: Removal) -> str:
    """Return why a line is refused; empty if it is not."""
    if removal.review_id != review.head.review_id:
        return phrase("it is of another review, {review}", review=visible(removal.review_id))
    if removal.item_id not in review.item_states.known:
        return phrase("the review has no entitlement {item}", item=visible(removal.item_id))
    if review.decision(removal.item_id).choice is not ReviewDecision.REVOKE:
        return phrase("the review does not revoke the entitlement {item}", item=visible(removal.item_id))
    return ""


def _time_fault(review: ReviewFile, removal: Removal) -> str:
    """Return why the time of a line is refused; empty if it is not."""
    at = removal.moment.isoformat(timespec="minutes")
    if removal.moment > datetime.now(UTC) + CLOCKS:
        return phrase("its time, {at}, is in the future", at=at)
    decided = review.decided(removal.item_id)
    if decided is not None and removal.moment < datetime.fromisoformat(decided.moment) - CLOCKS:
        return phrase("its time, {at}, is before the decision of {day}", at=at, day=decided.moment[:10])
    return ""


def last_removals(events: Iterable[Event]) -> dict[str, tuple[RemovalOutcome, str]]:
    """Return the last outcome of each entitlement and its time (ISO 8601), by item ID."""
    found: dict[str, tuple[RemovalOutcome, str]] = {}
    for event in events:
        if event.kind is not EventKind.REMOVAL:
            continue
        item, at = str(event.details["item"]), str(event.details["at"])
        if item not in found or at >= found[item][1]:
            found[item] = RemovalOutcome(event.details["outcome"]), at
    return found


def removal_state(review: ReviewFile) -> RemovalState:
    """Return how many of the entitlements that the review revokes are removed."""
    outcomes = last_removals(review.events())
    closed, waiting = 0, Counter[str]()
    for item_id in _revoked(review):
        outcome = outcomes[item_id][0] if item_id in outcomes else None
        if outcome is not None and outcome.is_closed:
            closed += 1
        else:
            waiting[outcome.value if outcome else ""] += 1
    return RemovalState(closed, waiting.total(), waiting)


def _revoked(review: ReviewFile) -> Iterator[str]:
    return (one for one in review.ids if review.decision(one).choice is ReviewDecision.REVOKE)
