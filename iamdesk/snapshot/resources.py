"""The data of a resource outside IAM: its policy, owner, tags, ACL and access settings."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.policy_decoding import decode_document


class ObjectOwnership(StrEnum):
    """Whether a bucket's ACLs count (rule I6)."""

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
    """The account of the canonical id, if the snapshot contains it."""


class KeyGrant(BaseModel):
    """One grant on a KMS key: an Allow for listed operations to one principal."""

    model_config = ConfigDict(frozen=True)

    grant_id: str
    grantee_principal: str
    operations: tuple[str, ...]
    has_constraints: bool = False
    """Whether it is bound to an encryption context; the next two have that context, if captured."""
    encryption_context_subset: tuple[tuple[str, str], ...] = ()
    """(key, value) pairs that the encryption context has to hold."""
    encryption_context_equals: tuple[tuple[str, str], ...] = ()
    """(key, value) pairs that the encryption context has to be, no more and no less."""
    source_arn: str | None = None
    """The resource for which a service has to act: ``aws:SourceArn``."""
    retiring_principal: str | None = None
    """The principal that may retire it, besides the grantee."""


class PublicAccessBlock(BaseModel):
    """S3 Block Public Access settings; of account and bucket the strictest counts (rule I7)."""

    model_config = ConfigDict(frozen=True)

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


class AccessPointBucket(BaseModel):
    """A bucket of an S3 access point."""

    model_config = ConfigDict(frozen=True)

    name: str
    account_id: str | None = None
    """The bucket's owner (``BucketAccountId``); None: not captured."""
    region: str | None = None
    """For a Multi-Region Access Point: the Region that it serves from this bucket."""


class AccessPoint(BaseModel):
    """The buckets of an S3 access point (``s3control get-access-point``, ``list-multi-region-access-points``)."""

    model_config = ConfigDict(frozen=True)

    buckets: tuple[AccessPointBucket, ...]
    """One; for a Multi-Region Access Point one per Region. Empty: not captured."""
    alias: str | None = None
    """The name that can be used as a bucket name (``…-s3alias``)."""
    network_origin: str | None = None
    """``Internet`` or ``VPC``."""
    vpc_id: str | None = None
    """For the origin ``VPC``: the only VPC it takes requests from."""


class FunctionUrl(AwsModel):
    """An HTTPS address of a Lambda function or alias."""

    function_arn: str
    """Of the function or alias that it invokes."""
    function_url: str
    auth_type: str
    """``AWS_IAM``, or ``NONE``: the function's policy alone decides, and requests need no signature."""


class DataAccess(BaseModel):
    """What a data access policy allows in a collection of OpenSearch Serverless."""

    model_config = ConfigDict(frozen=True)

    policy: str
    """Name of the data access policy."""
    principals: tuple[str, ...]
    """ARNs of users and roles, and SAML identities (``saml/ACCOUNT/PROVIDER/user/NAME``)."""
    permissions: tuple[str, ...]
    """Such as ``aoss:ReadDocument``: no IAM actions."""
    resources: tuple[str, ...]
    """``collection/NAME``, ``index/NAME/INDEX``."""


class Resource(BaseModel):
    """One resource."""

    model_config = ConfigDict(frozen=True)

    arn: str
    account_id: str | None = None
    """Its owner, for ARNs without an account (S3 buckets)."""
    region: str | None = None
    """For ARNs without a Region (S3 buckets); None: not captured."""
    is_policy_captured: bool = True
    """Whether ``policy`` was captured: None then means that the resource has no policy."""
    is_only_tagged: bool = False
    """Whether only its tags are known (an EC2 instance)."""
    policy: Annotated[Any, BeforeValidator(decode_document)] = None
    tags: tuple[tuple[str, str], ...] | None = None
    """(key, value) pairs; None: not captured."""
    acl: tuple[AclGrant, ...] | None = None
    object_ownership: ObjectOwnership | None = None
    public_access_block: PublicAccessBlock | None = None
    key_aliases: tuple[str, ...] = ()
    """ARNs of the aliases of a KMS key."""
    encryption_key_arn: str | None = None
    """The KMS key with which its content is encrypted."""
    abac_enabled: bool = False
    """For buckets: whether tags count in conditions (rule I12)."""
    key_grants: tuple[KeyGrant, ...] | None = None
    is_aws_managed: bool = False
    """For KMS keys: whether AWS keeps it for its services (``KeyManager``); no RCP binds it (rule B7)."""
    function_urls: tuple[FunctionUrl, ...] | None = None
    """For Lambda functions and aliases; None: not captured."""
    authorization_types: tuple[tuple[str, str], ...] | None = None
    """For APIs: (method and path, or route; authorization type) of each.

    Types: ``NONE``, ``AWS_IAM``, ``CUSTOM``, ``COGNITO_USER_POOLS``, ``JWT``.
    None: not captured."""
    data_access: tuple[DataAccess, ...] | None = None
    """For collections of OpenSearch Serverless; None: not captured."""
    access_point: AccessPoint | None = None
    """For S3 access points (``arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME``): its buckets (rule I11)."""


class VpcEndpoint(AwsModel):
    """A VPC endpoint (``ec2 describe-vpc-endpoints``, AWS's names)."""

    vpc_endpoint_id: str
    """``vpce-…``: the value of ``aws:SourceVpce``."""
    service_name: str
    """Such as ``com.amazonaws.us-east-1.s3``."""
    vpc_endpoint_type: str | None = None
    """``Gateway``, ``Interface``, ``GatewayLoadBalancer``, …"""
    vpc_id: str | None = None
    owner_id: str | None = None
    """The account that the endpoint belongs to."""
    state: str | None = None
    policy_document: PolicyDocument = None
    """None: the service takes no endpoint policy, or AWS printed none; in both cases, it sets no limit (rule B9)."""


class AccountSettings(BaseModel):
    """Settings of a whole account that affect decisions."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    public_access_block: PublicAccessBlock | None = None
    canonical_id: str | None = None
