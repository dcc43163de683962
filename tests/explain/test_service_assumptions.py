"""What an answer takes for granted of the service is told where it matters, and nowhere else."""

from typing import Any

import pytest

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvaluationResult
from iamdesk.simulate.test_cases import evaluate_case

from ..rules import rule

OWNER, EXTERNAL = "111122223333", "arn:aws:iam::444455556666:user/zoe"
ALL = [{"name": "all", "document": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]
TOPIC = f"arn:aws:sns:eu-west-1:{OWNER}:news"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWNER}:orders"
API = f"arn:aws:execute-api:eu-west-1:{OWNER}:a1b2c3d4e5/prod/GET/orders"
FUNCTION = f"arn:aws:lambda:eu-west-1:{OWNER}:function:resize"


def statement(action: str, effect: str = "Allow", principal: Any = "*") -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*"}


def asked(
    principal: str, action: str, resource: str, *statements: Any, identity: Any = ALL, **more: Any
) -> EvaluationResult:
    case = {"principal": principal, "action": action, "resource": resource, **more}
    if principal.startswith("arn:"):
        case["identity_policies"] = identity
    if statements:
        case["resource_policy"] = {"Version": "2012-10-17", "Statement": list(statements)}
    return evaluate_case(case, MissingContextMode.UNKNOWN)


def told(answer: EvaluationResult) -> dict[str, str | None]:
    """The codes of what is told of the service, each with the other decision."""
    ours = ("cross-account-not-documented", "unsigned-not-documented", "takes-no-credentials")
    ours = (*ours, "authorization-type-unknown", "sharing-not-captured", "resource-policy-not-used")
    return {one.code: one.other_decision for one in answer.assumptions if one.code in ours}


