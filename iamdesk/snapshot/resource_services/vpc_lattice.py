"""Amazon VPC Lattice: auth policies of services and service networks."""

from typing import Any, override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import NOT_OFFERED, Collect, Command, ResourceService, regional


class ListedItem(AwsCamelModel):
    """A service or service network."""

    arn: str


class ListItems(HasResourceList, AwsCamelModel):
    """``vpc-lattice list-services`` and ``list-service-networks``."""

    items: tuple[ListedItem, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.items)


class GetAuthPolicy(HasResourcePolicy, AwsCamelModel):
    """``vpc-lattice get-auth-policy``."""

    policy: PolicyDocument = None
    state: str | None = None
    """``Active`` only if the auth type is ``AWS_IAM`` (API Reference, GetAuthPolicy); else no one is authenticated."""

    @property
    @override
    def document(self) -> Any:
        return self.policy or None

    @property
    @override
    def is_in_force(self) -> bool:
        return self.state == "Active"


def _each(kind: str) -> str:
    return f'items[].{{resourceIdentifier: id, "@kind": \'{kind}\', "@resource": id}}'


SERVICE = ResourceService(
    prefix="vpc-lattice",
    other_prefixes=("vpc-lattice-svcs",),
    title="VPC Lattice",
    policy_title=mark("auth policy"),
    decides="vpc-lattice-svcs",
    has_parts=True,
    commands=(
        Command(regional("vpc-lattice", "list-services", absent=(NOT_OFFERED,), lists=True), ListItems, Collect()),
        Command(
            regional("vpc-lattice", "list-service-networks", absent=(NOT_OFFERED,), lists=True), ListItems, Collect()
        ),
        Command(
            regional("vpc-lattice", "get-auth-policy", ("kind", "resource"), "--resource-identifier RESOURCE"),
            GetAuthPolicy,
            Collect(
                after="list-services",
                each=_each("service"),
                also=(Collect(after="list-service-networks", each=_each("servicenetwork")),),
            ),
            arn="vpc-lattice:{region}:{account}:{}/{}",
            put_policy="vpc-lattice put-auth-policy --resource-identifier {arn} --policy {policy}",
        ),
    ),
)
