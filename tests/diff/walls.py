"""A small organization whose resources have policies of their own, and sixty changes on the resource's side of access.

Of each it is written down who gains or loses which actions, by what kind of change: exactly that is to be reported.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iamdesk.diff.result import ChangeKind, Kind

from ..builders.captures import allow, deny, document
from . import seeds
from .seeds import FULL, Json, World, on

A, B, OUT = "111111111111", "222222222222", "888888888888"
PAPERS, OPEN, LOCKED = "arn:aws:s3:::papers", "arn:aws:s3:::open", "arn:aws:s3:::locked"
KEY = f"arn:aws:kms:eu-west-1:{A}:key/11111111-2222-3333-4444-555555555555"
QUEUE = f"arn:aws:sqs:eu-west-1:{A}:orders"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{A}:secret:db-AbCdEf"
ENDPOINT = "vpce-1"
WHO = {
    **{name: f"arn:aws:iam::{A}:user/{name}" for name in ("ana", "ben", "cleo", "dan")},
    **{name: f"arn:aws:iam::{A}:role/{name}" for name in ("reader", "entered")},
    "bob": f"arn:aws:iam::{B}:user/bob",
    "root": f"arn:aws:iam::{A}:root",
    "root of B": f"arn:aws:iam::{B}:root",
    "anonymous": "anonymous",
    "anyone": "arn:aws:iam::999999999999:role/anyone-anywhere",
    "someone of OUT": f"arn:aws:iam::{OUT}:role/anyone",
    "x of OUT": f"arn:aws:iam::{OUT}:role/x",
    "sns": "sns.amazonaws.com",
    "any service": "any-service.amazonaws.com",
    "idp": f"arn:aws:iam::{A}:saml-provider/idp",
}
TLS = on("*", "s3:*", [PAPERS, f"{PAPERS}/*"], "Deny") | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
BOB = on({"AWS": WHO["bob"]}, "s3:GetObject", f"{PAPERS}/shared/*")
TAGGED = on({"AWS": WHO["dan"]}, "s3:PutObjectTagging", f"{PAPERS}/*")
BY_TAG = on({"AWS": A}, "s3:GetObjectAcl", f"{PAPERS}/*")
DELEGATED = on({"AWS": WHO["root"]}, "kms:*", "*")
GET, PUT, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"


def before() -> World:
    """The organization before anything is changed."""
    scp, rcp = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    return {
        "users": {
            A: [
                seeds.user("ana", allow([GET, PUT], f"{PAPERS}/*"), allow(LIST, PAPERS)),
                seeds.user("ben", allow(GET, f"{PAPERS}/shared/*"), Tags=[{"Key": "team", "Value": "red"}]),
                seeds.user("cleo", allow(["kms:Decrypt", "kms:Encrypt"]), allow("sqs:SendMessage")),
                seeds.user("dan", allow("secretsmanager:GetSecretValue", Condition=resource_tag("red"))),
            ],
            B: [seeds.user("bob", allow([GET, LIST]), allow("kms:Decrypt"), allow("sts:AssumeRole"), account=B)],
        },
        "groups": [],
        "roles": [
            seeds.role("reader", {"Service": "ec2.amazonaws.com"}, allow(GET, f"{PAPERS}/*")),
            seeds.role("entered", {"Service": "ec2.amazonaws.com"}),
        ],
        "policies": [seeds.policy("wide", allow("*"))],
        "organization": {
            "id": "o-1",
            "management_account_id": "999999999998",
            "lists_every_account": True,
            "nodes": [
                {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess"]},
                {"id": "ou-1", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
                {"id": "ou-2", "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
                {"id": A, "parent_id": "ou-1", "policy_ids": ["p-FullAWSAccess", "p-rcp", "p-scp"]},
                {"id": B, "parent_id": "ou-1", "policy_ids": ["p-FullAWSAccess"]},
            ],
            "policies": [
                {"id": "p-FullAWSAccess", "name": "FullAWSAccess", "type": scp, "content": FULL},
                {
                    "id": "p-scp",
                    "name": "scp",
                    "type": scp,
                    "content": document(deny("organizations:LeaveOrganization")),
                },
                {
                    "id": "p-rcp",
                    "name": "rcp",
                    "type": rcp,
                    "content": document(on("*", "sqs:PurgeQueue", "*", "Deny")),
                },
                {"id": "p-new", "name": "new", "type": rcp, "content": document(on("*", GET, "*", "Deny"))},
            ],
        },
        "resources": [
            _thing(PAPERS, TLS, BOB, TAGGED | given("ForAnyValue:StringEquals", "s3:RequestObjectTagKeys", ["team"])),
            _thing(OPEN, on("*", GET, f"{OPEN}/*")) | {"public_access_block": {"restrict_public_buckets": True}},
            _thing(LOCKED, on("*", PUT, f"{LOCKED}/*", "Deny")),
            _thing(KEY, DELEGATED) | {"key_grants": []},
            _thing(QUEUE),
            _thing(SECRET) | {"tags": [("team", "blue")]},
        ],
        "vpc_endpoints": [
            {
                "vpc_endpoint_id": ENDPOINT,
                "service_name": "com.amazonaws.eu-west-1.s3",
                "vpc_endpoint_type": "Gateway",
                "vpc_id": "vpc-1",
                "policy_document": document(on("*", "*", "*")),
            }
        ],
        "account_settings": [
            {"account_id": one, "canonical_id": one[0] * 64, "public_access_block": {"restrict_public_buckets": False}}
            for one in (A, B)
        ],
        "account_facts": [{"account_id": A, "password_policy": {"AllowUsersToChangePassword": False}}],
        "resource_shares": [],
    }


def resource_tag(team: str) -> Json:
    return {"StringEquals": {"aws:ResourceTag/team": team}}


def given(operator: str, key: str, value: Any) -> Json:
    return {"Condition": {operator: {key: value}}}


def _thing(arn: str, *statements: Json) -> Json:
    more: Json = {"tags": []}
    if ":s3:" in arn:
        more |= {
            "acl": [],
            "object_ownership": "ObjectWriter",
            "public_access_block": {"restrict_public_buckets": False},
        }
    return {"arn": arn, "account_id": A, "policy": document(*statements) if statements else None, **more}


type Expected = Mapping[str, tuple[Kind, frozenset[str] | None]]


@dataclass(frozen=True, slots=True)
class Wall:
    """One change, and what it does."""

    name: str
    change: Callable[[World], None]
    cause: ChangeKind | None
    expected: Expected = field(default_factory=dict)
    """By name: whether access is gained or lost, and the actions; None: more than are listed here."""
    also: Expected = field(default_factory=dict)
    """What changes for the same the other way round, under other conditions."""


def lost(*actions: str) -> tuple[Kind, frozenset[str] | None]:
    return Kind.LOST, frozenset(actions) or None


def gained(*actions: str) -> tuple[Kind, frozenset[str] | None]:
    return Kind.GAINED, frozenset(actions) or None


def _res(of: World, arn: str) -> Json:
    return next(one for one in of["resources"] if one["arn"] == arn)


def more(arn: str, *statements: Json) -> Callable[[World], None]:
    """Add statements to a resource's policy."""

    def change(of: World) -> None:
        one = _res(of, arn)
        one["policy"] = document(*(one["policy"] or document())["Statement"], *copy.deepcopy(statements))

    return change


