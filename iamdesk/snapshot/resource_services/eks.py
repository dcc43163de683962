"""Amazon EKS: cluster and node roles, access entries, and pod identity associations."""

from iamdesk.snapshot.resource_service import Collect, ResourceService, RunsWith, each_of, runs_command
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

_EVERY_CLUSTER = {"clusterName": "@"}, {"cluster": "@"}
_KEPT = ("clusterName", "@cluster")

SERVICE = ResourceService(
    prefix="eks",
    title="EKS",
    commands=(
        runs_command("eks", "list-clusters", {"clusters[]": str}, Collect()),
        runs_command(
            "eks",
            "describe-cluster",
            {"cluster": {"arn": str, "roleArn?": str, "status?": str}},
            each_of("list-clusters", "clusters[]", {"name": "@"}, {"cluster": "@"}),
            RunsWith(WorkloadKind.EKS_CLUSTER, "cluster", "{arn}", (("roleArn", RoleUsage.PREPARES),), state="status"),
            arguments=("cluster",),
            options="--name CLUSTER",
        ),
        runs_command(
            "eks",
            "list-nodegroups",
            {"nodegroups[]": str},
            each_of("list-clusters", "clusters[]", *_EVERY_CLUSTER),
            arguments=("cluster",),
            options="--cluster-name CLUSTER",
        ),
        runs_command(
            "eks",
            "describe-nodegroup",
            {"nodegroup": {"nodegroupArn": str, "nodeRole?": str, "status?": str}},
            each_of("list-nodegroups", "nodegroups[]", {"nodegroupName": "@"}, {"node-group": "@"}, keep=_KEPT),
            RunsWith(
                WorkloadKind.NODE_GROUP, "nodegroup", "{nodegroupArn}", (("nodeRole", RoleUsage.RUNS),), state="status"
            ),
            arguments=("cluster", "node-group"),
            options="--cluster-name CLUSTER --nodegroup-name NODE-GROUP",
        ),
        runs_command(
            "eks",
            "list-access-entries",
            {"accessEntries[]": str},
            each_of("list-clusters", "clusters[]", *_EVERY_CLUSTER),
            # AWS's error for a cluster that uses the ConfigMap alone is `InvalidRequestException`.
            arguments=("cluster",),
            options="--cluster-name CLUSTER",
        ),
        runs_command(
            "eks",
            "describe-access-entry",
            {"accessEntry": {"accessEntryArn": str, "principalArn": str, "type?": str}},
            each_of("list-access-entries", "accessEntries[]", {"principalArn": "@"}, {"principal": "@"}, keep=_KEPT),
            RunsWith(
                WorkloadKind.ACCESS_ENTRY,
                "accessEntry",
                "{accessEntryArn}",
                (("principalArn", RoleUsage.MAPS),),
                state="type",
            ),
            arguments=("cluster", "principal"),
            options="--cluster-name CLUSTER --principal-arn PRINCIPAL",
        ),
        runs_command(
            "eks",
            "list-pod-identity-associations",
            {"associations[]": {"associationId": str}},
            each_of("list-clusters", "clusters[]", *_EVERY_CLUSTER),
            arguments=("cluster",),
            options="--cluster-name CLUSTER",
        ),
        runs_command(
            "eks",
            "describe-pod-identity-association",
            {"association": {"associationArn": str, "roleArn": str, "targetRoleArn?": str}},
            each_of(
                "list-pod-identity-associations",
                "associations[]",
                {"associationId": "associationId"},
                {"association": "associationId"},
                keep=_KEPT,
            ),
            RunsWith(
                WorkloadKind.POD_IDENTITY,
                "association",
                "{associationArn}",
                (("roleArn", RoleUsage.RUNS), ("targetRoleArn", RoleUsage.RUNS)),
            ),
            arguments=("cluster", "association"),
            options="--cluster-name CLUSTER --association-id ASSOCIATION",
        ),
    ),
)
