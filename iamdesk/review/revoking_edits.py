"""What revoking an entitlement changes, as changes that what-if tries."""

from collections.abc import Iterable

from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.whatif.edits import Edit, EditAction

_ACTIONS = {
    EntitlementType.GROUP: EditAction.LEAVE_GROUP,
    EntitlementType.MANAGED_POLICY: EditAction.DETACH_POLICY,
    EntitlementType.INLINE_POLICY: EditAction.DELETE_INLINE_POLICY,
    EntitlementType.BOUNDARY: EditAction.REMOVE_BOUNDARY,
}


def revoking_edits(items: Iterable[ReviewItem]) -> tuple[Edit, ...]:
    """Return the changes that revoke entitlements; empty if one of them is no change of a user, group or role.

    Trust entries and grants of resource policies are parts of a statement, keys and passwords no policies.
    """
    edits: list[Edit] = []
    for item in items:
        act = _ACTIONS.get(item.type)
        if act is None or not item.holder_arn.startswith("arn:"):
            return ()
        if item.type is EntitlementType.INLINE_POLICY:
            detail = item.entitlement_id.partition("#inline/")[2]
        else:
            detail = "" if item.type is EntitlementType.BOUNDARY else item.entitlement_id
        edits.append(Edit(act, item.holder_arn, detail))
    return tuple(edits)
