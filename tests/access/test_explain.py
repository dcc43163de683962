"""Denied requests in messages and records, asked of the sample: the troubleshooting cases of AWS's documentation."""

import json
from pathlib import Path
from typing import Any

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.denials.denial import Agreement, Denial, DenialError, DenialSource, Effect
from iamdesk.denials.explain import explain_denial, read_denials
from iamdesk.evaluate.request import EvalDecision, PolicyType
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..each_case import each_case
from ..rules import rule

ACCOUNT = "111122223333"
ELENA = f"arn:aws:iam::{ACCOUNT}:user/engineering/elena.petrov"
NEW = f"arn:aws:iam::{ACCOUNT}:user/engineering/new.hire"


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_snapshot(sample_snapshot()))


def one(text: str | dict[str, Any]) -> Denial:
    (denial,) = read_denials(text if isinstance(text, str) else json.dumps(text))
    return denial


def event(**members: Any) -> dict[str, Any]:
    """Return a CloudTrail event of a denied request."""
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "arn": ELENA, "accountId": ACCOUNT, "userName": "elena.petrov"},
        "eventTime": "2026-09-30T10:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "errorCode": "AccessDenied",
        "recipientAccountId": ACCOUNT,
        "requestParameters": {"userName": "new.hire"},
        **members,
    }


def test_what_no_one_can_be_denied_is_not_evaluated(evaluator: Evaluator) -> None:
    """What was typed, not reported: a topic's action on a queue."""
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
    why = explain_denial(
        evaluator, one(f"User: {ELENA} is not authorized to perform: sns:Publish on resource: {queue}")
    )
    assert why.decision is None
    assert "sns:Publish acts on topic" in why.sentence


def test_an_action_that_the_list_lacks_is_said_first(evaluator: Evaluator) -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
    why = explain_denial(
        evaluator, one(f"User: {ELENA} is not authorized to perform: sqs:SendMesage on resource: {queue}")
    )
    assert why.sentence.startswith("Unknown action: sqs:SendMesage is not in the AWS action list")
    assert "Did you mean sqs:SendMessage?" in why.sentence


# A user without the Allow; a user who may not pass a role; somebody outside who wants in
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html).


def test_missing_allow_is_named_with_its_layer(evaluator: Evaluator) -> None:
    message = (
        f"User: {ELENA} is not authorized to perform: iam:CreateUser on resource: {NEW} because no permissions "
        "boundary allows the iam:CreateUser action"
    )
    why = explain_denial(evaluator, one(message))

    assert why.agreement is Agreement.SAME
    assert why.decision is not None
    assert why.decision.decision is EvalDecision.IMPLICIT_DENY
    assert why.decision.blocked_by == (PolicyType.PERMISSIONS_BOUNDARY.value,)


def test_another_reason_than_aws_gave_is_told(evaluator: Evaluator) -> None:
    message = (
        f"User: {ELENA} is not authorized to perform: iam:CreateUser on resource: {NEW} with an explicit deny in a "
        "service control policy"
    )
    why = explain_denial(evaluator, one(message))

    assert why.agreement is Agreement.OTHER
    assert "not for the reason that AWS gave" in why.sentence


def test_a_resource_that_aws_did_not_name_has_to_be_given(evaluator: Evaluator) -> None:
    denial = one(f"User: {ELENA} is not authorized to perform: iam:PassRole")
    why = explain_denial(evaluator, denial)

    assert (why.missing, why.decision, why.agreement) == (("resource",), None, Agreement.NOT_ASKED)
    assert "--resource ARN" in why.sentence
    assert explain_denial(evaluator, denial, resource="*").agreement is Agreement.DENIED


def test_outsider_who_wants_in(evaluator: Evaluator) -> None:
    external_principal = "arn:aws:iam::999988887777:user/partner"
    role = f"arn:aws:iam::{ACCOUNT}:role/BreakGlassAdmin"
    why = explain_denial(
        evaluator, one(f"User: {external_principal} is not authorized to perform: sts:AssumeRole on resource: {role}")
    )

    assert why.agreement is Agreement.DENIED
    assert why.decision is not None
    assert why.decision.decision is EvalDecision.IMPLICIT_DENY


def test_what_the_snapshot_allows_is_told(evaluator: Evaluator) -> None:
    admin = f"arn:aws:iam::{ACCOUNT}:user/acme-bootstrap"
    why = explain_denial(
        evaluator, one(f"User: {admin} is not authorized to perform: iam:ListUsers on resource: {NEW}")
    )

    assert why.agreement is Agreement.ALLOWED
    assert why.sentence.startswith("The snapshot does not explain the denial: it allows the request. Likely reasons: ")
    assert "a policy that was not captured (here: " in why.sentence
    assert "a session policy, request context such as MFA or a VPC endpoint" in why.sentence


