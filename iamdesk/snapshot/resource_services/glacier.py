"""Amazon S3 Glacier: policies of vaults."""

from typing import Annotated, Any, override

from pydantic import Field

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel, PolicyDocument
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedVault(AwsModel):
    """One of them."""

    vault_arn: Annotated[str, Field(alias="VaultARN")]


class ListVaults(HasResourceList):
    """``glacier list-vaults``."""

    vault_list: tuple[ListedVault, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.vault_arn for one in self.vault_list)


class VaultPolicy(AwsModel):
    """The policy of a Glacier vault."""

    policy: PolicyDocument = None


class GetVaultAccessPolicy(HasResourcePolicy, AwsCamelModel):
    """``glacier get-vault-access-policy``."""

    policy: VaultPolicy | None = None

    @property
    @override
    def document(self) -> Any:
        return self.policy.policy or None if self.policy else None


SERVICE = ResourceService(
    prefix="glacier",
    title="S3 Glacier",
    policy_title=mark("vault policy"),
    commands=(
        Command(
            regional("glacier", "list-vaults", (), "--account-id -", lists=True),
            ListVaults,
            Collect(parameters={"accountId": "-"}),
        ),
        Command(
            regional(
                "glacier",
                "get-vault-access-policy",
                ("vault",),
                "--account-id - --vault-name VAULT",
                ("ResourceNotFoundException",),
            ),
            GetVaultAccessPolicy,
            Collect(
                after="list-vaults",
                each='VaultList[].{vaultName: VaultName, "@vault": VaultName}',
                parameters={"accountId": "-"},
            ),
            arn="glacier:{region}:{account}:vaults/{}",
        ),
    ),
)
