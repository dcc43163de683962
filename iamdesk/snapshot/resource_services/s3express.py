"""Amazon S3 Express One Zone: policies of directory buckets.

Policies decide only who may create a session (``s3express:CreateSession``), which gives access to all objects. Block
Public Access is always on, and access control lists are off (Amazon S3 User Guide, "Security best practices for
directory buckets").
"""

from dataclasses import replace
from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional

_ENDING = "--x-s3"
"""Of their names (Amazon S3 User Guide, "Directory bucket naming rules"). What imitates S3 may list all buckets."""


class ListedDirectoryBucket(AwsModel):
    """One of them."""

    name: str
    bucket_arn: str | None = None
    """Not printed by AWS CLIs of before March 2025."""


class ListDirectoryBuckets(HasResourceList):
    """``s3api list-directory-buckets``."""

    buckets: tuple[ListedDirectoryBucket, ...] = ()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.bucket_arn or one.name for one in self.buckets if one.name.endswith(_ENDING))


SERVICE = ResourceService(
    prefix="s3express",
    title="S3 directory buckets",
    policy_title=mark("bucket policy"),
    commands=(
        Command(
            replace(regional("s3express", "list-directory-buckets", lists=True), cli_service="s3api"),
            ListDirectoryBuckets,
            Collect(actions=("s3express:ListAllMyDirectoryBuckets",)),
            lists_names_for="get-bucket-policy",
        ),
        Command(
            replace(
                regional("s3express", "get-bucket-policy", ("bucket",), "--bucket BUCKET", ("NoSuchBucketPolicy",)),
                cli_service="s3api",
            ),
            PolicyOutput,
            Collect(
                after="list-directory-buckets",
                each=f"Buckets[?ends_with(Name, '{_ENDING}')].{{Bucket: Name, \"@bucket\": Name}}",
            ),
            arn="s3express:{region}:{account}:bucket/{}",
            put_policy="s3api put-bucket-policy --bucket {name} --policy {policy}",
        ),
    ),
)
