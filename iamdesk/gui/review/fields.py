"""What the rows of a review can be filtered by: entitlements, or findings."""

from datetime import date, datetime

from iamdesk.export.text.review import CHOICE_WORDS
from iamdesk.filter_language import Field, FieldKind, FilterFields, Test
from iamdesk.gui.review.columns import COLUMN_TITLES, FINDING_TITLES, Column
from iamdesk.gui.review.decision_row import SEVERITY_WORDS, DecidedRow
from iamdesk.gui.review.rows import EntitlementRow, amount_changed
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, marks_of, note_of, or_in_notes
from iamdesk.i18n import mark
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.items import ReviewItem

_DECISIONS = {
    "undecided": (ReviewDecision.UNDECIDED, CHOICE_WORDS[ReviewDecision.UNDECIDED]),
    "keep": (ReviewDecision.KEEP, CHOICE_WORDS[ReviewDecision.KEEP]),
    "revoke": (ReviewDecision.REVOKE, CHOICE_WORDS[ReviewDecision.REVOKE]),
    "modify": (ReviewDecision.MODIFY, CHOICE_WORDS[ReviewDecision.MODIFY]),
    "exception": (ReviewDecision.EXCEPT, CHOICE_WORDS[ReviewDecision.EXCEPT]),
}
_ON_FINDINGS = {
    "undecided": _DECISIONS["undecided"],
    "fix": (ReviewDecision.FIX, mark("Fix")),
    "accept": (ReviewDecision.EXCEPT, mark("Accept risk")),
    "false": (ReviewDecision.FALSE_POSITIVE, mark("False positive")),
}


def _decision(choices: dict[str, tuple[ReviewDecision, str]], title: str) -> Field[DecidedRow]:
    names = {choice: name for name, (choice, _title) in choices.items()}

    def decided(row: DecidedRow) -> tuple[str, ...]:
        return tuple(dict.fromkeys(names[one.choice] for one in row.decisions if one.choice in names))

    words = {name: word for name, (_choice, word) in choices.items()}
    return Field("decision", title, decided, FieldKind.WORD, words, Column.DECISION)


def _lines(row: DecidedRow) -> tuple[ReviewItem, ...]:
    return row.lines if isinstance(row, EntitlementRow) else ()


def _amounts(row: DecidedRow, key: str) -> tuple[int, ...] | None:
    """Return how many actions are lost or gained, of each entitlement; None if it is not known of any."""
    return tuple(count for line in _lines(row) if (count := amount_changed(line, key)) >= 0) or None


def _permissions(row: DecidedRow) -> tuple[int, ...] | None:
    holders = [line.evidence.get("holder") for line in _lines(row)]
    return tuple({int(holder["actions"]) for holder in holders if holder and "actions" in holder}) or None


def _used(row: DecidedRow) -> date | str | tuple[date | str, ...] | None:
    days = tuple({_day(line) for line in _lines(row)})
    return days[0] if len(days) == 1 else days or None


def _day(line: ReviewItem) -> date | str:
    if "last_used" not in line.evidence:
        return "unknown"
    used = line.evidence["last_used"]
    return datetime.fromisoformat(str(used)).date() if used else "never"


def _severities(row: DecidedRow) -> tuple[str, ...] | None:
    return tuple({str(one.get("severity")) for one in row.findings}) or None


def _of_column(name: str, column: Column, title: str = "") -> Field[DecidedRow]:
    return Field(name, title or COLUMN_TITLES[column], lambda row: row.texts[column], column=column)


def _yes(name: str, title: str, attribute: str) -> Field[DecidedRow]:
    words = {"yes": mark("yes"), "no": mark("no")}
    return Field(name, title, lambda row: "yes" if getattr(row, attribute) else "no", FieldKind.WORD, words)


@or_in_notes
def _has_word(word: str) -> Test[DecidedRow]:
    return lambda row: (
        word in row.haystack
        or word in row.texts[Column.COMMENT].casefold()
        or word in row.texts[Column.TICKET].casefold()
    )


_SEVERITY = Field[DecidedRow](
    "severity",
    mark("Severity of findings"),
    _severities,
    FieldKind.RANK,
    dict(reversed(tuple(SEVERITY_WORDS.items()))),
    Column.FINDINGS,
)

LINE_FIELDS: FilterFields[DecidedRow] = FilterFields(
    (
        _decision(_DECISIONS, COLUMN_TITLES[Column.DECISION]),
        _of_column("principal", Column.WHO),
        _of_column("entitlement", Column.WHAT),
        Field("tier", COLUMN_TITLES[Column.TIER], lambda row: row.tiers or None, FieldKind.NUMBER, column=Column.TIER),
        _of_column("suggestion", Column.SUGGESTION),
        Field(
            "loses",
            mark("Actions lost if it is revoked"),
            lambda row: _amounts(row, "lost"),
            FieldKind.NUMBER,
            column=Column.LOSES,
        ),
        Field(
            "gains",
            mark("Actions gained if it is revoked"),
            lambda row: _amounts(row, "gained"),
            FieldKind.NUMBER,
            column=Column.GAINS,
        ),
        _of_column("effect", Column.REVOKING),
        _of_column("reason", Column.WHY_ASKED),
        _of_column("removal", Column.REMOVAL),
        _of_column("ticket", Column.TICKET),
        _of_column("administrator", Column.ADMINISTRATION),
        Field("permissions", mark("Number of actions"), _permissions, FieldKind.NUMBER, column=Column.EFFECT),
        Field(
            "used",
            COLUMN_TITLES[Column.LAST_USED],
            _used,
            FieldKind.DATE,
            {"never": mark("never used"), "unknown": mark("unknown")},
            Column.LAST_USED,
        ),
        _SEVERITY,
        Field("findings", mark("Number of findings"), lambda row: len(row.findings), FieldKind.NUMBER),
        _of_column("comment", Column.COMMENT),
        _of_column("account", Column.ACCOUNT),
        Field("person", mark("Person"), lambda row: row.person if isinstance(row, EntitlementRow) else ""),
        Field("holder", mark("Kind of the holder"), lambda row: tuple(sorted(row.classes))),
        _yes("guardrail", mark("Guardrail"), "is_guardrail"),
        _yes("privileged", mark("Administrator, or a path to administrator"), "privileged"),
        Field("arn", mark("ARN"), lambda row: tuple(line.holder_arn for line in _lines(row))),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    _has_word,
)
"""Entitlements."""

FINDING_FIELDS: FilterFields[DecidedRow] = FilterFields(
    (
        _decision(_ON_FINDINGS, FINDING_TITLES[Column.DECISION]),
        _of_column("subject", Column.WHO, FINDING_TITLES[Column.WHO]),
        _of_column("finding", Column.WHAT, FINDING_TITLES[Column.WHAT]),
        _of_column("check", Column.LAST_USED, FINDING_TITLES[Column.LAST_USED]),
        _SEVERITY,
        _of_column("reason", Column.WHY_ASKED),
        _of_column("ticket", Column.TICKET),
        _of_column("comment", Column.COMMENT),
        _of_column("account", Column.ACCOUNT),
        Field("arn", mark("ARN"), lambda row: tuple(str(one.get("subject_arn")) for one in row.findings)),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    _has_word,
)
"""Findings."""
