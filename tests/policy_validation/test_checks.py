"""Each check of AWS's page finds its issue, and nothing of it once mended."""

import json

from iamdesk.policy_validation.issue import FindingType
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import JSON_SYNTAX, validate_document, validate_text, validation_checks
from tests.conformance.topics.operators import FAMILIES, Subject
from tests.policy_validation.cases import CASES, Case, Json, allow, policy, trust, when

from ..each_case import each_case


def _found(kind: str, document: Json) -> set[str]:
    name, _, service = kind.partition("/")
    return {issue.check.name for issue in validate_document(document, PolicyKind(name), service)}


@each_case("case", CASES, ids=[case.code for case in CASES])
def test_the_issue_is_found_until_it_is_mended(case: Case) -> None:
    assert case.code in _found(case.kind, case.wrong)
    assert case.code not in _found(case.kind, case.mended)


@each_case("case", CASES, ids=[case.code for case in CASES])
def test_a_mended_document_has_no_error(case: Case) -> None:
    name, _, service = case.kind.partition("/")
    issues = validate_document(case.mended, PolicyKind(name), service)
    errors = {issue.check.name for issue in issues if issue.check.finding_type is FindingType.ERROR}
    made_up = {"INVALID_ACTION"} if "QUOTA" in case.code else set()  # long lists of actions that are made up
    assert errors <= made_up


def test_every_check_has_a_case() -> None:
    codes = {check.issue_code for check in validation_checks() if check.issue_code}
    assert {case.code for case in CASES} == codes - {JSON_SYNTAX.issue_code}
    assert len(codes) == 153  # all of the page of November 2026


@each_case(
    "example",
    [one for family in FAMILIES.values() for one in family if one.broken_policy is not None],
    ids=lambda one: one.operator,
)
def test_a_value_that_an_operator_cannot_read_is_an_issue(example: Subject) -> None:
    document = policy(allow(Condition={example.operator: {example.key: example.broken_policy}}))
    messages = [issue.message for issue in validate_document(document, PolicyKind.IDENTITY)]
    assert any(f"`{example.broken_policy}`" in message for message in messages), "add a check to value_checks.py"


def test_checks_of_our_own() -> None:
    typo = policy(trust({"Service": "lamda.amazonaws.com"}))
    (issue,) = validate_document(typo, PolicyKind.TRUST)
    assert issue.check.id == "POL-052"
    assert issue.message == "`lamda.amazonaws.com` is in no list of AWS. Did you mean `lambda.amazonaws.com`?"
    for known in ("ec2.amazonaws.com", "delivery.logs.amazonaws.com", "vpc-flow-logs.amazonaws.com"):
        assert not validate_document(policy(trust({"Service": known})), PolicyKind.TRUST)
    (issue,) = validate_document(policy(allow(resource="arn:aws:s3:::b\u0142")), PolicyKind.IDENTITY)
    assert (issue.check.id, issue.path) == ("POL-024", ("Statement", 0, "Resource"))
    session = "arn:aws:sts::111122223333:assumed-role/admin/*"
    for operator, arn, expected in (
        ("ArnNotLike", session, ["POL-178"]),
        ("StringNotEquals", "arn:aws:sts::111122223333:assumed-role/admin/maria", ["POL-178"]),
        ("ArnNotLike", "arn:aws:iam::111122223333:role/admin", []),
        ("ArnNotLike", [session, "arn:aws:iam::111122223333:role/ops/admin"], []),
        ("ArnNotLike", [session, "arn:aws:iam::111122223333:role/other"], ["POL-178"]),
        ("ArnNotLike", "arn:aws:sts::111122223333:federated-user/maria", []),
    ):
        guard = {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {operator: {"aws:PrincipalArn": arn}},
        }
        found = [issue.check.id for issue in validate_document(policy(guard), PolicyKind.SCP)]
        assert [one for one in found if one == "POL-178"] == expected


def test_quotas_are_those_of_the_policy_type() -> None:
    long = policy(allow(resource=[f"arn:aws:s3:::bucket-{number}" for number in range(150)]))
    code = "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA"
    assert code in _found("session", long)  # 2,048
    assert code not in _found("identity", long)  # 6,144
    longer = policy(allow(resource=[f"arn:aws:s3:::bucket-{number}" for number in range(300)]))
    assert code in _found("identity", longer)
    assert code not in _found("permission-set", longer)  # 32,768


def test_an_unknown_set_operator_is_named() -> None:
    document = policy(when("ForSomeValues:StringEquals", "aws:TagKeys", "a"))
    messages = [issue.message for issue in validate_document(document, PolicyKind.IDENTITY)]
    assert messages == ["The set operator `ForSomeValues` of `ForSomeValues:StringEquals` does not exist."]


def test_ids_are_unique() -> None:
    ids = [check.id for check in validation_checks()]
    assert len(ids) == len(set(ids))


@each_case("case", CASES, ids=[case.code for case in CASES])
def test_the_position_is_in_the_text(case: Case) -> None:
    text = json.dumps(case.wrong, indent=4)
    lines = text.split("\n")
    name, _, service = case.kind.partition("/")
    for issue in validate_text(text.encode(), PolicyKind(name), service):
        span = issue.span
        assert span is not None
        assert (1, 1) <= (span.start_line, span.start_column) < (span.end_line, span.end_column)
        assert span.end_line <= len(lines)
        assert span.end_column <= len(lines[span.end_line - 1]) + 1
