"""Outputs with the settings of resources: S3 access, tags, KMS grants, shares, endpoints.

Source of the shapes: each service's API reference.
"""

from typing import Annotated

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsModel, Tag
from iamdesk.snapshot.resources import ObjectOwnership


class Grantee(AwsModel):
    """Whom a grant of an access control list is for."""

    type: str = ""
    id: Annotated[str | None, Field(alias="ID")] = None
    """The canonical user id of an account."""
    uri: Annotated[str | None, Field(alias="URI")] = None
    """A predefined group."""


class ListedAclGrant(AwsModel):
    """A grant of an access control list."""

    grantee: Grantee
    permission: str


class AclOwner(AwsModel):
    """The owner of a bucket."""

    id: Annotated[str, Field(alias="ID")] = ""


class GetBucketAcl(AwsModel):
    """``s3api get-bucket-acl``."""

    owner: AclOwner = AclOwner()
    grants: tuple[ListedAclGrant, ...]


class OwnershipRule(AwsModel):
    """Who owns the objects that are put into a bucket."""

    object_ownership: ObjectOwnership


class OwnershipControls(AwsModel):
    """The rules; S3 keeps one."""

    rules: tuple[OwnershipRule, ...]


class GetBucketOwnershipControls(AwsModel):
    """``s3api get-bucket-ownership-controls``."""

    ownership_controls: OwnershipControls | None = None


class PublicAccessBlockConfiguration(AwsModel):
    """Block Public Access settings."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


class GetPublicAccessBlock(AwsModel):
    """``s3api get-public-access-block`` and ``s3control get-public-access-block``."""

    public_access_block_configuration: PublicAccessBlockConfiguration | None = None


class GetBucketLocation(AwsModel):
    """``s3api get-bucket-location``."""

    location_constraint: str | None = None
    """None for ``us-east-1``; ``EU`` for ``eu-west-1``."""


class DefaultEncryption(AwsModel):
    """How objects are encrypted if the request does not specify it."""

    sse_algorithm: Annotated[str, Field(alias="SSEAlgorithm")] = ""
    kms_master_key_id: Annotated[str | None, Field(alias="KMSMasterKeyID")] = None


class EncryptionRule(AwsModel):
    """One rule."""

    apply_server_side_encryption_by_default: DefaultEncryption | None = None


class EncryptionConfiguration(AwsModel):
    """The rules; S3 keeps one."""

    rules: tuple[EncryptionRule, ...]


class GetBucketEncryption(AwsModel):
    """``s3api get-bucket-encryption``."""

    server_side_encryption_configuration: EncryptionConfiguration | None = None


class AbacStatus(AwsModel):
    """Whether a bucket's tags count in policies."""

    status: str = ""
    """``Enabled`` or ``Disabled``."""


class GetBucketAbac(AwsModel):
    """``s3api get-bucket-abac``."""

    abac_status: AbacStatus


class GetBucketTagging(AwsModel):
    """``s3api get-bucket-tagging``; ``{}`` where the bucket has no tags."""

    tag_set: tuple[Tag, ...] = ()


class KeyTag(AwsModel):
    """A tag of a KMS key."""

    tag_key: str
    tag_value: str


class ListResourceTags(AwsModel):
    """``kms list-resource-tags``."""

    tags: tuple[KeyTag, ...]


class ListedKeyGrant(AwsModel):
    """A grant on a KMS key."""

    grant_id: str
    grantee_principal: str = ""
    grantee_service_principal: str | None = None
    operations: tuple[str, ...] = ()
    constraints: dict[str, dict[str, str] | str] | None = None
    retiring_principal: str | None = None
    retiring_service_principal: str | None = None


class ListGrants(AwsModel):
    """``kms list-grants``."""

    grants: tuple[ListedKeyGrant, ...]


class KeyMetadata(AwsModel):
    """A KMS key."""

    arn: str
    key_manager: str = ""
    """``AWS`` or ``CUSTOMER``."""
    key_state: str = ""


class DescribeKey(AwsModel):
    """``kms describe-key``."""

    key_metadata: KeyMetadata


class KeyAlias(AwsModel):
    """Another name of a KMS key."""

    alias_arn: str
    target_key_id: str | None = None


class ListAliases(AwsModel):
    """``kms list-aliases``."""

    aliases: tuple[KeyAlias, ...]
