"""The management report: what the first page of a findings report says, the same for HTML and PDF.

Five numbers, five risks, the change since an earlier snapshot or review, and the decisions that are needed. A number
never hides what could not be determined: it names skipped checks and subjects for which the snapshot lacks data.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from iamdesk.causes.grouping import is_of_external_access
from iamdesk.causes.types import Cause, CauseKind, Causes
from iamdesk.checks import registry
from iamdesk.checks.finding import Severity, State
from iamdesk.export.findings.earlier import EarlierFindings, FindingFact, FindingFacts
from iamdesk.export.findings.report import Report

MAX_RISKS = 5
_GRAVE = (Severity.CRITICAL, Severity.HIGH)
_MAX_TEXT = 240
"""Characters of one text of the page; the findings have all of it."""
_MAX_NOTES = 5
_MAX_ACCOUNTS = 3
"""Accounts that are listed by number."""
_EXPIRES_SOON = timedelta(days=30)


class _Measure(NamedTuple):
    title: str
    is_counted: Callable[[FindingFact], bool]
    check_ids: frozenset[str]
    """The checks that the number depends on; empty: all."""
    per_subject: bool
    """Whether subjects are counted, not findings."""


def _by_checks(title: str, *check_ids: str) -> _Measure:
    ids = frozenset(check_ids)
    return _Measure(title, lambda one: one.check_id in ids, ids, per_subject=True)


def _measures() -> tuple[_Measure, ...]:
    external = frozenset(one.id for one in registry.checks() if is_of_external_access(one.id))
    return (
        _Measure("Critical and high findings", lambda one: one.severity in _GRAVE, frozenset(), per_subject=False),
        _by_checks("Administrators", "ADM-01", "ADM-03"),
        _by_checks("Can become administrator", "CHN-01", "CHN-02"),
        _by_checks("Roles and resources with findings on external access", *external),
        _by_checks("Unused roles, and users with unused credentials", "HYG-05", "CRD-02", "CRD-03", "CRD-06"),
    )


@dataclass(frozen=True, slots=True)
class Number:
    """One of the five numbers; of open findings, suppressed ones are not counted."""

    title: str
    count: int
    unknown: int
    """So many more cannot be determined."""
    skipped: tuple[str, ...]
    """Ids of the checks behind it that were skipped, for missing data: the number may be too small."""
    before: int | None
    """The number at the time of the earlier snapshot or review; None without one."""
    before_skipped: tuple[str, ...]
    checks: int
    """Number of checks behind it; 0: all."""
    same_accounts: bool = True
    """Whether both numbers are of the same accounts."""

    @property
    def text(self) -> str:
        """The number as printed: ``at least 12`` where checks were skipped."""
        return _at_least(self.count, self.skipped, self.checks)

    @property
    def before_text(self) -> str:
        """The earlier number as printed; empty without one."""
        return "" if self.before is None else _at_least(self.before, self.before_skipped, self.checks)

    @property
    def change(self) -> str:
        """The change as printed: ``+3``, ``-2``, ``no change``; ``not comparable`` where other checks were skipped."""
        if self.before is None:
            return ""
        if not self.same_accounts:
            return "not comparable: other accounts"
        if self.skipped != self.before_skipped:
            return "not comparable: other checks were skipped"
        return "no change" if self.count == self.before else f"{self.count - self.before:+,}"

    @property
    def note(self) -> str:
        """What the number does not hold; empty if it is exact."""
        parts = []
        if self.unknown:
            parts.append(f"{self.unknown:,} more cannot be determined")
        if self.skipped:
            listed = ", ".join(self.skipped[:4]) + (" …" if len(self.skipped) > 4 else "")
            parts.append(f"skipped for missing data: {listed}")
        return "; ".join(parts)


def _at_least(count: int, skipped: Sequence[str], checks: int) -> str:
    if not skipped:
        return f"{count:,}"
    if count:
        return f"at least {count:,}"
    return "not captured" if len(skipped) == checks else "none found"


@dataclass(frozen=True, slots=True)
class Risk:
    """One of the largest causes of findings."""

    number: int
    """From 1, worst first."""
    cause: Cause
    name: str
    effect: str


@dataclass(frozen=True, slots=True)
class Trend:
    """What changed since an earlier snapshot or review."""

    compared_with: str
    """``snapshot acme-june.json, data as of 2026-06-30``."""
    sentence: str
    warnings: tuple[str, ...]
    """Why the comparison holds only in part."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reader has to decide."""

    about: str
    """``Risk 1``."""
    text: str


@dataclass(frozen=True, slots=True)
class UserNote:
    """A note of the user, in their words."""

    about: str
    """What it is on."""
    text: str


