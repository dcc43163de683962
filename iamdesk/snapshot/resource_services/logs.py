"""Amazon CloudWatch Logs: policies of destinations, and the roles with which they deliver."""

from collections.abc import Mapping
from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList
from iamdesk.snapshot.resource_service import NOT_OFFERED, Collect, Command, ResourceService, RunsWith, regional
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind


class Destination(AwsCamelModel):
    """A destination for log events of other accounts."""

    arn: str
    role_arn: str | None = None
    access_policy: PolicyDocument = None


class DescribeDestinations(HasResourceList, AwsCamelModel):
    """``logs describe-destinations``: with their policies."""

    destinations: tuple[Destination, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.destinations)

    @property
    @override
    def policies_by_arn(self) -> Mapping[str, Any]:
        return {one.arn: one.access_policy or None for one in self.destinations}


SERVICE = ResourceService(
    prefix="logs",
    title="CloudWatch Logs",
    policy_title=mark("destination policy"),
    commands=(
        Command(
            regional("logs", "describe-destinations", absent=(NOT_OFFERED,), lists=True),
            DescribeDestinations,
            Collect(),
            runs=(
                RunsWith(WorkloadKind.LOG_DESTINATION, "destinations[]", "{arn}", (("roleArn", RoleUsage.DELIVERS),)),
            ),
        ),
    ),
)
