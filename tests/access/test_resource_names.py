"""Resources that a request names otherwise than by their ARN, and those that a captured list does not have."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.denials.explain import explain_denial, read_denials
from iamdesk.evaluate.request import EvalDecision
from iamdesk.explain.counterfactual import minimal_policy_changes
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.denial import why_text
from iamdesk.simulate.test_cases import evaluate_case
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_catalogue

from ..snapshot.bundles import ACCOUNT, IAM, REGION, S3, as_folder, details

ANA = f"arn:aws:iam::{ACCOUNT}:user/staff/ana"
KEY_ID, OTHER_ID = "1234abcd-12ab-34cd-56ef-1234567890ab", "9999abcd-12ab-34cd-56ef-1234567890ab"
KMS = f"arn:aws:kms:{REGION}:{ACCOUNT}"
KEY, OTHER_KEY, ALIAS = f"{KMS}:key/{KEY_ID}", f"{KMS}:key/{OTHER_ID}", f"{KMS}:alias/app"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bill"
GROUP = f"arn:aws:iam::{ACCOUNT}:group/g"
HERE = f"accounts/{ACCOUNT}/{REGION}"
DEPENDS = EvalDecision.CONDITIONAL

OWN: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "dynamodb:*", "lambda:*", "iam:GetUser"], "Resource": "*"},
    {"Effect": "Allow", "Action": "kms:*", "Resource": KEY},
    {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": f"{SECRETS}:prod/db-AbCdEf"},
    {"Sid": "NoDelete", "Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": TABLE},
    {"Sid": "Alias", "Effect": "Allow", "Action": "kms:*", "Resource": f"{KMS}:alias/*"},
]
DELEGATES = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def key_policy(*statements: Any) -> dict[str, Any]:
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [DELEGATES, *statements]})}


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    ana = {
        "UserName": "ana",
        "Arn": ANA,
        "Path": "/staff/",
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": OWN}}],
    }
    return {
        f"{IAM}/get-account-authorization-details.json": details(UserDetailList=[ana]),
        f"{S3}/list-buckets.json": {"Buckets": [{"Name": "own"}]},
        f"{HERE}/kms/list-keys.json": {"Keys": [{"KeyId": i, "KeyArn": f"{KMS}:key/{i}"} for i in (KEY_ID, OTHER_ID)]},
        f"{HERE}/kms/list-aliases.json": {
            "Aliases": [
                {"AliasName": "alias/app", "AliasArn": ALIAS, "TargetKeyId": KEY_ID},
                {"AliasName": "alias/other", "AliasArn": f"{KMS}:alias/other", "TargetKeyId": OTHER_ID},
                {"AliasName": "alias/aws/ssm", "AliasArn": f"{KMS}:alias/aws/ssm"},
            ]
        },
        f"{HERE}/kms/get-key-policy/{KEY_ID}.json": key_policy(),
        f"{HERE}/kms/get-key-policy/{OTHER_ID}.json": key_policy(),
        f"{HERE}/secretsmanager/list-secrets.json": {
            "SecretList": [{"ARN": f"{SECRETS}:prod/db-AbCdEf"}, {"ARN": f"{SECRETS}:plain-GhIjKl"}]
        },
        f"{HERE}/sqs/list-queues.json": {"QueueUrls": [QUEUE_URL]},
        f"{HERE}/dynamodb/list-tables.json": {"TableNames": ["orders"]},
        f"{HERE}/lambda/list-functions.json": {"Functions": [{"FunctionName": "bill", "FunctionArn": FUNCTION}]},
    }


@pytest.fixture(scope="module")
def snapshot(files: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return load_snapshot(as_folder(tmp_path_factory.mktemp("names"), files))


@pytest.fixture(scope="module")
def evaluator(snapshot: Snapshot) -> Evaluator:
    return Evaluator(snapshot)


def can(evaluator: Evaluator, action: str, resource: str, principal: str = ANA, **more: Any) -> EvaluationResult:
    return evaluator.can(Request(principal, action, resource, **more))


@pytest.mark.parametrize(
    ("action", "named", "meant", "decision"),
    [
        ("kms:Decrypt", ALIAS, KEY, EvalDecision.ALLOWED),
        ("kms:Decrypt", "alias/app", KEY, EvalDecision.ALLOWED),
        ("kms:Decrypt", f"{KMS}:alias/other", OTHER_KEY, EvalDecision.IMPLICIT_DENY),
        ("kms:Decrypt", KEY_ID, KEY, EvalDecision.ALLOWED),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:prod/db", f"{SECRETS}:prod/db-AbCdEf", EvalDecision.ALLOWED),
        ("secretsmanager:GetSecretValue", f"{SECRETS}:plain", f"{SECRETS}:plain-GhIjKl", EvalDecision.IMPLICIT_DENY),
        ("sqs:SendMessage", QUEUE_URL, QUEUE, EvalDecision.ALLOWED),
        ("dynamodb:DeleteTable", "orders", TABLE, EvalDecision.EXPLICIT_DENY),
        ("dynamodb:GetItem", "table/orders", TABLE, EvalDecision.ALLOWED),
        ("secretsmanager:GetSecretValue", "prod/db", f"{SECRETS}:prod/db-AbCdEf", EvalDecision.ALLOWED),
        ("lambda:InvokeFunction", "bill", FUNCTION, EvalDecision.ALLOWED),
        ("lambda:InvokeFunction", "bill:live", f"{FUNCTION}:live", EvalDecision.ALLOWED),
        ("lambda:InvokeFunction", f"{ACCOUNT}:function:bill", FUNCTION, EvalDecision.ALLOWED),
        ("lambda:InvokeFunction", "function:bill:7", f"{FUNCTION}:7", EvalDecision.ALLOWED),
        ("s3:ListBucket", "own", "arn:aws:s3:::own", EvalDecision.ALLOWED),
        ("s3:GetObject", "s3://own/a/b.csv", "arn:aws:s3:::own/a/b.csv", EvalDecision.ALLOWED),
        ("iam:GetUser", "ana", ANA, EvalDecision.ALLOWED),
        ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/ana", ANA, EvalDecision.ALLOWED),
    ],
)
def test_a_name_is_evaluated_as_the_resource_that_it_means(
    evaluator: Evaluator, action: str, named: str, meant: str, decision: EvalDecision
) -> None:
    result = can(evaluator, action, named)
    assert (result.request.resource, result.decision) == (meant, decision)
    assert meant in result.request.remarks[-1]


@pytest.mark.parametrize("named", [f"{KMS}:alias/gone", f"{KMS}:alias/aws/ssm", "alias/gone"])
def test_an_alias_whose_key_is_not_captured_leaves_the_decision_open(evaluator: Evaluator, named: str) -> None:
    result = can(evaluator, "kms:Decrypt", named)
    assert result.decision is DEPENDS
    assert "depends on which key alias/" in result.sentence
    assert evaluator.decide(result.request) is DEPENDS
    with pytest.raises(RequestError, match=r"^It is not known which key alias/.* is: specify the ARN"):
        list(evaluator.who_can(action="kms:Decrypt", resource=named))
    changes = minimal_policy_changes(evaluator.trace(result.request))
    assert not changes.changes
    assert "depends on which key alias/" in changes.reason
    case = {"principal": ANA, "action": "kms:Decrypt", "resource": ALIAS, "identity_policies": []}
    assert evaluate_case(case).decision is DEPENDS


def test_a_denial_by_a_limit_that_allows_no_key_is_plain() -> None:
    boundary = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    case = {"principal": ANA, "action": "kms:Decrypt", "resource": ALIAS, "identity_policies": []}
    limited = {**case, "permissions_boundary": [{"name": "b", "document": boundary}]}
    assert evaluate_case(limited).decision is EvalDecision.IMPLICIT_DENY


def test_principals_with_access_to_what_is_not_listed_depend_on_it(evaluator: Evaluator) -> None:
    rows = list(evaluator.who_can(action="s3:ListBucket", resource="arn:aws:s3:::own"))
    assert {row.decision for row in rows if row.principal == ANA} == {EvalDecision.ALLOWED}
    assert evaluator.stated(Request("", "iam:GetUser", "ana")).resource == ANA
    assert any("has no onw." in one for one in evaluator.stated(Request("", "s3:ListBucket", "onw")).remarks)
    rows = list(evaluator.who_can(action="dynamodb:GetItem", resource=f"{TABLE}x"))
    assert {row.decision for row in rows if row.principal == ANA} == {DEPENDS}


def test_whose_a_bucket_in_no_list_is_depends_whoever_asks(evaluator: Evaluator) -> None:
    """The caller's account may have no list: then `who_can`, which has no caller, says the same."""
    bucket, elsewhere = "arn:aws:s3:::onw", "arn:aws:iam::999988887777:root"
    assert can(evaluator, "s3:ListBucket", bucket, elsewhere).decision is DEPENDS
    assert can(evaluator, "s3:ListBucket", bucket, resource_account="999988887777").request.remarks == ()


