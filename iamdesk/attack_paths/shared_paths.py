"""Shortest paths of all principals to one goal, as tasks: the facts that possible steps need take most of the time."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from uuid import uuid4

from iamdesk.access.kept_evaluator import kept_evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.evidence import Needs
from iamdesk.attack_paths.parallel import steps_of
from iamdesk.attack_paths.types import AttackPath, PrincipalExposure
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_SPAN = 64
"""Principals per task: tenths of a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some principals, and a goal."""

    snapshot: SnapshotReference
    known: str
    """Key of the steps (`parallel.Answers`), which are sent along."""
    goal: str
    principals: tuple[str, ...]


def shortest_paths(
    reach: AttackPathGraph, goal: str, workers: Workers | None = None, cancelled: Cancelled = never_cancelled
) -> Iterator[tuple[PrincipalExposure, AttackPath]]:
    """Yield every user and role with a proven or possible path to a goal, with a shortest one, in snapshot order.

    Raises:
        RequestError: There is no such goal.
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    if workers is not None:
        known, content = uuid4().hex, object_content(reach.known_steps)
        spans = [
            Span(workers.reference, known, goal, principals) for principals in batched(reach.distances(goal), _SPAN)
        ]

        def here(span: Span, _cancelled: Cancelled) -> Needs:
            return _needs(reach, span.principals, goal)

        contents = {known: lambda: content}
        for needs in workers.results(find, spans, cancelled=cancelled, contents=contents, here=here):
            reach.learn_needs(needs)
    for reached in reach.exposures():
        attack_path = reach.attack_path(reached.principal, goal)
        if attack_path is not None:
            yield reached, attack_path


def find(span: Span, cancelled: Cancelled) -> Needs:
    """Return the facts that the steps of some principals need; called in a worker."""
    held = kept_snapshot(span.snapshot, cancelled)
    evaluator = kept_evaluator(span.snapshot, held)
    steps = steps_of(span.snapshot, held, span.known, cancelled)
    reach = held.once(
        ("map", threading.get_ident(), span.known, span.snapshot.moment),
        lambda: AttackPathGraph(evaluator, cancelled=cancelled, steps=steps),
    )
    return _needs(reach, span.principals, span.goal)


def _needs(reach: AttackPathGraph, principals: Sequence[str], goal: str) -> Needs:
    attack_paths = (reach.attack_path(principal, goal) for principal in principals)
    asked = {
        (step.path_id, step.source, step.target)
        for attack_path in attack_paths
        if attack_path is not None
        for step in attack_path.steps
    }
    return {key: needs for key in asked if (needs := reach.needs.get(key)) is not None}
