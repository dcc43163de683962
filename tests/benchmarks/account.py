"""Makes an account as large as wanted: seeded, of realistic shapes, in the layouts in which tools print it.

python tests/benchmarks/account.py large.json                  # about 50 MB: 1,000 users, 5,000 roles
python tests/benchmarks/account.py --roles 50 --compact small.json
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

ACTIONS = {
    "s3": ["GetObject", "PutObject", "ListBucket", "GetBucketPolicy", "DeleteObject", "GetObjectTagging", "Get*"],
    "ec2": ["DescribeInstances", "RunInstances", "StopInstances", "CreateTags", "DescribeVolumes", "Describe*"],
    "dynamodb": ["GetItem", "PutItem", "Query", "Scan", "UpdateItem", "BatchGetItem", "DescribeTable"],
    "lambda": ["InvokeFunction", "GetFunction", "UpdateFunctionCode", "ListFunctions"],
    "logs": ["CreateLogGroup", "CreateLogStream", "PutLogEvents", "FilterLogEvents"],
    "sqs": ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"],
    "kms": ["Decrypt", "Encrypt", "GenerateDataKey*", "DescribeKey"],
    "iam": ["PassRole", "GetRole", "ListRoles", "GetPolicy"],
    "secretsmanager": ["GetSecretValue", "DescribeSecret"],
}
RESOURCES = {
    "s3": "arn:aws:s3:::{name}/*",
    "iam": "arn:aws:iam::{account}:role/{name}",
    "lambda": "arn:aws:lambda:{region}:{account}:function:{name}",
    "dynamodb": "arn:aws:dynamodb:{region}:{account}:table/{name}",
}
REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "ap-southeast-2"]
TEAMS = ["orders", "billing", "search", "identity", "fulfilment", "reporting", "platform", "media"]
PARTS = ["api", "worker", "importer", "scheduler", "gateway", "archive", "stream", "cache", "mailer"]
SERVICES = ["lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "states.amazonaws.com"]
AWS_POLICIES = ["ReadOnlyAccess", "SecurityAudit", "AmazonS3ReadOnlyAccess", "AWSLambda_FullAccess"]


@dataclass(frozen=True)
class Size:
    """How much of everything an account has."""

    users: int = 1000
    roles: int = 5000
    groups: int = 300
    policies: int = 1500


class _Maker:
    def __init__(self, account: str, seed: int) -> None:
        self.account = account
        self.random = random.Random(f"{account} {seed}")

    def name(self) -> str:
        return f"{self.random.choice(TEAMS)}-{self.random.choice(PARTS)}-{self.random.randrange(16**8):08x}"

    def identifier(self, prefix: str) -> str:
        return prefix + "".join(self.random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=17))

    def date(self) -> str:
        pick = self.random.randrange
        return f"20{pick(15, 26)}-{pick(1, 13):02}-{pick(1, 29):02}T{pick(24):02}:{pick(60):02}:{pick(60):02}+00:00"

    def arn(self, kind: str, path: str, name: str) -> str:
        return f"arn:aws:iam::{self.account}:{kind}{path}{name}"

    def document(self, statements: int) -> Json:
        return {"Version": "2012-10-17", "Statement": [self.statement(number) for number in range(statements)]}

    def statement(self, number: int) -> Json:
        service = self.random.choice(list(ACTIONS))
        actions = [f"{service}:{action}" for action in ACTIONS[service] if self.random.random() < 0.7]
        template = RESOURCES.get(service, f"arn:aws:{service}:{{region}}:{{account}}:{{name}}")
        resources = [
            template.format(region=self.random.choice(REGIONS), account=self.account, name=self.name())
            for _ in range(self.random.randint(1, 4))
        ]
        statement: Json = {
            "Sid": f"{service.title()}{number}",
            "Effect": "Deny" if self.random.random() < 0.06 else "Allow",
            "Action": actions if len(actions) > 1 else f"{service}:*",
            "Resource": resources if len(resources) > 1 else "*",
        }
        if self.random.random() < 0.25:
            statement["Condition"] = {
                "StringEquals": {"aws:RequestedRegion": self.random.sample(REGIONS, 2)},
                "Bool": {"aws:SecureTransport": "true"},
            }
        return statement

    def inline(self, most: int) -> list[Json]:
        return [
            {"PolicyName": self.name(), "PolicyDocument": self.document(self.random.randint(1, 4))}
            for _ in range(self.random.randint(0, most))
        ]

    def trust(self) -> Json:
        principal: Json = {"Service": self.random.choice(SERVICES)}
        if self.random.random() < 0.3:
            principal = {"AWS": f"arn:aws:iam::{self.random.choice([self.account, '999988887777'])}:root"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def tags(self) -> list[Json]:
        tags = {"team": self.random.choice(TEAMS), "cost-centre": str(self.random.randrange(100, 160)), "env": "prod"}
        return [{"Key": key, "Value": value} for key, value in tags.items() if self.random.random() < 0.6]


def make_account(size: Size = Size(), account: str = "111122223333", seed: int = 1) -> Json:
    """Return what ``get-account-authorization-details`` would print of the account, documents as objects."""
    maker = _Maker(account, seed)
    policies = [_aws_policy(maker, name) for name in AWS_POLICIES]
    policies += [_policy(maker) for _ in range(size.policies)]
    attachable = [{"PolicyName": policy["PolicyName"], "PolicyArn": policy["Arn"]} for policy in policies]
    groups = [_group(maker, attachable) for _ in range(size.groups)]
    names = [group["GroupName"] for group in groups]
    return {
        "UserDetailList": [_user(maker, attachable, names) for _ in range(size.users)],
        "GroupDetailList": groups,
        "RoleDetailList": [_role(maker, attachable) for _ in range(size.roles)],
        "Policies": policies,
    }


def _some(maker: _Maker, choices: list[Any], most: int) -> list[Any]:
    return maker.random.sample(choices, min(len(choices), maker.random.randint(0, most)))


def _aws_policy(maker: _Maker, name: str) -> Json:
    return {
        "PolicyName": name,
        "PolicyId": maker.identifier("ANPA"),
        "Arn": f"arn:aws:iam::aws:policy/{name}",
        "Path": "/",
        "DefaultVersionId": "v7",
        "AttachmentCount": 1,
        "IsAttachable": True,
        "CreateDate": "2015-02-06T18:39:46+00:00",
        "UpdateDate": "2024-05-01T08:00:00+00:00",
        "PolicyVersionList": [
            {"Document": maker.document(12), "VersionId": "v7", "IsDefaultVersion": True, "CreateDate": maker.date()}
        ],
    }


def _policy(maker: _Maker) -> Json:
    name, newest = maker.name(), maker.random.randint(1, 5)
    return {
        "PolicyName": name,
        "PolicyId": maker.identifier("ANPA"),
        "Arn": maker.arn("policy", "/", name),
        "Path": "/",
        "DefaultVersionId": f"v{newest}",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": maker.date(),
        "UpdateDate": maker.date(),
        "PolicyVersionList": [
            {
                "Document": maker.document(maker.random.randint(2, 9)),
                "VersionId": f"v{version}",
                "IsDefaultVersion": version == newest,
                "CreateDate": maker.date(),
            }
            for version in range(newest, 0, -1)
        ],
    }


def _group(maker: _Maker, attachable: list[Json]) -> Json:
    name = maker.name()
    return {
        "Path": "/",
        "GroupName": name,
        "GroupId": maker.identifier("AGPA"),
        "Arn": maker.arn("group", "/", name),
        "CreateDate": maker.date(),
        "GroupPolicyList": maker.inline(2),
        "AttachedManagedPolicies": _some(maker, attachable, 4),
    }


def _user(maker: _Maker, attachable: list[Json], groups: list[str]) -> Json:
    name, path = maker.name(), maker.random.choice(["/", "/", "/staff/"])
    user: Json = {
        "Path": path,
        "UserName": name,
        "UserId": maker.identifier("AIDA"),
        "Arn": maker.arn("user", path, name),
        "CreateDate": maker.date(),
        "GroupList": _some(maker, groups, 4),
        "AttachedManagedPolicies": _some(maker, attachable, 3),
        "Tags": maker.tags(),
    }
    if inline := maker.inline(2):
        user["UserPolicyList"] = inline
    if maker.random.random() < 0.1:
        boundary = maker.random.choice(attachable)["PolicyArn"]
        user["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    return user


def _role(maker: _Maker, attachable: list[Json]) -> Json:
    name, path, trust = maker.name(), maker.random.choice(["/", "/", "/service-role/"]), maker.trust()
    role = {
        "Path": path,
        "RoleName": name,
        "RoleId": maker.identifier("AROA"),
        "Arn": maker.arn("role", path, name),
        "CreateDate": maker.date(),
        "AssumeRolePolicyDocument": trust,
        "InstanceProfileList": [],
        "RolePolicyList": maker.inline(3),
        "AttachedManagedPolicies": _some(maker, attachable, 4),
        "Tags": maker.tags(),
        "RoleLastUsed": {},
    }
    if maker.random.random() < 0.6:
        role["RoleLastUsed"] = {"LastUsedDate": maker.date(), "Region": maker.random.choice(REGIONS)}
    if trust["Statement"][0]["Principal"].get("Service") == "ec2.amazonaws.com":
        keys = ("Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument")
        plain = {key: role[key] for key in keys}
        role["InstanceProfileList"] = [
            {
                "Path": "/",
                "InstanceProfileName": name,
                "InstanceProfileId": maker.identifier("AIPA"),
                "Arn": maker.arn("instance-profile", "/", name),
                "CreateDate": role["CreateDate"],
                "Roles": [plain],
            }
        ]
    return role


DOCUMENT_KEYS = ("PolicyDocument", "AssumeRolePolicyDocument", "Document")


def spell_documents(value: Any, spelling: str) -> Any:
    """Return a copy with documents as ``json`` text or ``url``-encoded text, as SDK dumps and the raw API have them."""
    if isinstance(value, list):
        return [spell_documents(item, spelling) for item in value]
    if not isinstance(value, dict):
        return value
    spelled = {}
    for key, item in value.items():
        if key in DOCUMENT_KEYS and isinstance(item, dict):
            text = json.dumps(item)
            spelled[key] = quote(text, safe="") if spelling == "url" else text
        else:
            spelled[key] = spell_documents(item, spelling)
    return spelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("output", type=Path)
    for name, number in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--account", default="111122223333")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compact", action="store_true", help="no white space, instead of the CLI's layout")
    parser.add_argument("--documents", choices=["object", "json", "url"], default="object")
    options = parser.parse_args()
    size = Size(options.users, options.roles, options.groups, options.policies)
    account = make_account(size, options.account, options.seed)
    if options.documents != "object":
        account = spell_documents(account, options.documents)
    layout: Json = {"separators": (",", ":")} if options.compact else {"indent": 4}
    options.output.write_text(json.dumps(account, **layout) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
