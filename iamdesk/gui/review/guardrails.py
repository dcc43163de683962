"""Warnings about decisions: guardrails, which widen access if they are revoked, and the reviewer's own access."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from iamdesk.export.text.decision import short_arn
from iamdesk.export.text.review import widening_words
from iamdesk.export.text.review_effect import is_guardrail, widened_words
from iamdesk.i18n import join_names, tr, translate
from iamdesk.review.coordination import SameName
from iamdesk.review.items import ReviewItem

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.viewmodel.types import PolicyView

_MOST_NAMED = 3


def policy_of(opened: "Opened", line: ReviewItem) -> "PolicyView | None":
    """Return the policy of an entitlement, if it is in memory."""
    details = opened.details_at_hand(line.entitlement_id)
    return details.policy(line.entitlement_id) if details is not None else None


def revoke_warning(lines: Iterable[ReviewItem]) -> str:
    """Return the warning before entitlements are revoked; empty if none of them is a guardrail."""
    guardrails = [line for line in lines if is_guardrail(line)]
    if len(guardrails) == 1 and (words := widened_words(guardrails[0])):
        return translate(words)
    return translate(widening_words(guardrails))


def own_access_words(found: SameName) -> str:
    """Return the warning that a reviewer decides on principals of a person of the same or a similar name."""
    return tr(
        "{principals}: according to the list of people, this is the access of a person with your name, or a similar "
        "one. Let another person decide: the evidence will show who decided."
    ).format(principals=join_names([short_arn(arn) for arn in found.principals], _MOST_NAMED))
