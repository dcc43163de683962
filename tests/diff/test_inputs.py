"""Whatever answers read of a snapshot reaches the comparison: each kind of data is named here, and tried or ruled out.

A field that is new in a snapshot fails the first test until somebody says how the comparison learns of it.
"""

import copy
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from pydantic import BaseModel

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Status
from iamdesk.snapshot import model, organization, resources

from ..access.worlds import NOON
from ..builders.captures import allow, deny, document
from . import seeds, walls
from .attack import snapshot
from .seeds import World, on

X = f"{walls.PAPERS}/*"
POINT = f"arn:aws:s3:eu-west-1:{walls.A}:accesspoint/ap"


def _with_point(of: World, **more: Any) -> None:
    of["resources"].append(
        {
            "arn": POINT,
            "account_id": walls.A,
            "policy": document(on({"AWS": walls.WHO["dan"]}, walls.GET, f"{POINT}/object/*")),
            "public_access_block": {"restrict_public_buckets": False},
            "access_point": {"buckets": [{"name": "papers", "account_id": walls.A}], "alias": "ap-s3alias", **more},
        }
    )


def _tagged_database(of: World, *, is_only_tagged: bool) -> None:
    """A database of a catalog: where its tags are all that is known of it, the catalog's policy is its own."""
    catalog = f"arn:aws:glue:eu-west-1:{walls.A}:catalog"
    policy = document(on({"AWS": f"arn:aws:iam::{walls.A}:user/dan"}, "glue:GetDatabase", "*"))
    of["resources"].append({"arn": catalog, "account_id": walls.A, "policy": policy})
    of["resources"].append(
        {
            "arn": catalog.replace(":catalog", ":database/sales"),
            "account_id": walls.A,
            "is_policy_captured": False,
            "is_only_tagged": is_only_tagged,
            "tags": [("team", "red")],
        }
    )


FUNCTION = f"arn:aws:lambda:eu-west-1:{walls.A}:function:f"


def _url(kind: str) -> dict[str, str]:
    return {"FunctionArn": FUNCTION, "FunctionUrl": "https://f.test/", "AuthType": kind}


def _function(of: dict[str, Any], **more: Any) -> None:
    condition = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    opened = {**seeds.on("*", "lambda:InvokeFunctionUrl", FUNCTION), "Condition": condition}
    of["resources"].append({"arn": FUNCTION, "account_id": walls.A, "policy": document(opened), **more})


def _api(of: dict[str, Any], kind: str) -> None:
    arn = f"arn:aws:execute-api:eu-west-1:{walls.A}:a1b2"
    of["resources"].append({"arn": arn, "account_id": walls.A, "authorization_types": [("GET /x", kind)]})


def _tagged_bucket(of: World, *, counts: bool) -> None:
    walls.person("dan", UserPolicyList=walls.inline(allow(walls.LIST, Condition=walls.resource_tag("red"))))(of)
    walls.fields(walls.LOCKED, tags=[("team", "red")], abac_enabled=counts)(of)


def _by_account(of: World, owner: str) -> None:
    walls.fields(walls.LOCKED, account_id=owner)(of)


SUBNET = f"arn:aws:ec2:eu-west-1:{walls.A}:subnet/subnet-1"
_PERMISSION = {"arn": "arn:aws:ram::aws:permission/P", "version": "1", "resourceType": "ec2:Subnet"}
SHARES: Any = {
    "account_id": walls.A,
    "region": "eu-west-1",
    "associations": [
        {
            "resourceShareArn": f"arn:aws:ram:eu-west-1:{walls.A}:resource-share/s",
            "associatedEntity": one,
            "associationType": kind,
            "status": "ASSOCIATED",
        }
        for kind, one in (("PRINCIPAL", walls.B), ("RESOURCE", SUBNET))
    ],
    "share_permissions": [{"share_id": "s", "permission": _PERMISSION}],
    "permissions": [
        {**_PERMISSION, "permission": {"Effect": "Allow", "Action": ["ec2:DescribeSubnets", "ec2:RunInstances"]}}
    ],
}

type Change = Callable[[World], None]


def delegating(services: dict[str, list[str]]) -> Callable[[World], None]:
    """Give delegated administrators to the organization, and sts:AssumeRoot to a user of A."""

    def change(of: World) -> None:
        of["users"][walls.A].append(seeds.user("eve", allow("sts:AssumeRoot")))
        of["organization"].update(delegated_services=services)

    return change


