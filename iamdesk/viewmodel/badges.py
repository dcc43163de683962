"""Badges that are known from reading, for tree and inspector."""

from datetime import datetime
from functools import cache
from typing import Any

from iamdesk.inventory.references import AccountReferences, Principal, boundary_of, inline_policies_of
from iamdesk.snapshot.model import ManagedPolicyDetail, RoleDetail, UserDetail
from iamdesk.viewmodel.tree import Badge


def document_badges(document: Any) -> tuple[Badge, ...]:
    """Return badges for a document that was not captured, or is no JSON object and so not evaluated."""
    if isinstance(document, dict):
        return ()
    return (Badge.MISSING_DATA,) if document is None else (Badge.BROKEN,)


def policy_badges(policy: ManagedPolicyDetail) -> tuple[Badge, ...]:
    """Return badges of a managed policy, by its default version (rule L3)."""
    version = policy.default_version
    return document_badges(version.document if version else None)


def principal_badges(references: AccountReferences, principal: Principal, latest: datetime | None) -> tuple[Badge, ...]:
    """Return badges of a user, group or role: missing references, malformed documents, unused.

    ``latest`` is the latest date in the snapshot.
    """
    policies = references.policies
    documents = [inline.policy_document for inline in inline_policies_of(principal)]
    boundary = boundary_of(principal)
    missing = boundary is not None and boundary not in policies
    for attached in principal.attached_managed_policies:
        missing = missing or attached.policy_arn not in policies
    unused = False
    if isinstance(principal, RoleDetail):
        documents.append(principal.assume_role_policy_document)
        unused = references.is_unused(principal, latest)
    elif isinstance(principal, UserDetail):
        missing = missing or any(name not in references.groups for name in principal.group_list)
    unread = [document for document in documents if not isinstance(document, dict)]
    if not (missing or unused or unread):
        return ()
    marks = {Badge.MISSING_DATA} if missing else set()
    if unused:
        marks.add(Badge.UNUSED)
    for document in unread:
        marks.update(document_badges(document))
    return _in_order(frozenset(marks))


@cache
def _in_order(badges: frozenset[Badge]) -> tuple[Badge, ...]:
    """Return the badges in the order of display."""
    return tuple(badge for badge in Badge if badge in badges)
