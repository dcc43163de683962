"""Amazon S3 Tables: policies of table buckets."""

from typing import Any, override

from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedTableBucket(AwsCamelModel):
    """One of them."""

    arn: str


class ListTableBuckets(HasResourceList, AwsCamelModel):
    """``s3tables list-table-buckets``."""

    table_buckets: tuple[ListedTableBucket, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.table_buckets)


class GetTableBucketPolicy(HasResourcePolicy, AwsCamelModel):
    """``s3tables get-table-bucket-policy``."""

    resource_policy: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.resource_policy or None


SERVICE = ResourceService(
    prefix="s3tables",
    title="S3 Tables",
    has_parts=True,
    commands=(
        Command(regional("s3tables", "list-table-buckets", lists=True), ListTableBuckets, Collect()),
        Command(
            regional(
                "s3tables",
                "get-table-bucket-policy",
                ("table-bucket",),
                "--table-bucket-arn ARN",
                ("NotFoundException",),
            ),
            GetTableBucketPolicy,
            Collect(after="list-table-buckets", each='tableBuckets[].{tableBucketARN: arn, "@table-bucket": name}'),
            arn="s3tables:{region}:{account}:bucket/{}",
        ),
    ),
)
