"""Creates a review: everything that reviewers see is frozen in one file."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import Any

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.checks import registry
from iamdesk.checks.check_settings import AppliedSettings, thresholds_of, with_settings
from iamdesk.checks.finding import Evidence, Finding, Suppression
from iamdesk.checks.parallel import run_shared
from iamdesk.export.findings.columns import cells
from iamdesk.export.findings.report import action_data_version, build_id, order_of, tool_version
from iamdesk.i18n import phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.review.effects_parallel import with_effects
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import Scope
from iamdesk.review.people import PEOPLE, Assumable, PeopleList, people_of
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head
from iamdesk.review.scope import (
    LEFT_OUT,
    NOTES,
    Exclusion,
    Limited,
    check_exclusions,
    left_out_as_text,
    limited,
    notes_as_text,
)
from iamdesk.snapshot.model import Snapshot
from iamdesk.work.workers import Workers

CHECK_SETTINGS = "check_settings"
"""Detail in a review's head with the settings of its checks (JSON, `AppliedSettings.as_text`)."""


@dataclass(frozen=True, slots=True)
class Made:
    """The content of a new review."""

    scope: Scope
    findings: tuple[Mapping[str, Any], ...]
    whole: Scope
    """The scope including exclusions."""
    all_findings: tuple[Mapping[str, Any], ...]
    """The findings including exclusions."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Details of its head, besides those given by the user."""
    previous_sha256: str = ""
    """Hash of the previous package's manifest; empty for a first review, or if no package is known."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a review is made of, before effects."""

    begun: datetime
    """When the review was begun, which is when it is said to be created."""
    whole: Scope
    """The scope including exclusions."""
    all_findings: tuple[Mapping[str, Any], ...]
    rest: Limited
    """What is left without exclusions."""


def make_review(
    evaluator: Evaluator,
    reach: AttackPathGraph,
    path: Path,
    title: str,
    details: Mapping[str, str],
    progress: Progress,
    cancelled: Cancelled,
    prepare: Callable[[Made], Made] = lambda made: made,
    exclusions: Sequence[Exclusion] = (),
    workers: Workers | None = None,
    settings: AppliedSettings | None = None,
) -> None:
    """Write a new review file of a snapshot without the exclusions.

    Args:
        evaluator: Evaluator over the snapshot.
        reach: Attack paths of the snapshot.
        path: The file to write.
        title: Title of the review.
        details: Details of its head given by the user.
        progress: Progress of the work.
        cancelled: Checked regularly.
        prepare: Changes the content before it is written.
        exclusions: What is excluded from the review.
        workers: Find effective permissions, findings and effects, too; None: this process alone.
        settings: Settings of the checks, which the review keeps; None: the defaults.

    Raises:
        ReviewError: the file exists or cannot be written, or an exclusion matches nothing.
        WorkCancelled: ``cancelled`` returned True; then no file is written.
    """
    examined = examine(evaluator, reach, progress, cancelled, exclusions, workers, settings)
    write_review(evaluator, examined, path, title, details, progress, cancelled, prepare, exclusions, workers, settings)


def examine(
    evaluator: Evaluator,
    reach: AttackPathGraph,
    progress: Progress,
    cancelled: Cancelled,
    exclusions: Sequence[Exclusion] = (),
    workers: Workers | None = None,
    settings: AppliedSettings | None = None,
) -> Examined:
    """Find population, entitlements without their effects, and findings; takes what `make_review` does.

    Attack paths are needed for these alone: those of thousands of principals take hundreds of megabytes.

    Raises:
        ReviewError: an exclusion matches nothing.
        WorkCancelled: ``cancelled`` returned True.
    """
    snapshot, now = evaluator.snapshot, datetime.now(UTC)
    check_exclusions(exclusions, (account.account_id for account in snapshot.accounts))
    whole = review_scope(evaluator, progress, cancelled, reach, workers)
    thresholds = thresholds_of(settings)
    found = (
        registry.run(evaluator, progress, cancelled, lambda *_args, **_kwargs: reach, thresholds=thresholds)
        if workers is None
        else run_shared(workers, progress, cancelled, reach, thresholds)
    )
    frozen = frozen_findings(with_settings(found, settings and settings.for_snapshot(snapshot), now.date()))
    return Examined(now, whole, frozen, limited(whole, frozen, exclusions))


def write_review(
    evaluator: Evaluator,
    examined: Examined,
    path: Path,
    title: str,
    details: Mapping[str, str],
    progress: Progress,
    cancelled: Cancelled,
    prepare: Callable[[Made], Made] = lambda made: made,
    exclusions: Sequence[Exclusion] = (),
    workers: Workers | None = None,
    settings: AppliedSettings | None = None,
) -> None:
    """Find the effects of entitlements, and write a new review file; takes and raises what `make_review` does."""
    snapshot, now, rest = evaluator.snapshot, examined.begun, examined.rest
    excluded = {LEFT_OUT: left_out_as_text(rest.left_out)} if exclusions else {}
    scope = with_effects(evaluator, rest.scope, workers, progress, cancelled)
    made = prepare(Made(scope, rest.findings, examined.whole, examined.all_findings))
    if cancelled():
        raise WorkCancelled
    head = Head(
        f"r-{now:%Y%m%d}-{secrets.token_hex(3)}",
        title,
        snapshot.sha256,
        snapshot.path.name,
        now,
        made.previous_sha256,
        details={
            "tool_version": tool_version(),
            "build": build_id(),
            "action_data_version": action_data_version(),
            NOTES: notes_as_text(rest.notes),
            **details,
            **({CHECK_SETTINGS: settings.as_text(now.date())} if settings is not None else {}),
            **excluded,
            **made.details,
        },
    )
    ReviewFile.create(path, head, made.scope.population, made.scope.lines, made.findings).close()


def with_people(
    details: Mapping[str, str],
    people: PeopleList | None,
    snapshot: Snapshot,
    roles: Assumable,
    previous: ReviewFile | None = None,
) -> Mapping[str, str]:
    """Return the details of a review's head with a list of people, joined with the principals of its snapshot."""
    if people is None:
        return details
    start = details.get("period_start")
    since = date.fromisoformat(start) if start else previous.head.created.date() if previous is not None else None
    before = people_of(previous.head.details) if previous is not None else None
    return {**details, PEOPLE: people.join(snapshot, roles, before, since).as_text()}


def frozen_findings(findings: Iterable[Finding]) -> tuple[dict[str, Any], ...]:
    """Return findings as they are frozen in a review, in the order of a report.

    Each is frozen as it is found: with their evidence, those of thousands of principals take hundreds of megabytes.
    """
    found = [(order_of(one), _frozen(one)) for one in findings]
    return tuple(frozen for _, frozen in sorted(found, key=itemgetter(0)))


def _frozen(finding: Finding) -> dict[str, Any]:
    if finding.suppression is not None:  # reviewers decide all the same: they see that it is archived, and why
        finding = replace(finding, evidence=(*finding.evidence, Evidence(_archived_words(finding.suppression))))
    return {
        name: _once(value) if isinstance(value, str) else [*map(_once, value)] for name, value in cells(finding).items()
    }


def _archived_words(word: Suppression) -> str:
    if word.expires == date.max:
        return phrase("Archived by {owner}: {reason}", owner=word.owner, reason=word.reason)
    return phrase(
        "Archived by {owner} until {day}: {reason}", owner=word.owner, day=word.expires.isoformat(), reason=word.reason
    )


def _once(text: str) -> str:
    """Return a text as an object that all findings share: thousands have the same title, remedy, statements."""
    return intern(str.__str__(text))
