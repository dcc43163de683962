"""Amazon CloudWatch Logs: destinations with their roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="logs",
    title="CloudWatch Logs",
    commands=(
        runs_command(
            "logs",
            "describe-destinations",
            {"destinations[]": {"arn": str, "roleArn?": str}},
            Collect(),
            RunsWith(WorkloadKind.LOG_DESTINATION, "destinations[]", "{arn}", (("roleArn", RoleUsage.DELIVERS),)),
        ),
    ),
)
