"""Resources out of a bundle's outputs: what is listed, what policy each has, and how it is set up."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from iamdesk.i18n import phrase
from iamdesk.snapshot.bundle import Bundle, Part
from iamdesk.snapshot.commands import all_resources
from iamdesk.snapshot.commands.organizations import DescribeResourcePolicy
from iamdesk.snapshot.layout import Place
from iamdesk.snapshot.models import settings
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_services import all_commands
from iamdesk.snapshot.resource_services.apigateway import GetApis, GetResources, GetRestApis, GetRoutes
from iamdesk.snapshot.resource_services.lambda_functions import ListFunctionUrlConfigs
from iamdesk.snapshot.resource_services.opensearch_serverless import (
    AccessPolicyDetail,
    GetAccessPolicy,
    ListAccessPolicies,
    ListCollections,
)
from iamdesk.snapshot.resource_services.s3 import (
    ListAccessPoints,
    ListBuckets,
    ListMultiRegionAccessPoints,
    MultiRegionAccessPoint,
)
from iamdesk.snapshot.resources import (
    AccessPoint,
    AccessPointBucket,
    AclGrant,
    DataAccess,
    KeyGrant,
    PublicAccessBlock,
    Resource,
)

_COMMANDS = {command.key: command for command in all_commands()}

_WITH_TAGS_ELSEWHERE = (["iam"], ["organizations"], ["sso"])
"""Services whose things are no resources here: they are read from commands of their own."""

_MULTI_REGION_POLICY = "get-multi-region-access-point-policy"
_MULTI_REGION_LIST = "list-multi-region-access-points"
_ALL_BLOCKED = PublicAccessBlock(
    block_public_acls=True, ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True
)
"""Of directory buckets, always (Amazon S3 User Guide, "Security best practices for directory buckets")."""
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-iso-", "aws-iso"))


def partition_of(region: str) -> str:
    """Return the partition that a Region belongs to."""
    return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")


class Resources:
    """Resources, while the outputs about them are read."""

    def __init__(self, bundle: Bundle, partitions: Mapping[str, str]) -> None:
        """``partitions`` are those of the accounts, as far as they are known from the authorization details."""
        self._bundle = bundle
        self._partitions = partitions
        self._found: dict[str, dict[str, Any]] = {}
        self._owners: dict[str, str] = {}
        """Accounts by canonical user id."""

    def gathered(self) -> tuple[Resource, ...]:
        """Return every resource that is listed or mentioned, with all captured data."""
        self._find_owners()
        self._list()
        self._take_policies()
        self._take_delegation_policy()
        self._take_bucket_access()
        self._take_keys()
        self._take_tags()
        self._take_access_points()
        self._take_function_urls()
        self._take_authorization_types()
        self._take_data_access()
        found = []
        for number, (arn, known) in enumerate(sorted(self._found.items())):
            if not number % 256:
                self._bundle.ask()
            if ":s3express:" in arn and ":bucket/" in arn:
                known["public_access_block"] = _ALL_BLOCKED
            found.append(Resource(arn=arn, **known))
        return tuple(found)

    def canonical_ids(self) -> dict[str, str]:
        """Return the canonical user ids of accounts, by account."""
        return {account: owner for owner, account in self._owners.items()}

    # --- names

    def arn(
        self, place: Place, *, service: str = "", command: str = "", arguments: tuple[str, ...] | None = None
    ) -> str:
        """Return the ARN that a file, or one like it, is about."""
        template = _COMMANDS[service or place.service, command or place.command].arn
        values = place.arguments if arguments is None else arguments
        partition = partition_of(place.region) if place.region else self._partitions.get(place.account, "aws")
        return f"arn:{partition}:" + template.format(*values, region=place.region, account=place.account)

    def _entry(self, arn: str, place: Place) -> dict[str, Any]:
        return self._found.setdefault(arn, {"account_id": place.account, "is_policy_captured": False})

    def _pages[Model: BaseModel](self, service: str, command: str, model: type[Model]) -> Iterator[tuple[Part, Model]]:
        return self._bundle.of(service, command, model)

    # --- what there is

    def _find_owners(self) -> None:
        for part, page in self._pages("s3api", "list-buckets", ListBuckets):
            if page.owner.id:
                self._owners.setdefault(page.owner.id, part.place.account)
        for part, acl in self._pages("s3api", "get-bucket-acl", settings.GetBucketAcl):
            if acl.owner.id:  # the caller lists its own buckets alone
                self._owners.setdefault(acl.owner.id, part.place.account)

    def _list(self) -> None:
        for command in _COMMANDS.values():
            for part, page in self._pages(*command.key, HasResourceList):
                for name in page.listed:
                    arn = name
                    if command.lists_names_for and not name.startswith("arn:"):
                        arn = self.arn(part.place, command=command.lists_names_for, arguments=(name,))
                    self._entry(arn, part.place)
                for tagged, tags in page.tags_by_arn.items():
                    self._entry(tagged, part.place)["tags"] = tuple((tag.key, tag.value) for tag in tags)
                for arn, policy in page.policies_by_arn.items():
                    self._take_policy(arn, part, policy)

    # --- policies

    def _take_policies(self) -> None:
        for part, apis in self._pages("apigateway", "get-rest-apis", GetRestApis):
            for api in apis.items:
                arn = self.arn(part.place, command="get-rest-api", arguments=(api.id,))
                self._take_policy(arn, part, api.document)
        policy_commands = [key for key, command in _COMMANDS.items() if command.arn]
        for service, command in policy_commands:
            for part, page in self._pages(service, command, HasResourcePolicy):
                found = page.resource_arn or self._multi_region(part) or self._arn_by_path(part)
                if found is not None and page.is_in_force:
                    self._take_policy(found, part, page.document)
                elif found is not None:
                    self._entry(found, part.place)
        for capture in self._bundle.captures.values():
            if capture.state == "nothing-there" and (capture.service, capture.command) in policy_commands:
                place = Place(capture.service, capture.command, capture.account_id, capture.region, capture.arguments)
                if "" not in place.arguments:
                    self._entry(self._secret(place) or self.arn(place), place)["is_policy_captured"] = True

    def _take_delegation_policy(self) -> None:
        """Take the policy by which the management account lets member accounts administer the organization."""
        for _, output in self._pages("organizations", "describe-resource-policy", DescribeResourcePolicy):
            found = output.resource_policy
            arn = found.resource_policy_summary.arn if found else ""
            owner = (arn.split(":", 5)[4:5] or [""])[0]
            if found is not None and owner:
                known = self._found.setdefault(arn, {"account_id": owner})
                known.update(is_policy_captured=True, policy=found.content or None)

    def _take_policy(self, arn: str, part: Part, document: Any) -> None:
        entry = self._entry(arn, part.place)
        entry["is_policy_captured"] = True
        entry["policy"] = document

    def _multi_region(self, part: Part) -> str | None:
        """Return the ARN of a Multi-Region Access Point by its name; None for everything else."""
        if part.place.command != _MULTI_REGION_POLICY:
            return None
        for listed, page in self._pages("s3control", _MULTI_REGION_LIST, ListMultiRegionAccessPoints):
            for point in page.access_points:
                if point.name == part.name and listed.place.account == part.place.account:
                    return self.arn(part.place, arguments=(point.alias,))
        return None

    def _arn_by_path(self, part: Part) -> str | None:
        if "" in part.place.arguments:
            message = phrase(
                "its name was too long for a path, and no manifest contains the full name: its resource is unknown"
            )
            self._bundle.report(part.file, message)
            return None
        return self._secret(part.place) or self.arn(part.place)

    def _secret(self, place: Place) -> str | None:
        """Return the ARN of a secret by its name: AWS adds six characters, which only the list contains."""
        if place.service != "secretsmanager":
            return None
        start = self.arn(place) + "-"
        return next((arn for arn in self._found if arn.startswith(start) and len(arn) == len(start) + 6), None)

    # --- buckets

    def _bucket(self, part: Part) -> dict[str, Any]:
        return self._entry(self.arn(part.place, command="get-bucket-policy"), part.place)

    def _take_bucket_access(self) -> None:
        for part, acl in self._pages("s3api", "get-bucket-acl", settings.GetBucketAcl):
            self._bucket(part)["acl"] = tuple(self._acl_grant(grant) for grant in acl.grants)
        for part, controls in self._pages(
            "s3api", "get-bucket-ownership-controls", settings.GetBucketOwnershipControls
        ):
            rules = controls.ownership_controls.rules if controls.ownership_controls else ()
            if rules:
                self._bucket(part)["object_ownership"] = rules[0].object_ownership
        for part, block in self._pages("s3api", "get-public-access-block", settings.GetPublicAccessBlock):
            self._bucket(part)["public_access_block"] = public_access_block(block)
        for part, location in self._pages("s3api", "get-bucket-location", settings.GetBucketLocation):
            region = location.location_constraint or "us-east-1"
            self._bucket(part)["region"] = {"EU": "eu-west-1"}.get(region, region)
        for part, encryption in self._pages("s3api", "get-bucket-encryption", settings.GetBucketEncryption):
            self._take_encryption(part, encryption)
        for part, abac in self._pages("s3api", "get-bucket-abac", settings.GetBucketAbac):
            self._bucket(part)["abac_enabled"] = abac.abac_status.status == "Enabled"
        for part, tagging in self._pages("s3api", "get-bucket-tagging", settings.GetBucketTagging):
            self._bucket(part)["tags"] = tuple((tag.key, tag.value) for tag in tagging.tag_set)
        for capture in self._bundle.captures.values():
            if capture.state == "nothing-there" and capture.service == "s3api" and capture.arguments:
                place = Place("s3api", "get-bucket-policy", capture.account_id, "", capture.arguments)
                entry = self._entry(self.arn(place), place)
                if capture.command == "get-public-access-block":
                    entry["public_access_block"] = PublicAccessBlock()
                elif capture.command == "get-bucket-tagging":
                    entry["tags"] = ()

    def _acl_grant(self, grant: settings.ListedAclGrant) -> AclGrant:
        grantee = grant.grantee
        return AclGrant(
            permission=grant.permission,
            uri=grantee.uri,
            canonical_id=grantee.id,
            account_id=self._owners.get(grantee.id or ""),
        )

    def _take_encryption(self, part: Part, output: settings.GetBucketEncryption) -> None:
        configuration = output.server_side_encryption_configuration
        for rule in configuration.rules if configuration else ():
            default = rule.apply_server_side_encryption_by_default
            key = default.kms_master_key_id if default else None
            if key:
                entry = self._bucket(part)
                region = entry.get("region")
                if not key.startswith("arn:") and region:
                    place = part.place._replace(region=region)
                    key = self.arn(place, service="kms", command="get-key-policy", arguments=(key,))
                if key.startswith("arn:"):
                    entry["encryption_key_arn"] = key

    # --- the rest

    def _key(self, part: Part) -> dict[str, Any]:
        return self._entry(self.arn(part.place, command="get-key-policy"), part.place)

    def _take_keys(self) -> None:
        for part, output in self._pages("kms", "list-grants", settings.ListGrants):
            self._key(part)["key_grants"] = tuple(
                KeyGrant(
                    grant_id=grant.grant_id,
                    grantee_principal=grant.grantee_service_principal or grant.grantee_principal,
                    operations=grant.operations,
                    has_constraints=any(not isinstance(bound, str) for bound in (grant.constraints or {}).values()),
                    encryption_context_subset=_pairs(grant.constraints, "EncryptionContextSubset"),
                    encryption_context_equals=_pairs(grant.constraints, "EncryptionContextEquals"),
                    source_arn=_source_arn(grant.constraints),
                    retiring_principal=grant.retiring_service_principal or grant.retiring_principal,
                )
                for grant in output.grants
            )
        for part, described in self._pages("kms", "describe-key", settings.DescribeKey):
            if described.key_metadata.key_manager:
                self._key(part)["is_aws_managed"] = described.key_metadata.key_manager == "AWS"
        for part, listed in self._pages("kms", "list-aliases", settings.ListAliases):
            for alias in listed.aliases:
                if alias.target_key_id:
                    key = self.arn(part.place, command="get-key-policy", arguments=(alias.target_key_id,))
                    entry = self._entry(key, part.place)
                    entry["key_aliases"] = (*entry.get("key_aliases", ()), alias.alias_arn)
        for part, tags in self._pages("kms", "list-resource-tags", settings.ListResourceTags):
            self._key(part)["tags"] = tuple((tag.tag_key, tag.tag_value) for tag in tags.tags)

    def _take_tags(self) -> None:
        for part, output in self._pages("resourcegroupstaggingapi", "get-resources", all_resources.GetResources):
            for tagged in output.resource_tag_mapping_list:
                arn = _rest_api(tagged.resource_arn, part.place.account)
                if arn not in self._found:
                    arn = tagged.resource_arn
                    if arn.split(":", 3)[2:3] in _WITH_TAGS_ELSEWHERE or not arn.startswith("arn:"):
                        continue
                    self._entry(arn, part.place)["is_only_tagged"] = True
                self._found[arn].setdefault("tags", tuple((tag.key, tag.value) for tag in tagged.tags))
        for part, apis in self._pages("apigateway", "get-rest-apis", GetRestApis):
            for api in apis.items:
                arn = self.arn(part.place, command="get-rest-api", arguments=(api.id,))
                self._found[arn].setdefault("tags", tuple((api.tags or {}).items()))

    def _take_access_points(self) -> None:
        for part, found in self._pages("s3control", _MULTI_REGION_LIST, ListMultiRegionAccessPoints):
            for multi in found.access_points:
                arn = self.arn(part.place, command=_MULTI_REGION_POLICY, arguments=(multi.alias,))
                self._found[arn]["access_point"] = _multi_region_point(multi)
        for _, output in self._pages("s3control", "list-access-points", ListAccessPoints):
            for point in output.access_point_list:
                configuration = point.vpc_configuration or {}
                bucket = AccessPointBucket(name=point.bucket, account_id=point.bucket_account_id)
                self._found[point.access_point_arn]["access_point"] = AccessPoint(
                    buckets=(bucket,),
                    alias=point.alias,
                    network_origin=point.network_origin,
                    vpc_id=configuration.get("VpcId"),
                )

    def _take_function_urls(self) -> None:
        captured: set[str] = set()
        for part, output in self._pages("lambda", "list-function-url-configs", ListFunctionUrlConfigs):
            function = self.arn(part.place, command="get-policy")
            whole = self._entry(function, part.place)
            whole["function_urls"] = whole.get("function_urls") or ()
            captured.add(function)
            for url in output.function_url_configs:
                entry = self._entry(url.function_arn, part.place)
                entry["function_urls"] = (*(entry.get("function_urls") or ()), url)
        for arn, entry in self._found.items():  # AWS lists the URLs of a function together with those of its aliases
            if arn.rpartition(":")[0] in captured:
                entry.setdefault("function_urls", ())

    def _take_authorization_types(self) -> None:
        for part, output in self._pages("apigateway", "get-resources", GetResources):
            entry = self._entry(self.arn(part.place, command="get-rest-api"), part.place)
            found = (
                (f"{method.http_method} {resource.path}", method.authorization_type)
                for resource in output.items or ()
                for method in resource.resource_methods or ()
            )
            entry["authorization_types"] = (*(entry.get("authorization_types") or ()), *found)

        for part, apis in self._pages("apigatewayv2", "get-apis", GetApis):
            for api in apis.items:
                entry = self._routed_api(api.api_id, part.place)
                entry.setdefault("tags", tuple((api.tags or {}).items()))
        for part, routes in self._pages("apigatewayv2", "get-routes", GetRoutes):
            if part.name:
                entry = self._routed_api(part.name, part.place)
                found = ((route.route_key, route.authorization_type or "NONE") for route in routes.items or ())
                entry["authorization_types"] = (*(entry.get("authorization_types") or ()), *found)

    def _routed_api(self, api: str, place: Place) -> dict[str, Any]:
        """Return the entry of an HTTP or WebSocket API, which never has a policy."""
        arn = self.arn(place, service="apigateway", command="get-rest-api", arguments=(api,))
        entry = self._entry(arn, place)
        entry["is_policy_captured"] = True
        return entry

    def _take_data_access(self) -> None:
        """Take the data access policies of each collection, if every one of the account and Region was captured."""
        names: dict[tuple[str, str], set[str]] = {}
        policies: dict[tuple[str, str], dict[str, AccessPolicyDetail]] = {}
        for part, listed in self._pages("opensearchserverless", "list-access-policies", ListAccessPolicies):
            here = names.setdefault((part.place.account, part.place.region), set())
            here.update(one.name for one in listed.access_policy_summaries)
        for part, output in self._pages("opensearchserverless", "get-access-policy", GetAccessPolicy):
            found = output.access_policy_detail
            policies.setdefault((part.place.account, part.place.region), {})[found.name] = found
        for part, page in self._pages("opensearchserverless", "list-collections", ListCollections):
            place = part.place.account, part.place.region
            known = policies.get(place, {})
            if place not in names or names[place] - known.keys():
                continue
            for collection in page.collection_summaries:
                self._entry(collection.arn, part.place).update(
                    is_policy_captured=True, data_access=tuple(_data_access(collection.name, known.values()))
                )


def _data_access(collection: str, policies: Iterable[AccessPolicyDetail]) -> Iterator[DataAccess]:
    """Yield what data access policies allow in a collection, by its name."""
    for policy in policies:
        for entry in policy.policy:
            for rule in entry.rules:
                if rule.covers(collection):
                    yield DataAccess(
                        policy=policy.name,
                        principals=entry.principal,
                        permissions=rule.permission,
                        resources=rule.resource,
                    )


def _multi_region_point(point: MultiRegionAccessPoint) -> AccessPoint:
    buckets = tuple(
        AccessPointBucket(name=one.bucket, account_id=one.bucket_account_id, region=one.region) for one in point.regions
    )
    return AccessPoint(buckets=buckets, alias=point.alias)


def _rest_api(arn: str, account: str) -> str:
    """Return the ARN by which a REST API is invoked, for the one by which it is managed; any other as it is."""
    match arn.split(":", 5):
        case ["arn", partition, "apigateway", region, _, rest] if rest.startswith("/restapis/"):
            return f"arn:{partition}:execute-api:{region}:{account}:{rest.removeprefix('/restapis/')}"
    return arn


def public_access_block(output: settings.GetPublicAccessBlock) -> PublicAccessBlock:
    """Return the settings; none printed means that none is on."""
    found = output.public_access_block_configuration or settings.PublicAccessBlockConfiguration()
    return PublicAccessBlock(
        block_public_acls=found.block_public_acls,
        ignore_public_acls=found.ignore_public_acls,
        block_public_policy=found.block_public_policy,
        restrict_public_buckets=found.restrict_public_buckets,
    )


def _pairs(constraints: Mapping[str, Mapping[str, str] | str] | None, name: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a grant's constraint."""
    bound = (constraints or {}).get(name, {})
    return () if isinstance(bound, str) else tuple(bound.items())


def _source_arn(constraints: Mapping[str, Mapping[str, str] | str] | None) -> str | None:
    """Return the resource for which a grant is, where one is bound to it."""
    bound = (constraints or {}).get("SourceArn")
    return bound if isinstance(bound, str) else None
