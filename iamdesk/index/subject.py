"""What the inspector shows of one selected thing: who it is, what it carries and from where. Built in one trip."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.index.outline import Badge, NodeKind


class PolicyRole(StrEnum):
    """What a policy does for the subject that shows it."""

    DIRECT = "direct"
    GROUP = "through a group"
    BOUNDARY = "permissions boundary"
    TRUST = "trust policy"
    SELF = "the policy itself"


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy in a subject's list."""

    key: str
    name: str
    kind: NodeKind
    """``INLINE_POLICY``, ``CUSTOMER_POLICY``, ``AWS_POLICY``, ``TRUST_POLICY``, or ``MISSING`` when only named."""
    role: PolicyRole
    origin: str
    """Where it comes from, in words: ``attached directly``, ``inline in group engineers``, ``version v3 of 5, in force``."""
    version: str | None = None
    problems: tuple[str, ...] = ()
    """Diagnostics of its document, one sentence each."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One principal, group, policy, or section, ready to be painted."""

    key: str
    kind: NodeKind
    title: str
    arn: str | None
    account: str
    summary: str
    """One line: ``user · 111122223333 · /engineering/``."""
    facts: tuple[tuple[str, str], ...]
    """(label, value) pairs in order: created, id, last used, boundary, groups, attachments …"""
    tags: tuple[tuple[str, str], ...]
    policies: tuple[PolicyLine, ...]
    members: tuple[tuple[str, str], ...]
    """(key, name) of a group's members, or of the principals that carry a managed policy."""
    trusted: tuple[str, ...]
    """Who the trust policy names, one short sentence each (roles only)."""
    gaps: tuple[str, ...]
    """What the snapshot does not hold about it, one sentence each."""
    problems: tuple[str, ...]
    badges: tuple[Badge, ...]
    raw: str
    """The whole entry as JSON text, as captured (the JSON tab)."""
