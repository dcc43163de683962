"""What a snapshot can know of a resource beside IAM: its policy, owner, tags, ACL and access settings."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from iamdesk.snapshot.documents import decode_document


class ObjectOwnership(StrEnum):
    """Whether a bucket's ACLs count (SEMANTICS I6)."""

    BUCKET_OWNER_ENFORCED = "BucketOwnerEnforced"
    BUCKET_OWNER_PREFERRED = "BucketOwnerPreferred"
    OBJECT_WRITER = "ObjectWriter"


class AclGrant(BaseModel):
    """One grant of an S3 access control list."""

    model_config = ConfigDict(frozen=True)

    permission: str
    """``READ``, ``WRITE``, ``READ_ACP``, ``WRITE_ACP`` or ``FULL_CONTROL``."""
    uri: str | None = None
    """A predefined group (``http://acs.amazonaws.com/groups/global/AllUsers`` …)."""
    canonical_id: str | None = None
    account_id: str | None = None
    """The account behind the canonical id, where the snapshot knows it."""


class KeyGrant(BaseModel):
    """One grant on a KMS key: an Allow for listed operations to one principal."""

    model_config = ConfigDict(frozen=True)

    grant_id: str
    grantee_principal: str
    operations: tuple[str, ...]
    has_constraints: bool = False
    """Whether it is bound to an encryption context."""


class PublicAccessBlock(BaseModel):
    """S3 Block Public Access settings; of account and bucket the strictest counts (SEMANTICS I7)."""

    model_config = ConfigDict(frozen=True)

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


class Resource(BaseModel):
    """One resource."""

    model_config = ConfigDict(frozen=True)

    arn: str
    account_id: str | None = None
    """Its owner, for ARNs that do not tell (S3 buckets)."""
    is_policy_captured: bool = True
    """Whether ``policy`` is what AWS holds: None then means that the resource has no policy."""
    policy: Annotated[Any, BeforeValidator(decode_document)] = None
    tags: tuple[tuple[str, str], ...] | None = None
    """(key, value) pairs; None: not captured."""
    acl: tuple[AclGrant, ...] | None = None
    object_ownership: ObjectOwnership | None = None
    public_access_block: PublicAccessBlock | None = None
    encryption_key_arn: str | None = None
    """The KMS key with which its content is encrypted."""
    abac_enabled: bool = False
    """For buckets: whether tags count in conditions (SEMANTICS I12)."""
    key_grants: tuple[KeyGrant, ...] | None = None


class AccountSettings(BaseModel):
    """Settings of a whole account that decide requests."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    public_access_block: PublicAccessBlock | None = None
    canonical_id: str | None = None
