"""Issues of policy documents, and the table of checks that find them.

Each check has an issue code of the page "IAM policy validation check reference" of the IAM User Guide, or none if it is
our own. Checks are defined in the modules of their topics with `validation_check`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.i18n import phrase
from iamdesk.policy.source_map import ElementPath, Span
from iamdesk.policy_validation.policy_view import PolicyKind, PolicyView


class FindingType(StrEnum):
    """Severity classes of issues, worst first, as AWS names them."""

    ERROR = "ERROR"
    SECURITY_WARNING = "SECURITY_WARNING"
    WARNING = "WARNING"
    """AWS's pages also call it a general warning."""
    SUGGESTION = "SUGGESTION"


type Problem = tuple[ElementPath, str]
"""Path of the element, and one sentence that names the value."""

type FindProblems = Callable[[PolicyView], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class ValidationCheck:
    """One check of a policy document."""

    id: str
    """Stable: ``POL-001``."""
    issue_code: str
    """AWS's name: ``INVALID_ACTION``; empty for a check that AWS's page does not list."""
    finding_type: FindingType
    title: str
    remediation: str
    kinds: frozenset[PolicyKind]
    """The policy types that it applies to."""
    can_be_stored: bool
    """Whether AWS accepts a policy with this issue, so that an account can hold one."""
    find: FindProblems

    @property
    def name(self) -> str:
        """AWS's issue code, or the id of a check of our own."""
        return self.issue_code or self.id


@dataclass(frozen=True, slots=True)
class Issue:
    """What one check found in a document."""

    check: ValidationCheck
    path: ElementPath
    message: str
    """One sentence."""
    span: Span | None = None
    """Position in the text that was validated."""

    @property
    def remediation(self) -> str:
        """What to change, as one sentence."""
        return phrase(self.check.remediation)


class PolicyTextError(ValueError):
    """A text that is not one JSON object. Its message is the end of a sentence, with the position."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column


EVERY_KIND = frozenset(PolicyKind)
IDENTITY_LIKE = frozenset({PolicyKind.IDENTITY, PolicyKind.SESSION, PolicyKind.PERMISSION_SET})
"""Policies without principals that grant or limit permissions of one identity."""
TRUST_ONLY = frozenset({PolicyKind.TRUST})
SCP_ONLY = frozenset({PolicyKind.SCP})
RCP_ONLY = frozenset({PolicyKind.RCP})
WITH_PRINCIPALS = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE, PolicyKind.ENDPOINT, PolicyKind.RCP})


def validation_check(
    check_id: str,
    issue_code: str,
    finding_type: FindingType,
    *,
    title: str,
    remediation: str,
    kinds: frozenset[PolicyKind] = EVERY_KIND,
    can_be_stored: bool = True,
) -> Callable[[FindProblems], ValidationCheck]:
    """Return a decorator that makes a check of a function from a document to its problems."""

    def made(find: FindProblems) -> ValidationCheck:
        return ValidationCheck(check_id, issue_code, finding_type, title, remediation, kinds, can_be_stored, find)

    return made
