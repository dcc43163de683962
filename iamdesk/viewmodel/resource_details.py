"""The facts of a resource in the inspector, as (label, value) pairs."""

from collections.abc import Iterator

from iamdesk.i18n import join_messages, join_names, mark, nphrase, phrase
from iamdesk.policy.document import Document
from iamdesk.policy.public_policy import public_words
from iamdesk.snapshot.resources import AclGrant, PublicAccessBlock, Resource

_MAX_METHODS = 5
_GROUPS = "http://acs.amazonaws.com/groups/"
_BLOCKS = (
    ("block_public_acls", mark("rejects new public ACLs")),
    ("ignore_public_acls", mark("ignores public ACLs")),
    ("block_public_policy", mark("rejects new public policies")),
    ("restrict_public_buckets", mark("restricts public policies to the account")),
)


def resource_facts(resource: Resource, policy: Document | None) -> Iterator[tuple[str, str]]:
    """Yield what was captured of a resource besides its ARN; for buckets also what was not."""
    statements = resource.policy.get("Statement") if isinstance(resource.policy, dict) else None
    count = len(statements) if isinstance(statements, list) else 1
    if resource.policy is not None:
        yield mark("Policy"), nphrase("{count:,} statement", "{count:,} statements", count)
    elif not resource.is_only_tagged:
        yield mark("Policy"), phrase("none") if resource.is_policy_captured else phrase("not captured")
    if policy is not None and resource.arn.split(":", 3)[2] in ("s3", "s3express"):
        yield mark("Public by its policy"), public_words(policy) or phrase("no")
    if resource.arn.split(":", 5)[2:5] == ["s3", "", ""] and "/" not in resource.arn:
        yield from _bucket_facts(resource)
    elif resource.public_access_block is not None:
        yield mark("Block Public Access"), _block(resource.public_access_block)
    if resource.key_grants is not None:
        yield mark("Grants"), phrase("{count:,}", count=len(resource.key_grants))
    for grant in resource.key_grants or ():
        text = phrase(
            "{operations} to {grantee}", operations=", ".join(grant.operations), grantee=grant.grantee_principal
        )
        if grant.has_constraints:
            text = phrase("{grant}, limited to an encryption context", grant=text)
        yield phrase("Grant {id}", id=grant.grant_id[:12]), text
    for url in resource.function_urls or ():
        yield mark("Function URL"), phrase("{url}, authorization {type}", url=url.function_url, type=url.auth_type)
    if resource.authorization_types is not None:
        yield mark("Authorization of methods and routes"), _authorization(resource.authorization_types)
    if resource.data_access is not None and not resource.data_access:
        yield mark("Data access"), phrase("no data access policy applies")
    for access in resource.data_access or ():
        yield (
            mark("Data access"),
            phrase(
                "{policy}: {permissions} on {resources} for {principals}",
                policy=access.policy,
                permissions=join_names(access.permissions, _MAX_METHODS),
                resources=join_names(access.resources, _MAX_METHODS),
                principals=join_names(access.principals, _MAX_METHODS),
            ),
        )
    point = resource.access_point
    if point is not None:
        text = phrase("VPC {id}", id=point.vpc_id) if point.vpc_id else point.network_origin or phrase("not captured")
        yield mark("Takes requests from"), text
        if point.alias:
            yield mark("Alias"), point.alias
    if resource.tags is None:
        yield mark("Tags"), phrase("not captured")


def _authorization(types: tuple[tuple[str, str], ...]) -> str:
    """Return the authorization types with their methods: ``NONE: GET /; AWS_IAM: GET /orders and POST /orders``."""
    methods: dict[str, list[str]] = {}
    for method, kind in types:
        methods.setdefault(kind or phrase("not captured"), []).append(method)
    parts = [
        phrase("{type}: {methods}", type=kind, methods=join_names(names, _MAX_METHODS))
        for kind, names in sorted(methods.items())
    ]
    return join_messages("; ", parts) or phrase("no methods")


def _bucket_facts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield mark("Block Public Access"), _block(resource.public_access_block)
    yield mark("Object ownership"), resource.object_ownership or phrase("not captured")
    if resource.acl is None:
        yield mark("Access control list"), phrase("not captured")
    for grant in resource.acl or ():
        yield (
            mark("Access control list"),
            phrase("{permission} to {grantee}", permission=grant.permission, grantee=_grantee(grant)),
        )
    if resource.abac_enabled:
        yield mark("Tags in conditions"), phrase("evaluated: access control by tags is on")


def _block(block: PublicAccessBlock | None) -> str:
    if block is None:
        return phrase("not captured")
    on = [phrase(words) for name, words in _BLOCKS if getattr(block, name)]
    if not on:
        return phrase("off")
    return phrase("on") if len(on) == len(_BLOCKS) else join_messages(", ", on)


def _grantee(grant: AclGrant) -> str:
    if grant.uri:
        return grant.uri.removeprefix(_GROUPS)
    text = phrase("canonical user {id}", id=grant.canonical_id or phrase("not captured"))
    return phrase("{user} (account {account})", user=text, account=grant.account_id) if grant.account_id else text
