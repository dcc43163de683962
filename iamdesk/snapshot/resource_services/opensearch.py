"""Amazon OpenSearch Service: policies of domains."""

from typing import Annotated, Any, override

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedDomain(AwsModel):
    """One of them."""

    domain_name: str


class ListDomainNames(HasResourceList):
    """``opensearch list-domain-names``."""

    domain_names: tuple[ListedDomain, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.domain_name for one in self.domain_names)


class DomainStatus(AwsModel):
    """An OpenSearch domain."""

    arn: Annotated[str, Field(alias="ARN")]
    access_policies: PolicyDocument = None


class DescribeDomain(HasResourcePolicy):
    """``opensearch describe-domain``, ``es describe-elasticsearch-domain``."""

    domain_status: DomainStatus

    @property
    @override
    def document(self) -> Any:
        return self.domain_status.access_policies or None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.domain_status.arn


SERVICE = ResourceService(
    prefix="es",
    title="OpenSearch Service",
    has_parts=True,
    commands=(
        Command(
            regional("opensearch", "list-domain-names", lists=True),
            ListDomainNames,
            Collect(),
            lists_names_for="describe-domain",
        ),
        Command(
            regional("opensearch", "describe-domain", ("domain",), "--domain-name DOMAIN"),
            DescribeDomain,
            Collect(after="list-domain-names", each='DomainNames[].{DomainName: DomainName, "@domain": DomainName}'),
            arn="es:{region}:{account}:domain/{}",
            loose_keys="DomainStatus",
        ),
        Command(
            regional("es", "describe-elasticsearch-domain", ("domain",), "--domain-name DOMAIN"),
            DescribeDomain,
            arn="es:{region}:{account}:domain/{}",
        ),
    ),
)
