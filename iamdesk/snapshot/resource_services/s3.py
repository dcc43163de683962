"""Amazon S3: policies of buckets, access points and S3 Access Grants, and what else decides about access to buckets."""

from dataclasses import replace
from typing import Annotated, Any, override

from pydantic import BaseModel, Field

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.models import settings
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy, PolicyOutput
from iamdesk.snapshot.resource_service import (
    Collect,
    Command,
    ResourceService,
    RunsWith,
    regional,
    runs_command,
)
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

_BUCKETS = Collect(after="list-buckets", each='Buckets[].{Bucket: Name, "@bucket": Name, "@region": BucketRegion}')
_NO_INSTANCE = "AccessGrantsInstanceNotExistsError"
# Multi-Region Access Points are asked about in us-west-2, whatever the Regions of their buckets.
_MULTI_REGION = "--account-id ACCOUNT-ID --region us-west-2"


class ListedBucket(AwsModel):
    """A bucket."""

    name: str


class BucketOwner(AwsModel):
    """Who owns the buckets."""

    id: Annotated[str, Field(alias="ID")] = ""
    """The account's canonical user id."""


class ListBuckets(HasResourceList):
    """``s3api list-buckets``."""

    buckets: tuple[ListedBucket, ...]
    owner: BucketOwner = BucketOwner()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(bucket.name for bucket in self.buckets)


class ListedAccessPoint(AwsModel):
    """An access point, and the bucket that it leads to."""

    name: str
    access_point_arn: str
    bucket: str
    bucket_account_id: str | None = None
    alias: str | None = None
    network_origin: str | None = None
    vpc_configuration: dict[str, str] | None = None


