"""An attack on *proved unchanged*: pairs of small organizations that differ in random ways, asked random requests.

    python -m tests.diff.attack [--pairs 2000] [--requests 500] [--seed 1] [--through]
    python -m tests.diff.attack --changes [--requests 500]
    python -m tests.diff.attack --captures FILE... [--pairs 10] [--requests 500]

``--changes``: the pairs are those of `seeded_changes`, each in both directions. ``--captures``: files as `aws iam
get-account-authorization-details` prints them, each against ``--pairs`` copies with random edits.

A request that one snapshot allows and the other one does not, of a principal and a resource that the comparison calls
unchanged, is a fault; each is printed with the edits that lead to it, and the exit status is 1.
"""

import argparse
import copy
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from iamdesk import Evaluator, Request, RequestError, Snapshot
from iamdesk.aws.service_reference import reference
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Comparison, Kind, PrincipalDiff, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.policy.arn import account_of, parse_arn
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.resource_shares import ResourceShares
from iamdesk.snapshot.resources import AccountSettings, VpcEndpoint

from ..access.worlds import NOON
from ..builders.captures import document
from . import seeds
from .drawn_requests import Vocabulary, capture_pair
from .seeded_changes import CHANGES, worlds
from .seeded_changes.worlds import Change
from .seeds import Json, World

A, B, OUT = "111111111111", "222222222222", "888888888888"
ORG = "o-1"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{A}:secret:db-AbCdEf"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:q"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/k1"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{B}:key/k2"
FUNCTION = f"arn:aws:lambda:eu-west-1:{A}:function:f"
POINT = f"arn:aws:s3:eu-west-1:{A}:accesspoint/ap"
BUCKETS = ("arn:aws:s3:::b1", "arn:aws:s3:::b2")
RESOURCES = (*BUCKETS, SECRET, QUEUE, KEY, OTHER_KEY, FUNCTION, POINT)
ENDPOINT = "vpce-1"

