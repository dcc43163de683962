"""A check: one function over one kind of subject in the snapshot, with its id, texts and standards.

Each check is defined in the module of its topic::

    @check(
        "HYG-01",
        over=USERS,
        severity=(Severity.LOW, "Hygiene: what the policies allow is reported separately."),
        title=mark("User with directly attached policies"),
        question="Does a user have policies attached directly, not through a group?",
        remediation=mark("Attach the policies to a group and make the user a member."),
        standards=("CIS AWS Foundations 7.0 2.13",),
    )
    def user_with_own_policies(survey: CheckContext, account: Account, user: UserDetail) -> Iterator[CheckResult]:
        ...
        yield CheckResult(phrase("{user} has 2 policies attached directly.", user=user.user_name), (Evidence(...),))

The registry collects the checks of every module of this folder. Severities: critical if someone outside gets
administration, or data that was not meant for them, with nothing further; high if someone inside gets administration,
or someone outside gets data under a weak condition; medium if one more fact is needed; low for order; info for the
reader. Each has a reason, which says why it differs from other tools' (`other_severities`).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.targets import CheckTarget, Subject
from iamdesk.checks.words import in_full
from iamdesk.i18n import phrase
from iamdesk.resource_files import resources
from iamdesk.snapshot.model import Account


@dataclass(frozen=True, slots=True)
class OtherSeverities:
    """What other tools document for the situation of a check."""

    access_analyzer: str = ""
    """How IAM Access Analyzer classes the nearest situation; empty if its documentation has none."""
    prowler: Mapping[str, str] = field(default_factory=dict)
    """By Prowler's check, its severity."""


@cache
def other_severities() -> Mapping[str, OtherSeverities]:
    """Return what other tools say, by check: resources/data/check-severities.json."""
    rows = json.loads((resources() / "data" / "check-severities.json").read_text(encoding="utf-8"))["checks"]
    return {check_id: OtherSeverities(**row) for check_id, row in rows.items()}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found about one subject; `Check.findings` makes a `Finding` of it. None: the check's default."""

    sentence: str
    """What was found, as a full sentence."""
    evidence: tuple[Evidence, ...]
    object: str = ""
    """Tells several findings of one subject apart, for example a trusted account; part of the fingerprint."""
    state: State = State.FOUND
    severity: Severity | None = None
    is_likely: bool = False
    """Whether what could not be determined is usually so: the severity is then that of a determined finding."""
    title: str | None = None
    remediation: str | None = None
    subject: Subject | None = None
    """The subject, if it is not the item that was checked."""
    through: str = ""
    """ARN of the administrator role that an attack path ends at."""
    remediation_command: str = ""
    """The remedy as an AWS CLI command (`remediation_commands`), if one can be written safely."""


@dataclass(frozen=True, slots=True)
class Check:
    """One built-in check."""

    id: str
    title: str
    severity: Severity
    """The default; a single finding may have another."""
    reason: str
    """Why the default severity is what it is."""
    question: str
    """What the check answers for each subject, as one question."""
    remediation: str
    standards: tuple[str, ...]
    """Controls that require it, as auditors cite them."""
    over: CheckTarget[Any]
    data: Data | None
    """Further data that it needs; without it the check is skipped and CMP-13 reports that."""
    look: Callable[[CheckContext, Account, Any], Iterator[CheckResult]]

    def findings(self, survey: CheckContext, account: Account, item: Any) -> Iterator[Finding]:
        """Run the check on one item and yield its findings.

        Raises:
            WorkCancelled: The run was cancelled.
        """
        for result in self.look(survey, account, item):
            subject = result.subject or self.over.subject(item)
            yield Finding(
                check_id=self.id,
                title=self._title(result),
                severity=severity_of(
                    result.severity or self.severity, State.FOUND if result.is_likely else result.state
                ),
                state=result.state,
                account=account.account_id,
                subject_key=subject.key,
                subject_name=subject.name,
                subject_kind=subject.kind,
                sentence=result.sentence,
                evidence=(*result.evidence, *in_full(result.sentence, result.evidence)),
                remediation=result.remediation or phrase(self.remediation),
                fingerprint=fingerprint(self.id, subject.key, result.object),
                remediation_command=result.remediation_command,
                through=result.through,
            )

    def _title(self, result: CheckResult) -> str:
        """Return a finding's title: it asserts nothing that cannot be determined, except that data is missing."""
        title = result.title or self.title
        if result.state is State.FOUND or self.id.startswith("CMP-"):
            return title
        return phrase("Possible: {title}", title=phrase(title))


def severity_of(severity: Severity, state: State) -> Severity:
    """Return the severity of a finding: what cannot be determined is medium at most, or guesses would come first."""
    is_grave = severity in (Severity.CRITICAL, Severity.HIGH)
    return Severity.MEDIUM if is_grave and state is State.INCONCLUSIVE else severity


def fingerprint(check_id: str, subject_key: str, object_: str = "") -> str:
    """Return the id of a finding, stable across snapshots: a hash of check, subject and object; 20 hex digits."""
    return hashlib.sha256("\n".join((check_id, subject_key, object_)).encode(errors="surrogatepass")).hexdigest()[:20]


def check[T](
    check_id: str,
    *,
    over: CheckTarget[T],
    severity: tuple[Severity, str],
    title: str,
    question: str,
    remediation: str,
    standards: tuple[str, ...] = (),
    data: Data | None = None,
) -> Callable[[Callable[[CheckContext, Account, T], Iterator[CheckResult]]], Check]:
    """Return a decorator that makes a check of a function, which is called for each item of ``over``, in tree order.

    ``severity`` is the default with its reason.
    """

    def made(look: Callable[[CheckContext, Account, T], Iterator[CheckResult]]) -> Check:
        return Check(check_id, title, *severity, question, remediation, standards, over, data, look)

    return made
