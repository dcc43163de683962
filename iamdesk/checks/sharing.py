"""The checks as tasks: the list of all that is looked at is cut into spans, which workers look through."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from iamdesk.checks.finding import Finding
from iamdesk.checks.registry import Work, look, work_of
from iamdesk.checks.survey import Survey
from iamdesk.query.evaluator import Evaluator
from iamdesk.reach.reach_map import ReachMap
from iamdesk.reach.sharing import Answers, find_shared
from iamdesk.snapshot.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.work.kept import SnapshotReference, kept_object, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_SPAN = 64
"""Things in one task: tenths of a second, and some seconds where changes are tried for each of them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some of the things that are looked at, by their numbers."""

    snapshot: SnapshotReference
    known: str
    """Names what is known of steps between principals (`reach.sharing.Answers`), which is sent along."""
    start: int
    stop: int


def run_shared(
    workers: Workers,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    answers: Answers | None = None,
) -> Iterator[Finding]:
    """Yield what `registry.run` does, in the same order; workers do it.

    ``answers`` is what is known of steps between principals (`ReachMap.answers`), where somebody keeps it.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    progress(0, 0)
    known, content = uuid4().hex, object_content(answers or find_shared(workers, cancelled=cancelled))
    contents = {known: lambda: content}
    counting = Span(workers.reference, known, 0, 0)
    (total,) = workers.results(count, [counting], cancelled=cancelled, contents=contents)
    spans = (Span(workers.reference, known, start, min(start + _SPAN, total)) for start in range(0, total, _SPAN))
    progress(0, total)
    found = workers.results(
        find,
        spans,
        progress=progress,
        cancelled=cancelled,
        size=lambda span: span.stop - span.start,
        total=total,
        contents=contents,
    )
    for findings in found:
        yield from findings


def count(span: Span, cancelled: Cancelled) -> int:
    """Return how many things there are."""
    return len(_run_of(span, cancelled).work)


def find(span: Span, cancelled: Cancelled) -> list[Finding]:
    """Return what is found in a span."""
    run = _run_of(span, cancelled)
    return [finding for work in run.work[span.start : span.stop] for finding in look(run.survey, work)]


@dataclass(frozen=True, slots=True)
class _Run:
    survey: Survey
    work: list[Work]


def _run_of(span: Span, cancelled: Cancelled) -> _Run:
    """Return the run of this thread over a snapshot: what it has found out serves the next span."""
    held = kept_snapshot(span.snapshot, cancelled)
    evaluator = held.once("evaluator", lambda: Evaluator(held.snapshot))

    def begin() -> _Run:
        answers = kept_object(span.known, lambda known: known)
        reach = ReachMap(evaluator, cancelled=cancelled, answers=answers)
        survey = Survey(evaluator, cancelled, lambda *_args, **_keywords: reach)
        return _Run(survey, work_of(survey))

    run = held.once(("findings", threading.get_ident()), begin)
    run.survey.attend(cancelled)
    return run
