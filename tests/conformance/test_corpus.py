"""The evaluator answers the project's own corpus, written from AWS's documentation, case by case."""

import json
from typing import Any

import pytest

from iamdesk.evaluate.request import MissingContextMode
from iamdesk.explain.decision import EvaluationResult, StatementRole
from iamdesk.simulate.test_cases import evaluate_case

from ..each_case import collected_failures
from .corpus import FILES, TOPICS, text_of

ABOUT = {"id", "rules", "source", "why", "expected"}
QUESTION = {
    "principal",
    "action",
    "resource",
    "resource_account",
    "context",
    "identity_policies",
    "permissions_boundary",
    "session_policies",
    "scps",
    "rcps",
    "resource_policy",
    "block_public_access",
}
DENIALS = ("explicitDeny", "implicitDeny")


CASES_OF: dict[str, list[dict[str, Any]]] = {
    path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for path in sorted(FILES.glob("*.jsonl"))
}
"""The cases of each file."""
CASES = [one for cases in CASES_OF.values() for one in cases]


def test_the_corpus_is_large_and_its_ids_are_unique() -> None:
    assert len(CASES) >= 350
    assert len({one["id"] for one in CASES}) == len(CASES)


def test_each_topic_has_its_file_as_written() -> None:
    assert {path.stem for path in FILES.glob("*.jsonl")} == set(TOPICS)
    for topic in TOPICS:
        assert (FILES / f"{topic}.jsonl").read_text(encoding="utf-8") == text_of(topic), (
            f"{topic}: run `python -m tests.conformance.corpus`"
        )


def test_cases_have_no_key_that_the_format_does_not_know() -> None:
    for one in CASES:
        assert set(one) <= ABOUT | QUESTION, one["id"]
        assert set(one) >= ABOUT | {"principal", "action"}, one["id"]
        assert one["rules"], one["id"]
        assert one["source"].startswith("https://"), one["id"]
        assert one["expected"] in ("allowed", *DENIALS), one["id"]


@pytest.mark.parametrize("topic", CASES_OF)
def test_the_answer_is_that_of_the_documentation(topic: str) -> None:
    with collected_failures() as case:
        for one in CASES_OF[topic]:
            with case(one["id"]):
                check_answer(one)
            with case(f"{one['id']}, unknown context"):
                check_answer_with_unknown_context(one)


def check_answer(one: dict[str, Any]) -> None:
    answer = evaluate_case(one)
    assert answer.decision == one["expected"], f"{one['why']} {answer.sentence}"
    check_explanation(answer)


def check_answer_with_unknown_context(one: dict[str, Any]) -> None:
    """A key that is not there is one of the possibilities: what allows or denies for sure allows or denies without."""
    answer = evaluate_case(one, MissingContextMode.UNKNOWN)
    if answer.decision == "conditional":
        assert answer.missing_context_values or any(note.code == "not-enumerated" for note in answer.assumptions)
    elif one["expected"] == "allowed":
        assert answer.decision == "allowed"
    else:
        assert answer.decision in DENIALS
    check_explanation(answer)


def check_explanation(answer: EvaluationResult) -> None:
    """What every explanation has: statements that point into their policies, and a reason."""
    assert answer.sentence.endswith(".")
    for line in answer.statements:
        assert line.span is not None
        assert line.mark_span is not None
        assert line.sentence
        assert (line.failed is not None) == (line.part is StatementRole.NEAR_MISS)
    if answer.decision == "explicitDeny":
        assert all(line.effect == "Deny" for line in answer.matched_statements)
        assert answer.matched_statements or answer.blocked_by == ("block-public-access",)
    elif answer.decision == "allowed":
        assert all(line.effect == "Allow" for line in answer.matched_statements)
    elif answer.decision == "implicitDeny":
        assert not answer.matched_statements
    if answer.decision != "conditional":
        assert not answer.conditions
        assert not answer.missing_context_values
