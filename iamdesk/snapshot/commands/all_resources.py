"""Commands about resources of all services: tags, VPC endpoints, and shares of AWS Resource Access Manager.

Source: the AWS CLI command reference, and the API references of the services.
"""

from typing import Annotated

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, Tag
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.resource_service import Collect, Command
from iamdesk.snapshot.resource_shares import ManagedPermission, ResourceShare, ResourceShareAssociation
from iamdesk.snapshot.resources import VpcEndpoint


class TaggedResource(AwsModel):
    """A resource and its tags."""

    resource_arn: Annotated[str, Field(alias="ResourceARN")]
    tags: tuple[Tag, ...] = ()


class GetResources(AwsModel):
    """``resourcegroupstaggingapi get-resources``."""

    resource_tag_mapping_list: tuple[TaggedResource, ...]


class DescribeVpcEndpoints(AwsModel):
    """``ec2 describe-vpc-endpoints``."""

    vpc_endpoints: tuple[VpcEndpoint, ...]


class GetResourceShares(AwsCamelModel):
    """``ram get-resource-shares``."""

    resource_shares: tuple[ResourceShare, ...]


class GetResourceShareAssociations(AwsCamelModel):
    """``ram get-resource-share-associations``."""

    resource_share_associations: tuple[ResourceShareAssociation, ...]


class ListResourceSharePermissions(AwsCamelModel):
    """``ram list-resource-share-permissions``."""

    permissions: tuple[ManagedPermission, ...]


class GetPermission(AwsCamelModel):
    """``ram get-permission``."""

    permission: ManagedPermission


def _shares(command: str, argument: str | tuple[str, ...], options: str) -> Call:
    arguments = (argument,) if isinstance(argument, str) else argument
    return Call("ram", command, Scope.REGION, Kind.RESOURCE_SHARES, arguments, options)


def _each(parameter: str, first: str, second: str) -> Collect:
    return Collect(parameters={parameter: first}, also=(Collect(parameters={parameter: second}),))


COMMANDS = (
    Command(
        Call("resourcegroupstaggingapi", "get-resources", Scope.REGION, Kind.TAGS),
        GetResources,
        Collect(actions=("tag:GetResources",)),
        loose_keys="ResourceTagMappingList",
        loose_arn="resource_tag_mapping_list.resource_arn",
    ),
    Command(
        Call("ec2", "describe-vpc-endpoints", Scope.REGION, Kind.VPC_ENDPOINTS),
        DescribeVpcEndpoints,
        Collect(),
        loose_keys="VpcEndpoints",
    ),
    Command(
        _shares("get-resource-shares", "owner", "--resource-owner OWNER"),
        GetResourceShares,
        _each("resourceOwner", "SELF", "OTHER-ACCOUNTS"),
    ),
    Command(
        _shares("get-resource-share-associations", "association-type", "--association-type ASSOCIATION-TYPE"),
        GetResourceShareAssociations,
        _each("associationType", "PRINCIPAL", "RESOURCE"),
    ),
    Command(
        _shares("list-resource-share-permissions", "share-id", "--resource-share-arn RESOURCE-SHARE-ARN"),
        ListResourceSharePermissions,
        Collect(
            "get-resource-shares",
            'resourceShares[].{resourceShareArn: resourceShareArn, "@share-id": after_last(resourceShareArn)}',
        ),
    ),
    Command(
        _shares(
            "get-permission",
            ("permission", "version"),
            "--permission-arn PERMISSION-ARN --permission-version VERSION",
        ),
        GetPermission,
        Collect(
            "list-resource-share-permissions",
            "permissions[].{permissionArn: arn, permissionVersion: to_number(version),"
            ' "@permission": after_last(arn), "@version": version}',
        ),
    ),
)
