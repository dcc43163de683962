"""Which actions other accounts and unsigned callers can call by a resource policy, each with AWS's page.

Read from ``resources/data/resource-policy-services.json``, which defines its own terms: the only list of such facts
(rules D8, E10, I1, I5).
"""

import json
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.resource_files import resources


class OtherAccounts(StrEnum):
    """Whether a resource policy can let principals of other accounts call an action."""

    WORKS = "works"
    OWNER_ALONE = "owner-alone"
    NOT_DOCUMENTED = "not-documented"
    """AWS does not document it: decided as ``WORKS``, with an assumption."""


class Unsigned(StrEnum):
    """Whether an action can be called without a signature."""

    POLICY = "policy"
    """Where a policy allows everyone."""
    BY_KEY = "by-key"
    """As ``POLICY``, if a condition key has some value (`ServiceFacts.unsigned_keys`)."""
    NO_CREDENTIALS = "takes-no-credentials"
    """Always: the action takes no AWS credentials, and IAM does not evaluate it."""
    NEVER = "never"
    NOT_DOCUMENTED = "not-documented"
    """AWS does not document it: decided as ``POLICY``, with an assumption."""


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """A condition key that decides whether an action can be called without a signature."""

    key: str
    """As AWS spells it."""
    value: str
    """The value with which it can."""
    without_key: str
    """The value that counts in a request without the key."""


@dataclass(frozen=True, slots=True)
class ReservedNames:
    """Names of resources on which only AWS calls some actions."""

    prefix: str
    """Beginning of the last part of their ARNs."""
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What is known of one service; names of actions are in lower case."""

    types: frozenset[str] = frozenset()
    """Resource types with resource-based policies, spelled as in the service authorization reference.

    Not those whose policies AWS RAM writes for resource shares."""
    other_accounts: Mapping[str, OtherAccounts] = field(default_factory=dict)
    of_new_actions: OtherAccounts = OtherAccounts.NOT_DOCUMENTED
    """Of actions that are not in ``other_accounts``."""
    unsigned: Mapping[str, Unsigned] = field(default_factory=dict)
    unsigned_else: Unsigned = Unsigned.NEVER
    """Of actions that are not in ``unsigned``."""
    unsigned_keys: Mapping[str, OpeningKey] = field(default_factory=dict)
    """Of actions that are ``BY_KEY``."""
    open_by_setting: frozenset[str] = frozenset()
    """Actions that a setting outside of snapshots can open to everyone."""
    shared_by_setting: frozenset[str] = frozenset()
    """Resource types shared with other accounts by a setting that is no policy and is not captured."""
    needs_both_sides: bool = False
    """Whether identity and resource policy must both allow, also within one account (rule D8)."""
    by_grants: frozenset[str] = frozenset()
    """Actions that a grant on a key can allow."""
    by_grants_alone: frozenset[str] = frozenset()
    """Those of them to which the key policy does not apply."""
    beside_policy: frozenset[str] = frozenset()
    """Actions to which no policy of the resource applies: it covers only the resource's content, or there is none."""
    without_policy: frozenset[str] = frozenset()
    """Those of them whose resources have no policies, where AWS documents it."""
    owner_root_always: frozenset[str] = frozenset()
    """Actions of the owner's root user that the resource's policy cannot deny: the owner is not locked out."""
    reserved_by_aws: tuple[ReservedNames, ...] = ()

    def across_accounts(self, name: str) -> OtherAccounts:
        """Return whether a resource policy can let principals of other accounts call an action."""
        return self.other_accounts.get(name, self.of_new_actions)

    def without_signature(self, name: str) -> Unsigned:
        """Return whether an action can be called without a signature."""
        return self.unsigned.get(name, self.unsigned_else)

    def is_reserved(self, name: str, resource: str) -> bool:
        """Return whether only AWS calls an action on a resource (the last part of its ARN)."""
        return any(name in one.actions and resource.startswith(one.prefix) for one in self.reserved_by_aws)

    def reserved_prefix(self, resource: str) -> str:
        """Return the reserved prefix of a resource (the last part of its ARN); empty for none."""
        return next((one.prefix for one in self.reserved_by_aws if resource.startswith(one.prefix)), "")

    def decision_class(self, name: str) -> Hashable:
        """Return a key of everything here that decisions on an action depend on."""
        return (
            self.across_accounts(name) is OtherAccounts.OWNER_ALONE,
            self.without_signature(name),
            name in self.by_grants,
            name in self.by_grants_alone,
            name in self.beside_policy,
            name in self.owner_root_always,
            any(name in one.actions for one in self.reserved_by_aws),
        )


_UNKNOWN = ServiceFacts()


def facts_of(service: str) -> ServiceFacts:
    """Return what is known of a service (in lower case); of one that is not listed, nothing is documented."""
    return services().get(service, _UNKNOWN)


@cache
def services() -> Mapping[str, ServiceFacts]:
    """Return every listed service by its prefix."""
    text = (resources() / "data" / "resource-policy-services.json").read_text(encoding="utf-8")
    return {service: _facts(service, entry) for service, entry in json.loads(text)["services"].items()}


def _facts(service: str, entry: Mapping[str, Any]) -> ServiceFacts:
    accounts, unsigned = entry["other_accounts"], entry.get("unsigned", ())
    without_policy = _on_no_type_of(service, entry["types"]) if "types_alone" in entry else frozenset()
    rest = [Unsigned(one["class"]) for one in unsigned if one["actions"] == "*"]
    return ServiceFacts(
        types=frozenset(() if "of_shares" in entry else entry["types"]),
        other_accounts={
            **dict.fromkeys(without_policy, OtherAccounts.OWNER_ALONE),
            **{name.lower(): OtherAccounts(one["class"]) for one in accounts for name in one["actions"]},
        },
        of_new_actions=next(
            (OtherAccounts(one["class"]) for one in accounts if one.get("others_too")), OtherAccounts.NOT_DOCUMENTED
        ),
        unsigned={
            name.lower(): Unsigned(one["class"]) for one in unsigned if one["actions"] != "*" for name in one["actions"]
        },
        unsigned_else=rest[0] if rest else Unsigned.NEVER,
        unsigned_keys={
            name.lower(): OpeningKey(one["key"], one["value"], one["without_key"])
            for one in unsigned
            if "key" in one
            for name in one["actions"]
        },
        open_by_setting=_names(*(one for one in unsigned if one.get("open_by_setting"))),
        shared_by_setting=frozenset(entry.get("shared_by_setting", {}).get("types", ())),
        needs_both_sides="both_sides" in entry,
        by_grants=_names(entry.get("by_grants")),
        by_grants_alone=_names(entry.get("by_grants_alone")),
        beside_policy=_names(entry.get("beside_policy")) | without_policy,
        without_policy=without_policy,
        owner_root_always=_names(entry.get("owner_root_always")),
        reserved_by_aws=tuple(ReservedNames(one["prefix"], _names(one)) for one in entry.get("reserved_by_aws", ())),
    )


def _on_no_type_of(service: str, types: Collection[str]) -> frozenset[str]:
    """Return the actions that act on resources, but on none of these types."""
    listed = reference().actions_of(service)
    kinds = {action.name.lower(): {one.name for one in action.resource_types} for action in listed}
    return frozenset(name for name, own in kinds.items() if own and own.isdisjoint(types))


def _names(*entries: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset(name.lower() for entry in entries if entry is not None for name in entry["actions"])
