"""Result of a use case as JSON and as text, and the command that evaluates it.

::

    {
      "Remarks": [sentence],                                  as `iamdesk can` prints them
      "Need": str, "Title": str,                              read-object, read an object
      "EvalResourceName": str,
      "EvalDecision": one of allowed, explicitDeny, implicitDeny, conditional,     the joint decision
      "Sentence": str,
      "Parts": [{"EvalActionName", "On", "Why",
                 "Counts": whether the joint decision depends on it,
                 "EvalDecision": null if it was not evaluated; "NotAsked" is the reason,
                 "Answer": the object that `iamdesk can` prints for that action}],
      "MissingContextValues": [key],
      "Assumptions": [{"Code", "Message"}],
      "Sources": [URL]                                        the pages of AWS about the required actions
    }
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from iamdesk.escaping import visible
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import Assumption, EvalDecision
from iamdesk.export.decision.evaluation_result import assumption_result, remarks_result, to_evaluation_result
from iamdesk.export.decision.text_file import request_lines, request_words
from iamdesk.export.text.decision import otherwise_words, use_case_decision_words
from iamdesk.i18n import join_names, phrase
from iamdesk.use_cases.types import ActionResult, DependentActions, UseCaseRequest, UseCaseResult


def to_use_case_result(result: UseCaseResult) -> dict[str, Any]:
    """Return the result as the JSON object described above."""
    return {
        **remarks_result(result.request.request),
        "Need": result.use_case.name,
        "Title": result.use_case.title,
        "EvalResourceName": result.request.request.resource,
        "EvalDecision": result.decision.value,
        "Sentence": result.sentence,
        "Parts": [_part(one) for one in result.parts],
        "MissingContextValues": list(result.missing_context_values),
        "Assumptions": [_of_part(assumption) for assumption in result.assumptions],
        "Sources": list(result.use_case.sources),
    }


def _of_part(assumption: Assumption) -> dict[str, Any]:
    """Return an assumption about one action, without ``CouldChangeTo``: its effect on the joint decision is unknown."""
    return {key: value for key, value in assumption_result(assumption).items() if key != "CouldChangeTo"}


def _part(one: ActionResult) -> dict[str, Any]:
    result: dict[str, Any] = {
        "EvalActionName": one.part.action,
        "On": one.part.on,
        "Why": one.part.why,
        "Counts": one.counts,
        "EvalDecision": None if one.decision is None else one.decision.decision.value,
    }
    if one.decision is None:
        return {**result, "NotAsked": one.unasked}
    return {**result, "Answer": to_evaluation_result(one.decision)}


def use_case_text(result: UseCaseResult, snapshot_path: str) -> str:
    """Return the result as lines of text; control characters of the snapshot are escapes."""
    return "\n".join(line.rstrip() for line in _lines(result, snapshot_path)) + "\n"


def _lines(result: UseCaseResult, snapshot_path: str) -> Iterator[str]:
    yield from map(visible, result.request.request.remarks)
    yield visible(use_case_decision_words(result))
    yield visible(result.sentence)
    yield ""
    yield from request_lines(result.request.request, snapshot_path, "Use case")
    for name, arn in result.request.inputs.items():
        yield visible(f"{name:<9}  {arn}")
    yield ""
    yield "Actions"
    width = max(len(one.part.action) for one in result.parts)
    for one in result.parts:
        yield visible(
            f"  {one.part.action:<{width}}  {action_decision_words(one)}{f', {one.part.why}' if one.part.why else ''}"
        )
        indent = " " * (width + 4)
        if one.decision is None:
            yield visible(f"{indent}{one.unasked}")
        else:
            yield visible(f"{indent}{one.decision.sentence}")
    if result.assumptions:
        yield ""
        yield "Assumptions"
        for assumption in result.assumptions:
            yield f"  {visible(assumption.message)}{otherwise_words(assumption)}"
    yield ""
    yield "To evaluate one action: iamdesk can … --action ACTION --resource ARN"


def action_decision_words(one: ActionResult) -> str:
    """Return the decision on one action in a few words."""
    if one.decision is None:
        return phrase("not evaluated")
    if one.decision.decision is EvalDecision.CONDITIONAL:
        keys = join_names(one.decision.missing_context_values)
        return phrase("depends on {keys}", keys=keys) if keys else phrase("depends on its context")
    return phrase("allowed") if one.decision.decision is EvalDecision.ALLOWED else phrase("denied")


def use_case_command(request: UseCaseRequest, snapshot_path: str) -> str:
    """Return the command that evaluates the same use case, quoted for a POSIX shell."""
    words, notes = request_words(request.request, snapshot_path, "--use-case")
    for name, arn in request.inputs.items():
        words += ["--on", f"{name}={arn}"]
    lines = [f"# evaluated in the window: {visible(note)}" for note in notes]
    return "\n".join([*lines, " ".join(shlex.quote(word) for word in words)])


def dependent_action_lines(also: DependentActions, request: Request, snapshot_path: str) -> Iterator[str]:
    """Yield the dependent actions of a request, and the command that evaluates all of them."""
    if also.passes_role:
        yield f"Also requires {passed_role_words(also)}."
    others = [action for action in also.actions if action != "iam:PassRole"]
    if others:
        yield f"May also require {join_names(others)}."
    inputs = {"role": "ROLE_ARN"} if also.passes_role else {}
    yield "To evaluate all of them:"
    yield f"  {use_case_command(UseCaseRequest(replace(request, action=also.action), inputs), snapshot_path)}"


def passed_role_words(also: DependentActions) -> str:
    """Return ``iam:PassRole on the role that is passed to ec2.amazonaws.com``."""
    if not also.services:
        return phrase("iam:PassRole on the role that is passed")
    return phrase(
        "iam:PassRole on the role that is passed to {services}", services=join_names(also.services, last="or")
    )
