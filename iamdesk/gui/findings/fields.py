"""What findings can be filtered by."""

from functools import lru_cache
from typing import Any

from iamdesk.checks.finding import State
from iamdesk.filter_language import Field, FieldKind, FilterFields
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.findings.rows import (
    COLUMN_TITLES,
    SEVERITIES,
    SEVERITY_WORDS,
    STATE_WORDS,
    Column,
    FindingRow,
    has_word,
)
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, marks_of, note_of
from iamdesk.i18n import chosen, mark, tr, translate


@lru_cache(maxsize=256)
def _kinds(kind: str, _language: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((kind, tr(kind))))


@lru_cache(maxsize=4_096)
def _account(account: str) -> str:
    return visible(account)


def _of_suppression(row: FindingRow, part: str) -> Any:
    return getattr(row.finding.suppression, part, None)


FIELDS: FilterFields[FindingRow] = FilterFields(
    (
        Field(
            "severity",
            COLUMN_TITLES[Column.SEVERITY],
            lambda row: row.finding.severity.value,
            FieldKind.RANK,
            {severity.value: SEVERITY_WORDS[severity] for severity in reversed(SEVERITIES)},
            Column.SEVERITY,
        ),
        Field(
            "check",
            COLUMN_TITLES[Column.CHECK],
            lambda row: row.text(Column.CHECK),
            column=Column.CHECK,
            folded=lambda row: row.shared_words(1),
        ),
        Field(
            "subject",
            COLUMN_TITLES[Column.SUBJECT],
            lambda row: row.text(Column.SUBJECT),
            column=Column.SUBJECT,
            folded=lambda row: row.own_words(0),
        ),
        Field("kind", mark("Kind of the subject"), lambda row: _kinds(row.finding.subject_kind, chosen())),
        Field("arn", mark("ARN"), lambda row: visible(row.finding.subject_key), folded=lambda row: row.own_words(2)),
        Field(
            "description",
            COLUMN_TITLES[Column.SENTENCE],
            lambda row: row.text(Column.SENTENCE),
            column=Column.SENTENCE,
            folded=lambda row: row.own_words(1),
        ),
        Field(
            "state",
            COLUMN_TITLES[Column.STATE],
            lambda row: "open" if row.finding.state is State.FOUND else "cannot tell",
            FieldKind.WORD,
            {"open": STATE_WORDS[State.FOUND], "cannot tell": STATE_WORDS[State.INCONCLUSIVE]},
            Column.STATE,
        ),
        Field(
            "account",
            COLUMN_TITLES[Column.ACCOUNT],
            lambda row: _account(row.finding.account),
            column=Column.ACCOUNT,
            folded=lambda row: row.shared_words(3),
        ),
        Field(
            "remediation",
            mark("Remediation"),
            lambda row: translate(row.finding.remediation),
            folded=lambda row: row.shared_words(4),
        ),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
        Field("owner", mark("Owner of the suppression"), lambda row: _of_suppression(row, "owner")),
        Field("reason", mark("Reason of the suppression"), lambda row: _of_suppression(row, "reason")),
        Field(
            "expires", mark("Last day of the suppression"), lambda row: _of_suppression(row, "expires"), FieldKind.DATE
        ),
    ),
    has_word,
)
