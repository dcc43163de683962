"""Decisions that are carried over from the previous review."""

from dataclasses import replace

from iamdesk.review.decisions import ItemDecision
from iamdesk.review.state import Decided

_START = "Carried over from review "
_EARLIER_START = "Taken over from review "
"""In reviews of earlier versions of iamdesk."""


def taken_over(decision: ItemDecision, review_id: str, decided: Decided | None, why: str) -> ItemDecision:
    """Return a decision for the follow-up review; its comment contains the review, the reviewer and the reason ``why``.

    Second approval is not carried over.
    """
    if decision.comment.startswith((_START, _EARLIER_START)):
        return decision.by_one  # the comment refers to the first decision
    who = f", decided by {decided.reviewer} on {decided.moment[:10]}" if decided is not None else ""
    return replace(decision.by_one, comment=f"{_START}{review_id}{who}: {why}. {decision.comment}".rstrip())
