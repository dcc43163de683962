"""Requests as users state them: what AWS never evaluates is refused, or put right with a remark."""

from collections.abc import Mapping

import pytest

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.api import Workbench
from iamdesk.evaluate.request import CaseError, MissingContextMode
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.decision.text_file import result_text
from iamdesk.resource_files import resources
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.use_cases.evaluate import evaluate_use_case
from iamdesk.use_cases.types import UseCaseRequest

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
        ("apigateway:GetRestApi", "apigateway:GET"),
        ("apigateway:UpdateStage", "apigateway:PATCH"),
        ("apigateway:deleteapikey", "apigateway:DELETE"),
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
        ("aws:SourceIdentity", "elena"),
        ("aws:FederatedProvider", "accounts.google.com"),
        ("lambda:SourceFunctionArn", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:mailer"),
        ("ec2:SourceInstanceArn", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"),
        ("accounts.google.com:aud", "app"),
        ("aws:PrincipalServiceName", "sns.amazonaws.com"),
        ("aws:AssumedRoot", "true"),
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


def test_a_session_policy_that_aws_refuses_makes_no_test_case() -> None:
    passed = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    case = {
        "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci",
        "action": "s3:GetObject",
        "resource": f"{BUCKET}/x",
        "session_policies": [{"name": "passed", "document": passed}],
    }
    Workbench().evaluate_case(case, MissingContextMode.ABSENT)
    passed["Statement"][0]["Condition"] = {"StringEqualz": {"aws:username": "ana"}}
    with pytest.raises(CaseError, match=r"AWS makes no session with the session policy passed: .*StringEqualz"):
        Workbench().evaluate_case(case, MissingContextMode.ABSENT)


@pytest.mark.parametrize(
    ("action", "stated", "meant"),
    [
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:{}:{}", "key/"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:{}:{}", "table/"),
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:{}:{}", "function:"),
        ("iam:PassRole", "arn:aws:iam::{}:{}", "role/"),
    ],
)
def test_a_name_without_its_type_is_read_with_it_and_that_is_said_first(
    can, action: str, stated: str, meant: str
) -> None:
    result = can(action, stated.format(ACCOUNT, "orders"), REPORTING)
    assert result.request.resource == stated.format(ACCOUNT, f"{meant}orders")
    assert result.request.remarks[0].startswith(f"{action} does not act on {stated.format(ACCOUNT, 'orders')}.")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:tables/orders"),
        ("ec2:StartInstances", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:i-0123456789abcdef0"),
    ],
)
def test_an_arn_of_no_type_of_the_action_is_refused(can, action: str, resource: str) -> None:
    with pytest.raises(RequestError, match="is not one of them"):
        can(action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [("iam:PassRole", "arn:aws:iam::*:role/x"), ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:11112222*:orders")],
)
def test_the_account_of_a_resource_is_no_pattern(can, action: str, resource: str) -> None:
    with pytest.raises(RequestError, match="does not say which account: specify its account ID"):
        can(action, resource)


BOOT = f"arn:aws:iam::{ACCOUNT}:user/acme-bootstrap"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"arn:aws:s3::{ACCOUNT}:acme-payroll/a"),
        ("s3:GetObject", "arn:aws:s3:eu-west-1::acme-payroll/a"),
        ("lambda:InvokeFunction", f"arn:aws:lambda::{ACCOUNT}:function:report"),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:root"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:root"),
        ("route53:ChangeResourceRecordSets", f"arn:aws:route53::{ACCOUNT}:hostedzone/Z0123456789ABC"),
        ("cloudfront:CreateInvalidation", f"arn:aws:cloudfront:us-east-1:{ACCOUNT}:distribution/E123"),
        ("s3:GetObject", "arn:foo:s3:::acme-payroll/a"),
    ],
)
def test_an_arn_of_no_resource_is_refused(can, action: str, resource: str) -> None:
    with pytest.raises(RequestError):
        can(action, resource, BOOT)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::/a"),
        ("s3:ListBucket", "arn:aws:s3:::Acme Payroll!"),
        ("s3:GetObject", "arn:aws:s3:::${BucketName}/a"),
        ("s3:GetObject", "arn:aws:s3:::<bucket>/a"),
        ("s3:GetObject", f"{BUCKET}/a,{BUCKET}/b"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:REGION:{ACCOUNT}:function:report"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1a:{ACCOUNT}:function:report"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:europe-west1:{ACCOUNT}:function:report"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:<name>"),
        ("lambda:CreateFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report:7"),
        ("dynamodb:PutItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders/index/byDate"),
        ("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts:6b0e71bd-7e97-4d97-80ce-4a0994e55286"),
        ("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic/alerts"),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/alias/app"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/app:latest"),
    ],
)
def test_a_resource_that_cannot_exist_is_refused(can, action: str, resource: str) -> None:
    with pytest.raises(RequestError):
        can(action, resource, BOOT)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report:7"),
        ("dynamodb:Query", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders/index/byDate"),
        ("s3:GetObject", "arn:aws:s3:::Legacy_Bucket/${user}/<x>"),
        ("s3:GetObject", "arn:aws:s3:::acme-*/a"),
        ("ssm:GetDocument", "arn:aws:ssm:us-east-1::document/AWS-RunShellScript"),
        ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*"),
        ("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:endpoint/GCM/app/6b0e71bd-7e97-4d97-80ce-4a0994e55286"),
        ("sqs:SendMessage", f"arn:aws:sqs:*:{ACCOUNT}:orders.fifo"),
    ],
)
def test_a_resource_that_can_exist_is_evaluated(can, action: str, resource: str) -> None:
    assert can(action, resource, BOOT).request.resource == resource


