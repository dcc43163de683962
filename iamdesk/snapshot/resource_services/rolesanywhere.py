"""IAM Roles Anywhere: profiles with the roles that they hand out, and trust anchors."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="rolesanywhere",
    title="IAM Roles Anywhere",
    commands=(
        runs_command(
            "rolesanywhere",
            "list-profiles",
            {"profiles[]": {"profileArn": str, "enabled?": bool, "roleArns[]?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.ANYWHERE_PROFILE,
                "profiles[]",
                "{profileArn}",
                (("roleArns[]", RoleUsage.HANDS_OUT),),
                state="enabled",
            ),
        ),
        runs_command(
            "rolesanywhere",
            "list-trust-anchors",
            {"trustAnchors[]": {"trustAnchorArn": str, "enabled?": bool}},
            Collect(),
            RunsWith(WorkloadKind.TRUST_ANCHOR, "trustAnchors[]", "{trustAnchorArn}", state="enabled"),
        ),
    ),
)
