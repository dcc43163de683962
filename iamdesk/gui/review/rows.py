"""The rows of a review: one line, or several that are decided together. Texts are made once, decisions as they come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any

from iamdesk.export.answer_words import short_arn
from iamdesk.export.review_words import (
    CHOICE_WORDS,
    administration_words,
    decision_words,
    holder_name,
    is_privileged,
    last_used_words,
    power_words,
)
from iamdesk.gui.plain_text import visible
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.review.decisions import Choice, LineDecision
from iamdesk.review.desk import ReviewDesk
from iamdesk.review.grouping import Grouping, group_keys
from iamdesk.review.lines import EntitlementType, Line


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    WHO = 1
    WHAT = 2
    ADMINISTRATION = 3
    EFFECT = 4
    LAST_USED = 5
    FINDINGS = 6
    COMMENT = 7
    ACCOUNT = 8


COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: "Decision",
    Column.WHO: "Principal",
    Column.WHAT: "Entitlement",
    Column.ADMINISTRATION: "Administration",
    Column.EFFECT: "Can do",
    Column.LAST_USED: "Last used",
    Column.FINDINGS: "Findings",
    Column.COMMENT: "Comment",
    Column.ACCOUNT: "Account",
}
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_CHOICES = tuple(Choice)
_ADMINISTRATION_ORDER = ("Administrator", "In ", "Perhaps", "No", "")


class Show(StrEnum):
    """Which rows a reviewer wants to see."""

    ALL = "all"
    OPEN = "to decide"
    DECIDED = "decided"
    KEEP = "kept"
    REVOKE = "to be revoked"
    MODIFY = "to be modified"
    EXCEPT = "excepted"
    RUN_OUT = "run out"
    PRIVILEGED = "privileged"
    OUTSIDE = "third parties"
    MACHINES = "machines"
    WITH_FINDINGS = "with findings"
    NOT_SECONDED = "not seconded"


SHOW_TITLES: dict[Show, str] = {
    Show.ALL: "All lines",
    Show.OPEN: "To decide",
    Show.DECIDED: "Decided",
    Show.KEEP: "Kept",
    Show.REVOKE: "To be revoked",
    Show.MODIFY: "To be modified",
    Show.EXCEPT: "Excepted",
    Show.RUN_OUT: "Exceptions that have run out",
    Show.PRIVILEGED: "Administrators, and who becomes one",
    Show.OUTSIDE: "Third parties",
    Show.MACHINES: "Machines",
    Show.WITH_FINDINGS: "With findings",
    Show.NOT_SECONDED: "Decided, without a second reviewer",
}
_CHOSEN = {Show.KEEP: Choice.KEEP, Show.REVOKE: Choice.REVOKE, Show.MODIFY: Choice.MODIFY, Show.EXCEPT: Choice.EXCEPT}


class ReviewRow:
    """One row: a line, or a group of lines."""

    __slots__ = (
        "_fixed",
        "_keys",
        "choice",
        "classes",
        "decisions",
        "findings",
        "haystack",
        "is_open",
        "is_pending",
        "line_ids",
        "lines",
        "privileged",
        "run_out",
        "texts",
        "tip",
    )

    def __init__(self, lines: tuple[Line, ...], findings: tuple[Mapping[str, Any], ...]) -> None:
        self.lines = lines
        self.line_ids = tuple(line.line_id for line in lines)
        """The ids of its lines: a hash each, made once."""
        self.findings = findings
        self.decisions: tuple[LineDecision, ...] = ()
        self.choice: Choice | None = Choice.UNDECIDED
        """What stands on all its lines; None where they differ."""
        self.is_open = True
        self.is_pending = False
        """Whether a decision is on its way to the disk: what is shown is not saved yet."""
        self.run_out = False
        self.privileged = any(is_privileged(line) != "no" for line in lines)
        self.classes = frozenset(str(line.evidence.get("holder_class", "unknown")) for line in lines)
        self.tip = "\n".join(dict.fromkeys(line.holder_arn for line in lines[:20]))
        first = lines[0]
        used = min if len(lines) > 1 else max
        self._fixed = tuple(
            visible(text)
            for text in (
                _several([holder_name(line) for line in lines], "principals"),
                _several([_what(line) for line in lines], "entitlements"),
                min((_administration(line) for line in lines), key=_administration_rank),
                _several([_power(line) for line in lines], "amounts"),
                used(last_used_words(line) for line in lines),
                _findings_words(findings),
                _several([line.account_id for line in lines], "accounts"),
            )
        )
        names = (line.holder_arn for line in lines)
        self.haystack = "\n".join((*self._fixed, first.entitlement_id, *names)).casefold()
        self.texts: tuple[str, ...] = ()
        self._keys: tuple[SortKey, ...] = ()

    def sort_key(self, column: int) -> SortKey:
        """Return what it is sorted by in a column."""
        return self._keys[column]

    def tell(self, desk: ReviewDesk, today: date, pending: frozenset[str]) -> None:
        """Take in what stands on its lines now."""
        self.decisions = tuple(desk.decision(line_id) for line_id in self.line_ids)
        choices = {decision.choice for decision in self.decisions}
        self.choice = choices.pop() if len(choices) == 1 else None
        self.run_out = any(decision.has_run_out(today) for decision in self.decisions)
        waiting = sum(desk.is_open(line_id, today) for line_id in self.line_ids)
        self.is_open = waiting > 0
        self.is_pending = not pending.isdisjoint(self.line_ids)
        who, what, administration, effect, used, findings, account = self._fixed
        comments = list(dict.fromkeys(decision.comment for decision in self.decisions if decision.comment))
        shown = self._decision_text(waiting)
        self.texts = (
            shown,
            who,
            what,
            administration,
            effect,
            used,
            findings,
            visible("; ".join(comments[:3])),
            account,
        )
        self._sort(who, what, waiting)

    def _decision_text(self, waiting: int) -> str:
        if self.is_pending:
            return "Saving…"
        if self.choice is None:
            return f"{len(self.lines) - waiting:,} of {len(self.lines):,} decided"
        said = {decision_words(decision) for decision in self.decisions}
        text = visible(said.pop()) if len(said) == 1 else CHOICE_WORDS[self.choice]
        return f"{text} (run out)" if self.run_out else text

    def _sort(self, who: str, what: str, waiting: int) -> None:
        tie: SortKey = (who.casefold(), what.casefold(), self.line_ids[0])
        state = _CHOICES.index(self.choice) if self.choice is not None else len(_CHOICES)
        worst = min((_severity(one) for one in self.findings), default=len(_SEVERITIES))
        power = sum(int((line.evidence.get("holder") or {}).get("actions", 0)) for line in self.lines[:1])
        self._keys = (
            (0 if waiting else 1, state, *tie),
            tie,
            (what.casefold(), *tie),
            (_administration_rank(self._fixed[2]), *tie),
            (-power, *tie),
            (self._fixed[4], *tie),
            (worst, -len(self.findings), *tie),
            (self.texts[Column.COMMENT].casefold(), *tie),
            (self._fixed[6], *tie),
        )


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which rows are shown."""

    show: Show = Show.ALL
    text: str = ""
    """Words, each of which must be somewhere in the row."""

    @property
    def shows_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return self.show is Show.ALL and not self.text.strip()

    def lets_through(self, row: ReviewRow) -> bool:
        """Return whether a row is shown."""
        text = self.text.casefold().split()
        if text and not all(word in row.haystack or word in row.texts[Column.COMMENT].casefold() for word in text):
            return False
        return _fits(row, self.show)