def test_a_wrong_arn_is_refused_wherever_it_is_entered(evaluator: Evaluator) -> None:
    wrong = f"arn:aws:s3::{ACCOUNT}:acme-payroll/a"
    with pytest.raises(RequestError, match="the form for object is"):
        list(evaluator.who_can(action="s3:GetObject", resource=wrong))
    with pytest.raises(RequestError, match="the form for object is"):
        evaluator.what_can(BOOT, resource=wrong)
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report"
    asked = Request(BOOT, "create-function", function)
    with pytest.raises(RequestError, match="iam:PassRole"):
        evaluate_use_case(
            evaluator, UseCaseRequest(asked, inputs={"role": f"arn:aws:iam::{ACCOUNT}:instance-profile/x"})
        )


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SourceIp": "203.0.113.20", "aws:SourceVpce": "vpce-0123456789abcdef0"}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SourceVpce": "myendpoint"}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SourceVpc": "default"}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SourceIp": ["203.0.113.20", "203.0.113.21"]}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SecureTransport": ["true", "false"]}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:SecureTransport": None}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:MultiFactorAuthAge": "-5"}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "5"}),
        ("s3:GetObject", f"{BUCKET}/a", {"aws:ViaAWSService": "false", "aws:CalledVia": "athena.amazonaws.com"}),
        ("ec2:DescribeInstances", "*", {"aws:RequestedRegion": "moon"}),
        ("sqs:SendMessage", QUEUE, {"aws:RequestedRegion": "us-east-1"}),
        ("sqs:SendMessage", QUEUE, {"aws:ResourceAccount": "999999999999"}),
        (
            "iam:CreateAccessKey",
            f"arn:aws:iam::{ACCOUNT}:user/engineering/ana.moreno",
            {"aws:ResourceTag/team": "checkout"},
        ),
    ],
)
def test_a_context_of_no_request_is_refused(can, action: str, resource: str, context: Mapping[str, str]) -> None:
    with pytest.raises(RequestError):
        can(action, resource, BOOT, context)


