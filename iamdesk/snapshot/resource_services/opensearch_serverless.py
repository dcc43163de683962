"""Amazon OpenSearch Serverless: collections, and the data access policies that decide about their content.

To use a collection, a principal needs ``aoss:APIAccessAll`` by IAM policies, and a data access policy that names it.
These are no IAM policies: they only allow, and their principals are IAM identities of the account, or SAML identities
(Amazon OpenSearch Service Developer Guide, "Data access control for Amazon OpenSearch Serverless").
"""

from typing import override

from iamdesk.snapshot.aws_model import AwsCamelModel, AwsModel
from iamdesk.snapshot.models.resource_outputs import HasResourceList
from iamdesk.snapshot.resource_service import NOT_OFFERED, Collect, Command, ResourceService, regional


class Collection(AwsCamelModel):
    """A collection."""

    arn: str
    name: str = ""


class ListCollections(HasResourceList, AwsCamelModel):
    """``opensearchserverless list-collections``."""

    collection_summaries: tuple[Collection, ...]

    @property
    @override
    def listed(self) -> tuple[str, ...]:
        return tuple(one.arn for one in self.collection_summaries)


class AccessPolicySummary(AwsCamelModel):
    """The name of a data access policy."""

    name: str


class ListAccessPolicies(AwsCamelModel):
    """``opensearchserverless list-access-policies``."""

    access_policy_summaries: tuple[AccessPolicySummary, ...]


class AccessRule(AwsModel):
    """What a data access policy allows on what."""

    resource: tuple[str, ...] = ()
    """``collection/NAME`` or ``index/COLLECTION/INDEX``; a name may be the beginning of one and ``*``."""
    permission: tuple[str, ...] = ()

    def covers(self, collection: str) -> bool:
        """Return whether it is about a collection, or something in it."""
        return any(_matches(pattern, collection) for pattern in self.resource)


class AccessEntry(AwsModel):
    """Rules of a data access policy, and whom they allow."""

    rules: tuple[AccessRule, ...] = ()
    principal: tuple[str, ...] = ()


class AccessPolicyDetail(AwsCamelModel):
    """A data access policy."""

    name: str
    policy: tuple[AccessEntry, ...] = ()


class GetAccessPolicy(AwsCamelModel):
    """``opensearchserverless get-access-policy``."""

    access_policy_detail: AccessPolicyDetail


def _matches(pattern: str, collection: str) -> bool:
    name = pattern.partition("/")[2].partition("/")[0]
    return collection.startswith(name[:-1]) if name.endswith("*") else name == collection


SERVICE = ResourceService(
    prefix="aoss",
    title="OpenSearch Serverless",
    commands=(
        Command(
            regional("opensearchserverless", "list-collections", absent=(NOT_OFFERED,), lists=True),
            ListCollections,
            Collect(),
        ),
        Command(
            regional("opensearchserverless", "list-access-policies", (), "--type data", (NOT_OFFERED,), lists=True),
            ListAccessPolicies,
            Collect(parameters={"type": "data"}),
        ),
        Command(
            regional("opensearchserverless", "get-access-policy", ("policy",), "--type data --name POLICY"),
            GetAccessPolicy,
            Collect(
                after="list-access-policies",
                each='accessPolicySummaries[].{name: name, "@policy": name}',
                parameters={"type": "data"},
            ),
        ),
    ),
)
