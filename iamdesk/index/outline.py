"""Laying out the tree of a snapshot (``index.nodes``): accounts, sections, principals and policies, what they carry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from iamdesk.index.badges import document_badges, policy_badges, principal_badges
from iamdesk.index.keys import broken_key, inline_policy_key, trust_policy_key
from iamdesk.index.nodes import Badge, Node, NodeKind, NodeTable, Outline
from iamdesk.index.permission_sets import PermissionSets, assignees_text, permission_set_of
from iamdesk.index.references import (
    AccountReferences,
    Principal,
    aws_policies_of,
    boundary_of,
    inline_policies_of,
    is_service_linked,
    last_of_arn,
    name_of,
    references_of,
    title_of,
)
from iamdesk.index.trust import trusted_names
from iamdesk.snapshot.model import (
    AttachedPolicy,
    BrokenEntry,
    GroupDetail,
    ManagedPolicyDetail,
    PolicyDetail,
    RoleDetail,
    Snapshot,
    UserDetail,
)

__all__ = ["Badge", "Node", "NodeKind", "Outline", "build_outline"]


def build_outline(snapshot: Snapshot) -> Outline:
    """Lay out the tree of a snapshot: accounts, their sections, and in these every entry, none left out.

    Entries stand sorted by name without case. AWS managed policies that nobody carries are only counted.

    Rows are given level by level: so the children of a node stand together, and a policy's own row comes before the
    rows of those that carry it.
    """
    shared = aws_policies_of(snapshot)
    sets = PermissionSets(snapshot)
    trees = [_AccountTree(references_of(account, shared), snapshot.latest, sets) for account in snapshot.accounts]
    sections = [tree.sections() for tree in trees]
    table = NodeTable()
    badges: dict[int, tuple[Badge, ...]] = {}
    table.add(NodeKind.SNAPSHOT, snapshot.path.name, "", "", -1, 1, len(trees))
    next_row = 1 + len(trees)
    for tree, own in zip(trees, sections, strict=True):
        if tree.account.is_truncated:
            badges[len(table)] = (Badge.GAP,)
        table.add(NodeKind.ACCOUNT, *tree.title(), tree.account.account_id, 0, next_row, len(own))
        next_row += len(own)
    for account_row, own in enumerate(sections, start=1):
        for section in own:
            table.add(NodeKind.SECTION, section.title, section.detail, "", account_row, next_row, len(section.entries))
            next_row += len(section.entries)
    leaves = _Leaves(next_row, badges)
    section_row = 1 + len(trees)
    for own in sections:
        for section in own:
            for entry in section.entries:
                row, first = len(table), leaves.next_row
                kind, text, detail, key, marks = section.lay_out(entry, leaves)
                if marks:
                    badges[row] = marks
                table.add(kind, text, detail, key, section_row, first, leaves.close(row))
            section_row += 1
    table.add_leaves(leaves.kinds, leaves.texts, leaves.details, leaves.keys, leaves.parents)
    rows = table.first_rows()
    for tree in trees:
        for position, entry in enumerate(tree.account.broken):
            if entry.arn is not None:  # a jump by ARN finds a principal that could not be read, too
                rows.setdefault(entry.arn, rows[broken_key(tree.account.account_id, entry.list_name, position)])
    return Outline(table, badges, rows)


type _Entry = tuple[NodeKind, str, str, str, tuple[Badge, ...]]
"""Kind, text, detail, key and badges of a row."""


class _Leaves:
    """The rows of the last level, while they are laid out: columns, since there are many."""

    def __init__(self, first_row: int, badges: dict[int, tuple[Badge, ...]]) -> None:
        self.kinds: list[NodeKind] = []
        self.texts: list[str] = []
        self.details: list[str] = []
        self.keys: list[str] = []
        self.parents: list[int] = []
        self._first_row = first_row
        self._badges = badges

    @property
    def next_row(self) -> int:
        return self._first_row + len(self.keys)

    def add(self, kind: NodeKind, text: str, detail: str, key: str, badges: tuple[Badge, ...] = ()) -> None:
        """Append a row; its parent is told when all of the parent's rows are there."""
        if badges:
            self._badges[self.next_row] = badges
        self.kinds.append(kind)
        self.texts.append(text)
        self.details.append(detail)
        self.keys.append(key)

    def close(self, parent: int) -> int:
        """Give the rows since the last call to a parent; return how many they are."""
        count = len(self.keys) - len(self.parents)
        if count:
            self.parents += [parent] * count
        return count


