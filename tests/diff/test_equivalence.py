"""Questions that hang on the same are asked once; what comes of it is what comes of asking every one."""

import random
from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.equivalence import EquivalenceKeys
from iamdesk.diff.result import Comparison, Kind, Status
from iamdesk.snapshot.model import Account, ManagedPolicyDetail, Snapshot, UserDetail
from iamdesk.snapshot.organization import Organization

from ..access.worlds import NOON
from ..builders.captures import allow, deny, document
from . import seeds
from .seeds import A

REGIONS = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
LOCK = {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*", "Condition": REGIONS}
PERIMETER = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:*", "sqs:*", "kms:*"],
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}
ONLY_US = {**PERIMETER, "Condition": {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:user/u1*"}}}
ONLY_SIGNED = deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})
CONDITIONS: list[dict[str, Any]] = [
    {},
    {},
    {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
    {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
    {"Condition": {"StringEquals": {"aws:username": "u3"}}},
    {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}},
    {"Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}},
    {"Condition": {"StringEquals": {"s3:prefix": "home/"}}},
    {"Condition": {"StringEquals": {"ec2:InstanceType": "t3.micro"}}},
    {"Condition": {"StringEquals": {"aws:ResourceAccount": A}}},
    {"Condition": {"Null": {"aws:ResourceTag/team": "true"}}},
    {"Condition": {"StringNotEquals": {"rds:DatabaseClass": "db.t3.micro"}}},
]
ACTIONS = [
    ["s3:GetObject", "s3:ListBucket"],
    ["s3:*"],
    ["s?:Get*"],
    ["ec2:StopInstances", "ec2:RunInstances", "ec2:DescribeInstances"],
    ["sqs:SendMessage", "sqs:ListQueues"],
    ["kms:Decrypt", "kms:ListAliases"],
    ["dynamodb:GetItem", "dynamodb:UnheardOf"],
    ["lambda:InvokeFunction", "rds:StartDBCluster", "route53:ListHostedZones", "cloudfront:GetDistribution"],
    ["apigateway:GET", "execute-api:Invoke", "es:*", "logs:*", "wafv2:*", "globalaccelerator:*"],
    ["*"],
]
RESOURCES: list[Any] = [
    "*",
    "*",
    ["arn:aws:s3:::logs/*", "arn:aws:s3:::logs"],
    "arn:aws:s3:::home/${aws:username}/*",
    f"arn:aws:ec2:eu-west-1:{A}:instance/*",
    f"arn:aws:ec2:us-east-1:{A}:instance/*",
    f"arn:aws:ec2:*:{A}:instance/i-1",
    f"arn:aws:sqs:*:{A}:orders",
    f"arn:aws:kms:us-east-1:{A}:key/*",
    f"arn:aws:dynamodb:us-*:{A}:table/*",
    "arn:aws:dynamodb:us-east-1:*",
    "arn:*:s3:::logs/*",
]


def statement(pick: random.Random) -> dict[str, Any]:
    return {
        "Effect": pick.choice(["Allow", "Allow", "Allow", "Deny"]),
        pick.choice(["Action"] * 6 + ["NotAction"]): pick.choice(ACTIONS),
        pick.choice(["Resource"] * 6 + ["NotResource"]): pick.choice(RESOURCES),
        **pick.choice(CONDITIONS),
    }


def people(pick: random.Random, count: int) -> list[dict[str, Any]]:
    bounds: list[dict[str, Any]] = [{}, {}, {}, seeds.bounded("limit"), seeds.bounded("missing")]
    tags: list[dict[str, Any]] = [{}, {"Tags": [{"Key": "team", "Value": "red"}]}]
    return [
        seeds.user(
            f"u{number}",
            *(statement(pick) for _ in range(pick.randint(1, 4))),
            **pick.choice(bounds),
            **pick.choice(tags),
        )
        for number in range(count)
    ]


def snapshot(
    name: str, users: list[dict[str, Any]], *limits: dict[str, Any], on_resources: dict[str, Any] | None = None
) -> Snapshot:
    listed = ["p-FullAWSAccess", *(["p-limits"] if limits else []), *(["p-resources"] if on_resources else [])]
    organization = {
        "id": "o-1",
        "management_account_id": "999999999999",
        "nodes": [
            {"id": "r-1", "name": "root", "policy_ids": listed},
            {"id": A, "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
        ],
        "policies": [
            {"id": "p-FullAWSAccess", "type": "SERVICE_CONTROL_POLICY", "name": "Full", "content": seeds.FULL},
            {
                "id": "p-limits",
                "type": "SERVICE_CONTROL_POLICY",
                "name": "Limits",
                "content": document(*limits),
            },
            {
                "id": "p-resources",
                "type": "RESOURCE_CONTROL_POLICY",
                "name": "Resources",
                "content": document(*([on_resources] if on_resources else [])),
            },
        ],
    }
    return in_organization(name, users, organization)


def in_organization(name: str, users: list[dict[str, Any]], organization: dict[str, Any]) -> Snapshot:
    limit = ManagedPolicyDetail.model_validate(seeds.policy("limit", allow(["s3:*", "ec2:*", "sqs:*"])))
    account = Account(account_id=A, users=tuple(UserDetail.model_validate(one) for one in users), policies=(limit,))
    return Snapshot(
        path=seeds.Path(f"/captures/{name}.json"),
        files=(),
        sha256=name,
        accounts=(account,),
        organization=Organization.model_validate(organization),
    )


def told(found: Comparison) -> dict[object, int]:
    """Return who gained or lost what: actions that different contexts show are one."""
    actions: dict[object, int] = {}
    for effect in found.effects():
        key = effect.principal, effect.kind, effect.where, effect.causes
        actions[key] = actions.get(key, 0) | effect.actions
    return actions


@pytest.mark.parametrize(
    ("number", "limits", "on_resources"),
    [
        (0, [LOCK], None),
        *((1, limits, None) for limits in ([LOCK], [LOCK, ONLY_SIGNED], [deny("s3:*")])),
        (1, [LOCK], PERIMETER),
        (1, [LOCK], ONLY_US),
    ],
)
def test_asked_once_or_every_time_is_the_same(
    number: int,
    limits: list[dict[str, Any]],
    on_resources: dict[str, Any] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = people(random.Random(number), 24)
    old = snapshot("old", users, on_resources=on_resources)
    new = snapshot("new", users, *limits, on_resources=on_resources)
    once = compare_snapshots(old, new, NOON)
    monkeypatch.setattr(EquivalenceKeys, "of_principal", lambda *_: None)
    every = compare_snapshots(old, new, NOON)
    assert once.figures.requests < every.figures.requests
    assert told(once) == told(every)
    for arn, standing in every.principals.items():
        assert once.principals[arn].status is standing.status, arn
        assert bool(once.principals[arn].doubts) is bool(standing.doubts), arn


def test_what_resource_control_policies_say_of_everybody_is_asked_once() -> None:
    users = [seeds.user(f"u{number}", allow("sqs:*"), allow(f"s3:Get{'x' * number}*")) for number in range(8)]
    asked = []
    for on_resources in (PERIMETER, ONLY_US):
        old, new = (snapshot("old", users, *limits, on_resources=on_resources) for limits in ([], [LOCK]))
        asked.append(compare_snapshots(old, new, NOON).figures.requests)
    assert asked[0] < asked[1]


def test_a_lock_on_regions_takes_from_everybody_who_has_more() -> None:
    users = [
        seeds.user("anywhere", allow("ec2:StopInstances")),
        seeds.user("other", allow("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{A}:instance/*")),
        seeds.user("within", allow("ec2:StopInstances", f"arn:aws:ec2:eu-west-1:{A}:instance/*")),
        seeds.user("asked", allow("ec2:StopInstances", Condition={"StringEquals": REGIONS["StringNotEquals"]})),
        seeds.user("spared", allow("iam:ListUsers")),
    ]
    found = compare_snapshots(snapshot("old", users), snapshot("new", users, LOCK), NOON)
    statuses = {arn.rpartition("/")[2]: standing.status for arn, standing in found.principals.items()}
    assert {name for name, status in statuses.items() if status is Status.CHANGED} >= {"anywhere", "other"}
    assert {statuses[name] for name in ("within", "asked", "spared")} == {Status.UNCHANGED}
    kinds = {(effect.principal.rpartition("/")[2], effect.kind) for effect in found.effects()}
    assert {("anywhere", Kind.LOST), ("other", Kind.LOST)} <= kinds


def test_services_without_rules_of_their_own_are_asked_once() -> None:
    def found(*actions: str) -> Comparison:
        users = [seeds.user("u", *(allow(action) for action in actions))]
        return compare_snapshots(snapshot("old", users), snapshot("new", users, LOCK), NOON)

    one, many = (found("rds:StartDBCluster", *more) for more in ([], ["states:DeleteStateMachine", "mq:RebootBroker"]))
    assert one.figures.requests == many.figures.requests
    apart = found("rds:StartDBCluster", "globalaccelerator:DeleteListener")  # always called in us-west-2
    assert apart.figures.requests == one.figures.requests + 1


def test_each_policy_is_the_cause_for_its_own_actions() -> None:
    actions = {"p-a": "ec2:StopInstances", "p-b": "ec2:StartInstances", "p-c": "rds:StartDBCluster"}
    users = [seeds.user("u", allow(list(actions.values())))]

    def locked(name: str, *locks: str) -> Snapshot:
        nodes = [
            {"id": "r-1", "name": "root", "policy_ids": ["p-FullAWSAccess", *locks]},
            {"id": A, "parent_id": "r-1", "policy_ids": ["p-FullAWSAccess"]},
        ]
        texts = {"p-FullAWSAccess": seeds.FULL}
        texts |= {one: document(deny(actions[one], Condition=REGIONS)) for one in locks}
        policies = [
            {"id": one, "type": "SERVICE_CONTROL_POLICY", "name": one, "content": text} for one, text in texts.items()
        ]
        organization = {"id": "o-1", "management_account_id": "999999999999", "nodes": nodes, "policies": policies}
        return in_organization(name, users, organization)

    found = compare_snapshots(locked("old"), locked("new", *actions), NOON)
    causes = {
        (found.names(effect.actions), tuple(cause.sentence for cause in effect.causes))
        for effect in found.effects()
        if effect.principal.endswith("user/u")
    }
    assert causes == {((action,), (f"{name} was attached to r-1.",)) for name, action in actions.items()}


def test_aliases_that_aws_keeps_to_itself_do_not_stand_for_others() -> None:
    names = ("alias/aws/n0", "alias/n1", "alias/aws/n2", "alias/n3")
    users = [
        seeds.user(f"u{number}", allow("kms:CreateAlias", f"arn:aws:kms:eu-west-1:{A}:{name}"))
        for number, name in enumerate(names)
    ]
    for order in (users, users[::-1]):
        limit = deny("kms:CreateAlias")
        found = compare_snapshots(snapshot("old", order), snapshot("new", order, limit), NOON)
        changed = {arn.rpartition("/")[2] for arn, one in found.principals.items() if one.status is Status.CHANGED}
        assert changed - {f"arn:aws:iam::{A}:root"} == {"u1", "u3"}


def test_conditions_beside_an_allow_without_any_are_no_question_of_their_own() -> None:
    def questions(count: int) -> int:
        users = [
            seeds.user(
                f"u{number}",
                allow("sqs:SendMessage", f"arn:aws:sqs:*:{A}:*"),
                allow(
                    "sqs:SendMessage",
                    f"arn:aws:sqs:us-east-1:{A}:q",
                    Condition={"StringEquals": {"aws:SourceVpc": f"vpc-{number}"}},
                ),
            )
            for number in range(count)
        ]
        return compare_snapshots(snapshot("old", users), snapshot("new", users, LOCK), NOON).figures.requests

    assert questions(2) == questions(9) > 0


def test_what_is_about_the_caller_alone_is_asked_once_of_each() -> None:
    def questions(tables: int, users: int) -> int:
        own = [
            allow(
                ["dynamodb:GetItem", "dynamodb:DescribeTable"],
                [f"arn:aws:dynamodb:us-east-1:{A}:table/t{number}" for number in range(tables)],
                Condition={"StringEquals": {"aws:ResourceTag/owner": "${aws:username}"}},
            )
        ]
        people = [seeds.user(f"u{number}", *own) for number in range(users)]
        return compare_snapshots(snapshot("old", people), snapshot("new", people, LOCK), NOON).figures.requests

    assert questions(6, 1) == questions(2, 1) > 0
    assert questions(2, 3) - questions(2, 2) == questions(2, 2) - questions(2, 1) > 0


def test_callers_with_the_same_tag_are_asked_about_once() -> None:
    def questions(*teams: str) -> int:
        own = allow("dynamodb:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
        people = [
            seeds.user(f"u{number}", own, allow(f"iam:Get{'x' * number}*"), Tags=[{"Key": "team", "Value": team}])
            for number, team in enumerate(teams)
        ]
        found = compare_snapshots(snapshot("old", people), snapshot("new", people, LOCK), NOON)
        assert [bool(one.effects) for one in found.principals.values()][1:] == [team == "red" for team in teams]
        return found.figures.requests

    assert questions("red", "blue") == questions("red", "blue", "red", "red", "blue") > questions("red", "red")


@pytest.mark.parametrize("order", [1, -1])
def test_what_not_resource_keeps_from_everything_stands_for_nothing_else(order: int) -> None:
    nothing = {"Effect": "Allow", "Action": "cloudwatch:GetMetricStatistics", "NotResource": "*"}
    users = [seeds.user("nothing", nothing), seeds.user("all", allow("cloudwatch:DescribeAlarmsForMetric"))][::order]
    found = compare_snapshots(snapshot("old", users), snapshot("new", users, LOCK), NOON)
    statuses = {arn.rpartition("/")[2]: one.status for arn, one in found.principals.items()}
    assert (statuses["nothing"], statuses["all"]) == (Status.UNCHANGED, Status.CHANGED)
