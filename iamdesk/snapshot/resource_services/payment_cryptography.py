"""AWS Payment Cryptography: policies of keys."""

from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional


class ListedKey(AwsModel):
    """A key."""

    key_arn: str


class ListKeys(HasResourceList):
    """``payment-cryptography list-keys``."""

    keys: tuple[ListedKey, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.key_arn for one in self.keys)


SERVICE = ResourceService(
    prefix="payment-cryptography",
    title="Payment Cryptography",
    policy_title=mark("key policy"),
    commands=(
        Command(regional("payment-cryptography", "list-keys", lists=True), ListKeys, Collect()),
        Command(
            regional(
                "payment-cryptography",
                "get-resource-policy",
                ("key",),
                "--resource-arn ARN",
                ("ResourceNotFoundException",),
            ),
            PolicyOutput,
            Collect(after="list-keys", each='Keys[].{ResourceArn: KeyArn, "@key": after_last(KeyArn)}'),
            arn="payment-cryptography:{region}:{account}:key/{}",
            put_policy="payment-cryptography put-resource-policy --resource-arn {arn} --policy {policy}",
        ),
    ),
)
