"""Filters over the items of a review: what a reviewer wants to see first."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum

from iamdesk.i18n import mark
from iamdesk.review.asked import AskedKind, asked_kinds
from iamdesk.review.assignment import assignment_of
from iamdesk.review.decisions import same_person
from iamdesk.review.item_effect import NEEDS_JUDGEMENT, effect_of
from iamdesk.review.items import ReviewItem
from iamdesk.review.parts import is_part, parts_holding, reviewer_of
from iamdesk.review.review_file import ReviewFile


class ItemFilter(StrEnum):
    """Which items are shown."""

    UNDECIDED = "undecided"
    EXPIRED = "expired"
    """The exception on it has expired."""
    NEW = "new"
    """Since the previous review; also what came back."""
    CHANGED = "changed"
    STILL_THERE = "still-there"
    """It was to be revoked in the previous review."""
    NEEDS_JUDGEMENT = "needs-judgement"
    """No suggestion could be made."""
    MINE = "mine"
    """Assigned to a reviewer, as reviewer or backup."""


FILTER_WORDS: Mapping[ItemFilter, str] = {
    ItemFilter.UNDECIDED: mark("Undecided"),
    ItemFilter.EXPIRED: mark("Expired exception"),
    ItemFilter.NEW: mark("New since the previous review"),
    ItemFilter.CHANGED: mark("Changed since the previous review"),
    ItemFilter.STILL_THERE: mark("Revoked, but still there"),
    ItemFilter.NEEDS_JUDGEMENT: mark("Needs judgment"),
    ItemFilter.MINE: mark("Assigned to me"),
}
_KINDS: Mapping[ItemFilter, frozenset[AskedKind]] = {
    ItemFilter.NEW: frozenset({AskedKind.NEW, AskedKind.CAME_BACK}),
    ItemFilter.CHANGED: frozenset({AskedKind.CHANGED}),
    ItemFilter.STILL_THERE: frozenset({AskedKind.STILL_THERE}),
}


def matching(
    review: ReviewFile, filters: Collection[ItemFilter], today: date, reviewer: str = ""
) -> Callable[[ReviewItem], bool]:
    """Return a test whether an item matches all filters; decisions are those at the moment of the test.

    Args:
        review: The review.
        filters: All have to match; without any, every item does.
        today: Exceptions whose last day is before it have expired.
        reviewer: Name of the reviewer of `ItemFilter.MINE`.
    """
    mine = frozenset(assigned_items(review, reviewer)) if ItemFilter.MINE in filters else frozenset()

    def matches(item: ReviewItem, one: ItemFilter) -> bool:
        match one:
            case ItemFilter.UNDECIDED:
                return review.decision(item.line_id).is_open(today)
            case ItemFilter.EXPIRED:
                return review.decision(item.line_id).has_run_out(today)
            case ItemFilter.NEEDS_JUDGEMENT:
                suggestion = effect_of(item).get("suggestion")
                return isinstance(suggestion, Mapping) and suggestion.get("decision") == NEEDS_JUDGEMENT
            case ItemFilter.MINE:
                return item.line_id in mine
        return bool(asked_kinds(item) & _KINDS[one])

    return lambda item: all(matches(item, one) for one in filters)


def assigned_items(review: ReviewFile, reviewer: str) -> Iterator[str]:
    """Yield the IDs of items and findings that are assigned to a person, as reviewer or backup.

    Of a part, these are all of it if the person is its reviewer or backup. What is in a part stays with its reviewer.
    """
    if is_part(review):
        owner = reviewer_of(review)
        if any(same_person(name, reviewer) for name in (owner.reviewer, owner.backup)):
            yield from (*review.ids, *review.finding_states.known)
        return
    events = review.events()
    taken = parts_holding(events)
    for item, part in taken.items():
        if any(same_person(name, reviewer) for name in (part.reviewer, part.backup)):
            yield item
    assignment = assignment_of(events)
    for item, to in assignment.reviewers.items() if assignment is not None else ():
        if item not in taken and any(same_person(name, reviewer) for name in (to.reviewer, to.backup)):
            yield item
