"""The effect that an item carries (``evidence.effect``): its keys and words, for everything that only reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from iamdesk.review.items import ReviewItem

EFFECT = "effect"
"""The key of the evidence."""
PROVED, CHANGED, INCONCLUSIVE = "proved", "changed", "inconclusive"
"""``status``: nothing changes without the entitlement, proved; something does, shown by requests; neither is shown."""
KEEP, REVOKE, MODIFY, NEEDS_JUDGEMENT = "keep", "revoke", "modify", "needs_judgement"
"""``suggestion.decision``."""
GUARDRAIL, GRANT, CREDENTIAL, ENTRY = "guardrail", "grant", "credential", "entry"
"""``kind``: it limits; it gives permissions; it is a way to sign in; it gives access to an identity."""
MAX_NAMED = 5
"""Members of a list of the evidence, such as ``covered_by``; the rest is left out."""
MAX_ACTIONS_NAMED = 3
"""Up to how many actions are named instead of counted."""
LAST_TIER = 5
"""Tiers are 0 (administration depends on it) to this one (nothing does)."""


@dataclass(frozen=True, slots=True)
class ExactEffect:
    """How many actions are lost and gained without an entitlement, by exact comparison (`exact_effect`)."""

    lost: int
    gained: int
    doubts: tuple[str, ...]
    """What the comparison leaves open; then there may be more."""


def effect_of(item: ReviewItem) -> Mapping[str, Any]:
    """Return the evidence of an item's effect; empty before it is worked out."""
    found = item.evidence.get(EFFECT)
    return found if isinstance(found, Mapping) else {}


def with_effect(item: ReviewItem, effect: Mapping[str, Any]) -> ReviewItem:
    """Return an item with the evidence of its effect."""
    return replace(item, evidence={**item.evidence, EFFECT: effect})