class ListAccessPoints(HasResourceList):
    """``s3control list-access-points``."""

    access_point_list: tuple[ListedAccessPoint, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(point.access_point_arn for point in self.access_point_list)


class RegionOfAccessPoint(AwsModel):
    """A bucket behind a Multi-Region Access Point."""

    bucket: str
    region: str | None = None
    bucket_account_id: str | None = None


class MultiRegionAccessPoint(AwsModel):
    """A Multi-Region Access Point."""

    name: str
    alias: str
    """What its ARN ends with: ``….mrap``."""
    regions: tuple[RegionOfAccessPoint, ...] = ()


class ListMultiRegionAccessPoints(HasResourceList):
    """``s3control list-multi-region-access-points``."""

    access_points: tuple[MultiRegionAccessPoint, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(point.alias for point in self.access_points)


class PolicyInForce(AwsModel):
    """The policy of a Multi-Region Access Point that is in force."""

    policy: PolicyDocument = None


class MultiRegionPolicies(AwsModel):
    """The policies of a Multi-Region Access Point: one may be on its way to all Regions beside it."""

    established: PolicyInForce | None = None


class GetMultiRegionAccessPointPolicy(HasResourcePolicy):
    """``s3control get-multi-region-access-point-policy``."""

    policy: MultiRegionPolicies | None = None

    @property
    @override
    def document(self) -> Any:
        established = self.policy.established if self.policy else None
        return established.policy or None if established else None


class GetAccessGrantsInstance(HasResourceList):
    """``s3control get-access-grants-instance``: the account's S3 Access Grants in a Region."""

    access_grants_instance_arn: str | None = None
    """None: the account has none in the Region."""

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return (self.access_grants_instance_arn,) if self.access_grants_instance_arn else ()


def _of_bucket(
    command: str,
    model: type[BaseModel],
    kind: Kind,
    absent: tuple[str, ...] = (),
    action: str = "",
    arn: str = "",
    put_policy: str = "",
) -> Command:
    call = Call("s3api", command, Scope.ACCOUNT, kind, ("bucket",), "--bucket BUCKET", absent)
    collect = replace(_BUCKETS, actions=(action,)) if action else _BUCKETS
    return Command(call, model, collect, arn=arn, put_policy=put_policy)


SERVICE = ResourceService(
    prefix="s3",
    title="S3",
    policy_title=mark("bucket policy"),
    commands=(
        Command(
            Call("s3api", "list-buckets", Scope.ACCOUNT, Kind.RESOURCE_POLICIES, lists=True),
            ListBuckets,
            # S3 prints the Region of each bucket only if asked for pages (API reference of ListBuckets, BucketRegion).
            Collect(actions=("s3:ListAllMyBuckets",), page_size=1000),
            lists_names_for="get-bucket-policy",
            loose_keys="Buckets Owner",
        ),
        _of_bucket(
            "get-bucket-policy",
            PolicyOutput,
            Kind.RESOURCE_POLICIES,
            ("NoSuchBucketPolicy",),
            arn="s3:::{}",
            put_policy="s3api put-bucket-policy --bucket {name} --policy {policy}",
        ),
        _of_bucket("get-bucket-acl", settings.GetBucketAcl, Kind.BUCKET_ACCESS),
        _of_bucket(
            "get-bucket-ownership-controls",
            settings.GetBucketOwnershipControls,
            Kind.BUCKET_ACCESS,
            ("OwnershipControlsNotFoundError",),
        ),
        _of_bucket(
            "get-public-access-block",
            settings.GetPublicAccessBlock,
            Kind.BUCKET_ACCESS,
            ("NoSuchPublicAccessBlockConfiguration",),
            "s3:GetBucketPublicAccessBlock",
        ),
        _of_bucket("get-bucket-location", settings.GetBucketLocation, Kind.BUCKET_ACCESS),
        _of_bucket(
            "get-bucket-encryption",
            settings.GetBucketEncryption,
            Kind.BUCKET_ACCESS,
            ("ServerSideEncryptionConfigurationNotFoundError",),
            "s3:GetEncryptionConfiguration",
        ),
        _of_bucket("get-bucket-abac", settings.GetBucketAbac, Kind.TAGS),
        _of_bucket("get-bucket-tagging", settings.GetBucketTagging, Kind.TAGS, ("NoSuchTagSet",)),
        Command(
            Call(
                "s3control",
                "get-public-access-block",
                Scope.ACCOUNT,
                Kind.BUCKET_ACCESS,
                (),
                "--account-id ACCOUNT-ID",
                ("NoSuchPublicAccessBlockConfiguration",),
            ),
            settings.GetPublicAccessBlock,
            Collect(parameters={"AccountId": "{account}"}, actions=("s3:GetAccountPublicAccessBlock",)),
            loose_keys="PublicAccessBlockConfiguration",
        ),
        Command(
            regional("s3control", "list-access-points", (), "--account-id ACCOUNT-ID", lists=True),
            ListAccessPoints,
            Collect(parameters={"AccountId": "{account}"}),
            loose_keys="AccessPointList",
        ),
        Command(
            regional(
                "s3control",
                "get-access-point-policy",
                ("access-point",),
                "--account-id ACCOUNT-ID --name ACCESS-POINT",
                ("NoSuchAccessPointPolicy",),
            ),
            PolicyOutput,
            Collect(
                after="list-access-points",
                each='AccessPointList[].{Name: Name, "@access-point": Name}',
                parameters={"AccountId": "{account}"},
            ),
            arn="s3:{region}:{account}:accesspoint/{}",
        ),
        Command(
            Call(
                "s3control",
                "list-multi-region-access-points",
                Scope.ACCOUNT,
                Kind.RESOURCE_POLICIES,
                (),
                _MULTI_REGION,
                lists=True,
            ),
            ListMultiRegionAccessPoints,
            lists_names_for="get-multi-region-access-point-policy",
        ),
        Command(
            Call(
                "s3control",
                "get-multi-region-access-point-policy",
                Scope.ACCOUNT,
                Kind.RESOURCE_POLICIES,
                ("access-point",),
                f"{_MULTI_REGION} --name ACCESS-POINT",
            ),
            GetMultiRegionAccessPointPolicy,
            # The ARN has the alias, which only the list contains beside the name.
            arn="s3::{account}:accesspoint/{}",
        ),
        runs_command(
            "s3control",
            "list-access-grants-locations",
            {
                "AccessGrantsLocationsList[]?": {
                    "AccessGrantsLocationArn": str,
                    "LocationScope?": str,
                    "IAMRoleArn?": str,
                }
            },
            Collect(parameters={"AccountId": "{account}"}),
            RunsWith(
                WorkloadKind.GRANTS_LOCATION,
                "AccessGrantsLocationsList[]",
                "{AccessGrantsLocationArn}",
                (("IAMRoleArn", RoleUsage.HANDS_OUT),),
                detail="{LocationScope}",
            ),
            options="--account-id ACCOUNT-ID",
            absent=(_NO_INSTANCE,),
        ),
        runs_command(
            "s3control",
            "list-access-grants",
            {
                "AccessGrantsList[]?": {
                    "AccessGrantArn": str,
                    "Grantee?": {"GranteeIdentifier?": str},
                    "Permission?": str,
                    "GrantScope?": str,
                }
            },
            Collect(parameters={"AccountId": "{account}"}),
            # The grantee is the ARN of a user or role, or the UUID of a user or group in IAM Identity Center.
            RunsWith(
                WorkloadKind.ACCESS_GRANT,
                "AccessGrantsList[]",
                "{AccessGrantArn}",
                (("Grantee.GranteeIdentifier", RoleUsage.MAPS),),
                detail="{Permission} {GrantScope}",
            ),
            options="--account-id ACCOUNT-ID",
            absent=(_NO_INSTANCE,),
        ),
        # Not list-access-grants-instances: that lists instances that other accounts share, too.
        Command(
            regional("s3control", "get-access-grants-instance", (), "--account-id ACCOUNT-ID", (_NO_INSTANCE,)),
            GetAccessGrantsInstance,
            Collect(parameters={"AccountId": "{account}"}),
        ),
        Command(
            regional(
                "s3control",
                "get-access-grants-instance-resource-policy",
                ("instance",),
                "--account-id ACCOUNT-ID",
                (_NO_INSTANCE, "AccessGrantsInstanceResourcePolicyNotExists"),
            ),
            PolicyOutput,
            Collect(
                after="get-access-grants-instance",
                each='[{"@instance": AccessGrantsInstanceId}]',
                parameters={"AccountId": "{account}"},
            ),
            arn="s3:{region}:{account}:access-grants/{}",
        ),
    ),
)
