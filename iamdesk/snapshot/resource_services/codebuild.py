"""AWS CodeBuild: projects with their service roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="codebuild",
    title="CodeBuild",
    commands=(
        runs_command("codebuild", "list-projects", {"projects[]": str}, Collect()),
        # Without --query it prints environment variables, where secrets lie.
        runs_command(
            "codebuild",
            "batch-get-projects",
            {
                "projects[]": {
                    "arn": str,
                    "serviceRole?": str,
                    "buildBatchConfig?": {"serviceRole?": str},
                }
            },
            each_of("list-projects", "projects[]", {"names": "[@]"}, {"project": "@"}),
            RunsWith(
                WorkloadKind.BUILD_PROJECT,
                "projects[]",
                "{arn}",
                (("serviceRole", RoleUsage.RUNS), ("buildBatchConfig.serviceRole", RoleUsage.PREPARES)),
            ),
            arguments=("project",),
            options="--names PROJECT",
        ),
    ),
)
