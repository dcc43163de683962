"""VPC endpoint policies: a limit where the request comes through the endpoint, an assumption where nobody says.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import MissingContextMode, PolicyType, Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.inventory.endpoint_index import service_of
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import AccessPoint, AccessPointBucket, Resource, VpcEndpoint

from ..builders.captures import ID, NOW, OTHER_ID, ROOT, account, allow, deny, document, role, snapshot, user, user_arn
from ..rules import rule

GATEWAY, INTERFACE = "vpce-0a1b2c3d4e5f60001", "vpce-0a1b2c3d4e5f60002"
BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/k"
QUEUE = f"arn:aws:sqs:us-east-1:{ID}:q"
ADMIN, ANA = user_arn("admin"), user_arn("ana")
SESSION = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"


def everyone(*statements: dict[str, Any], principal: Any = "*") -> dict[str, Any]:
    return document(*({**one, "Principal": principal} for one in statements))


FULL = everyone(allow())
READ_ONLY = everyone(allow("s3:GetObject"))


def gateway(policy: Any = READ_ONLY, **more: Any) -> VpcEndpoint:
    entry = {
        "VpcEndpointId": GATEWAY,
        "VpcEndpointType": "Gateway",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "OwnerId": ID,
        "PolicyDocument": policy,
    }
    return VpcEndpoint.model_validate({**entry, **more})


def interface(policy: Any = FULL, service: str = "com.amazonaws.us-east-1.sqs", **more: Any) -> VpcEndpoint:
    entry = {
        "VpcEndpointId": INTERFACE,
        "VpcEndpointType": "Interface",
        "VpcId": "vpc-2",
        "ServiceName": service,
        "OwnerId": ID,
        "PolicyDocument": policy,
    }
    return VpcEndpoint.model_validate({**entry, **more})


def world(*endpoints: VpcEndpoint, resources: Any = ()) -> Evaluator:
    base = snapshot(
        account(user("ana"), user("admin", document(allow())), role("deploy", document(allow()))),
        account(user("zoe", document(allow()), account=OTHER_ID), number=OTHER_ID),
    )
    held = (Resource(arn=BUCKET, account_id=ID), Resource(arn=QUEUE, account_id=ID), *resources)
    more = {"vpc_endpoints": endpoints, "resources": held}
    return Evaluator(Snapshot.model_validate({**dict(base), **more}), now=lambda: NOW)


def ask(
    evaluator: Evaluator,
    principal: str = ADMIN,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    through: str | None = GATEWAY,
    **more: Any,
) -> EvaluationResult:
    return evaluator.can(Request(principal, action, resource, {"aws:SourceVpce": through}, **more))


def codes(answer: EvaluationResult) -> list[str]:
    return [one.code for one in answer.assumptions]


@rule("B9")
def test_an_endpoint_policy_limits_what_comes_through_the_endpoint() -> None:
    evaluator = world(gateway())
    assert ask(evaluator).decision == "allowed"
    denied = ask(evaluator, action="s3:PutObject")
    assert denied.decision == "implicitDeny"
    assert denied.blocked_by == ("endpoint",)
    [line] = [line for line in denied.layers if line.layer is PolicyType.ENDPOINT]
    assert line.decision == "implicitDeny"
    assert "endpoint policy" in denied.sentence


@rule("B9")
def test_an_endpoint_policy_never_grants() -> None:
    assert ask(world(gateway(FULL)), ANA).decision == "implicitDeny"


@rule("B9", "A2")
def test_a_deny_of_the_endpoint_policy_denies() -> None:
    answer = ask(world(gateway(everyone(allow(), deny("s3:GetObject", f"{BUCKET}/*")))))
    assert answer.decision == "explicitDeny"
    [line] = answer.matched_statements
    assert line.source_policy_type is SourceType.ENDPOINT
    assert line.source_policy_id == GATEWAY


@rule("B9")
def test_the_answer_as_json_names_the_endpoint_layer_and_its_policy() -> None:
    result = to_evaluation_result(ask(world(gateway())))
    [layer] = [one for one in result["Layers"] if one["Layer"] == "endpoint"]
    assert layer["Decision"] == "allowed"
    [statement] = layer["Statements"]
    assert statement["SourcePolicyType"] == "endpoint"
    assert statement["SourcePolicyId"] == GATEWAY


@rule("B9")
def test_an_endpoint_without_policy_has_the_default_one_that_allows_all() -> None:
    assert ask(world(gateway(None))).decision == "allowed"


@rule("B9")
@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ({"AWS": "*"}, ADMIN, "allowed"),
        ({"AWS": ADMIN}, ADMIN, "implicitDeny"),
        ({"AWS": ROOT}, ADMIN, "implicitDeny"),
        ({"AWS": ID}, ADMIN, "implicitDeny"),
        ({"AWS": ROOT}, ROOT, "allowed"),
        ({"AWS": ID}, ROOT, "allowed"),
    ],
)
def test_gateway_endpoints_know_everyone_and_of_an_account_its_root_user_alone(
    principal: Any, caller: str, expected: str
) -> None:
    assert ask(world(gateway(everyone(allow(), principal=principal))), caller).decision == expected


@rule("B9")
@pytest.mark.parametrize(
    ("principal", "caller", "expected"),
    [
        ("*", ADMIN, "allowed"),
        ({"AWS": ADMIN}, ADMIN, "allowed"),
        ({"AWS": ADMIN}, SESSION, "implicitDeny"),
        ({"AWS": f"arn:aws:iam::{ID}:role/deploy"}, SESSION, "allowed"),
        ({"AWS": ROOT}, SESSION, "allowed"),
        ({"AWS": OTHER_ID}, SESSION, "implicitDeny"),
    ],
)
def test_interface_endpoints_match_principals_as_resource_policies_do(
    principal: Any, caller: str, expected: str
) -> None:
    evaluator = world(interface(everyone(allow(), principal=principal)))
    assert ask(evaluator, caller, "sqs:SendMessage", QUEUE, INTERFACE).decision == expected


@rule("B9")
def test_narrowing_a_gateway_endpoint_by_the_key_of_the_principal() -> None:
    """The page's advice for gateway endpoints: everyone, with a condition on aws:PrincipalArn."""
    only_admin = everyone(allow(condition={"ArnEquals": {"aws:PrincipalArn": ADMIN}}))
    evaluator = world(gateway(only_admin))
    assert ask(evaluator).decision == "allowed"
    assert ask(evaluator, SESSION).decision == "implicitDeny"


