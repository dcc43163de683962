"""A small organization, and thirty changes to it of which it is known what they do."""

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.diff.result import ChangeKind
from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resources import Resource

from ..builders.captures import allow, deny, document, trusting

type Json = dict[str, Any]
type World = dict[str, Any]

A, B, C, D = "111111111111", "222222222222", "333333333333", "444444444444"
OUTSIDE = "888888888888"
STRANGER = f"arn:aws:iam::{OUTSIDE}:role/anyone"
"""Whoever the outside account lets ask."""
BUCKET = "arn:aws:s3:::papers"
SHARED = "arn:aws:s3:::shared"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{A}:secret:db-AbCdEf"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/11111111-2222-3333-4444-555555555555"
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def user(name: str, *statements: Json, account: str = A, **more: Any) -> Json:
    inline = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": user_arn(name, account),
        "UserName": name,
        "UserId": f"AIDA{name.upper()}",
        "Path": "/",
        "UserPolicyList": inline,
        "GroupList": [],
        "AttachedManagedPolicies": [],
        **more,
    }


def role(name: str, trusted: Any, *statements: Json) -> Json:
    inline = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": role_arn(name),
        "RoleName": name,
        "RoleId": f"AROA{name.upper()}",
        "Path": "/",
        "AssumeRolePolicyDocument": trusting(trusted),
        "RolePolicyList": inline,
        "AttachedManagedPolicies": [],
    }


def group(name: str, *statements: Json) -> Json:
    inline = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Arn": f"arn:aws:iam::{A}:group/{name}",
        "GroupName": name,
        "GroupId": f"AGPA{name.upper()}",
        "Path": "/",
        "GroupPolicyList": inline,
        "AttachedManagedPolicies": [],
    }


def user_arn(name: str, account: str = A) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{A}:role/{name}"


def root_arn(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def policy_arn(name: str) -> str:
    return f"arn:aws:iam::{'aws' if name.startswith('Amazon') else A}:policy/{name}"


def policy(name: str, *statements: Json) -> Json:
    return {
        "Arn": policy_arn(name),
        "PolicyName": name,
        "Path": "/",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*statements)}],
    }


def attached(name: str) -> Json:
    return {"PolicyName": name, "PolicyArn": policy_arn(name)}


def bounded(name: str) -> Json:
    return {"PermissionsBoundary": {"PermissionsBoundaryArn": policy_arn(name)}}


def carrying(*names: str) -> Json:
    return {"AttachedManagedPolicies": [attached(name) for name in names]}


def on(principal: Any, action: Any, resource: Any, effect: str = "Allow") -> Json:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}


