"""Entitlements that only take away: revoking a policy that holds nothing but Deny widens what its holder can do."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from iamdesk.export.review_words import holder_name
from iamdesk.language import ntr, shown, tr
from iamdesk.review.lines import EntitlementType, Line

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot

_POLICIES = (EntitlementType.MANAGED_POLICY, EntitlementType.INLINE_POLICY)


def is_guardrail(opened: "OpenSnapshot | None", line: Line) -> bool:
    """Return whether a line is a policy whose statements all deny, as the open snapshot has it."""
    view = opened.policy(line.entitlement_id) if opened is not None and line.type in _POLICIES else None
    statements = view.document.statements if view is not None else ()
    return bool(statements) and not any(statement.is_allow for statement in statements)


def revoke_warning(opened: "OpenSnapshot | None", lines: Iterable[Line]) -> str:
    """Return what is to be known before lines are revoked; empty where none of them is a guardrail."""
    found = [line for line in lines if is_guardrail(opened, line)]
    if not found:
        return ""
    if len(found) == 1:
        return tr("{policy} only denies: revoking it widens what {holder} can do.").format(
            policy=found[0].name, holder=shown(holder_name(found[0]))
        )
    return ntr(
        "{count} of these policies only denies: revoking it widens access.",
        "{count} of these policies only deny: revoking them widens access.",
        len(found),
    ).format(count=len(found))
