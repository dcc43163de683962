"""Amazon EFS: policies of file systems."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel, Tag
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedFileSystem(AwsModel):
    """A file system."""

    file_system_id: str
    file_system_arn: str | None = None
    tags: tuple[Tag, ...] | None = None


class DescribeFileSystems(HasResourceList):
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


SERVICE = ResourceService(
    prefix="elasticfilesystem",
    title="EFS",
    policy_title=mark("file system policy"),
    commands=(
        Command(
            regional("efs", "describe-file-systems", lists=True),
            DescribeFileSystems,
            Collect(),
            lists_names_for="describe-file-system-policy",
        ),
        Command(
            regional(
                "efs",
                "describe-file-system-policy",
                ("file-system-id",),
                "--file-system-id FILE-SYSTEM-ID",
                ("PolicyNotFound",),
            ),
            PolicyOutput,
            Collect(
                after="describe-file-systems",
                each='FileSystems[].{FileSystemId: FileSystemId, "@file-system-id": FileSystemId}',
            ),
            arn="elasticfilesystem:{region}:{account}:file-system/{}",
        ),
    ),
)
