"""An answer leaves in the shape of AWS's own `EvaluationResult`, whatever kind of answer it is."""

import json
from typing import Any

import pytest

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.simulate.test_cases import evaluate_case

ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}
AWS_MEMBERS = {"EvalActionName", "EvalResourceName", "EvalDecision", "MatchedStatements", "MissingContextValues"}
OUR_MEMBERS = {
    "Sentence",
    "Layers",
    "BlockedBy",
    "Assumptions",
    "Conditions",
    "Denials",
    "ConditionWords",
    "DenialWords",
}


def answer(unknown_context: MissingContextMode = MissingContextMode.ABSENT, **changes: Any) -> dict[str, Any]:
    case = {
        "principal": "arn:aws:iam::111122223333:user/alice",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::payroll/a.csv",
        "resource_account": "111122223333",
        "identity_policies": [{"name": "everything", "document": ALLOW_ALL}],
    } | changes
    result: dict[str, Any] = json.loads(json.dumps(to_evaluation_result(evaluate_case(case, unknown_context))))
    return result


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({}, "allowed"),
        ({"permissions_boundary": []}, "implicitDeny"),
        (
            {
                "resource_policy": {
                    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]
                }
            },
            "explicitDeny",
        ),
    ],
)
def test_members_are_those_of_aws_and_the_promised_ones(changes: dict[str, Any], decision: str) -> None:
    result = answer(**changes)

    assert result.keys() == AWS_MEMBERS | OUR_MEMBERS
    assert result["EvalDecision"] == decision


def test_matched_statement_has_its_place_in_the_policy_as_shown() -> None:
    (statement,) = answer()["MatchedStatements"]

    shown = json.dumps(ALLOW_ALL, indent=2).splitlines()
    start, end = statement["StartPosition"], statement["EndPosition"]
    assert shown[start["Line"] - 1][start["Column"] - 1 :] == "{"
    assert shown[end["Line"] - 1][: end["Column"] - 1].strip() == "}"
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("everything", "user")
    assert (statement["StatementIndex"], statement["Sid"], statement["Effect"]) == (0, "All", "Allow")


def test_layers_that_took_the_request_away_are_named() -> None:
    result = answer(scps=[[{"name": "root", "document": ALLOW_ALL}], []])

    assert result["EvalDecision"] == "implicitDeny"
    assert result["BlockedBy"] == ["scp"]
    scp = next(layer for layer in result["Layers"] if layer["Layer"] == "scp")
    assert scp["Decision"] == "implicitDeny"
    assert [(line["SourcePolicyType"], line["Level"]) for line in scp["Statements"]] == [("scp", 0)]


def test_layers_not_in_play_have_no_decision() -> None:
    layers = {layer["Layer"]: layer["Decision"] for layer in answer()["Layers"]}

    assert layers["identity"] == "allowed"
    assert layers["session"] is None


def test_conditional_answer_tells_the_values_that_decide() -> None:
    office = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Null": {"aws:TokenIssueTime": "true"}},
    }
    policies = [{"name": "office", "document": {"Version": "2012-10-17", "Statement": [office]}}]

    result = answer(MissingContextMode.UNKNOWN, identity_policies=policies)

    assert result["EvalDecision"] == "conditional"
    assert sorted(result["MissingContextValues"]) == ["aws:SourceVpc", "aws:TokenIssueTime"]
    assert {"aws:SourceVpc": "vpc-1", "aws:TokenIssueTime": None} in result["Conditions"]
    assert {"aws:SourceVpc": None} in result["Denials"]


def test_near_miss_tells_the_element_that_failed() -> None:
    other = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}],
    }

    result = answer(identity_policies=[{"name": "other", "document": other}])

    identity = next(layer for layer in result["Layers"] if layer["Layer"] == "identity")
    (statement,) = identity["Statements"]
    assert result["MatchedStatements"] == []
    assert (statement["Part"], statement["FailedElement"]) == ("near miss", "Resource")
