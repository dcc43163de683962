"""AWS Step Functions: state machines with their roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="states",
    title="Step Functions",
    commands=(
        runs_command("stepfunctions", "list-state-machines", {"stateMachines[]": {"stateMachineArn": str}}, Collect()),
        runs_command(
            "stepfunctions",
            "describe-state-machine",
            {"stateMachineArn": str, "status?": str, "roleArn?": str},
            each_of(
                "list-state-machines",
                "stateMachines[]",
                {"stateMachineArn": "stateMachineArn"},
                {"state-machine": "after_last(stateMachineArn)"},
            ),
            RunsWith(
                WorkloadKind.STATE_MACHINE, "@", "{stateMachineArn}", (("roleArn", RoleUsage.RUNS),), state="status"
            ),
            arguments=("state-machine",),
            options="--state-machine-arn STATE-MACHINE-ARN",
        ),
    ),
)