@dataclass(frozen=True, slots=True)
class Management:
    """The page."""

    scope: tuple[str, ...]
    conclusion: str
    """One sentence."""
    grounds: tuple[str, ...]
    """Sentences below it."""
    numbers: tuple[Number, ...]
    risks: tuple[Risk, ...]
    more_risks: int
    """Number of further causes."""
    trend: Trend | None
    decisions: tuple[Decision, ...]
    notes: tuple[UserNote, ...] = ()
    """Those on the worst findings first."""
    more_notes: int = 0


def management_of(report: Report, causes: Causes) -> Management:
    """Return the page of a report; ``causes`` are those of its open findings."""
    found = FindingFacts.of((*report.findings, *report.suppressed))
    numbers = _numbers(report, found)
    risks, more = _risks(causes)
    notes = _notes(report)
    return Management(
        scope=tuple(_scope(report, found)),
        conclusion=_conclusion(report),
        grounds=tuple(_grounds(report, numbers)),
        numbers=numbers,
        risks=risks,
        more_risks=more,
        trend=None if report.earlier is None else _trend(report, found, report.earlier),
        decisions=tuple(_decisions(report, risks)),
        notes=notes[:_MAX_NOTES],
        more_notes=max(len(notes) - _MAX_NOTES, 0),
    )


def _notes(report: Report) -> tuple[UserNote, ...]:
    """Return the notes on open findings and their subjects, each once."""
    found = (
        UserNote(finding.subject_name, shortened(text))
        for finding in sorted(report.findings, key=lambda one: list(Severity).index(one.severity))
        for text in finding.notes
    )
    return tuple(dict.fromkeys(found))


