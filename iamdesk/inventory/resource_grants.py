"""Grants other than policies, written as policies: S3 access control lists and KMS grants (rules I1, I6, Table 2)."""

from collections.abc import Iterator
from typing import Any

from iamdesk.policy.document import Document, parse_document
from iamdesk.snapshot.resources import AclGrant, KeyGrant, ObjectOwnership, PublicAccessBlock, Resource

_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_PUBLIC = frozenset({_ALL_USERS, _AUTHENTICATED_USERS})

_BUCKET_ACTIONS: dict[str, tuple[str, ...]] = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject",),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_OBJECT_ACTIONS: dict[str, tuple[str, ...]] = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}


ACL_ACTIONS = frozenset(
    name.partition(":")[2].lower()
    for table in (_BUCKET_ACTIONS, _OBJECT_ACTIONS)
    for names in table.values()
    for name in names
)
"""Actions that an access control list can allow (names in lower case)."""


def acl_document(resource: Resource, account_block: PublicAccessBlock | None) -> Document | None:
    """Return an S3 ACL as a resource policy; None where it grants nothing (ACLs are disabled, or none is captured).

    It applies only to other accounts and to the public: the owner's own users get nothing by an ACL.
    """
    if resource.acl is None or resource.object_ownership in (None, ObjectOwnership.BUCKET_OWNER_ENFORCED):
        return None
    blocks = (resource.public_access_block, account_block)
    ignores_public = any(block is not None and block.ignore_public_acls for block in blocks)
    is_object = "/" in resource.arn.rpartition(":")[2]
    statements = [
        statement
        for grant in resource.acl
        if not (ignores_public and grant.uri in _PUBLIC)
        if (statement := _acl_statement(grant, resource.arn, is_object)) is not None
    ]
    return parse_document({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _acl_statement(grant: AclGrant, arn: str, is_object: bool) -> dict[str, Any] | None:
    table = _OBJECT_ACTIONS if is_object else _BUCKET_ACTIONS
    permissions = table if grant.permission == "FULL_CONTROL" else (grant.permission,)
    actions = [action for permission in permissions for action in table.get(permission, ())]
    if not actions:
        return None
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": actions,
        # Writing to a bucket is authorized on the new object.
        "Resource": [arn, f"{arn}/*"] if "s3:PutObject" in actions else arn,
    }
    if grant.uri == _ALL_USERS:
        return {**statement, "Sid": "AllUsers", "Principal": "*"}
    if grant.uri == _AUTHENTICATED_USERS:
        signed = {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}
        return {**statement, "Sid": "AuthenticatedUsers", "Principal": "*", "Condition": signed}
    if grant.uri == _LOG_DELIVERY:
        return {**statement, "Sid": "LogDelivery", "Principal": {"Service": "logging.s3.amazonaws.com"}}
    if grant.account_id is not None:
        return {**statement, "Principal": {"AWS": grant.account_id}}
    return None  # a canonical user ID without a known account (rule E13)


def default_policy(arn: str) -> dict[str, Any] | None:
    """Return the policy that applies to a resource without one; None where there is none.

    An EFS file system without a policy lets anyone mount it who can reach it over the network (rule D8; Amazon EFS
    User Guide, "Default EFS file system policy").
    """
    if ":elasticfilesystem:" not in arn or ":file-system/" not in arn:
        return None
    actions = ["ClientMount", "ClientWrite", "ClientRootAccess"]
    statement = {
        "Sid": "DefaultOfEFS",
        "Effect": "Allow",
        "Principal": "*",
        "Action": [f"elasticfilesystem:{action}" for action in actions],
        "Resource": arn,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def network_origin_document(resource: Resource) -> Document | None:
    """Return the restriction of an S3 access point to its VPC, as a policy; None for any other access point.

    S3 refuses every request that does not come from the VPC. Source: Amazon S3 User Guide, "Creating access points
    restricted to a virtual private cloud".
    """
    access_point = resource.access_point
    if access_point is None or access_point.network_origin != "VPC" or access_point.vpc_id is None:
        return None
    elsewhere = {"StringNotEquals": {"aws:SourceVpc": access_point.vpc_id}}
    statement = {
        "Sid": "OtherNetworks",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [resource.arn, f"{resource.arn}/*"],
        "Condition": elsewhere,
    }
    return parse_document({"Version": "2012-10-17", "Statement": [statement]})


def key_grants_document(resource: Resource) -> Document | None:
    """Return the grants on a KMS key as a resource policy; None without grants.

    A grant constrained to an encryption context allows operations with a context only with that context, and other
    operations without. Source: KMS API Reference, GrantConstraints. If the context is not captured, any context counts.
    """
    statements = [one for grant in resource.key_grants or () for one in _grant_statements(grant, resource.arn)]
    # No variables: what looks like one in an encryption context is literal.
    return parse_document({"Version": "2008-10-17", "Statement": statements}) if statements else None


_WITHOUT_CONTEXT = frozenset(
    {
        *("DescribeKey", "RetireGrant", "GetPublicKey"),
        *("Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"),
    }
)
"""Operations of grants without encryption context: constraints do not affect them."""


def _grant_statements(grant: KeyGrant, arn: str) -> Iterator[dict[str, Any]]:
    bound = [operation for operation in grant.operations if operation not in _WITHOUT_CONTEXT]
    free = [operation for operation in grant.operations if operation in _WITHOUT_CONTEXT]
    name = f"Grant{grant.grant_id[:12]}"
    if not grant.has_constraints:
        bound, free = [], [*grant.operations]
    # "Effectively the same as the aws:SourceArn global condition key" (KMS API Reference, GrantConstraints).
    source = {} if grant.source_arn is None else {"ArnEquals": {"aws:SourceArn": grant.source_arn}}
    if bound:
        yield {**_grant(name, grant.grantee_principal, bound, arn), "Condition": {**_constraints(grant), **source}}
    if free:
        of_any = _grant(f"{name}Unbound" if bound else name, grant.grantee_principal, free, arn)
        yield {**of_any, "Condition": source} if source else of_any
    if grant.retiring_principal is not None:
        yield _grant(f"{name}Retiring", grant.retiring_principal, ["RetireGrant"], arn)


def _grant(name: str, principal: str, operations: list[str], arn: str) -> dict[str, Any]:
    is_service = not principal.startswith("arn:") and "." in principal
    return {
        "Sid": name,
        "Effect": "Allow",
        "Principal": {"Service" if is_service else "AWS": principal},
        "Action": [f"kms:{operation}" for operation in operations],
        "Resource": arn,
    }


def _constraints(grant: KeyGrant) -> dict[str, Any]:
    """Write constraints as conditions: of a pair, the key is compared without case, the value with it."""
    pairs = (*grant.encryption_context_subset, *grant.encryption_context_equals)
    if not pairs:
        return {"Null": {"kms:EncryptionContextKeys": "false"}}
    conditions: dict[str, Any] = {
        "StringEquals": {f"kms:EncryptionContext:{key}": value for key, value in pairs},
    }
    if grant.encryption_context_equals:
        allowed = [key for key, _ in grant.encryption_context_equals]
        conditions["ForAllValues:StringEqualsIgnoreCase"] = {"kms:EncryptionContextKeys": allowed}
    return conditions