def before() -> World:
    """The organization before anything is changed; each change has people of its own."""
    users = [
        user("u01", allow("s3:GetObject", f"{BUCKET}/*")),
        user("u02", **carrying("narrowed")),
        user("u03"),
        user("u04", **carrying("taken")),
        user("u05"),
        user("u06", GroupList=["leavers"]),
        user("u07", GroupList=["grown"]),
        user("u08", allow(["sns:Publish", "sns:ListTopics"])),
        user("u09", allow("ses:SendEmail"), **bounded("only-ec2")),
        user("u10", allow(["ec2:RunInstances", "ec2:StopInstances"]), **bounded("edges")),
        user(
            "u11",
            allow("logs:DeleteLogGroup", Condition={"StringEquals": {"aws:PrincipalTag/team": "ops"}}),
            Tags=[{"Key": "team", "Value": "ops"}],
        ),
        user("u13", **carrying("AmazonPretendAccess")),
        user("u17"),
        user(
            "u19", allow("secretsmanager:GetSecretValue", Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})
        ),
        user("u22", allow("athena:StartQueryExecution")),
        user("u23", allow("glue:DeleteTable", Condition={"StringEquals": {"aws:userid": "AIDAU23"}})),
        user("u24", allow("dynamodb:DeleteTable")),
        user("u25", allow("sqs:SendMessage")),
        user("u26", allow(["s3:PutObject", "s3:DeleteObject"], [f"{BUCKET}/a/*", f"{BUCKET}/b/*"], Sid="Both")),
        user("u27", **carrying("starred")),
        user("u28", allow("kinesis:PutRecord")),
        user("u29", allow("s3:ListBucket", BUCKET), deny("s3:DeleteBucket")),
        user("u30", allow("cloudwatch:PutMetricData"), Tags=[{"Key": "desk", "Value": "4"}]),
    ]
    groups = [
        group("joiners", allow("lambda:InvokeFunction")),
        group("leavers", allow("lambda:DeleteFunction")),
        group("grown", allow("iam:ListUsers")),
    ]
    roles = [
        role("r12", {"AWS": root_arn(A)}, allow("s3:ListAllMyBuckets")),
        role("r20", {"Service": "ec2.amazonaws.com"}),
        role("r18", {"Service": "ec2.amazonaws.com"}, allow("ecs:ListClusters")),
    ]
    policies = [
        policy("narrowed", allow(["sqs:CreateQueue", "sqs:DeleteQueue"])),
        policy("reader", allow("rds:DescribeDBInstances")),
        policy("taken", allow("redshift:DeleteCluster")),
        policy("more", allow("states:StartExecution")),
        policy("only-ec2", allow("ec2:*")),
        policy("edges", allow("ec2:*")),
        policy("AmazonPretendAccess", allow("sagemaker:ListModels")),
        policy("starred", allow("s3:GetObjectT*", f"{BUCKET}/*")),
    ]
    others = {
        B: [user("u14", allow("sqs:*"), account=B)],
        C: [user("u15", allow("ec2:TerminateInstances"), account=C)],
        D: [user("u16", allow(["rds:DeleteDBInstance", "rds:DescribeDBInstances"]), account=D)],
    }
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    organization = {
        "id": "o-1",
        "management_account_id": "999999999999",
        "nodes": [
            {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess"]},
            {"id": "ou-prod", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
            {"id": "ou-dev", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess", "p-dev"]},
            {"id": "ou-b", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess", "p-b"]},
            {"id": "ou-c", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
            {"id": A, "parent_id": "ou-prod", "policy_ids": ["p-FullAWSAccess", "p-rcp"]},
            {"id": B, "parent_id": "ou-b", "policy_ids": ["p-FullAWSAccess"]},
            {"id": C, "parent_id": "ou-c", "policy_ids": ["p-FullAWSAccess"]},
            {"id": D, "parent_id": "ou-prod", "policy_ids": ["p-FullAWSAccess"]},
        ],
        "policies": [
            {"id": "p-FullAWSAccess", "name": "FullAWSAccess", "type": scp, "content": FULL},
            {"id": "p-b", "name": "b", "type": scp, "content": document(deny("organizations:LeaveOrganization"))},
            {"id": "p-c", "name": "c", "type": scp, "content": document(deny("ec2:TerminateInstances"))},
            {"id": "p-dev", "name": "dev", "type": scp, "content": document(deny("rds:DeleteDBInstance"))},
            {
                "id": "p-rcp",
                "name": "rcp",
                "type": rcp,
                "content": {"Version": "2012-10-17", "Statement": [on("*", "sqs:PurgeQueue", "*", "Deny")]},
            },
        ],
    }
    resources = [
        {
            "arn": BUCKET,
            "account_id": A,
            "policy": document(on({"AWS": user_arn("u26")}, "s3:GetBucketTagging", BUCKET)),
        },
        {"arn": SHARED, "account_id": A, "policy": None},
        {"arn": SECRET, "account_id": A, "tags": [("team", "blue")]},
        {
            "arn": KEY,
            "account_id": A,
            "policy": document(on({"AWS": role_arn("r12")}, "kms:DescribeKey", "*")),
            "key_grants": [],
        },
    ]
    return {
        "users": {A: users, **others},
        "groups": groups,
        "roles": roles,
        "policies": policies,
        "organization": organization,
        "resources": resources,
    }


def snapshot(world: World, name: str) -> Snapshot:
    accounts = tuple(
        Account(
            account_id=account,
            users=tuple(UserDetail.model_validate(entry) for entry in users),
            groups=tuple(GroupDetail.model_validate(entry) for entry in (world["groups"] if account == A else ())),
            roles=tuple(RoleDetail.model_validate(entry) for entry in (world["roles"] if account == A else ())),
            policies=tuple(
                ManagedPolicyDetail.model_validate(entry) for entry in (world["policies"] if account == A else ())
            ),
        )
        for account, users in world["users"].items()
    )
    return Snapshot(
        path=Path(f"/captures/{name}.json"),
        files=(),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        accounts=accounts,
        organization=Organization.model_validate(world["organization"]),
        resources=tuple(Resource.model_validate(entry) for entry in world["resources"]),
    )


# ── the changes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seed:
    """One change, and what it does."""

    name: str
    change: Callable[[World], None]
    cause: ChangeKind | None
    """None: nothing changes in effect."""
    principals: frozenset[str] = frozenset()
    """Who gains or loses something, outsiders included."""


def _user(world: World, name: str) -> Json:
    return next(one for users in world["users"].values() for one in users if one["UserName"] == name)


def _named(world: World, kind: str, name: str) -> Json:
    key = {"groups": "GroupName", "roles": "RoleName", "policies": "PolicyName"}[kind]
    return next(one for one in world[kind] if one[key] == name)


def _own(name: str, *statements: Json) -> Callable[[World], None]:
    def change(world: World) -> None:
        _user(world, name)["UserPolicyList"] = [{"PolicyName": "own", "PolicyDocument": document(*statements)}]

    return change


def _text(name: str, *statements: Json) -> Callable[[World], None]:
    def change(world: World) -> None:
        entry = _named(world, "policies", name)
        entry["DefaultVersionId"] = "v2"
        entry["PolicyVersionList"] = [
            {"VersionId": "v2", "IsDefaultVersion": True, "Document": document(*statements)},
        ]

    return change


def _set(name: str, **fields: Any) -> Callable[[World], None]:
    return lambda world: _user(world, name).update(fields)


def _resource(arn: str, **fields: Any) -> Callable[[World], None]:
    return lambda world: next(one for one in world["resources"] if one["arn"] == arn).update(fields)


def _node(name: str, **fields: Any) -> Callable[[World], None]:
    return lambda world: next(one for one in world["organization"]["nodes"] if one["id"] == name).update(fields)


def _control(name: str, *statements: Json) -> Callable[[World], None]:
    def change(world: World) -> None:
        entry = next(one for one in world["organization"]["policies"] if one["id"] == name)
        entry["content"] = document(*statements)

    return change


def _moved_into_a_policy(world: World) -> None:
    _user(world, "u28").update({"UserPolicyList": [], **carrying("moved")})
    world["policies"].append(policy("moved", allow("kinesis:PutRecord")))


_GRANT = {"grant_id": "g", "grantee_principal": role_arn("r20"), "operations": ["Decrypt"]}

SEEDS: tuple[Seed, ...] = (
    Seed(
        "an action more in an inline policy",
        _own("u01", allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*")),
        ChangeKind.INLINE_POLICY,
        frozenset({user_arn("u01")}),
    ),
    Seed(
        "a managed policy allows less",
        _text("narrowed", allow("sqs:CreateQueue")),
        ChangeKind.MANAGED_POLICY,
        frozenset({user_arn("u02")}),
    ),
    Seed("a policy attached", _set("u03", **carrying("reader")), ChangeKind.ATTACHMENT, frozenset({user_arn("u03")})),
    Seed("a policy detached", _set("u04", **carrying()), ChangeKind.ATTACHMENT, frozenset({user_arn("u04")})),
    Seed("a group joined", _set("u05", GroupList=["joiners"]), ChangeKind.MEMBERSHIP, frozenset({user_arn("u05")})),
    Seed("a group left", _set("u06", GroupList=[]), ChangeKind.MEMBERSHIP, frozenset({user_arn("u06")})),
    Seed(
        "a policy attached to a group",
        lambda world: _named(world, "groups", "grown").update(carrying("more")),
        ChangeKind.ATTACHMENT,
        frozenset({user_arn("u07")}),
    ),
    Seed("a boundary set", _set("u08", **bounded("only-ec2")), ChangeKind.BOUNDARY, frozenset({user_arn("u08")})),
    Seed(
        "a boundary removed", _set("u09", PermissionsBoundary=None), ChangeKind.BOUNDARY, frozenset({user_arn("u09")})
    ),
    Seed(
        "a boundary's text allows less",
        _text("edges", allow("ec2:StopInstances")),
        ChangeKind.MANAGED_POLICY,
        frozenset({user_arn("u10")}),
    ),
    Seed(
        "a tag that a condition asks for",
        _set("u11", Tags=[{"Key": "team", "Value": "desk"}]),
        ChangeKind.TAGS,
        frozenset({user_arn("u11")}),
    ),
    Seed(
        "a trust policy lets another account in",
        lambda world: _named(world, "roles", "r12").update(
            AssumeRolePolicyDocument=trusting({"AWS": [root_arn(A), root_arn(OUTSIDE)]})
        ),
        ChangeKind.TRUST,
        frozenset({STRANGER}),
    ),
    Seed(
        "AWS updates its policy",
        _text("AmazonPretendAccess", allow(["sagemaker:ListModels", "sagemaker:DeleteModel"])),
        ChangeKind.AWS_POLICY,
        frozenset({user_arn("u13")}),
    ),
    Seed(
        "an SCP denies more",
        _control("p-b", deny("organizations:LeaveOrganization"), deny("sqs:DeleteQueue")),
        ChangeKind.SCP,
        frozenset({user_arn("u14", B), root_arn(B)}),
    ),
    Seed(
        "an SCP attached to a unit",
        _node("ou-c", policy_ids=["p-FullAWSAccess", "p-c"]),
        ChangeKind.SCP_ATTACHMENT,
        frozenset({user_arn("u15", C), root_arn(C)}),
    ),
    Seed(
        "an account moved under another SCP",
        _node(D, parent_id="ou-dev"),
        ChangeKind.MOVE,
        frozenset({user_arn("u16", D), root_arn(D)}),
    ),
    Seed(
        "a bucket's policy names a user",
        _resource(
            BUCKET,
            policy=document(
                on({"AWS": user_arn("u26")}, "s3:GetBucketTagging", BUCKET),
                on({"AWS": user_arn("u17")}, "s3:GetObject", f"{BUCKET}/*"),
            ),
        ),
        ChangeKind.RESOURCE_POLICY,
        frozenset({user_arn("u17")}),
    ),
    Seed(
        "a bucket's policy names another account",
        _resource(SHARED, policy=document(on({"AWS": OUTSIDE}, "s3:GetObject", f"{SHARED}/*"))),
        ChangeKind.RESOURCE_POLICY,
        frozenset({STRANGER}),
    ),
    Seed(
        "a resource's tag that a condition asks for",
        _resource(SECRET, tags=[("team", "red")]),
        ChangeKind.RESOURCE_TAGS,
        frozenset({user_arn("u19")}),
    ),
    Seed("a grant on a key", _resource(KEY, key_grants=[_GRANT]), ChangeKind.GRANTS, frozenset({role_arn("r20")})),
    Seed(
        "a user made",
        lambda world: world["users"][A].append(user("u21", allow("athena:ListWorkGroups"))),
        ChangeKind.CREATED,
        frozenset({user_arn("u21")}),
    ),
    Seed(
        "a user deleted",
        lambda world: world["users"][A].remove(_user(world, "u22")),
        ChangeKind.DELETED,
        frozenset({user_arn("u22")}),
    ),
    Seed("a user made anew", _set("u23", UserId="AIDAOTHER"), ChangeKind.RECREATED, frozenset({user_arn("u23")})),
    Seed(
        "a condition more",
        _own("u24", allow("dynamodb:DeleteTable", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})),
        ChangeKind.INLINE_POLICY,
        frozenset({user_arn("u24")}),
    ),
    Seed(
        "an RCP denies more",
        _control("p-rcp", on("*", ["sqs:PurgeQueue", "sqs:SendMessage"], "*", "Deny")),
        ChangeKind.RCP,
        frozenset({user_arn("u25"), root_arn(A)}),
    ),
    Seed(
        "a policy in other words",
        _own(
            "u26",
            allow("s3:DeleteObject", [f"{BUCKET}/b/*", f"{BUCKET}/a/*"]),
            allow("s3:PutObject", f"{BUCKET}/a/*", Sid="A"),
            allow("s3:PutObject", f"{BUCKET}/b/*", Sid="B"),
            allow("s3:PutObject", f"{BUCKET}/b/deep/*"),
        ),
        None,
    ),
    Seed(
        "actions one by one",
        _text("starred", allow(["s3:GetObjectTagging", "s3:GetObjectTorrent"], f"{BUCKET}/*")),
        None,
    ),
    Seed("an inline policy made a managed one", _moved_into_a_policy, None),
    Seed(
        "an action more that is denied anyway",
        _own("u29", allow(["s3:ListBucket", "s3:DeleteBucket"], BUCKET), deny("s3:DeleteBucket")),
        None,
    ),
    Seed("a tag that nobody asks for", _set("u30", Tags=[{"Key": "desk", "Value": "5"}]), None),
)


def after(seeds: tuple[Seed, ...] = SEEDS) -> World:
    """The organization with some of the changes made."""
    world = copy.deepcopy(before())
    for seed in seeds:
        seed.change(world)
    return world


def expected() -> Mapping[str, ChangeKind]:
    """Who gains or loses something, and by what kind of change; each by one alone."""
    return {arn: seed.cause for seed in SEEDS if seed.cause is not None for arn in seed.principals}
