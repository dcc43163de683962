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
from iamdesk.gui.speech import number
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.language import mark, ntr, shown, tr
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
    Column.DECISION: mark("Decision"),
    Column.WHO: mark("Principal"),
    Column.WHAT: mark("Entitlement"),
    Column.ADMINISTRATION: mark("Administration"),
    Column.EFFECT: mark("Can do"),
    Column.LAST_USED: mark("Last used"),
    Column.FINDINGS: mark("Findings"),
    Column.COMMENT: mark("Comment"),
    Column.ACCOUNT: mark("Account"),
}
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_SEVERITY_WORDS = (mark("critical"), mark("high"), mark("medium"), mark("low"), mark("info"))
_CHOICES = tuple(Choice)
_ADMINISTRATION_ORDER = ("is", "reaches", "may reach")


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
    Show.ALL: mark("All lines"),
    Show.OPEN: mark("To decide"),
    Show.DECIDED: mark("Decided"),
    Show.KEEP: mark("Kept"),
    Show.REVOKE: mark("To be revoked"),
    Show.MODIFY: mark("To be modified"),
    Show.EXCEPT: mark("Excepted"),
    Show.RUN_OUT: mark("Exceptions that have run out"),
    Show.PRIVILEGED: mark("Administrators, and who becomes one"),
    Show.OUTSIDE: mark("Third parties"),
    Show.MACHINES: mark("Machines"),
    Show.WITH_FINDINGS: mark("With findings"),
    Show.NOT_SECONDED: mark("Decided, without a second reviewer"),
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
                _several([shown(holder_name(line)) for line in lines], mark("{count} principals")),
                _several([_what(line) for line in lines], mark("{count} entitlements")),
                _administration(min(lines, key=_administration_rank)),
                _several([_power(line) for line in lines], mark("{count} amounts")),
                shown(used(last_used_words(line) for line in lines)),
                _findings_words(findings),
                _several([line.account_id for line in lines], mark("{count} accounts")),
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
        self.texts = (
            self._decision_text(waiting),
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
            return tr("Saving…")
        if self.choice is None:
            return tr("{count} of {total} decided").format(
                count=number(len(self.lines) - waiting), total=number(len(self.lines))
            )
        said = {shown(decision_words(decision)) for decision in self.decisions}
        text = visible(said.pop()) if len(said) == 1 else tr(CHOICE_WORDS[self.choice])
        return tr("{decision} (run out)").format(decision=text) if self.run_out else text

    def _sort(self, who: str, what: str, waiting: int) -> None:
        tie: SortKey = (who.casefold(), what.casefold(), self.line_ids[0])
        state = _CHOICES.index(self.choice) if self.choice is not None else len(_CHOICES)
        worst = min((_severity(one) for one in self.findings), default=len(_SEVERITIES))
        power = sum(int((line.evidence.get("holder") or {}).get("actions", 0)) for line in self.lines[:1])
        self._keys = (
            (0 if waiting else 1, state, *tie),
            tie,
            (what.casefold(), *tie),
            (*min(map(_administration_rank, self.lines)), *tie),
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
    count = number(len(findings))
    return f"{count}, {tr(_SEVERITY_WORDS[worst])}" if worst < len(_SEVERITIES) else count


def _several(texts: list[str], counted: str) -> str:
    different = list(dict.fromkeys(texts))
    return different[0] if len(different) == 1 else tr(counted).format(count=number(len(different)))


def _administration(line: Line) -> str:
    """Return `administration_words`, for a narrow column."""
    told = line.evidence.get("administration") or {}
    steps = told.get("steps")
    if steps is None or told.get("reaches") not in ("reaches", "may reach"):
        return shown(administration_words(line))
    if told["reaches"] == "reaches":
        return ntr("In {count} step", "In {count} steps", steps).format(count=steps)
    return ntr("Perhaps in {count} step", "Perhaps in {count} steps", steps).format(count=steps)


_SHORT_TYPES: dict[EntitlementType, str] = {
    EntitlementType.GROUP: mark("group"),
    EntitlementType.MANAGED_POLICY: mark("managed"),
    EntitlementType.INLINE_POLICY: mark("inline"),
    EntitlementType.TRUST: mark("may assume it"),
    EntitlementType.ACCESS_KEY: "",
    EntitlementType.RESOURCE_GRANT: mark("lets it in"),
    EntitlementType.PERMISSION_SET: mark("permission set"),
}


def _what(line: Line) -> str:
    """Return what is held, for a narrow column: the name first, its kind after it."""
    trusts = line.evidence.get("trusts") if line.type is EntitlementType.TRUST else None
    name = ", ".join(shown(short_arn(one)) for one in trusts) if trusts else line.name
    return f"{name}  {tr(_SHORT_TYPES[line.type])}".rstrip()


def _power(line: Line) -> str:
    """Return `power_words` without the access levels, for a narrow column."""
    return shown(power_words(line.evidence.get("holder"))).partition(":")[0]


def _administration_rank(line: Line) -> tuple[int, int]:
    told = line.evidence.get("administration") or {}
    reaches = str(told.get("reaches", "")) if told else ""
    place = _ADMINISTRATION_ORDER.index(reaches) if reaches in _ADMINISTRATION_ORDER else len(_ADMINISTRATION_ORDER)
    return place, int(told.get("steps") or 0)
