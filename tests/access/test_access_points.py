"""Requests through S3 access points: two decisions, both of which must allow (rule I11).

The policies are those of the Amazon S3 User Guide, "Configuring IAM policies for using access points", where nothing
else is said: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
"""

from typing import Any

from hypothesis import HealthCheck, given, settings

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.context import UNKNOWN
from iamdesk.evaluate.request import MissingContextMode, Request, RequestError
from iamdesk.explain.decision import PolicyType, StatementRole
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccessPoint, AccessPointBucket, AccountSettings, PublicAccessBlock, Resource

from ..builders.answers import asking, codes, everywhere, notes, rows
from ..builders.arns import ID, OTHER_ID, user_arn
from ..builders.captures import evaluator, group, resource, role, user
from ..builders.statements import allow, grant, refuse
from ..each_case import each_case
from ..rules import rule
from ..some_of import some_of
from . import worlds

POINT = f"arn:aws:s3:us-west-2:{ID}:accesspoint/my-access-point"
MULTI = f"arn:aws:s3::{ID}:accesspoint/mfzwi23gnjvgw.mrap"
ALIAS = "my-access-point-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket1"
JANE, ADMIN, ZOE = user_arn("Jane"), user_arn("admin"), user_arn("zoe", OTHER_ID)
JANES, STRAIGHT = f"{POINT}/object/Jane/report.csv", f"{BUCKET}/Jane/report.csv"
BOTH, GET = [BUCKET, f"{BUCKET}/*"], "s3:GetObject"

TO_JANE = grant(JANE, [GET, "s3:PutObject"], f"{POINT}/object/Jane/*")
TO_ZOE = grant(ZOE, GET, f"{POINT}/object/*")
EVERYONE, NOBODY = grant("*", GET, f"{POINT}/object/*"), refuse("*", "*", f"{POINT}/*")
DELEGATING = grant({"AWS": "*"}, "*", BOTH, {"StringEquals": {"s3:DataAccessPointAccount": ID}})
# The page's bucket policy that refuses what does not come through the access points of an account.
CLOSED = refuse("*", "s3:*", BOTH, {"StringNotEquals": {"s3:DataAccessPointAccount": ID}})
BUCKET_TO_JANE = grant(JANE, GET, f"{BUCKET}/Jane/*")
OPEN_BUCKET = grant("*", "s3:*", f"{BUCKET}/*")


def point(*policy: Any, bucket_owner: str = ID, access_point: Any = (), **more: Any) -> Resource:
    of = AccessPointBucket(name="amzn-s3-demo-bucket1", account_id=bucket_owner)
    known = AccessPoint(buckets=(of,), alias=ALIAS, network_origin="Internet")
    return resource(POINT, *policy, access_point=known.model_copy(update=dict(access_point)), **more)


def bucket(*policy: Any, **more: Any) -> Resource:
    return resource(BUCKET, *policy, **more)


def capture(*held: Any, jane: Any = ()) -> Evaluator:
    people = user("bob"), user("admin", allow()), role("deploy", allow()), user("zoe", allow(), account=OTHER_ID)
    return evaluator(user("Jane", *jane), *people, *held)


ABROAD = {"account": OTHER_ID}
ON_POINT, ON_BUCKET = allow(GET, f"{POINT}/object/*"), allow(GET, f"{BUCKET}/*")


