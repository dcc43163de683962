"""Amazon ECS: clusters, services, running tasks and task definitions with their task and execution roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="ecs",
    title="ECS",
    commands=(
        runs_command(
            "ecs",
            "list-clusters",
            {"clusterArns[]": str},
            Collect(),
            RunsWith(WorkloadKind.ECS_CLUSTER, "clusterArns[]", "{@}"),
        ),
        runs_command(
            "ecs",
            "list-services",
            {"serviceArns[]": str},
            each_of("list-clusters", "clusterArns[]", {"cluster": "@"}, {"cluster": "after_last(@)"}),
            arguments=("cluster",),
            options="--cluster CLUSTER",
        ),
        runs_command(
            "ecs",
            "describe-services",
            {
                "services[]": {
                    "serviceArn": str,
                    "status?": str,
                    "taskDefinition?": str,
                    "enableExecuteCommand?": bool,
                }
            },
            each_of(
                "list-services",
                "serviceArns[]",
                {"services": "[@]"},
                {"service": "after_last(@)"},
                keep=("cluster", "@cluster"),
            ),
            RunsWith(
                WorkloadKind.ECS_SERVICE,
                "services[]",
                "{serviceArn}",
                definition="taskDefinition",
                state="status",
                takes_commands="enableExecuteCommand",
                ended=frozenset({"INACTIVE"}),
            ),
            arguments=("cluster", "service"),
            options="--cluster CLUSTER --services SERVICE",
        ),
        runs_command(
            "ecs",
            "list-tasks",
            {"taskArns[]": str},
            each_of("list-clusters", "clusterArns[]", {"cluster": "@"}, {"cluster": "after_last(@)"}),
            arguments=("cluster",),
            options="--cluster CLUSTER",
        ),
        runs_command(
            "ecs",
            "describe-tasks",
            {
                "tasks[]": {
                    "taskArn": str,
                    "taskDefinitionArn?": str,
                    "lastStatus?": str,
                    "enableExecuteCommand?": bool,
                    "overrides?": {"taskRoleArn?": str, "executionRoleArn?": str},
                }
            },
            each_of(
                "list-tasks", "taskArns[]", {"tasks": "[@]"}, {"task": "after_last(@)"}, keep=("cluster", "@cluster")
            ),
            RunsWith(
                WorkloadKind.ECS_TASK,
                "tasks[]",
                "{taskArn}",
                (("overrides.taskRoleArn", RoleUsage.RUNS), ("overrides.executionRoleArn", RoleUsage.PREPARES)),
                definition="taskDefinitionArn",
                state="lastStatus",
                takes_commands="enableExecuteCommand",
                ended=frozenset({"STOPPED", "DELETED"}),
            ),
            arguments=("cluster", "task"),
            options="--cluster CLUSTER --tasks TASK",
        ),
        runs_command(
            "ecs",
            "list-task-definition-families",
            {"families[]": str},
            Collect(parameters={"status": "ACTIVE"}),
            options="--status ACTIVE",
        ),
        # The newest revision of each family, and those that services and tasks use. Without --query it prints
        # environment variables, where secrets lie.
        runs_command(
            "ecs",
            "describe-task-definition",
            {
                "taskDefinition": {
                    "taskDefinitionArn": str,
                    "status?": str,
                    "taskRoleArn?": str,
                    "executionRoleArn?": str,
                }
            },
            each_of(
                "list-task-definition-families",
                "families[]",
                {"taskDefinition": "@"},
                {"task-definition": "@"},
                also=(
                    each_of(
                        "describe-services",
                        "services[]",
                        {"taskDefinition": "taskDefinition"},
                        {"task-definition": "after_last(taskDefinition)"},
                    ),
                    each_of(
                        "describe-tasks",
                        "tasks[]",
                        {"taskDefinition": "taskDefinitionArn"},
                        {"task-definition": "after_last(taskDefinitionArn)"},
                    ),
                ),
            ),
            RunsWith(
                WorkloadKind.TASK_DEFINITION,
                "taskDefinition",
                "{taskDefinitionArn}",
                (("taskRoleArn", RoleUsage.RUNS), ("executionRoleArn", RoleUsage.PREPARES)),
                state="status",
                ended=frozenset({"DELETE_IN_PROGRESS"}),
            ),
            arguments=("task-definition",),
            options="--task-definition TASK-DEFINITION",
        ),
    ),
)