def test_why_says_what_was_given_beside_the_message(evaluator: Evaluator) -> None:
    [denial] = read_denials("User: x is not authorized to perform: iam:GetUser")
    text = why_text(explain_denial(evaluator, denial, principal=ANA, resource="ana"), "x.json")
    assert f"Principal  {ANA} (from --principal; not in the message)\n" in text
    assert "Resource   ana (from --resource; not in the message)\n" in text


def test_an_explicit_deny_of_every_key_is_none_the_less_plain() -> None:
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}
    policies = [{"name": "p", "document": deny}]
    case = {"principal": ANA, "action": "kms:Decrypt", "resource": ALIAS, "identity_policies": policies}
    assert evaluate_case(case).decision is EvalDecision.EXPLICIT_DENY


def test_a_request_by_an_alias_has_its_name_in_the_context(evaluator: Evaluator) -> None:
    assert can(evaluator, "kms:Decrypt", ALIAS).request.context == {"kms:RequestAlias": "alias/app"}
    assert can(evaluator, "kms:Decrypt", KEY).request.context == {}
    assert can(evaluator, "kms:DeleteAlias", ALIAS).request.resource == ALIAS


def test_a_secret_whose_end_is_not_known_leaves_the_decision_open(evaluator: Evaluator) -> None:
    elsewhere = SECRETS.replace(REGION, "us-east-2")
    result = can(evaluator, "secretsmanager:GetSecretValue", f"{elsewhere}:prod/db")
    assert (result.request.resource, result.decision) == (f"{elsewhere}:prod/db-??????", DEPENDS)


