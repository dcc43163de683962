"""The rows of the findings table, their order and their filter. Made in the worker that runs the checks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.gui.plain_text import visible
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.index.nodes import NodeKind

SEVERITIES = tuple(Severity)
"""Worst first."""
SEVERITY_WORDS: dict[Severity, str] = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.INFO: "Info",
}
STATE_WORDS: dict[State, str] = {State.FOUND: "found", State.CANNOT_TELL: "cannot tell"}
_PRINCIPALS = frozenset({NodeKind.USER.value, NodeKind.ROLE.value})
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}


class Column(IntEnum):
    """The columns, in order."""

    SEVERITY = 0
    CHECK = 1
    SUBJECT = 2
    SENTENCE = 3
    STATE = 4
    ACCOUNT = 5


COLUMN_TITLES: dict[Column, str] = {
    Column.SEVERITY: "Severity",
    Column.CHECK: "Check",
    Column.SUBJECT: "Subject",
    Column.SENTENCE: "What was found",
    Column.STATE: "State",
    Column.ACCOUNT: "Account",
}


class FindingRow:
    """One finding with every text that is painted, searched or sorted by; made once."""

    __slots__ = ("finding", "haystack", "keys", "texts")

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        self.texts: tuple[str, ...] = tuple(
            visible(text)
            for text in (
                SEVERITY_WORDS[finding.severity],
                f"{finding.check_id}  {finding.title}",
                f"{finding.subject_name}  {finding.subject_kind}",
                finding.sentence,
                STATE_WORDS[finding.state],
                finding.account,
            )
        )
        """By column, as shown."""
        word = finding.suppression
        about = () if word is None else (word.owner, word.reason, word.expires.isoformat())
        self.haystack = "\n".join((*self.texts, finding.subject_key, finding.remedy, *about)).casefold()
        rank = _RANKS[finding.severity]
        name = finding.subject_name.casefold()
        tie = (rank, finding.check_id, name, finding.account, finding.fingerprint)
        self.keys: tuple[SortKey, ...] = (
            tie,
            (finding.check_id, *tie),
            (name, *tie),
            (finding.sentence.casefold(), *tie),
            (finding.state.value, *tie),
            (finding.account, *tie),
        )
        """By column, what it is sorted by: worst first where nothing else tells."""


class Grouping(StrEnum):
    """What findings are put together by; the value is what it is called."""

    NOTHING = "nothing"
    CHECK = "check"
    SUBJECT = "principal"
    """Or policy, resource, account: what the finding is about."""
    ACCOUNT = "account"


def group_key(finding: Finding, grouping: Grouping) -> str:
    """Return what names the group of a finding."""
    match grouping:
        case Grouping.CHECK:
            return finding.check_id
        case Grouping.SUBJECT:
            return finding.subject_key
        case Grouping.ACCOUNT:
            return finding.account
    return ""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that belong together."""

    key: str
    text: str
    """As shown."""
    count: int
    worst: Severity


def groups_of(findings: Iterable[Finding], grouping: Grouping) -> tuple[Group, ...]:
    """Return the groups, those with the worst finding first, then the largest."""
    if grouping is Grouping.NOTHING:
        return ()
    members: dict[str, list[Finding]] = {}
    for finding in findings:
        members.setdefault(group_key(finding, grouping), []).append(finding)
    groups = [
        Group(key, _group_text(found[0], grouping), len(found), SEVERITIES[min(_RANKS[one.severity] for one in found)])
        for key, found in members.items()
    ]
    groups.sort(key=lambda group: (_RANKS[group.worst], -group.count, group.text.casefold(), group.key))
    return tuple(groups)


def _group_text(finding: Finding, grouping: Grouping) -> str:
    if grouping is Grouping.CHECK:
        return visible(f"{finding.check_id}  {finding.title}")
    if grouping is Grouping.SUBJECT:
        return visible(f"{finding.subject_name}  {finding.subject_kind}")
    return visible(finding.account)


def principals_by_risk(findings: Iterable[Finding]) -> dict[Severity, frozenset[str]]:
    """Return, by the worst of their open findings, the users and roles that have some, by ARN; all severities."""
    worst: dict[str, int] = {}
    for finding in findings:
        if finding.suppression is None and finding.subject_kind in _PRINCIPALS:
            rank = _RANKS[finding.severity]
            worst[finding.subject_key] = min(rank, worst.get(finding.subject_key, rank))
    return {
        severity: frozenset(key for key, rank in worst.items() if rank == _RANKS[severity]) for severity in SEVERITIES
    }


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are shown: the open ones, or those that are suppressed. All of them, where nothing is named."""

    severities: frozenset[Severity] = frozenset()
    only_cannot_tell: bool = False
    check_id: str = ""
    text: str = ""
    """Words, each of which must be somewhere in the row."""
    suppressed: bool = False
    """Whether those that somebody answers for are shown, instead of the others."""
    grouping: Grouping = Grouping.NOTHING
    group: str = ""
    """Of the groups the one that is shown; empty for all."""
    subjects: frozenset[str] = frozenset()
    """Keys of the subjects whose findings are shown; empty for all."""

    @property
    def shows_everything(self) -> bool:
        """Whether it leaves nothing out."""
        chosen = self.severities or self.only_cannot_tell or self.check_id or self.group or self.subjects
        return not (chosen or self.text.strip())

    def lets_through(self, row: FindingRow) -> bool:
        """Return whether a row is shown."""
        if self.group and group_key(row.finding, self.grouping) != self.group:
            return False
        return self.lets_group_through(row)

    def lets_group_through(self, row: FindingRow) -> bool:
        """Return whether a row would be shown, whatever group is chosen: what the groups count."""
        finding = row.finding
        if (finding.suppression is not None) is not self.suppressed:
            return False
        if self.subjects and finding.subject_key not in self.subjects:
            return False
        if self.severities and finding.severity not in self.severities:
            return False
        if self.only_cannot_tell and finding.state is not State.CANNOT_TELL:
            return False
        if self.check_id and finding.check_id != self.check_id:
            return False
        return all(word in row.haystack for word in self.text.casefold().split())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many findings there are, whatever the filter shows."""

    total: int
    by_severity: dict[Severity, int]
    cannot_tell: int
    suppressed: int
    """Those that somebody answers for; the other numbers are without them."""
    checks: tuple[tuple[str, str, int], ...]
    """(id, title, count) of each check that found something, by id."""


class Tally:
    """Counts findings as they come: thousands come over seconds, and the counts are shown all the while."""

    def __init__(self) -> None:
        self._severities: Counter[Severity] = Counter()
        self._checks: Counter[str] = Counter()
        self._titles: dict[str, str] = {}
        self._cannot_tell = 0
        self._suppressed = 0

    def add(self, rows: Iterable[FindingRow]) -> None:
        """Count some more."""
        came = [row.finding for row in rows]
        findings = [finding for finding in came if finding.suppression is None]
        self._suppressed += len(came) - len(findings)
        self._severities.update(finding.severity for finding in findings)
        self._checks.update(finding.check_id for finding in findings)
        for finding in findings:
            self._titles.setdefault(finding.check_id, finding.title)
        self._cannot_tell += sum(finding.state is State.CANNOT_TELL for finding in findings)

    @property
    def counts(self) -> Counts:
        """What has been counted so far."""
        return Counts(
            total=self._severities.total(),
            by_severity={severity: self._severities[severity] for severity in SEVERITIES},
            cannot_tell=self._cannot_tell,
            suppressed=self._suppressed,
            checks=tuple(
                (check_id, self._titles[check_id], self._checks[check_id]) for check_id in sorted(self._checks)
            ),
        )