@rule("A2", "C1", "D1", "D4", "E10", "I11")
@each_case(
    "held, jane, principal, on, expected",
    [
        ([point(TO_JANE), bucket()], [], JANE, JANES, "implicitDeny"),  # void where the bucket is silent
        ([point(TO_JANE), bucket(DELEGATING)], [], JANE, JANES, "allowed"),
        ([point(TO_JANE), bucket(BUCKET_TO_JANE)], [], JANE, JANES, "allowed"),
        ([point(), bucket(BUCKET_TO_JANE)], [], JANE, JANES, "implicitDeny"),
        ([point(NOBODY), bucket(BUCKET_TO_JANE)], [], JANE, STRAIGHT, "allowed"),  # the access point has no say
        ([point(NOBODY), bucket(BUCKET_TO_JANE)], [], JANE, JANES, "explicitDeny"),
        ([point(TO_JANE), bucket(DELEGATING)], [], JANE, STRAIGHT, "implicitDeny"),  # no grant straight to the bucket
        ([point(), bucket()], [ON_POINT, ON_BUCKET], JANE, JANES, "allowed"),
        ([point(), bucket()], [ON_POINT], JANE, JANES, "implicitDeny"),
        ([point(), bucket()], [ON_BUCKET], JANE, JANES, "implicitDeny"),
        ([point(), bucket(CLOSED)], [], ADMIN, STRAIGHT, "explicitDeny"),
        ([point(), bucket(CLOSED)], [], ADMIN, JANES, "allowed"),
        # Across accounts, access point, bucket and identity have to allow: the page's cross-account example.
        ([point(TO_ZOE), bucket()], [], ZOE, JANES, "implicitDeny"),
        ([point(TO_ZOE), bucket(DELEGATING)], [], ZOE, JANES, "allowed"),
        ([point(), bucket(DELEGATING)], [], ZOE, JANES, "implicitDeny"),
        # An access point of one account may lead to the bucket of another.
        ([point(bucket_owner=OTHER_ID), bucket(**ABROAD)], [allow()], JANE, JANES, "implicitDeny"),
        ([point(bucket_owner=OTHER_ID), bucket(DELEGATING, **ABROAD)], [allow()], JANE, JANES, "allowed"),
        ([point(EVERYONE), bucket(DELEGATING)], [], "anonymous", JANES, "allowed"),
        ([point(EVERYONE), bucket()], [], "anonymous", JANES, "implicitDeny"),
    ],
)
def test_access_point_and_bucket_have_to_allow(held: Any, jane: Any, principal: str, on: str, expected: str) -> None:
    assert capture(*held, jane=jane).explained(asking(GET, on, principal)).decision == expected


@rule("A2", "I11")
def test_an_answer_names_the_decision_that_lacks_and_both_that_allow() -> None:
    silent_bucket, silent_point = [point(TO_JANE), bucket()], [point(), bucket(BUCKET_TO_JANE)]
    asked = asking(GET, JANES, JANE)
    assert STRAIGHT in capture(*silent_bucket).can(asked).sentence
    assert POINT in capture(*silent_point).can(asked).sentence
    allowed = capture(point(TO_JANE), bucket(DELEGATING)).can(asked)
    assert {line.owner for line in allowed.matched_statements} == {POINT, BUCKET}
    denied = capture(point(), bucket(refuse("*", "*", f"{BUCKET}/*")), jane=[allow()]).can(asked)
    assert (denied.decision, denied.blocked_by) == ("explicitDeny", ("resource",))
    layers = capture(*silent_bucket).can(asked).layers
    assert len(layers) == len({line.layer for line in layers})
    [of_resource] = [line.sentence for line in layers if line.layer is PolicyType.RESOURCE]
    assert "access point my-access-point/Jane/report.csv" in of_resource
    assert "bucket amzn-s3-demo-bucket1/Jane/report.csv" in of_resource
    of_admin = capture(point(), bucket()).can(asking(GET, JANES, ADMIN))  # one statement allows both: it stands once
    assert [line.part for line in of_admin.statements].count(StatementRole.DECIDES) == 1


RED, TEST = (("team", "red"),), (("env", "test"),)
OF_TEST = {"StringEquals": {"aws:ResourceTag/env": "test"}}
OF_RED = {"StringEquals": {"s3:AccessPointTag/team": "red"}}


