"""Subjects of the inspector for an organization: itself, its root, units and accounts, its SCPs and RCPs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from iamdesk.i18n import join_messages, mark, nphrase, phrase
from iamdesk.inventory.keys import Link, organization_key, organization_policy_key
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.organization import OrganizationNode
from iamdesk.viewmodel.organization_attachments import Attachment, attachments, counts, kind_of, not_in_force
from iamdesk.viewmodel.organization_names import OrganizationNames, below
from iamdesk.viewmodel.organization_policy_subjects import OrganizationPolicySubjects
from iamdesk.viewmodel.organization_tree import node_key, node_kind
from iamdesk.viewmodel.policy_list import problems_of
from iamdesk.viewmodel.policy_view import single_view
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import Links, PolicyLine, PolicyRole, PolicyView, Subject, links

_POLICY = organization_policy_key("")


class OrganizationPlace(NamedTuple):
    """The place of an account in the organization, and the policies that apply there."""

    facts: tuple[tuple[str, str], ...] = ()
    policies: tuple[PolicyLine, ...] = ()
    links: tuple[Links, ...] = ()
    missing_data: tuple[str, ...] = ()


class OrganizationSubjects:
    """Creates subjects and policy views of one snapshot's organization by key."""

    def __init__(
        self, snapshot: Snapshot, documents: DocumentStore, accounts: Iterable[Account | AccountEntry]
    ) -> None:
        """Index the organization of a snapshot with these accounts."""
        self._documents = documents
        self._held = {account.account_id: account for account in accounts}
        organization = snapshot.organization
        self._index = None if organization is None else OrganizationIndex(organization, documents)
        self.names = OrganizationNames(self._index, self._held)

    def subject(self, key: str) -> Subject | None:
        """Return the subject of a key; None if it is nothing of the organization."""
        index = self._index
        if index is None:
            return None
        if key.startswith(_POLICY) and (policy_id := key.removeprefix(_POLICY)) in self._attached:
            return OrganizationPolicySubjects(index, self._held, self.names, self._documents).subject(
                policy_id, self._attached[policy_id]
            )
        if key == organization_key(index.organization.id):
            return self._organization(index)
        node = self._nodes.get(key)
        return None if node is None else self._node(index, node)

    def policy(self, key: str) -> PolicyView | None:
        """Return an SCP or RCP by its key; None if it was not captured, or without its text."""
        found = self._index.policy(key.removeprefix(_POLICY)) if self._index and key.startswith(_POLICY) else None
        if found is None or found.content is None:
            return None
        places = self._attached.get(found.id, ())
        carriers = [(node_key(node), self.names.name_of(node)) for node in places]
        return single_view(self._documents, key, found.name or found.id, kind_of(found), found.content, carriers)

    def binds(self, account_id: str) -> bool:
        """Return whether policies of the organization can apply to an account: a member, not the management account."""
        index = self._index
        if index is None or account_id == index.organization.management_account_id:
            return False
        return index.has_account(account_id)

    def place_of(self, account_id: str) -> OrganizationPlace:
        """Return the place of an account; empty without an organization, or if it does not name the account."""
        index = self._index
        node = index.node(account_id) if index is not None else None
        if index is None or node is None:
            return OrganizationPlace()
        path = index.path(node.id)
        lines = tuple(self._lines(index, node))
        own = [line for line in lines if line.role is PolicyRole.ATTACHED]
        facts = [(mark("Organization"), index.organization.id)]
        if path[:-1]:
            facts.append((mark("Place"), " / ".join(self.names.name_of(one) for one in path[:-1])))
        attached = counts(line.kind for line in own) or phrase("none")
        facts.append((mark("Attached to it"), attached if node.policy_ids is not None else phrase("not captured")))
        inherited = [line for line in lines if line.role is PolicyRole.INHERITED]
        if inherited:
            facts.append((mark("Inherited"), counts(line.kind for line in inherited)))
        if node.id == index.organization.management_account_id:
            facts.append((mark("Management account"), phrase("no SCP and no RCP applies to it")))
        services = (index.organization.delegated_services or {}).get(node.id)
        if services is not None:
            named = ", ".join(services) or phrase("services that were not captured")
            facts.append((mark("Delegated administrator"), phrase("for {services}", services=named)))
        where = [Link(node_key(one), self.names.name_of(one), node_kind(one)) for one in path[:-1]]
        above = Link(organization_key(index.organization.id), index.organization.id, phrase("organization"))
        return OrganizationPlace(
            tuple(facts), lines, (Links(mark("Parent"), (above, *where)),), tuple(self._missing_data(index, node))
        )

    @cached_property
    def _nodes(self) -> Mapping[str, OrganizationNode]:
        return {} if self._index is None else {node_key(node): node for node in self._index.nodes}

    @cached_property
    def _attached(self) -> Mapping[str, Sequence[OrganizationNode]]:
        """Where each policy is attached, by its id; includes policies that are attached nowhere."""
        found: dict[str, list[OrganizationNode]] = {}
        if self._index is not None:
            found = {policy.id: [] for policy in self._index.organization.policies}
            for node in self._index.nodes:
                for policy_id in dict.fromkeys(node.policy_ids or ()):
                    found.setdefault(policy_id, []).append(node)
        return found

    def _organization(self, index: OrganizationIndex) -> Subject:
        organization = index.organization
        accounts = [node for node in index.nodes if node_kind(node) is NodeKind.ACCOUNT]
        management = organization.management_account_id
        lost = [node for node in index.nodes if not index.path(node.id)]
        facts = (
            (mark("Management account"), f"{self.names.account_name(management)}, {management}"),
            (
                mark("Accounts"),
                phrase(
                    "{count:,}, {held:,} in the snapshot",
                    count=len(accounts),
                    held=sum(node.id in self._held for node in accounts),
                ),
            ),
            (
                mark("Organizational units"),
                phrase("{count:,}", count=sum(node_kind(node) is NodeKind.UNIT for node in index.nodes)),
            ),
            (
                mark("Service control policies"),
                phrase("enabled") if organization.scps_enabled else phrase("not enabled: none applies"),
            ),
            (
                mark("Resource control policies"),
                phrase("captured, or not enabled") if organization.has_rcps else phrase("not captured"),
            ),
        )
        missing_data = (
            [] if organization.has_rcps else [phrase("The attached resource control policies were not captured.")]
        )
        if lost:
            missing_data.append(
                nphrase(
                    "The place of {count:,} account or unit in the organization is not known.",
                    "The place of {count:,} accounts and units in the organization is not known.",
                    len(lost),
                )
            )
        return Subject(
            key=organization_key(organization.id),
            kind=NodeKind.ORGANIZATION,
            title=phrase("Organization {id}", id=organization.id),
            arn=self.names.arn(index, "organization"),
            facts=facts,
            links=links(
                (mark("Root"), (self.names.link(node) for node in index.children.get(None, ()))),
                (mark("Accounts"), (self.names.link(node, node.id) for node in accounts)),
                (
                    mark("Policies"),
                    (Link(organization_policy_key(one.id), one.name, kind_of(one)) for one in organization.policies),
                ),
            ),
            missing_data=tuple(missing_data),
            badges=(Badge.MISSING_DATA,) if missing_data else (),
            raw=raw_text(organization.model_copy(update={"nodes": (), "policies": ()})),
        )

    def _node(self, index: OrganizationIndex, node: OrganizationNode) -> Subject:
        kind = node_kind(node)
        place = self.place_of(node.id)
        missing_data = list(place.missing_data)
        if kind is NodeKind.ACCOUNT:
            missing_data.append(phrase("The users, roles and policies of this account were not captured."))
            facts: tuple[tuple[str, str], ...] = ((mark("Account"), node.id), *place.facts)
            resource, related = f"account/{index.organization.id}/{node.id}", place.links
        else:
            accounts = [one for one in below(index, node) if node_kind(one) is NodeKind.ACCOUNT]
            facts = (
                *place.facts,
                (mark("Accounts below it"), phrase("{count:,}", count=len(accounts))),
                (mark("Id"), node.id),
            )
            resource = f"{'root' if kind is NodeKind.ROOT else 'ou'}/{index.organization.id}/{node.id}"
            units = [one for one in index.children.get(node.id, ()) if node_kind(one) is not NodeKind.ACCOUNT]
            related = (
                *place.links,
                *links(
                    (mark("OUs in it"), map(self.names.link, units)),
                    (
                        mark("Accounts below it"),
                        (self.names.link(one, self._where(index, one, node)) for one in accounts),
                    ),
                ),
            )
        return Subject(
            key=node_key(node),
            kind=kind,
            title=self.names.name_of(node),
            account=node.id if kind is NodeKind.ACCOUNT else "",
            arn=self.names.arn(index, resource),
            facts=facts,
            policies=place.policies,
            links=related,
            missing_data=tuple(missing_data),
            badges=(Badge.MISSING_DATA,) if node.policy_ids is None or kind is NodeKind.ACCOUNT else (),
            raw=raw_text(node),
        )

    def _lines(self, index: OrganizationIndex, node: OrganizationNode) -> Iterator[PolicyLine]:
        """Yield the policies that apply to a node, from the root down."""
        for one in index.path(node.id) or (node,):
            is_own = one is node
            role = PolicyRole.ATTACHED if is_own else PolicyRole.INHERITED
            where = phrase("attached here")
            if not is_own:
                where = phrase("inherited from {place}", place=self.names.place(one))
            for attached in attachments(index, one):
                yield self._attachment_line(index, node, attached, role, where)

    def _attachment_line(
        self, index: OrganizationIndex, node: OrganizationNode, one: Attachment, role: PolicyRole, where: str
    ) -> PolicyLine:
        why = not_in_force(index, node.id, one.kind)
        policy = index.policy(one.policy_id)
        problems = problems_of(self._documents.parse(policy.content)) if policy is not None and one.has_content else ()
        missing = "" if one.has_content else phrase("text not captured")
        origin = join_messages(", ", list(filter(None, (join_messages(" ", (one.word, where)), why, missing))))
        return PolicyLine(organization_policy_key(one.policy_id), one.name, one.kind, role, origin, problems=problems)

    def _missing_data(self, index: OrganizationIndex, node: OrganizationNode) -> Iterator[str]:
        path = index.path(node.id)
        if not path:
            yield phrase(
                "Its place in the organization is not known, and so the policies that it inherits are not known."
            )
        unknown = [self.names.name_of(one) for one in path or (node,) if one.policy_ids is None]
        if unknown:
            yield phrase("The policies attached to {places} were not captured.", places=", ".join(unknown))
        if not index.organization.has_rcps:
            yield phrase("The attached resource control policies were not captured.")

    def _where(self, index: OrganizationIndex, node: OrganizationNode, top: OrganizationNode) -> str:
        """Return an account's id, and its unit unless that is the given one."""
        parent = index.node(node.parent_id or "")
        return (
            node.id
            if parent is None or parent is top
            else phrase("{name}, in {place}", name=node.id, place=self.names.name_of(parent))
        )
