"""The effective permissions of a review's holders as tasks of some holders each, for workers and this process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from iamdesk.access.kept_evaluator import evaluator_of
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.principals import EffectiveAccess
from iamdesk.work.worker_cache import SnapshotReference
from iamdesk.work.workers import Workers

_SPAN = 32
"""Holders in one task: some tenths of a second."""

type Found = list[tuple[str, dict[str, Any]]]
"""Evidence of effective permissions by ARN."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some holders."""

    snapshot: SnapshotReference
    holders: tuple[str, ...]


def find_access(
    access: EffectiveAccess, holders: Sequence[str], workers: Workers, progress: Progress, cancelled: Cancelled
) -> None:
    """Have workers and this process find the effective permissions of holders, which ``access`` keeps.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    spans = [Span(workers.reference, names) for names in batched(holders, _SPAN)]
    found: Iterator[Found] = workers.results(
        find,
        spans,
        progress=progress,
        cancelled=cancelled,
        size=lambda span: len(span.holders),
        total=len(holders),
        here=lambda span, cancelled: _find(access, span.holders, cancelled),
    )
    for some in found:
        access.keep(some)


def find(span: Span, cancelled: Cancelled) -> Found:
    """Find the effective permissions of some holders; called in a worker."""
    return _find(EffectiveAccess(evaluator_of(span.snapshot, cancelled)), span.holders, cancelled)


def _find(access: EffectiveAccess, holders: Sequence[str], cancelled: Cancelled) -> Found:
    found: Found = []
    for arn in holders:
        if cancelled():
            raise WorkCancelled
        found.append((arn, access.of(arn)))
    return found
