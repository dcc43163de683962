"""Remediation after a review: tasks to carry out in AWS, tickets, and the results of earlier decisions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iamdesk.export.evidence.columns import Column, DecidedFinding, DecidedLine, moment
from iamdesk.export.evidence.remediation_commands import by_aws, command_text, relying_text
from iamdesk.export.text.review import entitlement_words, holder_name, power_words
from iamdesk.export.text.review_effect import effect_words
from iamdesk.review.carry_over_findings import FIXES, fixes_from_text
from iamdesk.review.completion import DRAFT
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.item_effect import effect_of
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, Outcome, revokes_from_text

TO_DO: Mapping[ReviewDecision, str] = {
    ReviewDecision.REVOKE: "revoke this entitlement",
    ReviewDecision.MODIFY: "modify this entitlement",
    ReviewDecision.FIX: "fix this finding",
}
"""Decisions that require a change in AWS."""
NOT_TESTED = "not_tested_yet"
_RETEST_WORDS: Mapping[Outcome, str] = {
    Outcome.GONE: "gone",
    Outcome.STILL_THERE: "still_present",
    Outcome.CAME_BACK: "came_back",
    Outcome.INCONCLUSIVE: "cannot_tell",
}


@dataclass(frozen=True, slots=True)
class Task:
    """A change to make in AWS, or a change that an earlier review decided and this one tested."""

    review_id: str
    subject_id: str
    """ID of the entitlement or finding."""
    choice: ReviewDecision
    account_id: str
    holder_arn: str
    type: str
    """An entitlement type, or ``finding``."""
    name: str
    what: str
    """Title of the ticket, without decision and account."""
    detail: str
    """Details for the ticket: the holder's effective permissions, or the finding."""
    owner: str
    reason: str
    command: str
    """AWS CLI command; empty if there is no single one."""
    requested_utc: str
    ticket: str = ""
    ticket_state: str = ""
    """As the ticket system calls it; empty if it did not come back."""
    ticket_closed: str = ""
    """The day when the ticket was closed (ISO 8601); empty if it is not stated."""
    closed_utc: str = ""
    """When a log of ``remediation.sh`` says that it is gone; empty if none does."""
    retest_snapshot_sha256: str = ""
    retest_result: str = NOT_TESTED
    retest_sentence: str = ""
    lost: int | None = None
    """Actions that are lost by it; None: not known."""
    gained: int | None = None
    """Actions that are gained by it; in a test, those that the holder gained since. None: not known."""
    still_possible: int | None = None
    """In a test: of the actions that the entitlement gave, those still possible otherwise; None: not evaluated."""


def task_of(row: DecidedLine | DecidedFinding, relying: Mapping[str, Sequence[str]]) -> Task:
    """Return the change that a decision requires; ``relying`` as of `remediation_script`."""
    when = row.decided.moment if row.decided else ""
    if isinstance(row, DecidedFinding):
        text = row.text
        return Task(
            row.review_id,
            row.finding_id,
            row.decision.choice,
            text("account_id"),
            text("subject_arn"),
            "finding",
            text("check_id"),
            f"{text('check_id')} {text('title')}, {text('subject_name')}",
            f"{text('finding')} {text('remediation')}",
            row.decision.owner,
            row.decision.comment,
            text("remediation_snippet"),
            when,
            row.decision.ticket,
        )
    line = row.line
    owned = by_aws(line)
    return Task(
        row.review_id,
        row.line_id,
        row.decision.choice,
        line.account_id,
        line.holder_arn,
        line.type.value,
        line.name,
        f"{holder_name(line)}, {entitlement_words(line)}",
        " ".join(
            (
                *effect_words(line),
                *((relying_text(others),) if (others := relying.get(row.line_id)) else ()),
                f"Effective permissions of the principal: {power_words(line.evidence.get('holder')) or 'not known'}.",
                *((f"By hand: {owned}.",) if owned else ()),
            )
        ),
        str(line.evidence.get("owner", "")),
        row.decision.comment,
        command_text(line) if row.decision.choice is ReviewDecision.REVOKE else "",
        when,
        row.decision.ticket,
        lost=_actions(row, "lost"),
        gained=_actions(row, "gained"),
    )


def _actions(row: DecidedLine, which: str) -> int | None:
    """Return how many actions are lost or gained by revoking an entitlement; None: not known, or not revoked."""
    if row.decision.choice is not ReviewDecision.REVOKE:
        return None
    found: Any = effect_of(row.line).get("revoke", {}).get(which, {}).get("actions")
    return found if isinstance(found, int) else None


def tested(review: ReviewFile) -> Iterator[Task]:
    """Yield earlier decisions that this review tested on its snapshot; none for a first review."""
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
            retest_result=_RETEST_WORDS[one.outcome],
            retest_sentence=one.sentence,
            gained=one.gained,
            still_possible=one.still_possible,
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
            retest_result=_RETEST_WORDS[test.outcome],
            retest_sentence=test.sentence,
        )


_WORDS = {ReviewDecision.REVOKE: "Revoke", ReviewDecision.MODIFY: "Modify", ReviewDecision.FIX: "Fix"}


def _description(row: Task) -> str:
    parts = [
        f"Access review {row.review_id} decided to {TO_DO[row.choice]}.",
        f"Principal: {row.holder_arn}." if row.type != "finding" else f"Resource: {row.holder_arn}.",
        row.detail,
        f"Reason: {row.reason or 'none given'}.",
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
    Column("ticket_state", lambda row: row.ticket_state),
    Column("ticket_closed", lambda row: row.ticket_closed),
    Column("requested_utc", lambda row: moment(row.requested_utc)),
    Column("closed_utc", lambda row: moment(row.closed_utc), is_open=True),
    Column("retest_snapshot_sha256", lambda row: row.retest_snapshot_sha256),
    Column("retest_verdict", lambda row: row.retest_result),
    Column("retest_basis", lambda row: row.retest_sentence),
    Column("lost_action_count", lambda row: "" if row.lost is None else row.lost),
    Column("gained_action_count", lambda row: "" if row.gained is None else row.gained),
    Column("still_possible_action_count", lambda row: "" if row.still_possible is None else row.still_possible),
)
TICKETS: tuple[Column[Task], ...] = (
    Column("Summary", lambda row: f"{_WORDS[row.choice]}: {row.what} (account {row.account_id})"),
    Column("Description", _description),
    Column("Type", lambda _row: "Task"),
    Column("Priority", lambda row: "Medium" if row.choice is ReviewDecision.MODIFY else "High"),
    Column("Assignee", lambda row: row.owner),
    Column("Labels", lambda row: f"access-review {row.review_id}"),
    Column("External id", lambda row: row.subject_id),
    Column("Actions lost", lambda row: "" if row.lost is None else row.lost),
    Column("Actions gained", lambda row: "" if row.gained is None else row.gained),
)
"""Columns that ticket systems import."""


def ticket_columns(*, is_draft: bool) -> tuple[Column[Task], ...]:
    """Return the columns of tickets; those of a draft say so in the summary, which all ticket systems import."""
    if not is_draft:
        return TICKETS
    summary, *others = TICKETS
    return (Column(summary.name, lambda row: f"{DRAFT}: {summary.value(row)}"), *others)
