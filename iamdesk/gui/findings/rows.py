"""The rows of the findings table, their order and their filter. Created in the worker that runs the checks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.filter_language import EVERYTHING, Filter, Test
from iamdesk.gui.core.notebook import item_of
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.tables.noted_row import NotedRow
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.tree import NodeKind

if TYPE_CHECKING:
    from iamdesk.notes.model import Note

SEVERITIES = tuple(Severity)
"""Highest first."""
SEVERITY_WORDS: dict[Severity, str] = {
    Severity.CRITICAL: mark("Critical"),
    Severity.HIGH: mark("High"),
    Severity.MEDIUM: mark("Medium"),
    Severity.LOW: mark("Low"),
    Severity.INFO: mark("Info"),
}
STATE_WORDS: dict[State, str] = {State.FOUND: mark("open"), State.INCONCLUSIVE: mark("cannot tell")}
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
    Column.SEVERITY: mark("Severity"),
    Column.CHECK: mark("Check"),
    Column.SUBJECT: mark("Subject"),
    Column.SENTENCE: mark("Description"),
    Column.STATE: mark("State"),
    Column.ACCOUNT: mark("Account"),
}


class FindingRow(NotedRow):
    """One finding as a row. There may be tens of thousands: what is cheap is computed when it is painted."""

    __slots__ = ("_own_words", "_shared_words", "_worst_first", "finding")

    def __init__(self, finding: Finding, notes: "tuple[Note, ...]" = ()) -> None:
        self.finding = finding
        self.notes = notes
        name = finding.subject_name.casefold()
        self._worst_first: SortKey = (
            _RANKS[finding.severity],
            finding.check_id,
            name if name != finding.subject_name else finding.subject_name,  # one string object, not two equal ones
            finding.account,
            finding.fingerprint,
        )
        word = finding.suppression
        about = () if word is None else (word.owner, word.reason, word.expires.isoformat())
        own = (_subject(finding), translate(finding.sentence))
        self._own_words = "\n".join((*map(visible, own), finding.subject_key, *about)).casefold()
        self._shared_words = _words_of_check(
            finding.check_id, finding.title, finding.severity, finding.state, finding.account, finding.remediation
        )

    @property
    def noted_items(self) -> Sequence[str]:
        """The finding, then its subject."""
        return (item_of(self.finding), self.finding.subject_key)

    @property
    def name(self) -> str:
        """The name of its subject in lower case, for *search everywhere*."""
        return str(self._worst_first[2])

    @property
    def texts(self) -> Sequence[str]:
        """By column, as displayed."""
        return [self.text(column) for column in Column]

    def text(self, column: Column) -> str:
        """Return the text of a cell."""
        finding = self.finding
        match column:
            case Column.SEVERITY:
                return tr(SEVERITY_WORDS[finding.severity])
            case Column.CHECK:
                return visible(f"{finding.check_id}  {tr(finding.title)}")
            case Column.SUBJECT:
                return visible(_subject(finding))
            case Column.SENTENCE:
                return visible(translate(finding.sentence))
            case Column.STATE:
                return tr(STATE_WORDS[finding.state])
            case Column.ACCOUNT:
                return visible(finding.account)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column: highest severity first among equal ones."""
        finding = self.finding
        match column:
            case Column.CHECK:
                return (finding.check_id, *self._worst_first)
            case Column.SUBJECT:
                return (self._worst_first[2], *self._worst_first)
            case Column.SENTENCE:
                return (finding.sentence.casefold(), *self._worst_first)
            case Column.STATE:
                return (finding.state.value, *self._worst_first)
            case Column.ACCOUNT:
                return (finding.account, *self._worst_first)
        return self._worst_first

    def holds(self, word: str) -> bool:
        """Return whether a word (lower case) occurs in the row, its remediation or its notes."""
        if word in self._own_words or word in self._shared_words:
            return True
        return bool(self.notes) and word in self.note_words.casefold()

    def own_words(self, place: int) -> str:
        """Return one of its own searched texts in lower case: 0 the subject, 1 the sentence, 2 the key."""
        return self._own_words.split("\n", place + 1)[place]

    def shared_words(self, place: int) -> str:
        """Return one of the texts of its check in lower case: 1 the check, 3 the account, 4 the remediation."""
        return self._shared_words.split("\n", 4)[place]


