"""Amazon EventBridge Pipes: pipes with their roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="pipes",
    title="EventBridge Pipes",
    commands=(
        runs_command("pipes", "list-pipes", {"Pipes[]": {"Name": str}}, Collect()),
        runs_command(
            "pipes",
            "describe-pipe",
            {"Arn": str, "RoleArn?": str, "CurrentState?": str},
            each_of("list-pipes", "Pipes[]", {"Name": "Name"}, {"pipe": "Name"}),
            RunsWith(WorkloadKind.PIPE, "@", "{Arn}", (("RoleArn", RoleUsage.DELIVERS),), state="CurrentState"),
            arguments=("pipe",),
            options="--name PIPE",
        ),
    ),
)
