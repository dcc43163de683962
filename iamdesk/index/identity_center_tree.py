"""IAM Identity Center in the tree: its people, its groups, and its permission sets with their policies."""

from collections.abc import Iterator, Sequence

from iamdesk.index.keys import center_group_key, center_user_key, inline_policy_key
from iamdesk.index.nodes import Badge, NodeKind
from iamdesk.index.permission_sets import person_name
from iamdesk.index.sections import Branch, counted, sort_key
from iamdesk.snapshot.identity_center import (
    IdentityCenter,
    IdentityStoreGroup,
    IdentityStoreUser,
    PermissionSet,
)


def identity_center_branch(center: IdentityCenter) -> Branch:
    """Return one instance as a branch; a list that was not captured is told in its section."""
    name = center.instance.name
    detail = " · ".join(filter(None, (name, center.instance.instance_arn.rpartition("/")[2])))
    groups = {group.group_id: group for group in center.groups or ()}
    of_person: dict[str, list[str]] = {}
    members: dict[str, int] = {}
    for membership in center.group_memberships or ():
        members[membership.group_id] = members.get(membership.group_id, 0) + 1
        if membership.member_id.user_id is not None:
            of_person.setdefault(membership.member_id.user_id, []).append(membership.group_id)

    def person(user: IdentityStoreUser) -> Branch:
        inside = [_membership(center, groups.get(group_id), group_id) for group_id in of_person.get(user.user_id, ())]
        words = counted(len(inside), "group", "groups") if center.group_memberships is not None else ""
        off = "disabled" if is_disabled(user) else ""
        return Branch(
            NodeKind.CENTER_USER,
            person_name(user),
            " · ".join(filter(None, (words, off))),
            center_user_key(center.instance.identity_store_id, user.user_id),
            sorted(inside, key=_by_text),
        )

    def group(one: IdentityStoreGroup) -> Branch:
        known = center.group_memberships is not None
        words = counted(members.get(one.group_id, 0), "person", "people") if known else ""
        key = center_group_key(center.instance.identity_store_id, one.group_id)
        return Branch(NodeKind.CENTER_GROUP, one.display_name or one.group_id, words, key)

    people = None if center.users is None else [person(user) for user in center.users]
    named = None if center.groups is None else [group(one) for one in center.groups]
    sets = None if center.permission_sets is None else [_permission_set(one) for one in center.permission_sets]
    sections = (("People", people), ("Groups", named), ("Permission sets", sets))
    rows = [_section(title, found) for title, found in sections]
    return Branch(
        NodeKind.IDENTITY_CENTER,
        "IAM Identity Center",
        detail,
        center.instance.instance_arn,
        rows,
        (Badge.GAP,) if any(found is None for _, found in sections) or center.account_assignments is None else (),
    )


def policy_rows(one: PermissionSet) -> Iterator[Branch]:
    """Yield the policies of a permission set that have a text of their own: AWS managed ones, and the inline one."""
    for policy in one.attached_managed_policies or ():
        yield Branch(NodeKind.AWS_POLICY, policy.name or policy.arn.rpartition("/")[2], "AWS managed", policy.arn)
    if has_inline_policy(one):
        yield Branch(NodeKind.INLINE_POLICY, INLINE, "inline", inline_policy_key(one.permission_set_arn, INLINE))


INLINE = "Inline policy"
"""What a permission set's inline policy is called: it has no name of its own."""


def is_disabled(user: IdentityStoreUser) -> bool:
    """Return whether the identity store says that a person cannot sign in."""
    return (user.user_status or "").upper() == "DISABLED"


def has_inline_policy(one: PermissionSet) -> bool:
    """Return whether a permission set has an inline policy; AWS prints an empty string for none."""
    return one.inline_policy not in (None, "")


def _permission_set(one: PermissionSet) -> Branch:
    rows = list(policy_rows(one))
    names = len(one.customer_managed_policy_references or ())
    details = [counted(len(rows) + names, "policy", "policies")]
    if one.permissions_boundary is not None:
        details.append("boundary")
    name = one.name or one.permission_set_arn.rpartition("/")[2]
    return Branch(NodeKind.PERMISSION_SET, name, " · ".join(details), one.permission_set_arn, rows)


def _membership(center: IdentityCenter, group: IdentityStoreGroup | None, group_id: str) -> Branch:
    if group is None:
        return Branch(
            NodeKind.MISSING,
            group_id,
            "member of, not in the snapshot",
            center_group_key(center.instance.identity_store_id, group_id),
        )
    key = center_group_key(center.instance.identity_store_id, group_id)
    return Branch(NodeKind.CENTER_GROUP, group.display_name or group_id, "member of", key)


def _section(title: str, found: Sequence[Branch] | None) -> Branch:
    if found is None:
        return Branch(NodeKind.SECTION, title, "not captured")
    return Branch(NodeKind.SECTION, title, f"{len(found):,}", children=sorted(found, key=_by_text))


def _by_text(branch: Branch) -> tuple[str, str]:
    return sort_key(branch.text)
