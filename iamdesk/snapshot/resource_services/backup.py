"""AWS Backup: policies of vaults."""

from typing import override

from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedBackupVault(AwsModel):
    """One of them."""

    backup_vault_arn: str


class ListBackupVaults(HasResourceList):
    """``backup list-backup-vaults``."""

    backup_vault_list: tuple[ListedBackupVault, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.backup_vault_arn for one in self.backup_vault_list)


class GetBackupVaultAccessPolicy(PolicyOutput):
    """``backup get-backup-vault-access-policy``."""

    backup_vault_arn: str | None = None

    @property
    @override
    def resource_arn(self) -> str | None:
        return self.backup_vault_arn


SERVICE = ResourceService(
    prefix="backup",
    title="AWS Backup",
    commands=(
        Command(regional("backup", "list-backup-vaults", lists=True), ListBackupVaults, Collect()),
        Command(
            regional(
                "backup",
                "get-backup-vault-access-policy",
                ("vault",),
                "--backup-vault-name VAULT",
                ("ResourceNotFoundException",),
            ),
            GetBackupVaultAccessPolicy,
            Collect(
                after="list-backup-vaults",
                each='BackupVaultList[].{BackupVaultName: BackupVaultName, "@vault": BackupVaultName}',
            ),
            arn="backup:{region}:{account}:backup-vault:{}",
            loose_keys="BackupVaultArn Policy",
        ),
    ),
)
