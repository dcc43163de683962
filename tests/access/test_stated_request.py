"""Requests as users state them: what AWS never evaluates is refused, or put right with a remark."""

from collections.abc import Mapping

import pytest

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.evaluate.request import CaseError
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import result_text
from iamdesk.resource_files import resources
from iamdesk.simulate.test_cases import evaluate_case

ACCOUNT = "111122223333"
ELENA = f"arn:aws:iam::{ACCOUNT}:user/engineering/elena.petrov"
REPORTING = f"arn:aws:iam::{ACCOUNT}:role/service/reporting"
BUCKET = "arn:aws:s3:::acme-payroll"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_snapshot(resources() / "samples" / "acme-prod.json"))


@pytest.fixture
def can(evaluator: Evaluator):
    def ask(
        action: str, resource: str, principal: str = ELENA, context: Mapping[str, str] | None = None, **more: object
    ) -> EvaluationResult:
        return evaluator.can(Request(principal, action, resource, context or {}, **more))

    return ask


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("s3:GetObjct", "s3:GetObject"),
        ("s3:getobjects", "s3:GetObject"),
        ("ec2:DescribeInstance", "ec2:DescribeInstances"),
        ("lamda:InvokeFunction", "lambda:InvokeFunction"),
        ("iam:CreateUsr", "iam:CreateUser"),
    ],
)
def test_an_unknown_action_is_refused_with_the_nearest_name(can, action: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"^Unknown action: {action} is not in .* Did you mean {meant}\\?"):
        can(action, "*")


def test_an_unknown_action_can_be_evaluated_all_the_same(can) -> None:
    result = can("s3:FrobnicateObject", f"{BUCKET}/x", unknown_action=True)
    assert "action-unknown" in [one.code for one in result.assumptions]


@pytest.mark.parametrize(
    ("action", "resource", "as_action", "as_resource"),
    [
        ("s3:GetObject", BUCKET, "s3:GetObject", f"{BUCKET}/*"),
        ("s3:ListBucket", f"{BUCKET}/a/b.csv", "s3:ListBucket", BUCKET),
        ("s3:ListObjectsV2", BUCKET, "s3:ListBucket", BUCKET),
        ("s3:CopyObject", f"{BUCKET}/x", "s3:PutObject", f"{BUCKET}/x"),
        ("lambda:Invoke", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f", "lambda:InvokeFunction", None),
        ("sts:AssumeRole", f"arn:aws:sts::{ACCOUNT}:assumed-role/reporting/me", "sts:AssumeRole", REPORTING),
        ("iam:GetRole", "AROARTX3GSDS2MQWU7P2P", "iam:GetRole", REPORTING),
        ("iam:ListUsers", ELENA, "iam:ListUsers", "*"),
        ("s3:GetObject", f"{BUCKET}/a ", "s3:GetObject", None),
    ],
)
def test_what_is_plainly_meant_is_evaluated_and_said_first(
    can, action: str, resource: str, as_action: str, as_resource: str | None
) -> None:
    result = can(action, resource)
    assert (result.request.action, result.request.resource) == (as_action, as_resource or resource)
    assert result.request.remarks
    assert result_text(result, "x.json").splitlines()[0] == result.request.remarks[0]
    assert next(iter(to_evaluation_result(result))) == "Remarks"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", QUEUE),
        ("iam:CreateUser", REPORTING),
        ("sqs:SendMessage", BUCKET),
        ("kms:Decrypt", BUCKET),
        ("iam:PassRole", ELENA),
        ("lambda:InvokeFunction", QUEUE),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1111:orders"),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:ACCOUNT:orders"),
        ("iam:GetRole", "AROAAAAAAAAAAAAAAAAAA"),
    ],
)
def test_a_resource_that_the_action_does_not_take_is_refused(can, action: str, resource: str) -> None:
    with pytest.raises(RequestError):
        can(action, resource)


def test_a_principal_may_be_named_by_its_unique_id_or_is_refused(can) -> None:
    assert can("s3:ListAllMyBuckets", "*", "AROARTX3GSDS2MQWU7P2P").request.principal == REPORTING
    for principal in ("arn:aws:iam::1234:user/x", "arn:aws:iam::12345678901x:role/x", "AIDAAAAAAAAAAAAAAAAAA"):
        with pytest.raises(RequestError):
            can("s3:ListAllMyBuckets", "*", principal)


def test_an_owner_that_contradicts_the_resource_is_refused(can) -> None:
    with pytest.raises(RequestError, match=f"belongs to account {ACCOUNT}, not to 444455556666"):
        can("sqs:SendMessage", QUEUE, resource_account="444455556666")
    can("sqs:SendMessage", QUEUE, resource_account=ACCOUNT)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SecureTransport", "maybe"),
        ("aws:SourceIp", "office"),
        ("aws:CurrentTime", "tomorrow"),
        ("s3:max-keys", "many"),
        ("aws:PrincipalArn", REPORTING),
        ("aws:PrincipalTag/team", "another"),
        ("aws:SourceArn", "arn:aws:sns:eu-west-1:111122223333:t"),
        ("aws:username", "mallory"),
    ],
)
def test_a_context_that_cannot_be_is_refused(can, key: str, value: str) -> None:
    with pytest.raises(RequestError, match=key):
        can("s3:ListBucket", BUCKET, context={key: value})


def test_a_context_that_can_be_is_used(can) -> None:
    can("s3:ListBucket", BUCKET, context={"aws:PrincipalArn": ELENA, "aws:SecureTransport": "true"})


def test_who_can_refuses_and_says_the_same(evaluator: Evaluator) -> None:
    with pytest.raises(RequestError, match="Did you mean s3:GetObject"):
        list(evaluator.who_can(action="s3:GetObjct", resource=f"{BUCKET}/x"))
    row = next(evaluator.who_can(action="s3:GetObject", resource=BUCKET))
    assert row.request.resource == f"{BUCKET}/*"
    assert row.explanation.request.remarks


def test_what_can_refuses_an_account_that_cannot_be(evaluator: Evaluator) -> None:
    with pytest.raises(RequestError, match="12 digits"):
        evaluator.what_can(ELENA, resource="arn:aws:sqs:eu-west-1:12:orders")


def test_a_self_contained_case_is_an_error_unless_its_author_states_the_decision() -> None:
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    case = {
        "principal": "arn:aws:iam::111122223333:user/ana",
        "action": "s3:GetObjct",
        "resource": f"{BUCKET}/x",
        "identity_policies": [{"name": "p", "document": allow}],
    }
    with pytest.raises(CaseError, match="Did you mean s3:GetObject"):
        evaluate_case(case)
    assert evaluate_case(case, unknown_action=True).decision is EvalDecision.ALLOWED
    assert evaluate_case({**case, "expected": "allowed"}).decision is EvalDecision.ALLOWED
