"""The tree of one account: its sections with all entries."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from iamdesk.i18n import join_messages, join_names, mark, phrase
from iamdesk.inventory.counts import groups, members, policies
from iamdesk.inventory.keys import broken_key, inline_policy_key, trust_policy_key
from iamdesk.inventory.permission_sets import PermissionSets, assignees_text, permission_set_of
from iamdesk.inventory.references import (
    AccountReferences,
    Principal,
    boundary_of,
    inline_policies_of,
    is_service_linked,
    last_of_arn,
    name_of,
    title_of,
)
from iamdesk.inventory.trust import trusted_names
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.model import (
    AttachedPolicy,
    BrokenEntry,
    GroupDetail,
    ManagedPolicyDetail,
    PolicyDetail,
    RoleDetail,
    UserDetail,
)
from iamdesk.viewmodel.badges import document_badges, policy_badges, principal_badges
from iamdesk.viewmodel.resource_tree import AccountResources, provider_section, resource_section
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.tree_layout import Entry, LeafColumns, Section, sort_key

_BETWEEN = " · "


class AccountTree:
    """Lays out the tree of one account.

    ``name`` is its name in the organization; ``resources`` and ``facts`` are those of the account, if any.
    """

    def __init__(
        self,
        references: AccountReferences,
        latest: datetime | None,
        sets: PermissionSets,
        name: str = "",
        resources: AccountResources | None = None,
        facts: AccountFacts | None = None,
    ) -> None:
        self.account = references.account
        self.account_id = self.account.account_id
        self.is_truncated = self.account.is_truncated
        self._name = self.account.alias or name
        self._resources = resources
        self._facts = facts
        self._sets = sets
        self._references = references
        self._latest = latest
        self._policy_kinds = {
            policy.arn: NodeKind.AWS_POLICY if policy.is_aws_managed else NodeKind.CUSTOMER_POLICY
            for policy in references.policies.values()
        }

    def title(self) -> tuple[str, str]:
        """Return the text and detail of the account's row."""
        details = [self.account.account_id] if self._name else []
        if self.account.is_truncated:
            details.append(phrase("pages are missing"))
        return self._name or self.account.account_id, join_messages(_BETWEEN, details)

    def broken_rows(self) -> Iterator[tuple[str, str]]:
        """Yield (ARN, key) of the entries that could not be read."""
        for position, one in enumerate(self.account.broken):
            if one.arn is not None:
                yield one.arn, broken_key(self.account_id, one.list_name, position)

    def sections(self) -> list[Section[Any]]:
        """Return the sections in order."""
        account, references = self.account, self._references
        linked: list[RoleDetail] = []
        roles: list[RoleDetail] = []
        sets: list[RoleDetail] = []
        for role in account.roles:
            group = linked if is_service_linked(role) else roles if permission_set_of(role) is None else sets
            group.append(role)
        managed = references.policies.values()
        own = [policy for policy in managed if self._policy_kinds[policy.arn] is NodeKind.CUSTOMER_POLICY]
        held = [policy for policy in managed if self._policy_kinds[policy.arn] is NodeKind.AWS_POLICY]
        used = [policy for policy in held if policy.arn in references.carriers or policy.arn in references.bounded]
        aws = Section(mark("AWS managed policies"), used, lambda policy: policy.policy_name, self._policy)
        aws.detail = phrase("{count:,} in use", count=len(used))
        if len(held) > len(used):
            aws.detail = phrase("{used:,} in use, {more:,} more captured", used=len(used), more=len(held) - len(used))
        sections: list[Section[Any]] = [
            Section(mark("Users"), account.users, name_of, self._user),
            Section(mark("Groups"), account.groups, name_of, self._group),
            Section(mark("Roles"), roles, name_of, partial(self._role, NodeKind.ROLE)),
            *([Section(mark("Permission sets"), sets, title_of, self._permission_set)] if sets else []),
            Section(mark("Service-linked roles"), linked, name_of, partial(self._role, NodeKind.SERVICE_LINKED_ROLE)),
            Section(mark("Customer managed policies"), own, lambda policy: policy.policy_name, self._policy),
            aws,
            *resource_section(self._resources),
            *provider_section(self._facts),
        ]
        broken = list(enumerate(account.broken))
        if broken:
            sections.append(Section(mark("Malformed entries"), broken, lambda entry: entry[1].name, self._broken))
        missing: list[tuple[str, str | None]] = [(last_of_arn(arn), arn) for arn in references.missing_policies()]
        missing += [(name, None) for name in references.missing_groups()]
        if missing:
            sections.append(Section(mark("Not in the snapshot"), missing, lambda entry: entry[0], self._missing))
        return sections

    def _user(self, user: UserDetail, leaves: LeafColumns) -> Entry:
        for name in sorted(user.group_list, key=sort_key):
            kind = NodeKind.GROUP if name in self._references.groups else NodeKind.MISSING
            leaves.add(kind, name, phrase("member of"), self._references.group_key(name))
        return self._principal(NodeKind.USER, user, leaves)

    def _group(self, group: GroupDetail, leaves: LeafColumns) -> Entry:
        kind, text, detail, key, badges = self._principal(NodeKind.GROUP, group, leaves)
        inside = members(len(self._references.members.get(group.group_name, ())))
        return kind, text, join_messages(_BETWEEN, (detail, inside)), key, badges

    def _role(self, kind: NodeKind, role: RoleDetail, leaves: LeafColumns, names_path: bool = True) -> Entry:
        document = role.assume_role_policy_document
        trusted = join_names(trusted_names(document), 3, last=",")
        key = trust_policy_key(role.arn)
        leaves.add(NodeKind.TRUST_POLICY, phrase("Trust policy"), trusted, key, document_badges(document))
        entry = self._principal(kind, role, leaves, names_path)
        for profile in role.instance_profile_list:
            name = profile.instance_profile_name or last_of_arn(profile.arn)
            leaves.add(NodeKind.INSTANCE_PROFILE, name, phrase("instance profile"), profile.arn)
        return entry

    def _permission_set(self, role: RoleDetail, leaves: LeafColumns) -> Entry:
        """Lay out a role of IAM Identity Center by its permission set, and who is assigned it."""
        kind, _, detail, key, badges = self._role(NodeKind.ROLE, role, leaves, names_path=False)  # all have the same
        name = title_of(role)
        use = self._sets.use_of(self.account.account_id, name)
        if use is not None and use.assignees is not None:
            detail = join_messages(_BETWEEN, (detail, assignees_text(use.assignees)))
        elif self._sets.is_captured:
            badges = tuple(badge for badge in Badge if badge in {*badges, Badge.MISSING_DATA})
        return kind, name, detail, key, badges

    def _principal(self, kind: NodeKind, principal: Principal, leaves: LeafColumns, names_path: bool = True) -> Entry:
        """Lay out what users, groups and roles have in common: attached policies, inline policies, boundary."""
        attached, inline = principal.attached_managed_policies, inline_policies_of(principal)
        for policy in sorted(attached, key=_attached_name) if len(attached) > 1 else attached:
            policy_kind = self._policy_kinds.get(policy.policy_arn, NodeKind.MISSING)
            leaves.add(policy_kind, policy.policy_name, phrase(_MANAGED_DETAILS[policy_kind]), policy.policy_arn)
        for own in sorted(inline, key=_inline_name) if len(inline) > 1 else inline:
            key = inline_policy_key(principal.arn, own.policy_name)
            badges = document_badges(own.policy_document)
            leaves.add(NodeKind.INLINE_POLICY, own.policy_name, phrase("inline"), key, badges)
        boundary = boundary_of(principal)
        if boundary is not None:
            policy_kind = self._policy_kinds.get(boundary, NodeKind.MISSING)
            leaves.add(policy_kind, last_of_arn(boundary), phrase("permissions boundary"), boundary)
        holds = _holds(
            len(attached) + len(inline), len(principal.group_list) if isinstance(principal, UserDetail) else 0
        )
        detail = holds if principal.path == "/" or not names_path else join_messages(_BETWEEN, (holds, principal.path))
        badges = principal_badges(self._references, principal, self._latest)
        return kind, name_of(principal), detail, principal.arn, badges

    def _policy(self, policy: ManagedPolicyDetail, _: LeafColumns) -> Entry:
        """Lay out the row of a managed policy."""
        uses = self._uses(policy.arn) or [phrase("not attached")]
        detail = join_messages(_BETWEEN, uses if policy.path == "/" else [policy.path, *uses])
        return self._policy_kinds[policy.arn], policy.policy_name, detail, policy.arn, policy_badges(policy)

    def _uses(self, arn: str) -> list[str]:
        carriers = len(self._references.carriers.get(arn, ()))
        bounded = len(self._references.bounded.get(arn, ()))
        uses = [phrase("attached to {count:,}", count=carriers)] if carriers else []
        return [*uses, phrase("boundary of {count:,}", count=bounded)] if bounded else uses

    def _broken(self, numbered: tuple[int, BrokenEntry], _: LeafColumns) -> Entry:
        position, entry = numbered
        key = broken_key(self.account.account_id, entry.list_name, position)
        return NodeKind.BROKEN, entry.name, entry.list_name, key, (Badge.BROKEN,)

    def _missing(self, entry: tuple[str, str | None], _: LeafColumns) -> Entry:
        name, arn = entry
        if arn is not None:  # it may be empty: a snapshot can hold anything
            detail = join_messages(_BETWEEN, [phrase("managed policy"), *self._uses(arn)])
            return NodeKind.MISSING, name, detail, arn, (Badge.MISSING_DATA,)
        detail = join_messages(_BETWEEN, (phrase("group"), members(len(self._references.members[name]))))
        return NodeKind.MISSING, name, detail, self._references.group_key(name), (Badge.MISSING_DATA,)


def _holds(own: int, through: int) -> str:
    """Return the counts of a principal's policies and groups: a user may have policies only through groups."""
    if not through:
        return policies(own)
    return join_messages(", ", (policies(own), groups(through))) if own else groups(through)


_MANAGED_DETAILS = {
    NodeKind.AWS_POLICY: mark("AWS managed"),
    NodeKind.CUSTOMER_POLICY: mark("customer managed"),
    NodeKind.MISSING: mark("not in the snapshot"),
}


def _attached_name(policy: AttachedPolicy) -> str:
    return policy.policy_name.casefold()  # names of one owner differ even without case


def _inline_name(policy: PolicyDetail) -> str:
    return policy.policy_name.casefold()
