"""The next review is made: decisions of the one before that hold on stand in it from the start."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.compare.shapes import Comparison
from iamdesk.export.review_making import make_review
from iamdesk.query.evaluator import Evaluator
from iamdesk.reach.reach_map import ReachMap
from iamdesk.review.carrying import SINCE_LAST, Carried, carry_forward
from iamdesk.review.decisions import Reviewer
from iamdesk.review.entitlements import Scope
from iamdesk.review.errors import ReviewError
from iamdesk.review.lines import Line
from iamdesk.review.retests import REVOKES, revokes_as_text
from iamdesk.review.store import ReviewFile
from iamdesk.snapshot.progress import Cancelled, Progress
from iamdesk.visible import visible


def make_next_review(
    evaluator: Evaluator,
    reach: ReachMap,
    path: Path,
    title: str,
    details: Mapping[str, str],
    previous: ReviewFile,
    found: Comparison,
    progress: Progress,
    cancelled: Cancelled,
) -> Carried:
    """Write a new review file that goes on from another one; return what was taken over, and what is asked.

    Raises:
        ReviewError: there is a file of that name, or it cannot be written, or ``found`` does not compare the snapshot
            of the review before with this one.
        WorkCancelled: ``cancelled`` returned True; then there is no file.
    """
    if path.exists():
        raise ReviewError(f"{visible(path.name)}: there is a file of that name already; it was left as it is")
    if previous.head.snapshot_sha256 != found.old_sha256:
        name = visible(previous.head.snapshot_name)
        raise ReviewError(
            f"{visible(previous.path.name)}: the review is of {name}, and another snapshot was given as it"
        )
    taken: list[Carried] = []

    def prepare(scope: Scope) -> tuple[Scope, Mapping[str, str]]:
        carried = carry_forward(previous, scope.lines, found, evaluator.snapshot, datetime.now(UTC).date())
        taken.append(carried)
        lines = tuple(_told(line, carried) for line in scope.lines)
        told = {
            REVOKES: revokes_as_text(carried.retests),
            "previous_review": previous.head.review_id,
            "previous_journal_sha256": previous.journal_sha256,
        }
        return replace(scope, lines=lines), told

    # Under another name until everything is in it: a review that is there is whole.
    making = path.with_name(f".{path.name}.next")
    making.unlink(missing_ok=True)
    try:
        make_review(evaluator, reach, making, title, details, progress, cancelled, prepare)
        with ReviewFile.open(making) as file:
            file.record(taken[0].decisions, Reviewer(f"taken over from {previous.head.review_id}", ""))
        making.rename(path)
    except OSError as error:
        raise ReviewError(f"{visible(path.name)}: the review cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            making.unlink(missing_ok=True)
    return taken[0]


def _told(line: Line, carried: Carried) -> Line:
    reasons = carried.asked.get(line.line_id, ())
    return replace(line, evidence={**line.evidence, SINCE_LAST: {"asked": bool(reasons), "reasons": list(reasons)}})
