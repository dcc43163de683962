"""What an answer to a self-contained case takes for granted: what the case does not say, and the other reading."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case

from ..builders.statements import document
from ..rules import rule

ACCOUNT, OTHER = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{ACCOUNT}:user/ana", f"arn:aws:iam::{ACCOUNT}:role/deploy"
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/report.csv"
POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/ap/object/report.csv"
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def answer(*identity: Any, policy: Any = None, **case: Any) -> EvaluationResult:
    asked = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT, "resource_account": ACCOUNT, **case}
    documents = [{"name": "p", "document": document(*identity)}]
    return evaluate_case({**asked, "identity_policies": documents, "resource_policy": policy})


def notes(told: EvaluationResult) -> dict[str, str | None]:
    return {note.code: None if note.other_decision is None else note.other_decision.value for note in told.assumptions}


@rule("D4")
def test_an_owner_that_is_not_given_is_taken_to_be_the_caller() -> None:
    assert notes(answer(FULL, resource_account=None)) == {"owner-unknown": "implicitDeny"}
    assert notes(answer(FULL)) == {}
    assert notes(answer(resource_account=None)) == {}, "another owner would not let it through either"
    queue = f"arn:aws:sqs:eu-west-1:{OTHER}:q"
    assert notes(answer(FULL, action="sqs:SendMessage", resource=queue, resource_account=None)) == {}


@rule("I11")
def test_the_bucket_behind_an_access_point_is_taken_to_allow() -> None:
    assert notes(answer(FULL, resource=POINT)) == {"access-point-bucket-unknown": None}
    assert notes(answer(resource=POINT)) == {}, "what the access point refuses, no bucket lets through"
    assert notes(answer(FULL, action="s3:GetAccessPointPolicy", resource=POINT.partition("/object")[0])) == {}


def to_user(resource: str) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": {"AWS": ZOE}, "Action": "s3:*", "Resource": resource})


ZOE = f"arn:aws:iam::{OTHER}:user/zoe"
DELEGATING = document(
    {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": OBJECT,
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": ACCOUNT}},
    }
)
CLOSED = document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})


@rule("I11")
@pytest.mark.parametrize(
    ("on_point", "on_bucket", "expected"),
    [
        (to_user(POINT), DELEGATING, "allowed"),
        (to_user(POINT), to_user(OBJECT), "allowed"),
        (to_user(POINT), None, "implicitDeny"),
        (to_user(POINT), CLOSED, "explicitDeny"),
        (None, DELEGATING, "implicitDeny"),
        (CLOSED, DELEGATING, "explicitDeny"),
        (to_user(POINT), to_user(POINT), "implicitDeny"),
    ],
)
def test_a_bucket_that_is_given_behind_an_access_point_has_to_allow_too(
    on_point: Any, on_bucket: Any, expected: str
) -> None:
    bucket = {"name": "amzn-s3-demo-bucket", "resource_account": ACCOUNT, "resource_policy": on_bucket}
    told = answer(
        FULL,
        principal=ZOE,
        resource=POINT,
        policy=on_point,
        access_point_bucket=bucket,
        context={"s3:DataAccessPointAccount": ACCOUNT},
    )
    assert told.decision == expected
    assert notes(told) == {}


@rule("I11", "B7")
def test_the_bucket_behind_an_access_point_has_an_owner_and_rcps_of_its_own() -> None:
    bucket = {"name": "amzn-s3-demo-bucket", "resource_account": ACCOUNT}
    assert answer(FULL, resource=POINT, access_point_bucket=bucket).decision == "allowed"
    assert notes(answer(FULL, resource=POINT, access_point_bucket={"name": "b"})) == {"owner-unknown": "implicitDeny"}
    assert answer(FULL, resource=POINT, access_point_bucket={**bucket, "resource_account": OTHER}).decision == (
        "implicitDeny"
    )
    closed = [[{"name": "r", "document": CLOSED}]]
    assert answer(FULL, resource=POINT, access_point_bucket={**bucket, "rcps": closed}).decision == "explicitDeny"
    assert answer(FULL, resource=POINT, access_point_bucket=bucket, rcps=closed).decision == "explicitDeny"
    assert answer(FULL, access_point_bucket={**bucket, "rcps": closed}).decision == "allowed", "straight to the bucket"
    with pytest.raises(CaseError):
        answer(FULL, resource=POINT, access_point_bucket="b")


@rule("I2")
def test_a_trust_policy_beside_an_action_of_iam_is_told_not_to_count() -> None:
    trust = document({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "*"})
    told = answer(action="iam:GetRole", resource=ROLE, policy=trust)
    assert (told.decision, notes(told)) == ("implicitDeny", {"resource-policy-not-used": None})
    assert answer(action="sts:AssumeRole", resource=ROLE, policy=trust).decision == "allowed"


@rule("I1")
@pytest.mark.parametrize("action", ["kms:ListKeys", "s3:ListAllMyBuckets"])
def test_a_policy_beside_an_action_without_resource_is_told_not_to_count(action: str) -> None:
    closed = document({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})
    told = answer(FULL, action=action, resource="*", policy=closed)
    assert (told.decision, notes(told)) == ("allowed", {"resource-policy-not-used": None})


@rule("G14", "K9")
@pytest.mark.parametrize(
    ("operator", "other"),
    [
        ("ForAllValues:StringNotLike", "implicitDeny"),
        ("ForAllValues:StringNotEquals", None),
        ("ForAllValues:StringLike", None),
    ],
)
def test_one_negated_operator_behind_for_all_values_is_disputed(operator: str, other: str | None) -> None:
    told = answer({**FULL, "Condition": {operator: {"aws:TagKeys": "secret"}}})
    assert told.decision == "allowed"
    assert notes(told).get("pages-disagree") == other


@rule("H2", "K9")
def test_a_variable_under_bool_is_disputed() -> None:
    condition = {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/secure}"}}
    context = {"aws:SecureTransport": "true", "aws:PrincipalTag/secure": "true"}
    told = answer({**FULL, "Condition": condition}, context=context)
    assert (told.decision, notes(told)) == ("implicitDeny", {"pages-disagree": "allowed"})
    context["aws:PrincipalTag/secure"] = "false"
    assert notes(answer({**FULL, "Condition": condition}, context=context)) == {}, "filled, it does not match either"
    told = answer({**FULL, "Condition": condition}, context={"aws:SecureTransport": "true"})
    assert notes(told) == {}, "without the tag there is nothing to fill in"


@rule("F1", "F4", "K9")
@pytest.mark.parametrize(
    ("statements", "decision", "other"),
    [
        ([{**FULL, "Action": "*:*"}], "implicitDeny", "allowed"),
        ([{**FULL, "Action": "s?:Get*"}], "implicitDeny", "allowed"),
        ([{**FULL, "Action": "*:Put*"}], "implicitDeny", None),
        ([{**FULL, "Action": "ec*:*"}], "implicitDeny", None),
        ([FULL, {**FULL, "Effect": "Deny", "Action": "*:*"}], "allowed", "explicitDeny"),
        ([{"Effect": "Allow", "NotAction": "*:*", "Resource": "*"}], "allowed", "implicitDeny"),
        ([{**FULL, "Resource": "arn:aws:*:::amzn-s3-demo-bucket/*"}], "implicitDeny", "allowed"),
        ([{**FULL, "Resource": "arn:aws:*:::other/*"}], "implicitDeny", None),
        ([FULL, {**FULL, "Resource": "arn:aws:*:::amzn-s3-demo-bucket/*"}], "allowed", None),
    ],
)
def test_a_wildcard_in_the_service_is_told_where_it_could_matter(
    statements: list[Any], decision: str, other: str | None
) -> None:
    """The grammar has none there, and yet there are such policies: what AWS makes of them, no page says."""
    told = answer(*statements)
    assert (told.decision, notes(told).get("pages-disagree")) == (decision, other)


@rule("E6", "K9")
def test_a_role_that_is_spared_may_have_sessions_that_are_not() -> None:
    spared = {"Effect": "Deny", "NotPrincipal": {"AWS": [ROLE, ACCOUNT]}, "Action": "*", "Resource": "*"}
    told = answer(FULL, principal=ROLE, policy=document(spared))
    assert (told.decision, notes(told)) == ("allowed", {"pages-disagree": "explicitDeny"})
    elsewhere = {**spared, "Resource": "arn:aws:s3:::other"}
    assert notes(answer(FULL, principal=ROLE, policy=document(elsewhere))) == {}
    everyone = {**spared, "NotPrincipal": {"AWS": "*"}}
    assert notes(answer(FULL, principal=ROLE, policy=document(everyone))) == {}


@rule("E5", "A4")
def test_the_policy_that_cannot_lock_the_root_user_out_is_told_so() -> None:
    locked = document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    root = f"arn:aws:iam::{ACCOUNT}:root"
    told = answer(principal=root, action="s3:PutBucketPolicy", resource="arn:aws:s3:::b", policy=locked)
    assert told.decision == "allowed"
    line = next(line for line in told.layers if line.layer == "resource")
    assert line.sentence == "cannot deny the owner's root user"


@rule("L3")
@pytest.mark.parametrize("written", [json.dumps, lambda one: quote(json.dumps(one))])
def test_a_document_may_be_the_text_that_aws_prints(written: Callable[[Any], str]) -> None:
    case = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT, "resource_account": ACCOUNT}
    own = [{"name": "p", "document": written(document(FULL))}]
    assert evaluate_case({**case, "identity_policies": own}).decision == "allowed"
    closed = document({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"})
    told = evaluate_case({**case, "identity_policies": own, "resource_policy": written(closed)})
    assert told.decision == "explicitDeny"
    broken = [{"name": "p", "document": "no JSON"}]
    assert "policy-malformed" in notes(evaluate_case({**case, "identity_policies": broken}))


@rule("K3", "G16")
def test_a_pattern_for_everything_fails_where_a_key_may_have_several_values() -> None:
    """Absent it holds, with one value too; with several, no set operator, it does not."""
    own = [{"name": "p", "document": document({**FULL, "Condition": {"StringLikeIfExists": {"aws:TagKeys": "*"}}})}]
    case: dict[str, Any] = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT}
    case |= {"resource_account": ACCOUNT, "identity_policies": own}
    assert evaluate_case(case, MissingContextMode.UNKNOWN).decision == "conditional"
    own[0]["document"] = document({**FULL, "Condition": {"StringLikeIfExists": {"aws:username": "*"}}})
    assert evaluate_case(case, MissingContextMode.UNKNOWN).decision == "allowed"


@rule("J1", "J2", "K3")
@pytest.mark.parametrize(
    ("action", "resource", "condition", "expected"),
    [
        ("s3:GetObject", OBJECT, {"StringEquals": {"s3:prefix": "x"}}, "implicitDeny"),
        ("s3:GetObject", OBJECT, {"Null": {"aws:CurrentTime": "true"}}, "implicitDeny"),
        ("s3:GetObject", OBJECT, {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, "allowed"),
        ("iam:GetUser", USER, {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, "allowed"),
        ("s3:GetObject", OBJECT, {"StringEquals": {"aws:PrincipalTag/a": "x"}}, "conditional"),
    ],
)
def test_keys_that_cannot_vary_are_no_question(action: str, resource: str, condition: Any, expected: str) -> None:
    own = [{"name": "p", "document": document({**FULL, "Condition": condition})}]
    case: dict[str, Any] = {"principal": USER, "action": action, "resource": resource}
    case |= {"resource_account": ACCOUNT, "identity_policies": own}
    answer = evaluate_case(case, MissingContextMode.UNKNOWN)
    assert answer.decision == expected
    assert not any("CurrentTime" in key for key in answer.missing_context_values)
    is_about_now = "DateGreaterThan" in condition
    assert ("time-assumed" in [note.code for note in answer.assumptions]) == is_about_now
    role = case | {"principal": f"arn:aws:iam::{ACCOUNT}:role/r"}
    own[0]["document"] = document({**FULL, "Condition": {"Null": {"aws:TokenIssueTime": "false"}}})
    assert evaluate_case(role, MissingContextMode.UNKNOWN).decision == "allowed"
