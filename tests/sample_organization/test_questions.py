"""The evaluator answers the sample organization's questions as AWS's documentation does."""

import pytest

from iamdesk import Evaluator, Request, load_snapshot
from iamdesk.explain.decision import EvaluationResult
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Snapshot

from ..each_case import each_case
from .questions import QUESTIONS, SECRET, Question

SAMPLE = resources() / "samples" / "acme-organization"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return load_snapshot(SAMPLE)


@pytest.fixture(scope="module")
def evaluator(snapshot: Snapshot) -> Evaluator:
    return Evaluator(snapshot)


def ask(evaluator: Evaluator, question: Question) -> EvaluationResult:
    resource = question.resource
    if resource == SECRET:
        resource = next(one.arn for one in evaluator.snapshot.resources if one.arn.startswith(SECRET))
    return evaluator.can(
        Request(principal=question.principal, action=question.action, resource=resource, context=question.context)
    )


def test_there_are_twenty_questions_and_more_each_named_once() -> None:
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS) >= 20


@each_case("question", QUESTIONS, ids=lambda question: question.name.replace(" ", "-"))
def test_the_answer_is_that_of_the_documentation(evaluator: Evaluator, question: Question) -> None:
    answer = ask(evaluator, question)
    assert answer.decision == question.decision, question.reasoning
    assert question.blocked_by <= set(answer.blocked_by)
    assert {key.lower() for key in answer.missing_context_values} == {key.lower() for key in question.hangs_on}


def test_what_the_organization_does_not_let_through_is_named_by_its_place(evaluator: Evaluator) -> None:
    function = "arn:aws:lambda:eu-west-1:444455556666:function:report"
    answer = evaluator.can(Request("arn:aws:iam::444455556666:user/dev", "lambda:CreateFunction", function))
    assert answer.sentence.endswith("no service control policy on Sandbox allows lambda:CreateFunction.")
    said = {line.title: line.sentence for line in answer.layers}
    assert said["Service control policies"] == "no policy on Sandbox allows it"
    assert said["Resource control policies"] == "do not apply to lambda"