@rule("B9", "J2")
def test_requests_through_an_endpoint_carry_its_vpc_and_no_public_address() -> None:
    from_vpc = everyone(allow(condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))
    assert ask(world(gateway(from_vpc))).decision == "allowed"
    elsewhere = everyone(allow(condition={"StringEquals": {"aws:SourceVpc": "vpc-9"}}))
    assert ask(world(gateway(elsewhere))).decision == "implicitDeny"
    addressed = everyone(allow(condition={"Null": {"aws:SourceIp": "true"}}))
    assert ask(world(gateway(addressed))).decision == "allowed"
    without = everyone(allow(), deny(condition={"Null": {"aws:SourceVpc": "false"}}))
    bucket = Resource(arn="arn:aws:s3:::c", account_id=ID, policy=without)
    straight = ask(world(gateway(), resources=[bucket]), resource="arn:aws:s3:::c/k", through=None)
    assert straight.decision == "allowed"


@rule("B9")
def test_an_endpoint_that_the_snapshot_lacks_is_an_assumption() -> None:
    answer = ask(world(gateway()), through="vpce-unknown")
    assert answer.decision == "allowed"
    assert "endpoint-not-captured" in codes(answer)
    assert "endpoint-not-captured" not in codes(ask(world(gateway()), ANA, through="vpce-unknown"))


@rule("B9")
def test_an_endpoint_of_another_service_is_said_to_take_no_such_request() -> None:
    answer = ask(world(interface(everyone(allow("sqs:*")))), through=INTERFACE)
    assert answer.decision == "allowed"
    assert "endpoint-of-other-service" in codes(answer)


@rule("B9")
def test_where_nobody_names_the_endpoint_one_that_would_refuse_is_an_assumption() -> None:
    evaluator = world(gateway())
    put = evaluator.can(Request(ADMIN, "s3:PutObject", OBJECT))
    assert put.decision == "allowed"
    [told] = [one for one in put.assumptions if one.code == "endpoint-unknown"]
    assert told.other_decision == "implicitDeny"
    assert GATEWAY in told.message
    assert "endpoint-unknown" not in codes(evaluator.can(Request(ADMIN, "s3:GetObject", OBJECT)))
    assert "endpoint-unknown" not in codes(evaluator.can(Request(ANA, "s3:PutObject", OBJECT)))
    assert "endpoint-unknown" not in codes(evaluator.can(Request(ADMIN, "sqs:SendMessage", QUEUE)))


