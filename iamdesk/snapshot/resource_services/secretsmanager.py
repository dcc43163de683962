"""AWS Secrets Manager: policies of secrets."""

from typing import Annotated, Any, override

from pydantic import Field

from iamdesk.snapshot.aws_model import AwsModel, PolicyDocument, Tag
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ArnAndTags(AwsModel):
    """A listed resource that AWS prints with its ARN, and perhaps its tags."""

    arn: Annotated[str, Field(alias="ARN")]
    tags: tuple[Tag, ...] | None = None


class ListSecrets(HasResourceList):
    """``secretsmanager list-secrets``."""

    secret_list: tuple[ArnAndTags, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(secret.arn for secret in self.secret_list)

    @property
    @override
    def tags_by_arn(self) -> dict[str, tuple[Tag, ...]]:
        return {secret.arn: secret.tags or () for secret in self.secret_list}


class GetSecretPolicy(HasResourcePolicy):
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
    def resource_arn(self) -> str | None:
        return self.arn


SERVICE = ResourceService(
    prefix="secretsmanager",
    title="Secrets Manager",
    commands=(
        Command(
            regional("secretsmanager", "list-secrets", lists=True),
            ListSecrets,
            Collect(),
            loose_keys="SecretList",
        ),
        Command(
            regional("secretsmanager", "get-resource-policy", ("secret",), "--secret-id SECRET"),
            GetSecretPolicy,
            Collect(after="list-secrets", each='SecretList[].{SecretId: ARN, "@secret": Name}'),
            arn="secretsmanager:{region}:{account}:secret:{}",
            loose_keys="ARN Name",
            put_policy="secretsmanager put-resource-policy --secret-id {arn} --resource-policy {policy}",
        ),
    ),
)
