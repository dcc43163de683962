"""What the commands print that list resources.

Source of the shapes: each service's API reference.
"""

from typing import Annotated, override

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, Tag
from iamdesk.snapshot.models.resource_policies import RestApi


class ListsResources(AwsModel):
    """The output of a command that lists resources."""

    @property
    def listed(self) -> tuple[str, ...]:
        """Their ARNs where AWS prints them, else their names or ids."""
        raise NotImplementedError

    @property
    def tags_by_arn(self) -> dict[str, tuple[Tag, ...]]:
        """The tags of those whose tags AWS prints beside them."""
        return {}


class ListedBucket(AwsModel):
    """A bucket."""

    name: str


class BucketOwner(AwsModel):
    """Who owns the buckets."""

    id: Annotated[str, Field(alias="ID")] = ""
    """The account's canonical user id."""


class ListBuckets(ListsResources):
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


class ListAccessPoints(ListsResources):
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


class ListMultiRegionAccessPoints(ListsResources):
    """``s3control list-multi-region-access-points``."""

    access_points: tuple[MultiRegionAccessPoint, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(point.alias for point in self.access_points)


class ArnAndTags(AwsModel):
    """A listed resource that AWS prints with its ARN, and perhaps its tags."""

    arn: Annotated[str, Field(alias="ARN")]
    tags: tuple[Tag, ...] | None = None


class ListSecrets(ListsResources):
    """``secretsmanager list-secrets``."""

    secret_list: tuple[ArnAndTags, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(secret.arn for secret in self.secret_list)

    @property
    @override
    def tags_by_arn(self) -> dict[str, tuple[Tag, ...]]:
        return {secret.arn: secret.tags or () for secret in self.secret_list}


class ListedFileSystem(AwsModel):
    """A file system."""

    file_system_id: str
    file_system_arn: str | None = None
    tags: tuple[Tag, ...] | None = None


class DescribeFileSystems(ListsResources):
    """``efs describe-file-systems``."""

    file_systems: tuple[ListedFileSystem, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(system.file_system_arn or system.file_system_id for system in self.file_systems)

    @property
    @override
    def tags_by_arn(self) -> dict[str, tuple[Tag, ...]]:
        systems = self.file_systems
        return {s.file_system_arn: s.tags for s in systems if s.file_system_arn and s.tags is not None}


class GetRestApis(ListsResources, AwsCamelModel):
    """``apigateway get-rest-apis``: with their policies."""

    items: tuple[RestApi, ...] = ()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(api.id for api in self.items)
