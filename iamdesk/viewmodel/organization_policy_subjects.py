"""Subjects of the inspector for SCPs and RCPs: the text, and the accounts that they apply to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from iamdesk.i18n import mark, nphrase, phrase
from iamdesk.inventory import counts
from iamdesk.inventory.keys import organization_policy_key
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.inventory.references import is_service_linked
from iamdesk.policy.document import DocumentStore
from iamdesk.snapshot.catalog import AccountEntry
from iamdesk.snapshot.model import Account
from iamdesk.snapshot.organization import OrganizationNode, OrganizationPolicy
from iamdesk.viewmodel.organization_attachments import kind_of, not_in_force
from iamdesk.viewmodel.organization_names import OrganizationNames, below
from iamdesk.viewmodel.organization_tree import node_kind
from iamdesk.viewmodel.policy_list import problems_of
from iamdesk.viewmodel.raw_text import raw_text
from iamdesk.viewmodel.tree import Badge, NodeKind
from iamdesk.viewmodel.types import PolicyLine, PolicyRole, Subject, links


class OrganizationPolicySubjects:
    """Creates the subjects of SCPs and RCPs."""

    def __init__(
        self,
        index: OrganizationIndex,
        held: Mapping[str, Account | AccountEntry],
        names: OrganizationNames,
        documents: DocumentStore,
    ) -> None:
        self._index = index
        self._held = held
        self._names = names
        self._documents = documents

    def subject(self, policy_id: str, places: Sequence[OrganizationNode]) -> Subject:
        """Return the subject of a policy; ``places`` are those that it is attached to."""
        index = self._index
        policy = index.policy(policy_id)
        kind = NodeKind.MISSING if policy is None else kind_of(policy)
        bound = list(self._bound(places, kind))
        facts = [
            (
                mark("Attached to"),
                ", ".join(sorted(map(self._names.name_of, places), key=str.casefold)) or phrase("nothing"),
            )
        ]
        facts.append((mark("Applies to"), self._reach(bound, kind)))
        if policy is not None and policy.aws_managed:
            facts.append((mark("Managed by"), "AWS"))
        facts.append((mark("Id"), policy_id))
        missing_data = []
        if policy is None:
            missing_data.append(phrase("Policy {id} is attached but was not captured.", id=policy_id))
        elif policy.content is None:
            missing_data.append(phrase("Its text was not captured: what it denies is not known."))
        if unknown := sum(node.policy_ids is None for node in index.nodes):
            missing_data.append(
                nphrase(
                    "The attached policies of {count:,} place in the organization are not known.",
                    "The attached policies of {count:,} places in the organization are not known.",
                    unknown,
                )
            )
        key = organization_policy_key(policy_id)
        line = self._line(key, policy, kind, policy_id)
        return Subject(
            key=key,
            kind=kind,
            title=policy.name or policy_id if policy is not None else policy_id,
            arn=policy.arn or None if policy is not None else None,
            facts=tuple(facts),
            policies=(line,) if policy is not None else (),
            links=links(
                (mark("Attached to"), map(self._names.link, places)),
                (mark("Applies to"), (self._names.link(node, node.id) for node in bound)),
            ),
            missing_data=tuple(missing_data),
            problems=line.problems,
            badges=() if policy is not None and policy.content is not None else (Badge.MISSING_DATA,),
            raw=raw_text(policy) if policy is not None else "",
        )

    def _line(self, key: str, policy: OrganizationPolicy | None, kind: NodeKind, policy_id: str) -> PolicyLine:
        has_content = policy is not None and policy.content is not None
        problems = problems_of(self._documents.parse(policy.content)) if policy is not None and has_content else ()
        name = policy.name or policy_id if policy is not None else policy_id
        return PolicyLine(key, name, kind, PolicyRole.SELF, phrase("the policy itself"), problems=problems)

    def _bound(self, places: Iterable[OrganizationNode], kind: NodeKind) -> Iterator[OrganizationNode]:
        """Yield the accounts that a policy applies to, each once."""
        seen: set[str] = set()
        for place in places:
            for node in (place, *below(self._index, place)):
                is_bound = node_kind(node) is NodeKind.ACCOUNT and not not_in_force(self._index, node.id, kind)
                if is_bound and node.id not in seen:
                    seen.add(node.id)
                    yield node

    def _reach(self, bound: Sequence[OrganizationNode], kind: NodeKind) -> str:
        if not bound:
            return phrase("no account")
        accounts = counts.accounts(len(bound))
        if kind is NodeKind.RESOURCE_CONTROL_POLICY:
            return phrase("the resources of {accounts}, of services that take RCPs", accounts=accounts)
        held = [self._held[node.id] for node in bound if node.id in self._held]
        users = sum(len(one.users) for one in held)
        roles = sum(
            not is_service_linked(role) for one in held for role in one.roles
        )  # no SCP applies to those (rules B6, E11)
        values = {"accounts": accounts, "users": counts.users(users), "roles": counts.roles(roles)}
        if len(bound) == 1:
            return phrase("{accounts}: its root user, {users} and {roles} of the snapshot", **values)
        return phrase("{accounts}: their root users, {users} and {roles} of the snapshot", **values)
