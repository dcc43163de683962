"""The evaluator answers the sample account's questions as AWS's documentation does."""

import pytest

from iamdesk import Evaluator, Request, load_snapshot
from iamdesk.explain.decision import EvaluationResult, StatementExplanation, StatementRole

from ..each_case import each_case
from .questions import CONDITIONAL, QUESTIONS, TRUST, Question
from .shapes import ACCOUNT_ID
from .test_sample import SAMPLE


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_snapshot(SAMPLE))


def ask(evaluator: Evaluator, question: Question) -> EvaluationResult:
    """The buckets are the account's own: an S3 ARN does not say whose a bucket is (rule D4)."""
    return evaluator.can(
        Request(
            principal=question.principal,
            action=question.action,
            resource=question.resource,
            context=question.context,
            resource_account=ACCOUNT_ID,
        )
    )


def named(lines: tuple[StatementExplanation, ...]) -> set[tuple[str, int]]:
    return {(TRUST if line.source_policy_type == "trust" else line.policy_name, line.index) for line in lines}


def test_the_names_of_the_questions_are_unique() -> None:
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS)


@each_case("question", QUESTIONS, ids=lambda question: question.name.replace(" ", "-"))
def test_the_answer_is_that_of_the_documentation(evaluator: Evaluator, question: Question) -> None:
    answer = ask(evaluator, question)
    assert answer.decision == question.decision, question.reasoning
    # The names of keys are without case (rule G6); how they are spelled is the next test's.
    assert {key.lower() for key in answer.missing_context_values} == {key.lower() for key in question.hangs_on}
    if question.decision == CONDITIONAL:
        assert named(answer.statements_that(StatementRole.DEPENDS)) == question.deciding
    else:
        assert named(answer.matched_statements) == question.deciding, question.reasoning


def test_a_key_is_named_as_the_policies_spell_it(evaluator: Evaluator) -> None:
    for question in QUESTIONS:
        assert set(ask(evaluator, question).missing_context_values) == question.hangs_on
