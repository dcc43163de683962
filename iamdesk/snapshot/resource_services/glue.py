"""AWS Glue: the policy of the Data Catalog; jobs, crawlers and development endpoints with their roles."""

from typing import Any, override

from iamdesk.snapshot.aws_model import PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, RunsWith, regional, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind


class GetCatalogPolicy(HasResourcePolicy):
    """``glue get-resource-policy``."""

    policy_in_json: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy_in_json or None


SERVICE = ResourceService(
    prefix="glue",
    title="AWS Glue",
    commands=(
        Command(
            regional("glue", "get-resource-policy", absent=("EntityNotFoundException",)),
            GetCatalogPolicy,
            Collect(),
            arn="glue:{region}:{account}:catalog",
        ),
        # Without --query it prints default arguments, where secrets lie. Roles are names or ARNs.
        runs_command(
            "glue",
            "get-jobs",
            {"Jobs[]": {"Name": str, "Role?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.GLUE_JOB,
                "Jobs[]",
                "arn:{partition}:glue:{region}:{account}:job/{Name}",
                (("Role", RoleUsage.RUNS),),
            ),
        ),
        runs_command(
            "glue",
            "get-crawlers",
            {"Crawlers[]": {"Name": str, "Role?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.GLUE_CRAWLER,
                "Crawlers[]",
                "arn:{partition}:glue:{region}:{account}:crawler/{Name}",
                (("Role", RoleUsage.RUNS),),
            ),
        ),
        runs_command(
            "glue",
            "get-dev-endpoints",
            {"DevEndpoints[]": {"EndpointName": str, "RoleArn?": str, "Status?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.GLUE_DEV_ENDPOINT,
                "DevEndpoints[]",
                "arn:{partition}:glue:{region}:{account}:devEndpoint/{EndpointName}",
                (("RoleArn", RoleUsage.RUNS),),
                state="Status",
            ),
        ),
    ),
)
