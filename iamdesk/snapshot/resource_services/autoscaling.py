"""Amazon EC2 Auto Scaling: launch configurations with their instance profiles."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="autoscaling",
    title="EC2 Auto Scaling",
    commands=(
        runs_command(
            "autoscaling",
            "describe-launch-configurations",
            {"LaunchConfigurations[]": {"LaunchConfigurationARN": str, "IamInstanceProfile?": str}},
            Collect(),
            RunsWith(
                WorkloadKind.LAUNCH_CONFIGURATION,
                "LaunchConfigurations[]",
                "{LaunchConfigurationARN}",
                (("IamInstanceProfile", RoleUsage.INSTANCE_PROFILE),),
            ),
        ),
    ),
)
