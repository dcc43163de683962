"""Resources shared through AWS Resource Access Manager, as ``aws ram`` prints them.

Source of the shapes: the RAM API reference (ResourceShare, ResourceShareAssociation).
"""

from pydantic import BaseModel, ConfigDict

from iamdesk.snapshot.aws_shape import AwsCamelModel


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
    """For principals: whether it stands outside of the organization."""


class ResourceShares(BaseModel):
    """All shares that one account sees in one Region."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    region: str
    shares: tuple[ResourceShare, ...] | None = None
    """None: not captured."""
    associations: tuple[ResourceShareAssociation, ...] | None = None
