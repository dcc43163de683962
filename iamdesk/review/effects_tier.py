"""How much is at stake in an entitlement: its tier, 0 to 5 (``resources/data/review-tiers.json``)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from iamdesk.access.access_change import ActionBits
from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.data_classes import DataClass, data_classes
from iamdesk.resource_files import resources
from iamdesk.review.carried_path import CarriedPath
from iamdesk.review.items import ReviewItem


@dataclass(frozen=True, slots=True)
class TierRule:
    """One rule: all of its parts have to hold."""

    tier: int
    title: str
    types: frozenset[str]
    administration: frozenset[str]
    classes: frozenset[DataClass]
    levels: frozenset[str]
    actions: Mapping[str, int]
    """By service, as bits."""
    paths: frozenset[str]
    is_nothing: bool

    def holds(self, item: ReviewItem, actions: ActionBits, path: CarriedPath | None, *, is_nothing: bool) -> bool:
        """Return whether the rule is for an entitlement on which some actions depend."""
        reaches = str((item.evidence.get("administration") or {}).get("reaches", ""))
        return (
            (not self.types or item.type.value in self.types)
            and (not self.administration or reaches in self.administration)
            and (not self.paths or (path is not None and path.state in self.paths))
            and (not self.is_nothing or is_nothing)
            and (not self.actions or any(bits & actions.get(service, 0) for service, bits in self.actions.items()))
            and (not self.classes or any(bits & self._of_classes(service) for service, bits in actions.items()))
        )

    def _of_classes(self, service: str) -> int:
        classes, levels = data_classes(service), service_actions(service).by_level
        found = 0
        for one in self.classes:
            found |= classes[one]
        if not self.levels:
            return found
        of_levels = 0
        for level in self.levels:
            of_levels |= levels.get(level, 0)
        return found & of_levels


@dataclass(frozen=True, slots=True)
class Baseline:
    """When a group has all that its members have."""

    share: float
    principals: int


def tier_rule(item: ReviewItem, actions: ActionBits, path: CarriedPath | None, *, is_nothing: bool) -> TierRule:
    """Return the rule that decides on an entitlement's tier.

    Args:
        item: The entitlement.
        actions: What changes without it; as long as that is not known, what it gives.
        path: What of its holders' administration depends on it.
        is_nothing: Whether it is proved that nothing changes without it.
    """
    return next(rule for rule in tier_rules() if rule.holds(item, actions, path, is_nothing=is_nothing))


@lru_cache(maxsize=1)
def tier_rules() -> tuple[TierRule, ...]:
    """Return all rules, in the order in which they are tried; the last one always holds."""
    return tuple(_rule(one) for one in _held()["tiers"])


def baseline() -> Baseline:
    """Return when a group has all that its members have."""
    held = _held()["baseline"]
    return Baseline(float(held["share"]), int(held["principals"]))


@lru_cache(maxsize=1)
def _held() -> Mapping[str, Any]:
    held: Mapping[str, Any] = json.loads((resources() / "data" / "review-tiers.json").read_text(encoding="utf-8"))
    return held


def _bits(names: Iterable[str]) -> dict[str, int]:
    actions: dict[str, int] = {}
    for name in names:
        service, _, action = str(name).partition(":")
        bit = service_actions(service).positions[action.lower()]
        actions[service] = actions.get(service, 0) | 1 << bit
    return actions


def _rule(one: Mapping[str, Any]) -> TierRule:
    return TierRule(
        int(one["tier"]),
        str(one["title"]),
        frozenset(one.get("types", ())),
        frozenset(one.get("administration", ())),
        frozenset(map(DataClass, one.get("classes", ()))),
        frozenset(one.get("levels", ())),
        _bits(one.get("actions", ())),
        frozenset(one.get("paths", ())),
        bool(one.get("nothing", False)),
    )