@pytest.mark.parametrize(
    ("action", "named"), [("dynamodb:GetItem", "nothing"), ("ec2:RunInstances", "i-1"), ("kms:Decrypt", "what ever")]
)
def test_a_name_of_nothing_known_is_refused(evaluator: Evaluator, action: str, named: str) -> None:
    with pytest.raises(RequestError, match="specify the ARN"):
        can(evaluator, action, named)


@pytest.mark.parametrize(
    ("action", "resource", "said", "depends"),
    [
        (
            "s3:GetObject",
            "arn:aws:s3:::onw/x",
            f"of account {ACCOUNT} (`aws s3api list-buckets`) has no onw.",
            "whose it is",
        ),
        ("s3:ListBucket", "onw", "has no onw.", "whose it is"),
        ("dynamodb:GetItem", f"{TABLE}x", "(`aws dynamodb list-tables`) has no table/ordersx.", "whether it exists"),
        ("sqs:SendMessage", f"{QUEUE}x", "has no ordersx.", "whether it exists"),
        ("lambda:InvokeFunction", f"{FUNCTION}x", "has no function:billx.", "whether it exists"),
        ("iam:GetUser", f"{ANA}x", "(`aws iam get-account-authorization-details`) has no user/staff/anax.", "exists"),
    ],
)
def test_a_resource_that_the_captured_list_does_not_have_is_said(
    evaluator: Evaluator, action: str, resource: str, said: str, depends: str
) -> None:
    result = can(evaluator, action, resource)
    assert result.decision is DEPENDS
    assert result.request.remarks[-1].endswith(said)
    assert depends in result.sentence
    assert "owner-unknown" not in [one.code for one in result.assumptions]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:CreateBucket", "arn:aws:s3:::onw"),
        ("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/x*"),
        ("dynamodb:CreateTable", f"{TABLE}x"),
        ("s3:GetObject", "arn:aws:s3:::ow*/x"),
        ("dynamodb:GetItem", TABLE.replace(REGION, "us-east-2")),
        ("lambda:InvokeFunction", f"{FUNCTION}:live"),
        ("dynamodb:Query", f"{TABLE}/index/by-day"),
    ],
)
def test_what_is_made_or_was_not_listed_is_as_before(evaluator: Evaluator, action: str, resource: str) -> None:
    result = can(evaluator, action, resource)
    assert (result.decision, result.request.remarks) == (EvalDecision.ALLOWED, ())


def event(name: str, source: str, /, **parameters: Any) -> str:
    return json.dumps(
        {
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "recipientAccountId": ACCOUNT,
            "errorCode": "AccessDenied",
            "userIdentity": {"type": "IAMUser", "arn": ANA},
            "requestParameters": parameters,
        }
    )


