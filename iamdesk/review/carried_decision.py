"""What is written under a decision that the review before made."""

from dataclasses import replace

from iamdesk.review.decisions import ItemDecision
from iamdesk.review.state import Decided

_START = "Taken over from review "


def taken_over(decision: ItemDecision, review_id: str, decided: Decided | None, why: str) -> ItemDecision:
    """Return a decision as it stands in the next review; its comment says from where, by whom and ``why``.

    The second reviewer stood for it in the review before, and does not stand for it here.
    """
    if decision.comment.startswith(_START):
        return decision.by_one  # the first decision counts, however often it is taken over
    who = f", decided by {decided.reviewer} on {decided.moment[:10]}" if decided is not None else ""
    return replace(decision.by_one, comment=f"{_START}{review_id}{who}: {why}. {decision.comment}".rstrip())