@rule("B9")
@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"aws:SourceVpce": None}, False),
        ({"aws:SourceIp": "203.0.113.7"}, False),
        ({"aws:SourceVpc": None}, False),
        ({"aws:SourceVpc": "vpc-1"}, True),
        ({"aws:SourceVpc": "vpc-2"}, False),
    ],
)
def test_an_endpoint_can_matter_only_where_the_context_leaves_it_open(context: Any, told: bool) -> None:
    answer = world(gateway()).can(Request(ADMIN, "s3:PutObject", OBJECT, context))
    assert ("endpoint-unknown" in codes(answer)) == told


@rule("B9", "K1")
def test_in_strict_mode_a_request_comes_through_no_endpoint() -> None:
    request = Request(ADMIN, "s3:PutObject", OBJECT, unknown_context=MissingContextMode.ABSENT)
    assert "endpoint-unknown" not in codes(world(gateway()).can(request))


@rule("B9")
def test_an_endpoint_of_another_region_takes_no_requests_for_this_one() -> None:
    elsewhere = interface(everyone(allow("sqs:ReceiveMessage")), "com.amazonaws.eu-west-1.sqs")
    answer = world(elsewhere).can(Request(ADMIN, "sqs:SendMessage", QUEUE))
    assert "endpoint-unknown" not in codes(answer)
    here = interface(everyone(allow("sqs:ReceiveMessage")))
    assert "endpoint-unknown" in codes(world(here).can(Request(ADMIN, "sqs:SendMessage", QUEUE)))


@rule("B9")
@pytest.mark.parametrize(("region", "told"), [(None, True), ("us-east-1", True), ("eu-west-1", False)])
def test_a_bucket_of_another_region_is_not_reached_through_the_endpoint(region: str | None, told: bool) -> None:
    """Amazon VPC User Guide, "Gateway endpoints for Amazon S3": for buckets in the same Region."""
    evaluator = world(gateway(), resources=(Resource(arn=BUCKET, account_id=ID, region=region),))
    answer = evaluator.can(Request(ADMIN, "s3:PutObject", OBJECT))
    assert ("endpoint-unknown" in codes(answer)) == told


