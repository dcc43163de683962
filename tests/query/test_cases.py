"""What an answer to a self-contained case takes for granted: what the case does not say, and the other reading."""

from typing import Any

import pytest

from iamdesk.explain.decision import Decision
from iamdesk.query.cases import evaluate_case

from ..rules import rule

ACCOUNT, OTHER = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{ACCOUNT}:user/ana", f"arn:aws:iam::{ACCOUNT}:role/deploy"
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/report.csv"
POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/ap/object/report.csv"
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def answer(*identity: Any, policy: Any = None, **case: Any) -> Decision:
    asked = {"principal": USER, "action": "s3:GetObject", "resource": OBJECT, "resource_account": ACCOUNT, **case}
    documents = [{"name": "p", "document": document(*identity)}]
    return evaluate_case({**asked, "identity_policies": documents, "resource_policy": policy})


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def notes(told: Decision) -> dict[str, str | None]:
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


@rule("I2")
def test_a_trust_policy_beside_an_action_of_iam_is_told_not_to_count() -> None:
    trust = document({"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "*"})
    told = answer(action="iam:GetRole", resource=ROLE, policy=trust)
    assert (told.decision, notes(told)) == ("implicitDeny", {"resource-policy-not-used": None})
    assert answer(action="sts:AssumeRole", resource=ROLE, policy=trust).decision == "allowed"


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
    assert line.sentence == "cannot lock the owner's root user out"
