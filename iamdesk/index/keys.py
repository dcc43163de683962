"""The keys by which policies of a snapshot are known: one string each, unique in the snapshot.

A managed policy is known by its ARN, an inline policy by its owner and name, a trust policy by its role.
"""


def inline_policy_key(owner_arn: str, policy_name: str) -> str:
    """Return the key of an inline policy of a user, group or role."""
    return f"{owner_arn}#inline/{policy_name}"


def trust_policy_key(role_arn: str) -> str:
    """Return the key of a role's trust policy."""
    return f"{role_arn}#trust"


def broken_key(account_id: str, list_name: str, position: int) -> str:
    """Return the key of an entry that could not be read: its list, and its position among the broken ones."""
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
