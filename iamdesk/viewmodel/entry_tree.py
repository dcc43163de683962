"""The tree of an account that is not in memory: the same sections, with names from the catalog."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.keys import broken_key
from iamdesk.inventory.permission_sets import PermissionSets, assignees_text, permission_set_name
from iamdesk.inventory.references import last_of_arn
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.catalog import AccountEntry, BrokenNamed, Directory, Named
from iamdesk.viewmodel.resource_tree import AccountResources, provider_section, resource_section
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.tree_layout import Entry, LeafColumns, Section


class EntryTree:
    """Lays out the tree of one account by names; what an entry contains is not known until its account is read."""

    def __init__(
        self,
        entry: AccountEntry,
        directory: Directory,
        sets: PermissionSets,
        name: str = "",
        resources: AccountResources | None = None,
        facts: AccountFacts | None = None,
    ) -> None:
        self._entry = entry
        self.account_id = entry.account_id
        self.is_truncated = entry.is_truncated
        self._directory = directory
        self._sets = sets
        self._name = entry.alias or name
        self._resources = resources
        self._facts = facts

    def title(self) -> tuple[str, str]:
        """Return the text and detail of the account's row."""
        details = [self.account_id] if self._name else []
        if self.is_truncated:
            details.append(phrase("pages are missing"))
        return self._name or self.account_id, join_messages(" · ", details)

    def broken_rows(self) -> Iterator[tuple[str, str]]:
        """Yield (ARN, key) of the entries that could not be read."""
        for position, one in enumerate(self._entry.broken):
            if one.arn is not None:
                yield one.arn, broken_key(self.account_id, one.list_name, position)

    def sections(self) -> list[Section[Any]]:
        """Return the sections in order."""
        entry = self._entry
        linked: list[Named] = []
        roles: list[Named] = []
        sets: list[tuple[str, Named]] = []
        for role in entry.roles:
            path = path_in(role.arn)
            of_set = permission_set_name(role.name, path)
            if of_set is not None:
                sets.append((of_set, role))
            else:
                (linked if path.startswith("/aws-service-role/") else roles).append(role)
        own = [policy for policy in entry.policies if not _is_aws_managed(policy.arn)]
        held = {policy.arn: policy for policy in entry.policies if _is_aws_managed(policy.arn)}
        used = [
            Named(arn, last_of_arn(arn))
            for arn in entry.carried
            if arn in held or self._directory.lender_of(arn) is not None
        ]
        aws = Section(mark("AWS managed policies"), used, _name, partial(_named, NodeKind.AWS_POLICY))
        aws.detail = phrase("{count:,} in use", count=len(used))
        more = len(held.keys() - {policy.arn for policy in used})
        if more:
            aws.detail = phrase("{used:,} in use, {more:,} more captured", used=len(used), more=more)
        sections: list[Section[Any]] = [
            Section(mark("Users"), entry.users, _name, partial(_named, NodeKind.USER)),
            Section(mark("Groups"), entry.groups, _name, partial(_named, NodeKind.GROUP)),
            Section(mark("Roles"), roles, _name, partial(_named, NodeKind.ROLE)),
            *([Section(mark("Permission sets"), sets, lambda one: one[0], self._permission_set)] if sets else []),
            Section(mark("Service-linked roles"), linked, _name, partial(_named, NodeKind.SERVICE_LINKED_ROLE)),
            Section(mark("Customer managed policies"), own, _name, partial(_named, NodeKind.CUSTOMER_POLICY)),
            aws,
            *resource_section(self._resources),
            *provider_section(self._facts),
        ]
        broken = list(enumerate(entry.broken))
        if broken:
            sections.append(Section(mark("Malformed entries"), broken, lambda one: one[1].name, self._broken))
        missing = list(self._missing())
        if missing:
            sections.append(Section(mark("Not in the snapshot"), missing, _name, _lacking))
        return sections

    def _missing(self) -> Iterator[Named]:
        """Yield what the account's entries reference and was not captured."""
        entry = self._entry
        broken = {one.arn for one in entry.broken}
        for arn in entry.lacking:
            is_lent = _is_aws_managed(arn) and self._directory.lender_of(arn) is not None
            if not is_lent and arn not in broken:
                yield Named(arn, last_of_arn(arn))
        for name in entry.missing_groups:
            yield Named(f"arn:{entry.partition}:iam::{entry.account_id}:group/{name}", name)

    def _permission_set(self, one: tuple[str, Named], _: LeafColumns) -> Entry:
        """Lay out a role of IAM Identity Center by its permission set, and who is assigned it."""
        name, role = one
        use = self._sets.use_of(self.account_id, name)
        if use is not None and use.assignees is not None:
            return NodeKind.ROLE, name, assignees_text(use.assignees), role.arn, ()
        return NodeKind.ROLE, name, "", role.arn, (Badge.MISSING_DATA,) if self._sets.is_captured else ()

    def _broken(self, numbered: tuple[int, BrokenNamed], _: LeafColumns) -> Entry:
        position, one = numbered
        key = broken_key(self.account_id, one.list_name, position)
        return NodeKind.BROKEN, one.name, one.list_name, key, (Badge.BROKEN,)


def _named(kind: NodeKind, one: Named, _: LeafColumns) -> Entry:
    path = path_in(one.arn) if kind is not NodeKind.AWS_POLICY else "/"
    return kind, one.name, path if path != "/" else "", one.arn, ()


def _lacking(one: Named, _: LeafColumns) -> Entry:
    what = phrase("managed policy") if ":policy/" in one.arn else phrase("group")
    return NodeKind.MISSING, one.name, what, one.arn, (Badge.MISSING_DATA,)


def _name(one: Named) -> str:
    return one.name


def path_in(arn: str) -> str:
    """Return the path in an IAM ARN; ``/`` if it has none."""
    return f"/{arn.partition('/')[2].rpartition('/')[0]}/".replace("//", "/")


def _is_aws_managed(arn: str) -> bool:
    return arn.split(":", 5)[4:5] == ["aws"]
