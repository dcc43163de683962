"""Display names of the parts of an organization, and links to them."""

from collections.abc import Iterator, Mapping
from typing import Self

from iamdesk.i18n import phrase
from iamdesk.inventory.keys import Link
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.organization import OrganizationNode
from iamdesk.viewmodel.organization_tree import node_key, node_kind
from iamdesk.viewmodel.tree import NodeKind


class OrganizationNames:
    """Names of accounts, units and root. Without an organization, accounts have their alias or id."""

    def __init__(self, index: OrganizationIndex | None, held: Mapping[str, Account | AccountEntry]) -> None:
        self._index = index
        self._held = held

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Return the names of a snapshot's organization and accounts."""
        held = {account.account_id: account for account in snapshot.accounts}
        organization = snapshot.organization
        return cls(None if organization is None else OrganizationIndex(organization, DocumentStore()), held)

    def account_name(self, account_id: str) -> str:
        """Return the display name of an account: its alias, else its name in the organization, else its id."""
        held = self._held.get(account_id)
        if held is not None and held.alias:
            return held.alias
        node = self._index.node(account_id) if self._index is not None else None
        return node.name if node is not None and node.name else account_id

    def account_words(self, account_id: str) -> str:
        """Return the display name of an account with its id: ``prod (111122223333)``."""
        name = self.account_name(account_id)
        return account_id if name == account_id else f"{name} ({account_id})"

    def name_of(self, node: OrganizationNode) -> str:
        """Return the display name of a root, unit or account."""
        return self.account_name(node.id) if node_kind(node) is NodeKind.ACCOUNT else node.name or node.id

    def link(self, node: OrganizationNode, detail: str = "") -> Link:
        """Return a link to a node; by default, its detail is the kind of the node."""
        return Link(node_key(node), self.name_of(node), detail or node_kind(node))

    def place(self, node: OrganizationNode) -> str:
        """Return a root or unit in words; the root is usually called Root."""
        if node_kind(node) is not NodeKind.ROOT:
            return phrase("OU {name}", name=self.name_of(node))
        if self.name_of(node).casefold() == "root":
            return phrase("the root")
        return phrase("the root, {name}", name=self.name_of(node))

    def arn(self, index: OrganizationIndex, resource: str) -> str:
        """Return the ARN of a part of the organization (Service Authorization Reference, AWS Organizations)."""
        organization = index.organization
        partition = next((account.partition for account in self._held.values()), "aws")
        whole = resource if "/" in resource else f"{resource}/{organization.id}"
        return f"arn:{partition}:organizations::{organization.management_account_id}:{whole}"


def below(index: OrganizationIndex, node: OrganizationNode) -> Iterator[OrganizationNode]:
    """Yield all descendants of a node, each once, even if the snapshot describes cycles."""
    seen, pending = {node.id}, [node.id]
    while pending:
        for child in index.children.get(pending.pop(), ()):
            if child.id not in seen:
                seen.add(child.id)
                pending.append(child.id)
                yield child