def test_a_list_of_all_principals_takes_no_key_of_one(evaluator: Evaluator) -> None:
    with pytest.raises(RequestError, match="aws:PrincipalArn is different"):
        list(evaluator.who_can(action="s3:GetObject", resource=f"{BUCKET}/x", context={"aws:PrincipalArn": BOOT}))


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        ("lamda.amazonaws.com", "Did you mean lambda.amazonaws.com"),
        ("lambda.amazon.com", "Did you mean lambda.amazonaws.com"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/reporting/my session", "my session"),
        ("arn:foo:iam::111122223333:user/x", "no partition `foo`"),
    ],
)
def test_a_caller_that_cannot_exist_is_refused(can, principal: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        can("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/public-status-page", principal)


def test_without_a_resource_the_account_is_the_callers(can) -> None:
    with pytest.raises(RequestError, match="the caller's account"):
        can("ec2:DescribeInstances", "*", BOOT, resource_account="444455556666")
    can("ec2:DescribeInstances", "*", BOOT, resource_account=ACCOUNT)


def test_a_log_group_is_named_first_as_it_is_evaluated(can) -> None:
    result = can("logs:StartQuery", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/app", BOOT)
    assert ":log-group:/app:*" in result.request.remarks[0]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("dynamodb:TransactWriteItems", "dynamodb:ConditionCheckItem"),
        ("dynamodb:ExecuteStatement", "dynamodb:PartiQLInsert"),
        ("kms:ReEncrypt", "kms:ReEncryptFrom, kms:ReEncryptTo"),
        ("ec2:GetObject", "Did you mean s3:GetObject"),
        ("cloudwatch:PutLogEvents", "Did you mean logs:PutLogEvents"),
        ("elb:DescribeLoadBalancers", "Did you mean elasticloadbalancing:DescribeLoadBalancers"),
        ("stepfunctions:StartExecution", "Did you mean states:StartExecution"),
        ("eventbridge:PutEvents", "Did you mean events:PutEvents"),
    ],
)
def test_an_action_of_another_service_is_named(can, action: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        can(action, "*")


def test_a_response_stream_is_an_invocation(can) -> None:
    asked = can("lambda:InvokeWithResponseStream", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f").request
    assert asked.action == "lambda:InvokeFunction"


def test_what_can_takes_a_unique_id(evaluator: Evaluator) -> None:
    user = next(one for one in evaluator.snapshot.accounts[0].users if one.user_id)
    assert evaluator.what_can(user.user_id, service="s3").subject == user.arn


@pytest.mark.parametrize("key", ["scp", "permission_boundary", "identity_polices"])
def test_a_misspelt_key_of_a_case_is_an_error(key: str) -> None:
    with pytest.raises(CaseError, match="did you mean"):
        evaluate_case({"principal": ELENA, "action": "s3:GetObject", "resource": f"{BUCKET}/x", key: []})


def test_a_case_of_another_principal_is_an_error() -> None:
    case = {"principal": ELENA, "action": "s3:GetObject", "resource": f"{BUCKET}/x", "rules": ["F1"]}
    with pytest.raises(CaseError, match="aws:PrincipalArn"):
        evaluate_case({**case, "context": {"aws:PrincipalArn": BOOT}})
    assert evaluate_case(case).decision is EvalDecision.IMPLICIT_DENY


def test_a_case_without_a_decision_knows_what_every_request_has() -> None:
    condition = {
        "StringEquals": {"aws:RequestedRegion": "eu-west-1"},
        "DateGreaterThan": {"aws:CurrentTime": "2020-01-01"},
    }
    allowing = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policy = {"name": "p", "document": {"Version": "2012-10-17", "Statement": [allowing]}}
    case = {"principal": ELENA, "action": "sqs:SendMessage", "resource": QUEUE, "identity_policies": [policy]}
    assert evaluate_case(case).decision is EvalDecision.ALLOWED
    with pytest.raises(CaseError, match="aws:SourceIdentity"):
        evaluate_case({**case, "context": {"aws:SourceIdentity": "x"}})


@pytest.mark.parametrize(
    ("key", "value"), [("aws:ResourceOrgID", "o-another0000"), ("aws:PrincipalOrgID", "o-another0000")]
)
def test_a_captured_organization_is_no_other_one(key: str, value: str) -> None:
    capture = Evaluator(load_snapshot(resources() / "samples" / "acme-organization"))
    caller = next(one for one in capture.principals() if ":user/" in one)
    queue = f"arn:aws:sqs:eu-west-1:{caller.split(':')[4]}:orders"
    with pytest.raises(RequestError, match=key):
        capture.can(Request(caller, "sqs:SendMessage", queue, {key: value}))
