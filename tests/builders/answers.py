"""What an evaluator is asked and what it answers, short enough to be a row of a table."""

from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult

from .captures import ANA

__all__ = ["asking", "codes", "everywhere", "notes", "rows"]


def asking(action: str, resource: str = "*", principal: str = ANA, **more: Any) -> Request:
    return Request(principal, action, resource, **more)


def codes(answer: EvaluationResult) -> list[str]:
    return [note.code for note in answer.assumptions]


def notes(answer: EvaluationResult) -> dict[str, str | None]:
    """The other answers by code, of everything that the answer takes for granted."""
    assert all(note.message.endswith(".") for note in answer.assumptions)
    return {note.code: note.other_decision and note.other_decision.value for note in answer.assumptions}


def rows(evaluator: Evaluator, action: str, resource: str = "*", **more: Any) -> dict[str, str]:
    """The decisions of who-can by principal."""
    return {row.principal: row.decision.value for row in evaluator.who_can(action=action, resource=resource, **more)}


def everywhere(evaluator: Evaluator, asked: Request) -> str:
    """The decision: the same in full, bare, and among the answers about everybody."""
    decision = evaluator.can(asked).decision
    assert evaluator.decide(asked) == decision
    more = {"context": asked.context, "unknown_context": asked.unknown_context}
    of_everybody = rows(evaluator, asked.action, asked.resource, **more).get(asked.principal, "implicitDeny")
    assert of_everybody == ("implicitDeny" if decision == "explicitDeny" else decision)
    return decision.value
