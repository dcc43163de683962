"""AWS CloudFormation: stacks with the roles that it creates their resources with."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="cloudformation",
    title="CloudFormation",
    commands=(
        # Without --query it prints parameters and outputs, where secrets may lie.
        runs_command(
            "cloudformation",
            "describe-stacks",
            {"Stacks[]": {"StackId": str, "StackStatus?": str, "RoleARN?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.STACK,
                "Stacks[]",
                "{StackId}",
                (("RoleARN", RoleUsage.RUNS),),
                state="StackStatus",
                ended=frozenset({"DELETE_COMPLETE"}),
            ),
        ),
    ),
)
