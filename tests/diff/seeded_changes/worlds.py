"""A small organization in which nothing is allowed yet, its random surroundings, and edits of it.

Accounts A and B are in one organization. Account Z and part of A are surroundings: random users, groups, roles and
policies, of services that no change is about.
"""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from iamdesk.diff.result import ChangeKind
from iamdesk.snapshot.account_details import AccountFacts
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccountSettings, VpcEndpoint

from ...builders.captures import allow, deny, document
from .. import seeds
from ..seeds import FULL, Json, World, on

A, B, Z, OUT = "111111111111", "222222222222", "333333333333", "888888888888"
PAPERS, PICS = "arn:aws:s3:::papers", "arn:aws:s3:::pics"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/11111111-2222-3333-4444-555555555555"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:orders"
TOPIC = f"arn:aws:sns:eu-west-1:{A}:news"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{A}:secret:db-AbCdEf"
FUNCTION = f"arn:aws:lambda:eu-west-1:{A}:function:tally"
ENDPOINT = "vpce-1"
STAFF, NIGHT = (f"arn:aws:iam::{A}:group/{name}" for name in ("staff", "night"))
WORKER, LOADER = (f"arn:aws:iam::{A}:role/{name}" for name in ("worker", "loader"))
LINKED = f"arn:aws:iam::{A}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
GITHUB = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
IDP = f"arn:aws:iam::{A}:saml-provider/idp"
ANA, BEN, CLEO, DAN = (f"arn:aws:iam::{A}:user/{name}" for name in ("ana", "ben", "cleo", "dan"))
BOB = f"arn:aws:iam::{B}:user/bob"
ROOT, ROOT_B, ROOT_Z = (f"arn:aws:iam::{account}:root" for account in (A, B, Z))
OF_OUT = f"arn:aws:iam::{OUT}:role/anyone"
"""Placeholder of the comparison for the principals of an external account."""
X_OF_OUT = f"arn:aws:iam::{OUT}:role/x"
ANONYMOUS = "anonymous"
ANYONE = "arn:aws:iam::999999999999:role/anyone-anywhere"
"""Placeholder of the comparison for anyone with an AWS account."""
ANY_SERVICE = "any-service.amazonaws.com"