@rule("B9")
def test_an_endpoint_that_decides_nothing_is_no_assumption() -> None:
    """Where the answer is the same through it: the condition keys are open, its policy changes nothing."""
    where_from = {"StringEquals": {"aws:SourceVpce": GATEWAY}}
    everywhere = gateway(everyone(allow("s3:*", "*", where_from)))
    assert "endpoint-unknown" not in codes(world(everywhere).can(Request(ADMIN, "s3:PutObject", OBJECT)))
    by_tls = gateway(everyone(allow("s3:*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}})))
    [one] = [
        one for one in world(by_tls).can(Request(ADMIN, "s3:PutObject", OBJECT)).assumptions
        if one.code == "endpoint-unknown"
    ]  # fmt: skip
    assert one.other_decision == "conditional"


@rule("B9")
def test_the_layer_can_be_left_out() -> None:
    answer = ask(world(gateway()), action="s3:PutObject", without=frozenset({PolicyType.ENDPOINT}))
    assert answer.decision == "allowed"
    assert "without vpc endpoint policy" in answer.sentence


@rule("B9", "I11")
def test_through_an_access_point_the_endpoint_has_to_allow_access_point_and_bucket() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html, "VPC endpoint policies"."""
    point = f"arn:aws:s3:us-east-1:{ID}:accesspoint/ap"
    known = AccessPoint(buckets=(AccessPointBucket(name="b", account_id=ID),), network_origin="Internet")
    held = Resource(arn=point, account_id=ID, access_point=known)
    for resources, expected in (
        ([f"{point}/object/*", f"{BUCKET}/*"], "allowed"),
        ([f"{point}/object/*"], "implicitDeny"),
        ([f"{BUCKET}/*"], "implicitDeny"),
    ):
        evaluator = world(gateway(everyone(allow("s3:GetObject", resources))), resources=[held])
        assert ask(evaluator, resource=f"{point}/object/k").decision == expected


@rule("B9", "E10")
def test_unsigned_requests_are_limited_too() -> None:
    bucket = Resource(arn="arn:aws:s3:::open", account_id=ID, policy=everyone(allow("s3:*", "arn:aws:s3:::open/*")))
    evaluator = world(gateway(), resources=[bucket])
    assert ask(evaluator, "anonymous", resource="arn:aws:s3:::open/k").decision == "allowed"
    assert ask(evaluator, "anonymous", "s3:PutObject", "arn:aws:s3:::open/k").decision == "implicitDeny"


@rule("B9")
def test_who_can_and_the_bare_verdict_go_through_the_same_endpoint() -> None:
    evaluator = world(gateway(everyone(allow("s3:*", condition={"ArnLike": {"aws:PrincipalArn": "*:user/*"}}))))
    for through in (GATEWAY, "vpce-unknown", None):
        context = {"aws:SourceVpce": through}
        expected = {
            who: answer
            for who in evaluator.principals()
            if (answer := evaluator.can(Request(who, "s3:PutObject", OBJECT, context)).decision) == "allowed"
        }
        rows = evaluator.who_can(action="s3:PutObject", resource=OBJECT, context=context)
        assert {row.principal: row.decision for row in rows} == expected
        for who in evaluator.principals():
            request = Request(who, "s3:PutObject", OBJECT, context)
            assert evaluator.decide(request) == evaluator.can(request).decision


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("com.amazonaws.us-east-1.s3", "s3"),
        ("com.amazonaws.us-east-1.dynamodb", "dynamodb"),
        ("com.amazonaws.eu-west-1.kms-fips", "kms"),
        ("com.amazonaws.eu-west-1.ecr.dkr", "ecr"),
        ("com.amazonaws.eu-west-1.monitoring", "cloudwatch"),
        ("com.amazonaws.eu-west-1.kinesis-streams", "kinesis"),
        ("com.amazonaws.eu-west-1.bedrock-runtime", "bedrock"),
        ("com.amazonaws.s3-global.accesspoint", "s3"),
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0", "vpce"),
        ("cn.com.amazonaws.cn-north-1.sqs", "sqs"),
    ],
)
def test_the_name_of_an_endpoint_service_tells_whose_actions_it_takes(name: str, service: str | None) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"""
    assert service_of(interface(service=name)) == service


ORGANIZED = {
    "id": "o-1",
    "management_account_id": OTHER_ID,
    "nodes": [{"id": "r-1"}, {"id": "ou-1", "parent_id": "r-1"}, {"id": ID, "parent_id": "ou-1"}],
    "lists_every_account": True,
}


@rule("B9", "J2")
@pytest.mark.parametrize(
    ("test", "through", "decision"),
    [
        ({"StringEquals": {"aws:VpceAccount": ID}}, GATEWAY, "allowed"),
        ({"StringEquals": {"aws:VpceAccount": OTHER_ID}}, GATEWAY, "implicitDeny"),
        ({"StringEquals": {"aws:VpceOrgID": "o-1"}}, GATEWAY, "allowed"),
        ({"StringEquals": {"aws:VpceOrgID": "o-2"}}, GATEWAY, "implicitDeny"),
        ({"ForAnyValue:StringLike": {"aws:VpceOrgPaths": "o-1/*/ou-1/*"}}, GATEWAY, "allowed"),
        ({"ForAnyValue:StringLike": {"aws:VpceOrgPaths": "o-1/*/ou-2/*"}}, GATEWAY, "implicitDeny"),
        ({"StringEquals": {"aws:VpceAccount": ID}}, None, "implicitDeny"),
        ({"Null": {"aws:VpceOrgID": "true"}}, None, "allowed"),
        ({"Null": {"aws:SourceVpcArn": "true"}}, None, "allowed"),
        ({"StringEquals": {"aws:VpceAccount": ID}}, "vpce-unknown", "conditional"),
    ],
)
def test_whose_endpoint_it_is_is_known_of_one_in_the_snapshot(test: Any, through: str | None, decision: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{**allow(), "Condition": test}]}
    base = snapshot(account(user("ana", policy)))
    more = {"vpc_endpoints": (gateway(FULL),), "resources": (Resource(arn=BUCKET, account_id=ID),)}
    held = Snapshot.model_validate({**dict(base), **more, "organization": ORGANIZED})
    answer = ask(Evaluator(held, now=lambda: NOW), ANA, through=through)
    assert answer.decision == decision
