"""Whether a review is complete: until it is, everything that is exported of it is a draft."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from iamdesk.i18n import nphrase, phrase
from iamdesk.review.assignment import assignment_of
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.merge import open_conflicts
from iamdesk.review.review_file import ReviewFile

DRAFT = "DRAFT"
"""Status of a review that is not complete, on everything that is exported of it."""
COMPLETE = "complete"
SECOND_APPROVAL = "second_approval"
"""Under this name a review's head keeps the tiers whose decisions need a second approval: ``0,1``."""


class Obstacle(StrEnum):
    """What keeps a review from being complete."""

    UNDECIDED = "undecided"
    EXPIRED = "expired"
    """An exception whose last day has passed."""
    UNASSIGNED = "unassigned"
    """Undecided, and no rule gives it to a reviewer."""
    NO_CHANGE = "no-change"
    """To be modified, but nothing says how."""
    NO_APPROVER = "no-approver"
    """An exception that only the reviewer approved."""
    NO_SECOND = "no-second"
    """Of a tier that needs a second approval, and without one."""
    CONFLICT = "conflict"
    """Decided otherwise in the review and in a part."""


@dataclass(frozen=True, slots=True)
class Open:
    """What is open of one kind."""

    obstacle: Obstacle
    items: tuple[str, ...]
    """Ids of items and findings, in the review's order."""

    @property
    def sentence(self) -> str:
        """Say how many there are of what."""
        one, many = _SENTENCES[self.obstacle]
        return nphrase(one, many, len(self.items))


_SENTENCES: Mapping[Obstacle, tuple[str, str]] = {
    Obstacle.UNDECIDED: ("1 item is undecided", "{count:,} items are undecided"),
    Obstacle.EXPIRED: ("1 exception has expired", "{count:,} exceptions have expired"),
    Obstacle.UNASSIGNED: ("1 undecided item has no reviewer", "{count:,} undecided items have no reviewer"),
    Obstacle.NO_CHANGE: (
        "1 item is to be modified, and the change is not stated",
        "{count:,} items are to be modified, and the change is not stated",
    ),
    Obstacle.NO_APPROVER: ("1 exception has no approver", "{count:,} exceptions have no approver"),
    Obstacle.NO_SECOND: ("1 decision waits for second approval", "{count:,} decisions wait for second approval"),
    Obstacle.CONFLICT: ("1 conflict is open", "{count:,} conflicts are open"),
}


@dataclass(frozen=True, slots=True)
class Completion:
    """What keeps a review from being complete; nothing: it is."""

    open: tuple[Open, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""
        return not self.open

    @property
    def status(self) -> str:
        """`DRAFT` or `COMPLETE`."""
        return COMPLETE if self.is_complete else DRAFT

    @property
    def sentence(self) -> str:
        """Say what is open; empty if the review is complete."""
        if self.is_complete:
            return ""
        return phrase("The review is not complete: {open}.", open="; ".join(one.sentence for one in self.open))

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object: whether it is complete, its status, and how many are open by obstacle."""
        return {
            "complete": self.is_complete,
            "status": self.status,
            "open": {one.obstacle.value: len(one.items) for one in self.open},
        }


def second_approval_tiers(details: Mapping[str, str]) -> frozenset[int]:
    """Return the tiers whose decisions need a second approval."""
    return frozenset(int(one) for one in details.get(SECOND_APPROVAL, "").split(",") if one.strip().isdecimal())


def second_approval_detail(tiers: Iterable[int]) -> dict[str, str]:
    """Return the detail of a review's head that requires a second approval of some tiers; empty for none."""
    wanted = ",".join(str(tier) for tier in sorted(set(tiers)))
    return {SECOND_APPROVAL: wanted} if wanted else {}


def completion(review: ReviewFile, today: date) -> Completion:
    """Return what keeps a review from being complete on a day."""
    found: dict[Obstacle, list[str]] = {one: [] for one in Obstacle}
    events = review.events()
    assignment = assignment_of(events)
    unassigned = frozenset(assignment.unassigned) if assignment is not None else frozenset()
    tiers = _tiers(review)
    wanted = second_approval_tiers(review.head.details)
    for known in (review.item_states, review.finding_states):
        for item in known.known:
            for obstacle in _obstacles(review, item, today, item in unassigned, tiers.get(item) in wanted):
                found[obstacle].append(item)
    found[Obstacle.CONFLICT] = list(dict.fromkeys(one.item_id for one in open_conflicts(events)))
    return Completion(tuple(Open(obstacle, tuple(items)) for obstacle, items in found.items() if items))


def _obstacles(
    review: ReviewFile, item: str, today: date, is_unassigned: bool, needs_second: bool
) -> Iterator[Obstacle]:
    decision = review.decision(item)
    if decision.choice is ReviewDecision.UNDECIDED:
        yield Obstacle.UNDECIDED
        if is_unassigned:
            yield Obstacle.UNASSIGNED
        return
    if decision.has_run_out(today):
        yield Obstacle.EXPIRED
    if decision.choice is ReviewDecision.MODIFY and not decision.comment.strip():
        yield Obstacle.NO_CHANGE
    if not decision.second:
        if decision.choice is ReviewDecision.EXCEPT:
            yield Obstacle.NO_APPROVER
        elif needs_second:
            yield Obstacle.NO_SECOND


def _tiers(review: ReviewFile) -> Mapping[str, int]:
    if not second_approval_tiers(review.head.details):
        return {}
    return {
        line_id: tier
        for line_id, line in review.each_line_by_id()
        if isinstance(effect := line.evidence.get("effect"), Mapping) and isinstance(tier := effect.get("tier"), int)
    }
