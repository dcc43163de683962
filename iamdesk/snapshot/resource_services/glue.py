"""AWS Glue: the policy of the Data Catalog."""

from typing import Any, override

from iamdesk.snapshot.aws_model import PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


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
    ),
)
