"""The organization policies attached to a root, unit or account, and those inherited."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.snapshot.organization import OrganizationNode, OrganizationPolicy, OrganizationPolicyType
from iamdesk.viewmodel.tree import NodeKind

_SCP = OrganizationPolicyType.SERVICE_CONTROL_POLICY
_KINDS = {
    _SCP: NodeKind.SERVICE_CONTROL_POLICY,
    OrganizationPolicyType.RESOURCE_CONTROL_POLICY: NodeKind.RESOURCE_CONTROL_POLICY,
}
SHORT = {
    NodeKind.SERVICE_CONTROL_POLICY: "SCP",
    NodeKind.RESOURCE_CONTROL_POLICY: "RCP",
    NodeKind.MISSING: mark("policy not in the snapshot"),
}
"""Short names of policy types, in the order of display."""
_ORDER = tuple(SHORT)


class Attachment(NamedTuple):
    """One policy at one place of the organization."""

    kind: NodeKind
    """``SERVICE_CONTROL_POLICY``, ``RESOURCE_CONTROL_POLICY``, or ``MISSING`` if only its id was captured."""
    name: str
    policy_id: str
    place: str
    """Name of the root, unit or account that it is attached to."""
    has_content: bool
    """Whether its text was captured."""

    @property
    def word(self) -> str:
        """Its type in short: ``SCP``, ``RCP``."""
        return phrase(SHORT[self.kind])


def attachments(index: OrganizationIndex, node: OrganizationNode) -> tuple[Attachment, ...]:
    """Return the policies attached to a node itself: SCPs before RCPs, sorted by name; empty where not captured."""
    found = []
    for policy_id in dict.fromkeys(node.policy_ids or ()):
        policy = index.policy(policy_id)
        kind = NodeKind.MISSING if policy is None else _KINDS[policy.type]
        name = policy_id if policy is None else policy.name or policy_id
        found.append(
            Attachment(kind, name, policy_id, node.name or node.id, policy is not None and policy.content is not None)
        )
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), one.name.casefold(), one.name, one.policy_id)))


def kind_of(policy: OrganizationPolicy) -> NodeKind:
    """Return the tree's kind of an organization policy."""
    return _KINDS[policy.type]


def not_in_force(index: OrganizationIndex, node_id: str, kind: NodeKind) -> str:
    """Return why policies of a kind at or above a node do not apply to it; empty if they do.

    None applies to the management account (rules B6, B7); SCPs have no effect in organizations that did not enable
    them.
    """
    if node_id == index.organization.management_account_id:
        return phrase("does not apply to the management account")
    if kind is NodeKind.SERVICE_CONTROL_POLICY and not index.organization.scps_enabled:
        return phrase("without effect: SCPs are not enabled")
    return ""


def counts(kinds: Iterable[NodeKind]) -> str:
    """Return the number of policies of each type: ``2 SCPs, 1 RCP``; empty for none."""
    found = Counter(kinds)
    parts = [f"{found[kind]:,} {SHORT[kind]}{'' if found[kind] == 1 else 's'}" for kind in _ORDER[:2] if found[kind]]
    if missing := found[NodeKind.MISSING]:
        parts.append(phrase("{count:,} not in the snapshot", count=missing))
    return join_messages(", ", parts)
