"""Amazon SageMaker AI: notebook instances, domains and user profiles with their execution roles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="sagemaker",
    title="SageMaker AI",
    commands=(
        runs_command(
            "sagemaker",
            "list-notebook-instances",
            {"NotebookInstances[]": {"NotebookInstanceName": str}},
            Collect(),
        ),
        runs_command(
            "sagemaker",
            "describe-notebook-instance",
            {"NotebookInstanceArn": str, "RoleArn?": str, "NotebookInstanceStatus?": str},
            each_of(
                "list-notebook-instances",
                "NotebookInstances[]",
                {"NotebookInstanceName": "NotebookInstanceName"},
                {"notebook-instance": "NotebookInstanceName"},
            ),
            RunsWith(
                WorkloadKind.NOTEBOOK_INSTANCE,
                "@",
                "{NotebookInstanceArn}",
                (("RoleArn", RoleUsage.RUNS),),
                state="NotebookInstanceStatus",
            ),
            arguments=("notebook-instance",),
            options="--notebook-instance-name NOTEBOOK-INSTANCE",
        ),
        runs_command("sagemaker", "list-domains", {"Domains[]": {"DomainId": str}}, Collect()),
        runs_command(
            "sagemaker",
            "describe-domain",
            {
                "DomainArn": str,
                "Status?": str,
                "DefaultUserSettings?": {"ExecutionRole?": str},
                "DefaultSpaceSettings?": {"ExecutionRole?": str},
            },
            each_of("list-domains", "Domains[]", {"DomainId": "DomainId"}, {"domain-id": "DomainId"}),
            RunsWith(
                WorkloadKind.SAGEMAKER_DOMAIN,
                "@",
                "{DomainArn}",
                (
                    ("DefaultUserSettings.ExecutionRole", RoleUsage.RUNS),
                    ("DefaultSpaceSettings.ExecutionRole", RoleUsage.RUNS),
                ),
                state="Status",
            ),
            arguments=("domain-id",),
            options="--domain-id DOMAIN-ID",
        ),
        runs_command(
            "sagemaker",
            "list-user-profiles",
            {"UserProfiles[]": {"DomainId": str, "UserProfileName": str}},
            Collect(),
        ),
        runs_command(
            "sagemaker",
            "describe-user-profile",
            {"UserProfileArn": str, "Status?": str, "UserSettings?": {"ExecutionRole?": str}},
            each_of(
                "list-user-profiles",
                "UserProfiles[]",
                {"DomainId": "DomainId", "UserProfileName": "UserProfileName"},
                {"domain-id": "DomainId", "user-profile": "UserProfileName"},
            ),
            RunsWith(
                WorkloadKind.SAGEMAKER_USER_PROFILE,
                "@",
                "{UserProfileArn}",
                (("UserSettings.ExecutionRole", RoleUsage.RUNS),),
                state="Status",
            ),
            arguments=("domain-id", "user-profile"),
            options="--domain-id DOMAIN-ID --user-profile-name USER-PROFILE",
        ),
    ),
)
