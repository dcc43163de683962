"""Amazon Cognito: identity pools and the roles that they hand out."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="cognito-identity",
    title="Cognito identity pools",
    commands=(
        runs_command(
            "cognito-identity",
            "list-identity-pools",
            {"IdentityPools[]": {"IdentityPoolId": str}},
            Collect(parameters={"MaxResults": 60}),
            options="--max-results 60",
        ),
        runs_command(
            "cognito-identity",
            "get-identity-pool-roles",
            {
                "IdentityPoolId": str,
                "Roles{}?": str,
                "RoleMappings{}?": {"RulesConfiguration?": {"Rules[]": {"RoleARN": str}}},
            },
            each_of(
                "list-identity-pools",
                "IdentityPools[]",
                {"IdentityPoolId": "IdentityPoolId"},
                {"identity-pool": "IdentityPoolId"},
            ),
            RunsWith(
                WorkloadKind.IDENTITY_POOL,
                "@",
                "arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
                (
                    ("Roles{}", RoleUsage.HANDS_OUT),
                    ("RoleMappings{}.RulesConfiguration.Rules[].RoleARN", RoleUsage.HANDS_OUT),
                ),
            ),
            arguments=("identity-pool",),
            options="--identity-pool-id IDENTITY-POOL",
        ),
    ),
)