def policy(arn: str, *statements: Json) -> Callable[[World], None]:
    """Give a resource another policy, or none."""
    return lambda of: _res(of, arn).update(policy=document(*copy.deepcopy(statements)) if statements else None)


def fields(arn: str, **values: Any) -> Callable[[World], None]:
    return lambda of: _res(of, arn).update(values)


def person(name: str, **values: Any) -> Callable[[World], None]:
    def change(of: World) -> None:
        people = [*(one for users in of["users"].values() for one in users), *of["roles"]]
        next(one for one in people if name in (one.get("UserName"), one.get("RoleName"))).update(values)

    return change


def inline(*statements: Json) -> list[Json]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements)}]


def control(name: str, *statements: Json) -> Callable[[World], None]:
    return lambda of: next(one for one in of["organization"]["policies"] if one["id"] == name).update(
        content=document(*statements)
    )


def node(name: str, **values: Any) -> Callable[[World], None]:
    return lambda of: next(one for one in of["organization"]["nodes"] if one["id"] == name).update(values)


def endpoint(*statements: Json) -> Callable[[World], None]:
    return lambda of: of["vpc_endpoints"][0].update(policy_document=document(*statements))


def trust(*statements: Json) -> Callable[[World], None]:
    return person("entered", AssumeRolePolicyDocument=document(*statements))


