"""Requests through S3 access points: two decisions, both of which must allow (rule I11).

The policies are those of the Amazon S3 User Guide, "Configuring IAM policies for using access points", where nothing
else is said: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.context import UNKNOWN
from iamdesk.evaluate.request import MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult, PolicyType, StatementRole
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccessPoint, AccessPointBucket, AccountSettings, PublicAccessBlock, Resource

from ..builders.captures import ID, NOW, OTHER_ID, account, allow, deny, document, group, role, snapshot, user, user_arn
from ..rules import rule
from ..some_of import some_of
from . import worlds

POINT = f"arn:aws:s3:us-west-2:{ID}:accesspoint/my-access-point"
ALIAS = "my-access-point-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket1"
JANE, ZOE = user_arn("Jane"), user_arn("zoe", OTHER_ID)
JANES = f"{POINT}/object/Jane/report.csv"
MULTI = f"arn:aws:s3::{ID}:accesspoint/mfzwi23gnjvgw.mrap"

TO_JANE = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": JANE},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"{POINT}/object/Jane/*",
    }
)
DELEGATING = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "*",
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ID}},
    }
)
EVERYONE = document({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{POINT}/object/*"})
BUCKET_TO_JANE = document(
    {"Effect": "Allow", "Principal": {"AWS": JANE}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/Jane/*"}
)


def point(policy: Any = None, **more: Any) -> Resource:
    bucket = AccessPointBucket(name="amzn-s3-demo-bucket1", account_id=more.pop("bucket_owner", ID))
    known = AccessPoint(buckets=(bucket,), alias=ALIAS, network_origin="Internet")
    known = known.model_copy(update=more.pop("access_point", {}))
    return Resource(arn=POINT, account_id=ID, policy=policy, access_point=known, **more)


def bucket(policy: Any = None, **more: Any) -> Resource:
    return Resource(**{"arn": BUCKET, "account_id": ID, "policy": policy, **more})


def world(*resources: Resource, jane: Any = (), settings: Any = ()) -> Evaluator:
    base = snapshot(
        account(user("Jane", *jane), user("bob"), user("admin", document(allow())), role("deploy", document(allow()))),
        account(user("zoe", document(allow()), account=OTHER_ID), number=OTHER_ID),
    )
    more = {"resources": resources, "account_settings": tuple(settings)}
    return Evaluator(Snapshot.model_validate({**dict(base), **more}), now=lambda: NOW)


def ask(
    evaluator: Evaluator, principal: str, resource: str = JANES, action: str = "s3:GetObject", **context: Any
) -> EvaluationResult:
    given = {key.replace("_", ":", 1): value for key, value in context.items()}
    return evaluator.explained(Request(principal, action, resource, given))


@rule("I11")
def test_a_grant_in_the_access_point_policy_is_void_where_the_bucket_is_silent() -> None:
    answer = ask(world(point(TO_JANE), bucket()), JANE)
    assert answer.decision == "implicitDeny"
    assert f"{BUCKET}/Jane/report.csv" in answer.sentence


@rule("I11")
def test_the_bucket_may_delegate_to_the_access_points_of_an_account() -> None:
    answer = ask(world(point(TO_JANE), bucket(DELEGATING)), JANE)
    assert answer.decision == "allowed"
    assert {line.owner for line in answer.matched_statements} == {POINT, BUCKET}


@rule("I11")
def test_the_bucket_may_grant_the_same_instead() -> None:
    assert ask(world(point(TO_JANE), bucket(BUCKET_TO_JANE)), JANE).decision == "allowed"


@rule("I11")
def test_what_the_bucket_grants_does_not_come_through_an_access_point_that_is_silent() -> None:
    answer = ask(world(point(), bucket(BUCKET_TO_JANE)), JANE)
    assert answer.decision == "implicitDeny"
    assert POINT in answer.sentence


@rule("I11")
def test_requests_straight_to_the_bucket_ignore_the_access_point() -> None:
    evaluator = world(point(document({**deny(resource=f"{POINT}/*"), "Principal": "*"})), bucket(BUCKET_TO_JANE))
    assert ask(evaluator, JANE, f"{BUCKET}/Jane/report.csv").decision == "allowed"
    assert ask(evaluator, JANE).decision == "explicitDeny"


@rule("I11")
def test_delegation_to_access_points_is_no_grant_straight_to_the_bucket() -> None:
    answer = ask(world(point(TO_JANE), bucket(DELEGATING)), JANE, f"{BUCKET}/Jane/report.csv")
    assert answer.decision == "implicitDeny"


@rule("I11", "C1")
def test_an_identity_policy_has_to_allow_on_both_in_the_same_account() -> None:
    on_point, on_bucket = allow("s3:GetObject", f"{POINT}/object/*"), allow("s3:GetObject", f"{BUCKET}/*")
    for policies, expected in (
        ([document(on_point, on_bucket)], "allowed"),
        ([document(on_point)], "implicitDeny"),
        ([document(on_bucket)], "implicitDeny"),
    ):
        assert ask(world(point(), bucket(), jane=policies), JANE).decision == expected


@rule("I11", "A2")
def test_a_deny_on_the_bucket_denies_through_the_access_point() -> None:
    refusing = document({**deny(resource=f"{BUCKET}/*"), "Principal": "*"})
    answer = ask(world(point(), bucket(refusing), jane=[document(allow())]), JANE)
    assert answer.decision == "explicitDeny"
    assert answer.blocked_by == ("resource",)


@rule("I11")
def test_a_bucket_can_be_closed_to_all_but_its_access_points() -> None:
    """The page's bucket policy that refuses what does not come through the access points of an account."""
    closed = document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [BUCKET, f"{BUCKET}/*"],
            "Condition": {"StringNotEquals": {"s3:DataAccessPointAccount": ID}},
        }
    )
    evaluator = world(point(), bucket(closed))
    admin = user_arn("admin")
    assert ask(evaluator, admin, f"{BUCKET}/Jane/report.csv").decision == "explicitDeny"
    assert ask(evaluator, admin).decision == "allowed"


