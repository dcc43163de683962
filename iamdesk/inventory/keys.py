"""Keys of entities: one string each, unique in the snapshot.

Principals, managed policies, resources, identity providers and permission sets have their ARNs as keys, accounts their
ids. Entities without an ARN have a key with a ``#``.
"""

from typing import NamedTuple


class Link(NamedTuple):
    """A link from one subject to another: its key and display name."""

    key: str
    name: str
    detail: str = ""
    """Its relation to the subject, in a few words: ``through group Finance``, ``in 111122223333``."""


def inline_policy_key(owner_arn: str, policy_name: str) -> str:
    """Return the key of an inline policy of a user, group or role."""
    return f"{owner_arn}#inline/{policy_name}"


def trust_policy_key(role_arn: str) -> str:
    """Return the key of a role's trust policy."""
    return f"{role_arn}#trust"


def broken_key(account_id: str, list_name: str, position: int) -> str:
    """Return the key of an entry that could not be read: its list, and its index among the unreadable ones."""
    return f"{account_id}#broken/{list_name}/{position}"


def resource_policy_key(resource_arn: str) -> str:
    """Return the key of a resource's policy."""
    return f"{resource_arn}#policy"


def organization_policy_key(policy_id: str) -> str:
    """Return the key of a service control policy or resource control policy."""
    return f"organization#{policy_id}"


def endpoint_policy_key(endpoint_id: str) -> str:
    """Return the key of a VPC endpoint's policy."""
    return f"{endpoint_id}#endpoint"


def organization_key(node_id: str) -> str:
    """Return the key of an organization, its root or an OU; the key of an account is its id."""
    return f"organization#node/{node_id}"


def center_user_key(identity_store_id: str, user_id: str) -> str:
    """Return the key of a user of IAM Identity Center."""
    return f"{identity_store_id}#user/{user_id}"


def center_group_key(identity_store_id: str, group_id: str) -> str:
    """Return the key of a group of IAM Identity Center."""
    return f"{identity_store_id}#group/{group_id}"
