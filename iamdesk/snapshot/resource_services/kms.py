"""AWS KMS: key policies, and the grants and tags of keys."""

from dataclasses import replace
from typing import override

from iamdesk.i18n import mark
from iamdesk.snapshot.aws_model import AwsModel
from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.models import settings
from iamdesk.snapshot.models.resource_outputs import HasResourceList, PolicyOutput
from iamdesk.snapshot.resource_service import Collect, Command, ResourceService, regional

_KEYS = Collect(after="list-keys", each='Keys[].{KeyId: KeyId, "@key-id": KeyId}')


class ListedKey(AwsModel):
    """One of them."""

    key_arn: str


class ListKeys(HasResourceList):
    """``kms list-keys``."""

    keys: tuple[ListedKey, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.key_arn for one in self.keys)


SERVICE = ResourceService(
    prefix="kms",
    title="KMS",
    policy_title=mark("key policy"),
    commands=(
        Command(
            regional("kms", "list-keys", lists=True),
            ListKeys,
            Collect(),
            loose_keys="Keys",
        ),
        Command(regional("kms", "list-aliases"), settings.ListAliases, Collect()),
        Command(regional("kms", "describe-key", ("key-id",), "--key-id KEY-ID"), settings.DescribeKey, _KEYS),
        Command(
            regional("kms", "get-key-policy", ("key-id",), "--key-id KEY-ID --policy-name default"),
            PolicyOutput,
            replace(_KEYS, parameters={"PolicyName": "default"}),
            arn="kms:{region}:{account}:key/{}",
            put_policy="kms put-key-policy --key-id {arn} --policy-name default --policy {policy}",
        ),
        Command(
            Call("kms", "list-grants", Scope.REGION, Kind.KEY_GRANTS, ("key-id",), "--key-id KEY-ID"),
            settings.ListGrants,
            _KEYS,
        ),
        Command(
            Call("kms", "list-resource-tags", Scope.REGION, Kind.TAGS, ("key-id",), "--key-id KEY-ID"),
            settings.ListResourceTags,
            _KEYS,
        ),
    ),
)
