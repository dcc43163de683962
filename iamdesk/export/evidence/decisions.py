"""Decisions quoted in a package (``verdicts.jsonl``), each with its request, so that it can be evaluated again.

Quoted are key permissions of all principals that are or can become administrators, and the requests in the evidence of
findings. A decision that differs when the request is evaluated on the unchanged snapshot (a finding may evaluate a
hypothetical one) is not quoted.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.review.journal import digest
from iamdesk.review.key_permissions import key_permissions


def verdicts(source: EvidenceContext, principals: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield each quoted decision once as a JSON object: key permissions of ``principals``, then those of findings."""
    evaluator = source.evaluator
    if evaluator is None:
        return
    seen: set[str] = set()
    for principal in principals:
        source.check_cancelled()
        for permission in key_permissions(evaluator, principal):
            for answer in permission.answers:
                yield from _quoted(evaluator, answer.explanation, f"may {permission.says}", seen)
    if not source.findings_are_same:
        return
    for finding in source.found:
        source.check_cancelled()
        for piece in finding.evidence:
            if piece.decision is not None:
                yield from _quoted(evaluator, piece.decision, f"{finding.check_id} {finding.fingerprint}", seen)


def _quoted(
    evaluator: Evaluator, decision: EvaluationResult, quoted_for: str, seen: set[str]
) -> Iterator[dict[str, Any]]:
    request = decision.request
    if request.session_policies is not None or request.without:
        return
    question = _question(request)
    key = digest(question)
    if key in seen:
        return
    try:
        again = evaluator.can(request)
    except RequestError:
        return
    if again.decision is not decision.decision:
        return
    seen.add(key)
    yield {
        "id": f"v-{key[:16]}",
        "quoted_for": quoted_for,
        **question,
        "decision": again.decision.value,
        "sentence": again.sentence,
        "result": to_evaluation_result(again),
        "documents": sorted({digest(line.document.raw) for line in again.matched_statements}),
    }


def _question(request: Request) -> dict[str, Any]:
    return {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "context": {
            key: value if value is None or isinstance(value, str) else list(value)
            for key, value in request.context.items()
        },
        "resource_account": request.resource_account,
        "unknown_context": request.unknown_context.value,
    }


def re_evaluate(evaluator: Evaluator, quoted: Mapping[str, Any]) -> str:
    """Evaluate a quoted request again and return the decision.

    Raises:
        RequestError: it cannot be evaluated on this snapshot.
        KeyError, TypeError, ValueError: it is not a quoted request.
    """
    request = Request(
        quoted["principal"],
        quoted["action"],
        quoted["resource"],
        quoted["context"],
        quoted["resource_account"],
        unknown_context=MissingContextMode(quoted["unknown_context"]),
    )
    return evaluator.can(request).decision.value
