"""Rows of the access matrix as tasks of some principals each, computed by workers and this process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from iamdesk.access.effective_permissions import ServiceAccess
from iamdesk.access.kept_evaluator import evaluator_of
from iamdesk.access.service_access import AccessByPrincipal
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.work.shared_tasks import shared_out
from iamdesk.work.worker_cache import SnapshotReference
from iamdesk.work.workers import Workers

_SPAN = 64
"""Principals in one task: some tenths of a second."""

type Row = tuple[str, Mapping[str, ServiceAccess]]
"""A principal, and the access extents of each service."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some principals."""

    snapshot: SnapshotReference | None
    """What a worker reads; None: there are no workers."""
    principals: tuple[str, ...]


def find_rows(
    reaches: AccessByPrincipal,
    principals: Sequence[str],
    take: Callable[[Sequence[Row]], object],
    workers: Workers | None,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> None:
    """Pass the rows of some principals to ``take``, in batches as they are computed, in this thread, in any order.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
        WorkError: no worker can do it; one sentence.
    """
    reference = None if workers is None else workers.reference
    spans = [Span(reference, names) for names in batched(principals, _SPAN)]
    whole, done = len(principals), 0

    def give(rows: Sequence[Row]) -> None:
        nonlocal done
        take(rows)
        done += len(rows)
        progress(done, whole)

    def here(span: Span, cancelled: Cancelled) -> None:
        for row in _rows(reaches, span.principals, cancelled):
            give([row])

    progress(0, whole)
    found: Iterator[list[Row] | None] = shared_out(
        find,
        spans,
        None if workers is None else workers.executor,
        here=here,
        cancelled=cancelled,
        contents={} if workers is None else workers.contents,
    )
    for rows in found:
        if rows is not None:  # from a worker; rows of this process were passed on at once
            give(rows)


def find(span: Span, cancelled: Cancelled) -> list[Row] | None:
    """Return the rows of a span; called in a worker."""
    if span.snapshot is None:
        return []
    reaches = evaluator_of(span.snapshot, cancelled).access_matrix(cancelled=cancelled)
    return list(_rows(reaches, span.principals, cancelled))


def _rows(reaches: AccessByPrincipal, principals: Sequence[str], cancelled: Cancelled) -> Iterator[Row]:
    for principal in principals:
        if cancelled():
            raise WorkCancelled
        yield principal, reaches.row(principal, cancelled)
