"""Resources out of their files: the ARN and policy of every service, and how each is set up."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.snapshot.cli_commands import CALLS
from iamdesk.snapshot.layout import Scope
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.resource_services import all_commands
from iamdesk.snapshot.resources import Resource
from iamdesk.viewmodel.resource_details import resource_facts

from .bundles import ACCOUNT, HERE, IAM, REGION, S3, allow, as_folder, details

POLICY = allow("*")
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ESCAPED = json.dumps(POLICY)[1:-1]
"""As API Gateway prints it: with its quotes escaped once more."""


def opened(tmp_path: Path, **files: Any) -> Snapshot:
    named = {f"{IAM}/get-account-authorization-details.json": details(), **files}
    return load_snapshot(as_folder(tmp_path, named))


def one(tmp_path: Path, **files: Any) -> Resource:
    snapshot = opened(tmp_path, **files)
    assert snapshot.problems == ()
    (resource,) = snapshot.resources
    return resource


CASES: dict[tuple[str, str], tuple[str, Any, str]] = {
    ("s3api", "get-bucket-policy"): ("data", {"Policy": POLICY}, "arn:aws:s3:::data"),
    ("s3control", "get-access-point-policy"): ("ap", {"Policy": POLICY}, "s3:{}:accesspoint/ap"),
    ("s3control", "get-multi-region-access-point-policy"): (
        "m",
        {"Policy": {"Established": {"Policy": POLICY}}},
        f"arn:aws:s3::{ACCOUNT}:accesspoint/m",
    ),
    ("s3control", "get-access-grants-instance-resource-policy"): (
        "default",
        {"Policy": POLICY, "CreatedAt": "2026-01-01T00:00:00+00:00"},
        "s3:{}:access-grants/default",
    ),
    ("s3express", "get-bucket-policy"): (
        "fast--euw1-az1--x-s3",
        {"Policy": POLICY},
        "s3express:{}:bucket/fast--euw1-az1--x-s3",
    ),
    ("s3tables", "get-table-bucket-policy"): ("tb", {"resourcePolicy": POLICY}, "s3tables:{}:bucket/tb"),
    ("s3vectors", "get-vector-bucket-policy"): ("vb", {"policy": POLICY}, "s3vectors:{}:bucket/vb"),
    ("kms", "get-key-policy"): (KEY, {"Policy": POLICY, "PolicyName": "default"}, f"kms:{{}}:key/{KEY}"),
    ("sqs", "get-queue-attributes"): ("q", {"Attributes": {"Policy": POLICY}}, "sqs:{}:q"),
    ("sns", "get-topic-attributes"): ("t", {"Attributes": {"Policy": POLICY}}, "sns:{}:t"),
    ("lambda", "get-policy"): ("f", {"Policy": POLICY, "RevisionId": "1"}, "lambda:{}:function:f"),
    ("lambda", "get-layer-version-policy"): ("l/3", {"Policy": POLICY}, "lambda:{}:layer:l:3"),
    ("secretsmanager", "get-resource-policy"): (
        "db",
        {"ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf", "ResourcePolicy": POLICY},
        "secretsmanager:{}:secret:db-AbCdEf",
    ),
    ("ecr", "get-repository-policy"): ("team%2Fapp", {"policyText": POLICY}, "ecr:{}:repository/team/app"),
    ("dynamodb", "get-resource-policy"): ("Orders", {"Policy": POLICY}, "dynamodb:{}:table/Orders"),
    ("events", "describe-event-bus"): ("default", {"Policy": POLICY}, "events:{}:event-bus/default"),
    ("glacier", "get-vault-access-policy"): ("v", {"policy": {"Policy": POLICY}}, "glacier:{}:vaults/v"),
    ("efs", "describe-file-system-policy"): ("fs-1", {"Policy": POLICY}, "elasticfilesystem:{}:file-system/fs-1"),
    ("opensearch", "describe-domain"): (
        "logs",
        {"DomainStatus": {"ARN": f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs", "AccessPolicies": POLICY}},
        "es:{}:domain/logs",
    ),
    ("es", "describe-elasticsearch-domain"): (
        "logs",
        {"DomainStatus": {"ARN": f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs", "AccessPolicies": POLICY}},
        "es:{}:domain/logs",
    ),
    ("apigateway", "get-rest-api"): ("a1b2", {"id": "a1b2", "policy": ESCAPED}, "execute-api:{}:a1b2"),
    ("backup", "get-backup-vault-access-policy"): ("v", {"Policy": POLICY}, "backup:{}:backup-vault:v"),
    ("glue", "get-resource-policy"): ("", {"PolicyInJson": POLICY}, "glue:{}:catalog"),
    ("codeartifact", "get-domain-permissions-policy"): (
        "d",
        {"policy": {"document": POLICY}},
        "codeartifact:{}:domain/d",
    ),
    ("codeartifact", "get-repository-permissions-policy"): (
        "d/r",
        {"policy": {"document": POLICY}},
        "codeartifact:{}:repository/d/r",
    ),
    ("kinesis", "get-resource-policy"): ("s", {"Policy": POLICY}, "kinesis:{}:stream/s"),
    ("acm-pca", "get-policy"): ("ca-1", {"Policy": POLICY}, "acm-pca:{}:certificate-authority/ca-1"),
    ("dsql", "get-cluster-policy"): ("abc", {"policy": POLICY, "policyVersion": "1"}, "dsql:{}:cluster/abc"),
    ("payment-cryptography", "get-resource-policy"): (
        "abcdefghijklmnop",
        {"ResourceArn": f"arn:aws:payment-cryptography:{REGION}:{ACCOUNT}:key/abcdefghijklmnop", "Policy": POLICY},
        "payment-cryptography:{}:key/abcdefghijklmnop",
    ),
    ("amp", "describe-resource-policy"): (
        "ws-1",
        {"policyDocument": POLICY, "policyStatus": "ACTIVE", "revisionId": "1"},
        "aps:{}:workspace/ws-1",
    ),
    ("kafka", "get-cluster-policy"): (
        "orders/0123abcd-1",
        {"CurrentVersion": "K3", "Policy": POLICY},
        "kafka:{}:cluster/orders/0123abcd-1",
    ),
    ("vpc-lattice", "get-auth-policy"): (
        "service/svc-0abc",
        {"policy": POLICY, "state": "Active"},
        "vpc-lattice:{}:service/svc-0abc",
    ),
    ("mediastore", "get-container-policy"): ("c", {"Policy": POLICY}, "mediastore:{}:container/c"),
}


def test_every_command_that_tells_a_policy_is_tried() -> None:
    assert set(CASES) == {command.key for command in all_commands() if command.arn}


@pytest.mark.parametrize("call", CASES, ids=" ".join)
def test_the_policy_of_each_service_is_read_with_the_arn_that_it_is_of(tmp_path: Path, call: tuple[str, str]) -> None:
    argument, content, arn = CASES[call]
    is_regional = CALLS[call].scope is Scope.REGION
    where = f"{HERE if is_regional else f'accounts/{ACCOUNT}'}/{call[0]}"
    path = f"{where}/{call[1]}{'/' if argument else ''}{argument}.json"
    resource = one(tmp_path, **{path: content})
    assert resource.arn == (arn if arn.startswith("arn:") else "arn:aws:" + arn.format(f"{REGION}:{ACCOUNT}"))
    assert resource.policy == json.loads(POLICY)
    assert resource.is_policy_captured
    assert resource.account_id == ACCOUNT


def test_a_resource_that_is_only_listed_is_known_without_its_policy(tmp_path: Path) -> None:
    files = {
        f"{HERE}/kms/list-keys.json": {"Keys": [{"KeyId": KEY, "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}"}]},
        f"{HERE}/sqs/list-queues.json": {"QueueUrls": [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"]},
        f"{HERE}/dynamodb/list-tables.json": {"TableNames": ["Orders"]},
        f"{HERE}/efs/describe-file-systems.json": {"FileSystems": [{"FileSystemId": "fs-1"}]},
    }
    found = opened(tmp_path, **files).resources
    assert [(one.arn.split(":", 5)[2], one.is_policy_captured) for one in found] == [
        ("dynamodb", False),
        ("elasticfilesystem", False),
        ("kms", False),
        ("sqs", False),
    ]


def test_empty_answers_say_that_there_is_no_policy(tmp_path: Path) -> None:
    resource = one(tmp_path, **{f"{HERE}/sqs/get-queue-attributes/q.json": {}})
    assert resource.is_policy_captured
    assert resource.policy is None


def test_a_bucket_is_set_up_as_its_files_say(tmp_path: Path) -> None:
    owner, other = "a" * 64, "b" * 64
    group = "http://acs.amazonaws.com/groups/global/AllUsers"
    grants = [
        {"Grantee": {"Type": "CanonicalUser", "ID": owner}, "Permission": "FULL_CONTROL"},
        {"Grantee": {"Type": "CanonicalUser", "ID": other}, "Permission": "READ"},
        {"Grantee": {"Type": "Group", "URI": group}, "Permission": "READ"},
    ]
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{KEY}"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rule = {"ApplyServerSideEncryptionByDefault": default}
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False}
    files = {
        f"{S3}/list-buckets.json": {"Buckets": [{"Name": "data"}], "Owner": {"ID": owner}},
        f"{S3}/get-bucket-acl/data.json": {"Owner": {"ID": owner}, "Grants": grants},
        f"{S3}/get-bucket-ownership-controls/data.json": {
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        },
        f"{S3}/get-public-access-block/data.json": {"PublicAccessBlockConfiguration": block},
        f"{S3}/get-bucket-location/data.json": {"LocationConstraint": "eu-central-1"},
        f"{S3}/get-bucket-encryption/data.json": {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        f"{S3}/get-bucket-abac/data.json": {"AbacStatus": {"Status": "Enabled"}},
        f"{S3}/get-bucket-tagging/data.json": {"TagSet": [{"Key": "team", "Value": "blue"}]},
        f"accounts/{ACCOUNT}/s3control/get-public-access-block.json": {
            "PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}
        },
    }
    snapshot = opened(tmp_path, **files)
    (bucket,) = snapshot.resources
    assert bucket.acl is not None
    assert [(grant.permission, grant.account_id, grant.uri) for grant in bucket.acl] == [
        ("FULL_CONTROL", ACCOUNT, None),
        ("READ", None, None),
        ("READ", None, group),
    ]
    assert bucket.object_ownership == "ObjectWriter"
    assert bucket.public_access_block is not None
    assert bucket.public_access_block.block_public_acls
    assert bucket.region == "eu-central-1"
    assert bucket.encryption_key_arn == key
    assert bucket.abac_enabled
    assert bucket.tags == (("team", "blue"),)
    (settings,) = snapshot.account_settings
    assert settings.public_access_block is not None
    assert settings.public_access_block.restrict_public_buckets
    assert settings.canonical_id == owner


@pytest.mark.parametrize(("printed", "region"), [(None, "us-east-1"), ("EU", "eu-west-1"), ("eu-west-3", "eu-west-3")])
def test_a_location_is_a_region_whatever_s3_calls_it(tmp_path: Path, printed: str | None, region: str) -> None:
    bucket = one(tmp_path, **{f"{S3}/get-bucket-location/data.json": {"LocationConstraint": printed}})
    assert bucket.region == region


def test_grants_and_tags_of_a_key_are_its_own(tmp_path: Path) -> None:
    grant = {
        "GrantId": "g1",
        "GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/app",
        "Operations": ["Decrypt"],
        "Constraints": {"EncryptionContextSubset": {"Department": "IT"}},
    }
    files = {
        f"{HERE}/kms/list-grants/{KEY}.json": {"Grants": [grant], "Truncated": False},
        f"{HERE}/kms/list-resource-tags/{KEY}.json": {"Tags": [{"TagKey": "team", "TagValue": "blue"}]},
        f"{HERE}/kms/describe-key/{KEY}.json": {"KeyMetadata": {"Arn": KEY, "KeyManager": "AWS"}},
    }
    key = one(tmp_path, **files)
    assert key.key_grants is not None
    assert key.key_grants[0].operations == ("Decrypt",)
    assert key.key_grants[0].has_constraints
    assert key.tags == (("team", "blue"),)
    assert key.is_aws_managed
    assert not key.is_policy_captured


def test_grants_to_services_name_them_and_what_they_act_for(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html"""
    grant = {
        "GrantId": "g1",
        "GranteeServicePrincipal": "rds.amazonaws.com",
        "RetiringServicePrincipal": "ec2.amazonaws.com",
        "Operations": ["Decrypt"],
        "Constraints": {"SourceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders"},
    }
    key = one(tmp_path, **{f"{HERE}/kms/list-grants/{KEY}.json": {"Grants": [grant], "Truncated": False}})
    assert key.key_grants is not None
    [read] = key.key_grants
    assert (read.grantee_principal, read.retiring_principal) == ("rds.amazonaws.com", "ec2.amazonaws.com")
    assert (read.source_arn, read.has_constraints) == (f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders", False)


def test_tags_of_the_tagging_api_reach_the_resources_that_are_known(tmp_path: Path) -> None:
    mapping = [
        {"ResourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "Tags": [{"Key": "team", "Value": "blue"}]},
        {"ResourceARN": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1", "Tags": [{"Key": "team", "Value": "red"}]},
        {"ResourceARN": f"arn:aws:iam::{ACCOUNT}:policy/p", "Tags": []},
        {"ResourceARN": f"arn:aws:apigateway:{REGION}::/restapis/a1b2", "Tags": [{"Key": "a", "Value": "b"}]},
    ]
    files = {
        f"{HERE}/sqs/list-queues.json": {"QueueUrls": ["https://q.example/1/q"]},
        f"{HERE}/apigateway/get-rest-apis.json": {"items": [{"id": "a1b2", "policy": ESCAPED}]},
        f"{HERE}/resourcegroupstaggingapi/get-resources.json": {"ResourceTagMappingList": mapping},
    }
    instance, api, queue = opened(tmp_path, **files).resources
    assert (instance.arn.rpartition(":")[2], instance.account_id) == ("instance/i-1", ACCOUNT)
    assert (instance.tags, instance.is_only_tagged, instance.is_policy_captured) == ((("team", "red"),), True, False)
    assert not queue.is_only_tagged
    assert queue.tags == (("team", "blue"),)
    assert api.tags == (("a", "b"),)
    assert api.policy == json.loads(POLICY)


def test_an_access_point_leads_to_its_bucket(tmp_path: Path) -> None:
    point = {
        "Name": "ap",
        "AccessPointArn": f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/ap",
        "Bucket": "data",
        "BucketAccountId": "222222222222",
        "NetworkOrigin": "VPC",
        "VpcConfiguration": {"VpcId": "vpc-1"},
        "Alias": "ap-abc-s3alias",
    }
    found = one(tmp_path, **{f"{HERE}/s3control/list-access-points.json": {"AccessPointList": [point]}}).access_point
    assert found is not None
    assert (found.buckets[0].name, found.buckets[0].account_id, found.vpc_id, found.alias) == (
        "data",
        "222222222222",
        "vpc-1",
        "ap-abc-s3alias",
    )


def test_a_multi_region_access_point_is_known_by_its_alias(tmp_path: Path) -> None:
    point = {
        "Name": "world",
        "Alias": "mfzwi23gnjvgw.mrap",
        "Regions": [{"Bucket": "a", "Region": "eu-west-1"}, {"Bucket": "b", "Region": "us-east-1"}],
    }
    where = f"accounts/{ACCOUNT}/s3control"
    files = {
        f"{where}/list-multi-region-access-points.json": {"AccessPoints": [point]},
        f"{where}/get-multi-region-access-point-policy/world.json": {"Policy": {"Established": {"Policy": POLICY}}},
    }
    found = one(tmp_path, **files)
    assert found.arn == f"arn:aws:s3::{ACCOUNT}:accesspoint/mfzwi23gnjvgw.mrap"
    assert found.policy == json.loads(POLICY)
    assert found.access_point is not None
    assert [(bucket.name, bucket.region) for bucket in found.access_point.buckets] == [
        ("a", "eu-west-1"),
        ("b", "us-east-1"),
    ]


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_the_partition_is_that_of_the_region(tmp_path: Path, region: str, partition: str) -> None:
    path = f"accounts/{ACCOUNT}/{region}/dynamodb/get-resource-policy/Orders.json"
    assert (
        one(tmp_path, **{path: {"Policy": POLICY}}).arn == f"arn:{partition}:dynamodb:{region}:{ACCOUNT}:table/Orders"
    )


def test_endpoints_and_shares_are_held_once(tmp_path: Path) -> None:
    endpoint = {"VpcEndpointId": "vpce-1", "ServiceName": "com.amazonaws.eu-west-1.s3", "PolicyDocument": POLICY}
    share = {"resourceShareArn": f"arn:aws:ram:{REGION}:{ACCOUNT}:resource-share/s", "name": "s"}
    association = {**share, "associatedEntity": "222222222222", "associationType": "PRINCIPAL", "external": True}
    files = {
        f"{HERE}/ec2/describe-vpc-endpoints.json": [{"VpcEndpoints": [endpoint]}, {"VpcEndpoints": [endpoint]}],
        f"{HERE}/ram/get-resource-shares/SELF.json": {"resourceShares": [share]},
        f"{HERE}/ram/get-resource-share-associations/PRINCIPAL.json": {"resourceShareAssociations": [association]},
    }
    permission = {"arn": "arn:aws:ram::aws:permission/P", "version": "3", "name": "P", "resourceType": "ec2:Subnet"}
    said = {"Effect": "Allow", "Action": ["ec2:RunInstances"]}
    files |= {
        f"{HERE}/ram/list-resource-share-permissions/s.json": {"permissions": [permission]},
        f"{HERE}/ram/get-permission/P/3.json": {"permission": {**permission, "permission": json.dumps(said)}},
    }
    snapshot = opened(tmp_path, **files)
    (held,) = snapshot.vpc_endpoints
    assert held.owner_id == ACCOUNT
    assert held.policy_document == json.loads(POLICY)
    (shares,) = snapshot.resource_shares
    assert shares.shares is not None
    assert shares.associations is not None
    assert (shares.region, len(shares.shares), shares.associations[0].external) == (REGION, 1, True)
    assert [(one.share_id, one.permission.name) for one in shares.share_permissions] == [("s", "P")]
    assert [(one.version, one.permission) for one in shares.permissions] == [("3", said)]


def test_a_list_of_destinations_has_their_policies(tmp_path: Path) -> None:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:destination"
    listed = [{"arn": f"{arn}:central", "accessPolicy": POLICY}, {"arn": f"{arn}:none", "roleArn": "r"}]
    found = opened(tmp_path, **{f"{HERE}/logs/describe-destinations.json": {"destinations": listed}}).resources
    assert [(one.arn, one.policy is not None, one.is_policy_captured) for one in found] == [
        (f"{arn}:central", True, True),
        (f"{arn}:none", False, True),
    ]


def test_aliases_have_policies_of_their_own_and_urls_their_authorization(tmp_path: Path) -> None:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
    url = {"FunctionUrl": "https://x.lambda-url.aws/", "FunctionArn": f"{function}:prod", "AuthType": "NONE"}
    files = {
        f"{HERE}/lambda/list-functions.json": {"Functions": [{"FunctionName": "orders", "FunctionArn": function}]},
        f"{HERE}/lambda/list-aliases/orders.json": {
            "Aliases": [{"AliasArn": f"{function}:prod", "Name": "prod", "FunctionVersion": "3"}]
        },
        f"{HERE}/lambda/get-policy/orders%3Aprod.json": {"Policy": POLICY},
        f"{HERE}/lambda/list-function-url-configs/orders.json": {"FunctionUrlConfigs": [url]},
    }
    whole, alias = opened(tmp_path, **files).resources
    assert (whole.arn, whole.is_policy_captured, whole.function_urls) == (function, False, ())
    assert (alias.arn, alias.policy is not None) == (f"{function}:prod", True)
    assert [one.auth_type for one in alias.function_urls] == ["NONE"]
    assert dict(resource_facts(alias, None))["Function URL"] == "https://x.lambda-url.aws/, authorization NONE"


METHODS = {"GET": {"httpMethod": "GET", "authorizationType": "NONE"}, "POST": {"authorizationType": "AWS_IAM"}}


@pytest.mark.parametrize(
    "methods", [METHODS, [{"httpMethod": verb, **one} for verb, one in METHODS.items()]], ids=["by verb", "list"]
)
def test_methods_of_an_api_say_how_they_authorize(tmp_path: Path, methods: Any) -> None:
    """https://docs.aws.amazon.com/apigateway/latest/api/API_GetResources.html"""
    files = {
        f"{HERE}/apigateway/get-rest-apis.json": {"items": [{"id": "a1b2", "policy": ESCAPED}]},
        f"{HERE}/apigateway/get-resources/a1b2.json": {
            "items": [{"id": "r", "path": "/"}, {"id": "s", "path": "/orders", "resourceMethods": methods}]
        },
    }
    (api,) = opened(tmp_path, **files).resources
    assert api.authorization_types == (("GET /orders", "NONE"), ("POST /orders", "AWS_IAM"))
    assert (
        dict(resource_facts(api, None))["Authorization of methods and routes"]
        == "AWS_IAM: POST /orders; NONE: GET /orders"
    )


@pytest.mark.parametrize("output", [{"policy": POLICY, "state": "Inactive"}, {}])
def test_an_auth_policy_that_is_not_in_force_leaves_access_unknown(tmp_path: Path, output: dict[str, str]) -> None:
    # VPC Lattice API Reference, GetAuthPolicy: with the auth type NONE, the policy remains inactive.
    resource = one(tmp_path, **{f"{HERE}/vpc-lattice/get-auth-policy/service/svc-0abc.json": output})
    assert resource.arn == f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}:service/svc-0abc"
    assert not resource.is_policy_captured
    assert resource.policy is None


def test_public_access_to_directory_buckets_is_always_blocked(tmp_path: Path) -> None:
    """Amazon S3 User Guide, "Security best practices for directory buckets"."""
    arn = f"arn:aws:s3express:{REGION}:{ACCOUNT}:bucket/fast--euw1-az1--x-s3"
    listed = [{"Name": "fast--euw1-az1--x-s3", "BucketArn": arn}, {"Name": "old--euw1-az2--x-s3"}, {"Name": "logs"}]
    found = opened(tmp_path, **{f"{HERE}/s3express/list-directory-buckets.json": {"Buckets": listed}}).resources
    assert [(bucket.arn, bucket.is_policy_captured) for bucket in found] == [
        (arn, False),
        (f"arn:aws:s3express:{REGION}:{ACCOUNT}:bucket/old--euw1-az2--x-s3", False),
    ]
    assert all(bucket.public_access_block and bucket.public_access_block.restrict_public_buckets for bucket in found)
    assert dict(resource_facts(found[0], None))["Block Public Access"] == "on"


def test_collections_have_the_data_access_policies_that_match_their_names(tmp_path: Path) -> None:
    """Amazon OpenSearch Service Developer Guide, "Data access control for Amazon OpenSearch Serverless"."""
    folder, name = f"{HERE}/opensearchserverless", "salesorders"
    arn = f"arn:aws:aoss:{REGION}:{ACCOUNT}:collection/07tjusf2h91cunochc"
    dale = f"arn:aws:iam::{ACCOUNT}:user/Dale"
    rules = [
        {"ResourceType": "collection", "Resource": ["collection/sales*"], "Permission": ["aoss:UpdateCollectionItems"]},
        {"ResourceType": "index", "Resource": ["index/salesorders/orders*"], "Permission": ["aoss:ReadDocument"]},
        {"ResourceType": "index", "Resource": ["index/sales/*"], "Permission": ["aoss:*"]},
    ]
    detail = {"type": "data", "name": "team", "policy": [{"Rules": rules, "Principal": [dale]}]}
    files: dict[str, Any] = {
        f"{folder}/list-collections.json": {"collectionSummaries": [{"id": "1", "name": name, "arn": arn}]},
        f"{folder}/list-access-policies.json": {"accessPolicySummaries": [{"type": "data", "name": "team"}]},
    }
    unknown = one(tmp_path / "a", **files)
    assert unknown.data_access is None
    assert not unknown.is_policy_captured
    files[f"{folder}/get-access-policy/team.json"] = {"accessPolicyDetail": detail}
    collection = one(tmp_path / "b", **files)
    assert [(access.permissions, access.principals) for access in collection.data_access or ()] == [
        (("aoss:UpdateCollectionItems",), (dale,)),
        (("aoss:ReadDocument",), (dale,)),
    ]
    assert [text for label, text in resource_facts(collection, None) if label == "Data access"] == [
        f"team: aoss:UpdateCollectionItems on collection/sales* for {dale}",
        f"team: aoss:ReadDocument on index/salesorders/orders* for {dale}",
    ]


def test_routes_of_http_apis_say_how_they_authorize(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html"""
    files: dict[str, Any] = {
        f"{HERE}/apigatewayv2/get-apis.json": {
            "Items": [{"ApiId": "a1b2c3d4e5", "Name": "orders", "ProtocolType": "HTTP", "Tags": {"team": "shop"}}]
        },
    }
    unknown = one(tmp_path / "a", **files)
    assert unknown.authorization_types is None
    assert unknown.is_policy_captured
    assert unknown.tags == (("team", "shop"),)
    files[f"{HERE}/apigatewayv2/get-routes/a1b2c3d4e5.json"] = {
        "Items": [
            {"RouteKey": "GET /orders", "AuthorizationType": "NONE", "ApiKeyRequired": False, "RouteId": "1"},
            {"RouteKey": "$default", "AuthorizationType": "JWT", "AuthorizerId": "x"},
        ]
    }
    api = one(tmp_path / "b", **files)
    assert api.arn == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5"
    assert api.authorization_types == (("GET /orders", "NONE"), ("$default", "JWT"))