@rule("D1")
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("dynamodb:GetItem", "allowed"),
        ("dynamodb:AssociateTableReplica", "allowed"),
        ("dynamodb:DescribeTimeToLive", "implicitDeny"),
        ("dynamodb:StartAwsBackupJob", "implicitDeny"),
    ],
)
def test_of_a_table_other_accounts_can_call_what_a_page_lists(action: str, expected: str) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-iam-actions.html"""
    answer = asked(EXTERNAL, action, f"arn:aws:dynamodb:eu-west-1:{OWNER}:table/orders", statement(action))
    assert answer.decision == expected


@rule("D1")
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sns:TagResource", TOPIC),
        ("lambda:UpdateFunctionConfiguration", FUNCTION),
        ("ssm:GetParameter", f"arn:aws:ssm:eu-west-1:{OWNER}:parameter/plain"),
    ],
)
def test_what_no_page_says_of_other_accounts_is_told(action: str, resource: str) -> None:
    answer = asked(EXTERNAL, action, resource, statement(action))
    assert answer.decision == "allowed"
    assert told(answer) == {"cross-account-not-documented": "implicitDeny"}


def test_it_is_told_only_where_the_decision_rests_on_it() -> None:
    documented = asked(EXTERNAL, "sns:Publish", TOPIC, statement("sns:Publish"))
    assert documented.decision == "allowed"
    assert told(documented) == {}
    not_granted = asked(EXTERNAL, "sns:TagResource", TOPIC, statement("sns:Publish"))
    assert not_granted.decision == "implicitDeny"
    assert told(not_granted) == {}
    own = asked(f"arn:aws:iam::{OWNER}:user/ana", "sns:TagResource", TOPIC, statement("sns:TagResource"))
    assert own.decision == "allowed"
    assert told(own) == {}


@rule("D8")
def test_the_policy_of_a_domain_has_no_say_in_its_configuration() -> None:
    domain = f"arn:aws:es:eu-west-1:{OWNER}:domain/search"
    answer = asked(f"arn:aws:iam::{OWNER}:user/ana", "es:UpdateDomainConfig", domain, statement("es:*", "Deny"))
    assert answer.decision == "allowed"
    (line,) = [one for one in answer.layers if one.layer == "resource"]
    assert (line.decision, line.sentence) == (None, "does not apply: it covers only the content of the resource")


@rule("D8")
def test_a_resource_that_takes_no_policy_is_not_opened_by_one() -> None:
    job, owners = f"arn:aws:glue:eu-west-1:{OWNER}:job/j", f"arn:aws:iam::{OWNER}:user/ana"
    answer = asked(owners, "glue:StartJobRun", job, statement("glue:*"), identity=[])
    assert answer.decision == "implicitDeny"
    assert told(answer) == {"resource-policy-not-used": None}
    (line,) = [one for one in answer.layers if one.layer == "resource"]
    assert (line.decision, line.sentence) == (None, "does not apply: such a resource has no policy")
    assert asked(owners, "glue:StartJobRun", job, statement("glue:*", "Deny")).decision == "allowed"
    outside = asked(EXTERNAL, "glue:StartJobRun", job, statement("glue:*"))
    assert (outside.decision, told(outside)) == ("implicitDeny", {})
    assert outside.sentence.endswith("no policy can allow another account to call the action.")


@rule("E10")
def test_unsigned_callers_of_what_is_not_documented() -> None:
    allowed = asked("anonymous", "sns:TagResource", TOPIC, statement("sns:TagResource"))
    assert allowed.decision == "allowed"
    assert told(allowed) == {"unsigned-not-documented": "implicitDeny"}
    assert told(asked("anonymous", "sns:Publish", TOPIC, statement("sns:Publish"))) == {}
    owners = asked("anonymous", "sqs:DeleteQueue", QUEUE, statement("sqs:*"))
    assert owners.decision == "implicitDeny"
    assert told(owners) == {"unsigned-not-documented": "allowed"}
    assert told(asked("anonymous", "sqs:DeleteQueue", QUEUE, statement("sqs:SendMessage"))) == {}


@rule("D8")
def test_methods_of_an_api_can_be_open_whatever_the_policies_say() -> None:
    open_to_all = {"authorization-type-unknown": "allowed"}
    for caller, identity in (("anonymous", None), (EXTERNAL, ALL), (f"arn:aws:iam::{OWNER}:user/ana", [])):
        answer = asked(caller, "execute-api:Invoke", API, identity=identity)
        assert answer.decision == "implicitDeny"
        assert told(answer) == open_to_all, caller
    refused = asked("anonymous", "execute-api:Invoke", API, statement("*"), statement("*", "Deny"))
    assert refused.decision == "explicitDeny"
    assert told(refused) == {}
    # Without authorization, a resource policy has to allow: one that names others stops them.
    assert told(asked("anonymous", "execute-api:Invoke", API, statement("*", principal={"AWS": OWNER}))) == {}
    assert told(asked("anonymous", "execute-api:Invoke", API, statement("execute-api:Invoke"))) == {}


@rule("E10")
def test_what_takes_no_credentials_is_open_and_says_so() -> None:
    """No policy is evaluated: whoever calls it, signed or not, even over a Deny."""
    denied = [{"name": "p", "document": {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}}]
    for caller, identity in (("anonymous", []), (EXTERNAL, []), (EXTERNAL, denied)):
        answer = asked(caller, "cognito-idp:InitiateAuth", "*", identity=identity)
        assert answer.decision == "allowed"
        assert told(answer) == {"takes-no-credentials": None}
    assert told(asked(EXTERNAL, "cognito-idp:AdminGetUser", "*", identity=[])) == {}


@rule("D8")
def test_an_unsigned_call_of_a_function_hangs_on_the_function_url() -> None:
    granted = statement("lambda:InvokeFunction")
    answer = asked("anonymous", "lambda:InvokeFunction", FUNCTION, granted)
    assert answer.decision == "conditional"
    assert answer.missing_context_values == ("lambda:InvokedViaFunctionUrl",)
    assert answer.condition_words == ("lambda:InvokedViaFunctionUrl is true",)
    via = {"lambda:InvokedViaFunctionUrl": "true"}
    assert asked("anonymous", "lambda:InvokeFunction", FUNCTION, granted, context=via).decision == "allowed"
    assert asked("anonymous", "lambda:InvokeFunction", FUNCTION).decision == "implicitDeny"
    direct = {"lambda:InvokedViaFunctionUrl": "false"}
    assert asked("anonymous", "lambda:InvokeFunction", FUNCTION, granted, context=direct).decision == "implicitDeny"


@rule("D7")
def test_an_image_of_another_account_may_be_shared_by_its_launch_permissions() -> None:
    image = "arn:aws:ec2:eu-west-1::image/ami-9e1670f7"
    launching = [{"name": "p", "document": {"Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}}]
    outside = {"resource_account": "137112412989"}
    answer = asked(EXTERNAL, "ec2:RunInstances", image, identity=launching, **outside)
    assert answer.decision == "implicitDeny"
    assert told(answer)["sharing-not-captured"] == "allowed"
    assert "sharing-not-captured" not in told(asked(EXTERNAL, "ec2:RunInstances", image, identity=[], **outside))
    instance = "arn:aws:ec2:eu-west-1:137112412989:instance/i-0123456789abcdef0"
    assert "sharing-not-captured" not in told(asked(EXTERNAL, "ec2:StopInstances", instance, identity=launching))
