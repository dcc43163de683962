"""Why a follow-up review asks about an item again: the sentences of its evidence, and their kinds."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from iamdesk.i18n import mark

NEW = mark("It is new since the previous review.")
STILL_THERE = mark("It was to be revoked, but still exists.")
STILL_FOUND = mark("It was to be fixed, but is still found.")
CAME_BACK = mark("It was revoked and removed, and exists again.")
FOUND_AGAIN = mark("It was fixed, but is found again.")
WAS_UNDECIDED = mark("It was undecided in the previous review.")
WAS_TO_MODIFY = mark("It was to be modified.")
EXCEPTION_EXPIRED = mark("Its exception expired on {expiry}.")
RISK_EXPIRED = mark("Its risk was accepted until {expiry}.")
_EXPIRED = tuple(one.partition("{")[0] for one in (EXCEPTION_EXPIRED, RISK_EXPIRED))


class WhyAsked(StrEnum):
    """A kind of reason."""

    NEW = "new"
    CHANGED = "changed"
    """Its effect changed, or may have changed."""
    STILL_THERE = "still there"
    """It was to be removed, and exists still or again."""
    EXPIRED = "expired"
    OPEN_BEFORE = "open before"
    """It was undecided, or to be modified."""


_KINDS: Mapping[str, WhyAsked] = {
    NEW: WhyAsked.NEW,
    STILL_THERE: WhyAsked.STILL_THERE,
    STILL_FOUND: WhyAsked.STILL_THERE,
    CAME_BACK: WhyAsked.STILL_THERE,
    FOUND_AGAIN: WhyAsked.STILL_THERE,
    WAS_UNDECIDED: WhyAsked.OPEN_BEFORE,
    WAS_TO_MODIFY: WhyAsked.OPEN_BEFORE,
}


def why_asked(since_last: Mapping[str, Any]) -> Iterator[WhyAsked]:
    """Yield the kinds of the reasons in the ``since_last`` evidence of an item or finding."""
    for reason in map(str, since_last.get("reasons", ())):
        yield WhyAsked.EXPIRED if reason.startswith(_EXPIRED) else _KINDS.get(reason, WhyAsked.CHANGED)
