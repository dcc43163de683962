"""AWS App Runner: services with their instance roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="apprunner",
    title="App Runner",
    commands=(
        runs_command("apprunner", "list-services", {"ServiceSummaryList[]": {"ServiceArn": str}}, Collect()),
        # Without --query it prints environment variables, where secrets lie.
        runs_command(
            "apprunner",
            "describe-service",
            {
                "Service": {
                    "ServiceArn": str,
                    "Status?": str,
                    "InstanceConfiguration?": {"InstanceRoleArn?": str},
                    "SourceConfiguration?": {"AuthenticationConfiguration?": {"AccessRoleArn?": str}},
                }
            },
            each_of(
                "list-services",
                "ServiceSummaryList[]",
                {"ServiceArn": "ServiceArn"},
                {"service-id": "after_last(ServiceArn)"},
            ),
            RunsWith(
                WorkloadKind.APP_RUNNER_SERVICE,
                "Service",
                "{ServiceArn}",
                (
                    ("InstanceConfiguration.InstanceRoleArn", RoleUsage.RUNS),
                    ("SourceConfiguration.AuthenticationConfiguration.AccessRoleArn", RoleUsage.PREPARES),
                ),
                state="Status",
                ended=frozenset({"DELETED"}),
            ),
            arguments=("service-id",),
            options="--service-arn SERVICE-ARN",
        ),
    ),
)