@pytest.mark.parametrize(
    ("record", "meant", "decision"),
    [
        (event("Decrypt", "kms", keyId="alias/app"), KEY, EvalDecision.ALLOWED),
        (event("Decrypt", "kms", keyId=KEY_ID), KEY, EvalDecision.ALLOWED),
        (
            event("GetSecretValue", "secretsmanager", secretId="prod/db"),
            f"{SECRETS}:prod/db-AbCdEf",
            EvalDecision.ALLOWED,
        ),
        (event("DeleteTable", "dynamodb", tableName="orders"), TABLE, EvalDecision.EXPLICIT_DENY),
        (event("SendMessage", "sqs", queueUrl=QUEUE_URL), QUEUE, EvalDecision.ALLOWED),
        (event("Invoke", "lambda", functionName="bill"), FUNCTION, EvalDecision.ALLOWED),
        (event("GetUser", "iam", userName="ana"), ANA, EvalDecision.ALLOWED),
        (event("DescribeContinuousBackups", "dynamodb", tableName="orders"), TABLE, EvalDecision.ALLOWED),
        (event("Invoke", "lambda", functionName=f"{ACCOUNT}:function:bill"), FUNCTION, EvalDecision.ALLOWED),
        (
            event("StopInstances", "ec2", instancesSet={"items": [{"instanceId": "i-0123456789abcdef0"}]}),
            f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0",
            EvalDecision.IMPLICIT_DENY,
        ),
        (
            event("StartQueryExecution", "athena", workGroup="primary"),
            f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/primary",
            EvalDecision.IMPLICIT_DENY,
        ),
        (
            event("CreateUser", "iam", userName="bo", path="/staff/"),
            f"arn:aws:iam::{ACCOUNT}:user/staff/bo",
            EvalDecision.IMPLICIT_DENY,
        ),
        (event("AddUserToGroup", "iam", userName="ana", groupName="g"), GROUP, EvalDecision.IMPLICIT_DENY),
    ],
)
def test_why_reads_the_parameters_of_an_event(
    evaluator: Evaluator, record: str, meant: str, decision: EvalDecision
) -> None:
    [denial] = read_denials(record)
    why = explain_denial(evaluator, denial)
    assert why.decision is not None
    assert (why.decision.request.resource, why.decision.decision) == (meant, decision)


def test_why_reads_what_was_listed(evaluator: Evaluator) -> None:
    [denial] = read_denials(event("ListObjects", "s3", bucketName="own", prefix="home/", delimiter="/"))
    assert (denial.resource, denial.context["s3:prefix"]) == ("arn:aws:s3:::own", "home/")


def test_why_asks_for_the_resource_in_place_of_judging_all(evaluator: Evaluator) -> None:
    [denial] = read_denials(event("DeleteTable", "dynamodb"))
    why = explain_denial(evaluator, denial)
    assert (why.missing, why.decision) == (("resource",), None)
    assert "--resource" in why.sentence
    given = explain_denial(evaluator, denial, resource="orders")
    assert given.decision is not None
    assert given.decision.decision is EvalDecision.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sts:RoleSessionName", "${aws:username}"),
        ("sts:SourceIdentity", "a"),
        ("sts:ExternalId", "bad id!"),
        ("aws:RequestTag/team", "a#b"),
        ("aws:RequestTag/aws:team", "red"),
        ("aws:TagKeys", ("team", "te#m")),
    ],
)
def test_values_that_sts_does_not_accept_are_refused(evaluator: Evaluator, key: str, value: str) -> None:
    """STS API Reference, AssumeRole and Tag."""
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    with pytest.raises(RequestError, match=f"cannot be the value of {key}: AWS does not accept it"):
        evaluator.can(Request(ANA, "sts:AssumeRole", role, context={key: value}))
    evaluator.can(Request(ANA, "sts:AssumeRole", role, context={"sts:RoleSessionName": "ana", "aws:RequestTag/t": ""}))


def test_an_organization_larger_than_memory_resolves_the_same(files: dict[str, Any], tmp_path: Path) -> None:
    evaluator = OrganizationEvaluator(load_catalogue(as_folder(tmp_path, files)))
    assert evaluator.can(Request(ANA, "kms:Decrypt", "alias/app")).request.resource == KEY
    assert evaluator.can(Request(ANA, "s3:ListBucket", "onw")).decision is DEPENDS
