"""Organization policies that apply to an account."""

from iamdesk.snapshot.organization import FULL_ACCESS, Organization


def guardrails_of(organization: Organization | None, account_id: str) -> list[str]:
    """Return the IDs of the organization policies that apply to an account, except AWS's full-access policies."""
    nodes = {node.id: node for node in organization.nodes} if organization is not None else {}
    found: list[str] = []
    node = nodes.get(account_id)
    while node is not None:
        found += [one for one in node.policy_ids or () if one not in FULL_ACCESS and one not in found]
        node = nodes.get(node.parent_id or "")
    return sorted(found)