TRIED: dict[str, tuple[Change, Change]] = {
    "Account.users": (lambda _: None, lambda of: of["users"][walls.A].pop()),
    "Account.groups": (
        walls.person("dan", GroupList=["g"]),
        walls.both(
            walls.person("dan", GroupList=["g"]),
            lambda of: of["groups"].append(seeds.group("g", allow("sqs:SendMessage"))),
        ),
    ),
    "Account.roles": (lambda _: None, lambda of: of["roles"].pop()),
    "Account.policies": (
        walls.person("dan", **seeds.carrying("wide")),
        walls.both(walls.person("dan", **seeds.carrying("wide")), lambda of: of["policies"].clear()),
    ),
    "User.unique id": (
        walls.more(walls.PAPERS, on({"AWS": "AIDADAN"}, walls.GET, X)),
        walls.both(
            walls.more(walls.PAPERS, on({"AWS": "AIDADAN"}, walls.GET, X)), walls.person("dan", UserId="AIDAOTHER")
        ),
    ),
    "User.boundary": (lambda _: None, walls.person("ana", **seeds.bounded("nothing"))),
    "Resource.policy": (lambda _: None, walls.policy(walls.PAPERS)),
    "Resource.is_policy_captured": (lambda _: None, walls.fields(walls.KEY, is_policy_captured=False, policy=None)),
    "Resource.is_only_tagged": (
        lambda of: _tagged_database(of, is_only_tagged=True),
        lambda of: _tagged_database(of, is_only_tagged=False),
    ),
    "Resource.tags": (lambda _: None, walls.fields(walls.SECRET, tags=[("team", "red")])),
    "Resource.abac_enabled": (
        lambda of: _tagged_bucket(of, counts=False),
        lambda of: _tagged_bucket(of, counts=True),
    ),
    "Resource.acl": (
        lambda _: None,
        walls.fields(walls.LOCKED, acl=[{"permission": "READ", "account_id": walls.B}]),
    ),
    "Resource.object_ownership": (
        walls.fields(walls.LOCKED, acl=[{"permission": "READ", "account_id": walls.B}]),
        walls.fields(
            walls.LOCKED,
            acl=[{"permission": "READ", "account_id": walls.B}],
            object_ownership="BucketOwnerEnforced",
        ),
    ),
    "Resource.public_access_block": (
        lambda _: None,
        walls.fields(walls.OPEN, public_access_block={"restrict_public_buckets": False}),
    ),
    "Resource.function_urls": (
        lambda of: _function(of, function_urls=[_url("AWS_IAM")]),
        lambda of: _function(of, function_urls=[_url("NONE")]),
    ),
    "Resource.authorization_types": (
        lambda of: _api(of, "AWS_IAM"),
        lambda of: _api(of, "NONE"),
    ),
    "Resource.key_grants": (lambda _: None, walls.fields(walls.KEY, key_grants=None)),
    "Resource.account_id": (lambda of: _by_account(of, walls.A), lambda of: _by_account(of, walls.B)),
    "Resource.access_point": (_with_point, lambda of: _with_point(of, network_origin="VPC", vpc_id="vpc-1")),
    "Snapshot.account_settings": (
        walls.fields(walls.OPEN, public_access_block={"restrict_public_buckets": False}),
        walls.both(
            walls.fields(walls.OPEN, public_access_block={"restrict_public_buckets": False}),
            lambda of: of["account_settings"][0].update(public_access_block={"restrict_public_buckets": True}),
        ),
    ),
    "Snapshot.canonical id": (
        walls.more(walls.PAPERS, on({"CanonicalUser": "2" * 64}, walls.GET, X)),
        walls.both(
            walls.more(walls.PAPERS, on({"CanonicalUser": "2" * 64}, walls.GET, X)),
            lambda of: of["account_settings"][1].update(canonical_id="3" * 64),
        ),
    ),
    "Snapshot.vpc_endpoints": (lambda _: None, walls.endpoint(on("*", "s3:ListBucket", "*"))),
    "Snapshot.account_facts": (
        lambda _: None,
        lambda of: of["account_facts"][0].update(password_policy={"AllowUsersToChangePassword": True}),
    ),
    "Snapshot.resource_shares": (lambda _: None, lambda of: of.update(resource_shares=[SHARES])),
    "Organization.id": (
        walls.more(walls.PAPERS, on("*", walls.GET, X) | walls.given("StringEquals", "aws:PrincipalOrgID", "o-1")),
        walls.both(
            walls.more(walls.PAPERS, on("*", walls.GET, X) | walls.given("StringEquals", "aws:PrincipalOrgID", "o-1")),
            lambda of: of["organization"].update(id="o-2"),
        ),
    ),
    "Organization.management_account_id": (
        walls.control("p-scp", deny("kms:*")),
        walls.both(
            walls.control("p-scp", deny("kms:*")),
            lambda of: of["organization"].update(management_account_id=walls.A),
        ),
    ),
    "Organization.delegated_services": (
        delegating({}),
        delegating({walls.A: ["iam.amazonaws.com"]}),
    ),
    "Organization.nodes": (lambda _: None, walls.node(walls.A, policy_ids=["p-FullAWSAccess"])),
    "Organization.policies": (lambda _: None, walls.control("p-scp", deny("kms:*"))),
}
"""By what changes: how the organization is made before it, and after."""

