"""What the commands print that list resources by nothing but their ARNs, names or ids.

Source of the shapes: each service's API reference.
"""

from typing import Annotated, override

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel
from iamdesk.snapshot.models.resource_lists import ListsResources


class ListedKey(AwsModel):
    """One of them."""

    key_arn: str


class ListKeys(ListsResources):
    """``kms list-keys``."""

    keys: tuple[ListedKey, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.key_arn for one in self.keys)


class ListedTopic(AwsModel):
    """One of them."""

    topic_arn: str


class ListTopics(ListsResources):
    """``sns list-topics``."""

    topics: tuple[ListedTopic, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.topic_arn for one in self.topics)


class ListedFunction(AwsModel):
    """One of them."""

    function_arn: str


class ListFunctions(ListsResources):
    """``lambda list-functions``."""

    functions: tuple[ListedFunction, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.function_arn for one in self.functions)


class ListedRepository(AwsCamelModel):
    """One of them."""

    repository_arn: str


class DescribeRepositories(ListsResources, AwsCamelModel):
    """``ecr describe-repositories``."""

    repositories: tuple[ListedRepository, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.repository_arn for one in self.repositories)


class ListTables(ListsResources):
    """``dynamodb list-tables``."""

    table_names: tuple[str, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return self.table_names


class ListedEventBus(AwsModel):
    """One of them."""

    arn: str


class ListEventBuses(ListsResources):
    """``events list-event-buses``."""

    event_buses: tuple[ListedEventBus, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.event_buses)


class ListedVault(AwsModel):
    """One of them."""

    vault_arn: Annotated[str, Field(alias="VaultARN")]


class ListVaults(ListsResources):
    """``glacier list-vaults``."""

    vault_list: tuple[ListedVault, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.vault_arn for one in self.vault_list)


class ListedDomain(AwsModel):
    """One of them."""

    domain_name: str


class ListDomainNames(ListsResources):
    """``opensearch list-domain-names``."""

    domain_names: tuple[ListedDomain, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.domain_name for one in self.domain_names)


class ListedBackupVault(AwsModel):
    """One of them."""

    backup_vault_arn: str


class ListBackupVaults(ListsResources):
    """``backup list-backup-vaults``."""

    backup_vault_list: tuple[ListedBackupVault, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.backup_vault_arn for one in self.backup_vault_list)


class ListedPackageDomain(AwsCamelModel):
    """One of them."""

    arn: str


class ListPackageDomains(ListsResources, AwsCamelModel):
    """``codeartifact list-domains``."""

    domains: tuple[ListedPackageDomain, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.domains)


class ListedPackageRepository(AwsCamelModel):
    """One of them."""

    arn: str


class ListPackageRepositories(ListsResources, AwsCamelModel):
    """``codeartifact list-repositories``."""

    repositories: tuple[ListedPackageRepository, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.repositories)


class ListStreams(ListsResources):
    """``kinesis list-streams``."""

    stream_names: tuple[str, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return self.stream_names


class ListedCertificateAuthority(AwsModel):
    """One of them."""

    arn: str


class ListCertificateAuthorities(ListsResources):
    """``acm-pca list-certificate-authorities``."""

    certificate_authorities: tuple[ListedCertificateAuthority, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.certificate_authorities)


class ListedContainer(AwsModel):
    """One of them."""

    arn: Annotated[str, Field(alias="ARN")]


class ListContainers(ListsResources):
    """``mediastore list-containers``."""

    containers: tuple[ListedContainer, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.containers)


class ListedTableBucket(AwsCamelModel):
    """One of them."""

    arn: str


class ListTableBuckets(ListsResources, AwsCamelModel):
    """``s3tables list-table-buckets``."""

    table_buckets: tuple[ListedTableBucket, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.table_buckets)


class ListQueues(ListsResources):
    """``sqs list-queues``; nothing at all where there is none."""

    queue_urls: tuple[str, ...] = ()

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(url.rpartition("/")[2] for url in self.queue_urls)


class LayerVersion(AwsModel):
    """The newest version of a layer."""

    layer_version_arn: str


class ListedLayer(AwsModel):
    """A layer."""

    latest_matching_version: LayerVersion


class ListLayers(ListsResources):
    """``lambda list-layers``."""

    layers: tuple[ListedLayer, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(layer.latest_matching_version.layer_version_arn for layer in self.layers)
