"""Amazon Managed Service for Prometheus: policies of workspaces."""

from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedWorkspace(AwsCamelModel):
    """A workspace."""

    arn: str


class ListWorkspaces(HasResourceList, AwsCamelModel):
    """``amp list-workspaces``."""

    workspaces: tuple[ListedWorkspace, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.workspaces)


class DescribeResourcePolicy(HasResourcePolicy, AwsCamelModel):
    """``amp describe-resource-policy``."""

    policy_document: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy_document or None


SERVICE = ResourceService(
    prefix="aps",
    title="Managed Service for Prometheus",
    policy_title=mark("workspace policy"),
    commands=(
        Command(regional("amp", "list-workspaces", lists=True), ListWorkspaces, Collect()),
        Command(
            regional(
                "amp",
                "describe-resource-policy",
                ("workspace",),
                "--workspace-id WORKSPACE",
                ("ResourceNotFoundException",),
            ),
            DescribeResourcePolicy,
            Collect(
                after="list-workspaces",
                each='workspaces[].{workspaceId: workspaceId, "@workspace": workspaceId}',
            ),
            arn="aps:{region}:{account}:workspace/{}",
            put_policy="amp put-resource-policy --workspace-id {name} --policy-document {policy}",
        ),
    ),
)
