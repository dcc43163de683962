"""The public types of causes: frozen, made once for all findings of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from iamdesk.checks.finding import Severity, State
from iamdesk.i18n import join_messages, mark


class CauseKind(StrEnum):
    """Kinds of causes; the value is the displayed name."""

    STATEMENT = mark("statement")
    """An Allow statement, wherever the same text is found, or an AWS managed policy."""
    TRUST = mark("trust")
    """An entry of a trust policy or of a resource's policy."""
    SETTING = mark("setting")
    """What one check looks for: a setting of the account, or a practice."""
    MISSING = mark("missing data")
    """A fact that was not captured: with it, the findings are confirmed or withdrawn."""
    AWS = mark("created by AWS")
    """Roles that a tool of AWS created and maintains."""
    OTHERS = mark("further statements")
    """The smaller causes of one check, together in one row."""


class Candidate(NamedTuple):
    """One thing whose removal would end a finding."""

    kind: CauseKind
    key: str
    """Equal for the same cause in all findings, and across snapshots."""
    label: str
    """Its name: ``payroll-rw, statement 2``."""
    owner: str = ""
    """ARN that a statement's policy is attached to."""
    actions: tuple[str, ...] = ()
    """Actions of the requests in the finding's evidence: of a statement, those that it allows."""
    is_enough: bool = True
    """Whether the finding ends without it, whatever other statements allow."""


class Attribution(NamedTuple):
    """What grouping needs of one finding: small, so that a million of them fit into memory."""

    fingerprint: str
    check_id: str
    title: str
    severity: Severity
    state: State
    account: str
    subject_key: str
    subject_name: str
    subject_kind: str
    remediation: str
    candidates: tuple[Candidate, ...]
    """In the order of the evidence; empty: the check itself is the cause."""
    origin: str
    """The tool of AWS that created the subject; empty if none did."""
    only_administrator: str = ""
    """Of a finding that an account has no second administrator: ARN of the first."""


@dataclass(frozen=True, slots=True)
class CausedFinding:
    """A finding within its cause."""

    fingerprint: str
    check_id: str
    title: str
    severity: Severity
    subject_key: str
    subject_name: str
    folded_into: str
    """Fingerprint of the graver finding about the same subject that it repeats; empty if it says something new."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of the first level: one cause with all its findings."""

    id: str
    """Stable across snapshots: 12 hexadecimal digits."""
    kind: CauseKind
    title: str
    """The title of its gravest finding."""
    label: str
    """What causes them: ``payroll-rw, statement 2, and the same in 3 other policies``."""
    severity: Severity
    """The highest of its findings."""
    state: State
    """Found if one of its findings is."""
    exposed: int
    """Number of subjects that external principals can use."""
    administrators: int
    """Number of principals that are administrators, or can become one."""
    effect: str
    """What it gives to how many, in words; another cause may give the same to some of them."""
    remediation: str
    """The remediation of its gravest finding."""
    check_ids: tuple[str, ...]
    subjects: int
    """Number of different subjects of its findings."""
    accounts: int
    points: int
    """The size of its effect (`grouping.POINTS`)."""
    findings: tuple[CausedFinding, ...]
    """Gravest first; a folded one follows the finding that it repeats."""

    @property
    def name(self) -> str:
        """Title and label in one: ``Administrator: payroll-rw, statement 2``."""
        return self.title if self.label == self.title else join_messages(": ", (self.title, self.label))

    @property
    def folded(self) -> int:
        """Number of findings that only repeat a graver one."""
        return sum(bool(one.folded_into) for one in self.findings)


@dataclass(frozen=True, slots=True)
class Causes:
    """All causes of a run, by severity and then effect; every finding is in exactly one."""

    rows: tuple[Cause, ...]
    by_finding: Mapping[str, Cause]
    """By fingerprint of a finding."""

    def cells(self, fingerprint: str) -> tuple[str, str]:
        """Return id and name of a finding's cause; both empty for a finding that was not grouped."""
        cause = self.by_finding.get(fingerprint)
        return ("", "") if cause is None else (cause.id, cause.name)


class ControlStatus(StrEnum):
    """Whether a control is met, as far as its checks see."""

    PASSED = "passed"
    """All checks ran over all of their population, and no open finding is left."""
    FAILED = "failed"
    INCONCLUSIVE = "cannot tell"
    """A check was skipped, could not determine something, or the snapshot is incomplete."""


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a standard with the result of its checks."""

    id: str
    """As the standard numbers it: ``2.14``, ``IAM.1``, ``AC-6(5)``."""
    standard: str
    source: str
    """Where its id is from."""
    basis: str
    """``published`` or ``ours``: whose mapping it is."""
    status: ControlStatus
    check_ids: tuple[str, ...]
    population: tuple[tuple[str, int], ...]
    """What it was tried on: kind and number."""
    failed: int
    """Number of open findings, without those for information only."""
    unknown: int
    """Number of open findings that cannot be determined."""
    exceptions: int
    """Number of suppressed findings."""
    skipped: tuple[str, ...]
    """Ids of the checks that were skipped in an account, for missing data."""
    incomplete: tuple[str, ...]
    """Ids of the checks that found the snapshot incomplete."""
