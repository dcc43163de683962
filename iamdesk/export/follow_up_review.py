"""Creates a follow-up review, in which decisions of the previous review are carried over."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.checks.check_settings import AppliedSettings
from iamdesk.diff.result import Comparison
from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.export.evidence.review_chain import manifest_before
from iamdesk.export.new_review import Made, make_review, with_people
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled, Progress
from iamdesk.review.after_revocation import AfterRevocation
from iamdesk.review.asked import SINCE_LAST
from iamdesk.review.carry_over import CarryOver, asked_of_people, carry_forward
from iamdesk.review.carry_over_findings import FIXES, CarriedFindings, carry_findings, fixes_as_text
from iamdesk.review.decisions import CARRIED_OVER, Reviewer
from iamdesk.review.items import ReviewItem
from iamdesk.review.people import PeopleList, people_of
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, revokes_as_text
from iamdesk.review.scope import Exclusion
from iamdesk.work.workers import Workers


@dataclass(frozen=True, slots=True)
class CarriedOn:
    """What was carried over from the previous review."""

    lines: CarryOver
    findings: CarriedFindings
    manifest_sha256: str
    """Hash of the previous package's manifest; empty if no package is known."""


def make_next_review(
    evaluator: Evaluator,
    reach: AttackPathGraph,
    path: Path,
    title: str,
    details: Mapping[str, str],
    previous: ReviewFile,
    found: Comparison,
    package: Path | None,
    progress: Progress,
    cancelled: Cancelled,
    exclusions: Sequence[Exclusion] = (),
    workers: Workers | None = None,
    people: PeopleList | None = None,
    old: Evaluator | None = None,
    settings: AppliedSettings | None = None,
) -> CarriedOn:
    """Write a new review file that follows a previous review; return what was carried over and what needs a decision.

    The arguments are those of `make_review`, and:

    Args:
        previous: The previous review.
        found: Comparison of the previous review's snapshot with this one.
        package: Package of the previous review; None: the last one recorded in it (`review_chain.manifest_before`).
        people: A list of people: what those who left or moved have is asked again.
        old: Evaluator over the previous review's snapshot, for what revoked access is still possible otherwise; None:
            that is not evaluated.

    Raises:
        ReviewError: the file exists or cannot be written, or ``found`` or ``package`` is not of the previous review.
        ExportError: ``package`` is not a package.
        WorkCancelled: ``cancelled`` returned True; then no file is written.
    """
    if path.exists():
        raise ReviewError(phrase("{name} already exists; it was not changed", name=visible(path.name)))
    if previous.head.snapshot_sha256 != found.old_sha256:
        raise ReviewError(
            phrase(
                "{name} is a review of {snapshot}, but another snapshot was given as the previous one",
                name=visible(previous.path.name),
                snapshot=visible(previous.head.snapshot_name),
            )
        )
    manifest = manifest_before(previous, package)
    taken: list[CarriedOn] = []
    details = with_people(details, people, evaluator.snapshot, reach, previous)
    joined = people_of(details)

    def prepare(made: Made) -> Made:
        today = datetime.now(UTC).date()
        after = AfterRevocation(old, evaluator, found, made.whole.lines) if old is not None else None
        lines_carried = carry_forward(
            previous, made.scope.lines, found, evaluator.snapshot, today, made.whole.lines, after
        )
        if joined is not None:
            lines_carried = asked_of_people(lines_carried, made.scope.lines, joined)
        carried = CarriedOn(
            lines_carried,
            carry_findings(previous, made.findings, evaluator.snapshot, today, made.all_findings),
            manifest,
        )
        taken.append(carried)
        previous_details = {
            REVOKES: revokes_as_text(carried.lines.retests),
            FIXES: fixes_as_text(carried.findings.tests),
            "previous_review": previous.head.review_id,
            "previous_journal_sha256": previous.journal_sha256,
        }
        lines = tuple(_with_reasons(line, carried.lines) for line in made.scope.lines)
        return replace(
            made,
            scope=replace(made.scope, lines=lines),
            findings=carried.findings.findings,
            details=previous_details,
            previous_sha256=manifest,
        )

    # Under another name until it is complete.
    making = path.with_name(f".{path.name}.next")
    making.unlink(missing_ok=True)
    try:
        make_review(
            evaluator, reach, making, title, details, progress, cancelled, prepare, exclusions, workers, settings
        )
        with ReviewFile.open(making) as file:
            decisions = {**taken[0].lines.decisions, **taken[0].findings.decisions}
            file.record(decisions, Reviewer(f"{CARRIED_OVER}{previous.head.review_id}", ""))
        making.rename(path)
    except OSError as error:
        raise ReviewError(
            phrase("{name} cannot be written: {reason}", name=visible(path.name), reason=error.strerror)
        ) from error
    finally:
        with contextlib.suppress(OSError):
            making.unlink(missing_ok=True)
    return taken[0]


def _with_reasons(line: ReviewItem, carried: CarryOver) -> ReviewItem:
    reasons = carried.asked.get(line.line_id, ())
    since: dict[str, Any] = {"asked": bool(reasons), "reasons": list(reasons)}
    if reasons:
        since["kinds"] = [kind.value for kind in carried.kinds.get(line.line_id, ())]
    return replace(line, evidence={**line.evidence, SINCE_LAST: since})
