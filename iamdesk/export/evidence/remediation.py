"""What is to be carried out in AWS after a review, and what became of what the reviews before had decided."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iamdesk.export.evidence.columns import Column, DecidedFinding, DecidedLine, moment
from iamdesk.export.evidence.remediation_commands import command_text
from iamdesk.export.text.review import entitlement_words, holder_name, power_words
from iamdesk.review.carry_over_findings import FIXES, fixes_from_text
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, Outcome, revokes_from_text

TO_DO: Mapping[ReviewDecision, str] = {
    ReviewDecision.REVOKE: "take it away",
    ReviewDecision.MODIFY: "change it",
    ReviewDecision.FIX: "put it right",
}
"""Decisions that somebody has to carry out in AWS."""
NOT_TESTED = "not_tested_yet"
_VERDICTS: Mapping[Outcome, str] = {
    Outcome.GONE: "gone",
    Outcome.STILL_THERE: "still_present",
    Outcome.CAME_BACK: "came_back",
    Outcome.CANNOT_TELL: "cannot_tell",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to carry out, or one that an earlier review decided and this one tested."""

    review_id: str
    subject_id: str
    """Of the line, or of the finding."""
    choice: ReviewDecision
    account_id: str
    holder_arn: str
    type: str
    """An entitlement type, or ``finding``."""
    name: str
    what: str
    """For people."""
    detail: str
    """What it is about: the holder's power, the finding in words."""
    owner: str
    reason: str
    command: str
    """Of the AWS CLI; empty where there is no single one."""
    requested_utc: str
    ticket: str = ""
    retest_snapshot_sha256: str = ""
    retest_verdict: str = NOT_TESTED
    retest_sentence: str = ""


def task_of(row: DecidedLine | DecidedFinding) -> Task:
    """Return what a decision asks somebody to do."""
    when = row.decided.moment if row.decided else ""
    if isinstance(row, DecidedFinding):
        told = row.told
        return Task(
            row.review_id,
            row.finding_id,
            row.decision.choice,
            told("account_id"),
            told("subject_arn"),
            "finding",
            told("check_id"),
            f"{told('check_id')} {told('title')}, {told('subject_name')}",
            f"{told('finding')} {told('remediation')}",
            row.decision.owner,
            row.decision.comment,
            told("remediation_snippet"),
            when,
            row.decision.ticket,
        )
    line = row.line
    return Task(
        row.review_id,
        row.line_id,
        row.decision.choice,
        line.account_id,
        line.holder_arn,
        line.type.value,
        line.name,
        f"{entitlement_words(line)} of {holder_name(line)}",
        f"It can effectively do {power_words(line.evidence.get('holder')) or 'nothing that is known'}.",
        str(line.evidence.get("owner", "")),
        row.decision.comment,
        command_text(line) if row.decision.choice is ReviewDecision.REVOKE else "",
        when,
        row.decision.ticket,
    )


def tested(review: ReviewFile) -> Iterator[Task]:
    """Yield what reviews before had decided and this one tested on its snapshot; nothing for a first review."""
    head = review.head
    before = head.details.get("previous_review", "")
    for one in revokes_from_text(head.details.get(REVOKES, "[]")):
        yield Task(
            before,
            one.line_id,
            ReviewDecision.REVOKE,
            one.account_id,
            one.holder_arn,
            one.type.value,
            one.name,
            one.name,
            "",
            "",
            f"decided by {one.decided_by}" if one.decided_by else "",
            "",
            one.decided_utc,
            retest_snapshot_sha256=head.snapshot_sha256,
            retest_verdict=_VERDICTS[one.outcome],
            retest_sentence=one.sentence,
        )
    for test in fixes_from_text(head.details.get(FIXES, "[]")):
        yield Task(
            before,
            test.finding_id,
            ReviewDecision.FIX,
            test.account_id,
            test.subject_arn,
            "finding",
            test.check_id,
            f"{test.check_id} {test.title}",
            "",
            "",
            f"decided by {test.decided_by}" if test.decided_by else "",
            "",
            test.decided_utc,
            retest_snapshot_sha256=head.snapshot_sha256,
            retest_verdict=_VERDICTS[test.outcome],
            retest_sentence=test.sentence,
        )


_WORDS = {ReviewDecision.REVOKE: "Revoke", ReviewDecision.MODIFY: "Modify", ReviewDecision.FIX: "Fix"}


def _description(row: Task) -> str:
    parts = [
        f"Access review {row.review_id} decided to {TO_DO[row.choice]}.",
        f"Principal {row.holder_arn}." if row.type != "finding" else f"On {row.holder_arn}.",
        row.detail,
        f"Reason: {row.reason or 'none was given'}.",
    ]
    return " ".join([*parts, *([f"Command: {row.command}"] if row.command else [])])


REMEDIATION: tuple[Column[Task], ...] = (
    Column("review_id", lambda row: row.review_id),
    Column("line_id", lambda row: row.subject_id),
    Column("decision", lambda row: row.choice.value),
    Column("account_id", lambda row: row.account_id),
    Column("holder_arn", lambda row: row.holder_arn),
    Column("type", lambda row: row.type),
    Column("name", lambda row: row.name),
    Column("reason", lambda row: row.reason),
    Column("command", lambda row: row.command),
    Column("ticket", lambda row: row.ticket, is_open=True),
    Column("requested_utc", lambda row: moment(row.requested_utc)),
    Column("closed_utc", lambda _row: "", is_open=True),
    Column("retest_snapshot_sha256", lambda row: row.retest_snapshot_sha256),
    Column("retest_verdict", lambda row: row.retest_verdict),
    Column("retest_basis", lambda row: row.retest_sentence),
)
TICKETS: tuple[Column[Task], ...] = (
    Column("Summary", lambda row: f"{_WORDS[row.choice]}: {row.what} in {row.account_id}"),
    Column("Description", _description),
    Column("Type", lambda _row: "Task"),
    Column("Priority", lambda row: "Medium" if row.choice is ReviewDecision.MODIFY else "High"),
    Column("Assignee", lambda row: row.owner),
    Column("Labels", lambda row: f"access-review {row.review_id}"),
    Column("External id", lambda row: row.subject_id),
)
"""As ticket tools import them."""
