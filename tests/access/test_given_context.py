"""What is typed of the request context counts as far as AWS would send it, and what nobody can know is not guessed."""

from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.resources import Resource

from ..builders.arns import ID, OTHER_ID, role_arn
from ..builders.arns import user_arn as arn_of
from ..builders.captures import NOW, account, role, snapshot, user
from ..builders.statements import allow, deny, document, trusting
from ..rules import rule

ANA = arn_of("ana")
BUCKET = "arn:aws:s3:::b"
TOPIC = f"arn:aws:sns:eu-west-1:{ID}:orders"


def world(*statements: Any, resources: tuple[Resource, ...] = (), trust: Any = None) -> Evaluator:
    """Account ID: ana with one policy, ben without any, a role that can be trusted."""
    base = snapshot(account(user("ana", document(*statements)), user("ben"), role("target", trust=trust)))
    return Evaluator(Snapshot.model_validate({**dict(base), "resources": resources}), now=lambda: NOW)


def ask(capture: Evaluator, action: str, resource: str, context: Any, principal: str = ANA) -> EvaluationResult:
    return capture.can(Request(principal, action, resource, context, resource_account=ID))


def codes(answer: EvaluationResult) -> set[str]:
    return {note.code for note in answer.assumptions}


@rule("J1", "J4")
def test_a_key_that_the_action_does_not_take_is_absent_even_if_it_is_typed() -> None:
    capture = world(allow("s3:*", "*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))
    typed = {"iam:PassedToService": "ec2.amazonaws.com"}
    answer = ask(capture, "s3:GetObject", f"{BUCKET}/k", typed)
    assert answer.decision == "implicitDeny"
    assert "context-key-not-taken" in codes(answer)
    assert any("iam:PassedToService" in note.message for note in answer.assumptions)
    passing = world(allow("iam:PassRole", "*", {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))
    answer = ask(passing, "iam:PassRole", role_arn("target"), typed)
    assert answer.decision == "allowed"
    assert "context-key-not-taken" not in codes(answer)


@rule("J1")
def test_all_ways_of_asking_agree_on_keys_that_do_not_count() -> None:
    capture = world(
        allow("s3:*"), deny("s3:*", "*", {"StringEqualsIfExists": {"ec2:InstanceType": "t3.micro"}})
    )  # denied: the key is absent, whatever is typed
    context = {"ec2:InstanceType": "m5.large"}
    request = Request(ANA, "s3:ListAllMyBuckets", context=context)
    assert capture.can(request).decision == "explicitDeny"
    assert capture.decide(request) == "explicitDeny"
    assert {row.principal: row.decision for row in capture.who_can(action=request.action, resource="*", context=context)
            }.get(ANA) is None  # fmt: skip


@rule("J1", "K1")
@pytest.mark.parametrize("key", ["aws:KeyOfTomorrow", "s3:KeyOfTomorrow"])
def test_a_key_that_no_service_lists_may_be_in_a_request(key: str) -> None:
    """AWS adds keys faster than its lists reach anybody."""
    capture = world(allow("s3:*"), deny("s3:*", "*", {"StringNotEquals": {key: "x"}}))
    answer = ask(capture, "s3:GetObject", f"{BUCKET}/k", {})
    assert answer.decision == "conditional"
    assert answer.missing_context_values == (key,)
    assert "context-key-unknown" not in codes(answer)
    answer = ask(capture, "s3:GetObject", f"{BUCKET}/k", {key: "x"})
    assert answer.decision == "allowed"
    message = next(note.message for note in answer.assumptions if note.code == "context-key-unknown")
    assert message.startswith(f"The condition key {key} is not in AWS's lists of ")
    listed = world(allow("s3:*"), deny("s3:*", "*", {"StringNotEquals": {"ec2:InstanceType": "x"}}))
    assert ask(listed, "s3:GetObject", f"{BUCKET}/k", {}).decision == "explicitDeny"


@rule("J1")
def test_a_key_that_is_listed_and_that_no_action_is_listed_to_take_counts() -> None:
    """Amazon States Language guide, "Call HTTPS APIs": a policy with ``states:HTTPEndpoint``."""
    endpoint = {"StringEquals": {"states:HTTPEndpoint": "https://api.stripe.com/v1/invoices"}}
    capture = world(allow("states:*", "*", endpoint))
    machine = f"arn:aws:states:eu-west-1:{ID}:stateMachine:m"
    answer = ask(capture, "states:InvokeHTTPEndpoint", machine, {})
    assert (answer.decision, answer.missing_context_values) == ("conditional", ("states:HTTPEndpoint",))
    typed = {"states:HTTPEndpoint": "https://api.stripe.com/v1/invoices"}
    assert ask(capture, "states:InvokeHTTPEndpoint", machine, typed).decision == "allowed"


@rule("J1")
def test_a_key_that_is_said_to_be_absent_needs_no_word() -> None:
    answer = ask(world(allow()), "s3:GetObject", f"{BUCKET}/k", {"iam:PassedToService": None})
    assert "context-key-not-taken" not in codes(answer)


@rule("J1")
def test_actions_that_the_reference_does_not_know_take_every_key() -> None:
    capture = world(allow("s3:*", "*", {"StringEquals": {"s3:NewKey": "x"}}))
    asked = Request(ANA, "s3:NotYetKnown", f"{BUCKET}/k", {"s3:NewKey": "x"}, resource_account=ID, unknown_action=True)
    answer = capture.can(asked)
    assert answer.decision == "allowed"


@rule("G12")
@pytest.mark.parametrize("address", ["10.1.2.3", "172.31.0.1", "192.168.1.1", "fd00::1"])
def test_private_addresses_never_match_the_public_one(address: str) -> None:
    networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
    key = {"aws:SourceIp": networks}
    capture = world(allow("s3:*", "*", {"IpAddress": key}), deny("s3:PutObject", "*", {"NotIpAddress": key}))
    answer = ask(capture, "s3:GetObject", f"{BUCKET}/k", {"aws:SourceIp": address})
    assert answer.decision == "implicitDeny"
    assert "source-ip-private" in codes(answer)
    assert ask(capture, "s3:PutObject", f"{BUCKET}/k", {"aws:SourceIp": address}).decision == "explicitDeny"
    unknown = ask(capture, "s3:GetObject", f"{BUCKET}/k", {})
    assert unknown.decision == "implicitDeny", "no address of a request is in these networks"
    through_endpoint = world(allow("s3:*", "*", {"IpAddress": {"aws:VpcSourceIp": networks}}))
    answer = ask(through_endpoint, "s3:GetObject", f"{BUCKET}/k", {"aws:VpcSourceIp": address})
    assert answer.decision == "allowed"
    assert "source-ip-private" not in codes(answer)


@rule("G12")
def test_a_network_wider_than_the_private_ones_is_met_by_public_addresses() -> None:
    capture = world(allow("s3:*", "*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}}))
    answer = ask(capture, "s3:GetObject", f"{BUCKET}/k", {})
    assert answer.decision == "conditional"
    assert all(str(one["aws:SourceIp"]).startswith("11.") for one in answer.conditions)


SESSION = f"arn:aws:sts::{OTHER_ID}:assumed-role/deploy/ci"


@rule("E3", "J2")
@pytest.mark.parametrize(
    ("pattern", "decision"),
    [
        (f"arn:aws:iam::{OTHER_ID}:role/deploy", "conditional"),
        (f"arn:aws:iam::{OTHER_ID}:role/app/deploy", "conditional"),
        (f"arn:aws:iam::{OTHER_ID}:role/app/*", "conditional"),
        (f"arn:aws:iam::{OTHER_ID}:role/*", "allowed"),
        (f"arn:aws:iam::{OTHER_ID}:role/*deploy", "allowed"),
        (f"arn:aws:iam::{OTHER_ID}:role/other", "implicitDeny"),
        (f"arn:aws:iam::{ID}:role/*", "implicitDeny"),
    ],
)
def test_the_path_of_a_role_outside_the_snapshot_is_not_known(pattern: str, decision: str) -> None:
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": pattern}},
    }  # fmt: skip
    bucket = Resource(arn=BUCKET, account_id=ID, policy=document(statement))
    request = Request(SESSION, "s3:GetObject", f"{BUCKET}/k", resource_account=ID, is_of_resource=True)
    answer = world(resources=(bucket,)).can(request)
    assert answer.decision == decision


@rule("E3", "J2")
def test_the_path_of_a_role_of_the_snapshot_is_known_from_its_sessions() -> None:
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/app/deploy"}}
    base = snapshot(account(role("deploy", document(allow("s3:*", "*", condition)), path="/app/")))
    session = f"arn:aws:sts::{ID}:assumed-role/deploy/ci"
    assert ask(Evaluator(base, now=lambda: NOW), "s3:GetObject", f"{BUCKET}/k", {}, session).decision == "allowed"


@rule("J2")
def test_tags_of_users_outside_the_snapshot_are_not_known() -> None:
    trust = trusting({"AWS": OTHER_ID}, "sts:AssumeRole", {"StringEquals": {"aws:PrincipalTag/team": "red"}})
    outsider = arn_of("zoe", OTHER_ID)
    answer = world(trust=trust).can(Request(outsider, "sts:AssumeRole", role_arn("target")))
    assert answer.decision == "conditional"
    assert answer.conditions == ({"aws:PrincipalTag/team": "red"},)


@rule("J1", "J2")
def test_the_owner_in_the_default_policy_of_topics_is_not_known() -> None:
    """Every topic is made with it: AWS fills the key in, and its list of global keys does not have it any more."""
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SNS:Publish", "Resource": TOPIC,
        "Condition": {"StringEquals": {"AWS:SourceOwner": ID}},
    }  # fmt: skip
    capture = world(resources=(Resource(arn=TOPIC, account_id=ID, policy=document(statement)),))
    answer = ask(capture, "sns:Publish", TOPIC, {}, arn_of("ben"))
    assert answer.decision == "conditional"
    assert answer.conditions == ({"AWS:SourceOwner": ID},)
    for outsider in (arn_of("zoe", OTHER_ID), "anonymous"):  # whatever it is of theirs, it is not the topic's account
        assert ask(capture, "sns:Publish", TOPIC, {}, outsider).decision == "implicitDeny"


@rule("I11", "J1")
def test_a_request_straight_to_a_bucket_has_no_key_of_an_access_point() -> None:
    """A bucket that leaves its access to access points lets nobody list uploads who asks the bucket itself."""
    statement = {
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": BUCKET,
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ID}},
    }  # fmt: skip
    capture = world(resources=(Resource(arn=BUCKET, account_id=ID, policy=document(statement)),))
    for action in ("s3:ListBucketMultipartUploads", "s3:ListBucket"):
        assert ask(capture, action, BUCKET, {}, arn_of("zoe", OTHER_ID)).decision == "implicitDeny"


@rule("J4")
@pytest.mark.parametrize("key", ["aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"])
def test_a_request_that_a_service_made_for_the_caller_came_through_a_service(key: str) -> None:
    capture = world(allow("s3:GetObject", "*", {"Bool": {"aws:ViaAWSService": "true"}}))
    through: dict[str, str | None] = {key: "athena.amazonaws.com"}
    assert ask(capture, "s3:GetObject", f"{BUCKET}/k", through).decision == "allowed"
    assert ask(capture, "s3:GetObject", f"{BUCKET}/k", {key: None}).decision == "implicitDeny"
    contradiction = Request(ANA, "s3:GetObject", f"{BUCKET}/k", {**through, "aws:ViaAWSService": "false"})
    assert capture.explained(contradiction).decision != "allowed"
    with pytest.raises(RequestError):
        capture.can(contradiction)


@rule("G12")
def test_a_private_range_of_addresses_does_not_make_a_policy_depend_on_the_address() -> None:
    office = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.1.0/24"]}}
    answer = ask(world(allow("s3:GetObject", "*", office)), "s3:GetObject", f"{BUCKET}/k", {})
    [identity] = [layer for layer in answer.layers if layer.layer == "identity"]
    assert (answer.decision, identity.decision) == ("implicitDeny", "implicitDeny")
    both = {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}
    assert ask(world(allow("s3:GetObject", "*", both)), "s3:GetObject", f"{BUCKET}/k", {}).decision == "conditional"
    outside = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    assert ask(world(allow("s3:GetObject", "*", outside)), "s3:GetObject", f"{BUCKET}/k", {}).decision == "allowed"