def _fits(row: ReviewRow, show: Show) -> bool:
    match show:
        case Show.OPEN:
            return row.is_open
        case Show.DECIDED:
            return not row.is_open
        case Show.RUN_OUT:
            return row.run_out
        case Show.PRIVILEGED:
            return row.privileged
        case Show.OUTSIDE:
            return "third_party" in row.classes
        case Show.MACHINES:
            return "machine" in row.classes
        case Show.WITH_FINDINGS:
            return bool(row.findings)
        case Show.NOT_SECONDED:
            return any(one.choice is not Choice.UNDECIDED and not one.second for one in row.decisions)
        case Show.KEEP | Show.REVOKE | Show.MODIFY | Show.EXCEPT:
            return any(one.choice is _CHOSEN[show] for one in row.decisions)
    return True


def rows_of(desk: ReviewDesk, grouping: Grouping) -> list[ReviewRow]:
    """Return the rows of a review, in the order of its lines; call `ReviewRow.tell` on each before it is shown."""
    keys = group_keys(desk.lines, grouping)
    groups: dict[str, list[Line]] = {}
    for line in desk.lines:
        groups.setdefault(keys[line.line_id], []).append(line)
    return [row_of(desk, lines) for lines in groups.values()]


def row_of(desk: ReviewDesk, lines: Iterable[Line]) -> ReviewRow:
    """Return the row of lines that are decided together; call `ReviewRow.tell` before it is shown."""
    members = tuple(lines)
    return ReviewRow(members, _findings_of(desk, members))


def _findings_of(desk: ReviewDesk, lines: Iterable[Line]) -> tuple[Mapping[str, Any], ...]:
    found = {str(one.get("finding_id")): one for line in lines for one in desk.findings_of(line)}
    return tuple(sorted(found.values(), key=_severity))


def _severity(finding: Mapping[str, Any]) -> int:
    word = str(finding.get("severity"))
    return _SEVERITIES.index(word) if word in _SEVERITIES else len(_SEVERITIES)


def _findings_words(findings: tuple[Mapping[str, Any], ...]) -> str:
    if not findings:
        return ""
    worst = min(_severity(one) for one in findings)
    return f"{len(findings):,}, {_SEVERITIES[worst]}" if worst < len(_SEVERITIES) else f"{len(findings):,}"


def _several(texts: list[str], word: str) -> str:
    different = list(dict.fromkeys(texts))
    return different[0] if len(different) == 1 else f"{len(different):,} {word}"


def _administration(line: Line) -> str:
    """Return `administration_words`, for a narrow column."""
    return (
        administration_words(line)
        .replace("Becomes administrator in", "In")
        .replace("May become administrator in", "Perhaps in")
    )


_SHORT_TYPES: dict[EntitlementType, str] = {
    EntitlementType.GROUP: "group",
    EntitlementType.MANAGED_POLICY: "managed",
    EntitlementType.INLINE_POLICY: "inline",
    EntitlementType.TRUST: "may assume it",
    EntitlementType.ACCESS_KEY: "",
    EntitlementType.RESOURCE_GRANT: "lets it in",
    EntitlementType.PERMISSION_SET: "permission set",
}


def _what(line: Line) -> str:
    """Return what is held, for a narrow column: the name first, its kind after it."""
    trusts = line.evidence.get("trusts") if line.type is EntitlementType.TRUST else None
    name = ", ".join(short_arn(one) for one in trusts) if trusts else line.name
    return f"{name}  {_SHORT_TYPES[line.type]}".rstrip()


def _power(line: Line) -> str:
    """Return `power_words` without the access levels, for a narrow column."""
    return power_words(line.evidence.get("holder")).partition(":")[0]


def _administration_rank(text: str) -> int:
    return next(at for at, start in enumerate(_ADMINISTRATION_ORDER) if text.startswith(start))
