"""Findings: the result of one check for one subject, with its evidence."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from iamdesk.explain.decision import EvaluationResult, StatementExplanation


class Severity(StrEnum):
    """Severities, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class State(StrEnum):
    """How certain a finding is. What cannot be determined is a finding too, never a pass."""

    FOUND = "found"
    INCONCLUSIVE = "cannot tell"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: a fact in words, with the evaluated request or the statement that proves it, if any."""

    text: str
    decision: EvaluationResult | None = None
    statement: StatementExplanation | None = None
    policy_key: str | None = None
    """The policy to open, if the evidence is a document."""


class SuppressionError(Exception):
    """A suppression file cannot be read, or a suppression is incomplete. Its text is one sentence."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A documented decision to accept a finding for a time."""

    fingerprint: str
    """The finding's fingerprint."""
    owner: str
    """The person responsible for it."""
    reason: str
    expires: date
    """The last day on which it applies."""
    added: date
    check_id: str = ""
    subject: str = ""
    """Check and subject at that time, for readers of the file."""
    by_rule: bool = False
    """Whether the settings of the checks suppress it (`check_settings`), not an entry for this finding alone."""

    @property
    def is_for_good(self) -> bool:
        """Whether it never expires (`date.max`), as for a false positive."""
        return self.expires == date.max

    @property
    def holds(self) -> str:
        """Its validity as text: ``until 2027-01-31``, or ``for good``."""
        return "for good" if self.is_for_good else f"until {self.expires.isoformat()}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found about one subject."""

    check_id: str
    title: str
    severity: Severity
    state: State
    account: str
    subject_key: str
    """ARN or key of the subject, to open it."""
    subject_name: str
    subject_kind: str
    sentence: str
    evidence: tuple[Evidence, ...]
    remediation: str
    fingerprint: str
    """Identifies the finding across snapshots (`check.fingerprint`)."""
    remediation_command: str = ""
    """The remedy as a command, one line for a POSIX shell; empty if none can be written safely."""
    suppression: Suppression | None = None
    """None if the finding is open."""
    through: str = ""
    """ARN of the administrator role that its attack path ends at; empty if it ends at none."""
    notes: tuple[str, ...] = ()
    """The user's notes on it and on its subject, for reports: their words, which say nothing about the finding."""
