"""What revoking entitlements changes, as edits that what-if tries."""

from collections.abc import Iterable

from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.whatif.edits import Edit, EditAction


def edit_of(item: ReviewItem) -> Edit | None:
    """Return the edit that takes an entitlement away; None for kinds that have none.

    Trust entries and grants of resource policies are parts of a statement, keys and passwords no policies.
    """
    match item.type:
        case EntitlementType.GROUP:
            return Edit(EditAction.LEAVE_GROUP, item.holder_arn, item.entitlement_id)
        case EntitlementType.MANAGED_POLICY:
            return Edit(EditAction.DETACH_POLICY, item.holder_arn, item.entitlement_id)
        case EntitlementType.INLINE_POLICY:
            return Edit(EditAction.DELETE_INLINE_POLICY, item.holder_arn, item.name)
        case EntitlementType.BOUNDARY:
            return Edit(EditAction.REMOVE_BOUNDARY, item.holder_arn)
    return None


def revoking_edits(items: Iterable[ReviewItem]) -> tuple[Edit, ...]:
    """Return the edits that revoke entitlements; empty if one of them has none."""
    edits = [edit_of(item) if item.holder_arn.startswith("arn:") else None for item in items]
    return () if None in edits else tuple(edit for edit in edits if edit is not None)
