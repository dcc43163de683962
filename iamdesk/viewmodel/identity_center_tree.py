"""IAM Identity Center in the tree: people, groups, and permission sets with their policies."""

from collections.abc import Iterator, Sequence

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.identity_center_index import IdentityCenterIndex
from iamdesk.inventory.keys import center_group_key, center_user_key, inline_policy_key
from iamdesk.inventory.permission_sets import person_name
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.identity_center import IdentityCenter, IdentityStoreGroup, IdentityStoreUser, PermissionSet
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.tree_layout import Branch, sort_key


def identity_center_branch(center: IdentityCenter, index: IdentityCenterIndex) -> Branch:
    """Return one instance as a branch; a list that was not captured is marked in its section.

    People have their groups and direct assignments, groups their assignments, and permission sets their policies and
    the roles made from them.
    """
    tree = _CenterTree(center, index)
    people = None if center.users is None else [tree.person(user) for user in center.users]
    named = None if center.groups is None else [tree.group(one) for one in center.groups]
    sets = None if center.permission_sets is None else [tree.permission_set(one) for one in center.permission_sets]
    sections = ((mark("People"), people), (mark("Groups"), named), (mark("Permission sets"), sets))
    return Branch(
        NodeKind.IDENTITY_CENTER,
        "IAM Identity Center",
        " · ".join(filter(None, (center.instance.name, center.instance.instance_arn.rpartition("/")[2]))),
        center.instance.instance_arn,
        [_section(title, found) for title, found in sections],
        (Badge.MISSING_DATA,)
        if any(found is None for _, found in sections) or center.account_assignments is None
        else (),
    )


class _CenterTree:
    """Lays out the people, groups and permission sets of one instance."""

    def __init__(self, center: IdentityCenter, index: IdentityCenterIndex) -> None:
        self._center = center
        self._index = index
        self._store = center.instance.identity_store_id
        self._roles: dict[str, list[tuple[str, str]]] = {}
        """(account, ARN) of the roles made from a permission set, by its ARN."""
        for (account, arn), role in index.roles.items():
            self._roles.setdefault(arn, []).append((account, role))

    def person(self, user: IdentityStoreUser) -> Branch:
        key = center_user_key(self._store, user.user_id)
        groups = [self._membership(group) for group in self._index.memberships.get(key, ())]
        knows = self._center.group_memberships is not None
        details = [counts.groups(len(groups))] if knows else []
        if is_disabled(user):
            details.append(phrase("disabled"))
        rows = [*sorted(groups, key=_by_text), *self._assigned(key)]
        return Branch(NodeKind.CENTER_USER, person_name(user), join_messages(" · ", details), key, rows)

    def group(self, one: IdentityStoreGroup) -> Branch:
        key = center_group_key(self._store, one.group_id)
        members = len(self._index.memberships.get(key, ()))
        words = counts.people(members) if self._center.group_memberships is not None else ""
        return Branch(NodeKind.CENTER_GROUP, one.display_name or one.group_id, words, key, self._assigned(key))

    def permission_set(self, one: PermissionSet) -> Branch:
        policies = list(policy_rows(one))
        names = len(one.customer_managed_policy_references or ())
        roles = [
            Branch(
                NodeKind.ROLE, last_of_arn(role), phrase("in {place}", place=self._index.account_words(account)), role
            )
            for account, role in sorted(self._roles.get(one.permission_set_arn, ()))
        ]
        details = [counts.policies(len(policies) + names)]
        if one.permissions_boundary is not None:
            details.append(phrase("boundary"))
        if roles:
            details.append(counts.roles(len(roles)))
        rows = [*policies, *roles]
        return Branch(NodeKind.PERMISSION_SET, _name(one), join_messages(" · ", details), one.permission_set_arn, rows)

    def _assigned(self, key: str) -> list[Branch]:
        """Return the permission sets that are assigned directly to a person or group, with their accounts."""
        where: dict[str, list[str]] = {}
        for one in self._index.assignments.get(key, ()):
            where.setdefault(one.permission_set_arn, []).append(one.account_id)
        rows = []
        for arn, accounts in where.items():
            held = self._index.sets.get(arn)
            kind = NodeKind.MISSING if held is None else NodeKind.PERMISSION_SET
            name = last_of_arn(arn) if held is None else _name(held.one)
            rows.append(Branch(kind, name, self._in(self._index.accounts_text(accounts)), arn))
        return sorted(rows, key=_by_text)

    @staticmethod
    def _in(accounts: str) -> str:
        return phrase("in {place}", place=accounts)

    def _membership(self, key: str) -> Branch:
        held = self._index.groups.get(key)
        if held is None:
            return Branch(NodeKind.MISSING, key.rpartition("/")[2], phrase("member of, not in the snapshot"), key)
        return Branch(NodeKind.CENTER_GROUP, held.group.display_name or held.group.group_id, phrase("member of"), key)


def policy_rows(one: PermissionSet) -> Iterator[Branch]:
    """Yield the policies of a permission set that have their own text: AWS managed ones, and the inline policy."""
    for policy in one.attached_managed_policies or ():
        yield Branch(
            NodeKind.AWS_POLICY, policy.name or policy.arn.rpartition("/")[2], phrase("AWS managed"), policy.arn
        )
    if has_inline_policy(one):
        yield Branch(
            NodeKind.INLINE_POLICY, phrase(INLINE), phrase("inline"), inline_policy_key(one.permission_set_arn, INLINE)
        )


INLINE = mark("Inline policy")
"""Name of a permission set's inline policy, which has none of its own."""


def is_disabled(user: IdentityStoreUser) -> bool:
    """Return whether the identity store has disabled a person."""
    return (user.user_status or "").upper() == "DISABLED"


def has_inline_policy(one: PermissionSet) -> bool:
    """Return whether a permission set has an inline policy; AWS prints an empty string for none."""
    return one.inline_policy not in (None, "")


def _name(one: PermissionSet) -> str:
    return one.name or last_of_arn(one.permission_set_arn)


def _section(title: str, found: Sequence[Branch] | None) -> Branch:
    if found is None:
        return Branch(NodeKind.SECTION, title, phrase("not captured"))
    return Branch(NodeKind.SECTION, title, phrase("{count:,}", count=len(found)), children=sorted(found, key=_by_text))


def _by_text(branch: Branch) -> tuple[str, str]:
    return sort_key(branch.text)