@lru_cache(maxsize=1 << 12)
def _words_of_check(check_id: str, title: str, severity: Severity, state: State, account: str, remediation: str) -> str:
    """Return the searchable text that findings of a check share: one string object for all of them."""
    words = (tr(SEVERITY_WORDS[severity]), f"{check_id}  {tr(title)}", tr(STATE_WORDS[state]), account)
    return "\n".join((*map(visible, words), translate(remediation))).casefold()


def _subject(finding: Finding) -> str:
    return f"{translate(finding.subject_name)}  {tr(finding.subject_kind)}"


def has_word(word: str) -> Test[FindingRow]:
    """Return `FindingRow.holds` of a word, faster."""
    return lambda row: word in row._own_words or word in row._shared_words or (bool(row.notes) and row.holds(word))


class Grouping(StrEnum):
    """How findings are grouped; the value is the displayed name."""

    NOTHING = "nothing"
    CAUSE = "cause"
    """By cause: a tree instead of the table (`cause_tree`)."""
    CONTROL = "control"
    """By control of a standard: a tree, too (`control_tree`)."""
    CHECK = "check"
    SUBJECT = "subject"
    """By subject: principal, managed policy, resource or account; inline and trust policies count with their holder."""
    ACCOUNT = "account"


UNGROUPED = frozenset({Grouping.NOTHING, Grouping.CAUSE, Grouping.CONTROL})
"""Without a list of groups beside the findings."""


def group_key(finding: Finding, grouping: Grouping) -> str:
    """Return the key of a finding's group."""
    match grouping:
        case Grouping.CHECK:
            return finding.check_id
        case Grouping.SUBJECT:
            return holder_of(finding.subject_key) or finding.subject_key
        case Grouping.ACCOUNT:
            return finding.account
    return ""