@rule("I11", "I12", "J1")
@each_case(
    "condition, held, expected",
    [
        ({"StringEquals": {"s3:DataAccessPointArn": POINT}}, [], "allowed"),
        ({"ArnLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{ID}:accesspoint/*"}}, [], "allowed"),
        ({"StringEquals": {"s3:DataAccessPointArn": f"{POINT}-2"}}, [], "implicitDeny"),
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "Internet"}}, [], "allowed"),
        ({"StringEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}, [], "implicitDeny"),
        ({"StringEquals": {"s3:DataAccessPointAccount": OTHER_ID}}, [], "implicitDeny"),
        # Tags are the bucket's in both decisions; those of the access point have a key of their own.
        (OF_TEST, [point(), bucket(tags=TEST, abac_enabled=True)], "allowed"),
        (OF_TEST, [point(), bucket(tags=TEST, abac_enabled=False)], "implicitDeny"),
        (OF_RED, [point(tags=RED), bucket()], "allowed"),
        (OF_RED, [point(tags=()), bucket()], "implicitDeny"),
    ],
)
def test_the_keys_of_the_access_point_are_in_both_decisions(condition: Any, held: Any, expected: str) -> None:
    of_jane = capture(*(held or [point(), bucket()]), jane=[allow(condition=condition)])
    assert of_jane.can(asking(GET, JANES, JANE)).decision == expected


@rule("I11", "J1")
@each_case(
    "jane, action, on, expected",
    [
        # None of its keys straight to the bucket.
        (allow(condition={"Null": {"s3:DataAccessPointArn": "false"}}), GET, f"{BUCKET}/k", "implicitDeny"),
        # Buckets are listed through the access point itself; what is done to it is one decision.
        (allow("s3:ListBucket", [POINT, BUCKET]), "s3:ListBucket", POINT, "allowed"),
        (allow("s3:ListBucket", POINT), "s3:ListBucket", POINT, "implicitDeny"),
        *(
            (allow(action, POINT), action, POINT, "allowed")
            for action in ("s3:GetAccessPointPolicy", "s3:DeleteAccessPoint", "s3:TagResource")
        ),
    ],
)
def test_what_is_asked_of_no_object_behind_it(jane: Any, action: str, on: str, expected: str) -> None:
    assert capture(point(), bucket(), jane=[jane]).can(asking(action, on, JANE)).decision == expected


@rule("I11")
@each_case("key", ["Jane/report.csv", "Jane/object/a"])
def test_an_alias_in_place_of_a_bucket_name_is_the_access_point(key: str) -> None:
    asked = asking(GET, f"arn:aws:s3:::{ALIAS}/{key}", JANE)
    answer = capture(point(TO_JANE), bucket(DELEGATING)).explained(asked)
    assert (answer.decision, answer.request.resource) == ("allowed", f"{POINT}/object/{key}")


@rule("I11")
def test_what_is_not_captured_of_an_access_point_and_its_bucket_is_an_assumption() -> None:
    answer = capture(jane=[allow(GET, f"{POINT}/*")]).can(asking(GET, JANES, JANE))
    assert answer.decision == "allowed"
    assert "access-point-bucket-unknown" in codes(answer)
    assert "access-point-bucket-unknown" not in codes(capture().can(asking(GET, JANES, user_arn("bob"))))
    uncaptured = capture(point(TO_JANE), bucket(is_policy_captured=False)).can(asking(GET, JANES, JANE))
    assert (uncaptured.decision, notes(uncaptured)["resource-policy-missing"]) == ("implicitDeny", "allowed")


VPC = {"network_origin": "VPC", "vpc_id": "vpc-1"}
FROM_VPC = {"context": {"aws:SourceVpc": "vpc-1"}}


