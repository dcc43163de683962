"""Amazon MSK: policies of clusters."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedCluster(AwsModel):
    """A provisioned or serverless cluster."""

    cluster_arn: str


class ListClustersV2(HasResourceList):
    """``kafka list-clusters-v2``."""

    cluster_info_list: tuple[ListedCluster, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.cluster_arn for one in self.cluster_info_list)


SERVICE = ResourceService(
    prefix="kafka",
    title="MSK",
    policy_title=mark("cluster policy"),
    commands=(
        Command(regional("kafka", "list-clusters-v2", lists=True), ListClustersV2, Collect()),
        Command(
            regional(
                "kafka", "get-cluster-policy", ("cluster", "uuid"), "--cluster-arn CLUSTER-ARN", ("NotFoundException",)
            ),
            PolicyOutput,
            Collect(
                after="list-clusters-v2",
                each=(
                    "ClusterInfoList[].{ClusterArn: ClusterArn,"
                    ' "@cluster": ClusterName, "@uuid": after_last(ClusterArn)}'
                ),
            ),
            arn="kafka:{region}:{account}:cluster/{}/{}",
        ),
    ),
)
