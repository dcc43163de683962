"""What is asked is answered: white space at the end of a resource counts, and every answer shows it (rule F3)."""

import csv
import io

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.query_history import asked_of, to_csv
from iamdesk.export.decision.text_file import result_text
from iamdesk.simulate.test_cases import evaluate_case

from ..builders.arns import ID, user_arn
from ..builders.captures import evaluator, user
from ..builders.statements import allow, deny, document
from ..rules import rule

KEY = f"arn:aws:sqs:us-east-1:{ID}:orders"
ANA = user_arn("ana")
ENDS = [" ", "\t", "\n", "\u00a0", "\u3000", "  "]


def world(*statements: object) -> Evaluator:
    return evaluator(user("ana", document(*statements)))


def ask(held: Evaluator, resource: str) -> EvaluationResult:
    return held.can(Request(ANA, "sqs:SendMessage", resource))


def names(held: Evaluator, resource: str) -> list[str]:
    found = held.what_can(ANA, "sqs", resource)
    return [action.name for action in found.actions("sqs") if action.reach is AccessExtent.ALLOWED]


@rule("F3")
@pytest.mark.parametrize("end", ENDS)
def test_it_is_another_resource(end: str) -> None:
    exact = world(allow("sqs:SendMessage", KEY))
    assert ask(exact, KEY).decision == "allowed"
    assert ask(exact, KEY + end).decision == "implicitDeny"
    assert ask(world(allow("sqs:SendMessage", f"{KEY}*")), KEY + end).decision == "allowed"
    assert ask(world(allow("sqs:SendMessage", KEY + end)), KEY + end).decision == "allowed"
    assert ask(world(allow(), deny("sqs:SendMessage", KEY + end)), KEY + end).decision == "explicitDeny"
    assert ask(world(allow(), deny("sqs:SendMessage", KEY + end)), KEY).decision == "allowed"


@rule("F3")
@pytest.mark.parametrize("end", ENDS)
def test_every_way_of_asking_says_the_same(end: str) -> None:
    held = world(allow("sqs:SendMessage", KEY))
    assert ANA in [row.principal for row in held.who_can(action="sqs:SendMessage", resource=KEY)]
    assert ANA not in [row.principal for row in held.who_can(action="sqs:SendMessage", resource=KEY + end)]
    assert "sqs:SendMessage" in names(held, KEY)
    assert "sqs:SendMessage" not in names(held, KEY + end)
    case = {
        "principal": ANA,
        "action": "sqs:SendMessage",
        "resource": KEY + end,
        "identity_policies": [{"name": "own", "document": document(allow("sqs:SendMessage", KEY))}],
    }
    assert evaluate_case(case).decision == "implicitDeny"


@rule("F3")
def test_answers_and_exports_show_it() -> None:
    answer = ask(world(allow("sqs:SendMessage", KEY)), f"{KEY} ")
    assert answer.request.resource == f"{KEY} "
    shown = f"{KEY}\\u0020"
    assert f"Resource   {shown}\n" in result_text(answer, "account.json")
    [near] = answer.statements
    assert f"Resource {shown} does not match" in near.sentence
    [_, row] = csv.reader(io.StringIO(to_csv([asked_of(answer, "account.json", "")]).decode("utf-8-sig")))
    assert shown in row