def enter(principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow", **condition: Any) -> Json:
    return {"Effect": effect, "Principal": principal, "Action": action, **condition}


def both(*changes: Callable[[World], None]) -> Callable[[World], None]:
    def change(of: World) -> None:
        for one in changes:
            one(of)

    return change


def wall(arn: str, action: Any, where: Any = None, effect: str = "Deny", **condition: Any) -> Json:
    return on("*", action, where or [arn, f"{arn}/*"], effect) | condition


HERE = "aws:PrincipalAccount"
P, K, T, R = ChangeKind.RESOURCE_POLICY, ChangeKind.GRANTS, ChangeKind.TRUST, ChangeKind.RCP
X = f"{PAPERS}/*"
EVERY_READER = {"ana": lost(GET), "ben": lost(GET), "reader": lost(GET), "bob": lost(GET), "root": lost(GET)}

WALLS: tuple[Wall, ...] = (
    # a bucket's policy
    Wall(
        "only this account",
        more(PAPERS, wall(PAPERS, "s3:*", **given("StringNotEquals", HERE, A))),
        P,
        {"bob": lost(GET)},
    ),
    Wall(
        "only roles",
        more(PAPERS, wall(PAPERS, "s3:*", **given("ArnNotLike", "aws:PrincipalArn", f"arn:aws:iam::{A}:role/*"))),
        P,
        {
            "ana": lost(GET, PUT, LIST),
            "ben": lost(GET),
            "dan": lost("s3:PutObjectTagging"),
            "bob": lost(GET),
            "root": lost(),
        },
    ),
    Wall(
        "only the red team",
        more(PAPERS, wall(PAPERS, "s3:*", **given("StringNotEquals", "aws:PrincipalTag/team", "red"))),
        P,
        {
            "ana": lost(GET, PUT, LIST),
            "dan": lost("s3:PutObjectTagging"),
            "bob": lost(GET),
            "root": lost(),
            "reader": lost(GET),
        },
    ),
    Wall("nobody writes", more(PAPERS, wall(PAPERS, PUT)), P, {"ana": lost(PUT), "root": lost(PUT)}),
    Wall("nobody reads", more(PAPERS, wall(PAPERS, GET)), P, EVERY_READER),
    Wall("nobody reads what is shared", more(PAPERS, wall(PAPERS, GET, f"{PAPERS}/shared/*")), P, EVERY_READER),
    Wall(
        "nobody reads a place that nobody but two can",
        more(PAPERS, wall(PAPERS, GET, f"{PAPERS}/own/*")),
        P,
        {"ana": lost(GET), "reader": lost(GET), "root": lost(GET)},
    ),
    Wall(
        "only through an endpoint",
        more(PAPERS, wall(PAPERS, GET, **given("StringNotEquals", "aws:SourceVpce", ENDPOINT))),
        P,
        EVERY_READER,
    ),
    Wall(
        "all but those listed",
        more(
            PAPERS, {"Effect": "Deny", "NotPrincipal": {"AWS": [WHO["ana"], WHO["root"]]}, "Action": GET, "Resource": X}
        ),
        P,
        {"ben": lost(GET), "reader": lost(GET), "bob": lost(GET)},
    ),
    Wall("one user is let in", more(PAPERS, on({"AWS": WHO["dan"]}, GET, X)), P, {"dan": gained(GET)}),
    Wall("one user is let in who may it anyway", more(PAPERS, on({"AWS": WHO["ana"]}, GET, X)), None),
    Wall(
        "one role is let in further",
        more(PAPERS, on({"AWS": WHO["reader"]}, [GET, PUT], X)),
        P,
        {"reader": gained(PUT)},
    ),
    Wall(
        "the organization is let in",
        more(PAPERS, on("*", GET, X) | given("StringEquals", "aws:PrincipalOrgID", "o-1")),
        P,
        {
            "ben": gained(GET),
            "dan": gained(GET),
            "cleo": gained(GET),
            "entered": gained(GET),
            "bob": gained(GET),
            "root of B": gained(GET),
        },
    ),
    Wall(
        "another account loses it",
        policy(PAPERS, TLS, TAGGED | given("ForAnyValue:StringEquals", "s3:RequestObjectTagKeys", ["team"])),
        P,
        {"bob": lost(GET)},
    ),
    Wall("another account reads it all", more(PAPERS, BOB | {"Resource": X}), P, {"bob": gained(GET)}),
    Wall(
        "TLS is no longer asked for",
        policy(PAPERS, BOB, TAGGED | given("ForAnyValue:StringEquals", "s3:RequestObjectTagKeys", ["team"])),
        P,
        {
            "ana": gained(GET, PUT, LIST),
            "ben": gained(GET),
            "dan": gained("s3:PutObjectTagging"),
            "reader": gained(GET),
            "bob": gained(GET),
            "root": gained(),
        },
    ),
    Wall(
        "any value becomes all values",
        policy(PAPERS, TLS, BOB, TAGGED | given("ForAllValues:StringEquals", "s3:RequestObjectTagKeys", ["team"])),
        P,
        {"dan": gained("s3:PutObjectTagging")},
        {"dan": lost("s3:PutObjectTagging")},
    ),
    Wall(
        "in other words",
        policy(
            PAPERS,
            TAGGED | given("ForAnyValue:StringEquals", "s3:RequestObjectTagKeys", ["team"]) | {"Sid": "Tagged"},
            BOB | {"Action": [GET, GET]},
            TLS | {"Resource": [f"{PAPERS}/*", PAPERS]},
        ),
        None,
    ),
    Wall("a service writes", more(PAPERS, on({"Service": "sns.amazonaws.com"}, PUT, X)), P, {"sns": gained(PUT)}),
    Wall("another organization's account", more(PAPERS, on({"AWS": OUT}, GET, X)), P, {"someone of OUT": gained(GET)}),
    Wall(
        "a role of another organization",
        more(PAPERS, on({"AWS": WHO["x of OUT"]}, GET, X)),
        P,
        {"x of OUT": gained(GET)},
    ),
    Wall(
        "everybody reads one place",
        more(PAPERS, on("*", GET, f"{PAPERS}/web/*")),
        P,
        {
            "anonymous": gained(GET),
            "anyone": gained(GET),
            "any service": gained(GET),
            "root of B": gained(GET),
            "bob": gained(GET),
            "ben": gained(GET),
            "dan": gained(GET),
            "cleo": gained(GET),
            "entered": gained(GET),
        },
    ),
    Wall(
        "everybody of another organization's account, by a condition",
        more(PAPERS, on("*", GET, X) | given("StringEquals", "aws:PrincipalAccount", OUT)),
        P,
        {"someone of OUT": gained(GET)},
    ),
    # AWS services that no statement names: Block Public Access does not keep them out
    Wall(
        "an open bucket for its organization alone",
        more(OPEN, wall(OPEN, "s3:*", **given("StringNotEquals", "aws:PrincipalOrgID", "o-1"))),
        P,
        {"any service": lost(GET)},
    ),
    Wall(
        "an open bucket for its organization and AWS services",
        more(
            OPEN,
            wall(
                OPEN,
                "s3:*",
                Condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ),
        None,
    ),
    Wall(
        "an open bucket for services on behalf of its account alone",
        more(
            OPEN,
            wall(
                OPEN,
                "s3:*",
                Condition={"StringNotEquals": {"aws:SourceAccount": A}, "Null": {"aws:SourceAccount": "false"}},
            ),
        ),
        P,
        {"any service": lost(GET)},
    ),
    Wall(
        "a service that a condition alone lets in, in a bucket for its organization",
        more(PAPERS, wall(PAPERS, "s3:*", **given("StringNotEquals", "aws:PrincipalOrgID", "o-1"))),
        P,
        {"sns": lost("s3:GetObjectAcl")},
    ),
    Wall(
        "services by the beginning of their names",
        more(PAPERS, on("*", PUT, X) | given("StringLike", "aws:PrincipalServiceName", "s*.amazonaws.com")),
        P,
        {"sany-service.amazonaws.com": gained(PUT)},
    ),
    Wall(
        "all services but one",
        more(
            PAPERS,
            on("*", PUT, X)
            | {
                "Condition": {
                    "StringNotLike": {"aws:PrincipalServiceName": "sns.*"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                }
            },
        ),
        P,
        {"any service": gained(PUT)},
    ),
    Wall(
        "an RCP keeps one service out",
        control(
            "p-rcp",
            on("*", "sqs:PurgeQueue", "*", "Deny"),
            on("*", "s3:*", "*", "Deny") | given("StringEquals", "aws:PrincipalServiceName", "sns.amazonaws.com"),
        ),
        R,
        {"sns": lost(GET)},
    ),
    Wall(
        "an ACL lets everybody list who signs in",
        fields(
            LOCKED,
            acl=[{"permission": "READ", "uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}],
        ),
        K,
        {"any service": gained(), "anyone": gained(), "bob": gained(), "root of B": gained()},
    ),
    Wall(
        "every role of another organization's account, by a condition",
        more(PAPERS, on("*", PUT, X) | given("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OUT}:role/*")),
        P,
        {"someone of OUT": gained(PUT)},
    ),
    Wall(
        "every role of one name, whose ever it is",
        more(PAPERS, on("*", PUT, X) | given("StringLike", "aws:PrincipalArn", "*:role/admin")),
        P,
        {"arn:aws:iam::999999999999:role/admin": gained(PUT)},
    ),
    Wall(
        "users of one name, whose ever they are",
        more(PAPERS, on("*", PUT, X) | given("StringEquals", "aws:username", "admin")),
        P,
        {"arn:aws:iam::999999999999:user/admin": gained(PUT)},
    ),
    Wall(
        "root users alone",
        more(PAPERS, on("*", PUT, X) | given("StringEquals", "aws:PrincipalType", "Account")),
        P,
        {"root of B": gained(PUT), "arn:aws:iam::999999999999:root": gained(PUT)},
    ),
    Wall(
        "an RCP lets another organization's account in",
        control("p-rcp", on("*", "s3:PutObject", "*", "Deny") | given("StringNotEquals", HERE, [A, OUT])),
        R,
        {"someone of OUT": gained(PUT)},
    ),
    Wall("no policy any more", policy(LOCKED), P, {"root": gained(PUT)}),
    # Block Public Access, ACLs, tags that count
    Wall(
        "public access is no longer blocked",
        fields(OPEN, public_access_block={"restrict_public_buckets": False}),
        ChangeKind.PUBLIC_ACCESS,
        {"anonymous": gained(GET), "anyone": gained(GET), "bob": gained(GET), "root of B": gained(GET)},
    ),
    Wall(
        "an account blocks public access",
        both(
            fields(OPEN, public_access_block={"restrict_public_buckets": True}),
            lambda of: of["account_settings"][0].update(public_access_block={"restrict_public_buckets": True}),
        ),
        None,
    ),
    Wall(
        "an ACL lets another account list",
        fields(LOCKED, acl=[{"permission": "READ", "account_id": B}]),
        K,
        {"bob": gained(LIST), "root of B": gained()},
    ),
    Wall(
        "an ACL lets another organization's account list",
        fields(LOCKED, acl=[{"permission": "READ", "account_id": OUT}]),
        K,
        {"someone of OUT": gained()},
    ),
    Wall(
        "an ACL that counts for nothing",
        both(
            fields(LOCKED, object_ownership="BucketOwnerEnforced"),
            fields(LOCKED, acl=[{"permission": "READ", "account_id": B}]),
        ),
        None,
    ),
    # a key
    Wall(
        "the account is no longer trusted with a key",
        policy(KEY, on({"AWS": WHO["dan"]}, "kms:DescribeKey", "*")),
        P,
        {"cleo": lost("kms:Decrypt", "kms:Encrypt"), "dan": gained("kms:DescribeKey"), "root": lost()},
    ),
    Wall(
        "the account is trusted with less",
        policy(KEY, on({"AWS": WHO["root"]}, ["kms:Decrypt", "kms:PutKeyPolicy"], "*")),
        P,
        {"cleo": lost("kms:Encrypt"), "root": lost()},
    ),
    Wall("the account by its number", policy(KEY, on({"AWS": A}, "kms:*", "*")), None),
    Wall(
        "a key's policy names a user",
        more(KEY, on({"AWS": WHO["dan"]}, "kms:Decrypt", "*")),
        P,
        {"dan": gained("kms:Decrypt")},
    ),
    Wall(
        "a key's policy names another account",
        more(KEY, on({"AWS": B}, "kms:Decrypt", "*")),
        P,
        {"bob": gained("kms:Decrypt"), "root of B": gained("kms:Decrypt")},
    ),
    Wall(
        "a key only through a service",
        more(
            KEY,
            on("*", "kms:Decrypt", "*", "Deny")
            | given("StringNotEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com"),
        ),
        P,
        {"cleo": lost("kms:Decrypt"), "root": lost("kms:Decrypt")},
    ),
    Wall(
        "a grant on a key",
        fields(KEY, key_grants=[{"grant_id": "g", "grantee_principal": WHO["dan"], "operations": ["Decrypt"]}]),
        K,
        {"dan": gained("kms:Decrypt")},
    ),
    Wall(
        "a grant on a key for another organization",
        fields(KEY, key_grants=[{"grant_id": "g", "grantee_principal": WHO["x of OUT"], "operations": ["Encrypt"]}]),
        K,
        {"x of OUT": gained("kms:Encrypt")},
    ),
    Wall(
        "a grant of what one may anyway",
        fields(KEY, key_grants=[{"grant_id": "g", "grantee_principal": WHO["cleo"], "operations": ["Decrypt"]}]),
        None,
    ),
    # a queue, a secret
    Wall(
        "a queue denies all",
        more(QUEUE, on("*", "sqs:SendMessage", QUEUE, "Deny")),
        P,
        {"cleo": lost("sqs:SendMessage"), "root": lost("sqs:SendMessage")},
    ),
    Wall(
        "a queue lets a user receive",
        more(QUEUE, on({"AWS": WHO["dan"]}, "sqs:ReceiveMessage", QUEUE)),
        P,
        {"dan": gained("sqs:ReceiveMessage")},
    ),
    Wall(
        "a secret's policy names a user",
        more(SECRET, on({"AWS": WHO["ben"]}, "secretsmanager:GetSecretValue", "*")),
        P,
        {"ben": gained("secretsmanager:GetSecretValue")},
    ),
    Wall(
        "a secret is tagged",
        fields(SECRET, tags=[("team", "red")]),
        ChangeKind.RESOURCE_TAGS,
        {"dan": gained("secretsmanager:GetSecretValue")},
    ),
    Wall("a secret is tagged for nobody", fields(SECRET, tags=[("team", "green")]), None),
    # organization policies
    Wall(
        "an RCP denies reading",
        control("p-rcp", on("*", "sqs:PurgeQueue", "*", "Deny"), on("*", GET, X, "Deny")),
        R,
        EVERY_READER,
    ),
    Wall(
        "an RCP keeps others out",
        control(
            "p-rcp",
            on("*", "sqs:PurgeQueue", "*", "Deny"),
            on("*", "s3:*", "*", "Deny") | given("StringNotEquals", HERE, A),
        ),
        R,
        {"bob": lost(GET), "any service": lost(GET)},  # of the open bucket
    ),
    Wall(
        "an RCP on keys",
        control("p-rcp", on("*", "sqs:PurgeQueue", "*", "Deny"), on("*", "kms:Decrypt", KEY, "Deny")),
        R,
        {"cleo": lost("kms:Decrypt"), "root": lost("kms:Decrypt")},
    ),
    Wall(
        "an RCP denies less",
        control("p-rcp", on("*", "sqs:PurgeQueue", f"{QUEUE}-of-others", "Deny")),
        R,
        {"root": gained("sqs:PurgeQueue")},
    ),
    Wall(
        "an RCP attached",
        node(A, policy_ids=["p-FullAWSAccess", "p-rcp", "p-scp", "p-new"]),
        ChangeKind.RCP_ATTACHMENT,
        EVERY_READER | dict.fromkeys(("cleo", "dan", "entered", "any service"), lost(GET)),  # of the open bucket
    ),
    Wall(
        "an RCP detached",
        node(A, policy_ids=["p-FullAWSAccess", "p-scp"]),
        ChangeKind.RCP_ATTACHMENT,
        {"root": gained("sqs:PurgeQueue")},
    ),
    Wall(
        "an SCP in one place of a bucket",
        control("p-scp", deny("organizations:LeaveOrganization"), deny(GET, f"{PAPERS}/shared/*")),
        ChangeKind.SCP,
        {"ana": lost(GET), "ben": lost(GET), "reader": lost(GET), "root": lost(GET)},
    ),
    # what principals are given, on resources that deny
    Wall(
        "more of a locked bucket",
        person("ben", UserPolicyList=inline(allow(GET, f"{PAPERS}/shared/*"), allow([GET, PUT], f"{LOCKED}/*"))),
        ChangeKind.INLINE_POLICY,
        {"ben": gained(GET)},
    ),
    Wall(
        "only what a locked bucket denies",
        person("ben", UserPolicyList=inline(allow(GET, f"{PAPERS}/shared/*"), allow(PUT, f"{LOCKED}/*"))),
        None,
    ),
    Wall(
        "less of a locked bucket",
        person(
            "ana",
            UserPolicyList=inline(allow([GET, PUT], f"{PAPERS}/*"), allow(LIST, PAPERS), deny(PUT, f"{LOCKED}/*")),
        ),
        None,
    ),
    # who somebody is
    Wall(
        "a user made anew whom a policy names by id",
        person("bob", UserId="AIDAOTHER"),
        ChangeKind.RECREATED,
        {"bob": lost(GET)},
    ),
    Wall(
        "a role made anew whom a key's policy names by id",
        person("reader", RoleId="AROAOTHER"),
        ChangeKind.RECREATED,
        {"reader": lost("kms:Decrypt")},
    ),
    Wall(
        "a tag that a bucket's policy asks for",
        person("ben", Tags=[]),
        ChangeKind.TAGS,
        {"ben": lost("s3:GetObjectAcl")},
    ),
    Wall(
        "an account moves, and a bucket's policy asks where it is",
        node(B, parent_id="ou-2"),
        ChangeKind.MOVE,
        {"bob": lost("s3:GetObject"), "root of B": lost("s3:GetObject")},
    ),
    # ways and settings
    Wall(
        "an endpoint's policy denies",
        endpoint(on("*", "*", "*"), on("*", PUT, "*", "Deny")),
        ChangeKind.ENDPOINT,
        {"ana": lost(PUT), "root": lost(PUT), "root of B": lost(PUT)},
    ),
    Wall("an endpoint's policy in other words", endpoint(on("*", "*", "*"), on("*", "s3:*", "*")), None),
    Wall(
        "an endpoint's policy names another account",
        endpoint(on({"AWS": A}, "*", "*")),
        ChangeKind.ENDPOINT,
        {
            "ana": lost(GET, PUT, LIST),
            "ben": lost(GET),
            "reader": lost(GET),
            "bob": lost(GET, LIST),
            "cleo": lost(GET),
            "dan": lost(),
            "entered": lost(GET),
            "any service": lost(GET),
            "root of B": lost(),
        },
    ),
    Wall(
        "users may change their passwords",
        lambda of: of["account_facts"][0].update(password_policy={"AllowUsersToChangePassword": True}),
        ChangeKind.PASSWORD_POLICY,
        {name: gained("iam:ChangePassword", "iam:GetAccountPasswordPolicy") for name in ("ana", "ben", "cleo", "dan")},
    ),
    Wall(
        "an SCP takes what a password policy gives",
        control("p-scp", deny("organizations:LeaveOrganization"), deny("iam:ChangePassword")),
        ChangeKind.SCP,
        {name: lost("iam:ChangePassword") for name in ("ana", "ben", "cleo", "dan", "root")},
    ),
    # a role's trust
    Wall(
        "a role lets another account's user in",
        trust(enter({"Service": "ec2.amazonaws.com"}), enter({"AWS": WHO["bob"]})),
        T,
        {"bob": gained("sts:AssumeRole")},
    ),
    Wall(
        "a role lets an account in, but not one user",
        trust(
            enter({"Service": "ec2.amazonaws.com"}),
            enter({"AWS": B}),
            enter({"AWS": WHO["bob"]}, "sts:AssumeRole", "Deny"),
        ),
        None,
    ),
    Wall(
        "a role is entered by SAML",
        trust(enter({"Service": "ec2.amazonaws.com"}), enter({"Federated": WHO["idp"]}, "sts:AssumeRoleWithSAML")),
        T,
        {"idp": gained("sts:AssumeRoleWithSAML")},
    ),
    Wall(
        "a role lets a user of its account in",
        trust(enter({"Service": "ec2.amazonaws.com"}), enter({"AWS": WHO["dan"]})),
        T,
        {"dan": gained("sts:AssumeRole")},
    ),
)

PREPARED: Mapping[str, Callable[[World], None]] = {
    "an RCP lets another organization's account in": both(
        more(PAPERS, on("*", PUT, X)),
        control("p-rcp", on("*", "s3:PutObject", "*", "Deny") | given("StringNotEquals", HERE, A)),
    ),
    "a service that a condition alone lets in, in a bucket for its organization": more(
        PAPERS, on("*", "s3:GetObjectAcl", X) | given("StringLike", "aws:PrincipalServiceName", "sns.amazonaws.com")
    ),
    "an SCP takes what a password policy gives": lambda of: of["account_facts"][0].update(
        password_policy={"AllowUsersToChangePassword": True}
    ),
    "a user made anew whom a policy names by id": policy(PAPERS, TLS, BOB | {"Principal": {"AWS": "AIDABOB"}}),
    "a role made anew whom a key's policy names by id": more(KEY, on({"AWS": "AROAREADER"}, "kms:Decrypt", "*")),
    "a tag that a bucket's policy asks for": more(
        PAPERS, on("*", "s3:GetObjectAcl", X) | given("StringEquals", "aws:PrincipalTag/team", "red")
    ),
    "an account moves, and a bucket's policy asks where it is": policy(
        PAPERS, on("*", GET, X) | given("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/ou-1/*")
    ),
}
"""What is there before a change, too."""


def pair(one: Wall) -> tuple[World, World]:
    """Return the organization without and with a change."""
    old = before()
    PREPARED.get(one.name, lambda _: None)(old)
    new = copy.deepcopy(old)
    one.change(new)
    return old, new
