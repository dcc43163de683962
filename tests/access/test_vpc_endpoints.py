"""VPC endpoint policies: a limit where the request comes through the endpoint, an assumption where nobody says.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.policy_set import SourceType
from iamdesk.evaluate.request import MissingContextMode, PolicyType
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.inventory.endpoint_index import service_of
from iamdesk.snapshot.resources import AccessPoint, AccessPointBucket, VpcEndpoint

from ..builders.answers import asking, codes, everywhere, notes
from ..builders.arns import ANA, ID, OTHER_ID, ROOT, role_arn, session_arn, user_arn
from ..builders.captures import evaluator, member, organization, resource, role, unit, user
from ..builders.statements import FULL as MAY_ALL
from ..builders.statements import MFA, allow, document, grant, refuse
from ..each_case import each_case, each_row
from ..rules import rule

GATEWAY, INTERFACE = "vpce-0a1b2c3d4e5f60001", "vpce-0a1b2c3d4e5f60002"
BUCKET, OBJECT, QUEUE = "arn:aws:s3:::b", "arn:aws:s3:::b/k", f"arn:aws:sqs:us-east-1:{ID}:q"
ADMIN, SESSION = user_arn("admin"), session_arn("deploy/ci")
GET, PUT, SEND = "s3:GetObject", "s3:PutObject", "sqs:SendMessage"
FULL, READ_ONLY = grant("*"), grant("*", GET)


def gateway(*policy: Any, **more: Any) -> VpcEndpoint:
    entry = {"VpcEndpointId": GATEWAY, "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "OwnerId": ID}
    held = document(*policy) if policy else None
    service = "com.amazonaws.us-east-1.s3"
    return VpcEndpoint.model_validate({**entry, "ServiceName": service, "PolicyDocument": held, **more})


def interface(*policy: Any, service: str = "com.amazonaws.us-east-1.sqs") -> VpcEndpoint:
    of = {"VpcEndpointId": INTERFACE, "VpcEndpointType": "Interface", "VpcId": "vpc-2", "ServiceName": service}
    return gateway(*policy, **of)


def capture(*held: Any) -> Evaluator:
    people = user("ana"), user("admin", MAY_ALL), role("deploy", MAY_ALL), user("zoe", MAY_ALL, account=OTHER_ID)
    return evaluator(*people, *held, resource(BUCKET), resource(QUEUE))


def ask(
    *held: Any, principal: str = ADMIN, action: str = GET, on: str = OBJECT, through: str | None = GATEWAY, **more: Any
) -> EvaluationResult:
    return capture(*held).can(asking(action, on, principal, context={"aws:SourceVpce": through}, **more))


def of_principal(*arns: str) -> Any:
    return {"ArnEquals": {"aws:PrincipalArn": list(arns)}}


def from_vpc(name: str) -> Any:
    return {"StringEquals": {"aws:SourceVpc": name}}


@rule("A2", "B9", "J2")
@each_case(
    "policy, principal, action, expected",
    [
        ([READ_ONLY], ADMIN, GET, "allowed"),
        ([READ_ONLY], ADMIN, PUT, "implicitDeny"),
        ([FULL], ANA, GET, "implicitDeny"),  # it never grants
        ([FULL, refuse("*", GET, f"{BUCKET}/*")], ADMIN, GET, "explicitDeny"),
        ([], ADMIN, GET, "allowed"),  # without policy it has the default one, which allows all
        # Gateway endpoints know everyone, and of an account its root user alone.
        ([grant({"AWS": "*"})], ADMIN, GET, "allowed"),
        ([grant(ADMIN)], ADMIN, GET, "implicitDeny"),
        ([grant(ROOT)], ADMIN, GET, "implicitDeny"),
        ([grant(ID)], ADMIN, GET, "implicitDeny"),
        ([grant(ROOT)], ROOT, GET, "allowed"),
        ([grant(ID)], ROOT, GET, "allowed"),
        # The page's advice for them: everyone, with a condition on aws:PrincipalArn.
        ([grant("*", condition=of_principal(ADMIN))], ADMIN, GET, "allowed"),
        ([grant("*", condition=of_principal(ADMIN))], SESSION, GET, "implicitDeny"),
        # A request through an endpoint carries its VPC and no public address.
        ([grant("*", condition=from_vpc("vpc-1"))], ADMIN, GET, "allowed"),
        ([grant("*", condition=from_vpc("vpc-9"))], ADMIN, GET, "implicitDeny"),
        ([grant("*", condition={"Null": {"aws:SourceIp": "true"}})], ADMIN, GET, "allowed"),
    ],
)
def test_the_policy_of_a_gateway_endpoint_limits_what_comes_through_it(
    policy: Any, principal: str, action: str, expected: str
) -> None:
    assert ask(gateway(*policy), principal=principal, action=action).decision == expected


@rule("B9")
@each_case(
    "named, principal, expected",
    [
        ("*", ADMIN, "allowed"),
        (ADMIN, ADMIN, "allowed"),
        (ADMIN, SESSION, "implicitDeny"),
        (role_arn("deploy"), SESSION, "allowed"),
        (ROOT, SESSION, "allowed"),
        (OTHER_ID, SESSION, "implicitDeny"),
    ],
)
def test_interface_endpoints_match_principals_as_resource_policies_do(
    named: str, principal: str, expected: str
) -> None:
    answer = ask(interface(grant(named)), principal=principal, action=SEND, on=QUEUE, through=INTERFACE)
    assert answer.decision == expected


@rule("B9")
def test_an_answer_names_the_endpoint_and_its_statement() -> None:
    denied = ask(gateway(READ_ONLY), action=PUT)
    assert denied.blocked_by == ("endpoint",)
    [layer] = [line for line in denied.layers if line.layer is PolicyType.ENDPOINT]
    assert layer.decision == "implicitDeny"
    assert "endpoint policy" in denied.sentence
    [line] = ask(gateway(FULL, refuse("*", GET, f"{BUCKET}/*"))).matched_statements
    assert (line.source_policy_type, line.source_policy_id) == (SourceType.ENDPOINT, GATEWAY)
    [told] = [one for one in to_evaluation_result(ask(gateway(READ_ONLY)))["Layers"] if one["Layer"] == "endpoint"]
    [statement] = told["Statements"]
    assert (told["Decision"], statement["SourcePolicyType"], statement["SourcePolicyId"]) == (
        "allowed",
        "endpoint",
        GATEWAY,
    )
    without = ask(gateway(READ_ONLY), action=PUT, without=frozenset({PolicyType.ENDPOINT}))
    assert without.decision == "allowed"
    assert "without vpc endpoint policy" in without.sentence


@rule("B9", "E10", "J2")
def test_straight_and_unsigned_requests() -> None:
    closed = resource("arn:aws:s3:::c", FULL, refuse("*", condition={"Null": {"aws:SourceVpc": "false"}}))
    assert ask(gateway(READ_ONLY), closed, on="arn:aws:s3:::c/k", through=None).decision == "allowed"
    opened = resource("arn:aws:s3:::open", grant("*", "s3:*", "arn:aws:s3:::open/*"))
    for action, expected in ((GET, "allowed"), (PUT, "implicitDeny")):
        unsigned = ask(gateway(READ_ONLY), opened, principal="anonymous", action=action, on="arn:aws:s3:::open/k")
        assert unsigned.decision == expected


@rule("B9")
@each_case(
    "held, principal, through, told",
    [
        (gateway(READ_ONLY), ADMIN, "vpce-unknown", "endpoint-not-captured"),
        (gateway(READ_ONLY), ANA, "vpce-unknown", None),  # denied all the same
        (interface(grant("*", "sqs:*")), ADMIN, INTERFACE, "endpoint-of-other-service"),
    ],
)
def test_an_endpoint_that_says_nothing_is_an_assumption(
    held: VpcEndpoint, principal: str, through: str, told: str | None
) -> None:
    answer = ask(held, principal=principal, through=through)
    assert (answer.decision == "allowed") == (told is not None)
    assert {"endpoint-not-captured", "endpoint-of-other-service"}.intersection(codes(answer)) == ({told} - {None})


BY_ENDPOINT = {"StringEquals": {"aws:SourceVpce": GATEWAY}}
STRICT = {"unknown_context": MissingContextMode.ABSENT}


@rule("B9", "K1")
@each_case(
    "held, asked, told",
    [
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN), "implicitDeny"),
        (gateway(READ_ONLY), asking(GET, OBJECT, ADMIN), None),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ANA), None),
        (gateway(READ_ONLY), asking(SEND, QUEUE, ADMIN), None),
        # Only where the context leaves it open.
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, context={"aws:SourceVpce": None}), None),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, context={"aws:SourceIp": "203.0.113.7"}), None),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, context={"aws:SourceVpc": None}), None),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, context={"aws:SourceVpc": "vpc-1"}), "implicitDeny"),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, context={"aws:SourceVpc": "vpc-2"}), None),
        (gateway(READ_ONLY), asking(PUT, OBJECT, ADMIN, **STRICT), None),
        # Its Region is that of the requests.
        (interface(grant("*", "sqs:ReceiveMessage")), asking(SEND, QUEUE, ADMIN), "implicitDeny"),
        (
            interface(grant("*", "sqs:ReceiveMessage"), service="com.amazonaws.eu-west-1.sqs"),
            asking(SEND, QUEUE, ADMIN),
            None,
        ),
        # Where its policy changes nothing, or makes it depend on something.
        (gateway(grant("*", "s3:*", "*", BY_ENDPOINT)), asking(PUT, OBJECT, ADMIN), None),
        (gateway(grant("*", "s3:*", "*", MFA)), asking(PUT, OBJECT, ADMIN), "conditional"),
    ],
)
def test_where_nobody_names_the_endpoint_one_that_would_refuse_is_an_assumption(
    held: VpcEndpoint, asked: Any, told: str | None
) -> None:
    answer = capture(held).can(asked)
    assert answer.decision == ("implicitDeny" if asked.principal == ANA else "allowed")
    assert notes(answer).get("endpoint-unknown") == told
    assert all(held.vpc_endpoint_id in note.message for note in answer.assumptions if note.code == "endpoint-unknown")


@rule("B9")
@each_case("region, is_told", [(None, True), ("us-east-1", True), ("eu-west-1", False)])
def test_a_bucket_of_another_region_is_not_reached_through_the_endpoint(region: str | None, is_told: bool) -> None:
    """Amazon VPC User Guide, "Gateway endpoints for Amazon S3": for buckets in the same Region."""
    held = evaluator(user("admin", MAY_ALL), gateway(READ_ONLY), resource(BUCKET, region=region))
    assert ("endpoint-unknown" in codes(held.can(asking(PUT, OBJECT, ADMIN)))) == is_told


@rule("B9", "I11")
def test_through_an_access_point_the_endpoint_has_to_allow_access_point_and_bucket() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html, "VPC endpoint policies"."""
    point = f"arn:aws:s3:us-east-1:{ID}:accesspoint/ap"
    known = AccessPoint(buckets=(AccessPointBucket(name="b", account_id=ID),), network_origin="Internet")
    both = [f"{point}/object/*", f"{BUCKET}/*"]
    for named, expected in ((both, "allowed"), (both[:1], "implicitDeny"), (both[1:], "implicitDeny")):
        held = gateway(grant("*", GET, named)), resource(point, access_point=known)
        assert ask(*held, on=f"{point}/object/k").decision == expected


