"""What the commands print that tell a resource's policy.

Source of the shapes: each service's API reference.
"""

import json
from typing import Annotated, Any, override

from pydantic import BeforeValidator, Field

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, PolicyDocument
from iamdesk.snapshot.policy_decoding import decode_document


def _unescaped(value: Any) -> Any:
    """Return API Gateway's policy as a document: it prints the JSON text with its quotes escaped once more."""
    if isinstance(value, str) and value.lstrip().startswith('{\\"'):
        try:
            value = json.loads(f'"{value}"')
        except ValueError:
            return value
    return decode_document(value)


type _EscapedPolicy = Annotated[Any, BeforeValidator(_unescaped)]


class TellsPolicy(AwsModel):
    """The output of a command that tells a resource's policy."""

    @property
    def document(self) -> Any:
        """The policy; None where the resource has none."""
        raise NotImplementedError

    @property
    def told_arn(self) -> str | None:
        """The ARN of the resource, where the output has it; else the path tells what it is about."""
        return None


class PolicyOutput(TellsPolicy):
    """``{"Policy": …}``: what S3, KMS, Lambda, DynamoDB and others print; ``{}`` where there is none."""

    policy: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy or None


class GetBackupVaultAccessPolicy(PolicyOutput):
    """``backup get-backup-vault-access-policy``."""

    backup_vault_arn: str | None = None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.backup_vault_arn


class DescribeEventBus(PolicyOutput):
    """``events describe-event-bus``."""

    arn: str | None = None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.arn


class QueueAttributes(AwsModel):
    """The attributes of a queue that are of interest here."""

    queue_arn: str | None = None
    policy: PolicyDocument = None
    kms_master_key_id: str | None = None


class GetQueueAttributes(TellsPolicy):
    """``sqs get-queue-attributes``."""

    attributes: QueueAttributes = QueueAttributes()

    @property
    @override
    def document(self) -> Any:
        return self.attributes.policy or None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.attributes.queue_arn


class TopicAttributes(AwsModel):
    """The attributes of a topic that are of interest here."""

    topic_arn: str | None = None
    policy: PolicyDocument = None
    kms_master_key_id: str | None = None


class GetTopicAttributes(TellsPolicy):
    """``sns get-topic-attributes``."""

    attributes: TopicAttributes

    @property
    @override
    def document(self) -> Any:
        return self.attributes.policy or None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.attributes.topic_arn


class GetSecretPolicy(TellsPolicy):
    """``secretsmanager get-resource-policy``."""

    arn: Annotated[str, Field(alias="ARN")]
    name: str = ""
    resource_policy: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.resource_policy or None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.arn


class GetRepositoryPolicy(TellsPolicy, AwsCamelModel):
    """``ecr get-repository-policy``."""

    registry_id: str = ""
    repository_name: str = ""
    policy_text: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy_text or None


class VaultPolicy(AwsModel):
    """The policy of a Glacier vault."""

    policy: PolicyDocument = None


class GetVaultAccessPolicy(TellsPolicy, AwsCamelModel):
    """``glacier get-vault-access-policy``."""

    policy: VaultPolicy | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy.policy or None if self.policy else None


class DomainStatus(AwsModel):
    """An OpenSearch domain."""

    arn: Annotated[str, Field(alias="ARN")]
    access_policies: PolicyDocument = None


class DescribeDomain(TellsPolicy):
    """``opensearch describe-domain``, ``es describe-elasticsearch-domain``."""

    domain_status: DomainStatus

    @property
    @override
    def document(self) -> Any:
        return self.domain_status.access_policies or None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.domain_status.arn


class RestApi(TellsPolicy, AwsCamelModel):
    """``apigateway get-rest-api``; one of ``get-rest-apis``."""

    id: str
    name: str = ""
    policy: _EscapedPolicy = None
    tags: dict[str, str] | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy or None


class GetCatalogPolicy(TellsPolicy):
    """``glue get-resource-policy``."""

    policy_in_json: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.policy_in_json or None


class PermissionsPolicy(AwsCamelModel):
    """A policy of CodeArtifact."""

    resource_arn: str | None = None
    document: PolicyDocument = None


class GetPermissionsPolicy(TellsPolicy, AwsCamelModel):
    """``codeartifact get-domain-permissions-policy``, ``get-repository-permissions-policy``."""

    policy: PermissionsPolicy | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy.document or None if self.policy else None

    @property
    @override
    def told_arn(self) -> str | None:
        return self.policy.resource_arn if self.policy else None


class GetTableBucketPolicy(TellsPolicy, AwsCamelModel):
    """``s3tables get-table-bucket-policy``."""

    resource_policy: PolicyDocument = None

    @property
    @override
    def document(self) -> Any:
        return self.resource_policy or None


class PolicyInForce(AwsModel):
    """The policy of a Multi-Region Access Point that is in force."""

    policy: PolicyDocument = None


class MultiRegionPolicies(AwsModel):
    """The policies of a Multi-Region Access Point: one may be on its way to all Regions beside it."""

    established: PolicyInForce | None = None


class GetMultiRegionAccessPointPolicy(TellsPolicy):
    """``s3control get-multi-region-access-point-policy``."""

    policy: MultiRegionPolicies | None = None

    @property
    @override
    def document(self) -> Any:
        established = self.policy.established if self.policy else None
        return established.policy or None if established else None
