"""Grants outside of policies that the snapshot does not hold and that may allow the caller: assumptions of a denial."""

from collections.abc import Collection, Iterator

from iamdesk.evaluate.action_resource import Target
from iamdesk.evaluate.policy_set import AttachedPolicy, MissingData
from iamdesk.evaluate.principal import Caller, CallerKind
from iamdesk.evaluate.principal_match import match_principal
from iamdesk.evaluate.request import PolicyType
from iamdesk.evaluate.resource_sharing import BY_RAM, shared_by
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.inventory.organization_index import OrganizationIndex
from iamdesk.inventory.resource_grants import ACL_ACTIONS, key_grants_document
from iamdesk.inventory.resource_share_index import OWNERS_ALONE, ResourceShareIndex
from iamdesk.policy.document import Document
from iamdesk.policy.principals import PrincipalType
from iamdesk.policy.public_policy import is_public, public_words
from iamdesk.snapshot.resources import DataAccess, ObjectOwnership, Resource

_DECIDE_BESIDE_POLICIES = {
    # Amazon S3 API Reference, GetDataAccess ("searches for a matching grant").
    ("s3", "getdataaccess"): mark(
        "S3 Access Grants gives credentials only for data for which a grant names the caller: grants are not evaluated."
    ),
    # Amazon OpenSearch Service Developer Guide, "Data access control for Amazon OpenSearch Serverless" (Important).
    ("aoss", "apiaccessall"): mark(
        "OpenSearch Serverless also needs a data access policy that names the caller: these are not evaluated."
    ),
}
"""What else has to allow a call, by service and action."""


def missing_data_beside_policies(
    caller: Caller,
    target: Target,
    owner: str | None,
    record: Resource | None,
    policy: AttachedPolicy | None,
    canonical_ids: Collection[str],
    shares: ResourceShareIndex,
    organization: OrganizationIndex | None,
) -> Iterator[MissingData]:
    """Yield missing data on shares, access control lists, canonical user IDs, and a call's other resources and checks.

    ``canonical_ids`` are those whose accounts the snapshot knows. Within an account none of them grants anything (rule
    I6), so most requests have none.
    """
    if target.resource is None:
        return
    types = target.types_of_one_call
    if types:
        listed = join_messages(phrase(" and "), (", ".join(types[:-1]), types[-1]))
        message = phrase(
            "One call of {action_text} acts on {listed}: AWS authorizes each of them; this decision covers one.",
            action_text=target.action_text,
            listed=listed,
        )
        yield MissingData("one-of-several-resources", message, PolicyType.IDENTITY)
    beside = _DECIDE_BESIDE_POLICIES.get((target.service, target.name))
    if beside is not None:
        if record is not None and record.data_access is not None and not _is_named(caller, record.data_access):
            beside = mark(
                "OpenSearch Serverless also needs a data access policy that names the caller. None of the "
                "collection's policies does: unless one names the caller by a SAML identity, the request is "
                "denied."
            )
        yield MissingData("decided-beside-policies", phrase(beside), PolicyType.RESOURCE)
    if caller.account == owner or owner is None:
        return
    how = shared_by(target.service, target.resource_types) if caller.account is not None else None
    if how is not None and how == BY_RAM and shares.is_captured(owner, target.resource.region):
        yield from _missing_data_of_shares(caller, target, shares, organization)
    elif how is not None:
        message = phrase(
            "Whether the resource is shared with account {account} by {how} is not captured.",
            account=caller.account,
            how=how,
        )
        yield MissingData("sharing-missing", message, PolicyType.RESOURCE)
    if record is not None and _has_key_grant(caller, target, record):
        # EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes", example 2: a
        # service-linked role needs nothing but a grant to use another account's key. KMS Developer Guide, "Control
        # access": an IAM policy must allow the call.
        message = phrase(
            "A grant on the key names the caller. It is enough by itself if the caller's own account created it."
        )
        yield MissingData("key-grant-of-own-account", message, PolicyType.IDENTITY)
    if target.service != "s3":
        return
    if record is not None and record.access_point is None and _acl_may_count(record) and target.name in ACL_ACTIONS:
        yield MissingData(
            "acl-missing", phrase("The access control list is not captured: it may allow the request."), PolicyType.ACL
        )
    if policy is not None and caller.account is not None and caller.canonical_id is None:
        unknown = [name for name in _canonical_users(policy.document) if name not in canonical_ids]
        if unknown:
            message = phrase(
                "The account of the canonical user ID {unknown} in the policy is not captured.",
                unknown=unknown[0],
            )
            yield MissingData("canonical-user-missing", message, PolicyType.RESOURCE)