type Edit = Callable[[World], None]
type Gives = dict[str, dict[str, str | tuple[str, ...] | None] | None]
"""By principal the actions, by action the resources; None: any, but at least one.
Group names: ``all of A`` and ``users of A`` are those of the account that are not in it by themselves."""
type Cause = tuple[ChangeKind, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change, and what it does by AWS's documentation. What is in none of the tables is unchanged."""

    name: str
    edit: Edit
    given: Edit = lambda _: None
    """What both snapshots hold besides the empty organization."""
    gained: Gives = field(default_factory=dict)
    lost: Gives = field(default_factory=dict)
    when: tuple[tuple[str, str | None], ...] = ()
    """Keys of the request context, each of which some request that shows a change has (None: not provided)."""
    causes: tuple[Cause, ...] = ()
    """Of every access change."""
    asked: tuple[str, ...] = ()
    """Review items of both snapshots whose effect changed, as `label` names them."""
    new: tuple[str, ...] = ()
    """Review items that only the new snapshot has."""
    gone: tuple[str, ...] = ()
    """Review items that only the old snapshot has."""
    left_open: tuple[str, ...] = ()
    """Principals of whom part of the change is inconclusive: about keys whose policy was not captured."""
    is_listed: bool = True
    """Whether the configuration changed in something that applies."""
    page: str = ""
    """The page of AWS's documentation, where it is not one of `PAGES`."""


# ── the organization ─────────────────────────────────────────────────────────────────────────────────────────────────


def empty() -> World:
    """An organization of two accounts in which nobody but the root users is allowed anything."""
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    full = "p-FullAWSAccess"
    linked = seeds.role("AWSServiceRoleForECS", {"Service": "ecs.amazonaws.com"})
    linked |= {"Arn": LINKED, "Path": "/aws-service-role/ecs.amazonaws.com/"}
    return {
        "users": {
            A: [seeds.user(name) for name in ("ana", "ben", "cleo", "dan")],
            B: [seeds.user("bob", account=B)],
            Z: [],
        },
        "groups": [seeds.group("staff"), seeds.group("night")],
        "roles": [
            seeds.role("worker", {"Service": "ec2.amazonaws.com"}),
            seeds.role("loader", {"Service": "ec2.amazonaws.com"}),
            linked,
        ],
        "policies": [],
        "organization": {
            "id": "o-1",
            "management_account_id": "999999999998",
            "lists_every_account": True,
            "nodes": [
                {"id": "r-1", "name": "root", "policy_ids": [full]},
                {"id": "ou-1", "parent_id": "r-1", "policy_ids": [full]},
                {"id": "ou-2", "parent_id": "r-1", "policy_ids": [full]},
                {"id": A, "parent_id": "ou-1", "policy_ids": [full]},
                {"id": B, "parent_id": "r-1", "policy_ids": [full]},
                {"id": Z, "parent_id": "r-1", "policy_ids": [full]},
            ],
            "policies": [
                {"id": full, "name": "FullAWSAccess", "type": scp, "content": FULL},
                {"id": "p-scp", "name": "scp", "type": scp, "content": document(deny("account:CloseAccount"))},
                {
                    "id": "p-rcp",
                    "name": "rcp",
                    "type": rcp,
                    "content": document(on("*", "sqs:PurgeQueue", "*", "Deny")),
                },
            ],
        },
        "resources": [],
        "vpc_endpoints": [],
        "account_settings": [
            {"account_id": one, "canonical_id": one[0] * 64, "public_access_block": {"restrict_public_buckets": False}}
            for one in (A, B, Z)
        ],
        "account_facts": [
            {
                "account_id": one,
                "is_password_policy_captured": True,
                "password_policy": {"AllowUsersToChangePassword": False},
            }
            for one in (A, B, Z)
        ],
    }


_SERVICES = {
    "dynamodb": ("GetItem", "PutItem", "Query", "Get*", "*"),
    "glue": ("GetTable", "DeleteTable", "Get*", "*"),
    "athena": ("StartQueryExecution", "ListWorkGroups", "*"),
    "states": ("StartExecution", "ListStateMachines"),
    "ecs": ("ListClusters", "RunTask"),
}
_CONDITIONS: tuple[Json, ...] = (
    *({}, {}, {}),
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/desk": "4"}}},
    {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
)


def _surrounding_statements(rng: random.Random) -> list[Json]:
    """Return statements that touch no request of a change; the first one always allows something."""
    found = [allow("dynamodb:ListTables")]
    for _ in range(rng.randint(0, 3)):
        service = rng.choice(list(_SERVICES))
        actions = [f"{service}:{name}" for name in rng.sample(_SERVICES[service], rng.randint(1, 2))]
        found.append((allow if rng.random() < 0.8 else deny)(actions, **copy.deepcopy(rng.choice(_CONDITIONS))))
    found[-1].setdefault("Resource", "*")
    return [one for one in found if one["Effect"] == "Allow" or one["Action"] != ["dynamodb:*"]]


def surround(of: World, rng: random.Random) -> None:
    """Add users, groups, roles, policies and buckets that no change is about."""
    for account, most in ((A, 3), (Z, 3)):
        for number in range(rng.randint(1, most)):
            more: Json = {"Tags": [{"Key": "desk", "Value": rng.choice("45")}]} if rng.random() < 0.5 else {}
            if account == A and rng.random() < 0.5:
                more["GroupList"] = ["around"]
            if account == A and rng.random() < 0.5:
                more |= seeds.carrying("around")
            of["users"][account].append(
                seeds.user(f"around{number}", *_surrounding_statements(rng), account=account, **more)
            )
    of["groups"].append(seeds.group("around", *_surrounding_statements(rng)))
    of["policies"].append(seeds.policy("around", *_surrounding_statements(rng)))
    of["roles"].append(seeds.role("around", {"Service": "glue.amazonaws.com"}, *_surrounding_statements(rng)))
    of["resources"].append(
        {
            "arn": "arn:aws:s3:::around",
            "account_id": Z,
            "policy": document(on({"AWS": ROOT_Z}, "s3:GetObject", "arn:aws:s3:::around/*")),
            "tags": [],
            "acl": [],
            "object_ownership": "BucketOwnerEnforced",
            "public_access_block": {"restrict_public_buckets": False},
        }
    )
    for listed in (of["users"][A], of["users"][Z], of["groups"], of["roles"], of["policies"], of["resources"]):
        rng.shuffle(listed)


def snapshot(of: World, name: str) -> Snapshot:
    """Return an organization as a snapshot."""
    return seeds.snapshot(of, name).model_copy(
        update={
            member: tuple(model.model_validate(one) for one in of[member])
            for member, model in (
                ("vpc_endpoints", VpcEndpoint),
                ("account_settings", AccountSettings),
                ("account_facts", AccountFacts),
            )
        }
    )


def pair(change: Change, surroundings: int = 0) -> tuple[World, World]:
    """Return the organization before and after a change, in surroundings drawn by the change's name and a number."""
    before = empty()
    surround(before, random.Random(f"{change.name} {surroundings}"))
    change.given(before)
    after = copy.deepcopy(before)
    change.edit(after)
    return before, after


# ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def both(*edits: Edit) -> Edit:
    def change(of: World) -> None:
        for edit in edits:
            edit(of)

    return change


def _entry(of: World, arn: str) -> Json:
    listed = [*(one for users in of["users"].values() for one in users), *of["roles"], *of["groups"]]
    return next(one for one in listed if one["Arn"] == arn)


def _kind(entry: Json) -> str:
    return "User" if "UserName" in entry else "Role" if "RoleName" in entry else "Group"


def fields(arn: str, **values: Any) -> Edit:
    """Set members of a user, role or group."""
    return lambda of: _entry(of, arn).update(copy.deepcopy(values))


def own(arn: str, *statements: Json, **more: list[Json]) -> Edit:
    """Give a principal the inline policy ``own``, or none; ``more``: others by name."""

    def change(of: World) -> None:
        named = ({"own": list(statements)} if statements else {}) | more
        entry = _entry(of, arn)
        entry[f"{_kind(entry)}PolicyList"] = [
            {"PolicyName": name, "PolicyDocument": document(*copy.deepcopy(found))} for name, found in named.items()
        ]

    return change


def attach(arn: str, *names: str) -> Edit:
    return fields(arn, **seeds.carrying(*names))


def join(arn: str, *names: str) -> Edit:
    return fields(arn, GroupList=list(names))


def bound(arn: str, name: str | None) -> Edit:
    return fields(arn, **(seeds.bounded(name) if name else {"PermissionsBoundary": None}))


def tag(arn: str, **tags: str) -> Edit:
    return fields(arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])


def managed(name: str, *statements: Json) -> Edit:
    """Set the text of a managed policy, which is made if there is none."""

    def change(of: World) -> None:
        of["policies"] = [one for one in of["policies"] if one["PolicyName"] != name]
        of["policies"].append(seeds.policy(name, *copy.deepcopy(statements)))

    return change


def versions(name: str, default: int, *texts: list[Json]) -> Edit:
    """Set the versions of a managed policy, and which one is the default (from 1)."""

    def change(of: World) -> None:
        managed(name)(of)
        of["policies"][-1] |= {
            "DefaultVersionId": f"v{default}",
            "PolicyVersionList": [
                {"VersionId": f"v{number}", "IsDefaultVersion": number == default, "Document": document(*text)}
                for number, text in enumerate(texts, 1)
            ],
        }

    return change


def trust(arn: str, *statements: Json) -> Edit:
    return fields(arn, AssumeRolePolicyDocument=document(*statements))


def enter(principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow", **condition: Any) -> Json:
    """A statement of a trust policy."""
    return {"Effect": effect, "Principal": principal, "Action": action, **condition}


def control(name: str, *statements: Json) -> Edit:
    """Set the text of an organization policy."""
    return lambda of: next(one for one in of["organization"]["policies"] if one["id"] == name).update(
        content=document(*copy.deepcopy(statements))
    )


def _node(of: World, name: str) -> Json:
    return next(one for one in of["organization"]["nodes"] if one["id"] == name)


def controls(node: str, *names: str, full: bool = True) -> Edit:
    """Attach exactly these organization policies to a node, with FullAWSAccess or without."""
    return lambda of: _node(of, node).update(policy_ids=[*(["p-FullAWSAccess"] if full else []), *names])


def move(account: str, parent: str) -> Edit:
    return lambda of: _node(of, account).update(parent_id=parent)


def management(account: str) -> Edit:
    return lambda of: of["organization"].update(management_account_id=account)


def resource(arn: str, *statements: Json, **more: Any) -> Edit:
    """Set a resource's policy (none without statements) and members; it is made if there is none."""

    def change(of: World) -> None:
        found = next((one for one in of["resources"] if one["arn"] == arn), None)
        if found is None:
            found = {"arn": arn, "account_id": A, "tags": []}
            if ":s3:" in arn:
                found |= {
                    "acl": [],
                    "object_ownership": "ObjectWriter",
                    "public_access_block": {"restrict_public_buckets": False},
                }
            if ":kms:" in arn:
                found["key_grants"] = []
            of["resources"].append(found)
        found["policy"] = document(*copy.deepcopy(statements)) if statements else None
        found.update(copy.deepcopy(more))

    return change


def setting(arn: str, **values: Any) -> Edit:
    """Set members of a resource, its policy left as it is."""
    return lambda of: next(one for one in of["resources"] if one["arn"] == arn).update(copy.deepcopy(values))


def facts(account: str, **values: Any) -> Edit:
    return lambda of: next(one for one in of["account_facts"] if one["account_id"] == account).update(
        copy.deepcopy(values)
    )


def endpoint(*statements: Json) -> Edit:
    return lambda of: of.update(
        vpc_endpoints=[
            {
                "vpc_endpoint_id": ENDPOINT,
                "service_name": "com.amazonaws.eu-west-1.s3",
                "vpc_endpoint_type": "Gateway",
                "vpc_id": "vpc-1",
                "owner_id": A,
                "policy_document": document(*statements),
            }
        ]
    )


def given(operator: str, key: str, value: Any) -> Json:
    """A condition, as a member of a statement."""
    return {"Condition": {operator: {key: value}}}


def label(holder: str, entitlement: str) -> str:
    """Return a review item's name in the tables: ``ana own``, ``ana @reader``, ``ana +staff``, ``worker trust`` …"""
    who = {ROOT: "root", ROOT_B: "root of B", ROOT_Z: "root of Z", f"arn:aws:iam::{OUT}:root": "OUT"}.get(
        holder, holder.rpartition("/")[2]
    )
    if "#" in entitlement:
        return f"{who} {entitlement.partition('#')[2].removeprefix('inline/')}"
    if ":group/" in entitlement:
        return f"{who} +{entitlement.rpartition('/')[2]}"
    if ":policy/" in entitlement:
        return f"{who} @{entitlement.rpartition('/')[2]}"
    return f"{who} > {entitlement.rpartition(':')[2].removeprefix('key/')[:8]}"