def shortened(text: str, most: int = _MAX_TEXT) -> str:
    """Return a text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def capitalized(text: str) -> str:
    """Return a text with a capital first letter."""
    return f"{text[:1].upper()}{text[1:]}"


def _scope(report: Report, found: FindingFacts) -> Iterator[str]:
    accounts = report.accounts
    if len(accounts) > _MAX_ACCOUNTS:
        yield f"{len(accounts):,} accounts"
    else:
        yield _joined(
            "Account " + one.account_id + (f" ({shortened(one.alias, 60)})" if one.alias else "") for one in accounts
        )
    users, roles = sum(one.users for one in accounts), sum(one.roles for one in accounts)
    yield (
        f"{_some(users, 'user')} and {_some(roles, 'role')}, root users not counted; "
        f"{_some(sum(one.groups for one in accounts), 'group')}, "
        f"{_some(sum(one.policies for one in accounts), 'managed policy', 'managed policies')}"
    )
    skipped = f", {len(found.skipped):,} of them skipped in an account for missing data" if found.skipped else ""
    yield f"{len(report.checks):,} checks{skipped}"


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(texts)


def _some(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _conclusion(report: Report) -> str:
    critical, high = report.by_severity[Severity.CRITICAL], report.by_severity[Severity.HIGH]
    if critical:
        also = f" and {high:,} high" if high else ""
        return f"Act now: {critical:,} critical{also} {_findings_are(critical + high)} open."
    if high:
        return f"Action is needed: {high:,} high {_findings_are(high)} open."
    if _is_incomplete(report):
        return "No critical or high finding is open, as far as the snapshot shows: it is incomplete."
    return "No critical or high finding is open."


def _findings_are(count: int) -> str:
    return "finding is" if count == 1 else "findings are"


def _is_incomplete(report: Report) -> bool:
    return bool(report.missing_data or report.problem_count or report.by_state[State.INCONCLUSIVE])


def _grounds(report: Report, numbers: Sequence[Number]) -> Iterator[str]:
    _, administrators, escalating, external, _ = numbers
    principals = sum(one.users + one.roles - one.service_linked for one in report.accounts)
    yield (
        f"Administrators: {administrators.text} of {_some(principals, 'user or role', 'users and roles')}, "
        f"service-linked roles not counted; {escalating.text} more can become administrator."
    )
    if external.count:
        noun = "role or resource" if external.count == 1 else "roles and resources"
        yield f"External access has findings on {external.text} {noun}."
    unknown = report.by_state[State.INCONCLUSIVE]
    if _is_incomplete(report):
        yield (
            "The snapshot is incomplete"
            + (f": {_some(unknown, 'finding')} cannot be determined" if unknown else "")
            + ". The appendix lists the missing data."
        )
    if report.suppressed:
        yield f"{_some(len(report.suppressed), 'finding')} {'is' if len(report.suppressed) == 1 else 'are'} suppressed."


def _numbers(report: Report, found: FindingFacts) -> tuple[Number, ...]:
    accounts = _accounts(report)
    return tuple(_number(one, found, report.earlier, accounts) for one in _measures())


def _accounts(report: Report) -> frozenset[str]:
    return frozenset(one.account_id for one in report.accounts)


def _number(
    measure: _Measure, found: FindingFacts, earlier: EarlierFindings | None, accounts: frozenset[str]
) -> Number:
    count, unknown = _counted(measure, found.facts)
    before = None if earlier is None else _counted(measure, earlier.found.facts)[0]
    return Number(
        measure.title,
        count,
        unknown,
        _skipped(measure, found),
        before,
        () if earlier is None else _skipped(measure, earlier.found),
        len(measure.check_ids),
        earlier is None or earlier.accounts == accounts,
    )


def _counted(measure: _Measure, facts: Iterable[FindingFact]) -> tuple[int, int]:
    """Return what is found, and how many more cannot be determined."""
    by_state: dict[State, set[str]] = {State.FOUND: set(), State.INCONCLUSIVE: set()}
    for one in facts:
        if one.is_open and measure.is_counted(one):
            by_state[one.state].add(one.subject_key if measure.per_subject else one.fingerprint)
    return len(by_state[State.FOUND]), len(by_state[State.INCONCLUSIVE] - by_state[State.FOUND])


def _skipped(measure: _Measure, found: FindingFacts) -> tuple[str, ...]:
    # Of all checks together the number says what was found: the scope names how many were skipped.
    return tuple(sorted(found.skipped & measure.check_ids))


def _risks(causes: Causes) -> tuple[tuple[Risk, ...], int]:
    """Return the five largest causes, and the number of others; missing data is in the appendix."""
    rows = [one for one in causes.rows if one.kind is not CauseKind.MISSING and one.severity is not Severity.INFO]
    risks = tuple(
        Risk(number, cause, shortened(cause.name), shortened(capitalized(cause.effect)))
        for number, cause in enumerate(rows[:MAX_RISKS], start=1)
    )
    return risks, len(rows) - len(risks)


def _trend(report: Report, found: FindingFacts, earlier: EarlierFindings) -> Trend:
    kind = "review" if earlier.is_review else "snapshot"
    when = ""
    if earlier.latest is not None:
        when = f", {'created on' if earlier.is_review else 'data as of'} {earlier.latest.date().isoformat()}"
    common = _accounts(report) & earlier.accounts
    comparable = _Comparable(found, earlier.found, common)
    new = comparable.only_in_first(found.facts, earlier.found.facts)
    gone = comparable.only_in_first(earlier.found.facts, found.facts)
    sentence = f"Critical and high findings: {new:,} new, {gone:,} no longer found."
    return Trend(
        f"{kind} {shortened(earlier.name, 80)}{when}",
        sentence if common else "No account is in both: nothing is compared.",
        tuple(_warnings(report, found, earlier)),
    )


class _Comparable:
    """Which findings both runs could have."""

    def __init__(self, now: FindingFacts, before: FindingFacts, accounts: frozenset[str]) -> None:
        self._not_run = now.skipped | before.skipped
        self._accounts = accounts

    def only_in_first(self, first: Iterable[FindingFact], second: Iterable[FindingFact]) -> int:
        """Return the number of critical and high findings that the second lacks, open or suppressed."""
        known = {one.fingerprint for one in second}
        return sum(
            one.is_open
            and one.severity in _GRAVE
            and one.check_id not in self._not_run
            and one.account in self._accounts
            and one.fingerprint not in known
            for one in first
        )


def _warnings(report: Report, found: FindingFacts, earlier: EarlierFindings) -> Iterator[str]:
    if earlier.sha256 == report.snapshot_sha256:
        yield "It is of the same snapshot."
    elif (
        earlier.latest and report.snapshot_latest and not earlier.is_review and earlier.latest > report.snapshot_latest
    ):
        yield "Its data is newer than that of this report."
    if _accounts(report) != earlier.accounts:
        yield "It covers other accounts: only findings of accounts in both are compared."
    other = found.skipped ^ earlier.found.skipped
    if other:
        yield f"{_some(len(other), 'check')} ran in only one of both: their findings are not counted as new or gone."
    if earlier.left_out:
        yield f"Its scope excludes {_some(earlier.left_out, 'finding')}."


def _decisions(report: Report, risks: Sequence[Risk]) -> Iterator[Decision]:
    for risk in risks:
        yield Decision(f"Risk {risk.number}", shortened(risk.cause.remediation))
    soon = report.generated_at.date() + _EXPIRES_SOON
    ending = [one.suppression for one in report.suppressed if one.suppression and one.suppression.expires <= soon]
    if ending:
        first = min(one.expires for one in ending)
        yield Decision(
            "Suppressions",
            f"{_some(len(ending), 'suppression')} {'ends' if len(ending) == 1 else 'end'} within 30 days, the first on "
            f"{first.isoformat()}: have the findings fixed, or accept the risk again.",
        )
    if _is_incomplete(report):
        yield Decision("Missing data", "Have the missing data captured (appendix), or accept that it is not checked.")