def test_what_was_not_told_is_asked_for(evaluator: Evaluator) -> None:
    denial = one("An error occurred (AccessDenied) when calling the ListBuckets operation: Access Denied")

    assert explain_denial(evaluator, denial).missing == ("principal",)
    assert explain_denial(evaluator, denial, principal=ELENA).decision is not None


def test_principal_that_the_snapshot_lacks_is_one_sentence(evaluator: Evaluator) -> None:
    nobody = f"arn:aws:iam::{ACCOUNT}:user/nobody"
    why = explain_denial(evaluator, one(f"User: {nobody} is not authorized to perform: iam:ListUsers"))

    assert why.agreement is Agreement.NOT_ASKED
    assert "nobody" in why.sentence


QUARANTINED = f"arn:aws:iam::{ACCOUNT}:user/machines/metrics-exporter"
BACKUP = f"arn:aws:iam::{ACCOUNT}:user/machines/backup-agent"


@pytest.mark.parametrize(
    ("policy", "agreement"),
    [("security/Quarantine", Agreement.SAME), ("RegionLock", Agreement.OTHER)],
)
def test_the_policy_that_aws_names_is_compared(evaluator: Evaluator, policy: str, agreement: Agreement) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{policy}"
    message = (
        f"User: {QUARANTINED} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k with an "
        f"explicit deny in an identity-based policy: {arn}"
    )
    why = explain_denial(evaluator, one(message))

    assert why.agreement is agreement
    assert (f"{arn} is not attached here" in why.sentence) is (agreement is Agreement.OTHER)


@pytest.mark.parametrize(("policy_id", "agreement"), [("p-dcd6numw", Agreement.SAME), ("p-3jgeivy1", Agreement.OTHER)])
def test_the_scp_that_aws_names_is_compared(policy_id: str, agreement: Agreement) -> None:
    evaluator = Evaluator(load_snapshot(sample_snapshot().parent / "acme-organization"))
    message = (
        f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: cloudtrail:StopLogging on resource: "
        f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main with an explicit deny in a service control policy: "
        f"arn:aws:organizations::123456789012:policy/o-1/service_control_policy/{policy_id}"
    )
    assert explain_denial(evaluator, one(message)).agreement is agreement


def test_what_allows_names_the_policy_type_that_aws_gives_alone(evaluator: Evaluator) -> None:
    admin = f"arn:aws:iam::{ACCOUNT}:user/acme-bootstrap"
    start = f"User: {admin} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k with an explicit"
    why = explain_denial(evaluator, one(f"{start} deny in a VPC endpoint policy"))

    assert why.agreement is Agreement.ALLOWED
    assert "(VPC endpoint policy)" in why.sentence
    assert "Likely reasons" not in why.sentence


@pytest.mark.parametrize(
    ("given", "is_other"),
    [
        ({"principal": BACKUP}, True),
        ({"action": "iam:DeleteUser"}, True),
        ({"resource": f"{NEW}.2"}, True),
        ({"action": "iam:createuser", "principal": ELENA, "resource": NEW}, False),
    ],
)
def test_another_request_than_the_denied_one_is_not_compared(
    evaluator: Evaluator, given: dict[str, str], is_other: bool
) -> None:
    message = f"User: {ELENA} is not authorized to perform: iam:CreateUser on resource: {NEW}"
    why = explain_denial(evaluator, one(message), **given)

    assert ("This is not the request that AWS denied" in why.sentence) is is_other
    assert ("The snapshot denies it too" in why.sentence) is not is_other


MASKED = "arn:aws:execute-api:eu-west-1:********{}:abc123/prod/GET/pets"


@pytest.mark.parametrize(
    ("caller", "end", "account"),
    [
        (BACKUP, "3333", ACCOUNT),
        ("anonymous", "3333", ACCOUNT),
        ("arn:aws:iam::999988883333:user/x", "3333", "999988883333"),
        (BACKUP, "9999", None),
    ],
)
def test_the_account_that_api_gateway_masks_is_found_or_has_to_be_given(
    evaluator: Evaluator, caller: str, end: str, account: str | None
) -> None:
    resource = MASKED.format(end)
    denial = one(f"User: {caller} is not authorized to perform: execute-api:Invoke on resource: {resource}")
    for given in (None, resource):  # the window gives what it read
        why = explain_denial(evaluator, denial, resource=given)
        assert why.missing == (() if account else ("resource",))
        assert why.denial.resource == (resource.replace(f"********{end}", account) if account else None)
        assert (f"taken as {account}" in why.sentence) is (account is not None)


