"""What is to be carried out, as a table that ticket tools import."""

from iamdesk.export.pack.columns import TO_DO, Column, DecidedLine
from iamdesk.export.pack.commands import command_text
from iamdesk.export.review_words import CHOICE_WORDS, entitlement_words, holder_name, power_words
from iamdesk.review.decisions import Choice


def _summary(row: DecidedLine) -> str:
    word = CHOICE_WORDS[row.decision.choice]
    return f"{word}: {entitlement_words(row.line)} of {holder_name(row.line)} in {row.line.account_id}"


def _description(row: DecidedLine) -> str:
    parts = [
        f"Access review {row.review_id} decided to {TO_DO[row.decision.choice]}.",
        f"Principal {row.line.holder_arn}.",
        f"It can effectively do {power_words(row.line.evidence.get('holder')) or 'nothing that is known'}.",
        f"Reason: {row.decision.comment or 'none was given'}.",
    ]
    command = command_text(row.line) if row.decision.choice is Choice.REVOKE else ""
    return " ".join([*parts, *([f"Command: {command}"] if command else [])])


TICKETS: tuple[Column[DecidedLine], ...] = (
    Column("Summary", _summary),
    Column("Description", _description),
    Column("Type", lambda _row: "Task"),
    Column("Priority", lambda row: "High" if row.decision.choice is Choice.REVOKE else "Medium"),
    Column("Assignee", lambda row: str(row.line.evidence.get("owner", ""))),
    Column("Labels", lambda row: f"access-review {row.review_id}"),
    Column("External id", lambda row: row.line_id),
)