def holder_of(key: str) -> str:
    """Return the ARN of the user, group or role whose inline or trust policy a key is; empty for another key."""
    owner, is_part, part = key.partition("#")
    return owner if is_part and (part == "trust" or part.startswith("inline/")) else ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of findings."""

    key: str
    text: str
    """As displayed."""
    count: int
    worst: Severity


def groups_of(findings: Iterable[Finding], grouping: Grouping) -> tuple[Group, ...]:
    """Return the groups, highest severity first, then the largest."""
    if grouping in UNGROUPED:
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
        return visible(f"{finding.check_id}  {tr(finding.title)}")
    if grouping is Grouping.SUBJECT:
        holder = holder_of(finding.subject_key)
        if holder:
            resource = holder.rpartition(":")[2]
            return visible(f"{resource.rpartition('/')[2]}  {tr(resource.partition('/')[0])}")
        return visible(_subject(finding))
    return visible(finding.account)


def principals_by_risk(findings: Iterable[Finding]) -> dict[Severity, frozenset[str]]:
    """Return the users and roles with open findings, by highest severity, as ARNs; for all severities."""
    worst: dict[str, int] = {}
    _note_worst(worst, findings)
    return _by_severity(worst)


def _note_worst(worst: dict[str, int], findings: Iterable[Finding]) -> None:
    """Update the rank of the highest open severity of users and roles, by ARN."""
    for finding in findings:
        if finding.suppression is None and finding.subject_kind in _PRINCIPALS:
            rank = _RANKS[finding.severity]
            worst[finding.subject_key] = min(rank, worst.get(finding.subject_key, rank))


def _by_severity(worst: dict[str, int]) -> dict[Severity, frozenset[str]]:
    keys: dict[int, list[str]] = {rank: [] for rank in _RANKS.values()}
    for key, rank in worst.items():
        keys[rank].append(key)
    return {severity: frozenset(keys[_RANKS[severity]]) for severity in SEVERITIES}


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are shown: open or suppressed ones; all of these if nothing else is set."""

    severities: frozenset[Severity] = frozenset()
    only_inconclusive: bool = False
    check_id: str = ""
    typed: Filter[FindingRow] = EVERYTHING
    suppressed: bool = False
    """Whether suppressed findings are shown instead of open ones."""
    grouping: Grouping = Grouping.NOTHING
    group: str = ""
    """The group shown; empty for all."""
    subjects: frozenset[str] = frozenset()
    """Keys of the subjects shown; empty for all."""

    @property
    def shows_everything(self) -> bool:
        """Whether it hides no row."""
        chosen = self.severities or self.only_inconclusive or self.check_id or self.group or self.subjects
        return not chosen and self.typed.shows_everything

    @property
    def accepts(self) -> Test[FindingRow]:
        """The test whether a row is shown: it asks no more than is chosen."""
        test = self.accepts_group
        if not self.group:
            return test
        group, grouping = self.group, self.grouping
        return lambda row: group_key(row.finding, grouping) == group and test(row)

    @property
    def accepts_group(self) -> Test[FindingRow]:
        """The test whether a row is shown if any group is chosen: used for the groups' counts."""
        suppressed, typed = self.suppressed, self.typed.accepts
        if self.shows_everything:
            return lambda row: (row.finding.suppression is not None) is suppressed
        if not (self.subjects or self.severities or self.only_inconclusive or self.check_id):
            return lambda row: (row.finding.suppression is not None) is suppressed and typed(row)
        return lambda row: (row.finding.suppression is not None) is suppressed and self._is_chosen(row) and typed(row)

    def _is_chosen(self, row: FindingRow) -> bool:
        """Return whether a row passes what is chosen from lists and by buttons."""
        finding = row.finding
        if self.subjects and finding.subject_key not in self.subjects:
            return False
        if self.severities and finding.severity not in self.severities:
            return False
        if self.only_inconclusive and finding.state is not State.INCONCLUSIVE:
            return False
        return not self.check_id or finding.check_id == self.check_id


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of findings, regardless of the filter."""

    total: int
    by_severity: dict[Severity, int]
    inconclusive: int
    suppressed: int
    """Number of suppressed findings; the other numbers are without them."""
    checks: tuple[tuple[str, str, int], ...]
    """(id, title, count) of each check with findings, by id."""


class Tally:
    """Counts findings as they arrive: thousands arrive over seconds, while the counts are shown."""

    def __init__(self) -> None:
        self._severities: Counter[Severity] = Counter()
        self._checks: Counter[str] = Counter()
        self._titles: dict[str, str] = {}
        self._inconclusive = 0
        self._suppressed = 0
        self._worst: dict[str, int] = {}

    def add(self, rows: Iterable[FindingRow]) -> None:
        """Count more findings."""
        from iamdesk.api import Workbench  # imported after the first paint

        came = [row.finding for row in rows]
        findings = [finding for finding in came if finding.suppression is None]
        self._suppressed += len(came) - len(findings)
        self._severities.update(finding.severity for finding in findings)
        self._checks.update(finding.check_id for finding in findings)
        for finding in findings:
            if finding.check_id not in self._titles:  # a finding that cannot tell has another title
                self._titles[finding.check_id] = Workbench.title_of_check(finding.check_id) or finding.title
        _note_worst(self._worst, findings)
        self._inconclusive += sum(finding.state is State.INCONCLUSIVE for finding in findings)

    @property
    def risks(self) -> dict[Severity, frozenset[str]]:
        """Users and roles by highest severity, of the findings so far (`principals_by_risk`)."""
        return _by_severity(self._worst)

    @property
    def counts(self) -> Counts:
        """The counts so far."""
        return Counts(
            total=self._severities.total(),
            by_severity={severity: self._severities[severity] for severity in SEVERITIES},
            inconclusive=self._inconclusive,
            suppressed=self._suppressed,
            checks=tuple(
                (check_id, self._titles[check_id], self._checks[check_id]) for check_id in sorted(self._checks)
            ),
        )
