"""The questions that were asked in a session, each with its answer, as CSV and as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvalDecision, EvaluationResult
from iamdesk.export.decision.text_file import command_line
from iamdesk.export.decision.use_case import need_command
from iamdesk.export.findings.csv_table import csv_bytes
from iamdesk.export.text.decision import joined_verdict_words, value_words, verdict_words, without_words
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
"""Of the CSV file, in order; the first is the one that nobody looks up by name (``csv_file``)."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question and what came of it, in words: it outlives the snapshot that was asked."""

    question: Request | UseCaseRequest
    what: str
    """The action, or what a compound question is called."""
    decision: EvalDecision
    verdict: str
    """In a few words: ``Denied · implicit deny``."""
    sentence: str
    asked: datetime
    snapshot: str
    """Path of what was asked."""
    sha256: str

    @property
    def request(self) -> Request:
        """Who was asked about, on what, in which context."""
        return self.question.request if isinstance(self.question, UseCaseRequest) else self.question

    @property
    def command(self) -> str:
        """The command that asks the same."""
        if isinstance(self.question, UseCaseRequest):
            return need_command(self.question, self.snapshot)
        return command_line(self.question, self.snapshot)

    @property
    def context_words(self) -> str:
        """What was given beside the question itself: ``aws:SourceIp is 203.0.113.7``."""
        given = self.request.context.items()
        return join_messages(
            "; ", [phrase("{key} is {value}", key=key, value=value_words(value)) for key, value in given]
        )

    @property
    def left_out_words(self) -> str:
        """The layers that were left out."""
        return without_words(self.request.without).removeprefix("without ")


def asked_of(
    answer: EvaluationResult | UseCaseResult, snapshot: str, sha256: str, asked: datetime | None = None
) -> AskedQuestion:
    """Return an answered question as it is kept."""
    at = asked or datetime.now(UTC)
    if isinstance(answer, UseCaseResult):
        words = joined_verdict_words(answer)
        return AskedQuestion(
            answer.question, answer.need.title, answer.decision, words, answer.sentence, at, snapshot, sha256
        )
    request = answer.request
    return AskedQuestion(
        request, request.action, answer.decision, verdict_words(answer), answer.sentence, at, snapshot, sha256
    )


def to_csv(questions: Sequence[AskedQuestion]) -> bytes:
    """Return the questions as a CSV file, in the order in which they were asked."""
    return csv_bytes(COLUMNS, ([number, *cells.values()] for number, cells in enumerate(_rows(questions), start=1)))


def to_json(questions: Sequence[AskedQuestion]) -> bytes:
    """Return the questions as a JSON list, in the order in which they were asked."""
    return json.dumps(list(_rows(questions)), indent=2, ensure_ascii=False).encode() + b"\n"


def _rows(questions: Iterable[AskedQuestion]) -> Iterable[Mapping[str, str]]:
    for one in questions:
        values = (
            one.asked.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            one.request.principal,
            one.what,
            one.request.resource,
            one.context_words,
            one.left_out_words,
            one.decision.value,
            one.verdict,
            one.sentence,
            one.snapshot,
            one.sha256,
            one.command,
        )
        yield dict(zip(COLUMNS[1:], values, strict=True))