@rule("I11")
def test_an_access_point_for_one_vpc_refuses_other_networks() -> None:
    """User Guide, "Creating access points restricted to a virtual private cloud": requests from elsewhere fail."""
    of_vpc = capture(point(access_point=VPC), bucket())
    answer = of_vpc.can(asking(GET, JANES, ADMIN))
    assert (answer.decision, answer.conditions) == ("conditional", ({"aws:SourceVpc": "vpc-1"},))
    assert of_vpc.can(asking(GET, JANES, ADMIN, **FROM_VPC)).decision == "allowed"
    assert of_vpc.can(asking(GET, JANES, ADMIN, context={"aws:SourceVpc": "vpc-2"})).decision == "explicitDeny"
    strict = asking(GET, JANES, ADMIN, unknown_context=MissingContextMode.ABSENT)
    assert of_vpc.can(strict).decision == "explicitDeny"


@rule("K7", "I11")
def test_conditions_of_both_decisions_are_joined() -> None:
    """The bucket wants MFA, the access point an address: neither alone is enough, and one value serves both."""
    of_bucket = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "IpAddress": {"aws:SourceIp": "203.0.113.128/25"}}
    of_point = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    joined = capture(point(), bucket(), jane=[ON_POINT | {"Condition": of_point}, ON_BUCKET | {"Condition": of_bucket}])
    answer = joined.can(asking(GET, JANES, JANE))
    assert answer.decision == "conditional"
    [only] = answer.conditions
    assert only["aws:MultiFactorAuthPresent"] == "true"
    assert str(only["aws:SourceIp"]).startswith("203.0.113.")
    given_both = {"aws:MultiFactorAuthPresent": "true", "aws:SourceIp": only["aws:SourceIp"]}
    assert joined.can(asking(GET, JANES, JANE, context=given_both)).decision == "allowed"
    apart = [
        one | {"Condition": {operator: {"aws:UserAgent": "a"}}}
        for one, operator in ((ON_POINT, "StringEquals"), (ON_BUCKET, "StringNotEquals"))
    ]
    assert capture(point(), bucket(), jane=apart).can(asking(GET, JANES, JANE)).decision == "implicitDeny"


BLOCKED = {"public_access_block": PublicAccessBlock(restrict_public_buckets=True)}
OF_ACCOUNT = AccountSettings(account_id=ID, **BLOCKED)
ABROAD_POINT = point(EVERYONE, bucket_owner=OTHER_ID, **BLOCKED)


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-bpa-settings.html
@rule("I7")
@each_case(
    "held, principal, expected",
    [
        *(
            (held, principal, expected)
            for held in (
                [point(EVERYONE, **BLOCKED), bucket(DELEGATING)],
                [point(EVERYONE), bucket(DELEGATING, **BLOCKED)],
                [point(EVERYONE), bucket(DELEGATING), OF_ACCOUNT],
            )
            for principal, expected in ((ZOE, "block-public-access"), (JANE, "allowed"))  # of the owner's account
        ),
        ([point(EVERYONE), bucket(DELEGATING)], ZOE, "allowed"),
        ([point(TO_ZOE, **BLOCKED), bucket(DELEGATING)], ZOE, "allowed"),  # it names accounts: not public
        # The policy for one VPC is never public; the bucket's is all the same.
        ([point(EVERYONE, access_point=VPC, **BLOCKED), bucket(DELEGATING)], ZOE, "allowed"),
        ([point(EVERYONE, access_point=VPC), bucket(OPEN_BUCKET, **BLOCKED)], ZOE, "block-public-access"),
        # Callers of the access point's owner and of the bucket's pass ("users in the bucket owner's account").
        *(
            ([ABROAD_POINT, bucket(OPEN_BUCKET, **ABROAD)], principal, expected)
            for principal, expected in ((ZOE, "allowed"), (JANE, "allowed"), ("anonymous", "block-public-access"))
        ),
    ],
)
def test_block_public_access_is_the_strictest_of_access_point_bucket_and_account(
    held: Any, principal: str, expected: str
) -> None:
    through = FROM_VPC if held[0].access_point.vpc_id else {}
    answer = capture(*held, jane=[allow()] if held[0] is ABROAD_POINT else []).can(
        asking(GET, JANES, principal, **through)
    )
    assert answer.decision == ("explicitDeny" if expected == "block-public-access" else expected)
    assert (answer.blocked_by == ("block-public-access",)) == (expected == "block-public-access")


