"""The (label, value) pairs that the inspector shows of a resource."""

from collections.abc import Iterator

from iamdesk.snapshot.resources import AclGrant, PublicAccessBlock, Resource

_GROUPS = "http://acs.amazonaws.com/groups/"
_BLOCKS = (
    ("block_public_acls", "refuses new public ACLs"),
    ("ignore_public_acls", "ignores public ACLs"),
    ("block_public_policy", "refuses new public policies"),
    ("restrict_public_buckets", "restricts public policies to the account"),
)


def resource_facts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what was captured of a resource beside its ARN; for buckets also what was not."""
    statements = resource.policy.get("Statement") if isinstance(resource.policy, dict) else None
    count = len(statements) if isinstance(statements, list) else 1
    if resource.policy is not None:
        yield "Policy", f"{count:,} statement{'' if count == 1 else 's'}"
    else:
        yield "Policy", "none" if resource.is_policy_captured else "not captured"
    if resource.arn.split(":", 5)[2:5] == ["s3", "", ""] and "/" not in resource.arn:
        yield from _bucket_facts(resource)
    if resource.key_grants is not None:
        yield "Grants", f"{len(resource.key_grants):,}"
    for grant in resource.key_grants or ():
        bound = ", bound to an encryption context" if grant.has_constraints else ""
        yield f"Grant {grant.grant_id[:12]}", f"{', '.join(grant.operations)} to {grant.grantee_principal}{bound}"
    point = resource.access_point
    if point is not None:
        yield "Takes requests from", f"VPC {point.vpc_id}" if point.vpc_id else point.network_origin or "not captured"
        if point.alias:
            yield "Alias", point.alias
    if resource.tags is None:
        yield "Tags", "not captured"


def _bucket_facts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "Block Public Access", _block(resource.public_access_block)
    yield "Object ownership", resource.object_ownership or "not captured"
    if resource.acl is None:
        yield "Access control list", "not captured"
    for grant in resource.acl or ():
        yield "Access control list", f"{grant.permission} to {_grantee(grant)}"
    if resource.abac_enabled:
        yield "Tags in conditions", "count: access control by tags is on"


def _block(block: PublicAccessBlock | None) -> str:
    if block is None:
        return "not captured"
    on = [words for name, words in _BLOCKS if getattr(block, name)]
    return "off" if not on else "on" if len(on) == len(_BLOCKS) else ", ".join(on)


def _grantee(grant: AclGrant) -> str:
    if grant.uri:
        return grant.uri.removeprefix(_GROUPS)
    owner = f" (account {grant.account_id})" if grant.account_id else ""
    return f"canonical user {grant.canonical_id or 'not captured'}{owner}"
