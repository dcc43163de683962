"""What each action does to data, money and control: one of eight classes (``resources/data/data-classes.json``).

The access level of the Service Authorization Reference decides, but for the rules of the file, which say why.
"""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from iamdesk.aws.action_sets import service_actions
from iamdesk.aws.service_reference import Action
from iamdesk.i18n import mark
from iamdesk.resource_files import resources


class DataClass(StrEnum):
    """What an action does; those that matter most come first."""

    PERMISSIONS = mark("permissions")
    READ_DATA = mark("read data")
    WRITE_DATA = mark("write data")
    DELETE_DATA = mark("delete data")
    LOGS_AND_SECURITY = mark("logs and security")
    NETWORK = mark("network")
    MONEY = mark("money")
    METADATA = mark("list and metadata")


class DataClassRule(NamedTuple):
    """Actions that are in a class which is not the one of their access level."""

    data_class: DataClass
    patterns: tuple[str, ...]
    """With wildcards: ``ec2:*Vpc*``."""
    levels: frozenset[str]
    """Of these access levels only; empty: of any."""
    reason: str

    def fits(self, action: Action) -> bool:
        """Return whether an action is in the class by this rule."""
        if self.levels and action.access_level not in self.levels:
            return False
        pattern = _pattern(self.patterns, action.service)
        return pattern is not None and pattern.fullmatch(action.name.lower()) is not None


class _Rules(NamedTuple):
    rules: tuple[DataClassRule, ...]
    by_level: Mapping[str, DataClass]


def rule_of(action: Action) -> DataClassRule | None:
    """Return the rule by which an action is in its class; None where the access level decides."""
    return next((rule for rule in _rules().rules if rule.fits(action)), None)


def data_class_of(action: Action) -> DataClass:
    """Return the class of an action."""
    rule = rule_of(action)
    return _rules().by_level[action.access_level] if rule is None else rule.data_class


@cache
def data_classes(service: str) -> Mapping[DataClass, int]:
    """Return by class the actions of a service, as bits of `service_actions`; each action is in one class."""
    found = dict.fromkeys(DataClass, 0)
    for bit, action in enumerate(service_actions(service).actions):
        found[data_class_of(action)] |= 1 << bit
    return found


def data_class_rules() -> tuple[DataClassRule, ...]:
    """Return all rules, in the order in which they are tried."""
    return _rules().rules


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    text = (resources() / "data" / "data-classes.json").read_text(encoding="utf-8")
    held = json.loads(text)
    rules = tuple(
        DataClassRule(
            DataClass(one["class"]), tuple(one["actions"]), frozenset(one.get("levels", ())), str(one["reason"])
        )
        for one in held["rules"]
    )
    return _Rules(rules, {level: DataClass(name) for level, name in held["levels"].items()})


@cache
def _pattern(patterns: tuple[str, ...], service: str) -> re.Pattern[str] | None:
    """Return what the names of a service's actions are compared with; None where no pattern is for the service."""
    split = (one.lower().split(":", 1) for one in patterns)
    names = [name for of_service, name in split if of_service in ("*", service)]
    return re.compile("|".join(re.escape(one).replace(r"\*", ".*") for one in names)) if names else None
