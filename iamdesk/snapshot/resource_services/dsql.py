"""Amazon Aurora DSQL: policies of clusters, which often deny connections from the internet."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedCluster(AwsCamelModel):
    """A cluster."""

    arn: str


class ListClusters(HasResourceList, AwsCamelModel):
    """``dsql list-clusters``."""

    clusters: tuple[ListedCluster, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.clusters)


class GetClusterPolicy(PolicyOutput, AwsCamelModel):
    """``dsql get-cluster-policy``."""


SERVICE = ResourceService(
    prefix="dsql",
    title="Aurora DSQL",
    policy_title=mark("cluster policy"),
    commands=(
        Command(regional("dsql", "list-clusters", lists=True), ListClusters, Collect()),
        Command(
            regional(
                "dsql", "get-cluster-policy", ("cluster",), "--identifier CLUSTER", ("ResourceNotFoundException",)
            ),
            GetClusterPolicy,
            Collect(after="list-clusters", each='clusters[].{identifier: identifier, "@cluster": identifier}'),
            arn="dsql:{region}:{account}:cluster/{}",
            put_policy="dsql put-cluster-policy --identifier {name} --policy {policy}",
        ),
    ),
)
