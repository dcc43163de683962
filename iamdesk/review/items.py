"""What is reviewed: the population and the lines, frozen when the review is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from iamdesk.attack_paths.types import FirstSteps
from iamdesk.review.journal import digest


class EntitlementType(StrEnum):
    """What kind of thing a line decides on."""

    GROUP = "group"
    MANAGED_POLICY = "managed_policy"
    INLINE_POLICY = "inline_policy"
    TRUST = "trust"
    ACCESS_KEY = "access_key"
    RESOURCE_GRANT = "resource_grant"
    PERMISSION_SET = "permission_set"
    BOUNDARY = "boundary"
    """A permissions boundary: it limits its holder."""
    CONSOLE_PASSWORD = "console_password"  # noqa: S105 (the name of a kind)
    ROOT_ACCESS = "root_access"
    """The credentials of the root user."""


ONLY_DENIES = "only_denies"
"""Under this name the evidence of a policy, or of a membership in a group, tells as True that it only takes access
away: whoever revokes it widens access. Other lines lack it."""


def account_root(account_id: str, near: str) -> str:
    """Return how an account is named as a principal; ``near`` is an ARN of the same partition."""
    partition = near.split(":", 2)[1] if near.startswith("arn:") else "aws"
    return f"arn:{partition}:iam::{account_id}:root"


def account_of(name: str) -> str:
    """Return the account of a principal as a policy names it; empty for none, such as a service."""
    return name if name.isdecimal() else name.split(":", 5)[4] if name.count(":") >= 5 else ""


def covers(holder: str, principal: str) -> bool:
    """Return whether a name in a resource policy covers a principal."""
    account = account_of(principal)
    if holder in ("*", principal) or (account and holder == account):
        return True
    return bool(account) and holder.endswith(":root") and f":{account}:" in holder


@dataclass(frozen=True, slots=True)
class PopulationEntry:
    """One principal of the population."""

    arn: str
    account_id: str
    kind: str
    """``user``, ``group``, ``role``, ``service-linked role`` or ``root``."""
    in_scope: bool
    out_reason: str = ""
    """Why it is not in scope; empty for one that is."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One entitlement of one holder, with what the reviewer is shown of it. Frozen with the review."""

    account_id: str
    holder_arn: str
    holder_kind: str
    type: EntitlementType
    entitlement_id: str
    """A policy's ARN or key, a group's ARN, a trusted principal, a key's id, a resource's ARN."""
    name: str
    evidence: Mapping[str, Any]
    """JSON: what it effectively allows, whether it reaches administration, limits, conditions, last use."""

    @property
    def line_id(self) -> str:
        """The same for the same entitlement in every review: decisions are carried forward by it."""
        return digest([self.account_id, self.holder_arn, self.type.value, self.entitlement_id])[:32]

    @property
    def sha256(self) -> str:
        """Of everything that the reviewer sees of the line: a decision is bound to it."""
        return digest(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Return the line as a JSON object, without decisions."""
        return {
            "account_id": self.account_id,
            "holder_arn": self.holder_arn,
            "holder_kind": self.holder_kind,
            "type": self.type.value,
            "entitlement_id": self.entitlement_id,
            "name": self.name,
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the line of a JSON object.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        return cls(
            value["account_id"],
            value["holder_arn"],
            value["holder_kind"],
            EntitlementType(value["type"]),
            value["entitlement_id"],
            value["name"],
            value["evidence"],
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What a review is made of."""

    population: tuple[PopulationEntry, ...]
    lines: tuple[ReviewItem, ...]
    first_steps: Mapping[str, FirstSteps] = field(default_factory=dict)
    """By ARN, the first steps to administrator; for the effects of items. Of all with a path, and administrators."""
