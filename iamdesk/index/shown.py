"""What the inspector shows, as frozen facts: subjects, their policies, and a policy's text."""

from dataclasses import dataclass
from enum import StrEnum

from iamdesk.index.nodes import Badge, NodeKind
from iamdesk.policy.document import Document


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
    """Where it comes from, in words: ``attached directly``, ``inline in group engineers``, ``permissions boundary``; of
    a policy itself its version: ``version v3 of 5, in force``."""
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


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One policy document, ready to be shown."""

    key: str
    title: str
    kind: NodeKind
    """``INLINE_POLICY``, ``TRUST_POLICY``, ``CUSTOMER_POLICY`` or ``AWS_POLICY``."""
    document: Document
    """Text with the place of each element, diagnostics, statements."""
    version: str | None
    """The managed policy's version that is shown; None for inline and trust policies."""
    in_force: str | None
    """The managed policy's version in force (SEMANTICS L3), which the snapshot may not hold."""
    versions: tuple[str, ...]
    """Versions that the snapshot holds, newest first; empty for inline and trust policies."""
    problems: tuple[str, ...]
    """Diagnostics of the document, one sentence each: ``Statement[0].Effect: expected …``."""
    carriers: tuple[tuple[str, str], ...]
    """(key, name) of the principals that carry it, boundaries included."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One suggestion."""

    value: str
    """What is put into the field."""
    label: str
    """What is shown. Hostile text, as ``detail``: paint it as plain text."""
    detail: str
    """What it is, in a few words."""
    template: bool = False
    """Whether ``value`` holds ``${Placeholders}`` to fill in."""
