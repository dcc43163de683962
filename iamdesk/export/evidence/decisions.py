"""Decisions quoted in a package (``verdicts.jsonl``), each with its request, so that it can be evaluated again.

Quoted are key permissions of all principals that are or can become administrators, and the requests in the evidence of
findings. A decision that differs when the request is evaluated on the unchanged snapshot (a finding may evaluate a
hypothetical one) is not quoted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any, NamedTuple

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.kept_evaluator import kept_evaluator
from iamdesk.evaluate.engine import decide_request
from iamdesk.evaluate.request import EvalDecision, MissingContextMode, Request, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.review.journal import canonical, digest
from iamdesk.review.key_permissions import key_permissions
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot

_PRINCIPALS = 32
_REQUESTS = 128
"""Principals, and requests of findings, in one task: some tenths of a second."""


class Quoted(NamedTuple):
    """One quoted decision."""

    key: str
    """Digest of the request."""
    principal: str
    line: bytes
    """Canonical JSON."""
    row: tuple[str, str, str] | None
    """Of a key permission, as the statement lists it: permission, decision, deciding statements."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to evaluate again."""

    request: Request
    decision: EvalDecision
    """It is quoted if the decision is this one."""
    quoted_for: str


@dataclass(frozen=True, slots=True)
class _Task:
    """Some principals, whose key permissions are quoted, and some requests of findings."""

    snapshot: SnapshotReference
    principals: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()


def verdicts(
    source: EvidenceContext,
    principals: Iterable[str],
    cancelled: Cancelled,
    is_free: Callable[[], bool] = lambda: True,
) -> Iterator[Quoted]:
    """Yield each quoted decision once: key permissions of ``principals``, then those of findings.

    ``is_free`` is whether this process helps the workers, or is busy with other work.

    Raises:
        WorkCancelled: the work was cancelled.
    """
    evaluator = source.evaluator
    if evaluator is None:
        return
    seen: set[str] = set()
    for some in _found(source, evaluator, principals, cancelled, is_free):
        for one in some:
            if one.key not in seen:
                seen.add(one.key)
                yield one


def _found(
    source: EvidenceContext,
    evaluator: Evaluator,
    principals: Iterable[str],
    cancelled: Cancelled,
    is_free: Callable[[], bool],
) -> Iterator[list[Quoted]]:
    """Yield the quoted decisions in pieces, in order, found by workers if there are any."""
    spans: list[tuple[tuple[str, ...], tuple[Asked, ...]]] = [(some, ()) for some in batched(principals, _PRINCIPALS)]
    if source.findings_are_same:
        spans += [((), some) for some in batched(_asked_by_findings(source), _REQUESTS)]
    workers = source.workers
    if workers is None:
        for names, asked in spans:
            yield _quote(evaluator, names, asked, cancelled)
        return
    yield from workers.results(
        quote,
        [_Task(workers.reference, *span) for span in spans],
        cancelled=cancelled,
        here=lambda task, cancelled: _quote(evaluator, task.principals, task.asked, cancelled),
        is_free=is_free,
    )


def _asked_by_findings(source: EvidenceContext) -> Iterator[Asked]:
    for finding in source.found:
        for piece in finding.evidence:
            if piece.decision is not None:
                quoted_for = f"{finding.check_id} {finding.fingerprint}"
                yield Asked(piece.decision.request, piece.decision.decision, quoted_for)


def quote(task: _Task, cancelled: Cancelled) -> list[Quoted]:
    """Evaluate the requests of one task; called in a worker."""
    held = kept_snapshot(task.snapshot, cancelled)
    held.forget("steps", "findings", "effects")
    return _quote(kept_evaluator(task.snapshot, held), task.principals, task.asked, cancelled)


def _quote(
    evaluator: Evaluator, principals: Iterable[str], asked: Iterable[Asked], cancelled: Cancelled
) -> list[Quoted]:
    found: dict[str, Quoted] = {}
    for one in (*_key_permissions(evaluator, principals, cancelled), *asked):
        if cancelled():
            raise WorkCancelled
        quoted = _quoted(evaluator, one, found)
        if quoted is not None:
            found[quoted.key] = quoted
    return list(found.values())


def _key_permissions(evaluator: Evaluator, principals: Iterable[str], cancelled: Cancelled) -> Iterator[Asked]:
    for principal in principals:
        if cancelled():
            raise WorkCancelled
        for permission in key_permissions(evaluator, principal):
            for decision in permission.decisions:
                request = Request(principal, permission.action, decision.resource)
                yield Asked(request, decision.decision, f"{_MAY}{permission.description}")


_MAY = "may "


def _quoted(evaluator: Evaluator, asked: Asked, known: Mapping[str, Quoted]) -> Quoted | None:
    request = asked.request
    if request.session_policies is not None or request.without:
        return None
    hashed = _hashed_request(request)
    key = digest(hashed)
    if key in known:
        return None
    try:
        again = evaluator.explained(request)
    except RequestError:
        return None
    if again.decision is not asked.decision:
        return None
    result = to_evaluation_result(again)
    value = {
        "id": f"v-{key[:16]}",
        "quoted_for": asked.quoted_for,
        **hashed,
        "decision": again.decision.value,
        "sentence": again.sentence,
        "result": result,
        "documents": sorted({digest(line.document.raw) for line in again.matched_statements}),
    }
    row = _row(asked, again, result) if asked.quoted_for.startswith(_MAY) else None
    return Quoted(key, request.principal, canonical(value), row)


def _row(asked: Asked, again: EvaluationResult, result: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return a key permission as the statement lists it."""
    statements = [
        f"{one['SourcePolicyId']}, statement {one['StatementIndex'] + 1}" for one in result["MatchedStatements"]
    ]
    statements += [one["Sentence"] for one in result["Layers"] if one["Decision"] == EvalDecision.CONDITIONAL]
    keys = ", ".join(result["MissingContextValues"])
    has_keys = again.decision is EvalDecision.CONDITIONAL and keys
    return (
        f"{asked.quoted_for}: {asked.request.resource}",
        f"{again.decision.value}: depends on {keys}" if has_keys else again.decision.value,
        "; ".join(dict.fromkeys(statements)) or str(again.sentence),  # the root user needs no statement
    )


def _hashed_request(request: Request) -> dict[str, Any]:
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
        "is_of_resource": request.is_of_resource,
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
        is_of_resource=quoted["is_of_resource"],
    )
    return decide_request(evaluator.evaluation_request(request)).value
