"""Which keys of the tree and which texts are principals of requests. No Qt."""

import re

from iamdesk.viewmodel.tree import NodeKind, Outline

_PRINCIPAL_KINDS = frozenset({NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE})
CAN_BE_TAKEN = frozenset(
    {
        NodeKind.USER,
        NodeKind.ROLE,
        NodeKind.GROUP,
        NodeKind.CUSTOMER_POLICY,
        NodeKind.AWS_POLICY,
        NodeKind.INLINE_POLICY,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.RESOURCE_CONTROL_POLICY,
    }
)
"""Kinds of items of which what-if shows what happens without them (`whatif/without.py`)."""
_PRINCIPAL_ARN = re.compile(
    r"arn:[^:]+:(iam|sts)::[^:]*:(root|(user|role|assumed-role|federated-user|saml-provider|oidc-provider)/.+)",
    re.DOTALL,
)
_ROLE_SESSION = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>[^:]*):assumed-role/(?P<role>[^/]+)/.+", re.DOTALL
)
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?", re.IGNORECASE)
ANONYMOUS = "anonymous"


def is_principal(text: str) -> bool:
    """Return whether the text is the ARN of something that makes requests."""
    return _PRINCIPAL_ARN.fullmatch(text) is not None


def is_whole_principal(text: str) -> bool:
    """Return whether the text identifies a principal: an ARN, a service, or ``anonymous``; a name does not."""
    return text.startswith("arn:") or text.lower() == ANONYMOUS or _SERVICE.fullmatch(text) is not None


def principal_of_key(outline: Outline, key: str) -> str | None:
    """Return the principal of a key of the tree; None for groups, policies and others."""
    row = outline.rows_by_key.get(key)
    if row is None:
        return key if key.endswith(":root") and is_principal(key) else None
    return key if outline.nodes[row].kind in _PRINCIPAL_KINDS else None


def subject_of(outline: Outline, principal: str) -> str | None:
    """Return the key of the user or role of a principal or its session; None if it is not in the tree."""
    if principal in outline.rows_by_key:
        return principal
    session = _ROLE_SESSION.fullmatch(principal)
    if session is None:
        return None
    head, tail = f"arn:{session['partition']}:iam::{session['account']}:role/", f"/{session['role']}"
    plain = f"{head}{session['role']}"
    if plain in outline.rows_by_key:
        return plain
    return next((key for key in outline.rows_by_key.beginning_with(head) if key.endswith(tail)), None)
