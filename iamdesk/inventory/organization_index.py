"""The organization policies that apply to an account, level by level from the root down. Rules: B."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from iamdesk.policy.document import Document, DocumentStore
from iamdesk.snapshot.organization import (
    FULL_ACCESS,
    Organization,
    OrganizationNode,
    OrganizationPolicy,
    OrganizationPolicyType,
)

_IAM = "iam.amazonaws.com"
"""The service for which an account is registered that may assume root of member accounts."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelPolicy:
    """One organization policy at one level."""

    policy: OrganizationPolicy
    level: int
    node_id: str
    node_name: str
    document: Document


@dataclass(frozen=True, slots=True)
class AbsentPolicy:
    """A policy that is attached at a level and whose document is not captured."""

    policy_id: str
    name: str
    level: int
    node_name: str


type Levels = tuple[tuple[LevelPolicy, ...], ...]
"""Levels from the root down to the account."""


class OrganizationIndex:
    """Finds the policies that apply to an account, and the account's place in the organization."""

    def __init__(self, organization: Organization, documents: DocumentStore) -> None:
        self.organization = organization
        self._documents = documents
        self._nodes = {node.id: node for node in organization.nodes}
        self._policies = {**_published(), **{policy.id: policy for policy in organization.policies}}
        self._levels: dict[tuple[str, OrganizationPolicyType], Levels | None] = {}

    def node(self, node_id: str) -> OrganizationNode | None:
        """Return a root, OU or account by its id; None for one that is not captured."""
        return self._nodes.get(node_id)

    @property
    def nodes(self) -> tuple[OrganizationNode, ...]:
        """All nodes, each once."""
        return tuple(self._nodes.values())

    @cached_property
    def children(self) -> Mapping[str | None, tuple[OrganizationNode, ...]]:
        """Child nodes by parent id, sorted by name; the parent of the root is None."""
        found: dict[str | None, list[OrganizationNode]] = {}
        for node in self._nodes.values():
            found.setdefault(node.parent_id, []).append(node)
        return {
            parent: tuple(sorted(nodes, key=lambda node: (node.name.casefold(), node.name, node.id)))
            for parent, nodes in found.items()
        }

    def policy(self, policy_id: str) -> OrganizationPolicy | None:
        """Return a policy by its id, including the two that AWS provides; None for one that is not captured."""
        return self._policies.get(policy_id)

    def has_account(self, account: str) -> bool:
        """Return whether the account is known to belong to the organization."""
        return account in self._nodes or account == self.organization.management_account_id

    def can_assume_root(self, account: str) -> bool | None:
        """Return whether an account can assume root of member accounts (rule E14); None where that is not captured.

        STS API Reference, AssumeRoot: the management account and delegated administrators for IAM.
        """
        return self.administers(account, _IAM)

    def administers(self, account: str, service: str) -> bool | None:
        """Return whether an account administers a service for the organization; None where that is not captured."""
        services = self.organization.delegated_services
        if account == self.organization.management_account_id:
            return True
        if services is None or services.get(account) == ():  # its services are not captured
            return None
        return service in services.get(account, ())

    def is_outside(self, account: str) -> bool:
        """Return whether the account is known not to belong to the organization."""
        return self.organization.lists_every_account and not self.has_account(account)

    def org_path(self, account: str) -> str | None:
        """Return ``aws:PrincipalOrgPaths`` of an account: ``o-…/r-…/ou-…/``; None where its place is not known."""
        path = self.path(account)
        if not path:
            return None
        return "".join(f"{part}/" for part in (self.organization.id, *(node.id for node in path[:-1])))

    def levels(self, account: str, kind: OrganizationPolicyType) -> Levels | None:
        """Return the policies of one kind that apply to an account; None where none does.

        None applies to the management account (rules B6, B7).
        """
        key = (account, kind)
        if key not in self._levels:
            self._levels[key] = self._find(account, kind)
        return self._levels[key]

    def absent(self, account: str, kind: OrganizationPolicyType) -> tuple[AbsentPolicy, ...]:
        """Return the policies that apply to an account but whose documents are not captured.

        A policy of unknown kind counts for each kind.
        """
        if self.levels(account, kind) is None:
            return ()
        return tuple(
            AbsentPolicy(policy_id, policy.name if policy else policy_id, level, node.name or node.id)
            for level, node in enumerate(self.path(account))
            for policy_id in node.policy_ids or ()
            if (policy := self._policies.get(policy_id)) is None or (policy.content is None and policy.type is kind)
        )

    def is_captured(self, account: str, kind: OrganizationPolicyType) -> bool:
        """Return whether the snapshot shows which policies of a kind apply to the account."""
        if account == self.organization.management_account_id or not self._is_enabled(kind):
            return True
        if kind is OrganizationPolicyType.RESOURCE_CONTROL_POLICY and not self.organization.has_rcps:
            return False
        path = self.path(account)
        return bool(path) and all(node.policy_ids is not None for node in path)

    def _is_enabled(self, kind: OrganizationPolicyType) -> bool:
        return kind is not OrganizationPolicyType.SERVICE_CONTROL_POLICY or self.organization.scps_enabled

    def _find(self, account: str, kind: OrganizationPolicyType) -> Levels | None:
        if account == self.organization.management_account_id or not self._is_enabled(kind):
            return None
        if not self.is_captured(account, kind):
            return None
        return tuple(
            tuple(
                LevelPolicy(policy, level, node.id, node.name, self._documents.parse(policy.content))
                for policy_id in node.policy_ids or ()
                if (policy := self._policies.get(policy_id)) is not None
                and policy.type is kind
                and policy.content is not None
            )
            for level, node in enumerate(self.path(account))
        )

    def path(self, node_id: str) -> tuple[OrganizationNode, ...]:
        """Return the nodes from the root to this one; empty where the path is not known, or is circular."""
        path: dict[str, OrganizationNode] = {}
        node = self._nodes.get(node_id)
        while node is not None and node.id not in path:
            path[node.id] = node
            if node.parent_id is None:
                return tuple(reversed(path.values()))
            node = self._nodes.get(node.parent_id)
        return ()


def _published() -> dict[str, OrganizationPolicy]:
    """Return the policies with known content that AWS provides."""
    return {
        policy_id: OrganizationPolicy(
            id=policy_id, name=policy_id.removeprefix("p-"), type=kind, aws_managed=True, content=content
        )
        for policy_id, (kind, content) in FULL_ACCESS.items()
    }
