"""AWS Batch: job definitions with their job and execution roles, and job queues."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="batch",
    title="Batch",
    commands=(
        # Without --query it prints environment variables, where secrets lie.
        runs_command(
            "batch",
            "describe-job-definitions",
            {
                "jobDefinitions[]": {
                    "jobDefinitionArn": str,
                    "status?": str,
                    "containerProperties?": {"jobRoleArn?": str, "executionRoleArn?": str},
                    "ecsProperties?": {"taskProperties[]?": {"taskRoleArn?": str, "executionRoleArn?": str}},
                }
            },
            Collect(),
            RunsWith(
                WorkloadKind.JOB_DEFINITION,
                "jobDefinitions[]",
                "{jobDefinitionArn}",
                (
                    ("containerProperties.jobRoleArn", RoleUsage.RUNS),
                    ("containerProperties.executionRoleArn", RoleUsage.PREPARES),
                    ("ecsProperties.taskProperties[].taskRoleArn", RoleUsage.RUNS),
                    ("ecsProperties.taskProperties[].executionRoleArn", RoleUsage.PREPARES),
                ),
                state="status",
                ended=frozenset({"INACTIVE"}),
            ),
        ),
        runs_command(
            "batch",
            "describe-job-queues",
            {"jobQueues[]": {"jobQueueArn": str, "state?": str}},
            Collect(),
            RunsWith(WorkloadKind.JOB_QUEUE, "jobQueues[]", "{jobQueueArn}", state="state"),
        ),
    ),
)
