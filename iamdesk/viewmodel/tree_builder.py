"""Lays out the tree of a snapshot: its accounts, the organization and everything beside them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from iamdesk.i18n import mark
from iamdesk.inventory.counts import accounts as account_count
from iamdesk.inventory.identity_center_index import IdentityCenterIndex
from iamdesk.inventory.keys import resource_policy_key
from iamdesk.inventory.permission_sets import PermissionSets
from iamdesk.inventory.references import aws_policies_of, references_of
from iamdesk.memory import free_incrementally
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.snapshot.catalog import Catalogue
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.account_tree import AccountTree
from iamdesk.viewmodel.entry_tree import EntryTree
from iamdesk.viewmodel.identity_center_tree import identity_center_branch
from iamdesk.viewmodel.organization_names import OrganizationNames
from iamdesk.viewmodel.organization_tree import organization_branch
from iamdesk.viewmodel.resource_tree import ResourceRows
from iamdesk.viewmodel.tree import Badge, Node, NodeKind, NodeTable, Outline
from iamdesk.viewmodel.tree_layout import Branch, LeafColumns, Section, lay_out

__all__ = ["Badge", "Node", "NodeKind", "Outline", "build_outline"]

_CHECK_EVERY = 200  # entries between two checks for cancellation


def build_outline(
    snapshot: Snapshot,
    awaited: Sequence[str] | None = None,
    cancelled: Cancelled = never_cancelled,
    catalogue: Catalogue | None = None,
) -> Outline:
    """Lay out the tree of a snapshot: accounts, their sections, and in these every entry.

    Entries are sorted by name without case. Unattached AWS managed policies are only counted. Below the accounts are
    the organization, IAM Identity Center, and resources of accounts that were not captured. ``awaited`` are accounts
    that are still being read, as far as known; None: nothing is being read. Accounts of a ``catalogue`` are not in
    memory, and have entries by name, without children.

    Rows are created level by level, so that the children of a node are adjacent, and a policy's own row precedes its
    rows below principals.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """

    def check_cancelled() -> None:
        if cancelled():
            raise WorkCancelled

    trees: list[AccountTree | EntryTree] = []
    sections = []
    for tree in _account_trees(snapshot) if catalogue is None else _entry_trees(snapshot, catalogue):
        check_cancelled()
        trees.append(tree)
        check_cancelled()
        sections.append(tree.sections())
    beside = [*_beside(snapshot), *_still_read(awaited)]
    table = NodeTable()
    badges: dict[int, tuple[Badge, ...]] = {}
    table.add(NodeKind.SNAPSHOT, snapshot.path.name, "", "", -1, 1, len(trees) + len(beside))
    first_section = next_row = 1 + len(trees) + len(beside)
    for tree, own in zip(trees, sections, strict=True):
        if tree.is_truncated:
            badges[len(table)] = (Badge.MISSING_DATA,)
        table.add(NodeKind.ACCOUNT, *tree.title(), tree.account_id, 0, next_row, len(own))
        next_row += len(own)
    for branch in beside:
        table.add(branch.kind, branch.text, branch.detail, branch.key, 0, 0, 0)
    for account_row, own in enumerate(sections, start=1):
        for section in own:
            table.add(NodeKind.SECTION, section.title, section.detail, "", account_row, next_row, len(section.entries))
            next_row += len(section.entries)
    leaves = LeafColumns(next_row, badges)
    try:
        _lay_out_entries(
            table, leaves, badges, [section for own in sections for section in own], first_section, check_cancelled
        )
    except WorkCancelled:
        free_incrementally(leaves.kinds, leaves.texts, leaves.details, leaves.keys, leaves.parents)
        raise
    table.extend_leaves(leaves.kinds, leaves.texts, leaves.details, leaves.keys, leaves.parents, check_cancelled)
    for row, branch in enumerate(beside, start=1 + len(trees)):
        if branch.badges:
            badges[row] = branch.badges
        lay_out(table, badges, row, branch.children)
    rows = table.first_rows(check_cancelled)
    for tree in trees:
        for arn, key in tree.broken_rows():  # links by ARN also find a malformed principal
            rows.set_default(arn, rows[key])
    for resource in snapshot.resources:  # results name the policy; the row is that of the resource
        if resource.policy is not None and resource.arn in rows:
            rows.set_default(resource_policy_key(resource.arn), rows[resource.arn])
    return Outline(table, badges, rows)


def _lay_out_entries(
    table: NodeTable,
    leaves: LeafColumns,
    badges: dict[int, tuple[Badge, ...]],
    sections: Iterable[Section[Any]],
    first_section: int,
    check_cancelled: Callable[[], None],
) -> None:
    """Append the entries of all sections, the first of which has row ``first_section``, and their leaves."""
    for section_row, section in enumerate(sections, start=first_section):
        for number, entry in enumerate(section.entries):
            if number % _CHECK_EVERY == 0:
                check_cancelled()
            row, first = len(table), leaves.next_row
            kind, text, detail, key, marks = section.lay_out(entry, leaves)
            if marks:
                badges[row] = marks
            table.add(kind, text, detail, key, section_row, first, leaves.close(row))


def _names(snapshot: Snapshot) -> dict[str, str]:
    """Return the names of the accounts in the organization."""
    return {node.id: node.name for node in snapshot.organization.nodes} if snapshot.organization is not None else {}


def _entry_trees(snapshot: Snapshot, catalogue: Catalogue) -> Iterator[EntryTree]:
    sets, resources, names = PermissionSets(snapshot), ResourceRows(snapshot), _names(snapshot)
    facts = {known.account_id: known for known in snapshot.account_facts}
    for entry in catalogue.entries:
        account = entry.account_id
        yield EntryTree(
            entry,
            catalogue.frame.directory,
            sets,
            names.get(account, ""),
            resources.of(account),
            facts.get(account),
        )


def _account_trees(snapshot: Snapshot) -> Iterator[AccountTree]:
    shared = aws_policies_of(snapshot)
    sets, resources, names = PermissionSets(snapshot), ResourceRows(snapshot), _names(snapshot)
    facts = {known.account_id: known for known in snapshot.account_facts}
    for account in snapshot.accounts:
        references = references_of(account, shared)
        of_account = resources.of(account.account_id)
        name = names.get(account.account_id, "")
        yield AccountTree(references, snapshot.latest, sets, name, of_account, facts.get(account.account_id))


def _still_read(awaited: Sequence[str] | None) -> list[Branch]:
    if awaited is None:
        return []
    rows = [Branch(NodeKind.SECTION, account) for account in awaited]
    return [
        Branch(
            NodeKind.SECTION,
            mark("Loading"),
            account_count(len(rows)) if rows else "",
            children=rows,
        )
    ]


def _beside(snapshot: Snapshot) -> list[Branch]:
    """Return the branches beside the accounts, in order."""
    branches = [] if snapshot.organization is None else [organization_branch(snapshot.organization, snapshot.accounts)]
    if snapshot.identity_centers:
        names = OrganizationNames.of(snapshot)
        index = IdentityCenterIndex(snapshot, PermissionSets(snapshot), names.account_words)
        branches += [identity_center_branch(center, index) for center in snapshot.identity_centers]
    return [*branches, *ResourceRows(snapshot).elsewhere()]