@rule("I11")
def test_a_multi_region_access_point_needs_every_bucket_it_may_send_to() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointPermissions.html"""
    buckets = [AccessPointBucket(name=name, account_id=ID, region=f"eu-{name}") for name in ("one", "two")]
    multi = resource(MULTI, access_point=AccessPoint(buckets=tuple(buckets)))
    named = [f"{MULTI}/object/*", "arn:aws:s3:::one/*", "arn:aws:s3:::two/*"]
    asked = asking(GET, f"{MULTI}/object/k", JANE)
    assert capture(multi, jane=[allow(GET, named)]).can(asked).decision == "allowed"
    answer = capture(multi, jane=[allow(GET, named[:2])]).can(asked)
    assert (answer.decision, notes(answer)["routed-to-one-bucket"]) == ("implicitDeny", "allowed")
    assert "resource-type" not in codes(answer)


@rule("I11")
def test_who_can_and_the_bare_verdict_say_the_same_as_single_answers() -> None:
    of_jane = capture(point(), bucket(), jane=[ON_POINT])
    answers = {who: everywhere(of_jane, asking(GET, JANES, who)) for who in of_jane.principals()}
    assert rows(of_jane, GET, JANES) == {who: one for who, one in answers.items() if not one.endswith("Deny")}
    assert (answers[ADMIN], answers[JANE]) == ("allowed", "implicitDeny")
    member = evaluator(
        user("ana", groups=["readers"]), group("readers", allow("s3:*", f"{POINT}/*")), point(), bucket()
    )
    assert everywhere(member, asking(GET, JANES)) == "implicitDeny"  # of a group, too


@rule("I11")
def test_what_can_tells_what_is_named_of_an_access_point_as_single_answers_do() -> None:
    named = allow([GET, "s3:GetAccessPointPolicy"], [f"{POINT}/object/*", POINT, JANES])
    of_jane = capture(point(), bucket(), jane=[named])
    for on in (JANES, POINT):
        told = list(of_jane.what_can(JANE, service="s3", resource=on).actions("s3"))
        assert told
        for action in told:
            answer = of_jane.explained(asking(action.name, on, JANE))
            is_allowed = action.reach is AccessExtent.ALLOWED
            assert "resource-type" in codes(answer) or is_allowed == (answer.decision == "allowed"), action
    reaches = {one.name: one for one in of_jane.what_can(JANE).actions("s3")}
    assert reaches[GET].reach is AccessExtent.NONE
    assert reaches["s3:GetAccessPointPolicy"].reach is AccessExtent.SOME
    assert {one.resource: one.decision for one in reaches[GET].decisions}[JANES] == "implicitDeny"


DENIED = ("explicitDeny", "implicitDeny")
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
    drawn = Evaluator(held, now=lambda: worlds.NOON)
    for who in drawn.principals():
        try:
            answer = drawn.can(Request(who, *ASKED))
        except RequestError:
            continue
        for values in answer.conditions:
            assert drawn.explained(Request(who, *ASKED, values)).decision == "allowed", (who, values)
        for values in answer.denials:
            assert drawn.explained(Request(who, *ASKED, values)).decision in DENIED, (who, values)
        if answer.decision == "conditional":
            continue
        known = drawn.evaluation_request(Request(who, *ASKED)).context
        for every in CONTEXTS:
            context = {key: value for key, value in every.items() if known.fact(key.lower()) is UNKNOWN}
            found = drawn.can(Request(who, *ASKED, context)).decision
            if answer.decision == "allowed":
                assert found == "allowed", (who, context)
            else:
                assert found in DENIED, (who, context)