ACTIONS = {
    "s3": ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketPolicy", "s3:DeleteObject", "s3:GetObjectAcl"),
    "secretsmanager": ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
    "sqs": ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue"),
    "kms": ("kms:Decrypt", "kms:Encrypt", "kms:DescribeKey", "kms:CreateGrant", "kms:ScheduleKeyDeletion"),
    "lambda": ("lambda:InvokeFunction", "lambda:GetFunction"),
    "sts": ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRoleWithSAML"),
    "ec2": ("ec2:RunInstances", "ec2:StopInstances"),
    "iam": (
        *("iam:ListUsers", "iam:DeleteUser", "iam:PassRole", "iam:ChangePassword"),
        *("iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:PutUserPermissionsBoundary"),
    ),
}
WIDE = ("*", "s3:*", "s3:Get*", "s3:*Object", "kms:*", "sqs:*", "sts:*", "secretsmanager:*", "iam:*", "s3:Put*")
WHERES = {
    "s3": (
        *("*", "arn:aws:s3:::b1", "arn:aws:s3:::b1/*", "arn:aws:s3:::b1/shared/*", "arn:aws:s3:::b*"),
        *(
            "arn:aws:s3:::b2/*",
            "arn:aws:s3:::b1/${aws:username}/*",
            "arn:aws:s3:::*/q3.csv",
            POINT,
            f"{POINT}/object/*",
        ),
        *("arn:aws:s3:::b1/${aws:PrincipalTag/team}/*", "arn:aws:s3:::b1/shared/q3.csv"),
    ),
    "secretsmanager": ("*", SECRET, f"arn:aws:secretsmanager:*:{A}:secret:db-*"),
    "sqs": ("*", QUEUE, f"arn:aws:sqs:*:{A}:*"),
    "kms": ("*", KEY, f"arn:aws:kms:*:{A}:key/*", OTHER_KEY),
    "lambda": ("*", FUNCTION, f"arn:aws:lambda:eu-west-1:{A}:function:*"),
    "sts": ("*", f"arn:aws:iam::{A}:role/*", f"arn:aws:iam::{A}:role/r1", f"arn:aws:iam::{B}:role/r1"),
    "ec2": ("*", f"arn:aws:ec2:eu-west-1:{A}:instance/*"),
    "iam": ("*", f"arn:aws:iam::{A}:user/u1", f"arn:aws:iam::{A}:role/*", "arn:aws:iam::*:user/${aws:username}"),
}
CONDITIONS: tuple[Json, ...] = (
    {"StringEquals": {"aws:PrincipalAccount": A}},
    {"StringNotEquals": {"aws:PrincipalAccount": [A, OUT]}},
    {"StringEquals": {"aws:username": "u1"}},
    {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}},
    {"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "red"}},
    {"StringEquals": {"aws:ResourceTag/team": "red"}},
    {"StringEquals": {"aws:PrincipalTag/team": "${aws:ResourceTag/team}"}},
    {"StringEquals": {"aws:PrincipalOrgID": ORG}},
    {"StringNotEquals": {"aws:PrincipalOrgID": ORG}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/ou-1/*"}},
    {"StringNotEquals": {"aws:ResourceOrgID": ORG}},
    {"ForAllValues:StringLike": {"aws:ResourceOrgPaths": "o-1/r-1/ou-1/*"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{A}:user/u1", f"arn:aws:iam::{OUT}:role/x"]}},
    {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OUT}:role/x"}},
    {"StringLike": {"aws:userid": "AIDAU1"}},
    {"StringLike": {"aws:SourceIdentity": "u*"}},
    {"Null": {"aws:SourceIdentity": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Bool": {"aws:ViaAWSService": "true"}},
    {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
    {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
    {"StringEquals": {"s3:prefix": "shared"}},
    {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringEquals": {"aws:SourceAccount": A}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"kms:CallerAccount": A}},
    {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    {"StringNotEquals": {"aws:ResourceAccount": A}},
    {"StringEquals": {"s3:DataAccessPointAccount": A}},
    {"StringLike": {"aws:PrincipalServiceName": "sns.amazonaws.com"}},
    {"StringEquals": {"iam:PermissionsBoundary": seeds.policy_arn("edge")}},
    {"StringNotEquals": {"iam:PermissionsBoundary": seeds.policy_arn("edge")}},
    {"Null": {"iam:PermissionsBoundary": "false"}},
)
PRINCIPALS: tuple[Any, ...] = (
    *("*", {"AWS": "*"}, {"AWS": A}, {"AWS": f"arn:aws:iam::{A}:root"}, {"AWS": B}, {"AWS": OUT}),
    *({"AWS": f"arn:aws:iam::{A}:user/u{number}"} for number in (1, 2, 3)),
    *(
        {"AWS": f"arn:aws:iam::{A}:role/r1"},
        {"AWS": f"arn:aws:iam::{B}:user/v1"},
        {"AWS": f"arn:aws:iam::{OUT}:role/x"},
    ),
    *({"AWS": "AIDAU1"}, {"AWS": "AIDAU2B"}, {"AWS": "AROAR1"}, {"CanonicalUser": "c" * 64}),
    *({"Service": "sns.amazonaws.com"}, {"Service": ["s3.amazonaws.com", "ec2.amazonaws.com"]}),
    {"AWS": f"arn:aws:sts::{A}:assumed-role/r1/s1"},
    {"Federated": f"arn:aws:iam::{A}:saml-provider/idp"},
)
CONTEXT: dict[str, tuple[Any, ...]] = {
    "aws:MultiFactorAuthPresent": ("true", "false", None),
    "aws:SecureTransport": ("true", "false"),
    "aws:SourceIp": ("203.0.113.5", "198.51.100.1"),
    "aws:SourceVpce": (ENDPOINT, None),
    "aws:SourceVpc": ("vpc-1", "vpc-2", None),
    "aws:TagKeys": (["team"], ["cost", "other"], None),
    "s3:prefix": ("shared", "x", None),
    "aws:SourceAccount": (A, OUT),
    "aws:ViaAWSService": ("true", "false"),
    "aws:CalledVia": (["athena.amazonaws.com"], None),
    "kms:ViaService": ("s3.eu-west-1.amazonaws.com", None),
    "iam:PermissionsBoundary": (seeds.policy_arn("edge"), None),
}

type Rng = random.Random


# ── worlds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def statement(rng: Rng, services: tuple[str, ...], *, allow: float = 0.75, principal: bool = False) -> Json:
    service = rng.choice(services)
    known = [*ACTIONS[service], *(one for one in WIDE if one == "*" or one.startswith(service))]
    found: Json = {"Effect": "Allow" if rng.random() < allow else "Deny"}
    found["NotAction" if rng.random() < 0.07 else "Action"] = rng.sample(known, rng.randint(1, 2))
    if service == "sts" and principal:
        found.pop("NotAction", None)
        found["Action"] = rng.sample(ACTIONS["sts"], rng.randint(1, 2))
    else:
        found["NotResource" if rng.random() < 0.07 else "Resource"] = rng.sample(
            WHERES[service], rng.randint(1, min(2, len(WHERES[service])))
        )
    if principal:
        found["NotPrincipal" if rng.random() < 0.08 and found["Effect"] == "Deny" else "Principal"] = rng.choice(
            PRINCIPALS
        )
    if rng.random() < 0.4:
        found["Condition"] = copy.deepcopy(rng.choice(CONDITIONS))
    return found


def statements(rng: Rng, services: tuple[str, ...], most: int = 3, **how: Any) -> list[Json]:
    return [statement(rng, services, **how) for _ in range(rng.randint(1, most))]


EVERY = tuple(ACTIONS)


def _user(rng: Rng, name: str, account: str) -> Json:
    more: Json = {"Tags": [{"Key": "team", "Value": rng.choice(["red", "blue"])}]} if rng.random() < 0.5 else {}
    if account == A and rng.random() < 0.3:
        more["GroupList"] = ["g"]
    if account == A and rng.random() < 0.3:
        more |= seeds.carrying(rng.choice(["p1", "p2"]))
    if account == A and rng.random() < 0.15:
        more |= seeds.bounded("edge")
    return seeds.user(name, *statements(rng, EVERY), account=account, **more)


def _role(rng: Rng, name: str, trusted: Any) -> Json:
    found = seeds.role(name, trusted, *statements(rng, EVERY))
    found["AssumeRolePolicyDocument"] = trust(rng)
    if rng.random() < 0.3:
        found["Tags"] = [{"Key": "team", "Value": rng.choice(["red", "blue"])}]
    if rng.random() < 0.2:
        found |= seeds.bounded("edge")
    return found


def trust(rng: Rng) -> Json:
    return document(*statements(rng, ("sts",), 2, principal=True, allow=0.9))


def _on(rng: Rng, arn: str) -> Json | None:
    if rng.random() < 0.2 and ":kms:" not in arn:
        return None
    found = statements(rng, (arn.split(":")[2],), 3, principal=True)
    for one in found:
        if rng.random() < 0.6:
            one.pop("NotResource", None)
            one["Resource"] = rng.choice([arn, f"{arn}/*", f"{arn}/shared/*"] if ":s3:::" in arn else [arn])
        if ":accesspoint/" in arn and rng.random() < 0.7:
            one["Resource"] = rng.choice([arn, f"{arn}/object/*"])
    if ":kms:" in arn and rng.random() < 0.6:
        account = arn.split(":")[4]
        found.append(seeds.on({"AWS": f"arn:aws:iam::{account}:root"}, "kms:*", "*"))
    return document(*found)


def resource(rng: Rng, arn: str) -> Json:
    found: Json = {"arn": arn, "account_id": B if "b2" in arn or "k2" in arn else A, "policy": _on(rng, arn)}
    if rng.random() < 0.6:
        found["tags"] = [("team", rng.choice(["red", "blue"]))] if rng.random() < 0.7 else []
    if arn in (KEY, OTHER_KEY):
        found["key_grants"] = [grant(rng)] if rng.random() < 0.4 else []
    if ":s3:" in arn:
        if rng.random() < 0.4:
            found["public_access_block"] = {"restrict_public_buckets": rng.random() < 0.6}
        if arn in BUCKETS:
            found["abac_enabled"] = rng.random() < 0.5
            if rng.random() < 0.3:
                found["acl"] = [{"permission": rng.choice(["READ", "WRITE"]), "account_id": rng.choice([A, B, OUT])}]
                found["object_ownership"] = "ObjectWriter"
    if arn == POINT:
        found["access_point"] = {"buckets": [{"name": "b1", "account_id": A}], "alias": "ap-s3alias"}
    return found


def grant(rng: Rng) -> Json:
    grantee = rng.choice([f"arn:aws:iam::{A}:role/r1", f"arn:aws:iam::{A}:user/u1", f"arn:aws:iam::{OUT}:role/x"])
    operations = rng.sample(["Decrypt", "Encrypt", "DescribeKey", "CreateGrant"], 2)
    return {"grant_id": "g", "grantee_principal": grantee, "operations": operations}


def control(rng: Rng, kind: str) -> Json:
    services = ("s3", "kms", "sqs", "secretsmanager", "sts") if kind == "rcp" else EVERY
    found = statements(rng, services, 2, allow=0.0)
    for one in found:
        one.pop("NotPrincipal", None)
        if kind == "rcp":
            one["Principal"] = "*"
            one["Action"] = one.pop("Action", None) or one.pop("NotAction")
    return document(*found)


def world(rng: Rng) -> World:
    """Two accounts of one organization, with everything that an answer can hang on."""
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    attached = ["p-FullAWSAccess", *(one for one in ("p-scp", "p-rcp") if rng.random() < 0.5)]
    return {
        "users": {
            A: [_user(rng, f"u{number}", A) for number in (1, 2, 3)],
            B: [_user(rng, f"v{number}", B) for number in (1, 2)],
        },
        "groups": [seeds.group("g", *statements(rng, EVERY))],
        "roles": [_role(rng, "r1", "*"), _role(rng, "r2", "*")],
        "policies": [
            seeds.policy("p1", *statements(rng, EVERY)),
            seeds.policy("p2", *statements(rng, EVERY)),
            seeds.policy(
                "edge", *statements(rng, EVERY, allow=1.0), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
            ),
        ],
        "organization": {
            "id": ORG,
            "management_account_id": rng.choice(["999999999999", B]),
            "nodes": [
                {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess"]},
                {"id": "ou-1", "parent_id": "r-1", "policy_ids": attached},
                {"id": "ou-2", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess", "p-two"]},
                {"id": A, "parent_id": rng.choice(["ou-1", "ou-2"]), "policy_ids": ["p-FullAWSAccess"]},
                {"id": B, "parent_id": rng.choice(["ou-1", "r-1"]), "policy_ids": ["p-FullAWSAccess"]},
            ],
            "policies": [
                {"id": "p-FullAWSAccess", "name": "FullAWSAccess", "type": scp, "content": seeds.FULL},
                {"id": "p-scp", "name": "scp", "type": scp, "content": control(rng, "scp")},
                {"id": "p-two", "name": "two", "type": scp, "content": control(rng, "scp")},
                {"id": "p-rcp", "name": "rcp", "type": rcp, "content": control(rng, "rcp")},
            ],
        },
        "resources": [resource(rng, arn) for arn in RESOURCES if rng.random() < 0.8],
        "vpc_endpoints": [_endpoint(rng)] if rng.random() < 0.4 else [],
        "account_settings": [
            {"account_id": A, "canonical_id": "c" * 64, "public_access_block": {"restrict_public_buckets": False}},
            {"account_id": B},
        ],
        "account_facts": [{"account_id": A, "password_policy": {"AllowUsersToChangePassword": rng.random() < 0.5}}],
        "resource_shares": [],
    }


def _endpoint(rng: Rng) -> Json:
    return {
        "vpc_endpoint_id": ENDPOINT,
        "service_name": f"com.amazonaws.eu-west-1.{rng.choice(['s3', 'sqs', 'sts', 'kms'])}",
        "vpc_endpoint_type": rng.choice(["Gateway", "Interface"]),
        "vpc_id": "vpc-1",
        "policy_document": document(*statements(rng, ("s3", "sqs", "kms"), 2, principal=True)),
    }


def snapshot(of: World, name: str) -> Snapshot:
    """Return a world as a snapshot."""
    return seeds.snapshot(of, name).model_copy(
        update={
            "vpc_endpoints": tuple(VpcEndpoint.model_validate(one) for one in of["vpc_endpoints"]),
            "account_settings": tuple(AccountSettings.model_validate(one) for one in of["account_settings"]),
            "account_facts": tuple(AccountFacts.model_validate(one) for one in of["account_facts"]),
            "resource_shares": tuple(ResourceShares.model_validate(one) for one in of["resource_shares"]),
        }
    )


# ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _people(of: World) -> list[Json]:
    return [one for users in of["users"].values() for one in users]


def _carriers(of: World) -> list[Json]:
    return [*_people(of), *of["roles"], *of["groups"]]


def _inline(entry: Json) -> list[Json]:
    key = next(one for one in ("UserPolicyList", "RolePolicyList", "GroupPolicyList") if one in entry)
    found: list[Json] = entry[key][0]["PolicyDocument"]["Statement"] if entry[key] else []
    return found


def _change(rng: Rng, listed: list[Json], services: tuple[str, ...], **how: Any) -> None:
    """Change one of some statements in one way."""
    way = rng.randrange(7)
    if not listed or way == 0:
        listed.append(statement(rng, services, **how))
        return
    place = rng.randrange(len(listed))
    one = listed[place]
    if way == 1 and len(listed) > 1:
        del listed[place]
    elif way == 2:
        one["Effect"] = "Deny" if one["Effect"] == "Allow" else "Allow"
    elif way == 3:
        one["Condition"] = copy.deepcopy(rng.choice(CONDITIONS))
    elif way == 4 and "Condition" in one:
        if not _other_quantifier(one):
            del one["Condition"]
    else:
        key = rng.choice([key for key in ("Action", "Resource", "Principal") if key in one] or ["Effect"])
        other = statement(rng, services, **how)
        if key in other:
            one[key] = other[key]


def _other_quantifier(one: Json) -> bool:
    for operator in list(one["Condition"]):
        for mark, other in (("ForAnyValue:", "ForAllValues:"), ("ForAllValues:", "ForAnyValue:")):
            if operator.startswith(mark):
                one["Condition"][operator.replace(mark, other)] = one["Condition"].pop(operator)
                return True
    return False


def _of_resource(rng: Rng, of: World) -> Json | None:
    return rng.choice(of["resources"]) if of["resources"] else None


def _policy_of_resource(rng: Rng, of: World) -> None:
    one = _of_resource(rng, of)
    if one is None:
        return
    if one["policy"] is None or rng.random() < 0.15:
        one["policy"] = _on(rng, one["arn"])
    else:
        _change(rng, one["policy"]["Statement"], (one["arn"].split(":")[2],), principal=True)


def _perimeter(rng: Rng, of: World) -> None:
    one = _of_resource(rng, of)
    if one is not None:
        service = one["arn"].split(":")[2]
        one["policy"] = one["policy"] or document()
        one["policy"]["Statement"].append(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": rng.choice([f"{service}:*", next(iter(ACTIONS[service]))]),
                "Resource": "*" if ":s3:" not in one["arn"] else [one["arn"], f"{one['arn']}/*"],
                "Condition": copy.deepcopy(rng.choice(CONDITIONS)),
            }
        )


def _field(name: str, make: Callable[[Rng, Json], Any]) -> Callable[[Rng, World], None]:
    def change(rng: Rng, of: World) -> None:
        listed = [one for one in of["resources"] if name != "key_grants" or ":kms:" in one["arn"]]
        listed = [one for one in listed if name in ("tags", "key_grants") or ":s3:" in one["arn"]]
        if listed:
            one = rng.choice(listed)
            one[name] = make(rng, one)

    return change


def _recreate(rng: Rng, of: World) -> None:
    one = rng.choice([*_people(of), *of["roles"]])
    for key in ("UserId", "RoleId"):
        if key in one:
            one[key] = one[key][:-1] if one[key].endswith("B") else f"{one[key]}B"


def _tags(rng: Rng, of: World) -> None:
    rng.choice([*_people(of), *of["roles"]])["Tags"] = [
        {"Key": "team", "Value": value} for value in rng.sample(["red", "blue", "x"], rng.randint(0, 1))
    ]


def _boundary(rng: Rng, of: World) -> None:
    one = rng.choice([*of["users"][A], *of["roles"]])
    if one.pop("PermissionsBoundary", None) is None:
        one.update(seeds.bounded("edge"))


def _groups(rng: Rng, of: World) -> None:
    one = rng.choice(of["users"][A])
    one["GroupList"] = [] if one["GroupList"] else ["g"]


def _attached(rng: Rng, of: World) -> None:
    one = rng.choice([*of["users"][A], *of["roles"], *of["groups"]])
    one.update(seeds.carrying(*rng.sample(["p1", "p2"], rng.randint(0, 2))))


def _node(rng: Rng, of: World, names: tuple[str, ...]) -> Json:
    found: Json = next(one for one in of["organization"]["nodes"] if one["id"] == rng.choice(names[:1]))
    return found


def _move(rng: Rng, of: World) -> None:
    _node(rng, of, (rng.choice([A, B]),))["parent_id"] = rng.choice(["r-1", "ou-1", "ou-2"])


def _attach_control(rng: Rng, of: World) -> None:
    node = _node(rng, of, (rng.choice([A, B, "ou-1", "ou-2"]),))
    node["policy_ids"] = ["p-FullAWSAccess", *rng.sample(["p-scp", "p-rcp", "p-two"], rng.randint(0, 2))]


def _control_text(rng: Rng, of: World) -> None:
    one = rng.choice([one for one in of["organization"]["policies"] if one["id"] != "p-FullAWSAccess"])
    one["content"] = control(rng, "rcp" if one["id"] == "p-rcp" else "scp")


def _inline_edit(rng: Rng, of: World) -> None:
    _change(rng, _inline(rng.choice(_carriers(of))), EVERY)


def _managed_edit(rng: Rng, of: World) -> None:
    one = rng.choice(of["policies"])
    _change(rng, one["PolicyVersionList"][0]["Document"]["Statement"], EVERY)


def _trust_edit(rng: Rng, of: World) -> None:
    _change(rng, rng.choice(of["roles"])["AssumeRolePolicyDocument"]["Statement"], ("sts",), principal=True)


def _gone(rng: Rng, of: World) -> None:
    if of["resources"]:
        of["resources"].remove(rng.choice(of["resources"]))


def _account_settings(rng: Rng, of: World) -> None:
    one = rng.choice(of["account_settings"])
    if rng.random() < 0.7:
        one["public_access_block"] = {"restrict_public_buckets": rng.random() < 0.5}
    else:
        one["canonical_id"] = rng.choice(["c" * 64, "d" * 64, None])


def _password_policy(rng: Rng, of: World) -> None:
    of["account_facts"] = rng.choice(
        [[], [{"account_id": A, "password_policy": {"AllowUsersToChangePassword": rng.random() < 0.5}}]]
    )


def _endpoint_edit(rng: Rng, of: World) -> None:
    of["vpc_endpoints"] = [_endpoint(rng)] if rng.random() < 0.8 else []


def _organization_fact(rng: Rng, of: World) -> None:
    of["organization"][rng.choice(["id"])] = rng.choice([ORG, "o-2"])


def _management(rng: Rng, of: World) -> None:
    of["organization"]["management_account_id"] = rng.choice(["999999999999", B])


EDITS: dict[str, Callable[[Rng, World], None]] = {
    "an inline policy": _inline_edit,
    "a managed policy": _managed_edit,
    "attachments": _attached,
    "groups of a user": _groups,
    "a boundary": _boundary,
    "tags of a principal": _tags,
    "a principal made anew": _recreate,
    "a trust policy": _trust_edit,
    "a resource policy": _policy_of_resource,
    "a perimeter on a resource": _perimeter,
    "grants on a key": _field("key_grants", lambda rng, _: [grant(rng)] if rng.random() < 0.7 else []),
    "tags of a resource": _field("tags", lambda rng, _: rng.choice([None, [], [("team", "red")], [("team", "blue")]])),
    "an ACL": _field(
        "acl", lambda rng, _: [{"permission": rng.choice(["READ", "WRITE"]), "account_id": rng.choice([A, B, OUT])}]
    ),
    "Block Public Access": _field(
        "public_access_block", lambda rng, _: {"restrict_public_buckets": rng.random() < 0.5}
    ),
    "object ownership": _field("object_ownership", lambda rng, _: rng.choice(["BucketOwnerEnforced", "ObjectWriter"])),
    "whether tags of a bucket count": _field("abac_enabled", lambda _, one: not one.get("abac_enabled")),
    "the owner of a resource": _field("account_id", lambda rng, _: rng.choice([A, B])),
    "a resource that is gone": _gone,
    "the text of an organization policy": _control_text,
    "attached organization policies": _attach_control,
    "a move in the organization": _move,
    "the organization's id": _organization_fact,
    "the management account": _management,
    "settings of an account": _account_settings,
    "a password policy": _password_policy,
    "an endpoint policy": _endpoint_edit,
}


# ── buckets that only an access point leads to ───────────────────────────────────────────────────────────────────────

THROUGH = (
    *(POINT, f"{POINT}/object/shared/q3.csv", f"{POINT}/object/u1/x", f"{POINT}/object/red/x"),
    *("arn:aws:s3:::ap-s3alias/shared/q3.csv", f"{POINT}/object/deep/q3.csv"),
)
OF_BUCKETS = (
    *("b1", "b1/*", "b1/shared/*", "b1/shared/q3.csv", "b1/${aws:username}/*", "b1/${aws:PrincipalTag/team}/*"),
    *("*/q3.csv", "b*/q3.csv", "b?/*", "b*d/x", "b2", "b2/*", "*"),
)


def close(rng: Rng, of: World) -> None:
    """Leave an access point as the only way to S3: what changes of its bucket changes what goes through it."""
    listed = [statement for one in _carriers(of) for statement in _inline(one)]
    listed += [one for policy in of["policies"] for one in policy["PolicyVersionList"][0]["Document"]["Statement"]]
    for one in listed:
        if one["Effect"] == "Allow" and one.get("Action") != "s3:*":
            one.pop("NotAction", None)
            one.pop("NotResource", None)
            one |= {"Action": rng.sample(ACTIONS["s3"], 3), "Resource": [POINT, f"{POINT}/object/*"]}
    of["resources"] = [one for one in of["resources"] if ":s3:" not in one["arn"]]
    owner = rng.choice([A, A, B])
    through = {"Condition": {"StringEquals": {"s3:DataAccessPointAccount": A}}}
    for arn, account, more in (
        (BUCKETS[0], owner, through),
        (POINT, A, {"Principal": rng.choice(["*", {"AWS": [A, f"arn:aws:iam::{A}:user/u1"]}])}),
    ):
        places = [arn, f"{arn}/*" if arn != POINT else f"{arn}/object/*"]
        found: Json = {"arn": arn, "account_id": account, "tags": [("team", "red")], "abac_enabled": rng.random() < 0.5}
        found["policy"] = document(seeds.on("*", "s3:*", places) | more)
        of["resources"].append(found)
    of["resources"][-1]["access_point"] = {
        "buckets": [{"name": "b1", "account_id": owner}],
        "alias": "ap-s3alias",
    }


def _deny_of_buckets(rng: Rng, of: World) -> None:
    """Add a Deny that names objects of buckets, somewhere."""
    added = statement(rng, ("s3",), allow=0.0)
    added.pop("Resource", None)
    added.pop("NotResource", None)
    added[rng.choice(["Resource"] * 5 + ["NotResource"])] = [f"arn:aws:s3:::{rng.choice(OF_BUCKETS)}"]
    controls = {one["id"]: one["content"]["Statement"] for one in of["organization"]["policies"]}
    managed = [one["PolicyVersionList"][0]["Document"]["Statement"] for one in of["policies"]]
    inline = [_inline(one) for one in _carriers(of)]
    to_all: list[list[Json]] = [controls["p-rcp"], of["resources"][-2]["policy"]["Statement"]]
    listed = rng.choice([*to_all, controls["p-scp"], controls["p-two"], *managed, *inline])
    if any(listed is one for one in to_all):
        added["Principal"] = "*"
        added["Action"] = added.pop("NotAction", None) or added["Action"]
    listed.append(added)


def _settings_of_bucket(rng: Rng, of: World) -> None:
    of["resources"][-2].update(
        tags=[("team", rng.choice(["red", "blue"]))],
        abac_enabled=rng.random() < 0.5,
        account_id=rng.choice([A, B]),
    )


BEHIND: dict[str, Callable[[Rng, World], None]] = {
    **{f"a Deny of buckets, {number}": _deny_of_buckets for number in range(6)},
    "settings of the bucket": _settings_of_bucket,
    **{name: EDITS[name] for name in ("attached organization policies", "a move in the organization", "a boundary")},
}


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────

OUTSIDERS = (
    "anonymous",
    f"arn:aws:iam::{OUT}:role/x",
    f"arn:aws:iam::{OUT}:user/other",
    "arn:aws:iam::777777777777:role/y",
    "sns.amazonaws.com",
    "ec2.amazonaws.com",
    "s3.amazonaws.com",
    f"arn:aws:iam::{A}:saml-provider/idp",
    f"arn:aws:sts::{A}:assumed-role/r1/s1",
    f"arn:aws:sts::{A}:assumed-role/r2/s2",
)
ON: dict[str, tuple[str, ...]] = {
    "s3": (
        *("arn:aws:s3:::b1", "arn:aws:s3:::b1/shared/q3.csv", "arn:aws:s3:::b1/u1/x", "arn:aws:s3:::b1/red/x"),
        *("arn:aws:s3:::b2", "arn:aws:s3:::b2/q3.csv", "arn:aws:s3:::other/q3.csv", "arn:aws:s3:::b1/deep/q3.csv"),
        *(POINT, f"{POINT}/object/shared/q3.csv", "arn:aws:s3:::ap-s3alias/shared/q3.csv"),
    ),
    "secretsmanager": (SECRET, f"arn:aws:secretsmanager:eu-west-1:{A}:secret:db-zzzzzz"),
    "sqs": (QUEUE, f"arn:aws:sqs:eu-west-1:{A}:other"),
    "kms": (KEY, OTHER_KEY, f"arn:aws:kms:eu-west-1:{A}:key/other"),
    "lambda": (FUNCTION, f"{FUNCTION}:live", f"arn:aws:lambda:eu-west-1:{A}:function:g"),
    "sts": (f"arn:aws:iam::{A}:role/r1", f"arn:aws:iam::{A}:role/r2", f"arn:aws:iam::{B}:role/r1"),
    "ec2": (f"arn:aws:ec2:eu-west-1:{A}:instance/i-1",),
    "iam": (
        f"arn:aws:iam::{A}:user/u1",
        f"arn:aws:iam::{A}:role/r1",
        f"arn:aws:iam::{B}:user/v1",
        f"arn:aws:iam::{A}:user/u2",
    ),
}


def _acting_on(action: str, on: Sequence[str]) -> tuple[str, ...]:
    """Return those of some resources that are of a type on which an action acts."""
    listed = reference().action(*action.lower().split(":"))
    types = {one.name for one in listed.resource_types} if listed is not None else set()
    service = action.split(":", maxsplit=1)[0]
    return tuple(arn for arn in on if types & set(reference().resource_types_of_arn(service, arn)))


ON_TYPE = {action: _acting_on(action, ON[service]) for service, actions in ACTIONS.items() for action in actions}
THROUGH_ON_TYPE = {action: _acting_on(action, THROUGH) for action in ACTIONS["s3"]}


def request(rng: Rng, principals: list[str], *, through: bool = False) -> Request:
    """Return one request at random; ``through`` an access point, if so."""
    who = rng.choice(principals) if rng.random() < 0.75 else rng.choice(OUTSIDERS)
    service = "s3" if through else rng.choice(("s3", "s3", "s3", "kms", "kms", *EVERY))
    action = rng.choice(ACTIONS[service])
    on = (
        rng.choice(THROUGH_ON_TYPE[action])
        if through
        else "*"
        if action in ("iam:ListUsers",)
        else rng.choice(ON_TYPE[action])
    )
    context = {key: rng.choice(values) for key, values in CONTEXT.items() if rng.random() < 0.3}
    if not who.endswith(".amazonaws.com"):
        context.pop("aws:SourceAccount", None)
    return Request(who, action, on, context)


def _with_owner(asked: Request, sides: Sequence[Evaluator]) -> Request:
    """Return a request on a bucket that no snapshot holds as the comparison asks it: as of the principal's account."""
    arn = parse_arn(asked.resource) if asked.resource.startswith("arn:aws:s3:::") else None
    is_alias = asked.resource.startswith("arn:aws:s3:::ap-s3alias")  # of an access point, whose account is known
    if arn is None or any(side.knows(parse_arn(POINT) if is_alias else arn) for side in sides):
        return asked
    return Request(asked.principal, asked.action, asked.resource, asked.context, account_of(asked.principal) or None)


def is_allowed(evaluator: Evaluator, asked: Request) -> bool | None:
    """Return whether it is allowed; None under conditions. Nobody is allowed nothing."""
    try:
        verdict = evaluator.trace(asked).decision
    except RequestError:
        return False
    return None if verdict is EvalDecision.CONDITIONAL else verdict is EvalDecision.ALLOWED


@dataclass(frozen=True, slots=True)
class Fault:
    """A request whose decision changed, of which the comparison says that nothing did."""

    seed: int
    edits: tuple[str, ...]
    request: Request
    was: bool
    now: bool


def is_called_unchanged(found: Comparison, held: frozenset[str], asked: Request) -> bool:
    """Return whether a comparison says of a request that it is decided as before."""
    who = asked.principal
    if ":assumed-role/" in who:
        account, name = who.split(":")[4], who.split("/")[1]
        who = f"arn:aws:iam::{account}:role/{name}"
    resource, on = _on_resource(found, asked)
    if _is_left_open(on):
        return False
    standing = found.principals.get(who)
    if standing is not None:
        return standing.status is Status.UNCHANGED
    # Of others it is told what they can do on the resources of the snapshots.
    is_held = any(resource == arn or resource.startswith((f"{arn}/", f"{arn}:")) for arn in held)
    return is_held and not any(one.effects for one in on)


def _on_resource(found: Comparison, asked: Request) -> tuple[str, list[PrincipalDiff]]:
    """Return the resource of a request, an alias made the access point, and what is said of what holds it."""
    resource = asked.resource.replace("arn:aws:s3:::ap-s3alias", f"{POINT}/object")
    return resource, [
        one for arn, one in found.resources.items() if resource == arn or resource.startswith((f"{arn}/", f"{arn}:"))
    ]


def _is_left_open(on: list[PrincipalDiff]) -> bool:
    """Return whether it is said of a resource that one snapshot does not hold it, or that something may be missing."""
    return any(one.doubts or one.status in (Status.CREATED, Status.DELETED, Status.INCONCLUSIVE) for one in on)


def is_reported(found: Comparison, asked: Request, kind: Kind) -> bool:
    """Return whether some effect of the principal tells of the action, or it is said that something may be missing."""
    if _is_left_open(_on_resource(found, asked)[1]):
        return True
    standing = found.principals.get(asked.principal)
    if standing is None or standing.doubts or standing.status in (Status.CREATED, Status.DELETED):
        return True
    service = asked.action.split(":")[0]
    for effect in standing.effects:
        if effect.kind is kind:
            names = found.names(effect.actions)
            if asked.action in names or f"{service}:*" in names or "*" in names:
                return True
    return False


def attack(seed: int, requests: int, *, through: bool = False) -> Iterator[Fault | tuple[Request, Kind]]:
    """Make a pair, compare it, ask; yield faults, and changes that no effect of their principal names.

    ``through``: all goes through an access point, and changes behind it.
    """
    rng = random.Random(seed)
    before = world(rng)
    ways = EDITS
    if through:
        close(rng, before)
        ways = BEHIND
    after = copy.deepcopy(before)
    edits = tuple(rng.choice(list(ways)) for _ in range(rng.choice([1, 1, 1, 2, 3])))
    for name in edits:
        ways[name](rng, after)
    pair = snapshot(before, "old"), snapshot(after, "new")
    yield from _asked(pair, partial(request, rng, through=through), requests, seed, edits)


def _asked(
    pair: tuple[Snapshot, Snapshot],
    draw: Callable[[list[str]], Request],
    requests: int,
    seed: int,
    edits: tuple[str, ...],
) -> Iterator[Fault | tuple[Request, Kind]]:
    """Compare a pair, and put drawn requests to both snapshots."""
    found = compare_snapshots(*pair, NOON)
    sides = [Evaluator(one, now=lambda: NOON) for one in pair]
    principals = [one for one in found.principals if ":group/" not in one]
    held = frozenset(
        arn for side in sides for arn in (*(one.arn for one in side.snapshot.resources), *side.index.roles)
    )
    for _ in range(requests):
        asked = _with_owner(draw(principals), sides)
        was, now = (is_allowed(side, asked) for side in sides)
        if was is now or was is None or now is None:
            continue
        kind = Kind.GAINED if now else Kind.LOST
        if is_called_unchanged(found, held, asked):
            yield Fault(seed, edits, asked, was, now)
        elif not is_reported(found, asked, kind):
            yield asked, kind


def attack_change(change: Change, surroundings: int, requests: int) -> Iterator[Fault | tuple[Request, Kind]]:
    """Put requests to the pair of a seeded change, half of them in the other direction."""
    before, after = (
        worlds.snapshot(one, name) for one, name in zip(worlds.pair(change, surroundings), "ab", strict=True)
    )
    for number, sides in enumerate(((before, after), (after, before))):
        yield from _drawn(sides, random.Random(f"{change.name} {surroundings} {number}"), requests // 2, (change.name,))


def attack_capture(path: Path, seed: int, requests: int) -> Iterator[Fault | tuple[Request, Kind]]:
    """Put requests to a capture and a copy of it with random edits."""
    rng = random.Random(f"{path.name} {seed}")
    with TemporaryDirectory() as folder:
        old, new, edits = capture_pair(path, rng, Path(folder))
    yield from _drawn((old, new), rng, requests, edits, seed)


def _drawn(
    pair: tuple[Snapshot, Snapshot], rng: Rng, requests: int, edits: tuple[str, ...], seed: int = 0
) -> Iterator[Fault | tuple[Request, Kind]]:
    yield from _asked(pair, partial(Vocabulary.of(*pair).request, rng), requests, seed, edits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--through", action="store_true", help="all through an access point, with changes behind it")
    parser.add_argument("--changes", action="store_true", help="the pairs of `seeded_changes`")
    parser.add_argument("--captures", nargs="+", type=Path, default=[], help="captures to edit at random")
    options = parser.parse_args()
    seeds_of_pairs = range(options.seed, options.seed + options.pairs)
    attacks: list[Iterator[Fault | tuple[Request, Kind]]]
    if options.changes:
        attacks = [attack_change(one, options.seed, options.requests) for one in CHANGES]
    elif options.captures:
        attacks = [attack_capture(one, seed, options.requests) for one in options.captures for seed in seeds_of_pairs]
    else:
        attacks = [attack(seed, options.requests, through=options.through) for seed in seeds_of_pairs]
    faults = unnamed = 0
    for number, made in enumerate(attacks, 1):
        for one in made:
            if isinstance(one, Fault):
                faults += 1
                print(f"pair {one.seed}, {', '.join(one.edits)}: {one.was} before, {one.now} now: {one.request}")
            else:
                unnamed += 1
        if number % 50 == 0:
            print(f"{number:,} pairs, {faults:,} faults, {unnamed:,} unnamed", file=sys.stderr, flush=True)
    print(
        f"{len(attacks) * options.requests:,} requests over {len(attacks):,} pairs: {faults:,} changed and were "
        f"called unchanged; {unnamed:,} changed in an action that the principal's access changes do not name"
    )
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