def _missing_data_of_shares(
    caller: Caller, target: Target, shares: ResourceShareIndex, organization: OrganizationIndex | None
) -> Iterator[MissingData]:
    """Yield the shares that may apply to the caller and whose permission is not captured."""
    for one in shares.of(target.resource_text):
        if one.permission is not None or not any(_may_be(entity, caller, organization) for entity in one.principals):
            continue
        if target.action_text.lower() in map(str.lower, one.default):
            message = phrase(
                "The managed permission of the resource share {share} is not captured. It is assumed to be the "
                "default permission, which allows {actions}.",
                share=one.share_name,
                actions=", ".join(one.default),
            )
            yield MissingData("share-permission-assumed", message, PolicyType.RESOURCE)
        elif target.name not in OWNERS_ALONE.get(one.resource_type, ()):
            message = phrase(
                "The resource is shared by {share}, whose managed permission is not captured.",
                share=one.share_name,
            )
            yield MissingData("share-permission-missing", message, PolicyType.RESOURCE)


def _may_be(entity: str, caller: Caller, organization: OrganizationIndex | None) -> bool:
    """Return whether a principal of a share may be the caller, as far as the snapshot shows."""
    if entity.isdecimal():
        return entity == caller.account
    parts = entity.split(":", 5)
    if len(parts) < 6:
        return entity == caller.text
    if parts[2] != "organizations":
        return parts[4] == caller.account
    kind, _, rest = parts[5].partition("/")
    if organization is None or caller.account is None:
        return True
    place, _, unit = rest.partition("/")
    if place != organization.organization.id:
        return not organization.has_account(caller.account)
    if organization.is_outside(caller.account):
        return False
    path = organization.org_path(caller.account)
    return kind == "organization" or path is None or unit in path.split("/")


def has_public_access_block(target: Target) -> bool:
    """Return whether Block Public Access applies to a resource: to buckets and access points (rule I7)."""
    resource = target.resource
    is_of_grants = resource is not None and resource.resource.startswith("access-grants/")
    return target.service in ("s3", "s3express") and not is_of_grants


def missing_data_of_public_access(
    caller: Caller, target: Target, owner: str | None, policy: AttachedPolicy | None, *, is_block_known: bool
) -> Iterator[MissingData]:
    """Yield that Block Public Access could deny the caller, where its settings are not known (rule I7)."""
    if is_block_known or policy is None or target.service != "s3" or not has_public_access_block(target):
        return
    if caller.kind is CallerKind.SERVICE or caller.account == owner:
        return
    if is_public(policy.document):
        message = phrase(
            "Block Public Access of {owner} or of its account is not captured. It is assumed to be off. The "
            "policy is public: {why}.",
            owner=policy.owner,
            why=public_words(policy.document),
        )
        yield MissingData("public-access-block-unknown", message, PolicyType.BLOCK_PUBLIC_ACCESS)


def _is_named(caller: Caller, accesses: Collection[DataAccess]) -> bool:
    """Return whether a data access policy names the caller: the user or role, or the session."""
    return any(principal in (caller.arn, caller.text) for access in accesses for principal in access.principals)


def _has_key_grant(caller: Caller, target: Target, record: Resource) -> bool:
    """Return whether a grant on a KMS key names the caller for the action, whatever its constraints."""
    document = key_grants_document(record)
    return document is not None and any(
        statement.covers_action(target.service, target.name)
        and match_principal(statement, caller, has_boundary=False) is not None
        for statement in document.statements
    )


def _acl_may_count(record: Resource) -> bool:
    return record.acl is None and record.object_ownership is not ObjectOwnership.BUCKET_OWNER_ENFORCED


def _canonical_users(document: Document) -> Iterator[str]:
    for statement in document.statements:
        for entry in statement.principals or ():
            if entry.type is PrincipalType.CANONICAL_USER and statement.is_allow:
                yield entry.text
