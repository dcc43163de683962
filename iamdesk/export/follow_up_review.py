"""The next review is made: decisions of the one before that hold on stand in it from the start."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.diff.result import Comparison
from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.review_chain import manifest_before
from iamdesk.export.new_review import Made, make_review
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled, Progress
from iamdesk.review.carry_over import SINCE_LAST, CarryOver, carry_forward
from iamdesk.review.carry_over_findings import FIXES, CarriedFindings, carry_findings, fixes_as_text
from iamdesk.review.decisions import Reviewer
from iamdesk.review.items import ReviewItem
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, revokes_as_text
from iamdesk.review.scope import Exclusion
from iamdesk.work.workers import Workers


@dataclass(frozen=True, slots=True)
class CarriedOn:
    """What a review starts with that goes on from another one."""

    lines: CarryOver
    findings: CarriedFindings
    manifest_sha256: str
    """Of the evidence of the review before; empty where none is known."""


def make_next_review(
    evaluator: Evaluator,
    reach: AttackPathGraph,
    path: Path,
    title: str,
    details: Mapping[str, str],
    previous: ReviewFile,
    found: Comparison,
    pack: Path | None,
    progress: Progress,
    cancelled: Cancelled,
    exclusions: Sequence[Exclusion] = (),
    workers: Workers | None = None,
) -> CarriedOn:
    """Write a new review file that goes on from another one; return what was taken over, and what is asked.

    ``pack`` is the evidence of the review before; None: what was noted in it (`chain.manifest_before`).

    Raises:
        ReviewError: there is a file of that name, or it cannot be written, or ``found`` does not compare the snapshot
            of the review before with this one, or the pack is not that of the review before.
        ExportError: it is no pack.
        WorkCancelled: ``cancelled`` returned True; then there is no file.
    """
    if path.exists():
        raise ReviewError(
            phrase("{name}: there is a file of that name already; it was left as it is", name=visible(path.name))
        )
    if previous.head.snapshot_sha256 != found.old_sha256:
        name = visible(previous.head.snapshot_name)
        raise ReviewError(
            phrase(
                "{name}: the review is of {snapshot}, and another snapshot was given as it",
                name=visible(previous.path.name),
                snapshot=name,
            )
        )
    manifest = manifest_before(previous, pack)
    taken: list[CarriedOn] = []

    def prepare(made: Made) -> Made:
        today = datetime.now(UTC).date()
        carried = CarriedOn(
            carry_forward(previous, made.scope.lines, found, evaluator.snapshot, today, made.whole.lines),
            carry_findings(previous, made.findings, evaluator.snapshot, today, made.all_findings),
            manifest,
        )
        taken.append(carried)
        told = {
            REVOKES: revokes_as_text(carried.lines.retests),
            FIXES: fixes_as_text(carried.findings.tests),
            "previous_review": previous.head.review_id,
            "previous_journal_sha256": previous.journal_sha256,
        }
        lines = tuple(_told(line, carried.lines) for line in made.scope.lines)
        return replace(
            made,
            scope=replace(made.scope, lines=lines),
            findings=carried.findings.findings,
            details=told,
            previous_sha256=manifest,
        )

    # Under another name until everything is in it: a review that is there is whole.
    making = path.with_name(f".{path.name}.next")
    making.unlink(missing_ok=True)
    try:
        make_review(evaluator, reach, making, title, details, progress, cancelled, prepare, exclusions, workers)
        with ReviewFile.open(making) as file:
            decisions = {**taken[0].lines.decisions, **taken[0].findings.decisions}
            file.record(decisions, Reviewer(f"taken over from {previous.head.review_id}", ""))
        making.rename(path)
    except OSError as error:
        raise ReviewError(
            phrase("{name}: the review cannot be written: {reason}", name=visible(path.name), reason=error.strerror)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            making.unlink(missing_ok=True)
    return taken[0]


def _told(line: ReviewItem, carried: CarryOver) -> ReviewItem:
    reasons = carried.asked.get(line.line_id, ())
    return replace(line, evidence={**line.evidence, SINCE_LAST: {"asked": bool(reasons), "reasons": list(reasons)}})
