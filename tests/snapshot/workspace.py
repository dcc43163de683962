"""A bundle with one of everything that stands in the tree beside principals and policies: what a workspace shows.

Two accounts of an organization (a third one is only named), resources, a VPC endpoint, identity providers, and IAM
Identity Center with a person, a group and a permission set that has become a role.
"""

import json
from typing import Any

from .bundles import ACCOUNT, HERE, IAM, REGION, S3, allow, details
from .test_organization import MANAGEMENT, OWN, everything

NAMED_ONLY = "333333333333"
UNIT = "ou-ab12-prod1234"
ROLE_PATH = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
ROLE = f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}AWSReservedSSO_Reader_0123456789abcdef"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/staff/alice"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
BUCKET = "arn:aws:s3:::acme-data"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
STRAY = "arn:aws:s3:::other-account-data"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"
ENDPOINT = "vpce-0123456789abcdef0"
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
SET = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef"
STORE = "d-1234567890"
ANA, READERS = f"{STORE}#user/u-ana", f"{STORE}#group/g-readers"
SCP = "organization#p-deny1234"
AWS_POLICY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"

_CENTER = f"accounts/{MANAGEMENT}/{REGION}/sso-admin"
_STORE = f"accounts/{MANAGEMENT}/{REGION}/identitystore"
_OF_SET = "ssoins-1234567890abcdef/ps-1234567890abcdef"


def trust(principal: Any, action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {"Version": "2012-10-17", "Statement": [statement]}


def workspace() -> dict[str, Any]:
    """The files of the bundle by path."""
    files = everything()
    roles = [
        {
            "RoleName": "AWSReservedSSO_Reader_0123456789abcdef",
            "Arn": ROLE,
            "Path": ROLE_PATH,
            "AssumeRolePolicyDocument": trust(
                {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_1234_DO_NOT_DELETE"},
                "sts:AssumeRoleWithSAML",
            ),
        },
        {
            "RoleName": "deploy",
            "Arn": DEPLOY,
            "AssumeRolePolicyDocument": trust({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity"),
        },
    ]
    return {
        **files,
        f"{IAM}/get-account-authorization-details.json": details(RoleDetailList=roles),
        f"accounts/{MANAGEMENT}/iam/get-account-authorization-details.json": details(MANAGEMENT),
        "organization/list-accounts-for-parent/ou-ab12-prod1234.json": {
            "Accounts": [{"Id": ACCOUNT, "Name": "prod"}, {"Id": NAMED_ONLY, "Name": "archive"}]
        },
        "organization/list-policies/SERVICE_CONTROL_POLICY.json": {
            "Policies": [*files["organization/list-policies/SERVICE_CONTROL_POLICY.json"]["Policies"], _IDLE]
        },
        "organization/describe-policy/p-idle1234.json": {
            "Policy": {"PolicySummary": _IDLE, "Content": json.dumps(trust("*", "s3:*"))}
        },
        "organization/list-targets-for-policy/p-idle1234.json": {"Targets": []},
        **_resources(),
        **_providers(),
        **_identity_center(),
    }


_IDLE = {**OWN, "Id": "p-idle1234", "Name": "Idle"}


def _resources() -> dict[str, Any]:
    other = f"accounts/{NAMED_ONLY}/s3api"
    return {
        f"{S3}/list-buckets.json": {"Buckets": [{"Name": "acme-data"}, {"Name": "acme-plain"}]},
        f"{S3}/get-bucket-policy/acme-data.json": {"Policy": allow(f"{BUCKET}/*", {"AWS": [ALICE, MANAGEMENT]})},
        f"{S3}/get-bucket-encryption/acme-data.json": {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}]
            }
        },
        f"{HERE}/kms/list-keys.json": {"Keys": [{"KeyId": KEY.rpartition("/")[2], "KeyArn": KEY}]},
        f"{HERE}/kms/get-key-policy/{KEY.rpartition('/')[2]}.json": {"Policy": allow("*", {"AWS": DEPLOY})},
        f"{HERE}/sqs/list-queues.json": {"QueueUrls": [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"]},
        f"{HERE}/sqs/get-queue-attributes/orders.json": {"Attributes": {"QueueArn": QUEUE}},
        f"{other}/list-buckets.json": {"Buckets": [{"Name": "other-account-data"}]},
        f"{HERE}/ec2/describe-vpc-endpoints.json": {
            "VpcEndpoints": [
                {
                    "VpcEndpointId": ENDPOINT,
                    "ServiceName": f"com.amazonaws.{REGION}.s3",
                    "VpcEndpointType": "Gateway",
                    "VpcId": "vpc-1",
                    "OwnerId": ACCOUNT,
                    "PolicyDocument": allow("*"),
                }
            ]
        },
    }


def _providers() -> dict[str, Any]:
    return {
        f"{IAM}/list-open-id-connect-providers.json": {"OpenIDConnectProviderList": [{"Arn": OIDC}]},
        f"{IAM}/get-open-id-connect-provider/token.actions.githubusercontent.com.json": {
            "Url": "token.actions.githubusercontent.com",
            "ClientIDList": ["sts.amazonaws.com"],
            "ThumbprintList": ["6938fd4d98bab03faadb97b34396831e3780aea1"],
        },
        f"{IAM}/list-saml-providers.json": {"SAMLProviderList": [{"Arn": SAML, "ValidUntil": "2030-01-01T00:00:00Z"}]},
    }


def _identity_center() -> dict[str, Any]:
    assignment = {"AccountId": ACCOUNT, "PermissionSetArn": SET, "PrincipalType": "GROUP", "PrincipalId": "g-readers"}
    inline = trust("*", "s3:*")
    del inline["Statement"][0]["Principal"]
    return {
        f"{_CENTER}/list-instances.json": {
            "Instances": [
                {"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "OwnerAccountId": MANAGEMENT, "Status": "ACTIVE"}
            ]
        },
        f"{_CENTER}/list-permission-sets/ssoins-1234567890abcdef.json": {"PermissionSets": [SET]},
        f"{_CENTER}/describe-permission-set/ps-1234567890abcdef.json": {
            "PermissionSet": {"Name": "Reader", "PermissionSetArn": SET, "SessionDuration": "PT4H"}
        },
        f"{_CENTER}/get-inline-policy-for-permission-set/ps-1234567890abcdef.json": {
            "InlinePolicy": json.dumps({"Version": "2012-10-17", "Statement": inline["Statement"]})
        },
        f"{_CENTER}/list-managed-policies-in-permission-set/ps-1234567890abcdef.json": {
            "AttachedManagedPolicies": [{"Name": "ViewOnlyAccess", "Arn": AWS_POLICY}]
        },
        f"{_CENTER}/list-account-assignments/ps-1234567890abcdef/{ACCOUNT}.json": {"AccountAssignments": [assignment]},
        f"{_STORE}/list-users/{STORE}.json": {
            "Users": [
                {"UserId": "u-ana", "UserName": "ana@example.com", "DisplayName": "Ana Silva", "IdentityStoreId": STORE}
            ]
        },
        f"{_STORE}/list-groups/{STORE}.json": {
            "Groups": [{"GroupId": "g-readers", "DisplayName": "Readers", "IdentityStoreId": STORE}]
        },
        f"{_STORE}/list-group-memberships/{STORE}/g-readers.json": {
            "GroupMemberships": [{"GroupId": "g-readers", "MemberId": {"UserId": "u-ana"}, "IdentityStoreId": STORE}]
        },
    }
