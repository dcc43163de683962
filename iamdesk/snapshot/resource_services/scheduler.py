"""Amazon EventBridge Scheduler: schedules with the roles of their targets."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="scheduler",
    title="EventBridge Scheduler",
    commands=(
        runs_command("scheduler", "list-schedules", {"Schedules[]": {"GroupName": str, "Name": str}}, Collect()),
        runs_command(
            "scheduler",
            "get-schedule",
            {"Arn": str, "State?": str, "Target?": {"RoleArn?": str}},
            each_of(
                "list-schedules",
                "Schedules[]",
                {"GroupName": "GroupName", "Name": "Name"},
                {"group": "GroupName", "schedule": "Name"},
            ),
            RunsWith(WorkloadKind.SCHEDULE, "@", "{Arn}", (("Target.RoleArn", RoleUsage.DELIVERS),), state="State"),
            arguments=("group", "schedule"),
            options="--group-name GROUP --name SCHEDULE",
        ),
    ),
)
