"""A review is made: everything that its reviewers see is put together and frozen in one file."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from iamdesk.checks import registry
from iamdesk.export.report import action_data_version, ordered, tool_version
from iamdesk.export.rows import cells
from iamdesk.query.evaluator import Evaluator
from iamdesk.reach.reach_map import ReachMap
from iamdesk.review.entitlements import Scope, review_scope
from iamdesk.review.schema import Head
from iamdesk.review.store import ReviewFile
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled


def make_review(
    evaluator: Evaluator,
    reach: ReachMap,
    path: Path,
    title: str,
    details: Mapping[str, str],
    progress: Progress,
    cancelled: Cancelled,
    prepare: Callable[[Scope], tuple[Scope, Mapping[str, str]]] = lambda scope: (scope, {}),
) -> None:
    """Write a new review file; ``prepare`` has the last word on its lines, and on the details that go with them.

    Raises:
        ReviewError: there is a file of that name, or it cannot be written.
        WorkCancelled: ``cancelled`` returned True; then there is no file.
    """
    snapshot = evaluator.snapshot
    scope, more = prepare(review_scope(evaluator, progress, cancelled, reach))
    findings = ordered(registry.run(evaluator, progress, cancelled, lambda *_args, **_kwargs: reach))
    if cancelled():
        raise WorkCancelled
    now = datetime.now(UTC)
    head = Head(
        f"r-{now:%Y%m%d}-{secrets.token_hex(3)}",
        title,
        snapshot.sha256,
        snapshot.path.name,
        now,
        details={"tool_version": tool_version(), "action_data_version": action_data_version(), **details, **more},
    )
    ReviewFile.create(path, head, scope.population, scope.lines, _frozen(findings)).close()


def _frozen(findings: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    for finding in findings:
        yield {name: value if isinstance(value, str) else list(value) for name, value in cells(finding).items()}