@dataclass(slots=True)
class _Section[T]:
    """One section: its entries sorted by name, and how one of them is laid out."""

    title: str
    entries: Sequence[T]
    name: Callable[[T], str]
    lay_out: Callable[[T, _Leaves], _Entry]
    detail: str = field(init=False)

    def __post_init__(self) -> None:
        self.entries = sorted(self.entries, key=lambda entry: _sort_key(self.name(entry)))
        self.detail = f"{len(self.entries):,}"


class _AccountTree:
    """Lays out the tree of one account."""

    def __init__(self, references: AccountReferences, latest: datetime | None, sets: PermissionSets) -> None:
        self.account = references.account
        self._sets = sets
        self._references = references
        self._latest = latest
        self._policy_kinds = {
            policy.arn: NodeKind.AWS_POLICY if policy.is_aws_managed else NodeKind.CUSTOMER_POLICY
            for policy in references.policies.values()
        }

    def title(self) -> tuple[str, str]:
        """Return the text and detail of the account's row."""
        details = [self.account.account_id] if self.account.alias else []
        if self.account.is_truncated:
            details.append("pages are missing")
        return self.account.alias or self.account.account_id, " · ".join(details)

    def sections(self) -> list[_Section[Any]]:
        account, references = self.account, self._references
        linked: list[RoleDetail] = []
        roles: list[RoleDetail] = []
        sets: list[RoleDetail] = []
        for role in account.roles:
            group = linked if is_service_linked(role) else roles if permission_set_of(role) is None else sets
            group.append(role)
        policies = references.policies.values()
        own = [policy for policy in policies if self._policy_kinds[policy.arn] is NodeKind.CUSTOMER_POLICY]
        held = [policy for policy in policies if self._policy_kinds[policy.arn] is NodeKind.AWS_POLICY]
        used = [policy for policy in held if policy.arn in references.carriers or policy.arn in references.bounded]
        aws = _Section("AWS managed policies", used, lambda policy: policy.policy_name, self._policy)
        unused = f", {len(held) - len(used):,} more held" if len(held) > len(used) else ""
        aws.detail = f"{len(used):,} in use{unused}"
        sections: list[_Section[Any]] = [
            _Section("Users", account.users, name_of, self._user),
            _Section("Groups", account.groups, name_of, self._group),
            _Section("Roles", roles, name_of, partial(self._role, NodeKind.ROLE)),
            *([_Section("Permission sets", sets, title_of, self._permission_set)] if sets else []),
            _Section("Service-linked roles", linked, name_of, partial(self._role, NodeKind.SERVICE_LINKED_ROLE)),
            _Section("Customer managed policies", own, lambda policy: policy.policy_name, self._policy),
            aws,
        ]
        broken = list(enumerate(account.broken))
        if broken:
            sections.append(_Section("Broken entries", broken, lambda entry: entry[1].name, self._broken))
        missing = [(last_of_arn(arn), arn) for arn in references.missing_policies()]
        missing += [(name, "") for name in references.missing_groups()]
        if missing:
            sections.append(_Section("Not in the snapshot", missing, lambda entry: entry[0], self._missing))
        return sections

    def _user(self, user: UserDetail, leaves: _Leaves) -> _Entry:
        for name in sorted(user.group_list, key=_sort_key):
            kind = NodeKind.GROUP if name in self._references.groups else NodeKind.MISSING
            leaves.add(kind, name, "member of", self._references.group_key(name))
        return self._principal(NodeKind.USER, user, leaves)

    def _group(self, group: GroupDetail, leaves: _Leaves) -> _Entry:
        kind, text, detail, key, badges = self._principal(NodeKind.GROUP, group, leaves)
        members = len(self._references.members.get(group.group_name, ()))
        return kind, text, f"{detail} · {_count(members, 'member', 'members')}", key, badges

    def _role(self, kind: NodeKind, role: RoleDetail, leaves: _Leaves) -> _Entry:
        document = role.assume_role_policy_document
        trusted = _shortened(trusted_names(document))
        key = trust_policy_key(role.arn)
        leaves.add(NodeKind.TRUST_POLICY, "Trust policy", trusted, key, document_badges(document))
        entry = self._principal(kind, role, leaves)
        for profile in role.instance_profile_list:
            name = profile.instance_profile_name or last_of_arn(profile.arn)
            leaves.add(NodeKind.INSTANCE_PROFILE, name, "instance profile", profile.arn)
        return entry

    def _permission_set(self, role: RoleDetail, leaves: _Leaves) -> _Entry:
        """Lay out a role of IAM Identity Center by its permission set, and who is assigned it."""
        kind, _, detail, key, badges = self._role(NodeKind.ROLE, role, leaves)
        detail = detail.removesuffix(f" · {role.path}")  # the same for all of them
        name = title_of(role)
        use = self._sets.use_of(self.account.account_id, name)
        if use is not None and use.assignees is not None:
            detail = f"{detail} · {assignees_text(use.assignees)}"
        elif self._sets.is_captured:
            badges = tuple(badge for badge in Badge if badge in {*badges, Badge.GAP})
        return kind, name, detail, key, badges

    def _principal(self, kind: NodeKind, principal: Principal, leaves: _Leaves) -> _Entry:
        """Lay out what users, groups and roles share: attached policies, inline policies, boundary."""
        attached, inline = principal.attached_managed_policies, inline_policies_of(principal)
        for policy in sorted(attached, key=_attached_name) if len(attached) > 1 else attached:
            policy_kind = self._policy_kinds.get(policy.policy_arn, NodeKind.MISSING)
            leaves.add(policy_kind, policy.policy_name, _MANAGED_DETAILS[policy_kind], policy.policy_arn)
        for own in sorted(inline, key=_inline_name) if len(inline) > 1 else inline:
            key = inline_policy_key(principal.arn, own.policy_name)
            leaves.add(NodeKind.INLINE_POLICY, own.policy_name, "inline", key, document_badges(own.policy_document))
        boundary = boundary_of(principal)
        if boundary is not None:
            policy_kind = self._policy_kinds.get(boundary, NodeKind.MISSING)
            leaves.add(policy_kind, last_of_arn(boundary), "permissions boundary", boundary)
        holds = _holds(
            len(attached) + len(inline), len(principal.group_list) if isinstance(principal, UserDetail) else 0
        )
        detail = holds if principal.path == "/" else f"{holds} · {principal.path}"
        badges = principal_badges(self._references, principal, self._latest)
        return kind, name_of(principal), detail, principal.arn, badges

    def _policy(self, policy: ManagedPolicyDetail, _: _Leaves) -> _Entry:
        """Lay out the own row of a managed policy."""
        uses = self._uses(policy.arn) or ["not attached"]
        detail = " · ".join(uses if policy.path == "/" else [policy.path, *uses])
        return self._policy_kinds[policy.arn], policy.policy_name, detail, policy.arn, policy_badges(policy)

    def _uses(self, arn: str) -> list[str]:
        carriers = len(self._references.carriers.get(arn, ()))
        bounded = len(self._references.bounded.get(arn, ()))
        uses = [f"attached to {carriers:,}"] if carriers else []
        return [*uses, f"boundary of {bounded:,}"] if bounded else uses

    def _broken(self, numbered: tuple[int, BrokenEntry], _: _Leaves) -> _Entry:
        position, entry = numbered
        key = broken_key(self.account.account_id, entry.list_name, position)
        return NodeKind.BROKEN, entry.name, entry.list_name, key, (Badge.BROKEN,)

    def _missing(self, entry: tuple[str, str], _: _Leaves) -> _Entry:
        name, arn = entry
        if arn:
            detail = " · ".join(["managed policy", *self._uses(arn)])
            return NodeKind.MISSING, name, detail, arn, (Badge.GAP,)
        members = _count(len(self._references.members[name]), "member", "members")
        return NodeKind.MISSING, name, f"group · {members}", self._references.group_key(name), (Badge.GAP,)


def _holds(policies: int, groups: int) -> str:
    """Say what a principal has: a user without policies of their own may have them all through groups."""
    in_groups = _count(groups, "group", "groups")
    if not groups:
        return _count(policies, "policy", "policies")
    return f"{_count(policies, 'policy', 'policies')}, {in_groups}" if policies else in_groups


_MANAGED_DETAILS = {
    NodeKind.AWS_POLICY: "AWS managed",
    NodeKind.CUSTOMER_POLICY: "customer managed",
    NodeKind.MISSING: "not in the snapshot",
}


def _sort_key(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _attached_name(policy: AttachedPolicy) -> str:
    return policy.policy_name.casefold()  # names of one owner differ in more than case


def _inline_name(policy: PolicyDetail) -> str:
    return policy.policy_name.casefold()


def _count(count: int, one: str, many: str) -> str:
    if count == 1:
        return f"1 {one}"
    return f"{count:,} {many}" if count else f"no {many}"


def _shortened(names: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
