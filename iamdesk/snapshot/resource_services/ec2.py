"""Amazon EC2: instances and launch templates with their instance profiles; the Regions of an account."""

from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.output_shapes import output_model
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

REGIONS = output_model("DescribeRegions", {"Regions[]": {"RegionName": str, "OptInStatus?": str}})

SERVICE = ResourceService(
    prefix="ec2",
    title="EC2",
    commands=(
        # Without --all-regions it prints the Regions that are enabled in the account.
        Command(Call("ec2", "describe-regions", Scope.ACCOUNT, Kind.WORKLOADS, lists=True), REGIONS, Collect()),
        runs_command(
            "ec2",
            "describe-instances",
            {
                "Reservations[]": {
                    "Instances[]": {"InstanceId": str, "IamInstanceProfile?": {"Arn": str}, "State?": {"Name": str}}
                }
            },
            Collect(),
            RunsWith(
                WorkloadKind.EC2_INSTANCE,
                "Reservations[].Instances[]",
                "arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}",
                (("IamInstanceProfile.Arn", RoleUsage.INSTANCE_PROFILE),),
                state="State.Name",
                ended=frozenset({"terminated", "shutting-down"}),
            ),
        ),
        # Without --query it prints the start scripts of instances, where secrets lie.
        runs_command(
            "ec2",
            "describe-launch-template-versions",
            {
                "LaunchTemplateVersions[]": {
                    "LaunchTemplateId": str,
                    "LaunchTemplateData": {"IamInstanceProfile?": {"Arn?": str, "Name?": str}},
                }
            },
            Collect(parameters={"Versions": ("$Default", "$Latest")}),
            RunsWith(
                WorkloadKind.LAUNCH_TEMPLATE,
                "LaunchTemplateVersions[]",
                "arn:{partition}:ec2:{region}:{account}:launch-template/{LaunchTemplateId}",
                (
                    ("LaunchTemplateData.IamInstanceProfile.Arn", RoleUsage.INSTANCE_PROFILE),
                    ("LaunchTemplateData.IamInstanceProfile.Name", RoleUsage.INSTANCE_PROFILE),
                ),
            ),
            options="--versions '$Default' '$Latest'",
        ),
    ),
)
