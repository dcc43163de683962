"""Amazon S3 Vectors: policies of vector buckets."""

from typing import override

from iamdesk.snapshot.aws_model import AwsCamelModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedVectorBucket(AwsCamelModel):
    """One of them."""

    vector_bucket_arn: str


class ListVectorBuckets(HasResourceList, AwsCamelModel):
    """``s3vectors list-vector-buckets``."""

    vector_buckets: tuple[ListedVectorBucket, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.vector_bucket_arn for one in self.vector_buckets)


class GetVectorBucketPolicy(PolicyOutput, AwsCamelModel):
    """``s3vectors get-vector-bucket-policy``."""


SERVICE = ResourceService(
    prefix="s3vectors",
    title="S3 Vectors",
    has_parts=True,
    commands=(
        Command(regional("s3vectors", "list-vector-buckets", lists=True), ListVectorBuckets, Collect()),
        Command(
            regional(
                "s3vectors",
                "get-vector-bucket-policy",
                ("vector-bucket",),
                "--vector-bucket-arn ARN",
                ("NotFoundException",),
            ),
            GetVectorBucketPolicy,
            Collect(
                after="list-vector-buckets",
                each='vectorBuckets[].{vectorBucketArn: vectorBucketArn, "@vector-bucket": vectorBucketName}',
            ),
            arn="s3vectors:{region}:{account}:bucket/{}",
        ),
    ),
)
