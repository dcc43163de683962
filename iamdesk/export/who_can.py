"""Who can, as JSON and as CSV: a row for everybody for whom a question is answered with allowed or conditional."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from iamdesk.explain.decision import Decision, StatementLine, Verdict
from iamdesk.export.access_words import granting_statements, how_words, when_words
from iamdesk.export.csv_table import csv_bytes
from iamdesk.export.evaluation_result import to_evaluation_result
from iamdesk.export.rows import JOINT
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.snapshot.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress

COLUMNS = (
    "number",
    "principal",
    "account_id",
    "decision",
    "how",
    "conditions",
    "statements",
    "missing_context",
    "assumptions",
    "action",
    "resource",
    "given_context",
    "snapshot",
)
"""Of the CSV file, in order; the first is the one that nobody looks up by name (``csv_file``)."""
_EVERY_WAY = 1 << 20


class Access(Protocol):
    """What is needed of a row that the workbench's ``who_can`` gives."""

    @property
    def principal(self) -> str:
        """ARN."""

    @property
    def decision(self) -> Verdict:
        """Allowed or conditional."""

    @property
    def explanation(self) -> Decision:
        """The full answer, evaluated when asked for."""


@dataclass(frozen=True, slots=True)
class WhoCanReport:
    """Who can, with all that explains it."""

    snapshot_name: str
    answers: tuple[Decision, ...]
    """One for each principal, in the order of the rows. All are about the same action and resource."""


def report_of(
    accesses: Sequence[Access],
    snapshot_name: str,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
) -> WhoCanReport:
    """Return the report of the rows of who-can; each answer is evaluated in full, which takes a moment.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    answers = []
    for place, access in enumerate(accesses):
        if cancelled():
            raise WorkCancelled
        progress(place, len(accesses))
        answers.append(access.explanation)
    return WhoCanReport(snapshot_name, tuple(answers))


def to_who_can_row(principal: str, decision: Decision) -> dict[str, Any]:
    """Return one row, ready for JSON: the principal, and the answer as ``iamdesk can`` prints it, but for its layers.

    The layers are the same for everybody but one or two, and ``iamdesk can`` tells them.
    """
    result = {key: value for key, value in to_evaluation_result(decision).items() if key != "Layers"}
    return {"Principal": principal, **result}


def to_json(report: WhoCanReport) -> bytes:
    """Return the rows as a JSON list, the same that ``iamdesk who-can --format json`` prints."""
    rows = [to_who_can_row(answer.request.principal, answer) for answer in report.answers]
    return f"{json.dumps(rows, indent=2)}\n".encode()


def to_csv(report: WhoCanReport) -> bytes:
    """Return the rows as CSV. Each says what was asked of which snapshot, because rows get copied."""
    return csv_bytes(COLUMNS, _rows(report))


def _rows(report: WhoCanReport) -> Iterable[tuple[str | int, ...]]:
    for number, answer in enumerate(report.answers, start=1):
        yield (
            number,
            answer.request.principal,
            _account(answer.request.principal),
            answer.decision.value,
            how_words(answer),
            when_words(answer, _EVERY_WAY),
            JOINT.join(_place(line) for line in granting_statements(answer)),
            JOINT.join(answer.missing_context_values),
            JOINT.join(assumption.message for assumption in answer.assumptions),
            answer.request.action,
            answer.request.resource,
            JOINT.join(f"{key}={_given(value)}" for key, value in answer.request.context.items()),
            report.snapshot_name,
        )


def _given(value: str | Sequence[str] | None) -> str:
    if value is None:
        return "(absent)"
    return value if isinstance(value, str) else ",".join(value)


def _account(principal: str) -> str:
    try:
        return parse_arn(principal).account
    except ArnError:
        return ""


def _place(line: StatementLine) -> str:
    return f"{line.name} [{line.source_policy_id}]"