NOT_READ = {
    "Snapshot": {
        *("path", "files", "sha256", "manifest", "captures", "problems", "latest"),
        "identity_centers",  # assignments stand for themselves: the roles that they make are in the accounts
        "workloads",  # whether a path to a role exists, not what the role may do
    },
    "Account": {"partition", "alias", "account_id", "broken", "is_truncated"},
    "Resource": {
        *("arn", "region", "encryption_key_arn", "is_aws_managed"),
        "data_access",  # shown, not evaluated
        "key_aliases",  # names that a request may have in place of the key; kms:ResourceAliases counts as unknown
    },
    "Organization": {"has_rcps", "lists_every_account", "scps_enabled"},
}
"""What no answer hangs on by itself, or what only tells how whole the data are."""
NAMED = {
    "Snapshot": {
        "accounts",
        "organization",
        "resources",
        *(key.partition(".")[2] for key in TRIED if "Snapshot." in key),
    },
    **{
        kind: {key.partition(".")[2] for key in TRIED if key.startswith(f"{kind}.")}
        for kind in ("Account", "Resource", "Organization")
    },
}


def _names(kind: type) -> set[str]:
    return set(kind.model_fields) if issubclass(kind, BaseModel) else {one.name for one in fields(kind)}


@pytest.mark.parametrize("kind", [model.Snapshot, model.Account, resources.Resource, organization.Organization])
def test_each_field_is_tried_or_ruled_out(kind: type) -> None:
    known = NAMED[kind.__name__] | NOT_READ[kind.__name__]
    assert _names(kind) - known == set()


@pytest.mark.parametrize("what", list(TRIED))
def test_a_change_of_each_is_told(what: str) -> None:
    """Something changed, or it is said that it is inconclusive: nobody reads that all is as before."""
    worlds = []
    for change in TRIED[what]:
        of = walls.before()
        of["policies"].append(seeds.policy("nothing", deny("*")))
        change(of)
        worlds.append(copy.deepcopy(of))
    found = compare_snapshots(snapshot(worlds[0], "old"), snapshot(worlds[1], "new"), NOON)

    told = [*found.principals.values(), *found.resources.values()]
    assert [one for one in told if one.status is not Status.UNCHANGED or one.doubts]


def test_who_can_assume_root_is_a_cause() -> None:
    """STS API Reference, AssumeRoot: delegated administrators for IAM can (rule E14)."""
    worlds = []
    for services in ({}, {walls.A: ["iam.amazonaws.com"]}):
        of = walls.before()
        delegating(services)(of)
        worlds.append(of)
    found = compare_snapshots(snapshot(worlds[0], "old"), snapshot(worlds[1], "new"), NOON)
    gained = [one for one in found.effects() if one.witness.action == "sts:AssumeRoot"]
    assert {one.principal.rpartition("/")[2] for one in gained} == {"eve"}
    assert {cause.sentence for one in gained for cause in one.causes} == {
        f"The accounts that can assume root of account {account} changed." for account in (walls.A, walls.B)
    }
