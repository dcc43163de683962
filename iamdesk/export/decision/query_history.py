"""The query history of a session, as CSV and as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.text_file import command_line
from iamdesk.export.decision.use_case import use_case_command
from iamdesk.export.findings.csv_table import csv_bytes
from iamdesk.export.text.decision import decision_words, use_case_decision_words, value_words, without_words
from iamdesk.i18n import join_messages, phrase
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult

COLUMNS = (
    "number",
    "asked_utc",
    "principal",
    "action",
    "resource",
    "given_context",
    "left_out",
    "decision",
    "verdict",
    "sentence",
    "snapshot",
    "snapshot_sha256",
    "command",
)
"""Columns of the CSV file; why ``number`` is the first: see ``csv_file``."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A request and its result as text: it holds no reference to the snapshot."""

    evaluated: Request | UseCaseRequest
    what: str
    """The action, or the title of the use case."""
    decision: EvalDecision
    decision_text: str
    """The decision in a few words: ``Denied · implicit deny``."""
    sentence: str
    asked: datetime
    snapshot: str
    """Path of the snapshot."""
    sha256: str

    @property
    def request(self) -> Request:
        """The request; of a use case, without its actions."""
        return self.evaluated.request if isinstance(self.evaluated, UseCaseRequest) else self.evaluated

    @property
    def command(self) -> str:
        """The command that evaluates the same."""
        if isinstance(self.evaluated, UseCaseRequest):
            return use_case_command(self.evaluated, self.snapshot)
        return command_line(self.evaluated, self.snapshot)

    @property
    def context_words(self) -> str:
        """What was given beside the request itself: ``aws:SourceIp is 203.0.113.7``."""
        given = self.request.context.items()
        return join_messages(
            "; ", [phrase("{key} is {value}", key=key, value=value_words(value)) for key, value in given]
        )

    @property
    def left_out_words(self) -> str:
        """The layers that were left out."""
        return without_words(self.request.without).removeprefix("without ")


def asked_of(
    result: EvaluationResult | UseCaseResult, snapshot: str, sha256: str, asked: datetime | None = None
) -> HistoryEntry:
    """Return the entry of the query history for a result."""
    at = asked or datetime.now(UTC)
    if isinstance(result, UseCaseResult):
        words = use_case_decision_words(result)
        return HistoryEntry(
            result.request, result.use_case.title, result.decision, words, result.sentence, at, snapshot, sha256
        )
    request = result.request
    return HistoryEntry(
        request, request.action, result.decision, decision_words(result), result.sentence, at, snapshot, sha256
    )


def to_csv(entries: Sequence[HistoryEntry]) -> bytes:
    """Return the history as a CSV file, oldest first."""
    rows = ([str(number), *cells.values()] for number, cells in enumerate(_rows(entries), start=1))
    return csv_bytes(COLUMNS, rows, "query history")


def to_json(entries: Sequence[HistoryEntry]) -> bytes:
    """Return the history as a JSON list, oldest first."""
    return json.dumps(list(_rows(entries)), indent=2, ensure_ascii=False).encode() + b"\n"


def _rows(entries: Iterable[HistoryEntry]) -> Iterable[Mapping[str, str]]:
    for one in entries:
        values = (
            one.asked.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            one.request.principal,
            one.what,
            one.request.resource,
            one.context_words,
            one.left_out_words,
            one.decision.value,
            one.decision_text,
            one.sentence,
            one.snapshot,
            one.sha256,
            one.command,
        )
        yield dict(zip(COLUMNS[1:], values, strict=True))
