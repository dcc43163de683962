"""One finding: a check that fires on one subject, with its evidence."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from iamdesk.explain.decision import EvaluationResult, StatementExplanation


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class State(StrEnum):
    """How sure it is. What cannot be told is a finding too, never a pass."""

    FOUND = "found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of proof: a fact in words, and where there is one the answered question or the statement behind it."""

    text: str
    decision: EvaluationResult | None = None
    statement: StatementExplanation | None = None
    policy_key: str | None = None
    """A policy to open, where the proof is a document."""


class SuppressionError(Exception):
    """A file of suppressions cannot be read, or a suppression is not whole. Its text is one sentence."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Somebody's word that a finding is known and accepted, for a time."""

    fingerprint: str
    """Of the finding."""
    owner: str
    """Who answers for it."""
    reason: str
    expires: date
    """The last day on which it holds: on the next one the finding is back."""
    added: date
    check_id: str = ""
    subject: str = ""
    """Check and subject as they were, for whoever reads the file."""

    @property
    def is_for_good(self) -> bool:
        """Whether it has no last day (`date.max`): a false positive stays one."""
        return self.expires == date.max

    @property
    def holds(self) -> str:
        """For how long: ``until 2027-01-31``, or ``for good``."""
        return "for good" if self.is_for_good else f"until {self.expires.isoformat()}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's word on one subject."""

    check_id: str
    title: str
    severity: Severity
    state: State
    account: str
    subject_key: str
    """ARN or key of the subject: where a click leads."""
    subject_name: str
    subject_kind: str
    sentence: str
    evidence: tuple[Evidence, ...]
    remedy: str
    fingerprint: str
    """Stable over snapshots: same check, same subject, same object."""
    snippet: str = ""
    """The remedy as a command, one line for a POSIX shell; empty where none can be written safely."""
    suppression: Suppression | None = None
    """Why it is set aside; None for one that is open."""
