"""The evaluator of a snapshot that a worker keeps for its next tasks."""

from datetime import datetime

from iamdesk.access.evaluator import Evaluator
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.work.worker_cache import Held, SnapshotReference, kept_snapshot


def kept_evaluator(reference: SnapshotReference, held: Held) -> Evaluator:
    """Return the evaluator of a kept snapshot as of the reference's time, made once."""
    if reference.moment is None:
        return held.once("evaluator", lambda: Evaluator(held.snapshot))
    moment = datetime.fromisoformat(reference.moment)
    return held.once(("evaluator", reference.moment), lambda: Evaluator(held.snapshot, lambda: moment))


def evaluator_of(reference: SnapshotReference, cancelled: Cancelled = never_cancelled) -> Evaluator:
    """Return the evaluator of a snapshot, which is read if it is not kept; raises as `kept_snapshot` does."""
    return kept_evaluator(reference, kept_snapshot(reference, cancelled))
