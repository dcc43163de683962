"""The organization in the tree: root, units and accounts, each with its attached and inherited policies."""

from collections.abc import Iterable, Sequence

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.counts import accounts as account_count
from iamdesk.inventory.keys import organization_key, organization_policy_key
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import Organization, OrganizationNode, OrganizationPolicy
from iamdesk.viewmodel.organization_attachments import SHORT, Attachment, attachments, counts, kind_of, not_in_force
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.tree_layout import Branch

DEEPEST = 12
"""Levels down to which inherited policies have their own rows. AWS allows seven, root and account included."""


def organization_branch(organization: Organization, accounts: Iterable[Account]) -> Branch:
    """Return the organization as a branch. Nodes without a known path to the root have their own section."""
    return _OrganizationTree(organization, accounts).branch()


def node_kind(node: OrganizationNode) -> NodeKind:
    """Return the tree's kind of a root, unit or account."""
    if node.id.isdecimal():
        return NodeKind.ACCOUNT
    return NodeKind.ROOT if node.parent_id is None else NodeKind.UNIT


def node_key(node: OrganizationNode) -> str:
    """Return the key of a root, unit or account."""
    return node.id if node_kind(node) is NodeKind.ACCOUNT else organization_key(node.id)


class _OrganizationTree:
    def __init__(self, organization: Organization, accounts: Iterable[Account]) -> None:
        self._index = OrganizationIndex(organization, DocumentStore())
        self._held = {account.account_id: account.alias for account in accounts}
        self._own: dict[str, tuple[Attachment, ...]] = {}

    def branch(self) -> Branch:
        organization, index = self._index.organization, self._index
        # From the top down without recursion: a hostile snapshot may be very deep.
        order = list(index.children.get(None, ()))
        seen = {node.id for node in order}
        above: dict[str, tuple[Attachment, ...]] = {node.id: () for node in order}
        level = dict.fromkeys(above, 1)
        for node in order:  # grows during the iteration
            self._own[node.id] = attachments(index, node)
            for child in index.children.get(node.id, ()):
                if child.id not in seen:
                    seen.add(child.id)
                    level[child.id] = level[node.id] + 1
                    is_shown = level[child.id] <= DEEPEST
                    above[child.id] = (*above[node.id], *self._own[node.id]) if is_shown else ()
                    order.append(child)
        made: dict[str, Branch] = {}
        for node in reversed(order):
            below = [made[child.id] for child in index.children.get(node.id, ()) if child.id in made]
            made[node.id] = self._node(node, above[node.id], below)
        lost = [node for node in index.nodes if node.id not in seen]
        for node in lost:
            self._own[node.id] = attachments(index, node)
        children = [made[node.id] for node in index.children.get(None, ())]
        if lost:
            rows = [self._node(node, (), ()) for node in sorted(lost, key=lambda node: (node.name.casefold(), node.id))]
            children.append(
                Branch(NodeKind.SECTION, mark("Place not known"), phrase("{count:,}", count=len(lost)), children=rows)
            )
        attached = {one.policy_id for found in self._own.values() for one in found}
        idle = [policy for policy in organization.policies if policy.id not in attached]
        if idle:
            children.append(
                Branch(
                    NodeKind.SECTION,
                    mark("Attached nowhere"),
                    phrase("{count:,}", count=len(idle)),
                    children=_idle(idle),
                )
            )
        members = sum(node_kind(node) is NodeKind.ACCOUNT for node in index.nodes)
        detail = join_messages(" · ", (organization.id, account_count(members)))
        missing = (Badge.MISSING_DATA,) if lost or not organization.has_rcps else ()
        return Branch(
            NodeKind.ORGANIZATION, phrase("Organization"), detail, organization_key(organization.id), children, missing
        )

    def _node(self, node: OrganizationNode, above: Sequence[Attachment], below: Sequence[Branch]) -> Branch:
        own = self._own[node.id]
        rows = [self._policy(one, node, one.word) for one in own]
        if above:
            inherited = [
                self._policy(one, node, phrase("{policy} from {place}", policy=one.word, place=one.place))
                for one in above
            ]
            rows.append(
                Branch(NodeKind.SECTION, mark("Inherited"), counts(one.kind for one in above), children=inherited)
            )
        # Units before accounts, as the console of AWS Organizations lists them.
        rows += sorted(below, key=lambda branch: branch.kind is NodeKind.ACCOUNT)
        kind = node_kind(node)
        details = [counts(one.kind for one in own) if node.policy_ids is not None else phrase("policies not captured")]
        badges = () if node.policy_ids is not None else (Badge.MISSING_DATA,)
        name = node.name or node.id
        if kind is NodeKind.ACCOUNT:
            name = self._held.get(node.id) or name
            if name != node.id:
                details.insert(0, node.id)
            if node.id == self._index.organization.management_account_id:
                details.append(phrase("management account"))
            if node.id not in self._held:
                details.append(phrase("not in the snapshot"))
                badges = (Badge.MISSING_DATA,)
        return Branch(kind, name, join_messages(" · ", list(filter(None, details))), node_key(node), rows, badges)

    def _policy(self, one: Attachment, node: OrganizationNode, detail: str) -> Branch:
        why = not_in_force(self._index, node.id, one.kind)
        detail = join_messages(", ", (detail, why)) if why else detail
        badges = () if one.has_content else (Badge.MISSING_DATA,)
        return Branch(one.kind, one.name, detail, organization_policy_key(one.policy_id), badges=badges)


def _idle(policies: Sequence[OrganizationPolicy]) -> list[Branch]:
    """Return rows for policies that are attached nowhere: they apply to no account, but were captured."""
    return [
        Branch(
            kind_of(policy),
            policy.name or policy.id,
            phrase(SHORT[kind_of(policy)]),
            organization_policy_key(policy.id),
            badges=() if policy.content is not None else (Badge.MISSING_DATA,),
        )
        for policy in sorted(policies, key=lambda policy: (policy.type, policy.name.casefold(), policy.id))
    ]
