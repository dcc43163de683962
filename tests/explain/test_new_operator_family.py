"""A family of operators is added by its lines in the table alone: evaluated, searched, put into words, validated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.explain.statement_summary import document_readings
from iamdesk.policy import operators
from iamdesk.policy.document import parse_document
from iamdesk.policy.operators import OPERATORS, Bound, Operator, OperatorFamily
from iamdesk.policy_validation.policy_view import PolicyKind
from iamdesk.policy_validation.validate import validate_document
from iamdesk.simulate.test_cases import evaluate_case

OWN = "111122223333"


def _read(text: str) -> tuple[int, ...] | None:
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


def _values(listed: Sequence[str], each: int) -> tuple[list[str], bool]:
    """Return each version, one before the first and one behind each; two spellings of it if so many are wanted."""
    read = sorted(version for text in listed if (version := _read(text)) is not None)
    texts = [".".join(map(str, one)) for one in ((0,), *read, *((*version, 0) for version in read))]
    return [spelling for text in texts for spelling in (text, f"0{text}")[:each]], each <= 2


VERSION = OperatorFamily("Version", "a version", values_to_try=_values)


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    read_policy = operators._of_text(_read)
    equal = Operator("VersionEquals", VERSION, _read, read_policy, lambda one, other: one == other, is_equality=True)
    less = Operator(
        "VersionLessThan",
        VERSION,
        _read,
        read_policy,
        lambda one, other: one < other,
        bound=Bound.UPPER,
        words="is older than {values}",
    )
    for operator in (equal, less):
        monkeypatch.setitem(OPERATORS, operator.name.lower(), operator)


def statement(condition: dict[str, Any], effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Condition": condition}


def decided(*statements: dict[str, Any], **context: str | None) -> EvaluationResult:
    case = {
        "principal": f"arn:aws:iam::{OWN}:user/ana",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::reports/q3.csv",
        "resource_account": OWN,
        "context": {f"app:{key}": value for key, value in context.items()},
        "identity_policies": [
            {"name": "p", "document": {"Version": "2012-10-17", "Statement": [*statements]}},
        ],
    }
    return evaluate_case(case, MissingContextMode.UNKNOWN)


@pytest.mark.parametrize(
    ("version", "decision"),
    [
        ("2.9", EvalDecision.ALLOWED),
        ("2.10", EvalDecision.IMPLICIT_DENY),
        ("10.1", EvalDecision.IMPLICIT_DENY),
        ("new", EvalDecision.IMPLICIT_DENY),
        (None, EvalDecision.IMPLICIT_DENY),
    ],
)
def test_known_values_are_compared_as_the_family_reads_them(version: str | None, decision: EvalDecision) -> None:
    assert decided(statement({"VersionLessThan": {"app:Release": "2.10"}}), Release=version).decision is decision


def test_unknown_values_are_searched_in_full() -> None:
    found = decided(statement({"VersionLessThan": {"app:Release": "2"}}))
    assert found.decision is EvalDecision.CONDITIONAL
    assert found.condition_words == ("app:Release is a version that is older than 2",)
    assert "app:Release is absent" in found.denial_words
    assert "not-enumerated" not in {one.code for one in found.assumptions}


def test_a_family_that_does_not_say_which_values_to_try_is_told_to_be_incomplete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = replace(OPERATORS["versionequals"], family=OperatorFamily("Version", "a version"))
    monkeypatch.setitem(OPERATORS, "versionequals", silent)
    found = decided(statement({"VersionEquals": {"app:Release": "2"}}))
    assert found.decision is EvalDecision.CONDITIONAL
    assert "not-enumerated" in {one.code for one in found.assumptions}


def test_a_statement_is_put_into_words() -> None:
    tested = {"VersionLessThan": {"app:R": "2"}, "VersionEquals": {"app:S": ["1.0", "2.0"]}}
    document = parse_document({"Version": "2012-10-17", "Statement": [statement(tested)]})
    (words,) = document_readings(document)
    assert words.endswith(", when app:R is older than 2, and app:S is 1.0 or 2.0.")


def test_a_value_that_it_cannot_read_is_an_issue() -> None:
    tested = {"VersionLessThan": {"app:Release": ["2.10", "latest"]}}
    issues = validate_document({"Version": "2012-10-17", "Statement": [statement(tested)]}, PolicyKind.IDENTITY)
    assert "`latest` is not a version, as `VersionLessThan` requires." in {issue.message for issue in issues}