@rule("I11")
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"s3:DataAccessPointArn": POINT}}, "allowed"),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{ID}:accesspoint/*"}}, "allowed"),
        ({"StringEquals": {"s3:DataAccessPointArn": f"{POINT}-2"}}, "implicitDeny"),
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "Internet"}}, "allowed"),
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}, "implicitDeny"),
        ({"StringEquals": {"s3:DataAccessPointAccount": OTHER_ID}}, "implicitDeny"),
    ],
)
def test_the_keys_of_the_access_point_are_in_both_decisions(condition: Any, expected: str) -> None:
    jane = [document(allow(condition=condition))]
    assert ask(world(point(), bucket(), jane=jane), JANE).decision == expected


@rule("I11", "J1")
def test_the_keys_of_access_points_are_absent_straight_to_the_bucket() -> None:
    jane = [document(allow(condition={"Null": {"s3:DataAccessPointArn": "false"}}))]
    assert ask(world(point(), bucket(), jane=jane), JANE, f"{BUCKET}/k").decision == "implicitDeny"


@rule("I11", "D1")
def test_across_accounts_access_point_bucket_and_identity_have_to_allow() -> None:
    """Access point of one account, caller of another: the page's cross-account example."""
    to_zoe = document(
        {"Effect": "Allow", "Principal": {"AWS": ZOE}, "Action": "s3:GetObject", "Resource": f"{POINT}/object/*"}
    )
    assert ask(world(point(to_zoe), bucket()), ZOE).decision == "implicitDeny"
    assert ask(world(point(to_zoe), bucket(DELEGATING)), ZOE).decision == "allowed"
    assert ask(world(point(), bucket(DELEGATING)), ZOE).decision == "implicitDeny"


@rule("I11", "D4")
def test_an_access_point_of_one_account_may_lead_to_the_bucket_of_another() -> None:
    evaluator = world(point(bucket_owner=OTHER_ID), bucket(account_id=OTHER_ID), jane=[document(allow())])
    assert ask(evaluator, JANE).decision == "implicitDeny"
    delegated = world(point(bucket_owner=OTHER_ID), bucket(DELEGATING, account_id=OTHER_ID), jane=[document(allow())])
    assert ask(delegated, JANE).decision == "allowed"


@rule("I11")
def test_buckets_are_listed_through_the_access_point_itself() -> None:
    jane = [document(allow("s3:ListBucket", [POINT, BUCKET]))]
    assert ask(world(point(), bucket(), jane=jane), JANE, POINT, "s3:ListBucket").decision == "allowed"
    jane = [document(allow("s3:ListBucket", POINT))]
    assert ask(world(point(), bucket(), jane=jane), JANE, POINT, "s3:ListBucket").decision == "implicitDeny"


@rule("I11")
@pytest.mark.parametrize("action", ["s3:GetAccessPointPolicy", "s3:DeleteAccessPoint", "s3:TagResource"])
def test_what_is_done_to_the_access_point_is_one_decision(action: str) -> None:
    answer = ask(world(point(), bucket(), jane=[document(allow(action, POINT))]), JANE, POINT, action)
    assert answer.decision == "allowed"


@rule("I11")
@pytest.mark.parametrize("key", ["Jane/report.csv", "Jane/object/a"])
def test_an_alias_in_place_of_a_bucket_name_is_the_access_point(key: str) -> None:
    answer = ask(world(point(TO_JANE), bucket(DELEGATING)), JANE, f"arn:aws:s3:::{ALIAS}/{key}")
    assert answer.decision == "allowed"
    assert answer.request.resource == f"{POINT}/object/{key}"


@rule("I11")
def test_an_access_point_whose_bucket_is_not_captured_says_what_it_takes_for_granted() -> None:
    evaluator = world(jane=[document(allow("s3:GetObject", f"{POINT}/*"))])
    answer = ask(evaluator, JANE)
    assert answer.decision == "allowed"
    assert "access-point-bucket-unknown" in [one.code for one in answer.assumptions]
    denied = ask(world(), user_arn("bob"))
    assert "access-point-bucket-unknown" not in [one.code for one in denied.assumptions]


@rule("I11")
def test_a_bucket_whose_policy_is_not_captured_is_an_assumption_of_its_own() -> None:
    uncaptured = Resource(arn=BUCKET, account_id=ID, is_policy_captured=False)
    answer = ask(world(point(TO_JANE), uncaptured), JANE)
    assert answer.decision == "implicitDeny"
    [missing] = [one for one in answer.assumptions if one.code == "resource-policy-missing"]
    assert missing.other_decision == "allowed"


@rule("I11")
def test_an_access_point_for_one_vpc_refuses_other_networks() -> None:
    """User Guide, "Creating access points restricted to a virtual private cloud": requests from elsewhere fail."""
    evaluator = world(point(access_point={"network_origin": "VPC", "vpc_id": "vpc-1a2b3c"}), bucket())
    admin = user_arn("admin")
    answer = ask(evaluator, admin)
    assert answer.decision == "conditional"
    assert answer.conditions == ({"aws:SourceVpc": "vpc-1a2b3c"},)
    assert ask(evaluator, admin, aws_SourceVpc="vpc-1a2b3c").decision == "allowed"
    assert ask(evaluator, admin, aws_SourceVpc="vpc-other").decision == "explicitDeny"
    absent = Request(admin, "s3:GetObject", JANES, unknown_context=MissingContextMode.ABSENT)
    assert evaluator.can(absent).decision == "explicitDeny"


@rule("K7", "I11")
def test_conditions_of_both_decisions_are_joined() -> None:
    """The bucket wants MFA, the access point an address: neither alone is enough, and one value serves both."""
    both = document(
        {**allow("s3:GetObject", f"{POINT}/object/*", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})},
        {
            **allow(
                "s3:GetObject",
                f"{BUCKET}/*",
                {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "IpAddress": {"aws:SourceIp": "203.0.113.128/25"}},
            )
        },
    )
    answer = ask(world(point(), bucket(), jane=[both]), JANE)
    assert answer.decision == "conditional"
    [only] = answer.conditions
    assert only["aws:MultiFactorAuthPresent"] == "true"
    assert str(only["aws:SourceIp"]).startswith("203.0.113.")
    given = {"aws:MultiFactorAuthPresent": "true", "aws:SourceIp": only["aws:SourceIp"]}
    evaluator = world(point(), bucket(), jane=[both])
    assert evaluator.can(Request(JANE, "s3:GetObject", JANES, given)).decision == "allowed"


@rule("K7", "I11")
def test_a_key_that_the_two_decisions_want_otherwise_denies() -> None:
    both = document(
        allow("s3:GetObject", f"{POINT}/object/*", {"StringEquals": {"aws:UserAgent": "a"}}),
        allow("s3:GetObject", f"{BUCKET}/*", {"StringNotEquals": {"aws:UserAgent": "a"}}),
    )
    assert ask(world(point(), bucket(), jane=[both]), JANE).decision == "implicitDeny"


@rule("I12")
def test_tags_through_an_access_point_are_the_buckets_in_both_decisions() -> None:
    jane = [document(allow(condition={"StringEquals": {"aws:ResourceTag/env": "test"}}))]
    tagged = bucket(tags=(("env", "test"),), abac_enabled=True)
    assert ask(world(point(), tagged, jane=jane), JANE).decision == "allowed"
    off = bucket(tags=(("env", "test"),), abac_enabled=False)
    assert ask(world(point(), off, jane=jane), JANE).decision == "implicitDeny"


@rule("I12")
def test_access_points_have_tags_of_their_own_under_a_key_of_their_own() -> None:
    jane = [document(allow(condition={"StringEquals": {"s3:AccessPointTag/team": "red"}}))]
    assert ask(world(point(tags=(("team", "red"),)), bucket(), jane=jane), JANE).decision == "allowed"
    assert ask(world(point(tags=()), bucket(), jane=jane), JANE).decision == "implicitDeny"


@rule("I7")
@pytest.mark.parametrize("where", ["access point", "bucket", "account"])
def test_block_public_access_is_the_strictest_of_access_point_bucket_and_account(where: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html"""
    block = PublicAccessBlock(restrict_public_buckets=True)
    on_point = {"public_access_block": block} if where == "access point" else {}
    on_bucket = {"public_access_block": block} if where == "bucket" else {}
    settings = [AccountSettings(account_id=ID, public_access_block=block)] if where == "account" else []
    evaluator = world(point(EVERYONE, **on_point), bucket(DELEGATING, **on_bucket), settings=settings)
    answer = ask(evaluator, ZOE)
    assert answer.decision == "explicitDeny"
    assert answer.blocked_by == ("block-public-access",)
    assert ask(evaluator, JANE).decision == "allowed"  # of the owner's account
    open_to_all = world(point(EVERYONE), bucket(DELEGATING))
    assert ask(open_to_all, ZOE).decision == "allowed"


@rule("I7")
def test_an_access_point_policy_that_names_accounts_is_not_public() -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    to_zoe = document(
        {"Effect": "Allow", "Principal": {"AWS": ZOE}, "Action": "s3:GetObject", "Resource": f"{POINT}/object/*"}
    )
    answer = ask(world(point(to_zoe, public_access_block=block), bucket(DELEGATING)), ZOE)
    assert answer.decision == "allowed"


@rule("I7")
def test_the_policy_of_an_access_point_for_one_vpc_is_never_public() -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    origin = {"network_origin": "VPC", "vpc_id": "vpc-1"}
    evaluator = world(point(EVERYONE, public_access_block=block, access_point=origin), bucket(DELEGATING))
    assert ask(evaluator, ZOE, aws_SourceVpc="vpc-1").decision == "allowed"
    public = bucket(OPEN_BUCKET, public_access_block=block)
    answer = ask(world(point(EVERYONE, access_point=origin), public), ZOE, aws_SourceVpc="vpc-1")
    assert answer.blocked_by == ("block-public-access",), "the bucket's policy is public all the same"


OPEN_BUCKET = document({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*"})


@rule("I7")
def test_callers_of_the_access_points_owner_and_of_the_buckets_owner_pass() -> None:
    """S3 User Guide, Block Public Access: access is restricted to services and users in the owner's account."""
    block = PublicAccessBlock(restrict_public_buckets=True)
    evaluator = world(
        point(EVERYONE, bucket_owner=OTHER_ID, public_access_block=block),
        bucket(OPEN_BUCKET, account_id=OTHER_ID),
        jane=[document(allow())],
    )
    assert ask(evaluator, ZOE).decision == "allowed"
    assert ask(evaluator, JANE).decision == "allowed"
    assert ask(evaluator, "anonymous").blocked_by == ("block-public-access",)


@rule("E10", "I11")
def test_anonymous_callers_need_everyone_in_both_policies() -> None:
    assert ask(world(point(EVERYONE), bucket(DELEGATING)), "anonymous").decision == "allowed"
    assert ask(world(point(EVERYONE), bucket()), "anonymous").decision == "implicitDeny"


def multi(*names: str, policy: Any = None) -> Resource:
    buckets = tuple(
        AccessPointBucket(name=name, account_id=ID, region=f"eu-west-{n}") for n, name in enumerate(names, 1)
    )
    return Resource(arn=MULTI, account_id=ID, policy=policy, access_point=AccessPoint(buckets=buckets))


@rule("I11")
def test_a_multi_region_access_point_needs_every_bucket_it_may_send_to() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointPermissions.html"""
    jane = [document(allow("s3:GetObject", [f"{MULTI}/object/*", "arn:aws:s3:::one/*", "arn:aws:s3:::two/*"]))]
    evaluator = world(multi("one", "two"), jane=jane)
    assert ask(evaluator, JANE, f"{MULTI}/object/k").decision == "allowed"
    jane = [document(allow("s3:GetObject", [f"{MULTI}/object/*", "arn:aws:s3:::one/*"]))]
    answer = ask(world(multi("one", "two"), jane=jane), JANE, f"{MULTI}/object/k")
    assert answer.decision == "implicitDeny"
    [routed] = [one for one in answer.assumptions if one.code == "routed-to-one-bucket"]
    assert routed.other_decision == "allowed"
    assert not [one for one in answer.assumptions if one.code == "resource-type"]


@rule("I11")
def test_who_can_and_the_bare_verdict_say_the_same_as_single_answers() -> None:
    jane = [document(allow("s3:GetObject", f"{POINT}/object/*"))]
    evaluator = world(point(), bucket(), jane=jane)
    expected = {
        who: decision
        for who in evaluator.principals()
        if (decision := ask(evaluator, who).decision) in ("allowed", "conditional")
    }
    assert user_arn("admin") in expected
    assert JANE not in expected
    found = {row.principal: row.decision for row in evaluator.who_can(action="s3:GetObject", resource=JANES)}
    assert found == expected
    for who in evaluator.principals():
        request = Request(who, "s3:GetObject", JANES)
        assert evaluator.decide(request) == evaluator.can(request).decision


@rule("I11")
def test_what_can_tells_what_is_named_of_an_access_point_as_single_answers_do() -> None:
    jane = [document(allow(["s3:GetObject", "s3:GetAccessPointPolicy"], [f"{POINT}/object/*", POINT, JANES]))]
    evaluator = world(point(), bucket(), jane=jane)
    for resource in (JANES, POINT):
        told = list(evaluator.what_can(JANE, service="s3", resource=resource).actions("s3"))
        assert told
        for action in told:
            answer = ask(evaluator, JANE, resource, action.name)
            acts_on_it = not any(one.code == "resource-type" for one in answer.assumptions)
            assert not acts_on_it or (action.reach is AccessExtent.ALLOWED) == (answer.decision == "allowed"), action
    reaches = {one.name: one for one in evaluator.what_can(JANE).actions("s3")}
    assert reaches["s3:GetObject"].reach is AccessExtent.NONE
    assert reaches["s3:GetAccessPointPolicy"].reach is AccessExtent.SOME
    assert {one.resource: one.decision for one in reaches["s3:GetObject"].decisions}[JANES] == "implicitDeny"


def test_an_answer_tells_each_layer_once_and_of_both_what_they_say() -> None:
    answer = ask(world(point(TO_JANE), bucket()), JANE)
    layers = [line.layer for line in answer.layers]
    assert len(layers) == len(set(layers))
    [resource] = [line for line in answer.layers if line.layer is PolicyType.RESOURCE]
    assert "access point my-access-point/Jane/report.csv" in resource.sentence
    assert "bucket amzn-s3-demo-bucket1/Jane/report.csv" in resource.sentence


def test_the_principals_own_statement_that_allows_both_stands_once_in_the_answer() -> None:
    answer = ask(world(point(), bucket()), user_arn("admin"))
    assert [line.part for line in answer.statements].count(StatementRole.DECIDES) == 1


def test_a_member_of_a_group_is_asked_about_both_decisions() -> None:
    base = snapshot(account(user("ana", groups=["readers"]), group("readers", document(allow("s3:*", f"{POINT}/*")))))
    evaluator = Evaluator(Snapshot.model_validate({**dict(base), "resources": (point(), bucket())}), now=lambda: NOW)
    assert ask(evaluator, user_arn("ana")).decision == "implicitDeny"


ASKED = ("s3:GetObject", f"{worlds.POINT}/object/red/x")
CONTEXTS: list[dict[str, Any]] = [
    {"aws:MultiFactorAuthPresent": mfa, "aws:SourceIp": address, "aws:PrincipalTag/team": team, "aws:SourceVpc": vpc}
    for mfa in ("true", None)
    for team in ("red", "blue")
    for address, vpc in (("10.1.2.3", None), ("203.0.113.7", None), (None, "vpc-1"))  # no request has both
]


@rule("K6", "K7", "I11")
@settings(
    max_examples=some_of(25), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(worlds.snapshots())
def test_what_is_said_of_two_decisions_holds_in_every_context(held: Snapshot) -> None:
    """Sets of values under which it is allowed allow it; what needs no context is so in every one."""
    evaluator = Evaluator(held, now=lambda: worlds.NOON)
    for who in evaluator.principals():
        try:
            answer = evaluator.can(Request(who, *ASKED))
        except RequestError:
            continue
        for values in answer.conditions:
            assert evaluator.can(Request(who, *ASKED, values)).decision == "allowed", (who, values)
        for values in answer.denials:
            assert evaluator.can(Request(who, *ASKED, values)).decision in DENIED, (who, values)
        if answer.decision == "conditional":
            continue
        known = evaluator.evaluation_request(Request(who, *ASKED)).context
        for every in CONTEXTS:
            context = {key: value for key, value in every.items() if known.fact(key.lower()) is UNKNOWN}
            found = evaluator.can(Request(who, *ASKED, context)).decision
            if answer.decision == "allowed":
                assert found == "allowed", (who, context)
            else:
                assert found in DENIED, (who, context)


DENIED = ("explicitDeny", "implicitDeny")
