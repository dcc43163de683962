"""Shortest paths of all principals to one goal, as tasks: the facts that possible steps need take most of the time."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from uuid import uuid4

from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.evidence import Needs, Prover
from iamdesk.attack_paths.parallel import steps_of
from iamdesk.attack_paths.types import AttackPath, PrincipalExposure, StepKey
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.work.worker_cache import SnapshotReference, kept_snapshot, object_content
from iamdesk.work.workers import Workers

_SPAN = 32
"""Steps per task: tenths of a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some possible steps."""

    snapshot: SnapshotReference
    known: str
    """Key of what is known of the steps (`parallel.KnownSteps`), which workers keep or are sent."""
    keys: tuple[StepKey, ...]


def shortest_paths(
    reach: AttackPathGraph, goal: str, workers: Workers | None = None, cancelled: Cancelled = never_cancelled
) -> Iterator[tuple[PrincipalExposure, AttackPath]]:
    """Yield every user and role with a proven or possible path to a goal, with a shortest one, in snapshot order.

    Without service-linked roles: only AWS can use them (IAM User Guide, "Create a service-linked role").

    Raises:
        RequestError: There is no such goal.
        WorkCancelled: ``cancelled`` returned True.
        WorkError: No worker can do it; one sentence.
    """
    if workers is not None:
        known = next(reversed(reach.kept_by_workers), uuid4().hex)
        spans = [Span(workers.reference, known, keys) for keys in batched(reach.wanted_needs(goal), _SPAN)]

        def here(span: Span, _cancelled: Cancelled) -> Needs:
            return _needs(reach.prover, span)

        contents = {known: lambda: object_content(reach.known_steps)}
        for needs in workers.results(find, spans, cancelled=cancelled, contents=contents, here=here):
            reach.learn_needs(needs)
    for reached in reach.exposures():
        if is_service_linked_arn(reached.principal):
            continue
        attack_path = reach.attack_path(reached.principal, goal)
        if attack_path is not None:
            yield reached, attack_path


def find(span: Span, cancelled: Cancelled) -> Needs:
    """Return the facts that some steps need; called in a worker."""
    held = kept_snapshot(span.snapshot, cancelled)
    steps, _ = steps_of(span.snapshot, held, span.known, cancelled)
    steps.inquiry.attend(cancelled)
    key = ("steps", "prover", threading.get_ident(), span.snapshot.moment)
    return _needs(held.once(key, lambda: Prover(steps)), span)


def _needs(prover: Prover, span: Span) -> Needs:
    return {(path_id, source, target): prover.needs(source, target, path_id) for path_id, source, target in span.keys}
