"""Why an item of a follow-up review needs a decision, as its evidence has it."""

from collections.abc import Mapping
from enum import StrEnum

from iamdesk.review.items import ReviewItem

SINCE_LAST = "since_last"
"""Member of an item's evidence with changes since the previous review.

``asked``: whether it needs a decision; ``reasons``: why, as sentences; ``kinds``: the same as `AskedKind`.
"""


class AskedKind(StrEnum):
    """Why an item of a follow-up review needs a decision."""

    NEW = "new"
    CAME_BACK = "came_back"
    """It was revoked and gone, and exists again."""
    CHANGED = "changed"
    """Its effect changed, or that it did not is not proved."""
    STILL_THERE = "still_there"
    """It was to be revoked."""
    TO_MODIFY = "to_modify"
    EXPIRED = "expired"
    """Its exception."""
    UNDECIDED = "undecided"
    """In the previous review."""
    PERSON = "person"
    """Its person left, moved, or is not in the list of people."""


def asked_kinds(item: ReviewItem) -> frozenset[AskedKind]:
    """Return why an item needs a decision; empty for an item of a first review, or whose decision is carried over."""
    since = item.evidence.get(SINCE_LAST)
    kinds = since.get("kinds", ()) if isinstance(since, Mapping) else ()
    return frozenset(AskedKind(one) for one in kinds if one in _KINDS)


def asked_reasons(item: ReviewItem) -> tuple[str, ...]:
    """Return why an item needs a decision, as sentences."""
    since = item.evidence.get(SINCE_LAST)
    return tuple(map(str, since.get("reasons", ()))) if isinstance(since, Mapping) else ()


_KINDS = frozenset(one.value for one in AskedKind)
