"""Resources shared through AWS Resource Access Manager, as ``aws ram`` prints them.

Source of the shapes: the RAM API reference (ResourceShare, ResourceShareAssociation, ResourceSharePermissionSummary,
ResourceSharePermissionDetail).
"""

from pydantic import BaseModel, ConfigDict

from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument


class ResourceShare(AwsCamelModel):
    """One share (``ram get-resource-shares``)."""

    resource_share_arn: str
    name: str = ""
    owning_account_id: str = ""
    allow_external_principals: bool | None = None
    """Whether it may reach accounts outside of the organization."""
    status: str = ""
    """``ACTIVE``, …"""


class ResourceShareAssociation(AwsCamelModel):
    """A principal or a resource of a share (``ram get-resource-share-associations``)."""

    resource_share_arn: str
    resource_share_name: str = ""
    associated_entity: str
    """A principal (account id, or ARN of an organization, organizational unit, role or user), or a resource's ARN."""
    association_type: str
    """``PRINCIPAL`` or ``RESOURCE``."""
    status: str = ""
    """``ASSOCIATED``, ``ASSOCIATING``, ``DISASSOCIATED``, …"""
    external: bool | None = None
    """For principals: whether it is outside the organization."""


class ManagedPermission(AwsCamelModel):
    """A managed permission: what a share allows on resources of one type (``ram get-permission``, or as listed)."""

    arn: str
    version: str = ""
    name: str = ""
    resource_type: str = ""
    """``ec2:Subnet``, in any case."""
    permission: PolicyDocument = None
    """One statement of a resource-based policy without principal and resource: RAM fills these in. None where it is
    only listed."""


class SharePermission(BaseModel):
    """A managed permission of a share, as listed (``ram list-resource-share-permissions``)."""

    model_config = ConfigDict(frozen=True)

    share_id: str
    """The last part of the share's ARN."""
    permission: ManagedPermission


class ResourceShares(BaseModel):
    """All shares that one account sees in one Region."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    region: str
    shares: tuple[ResourceShare, ...] | None = None
    """None: not captured."""
    associations: tuple[ResourceShareAssociation, ...] | None = None
    share_permissions: tuple[SharePermission, ...] = ()
    """Which permissions the shares have, as far as it was captured."""
    permissions: tuple[ManagedPermission, ...] = ()
    """What managed permissions allow, as far as it was captured."""