@rule("B9")
def test_who_can_and_the_bare_verdict_go_through_the_same_endpoint() -> None:
    held = capture(gateway(grant("*", "s3:*", condition={"ArnLike": {"aws:PrincipalArn": "*:user/*"}})))
    for through in (GATEWAY, "vpce-unknown", None):
        for who in held.principals():
            everywhere(held, asking(PUT, OBJECT, who, context={"aws:SourceVpce": through}))


@each_row("""
    name                                                    | service
    com.amazonaws.us-east-1.s3                              | s3
    com.amazonaws.us-east-1.dynamodb                        | dynamodb
    com.amazonaws.eu-west-1.kms-fips                        | kms
    com.amazonaws.eu-west-1.ecr.dkr                         | ecr
    com.amazonaws.eu-west-1.monitoring                      | cloudwatch
    com.amazonaws.eu-west-1.kinesis-streams                 | kinesis
    com.amazonaws.eu-west-1.bedrock-runtime                 | bedrock
    com.amazonaws.s3-global.accesspoint                     | s3
    com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0 | vpce
    cn.com.amazonaws.cn-north-1.sqs                         | sqs
""")
def test_the_name_of_an_endpoint_service_tells_whose_actions_it_takes(name: str, service: str) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"""
    assert service_of(interface(service=name)) == service


@rule("B9", "J2")
@each_case(
    "test, through, decision",
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
    ours = organization(unit("ou-1", member(ID)), management=OTHER_ID, lists_every_account=True)
    held = evaluator(user("cy", allow(condition=test)), ours, gateway(FULL), resource(BUCKET))
    assert held.can(asking(GET, OBJECT, user_arn("cy"), context={"aws:SourceVpce": through})).decision == decision