def test_a_resource_settles_the_service_of_an_operation(evaluator: Evaluator) -> None:
    denial = one("An error occurred (AccessDenied) when calling the PutObject operation: Access Denied")
    why = explain_denial(evaluator, denial, principal=BACKUP, resource="arn:aws:s3:::acme-backups/a")

    assert (why.denial.actions, why.agreement) == (("s3:PutObject",), Agreement.ALLOWED)


def test_access_denied_alone_is_evaluated_with_what_is_given(evaluator: Evaluator) -> None:
    denial = one("Access Denied")

    assert explain_denial(evaluator, denial).missing == ("principal", "action")
    why = explain_denial(evaluator, denial, principal=BACKUP, action="s3:GetObject", resource="arn:aws:s3:::b/k")
    assert why.agreement is Agreement.DENIED


# CloudTrail


@pytest.mark.parametrize(
    ("identity", "principal", "remarks"),
    [
        ({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, "anonymous", 0),
        ({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}, "anonymous", 0),
        (
            {"type": "AWSAccount", "principalId": "AIDAX", "accountId": "999999999999"},
            "arn:aws:iam::999999999999:root",
            1,
        ),
        ({"type": "Unknown", "accountId": "999999999999"}, None, 0),
    ],
)
def test_callers_without_an_arn(identity: dict[str, Any], principal: str | None, remarks: int) -> None:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    denial = one(event(userIdentity=identity))

    assert (denial.principal, len(denial.remarks)) == (principal, remarks)


def test_event_gives_principal_action_resource_and_context() -> None:
    denial = one(event())

    assert (denial.form, denial.principal, denial.actions) == (DenialSource.CLOUDTRAIL, ELENA, ("iam:CreateUser",))
    assert denial.resource == f"arn:aws:iam::{ACCOUNT}:user/new.hire"
    assert denial.context == {
        "aws:RequestedRegion": "us-east-1",
        "aws:CurrentTime": "2026-09-30T10:00:00Z",
        "aws:SourceIp": "203.0.113.9",
    }


@pytest.mark.parametrize(
    ("members", "action", "resource"),
    [
        (
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "HeadObject",
                "requestParameters": {"bucketName": "b", "key": "k/x"},
            },
            "s3:GetObject",
            "arn:aws:s3:::b/k/x",
        ),
        (
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "resources": [{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::b", "accountId": ACCOUNT}],
                "requestParameters": {},
            },
            "s3:GetObject",
            "arn:aws:s3:::b/k",
        ),
        (
            {
                "eventSource": "lambda.amazonaws.com",
                "eventName": "GetFunction20150331v2",
                "requestParameters": {"functionName": "f"},
            },
            "lambda:GetFunction",
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        ),
        (
            {
                "eventSource": "monitoring.amazonaws.com",
                "eventName": "DescribeAlarms",
                "requestParameters": None,
            },
            "cloudwatch:DescribeAlarms",
            None,
        ),
        (
            {
                "eventSource": "sts.amazonaws.com",
                "eventName": "AssumeRole",
                "requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "roleSessionName": "s"},
            },
            "sts:AssumeRole",
            f"arn:aws:iam::{ACCOUNT}:role/r",
        ),
        (
            {
                "eventSource": "ssm.amazonaws.com",
                "eventName": "GetParameter",
                "requestParameters": {"name": "/prod/db"},
            },
            "ssm:GetParameter",
            f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/prod/db",
        ),
    ],
    ids=["head", "listed", "dated name", "renamed service", "parameter that is an ARN", "path"],
)
def test_names_of_an_event_become_those_of_policies(members: dict[str, Any], action: str, resource: str | None) -> None:
    denial = one(event(**members))

    assert denial.actions == (action,)
    assert denial.resource == resource


@pytest.mark.parametrize(
    ("name", "parameters", "resource"),
    [
        ("CreateAccessKey", {"userName": "ben.okafor"}, "user/engineering/ben.okafor"),
        (
            "AttachRolePolicy",
            {"roleName": "reporting", "policyArn": "arn:aws:iam::aws:policy/A"},
            "role/service/reporting",
        ),
        ("AddUserToGroup", {"userName": "ben.okafor", "groupName": "Engineers"}, "group/engineering/Engineers"),
    ],
)
def test_a_name_of_iam_in_an_event_is_the_entity_with_its_path(
    evaluator: Evaluator, name: str, parameters: dict[str, str], resource: str
) -> None:
    why = explain_denial(evaluator, one(event(eventName=name, requestParameters=parameters)))

    assert why.decision is not None
    assert why.decision.request.resource == f"arn:aws:iam::{ACCOUNT}:{resource}"


def test_message_in_an_event_names_the_check_that_failed() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/app"
    denial = one(
        event(
            eventSource="ec2.amazonaws.com",
            eventName="RunInstances",
            errorCode="Client.UnauthorizedOperation",
            errorMessage=f"User: {ELENA} is not authorized to perform: iam:PassRole on resource: {role} because no "
            "identity-based policy allows the iam:PassRole action",
        )
    )

    assert (denial.actions, denial.resource, denial.policy_type) == (("iam:PassRole",), role, PolicyType.IDENTITY)
    assert denial.form is DenialSource.CLOUDTRAIL


def test_session_and_its_mfa_are_read() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/Developer/ana"
    identity = {
        "type": "AssumedRole",
        "arn": session,
        "sessionContext": {"attributes": {"mfaAuthenticated": "false"}},
    }
    denial = one(event(userIdentity=identity, vpcEndpointId="vpce-1", tlsDetails={"tlsVersion": "TLSv1.3"}))

    assert denial.principal == session
    assert denial.context is not None
    assert denial.context["aws:MultiFactorAuthPresent"] == "false"
    assert denial.context["aws:SourceVpce"] == "vpce-1"
    assert "aws:SourceIp" not in denial.context, "behind an endpoint the address is private"
    assert denial.context["aws:SecureTransport"] == "true"


@pytest.mark.parametrize(
    ("kind", "session", "expected"),
    [
        ("AssumedRole", {"sourceIdentity": "alice", "attributes": {}}, {"aws:SourceIdentity": "alice"}),
        ("AssumedRole", {"attributes": {}}, {"aws:SourceIdentity": None}),
        ("AssumedRole", None, {}),
        ("FederatedUser", {"attributes": {}}, {}),
    ],
)
def test_source_identity_of_a_session_is_read(kind: str, session: Any, expected: dict[str, str | None]) -> None:
    identity = {
        "type": kind,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Developer/ana",
        **({"sessionContext": session} if session is not None else {}),
    }
    denial = one(event(userIdentity=identity))

    assert denial.context is not None
    found = {key: value for key, value in denial.context.items() if key == "aws:SourceIdentity"}
    assert found == expected, "CloudTrail User Guide: each event of a role session with a source identity has it"


@pytest.mark.parametrize("wrap", [lambda e: [e], lambda e: {"Records": [e]}, lambda e: {"detail": e},
                                  lambda e: {"Events": [{"CloudTrailEvent": json.dumps(e)}]}],
                         ids=["list", "log file", "EventBridge", "lookup-events"])  # fmt: skip
def test_events_are_found_in_what_wraps_them(wrap: Any) -> None:
    assert one(wrap(event())).principal == ELENA


def test_events_one_a_line_are_all_read() -> None:
    lines = "\n".join(json.dumps(event(eventName=name)) for name in ("CreateUser", "DeleteUser"))

    assert [denial.action for denial in read_denials(lines)] == ["iam:CreateUser", "iam:DeleteUser"]


def test_event_of_an_allowed_request_is_no_denial() -> None:
    with pytest.raises(DenialError, match="None of the requests"):
        read_denials(json.dumps(event(errorCode=None)))


# `aws sts decode-authorization-message`


def test_decoded_message(evaluator: Evaluator) -> None:
    decoded = {
        "allowed": False,
        "explicitDeny": True,
        "matchedStatements": {"items": [{"statementId": "DenyAll", "effect": "DENY"}]},
        "failures": {"items": []},
        "context": {
            "principal": {"id": "AIDAEXAMPLE", "arn": ELENA},
            "action": "ec2:RunInstances",
            "resource": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*",
            "conditions": {
                "items": [
                    {"key": "ec2:InstanceType", "values": {"items": [{"value": "t3.micro"}]}},
                    {"key": "aws:TagKeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}},
                ]
            },
        },
    }
    denial = one({"DecodedMessage": json.dumps(decoded)})

    assert denial == one(decoded)
    assert (denial.form, denial.effect, denial.action) == (
        DenialSource.DECODED,
        Effect.EXPLICIT_DENY,
        "ec2:RunInstances",
    )
    assert denial.context == {"ec2:InstanceType": "t3.micro", "aws:TagKeys": ["a", "b"]}
    assert "DenyAll" in denial.remarks[0]
    assert explain_denial(evaluator, denial).agreement is Agreement.ALLOWED, "the snapshot has no such Deny"


# `aws iam-toolbox get-request-authorization-details` (rule A6)


def details(**boundary: Any) -> dict[str, Any]:
    return {
        "requestContext": {"aws:PrincipalArn": ELENA, "aws:SourceIp": "203.0.113.9", "aws:SecureTransport": True},
        "evaluations": [
            {
                "action": "iam:CreateUser",
                "resource": NEW,
                "context": {"aws:TagKeys": []},
                "evaluatedEffect": "IMPLICIT_DENY",
                "checks": [
                    {
                        "checkType": "PRINCIPAL",
                        "evaluatedEffect": "ALLOW",
                        "targetArn": ELENA,
                        "matchedPolicies": [
                            {
                                "uri": "arn:aws:iam::aws:policy/AdministratorAccess",
                                "matchedStatements": [{"sid": "s1", "evaluatedEffect": "ALLOW"}],
                            }
                        ],
                    },
                    {"checkType": "PERMISSIONS_BOUNDARY", "evaluatedEffect": "IMPLICIT_DENY", **boundary},
                ],
            },
            {"action": "iam:TagUser", "resource": NEW, "evaluatedEffect": "ALLOW", "checks": []},
        ],
        "policies": [],
    }


@rule("A6")
def test_checks_of_the_access_troubleshooter_are_compared_one_by_one(evaluator: Evaluator) -> None:
    why = explain_denial(evaluator, one(details()))

    assert why.agreement is Agreement.SAME
    assert [(each.policy_type, each.agrees) for each in why.comparisons] == [
        (PolicyType.IDENTITY, True),
        (PolicyType.PERMISSIONS_BOUNDARY, True),
    ]
    assert why.comparisons[0].statements == (("arn:aws:iam::aws:policy/AdministratorAccess", "s1"),)


def test_check_that_differs_is_told(evaluator: Evaluator) -> None:
    why = explain_denial(evaluator, one(details(evaluatedEffect="EXPLICIT_DENY")))

    assert [each.agrees for each in why.comparisons] == [True, False]


def test_limit_that_was_not_captured_neither_agrees_nor_differs(evaluator: Evaluator) -> None:
    record = details()
    record["evaluations"][0]["checks"] += [
        {"checkType": "SERVICE_CONTROL_POLICY", "evaluatedEffect": effect} for effect in ("ALLOW", "EXPLICIT_DENY")
    ]

    comparisons = explain_denial(evaluator, one(record)).comparisons
    assert [each.agrees for each in comparisons] == [True, True, False, False]
    assert [each.is_open for each in comparisons] == [False, False, True, True]


def test_whole_context_leaves_no_key_unknown(evaluator: Evaluator) -> None:
    why = explain_denial(evaluator, one(details()))

    assert why.decision is not None
    assert why.decision.missing_context_values == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1}', "neither a CloudTrail event"),
        ('{"a": ', "looks like JSON but cannot be parsed"),
        ("[]", "neither a CloudTrail event"),
        ('{"DecodedMessage": "no"}', "is not JSON text"),
        ("x" * 5_000_001, "longer than"),
    ],
)
def test_what_is_no_record_is_told(text: str, sentence: str) -> None:
    with pytest.raises(DenialError, match=sentence):
        read_denials(text)


@each_case("value", [[], {}, "x", 1, None, [[]], [{}], {"items": [None]}])
@each_case("member", ["userIdentity", "requestParameters", "resources", "errorMessage", "awsRegion", "tlsDetails"])
def test_event_of_odd_shape_is_read_all_the_same(member: str, value: Any) -> None:
    assert one(event(**{member: value})).form is DenialSource.CLOUDTRAIL


@each_case("value", [[], {}, "x", 1, None, {"items": [None, {}]}])
@each_case("member", ["checks", "context", "action", "resource", "matchedPolicies"])
def test_details_of_odd_shape_are_read_all_the_same(member: str, value: Any) -> None:
    record = details()
    record["evaluations"][0][member] = value
    assert one(record).form is DenialSource.AUTHORIZATION


def test_message_forms_are_kept_beside_their_sources() -> None:
    lines = (Path(__file__).parent / "denial_messages.jsonl").read_text(encoding="utf-8").splitlines()

    assert all(json.loads(line)["source"].startswith("https://docs.aws.amazon.com/") for line in lines)
