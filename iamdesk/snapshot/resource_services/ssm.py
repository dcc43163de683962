"""AWS Systems Manager: the instances and servers that it manages."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

SERVICE = ResourceService(
    prefix="ssm",
    title="Systems Manager",
    commands=(
        runs_command(
            "ssm",
            "describe-instance-information",
            {"InstanceInformationList[]": {"InstanceId": str, "PingStatus?": str, "IamRole?": str}},
            Collect(),
            # A server outside AWS has an id `mi-…`, and the role of its activation (`IamRole`).
            RunsWith(
                WorkloadKind.MANAGED_NODE,
                "InstanceInformationList[]",
                "arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}",
                (("IamRole", RoleUsage.RUNS),),
                state="PingStatus",
            ),
        ),
    ),
)
