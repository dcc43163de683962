"""What a check is: one function that looks at one thing of the snapshot, with its name, its words and its standards.

A check is written once, in the module of its kind::

    @check(
        "HYG-01",
        over=USERS,
        title=mark("User with directly attached policies"),
        severity=Severity.LOW,
        question="Does the user carry policies itself, not through a group?",
        remedy="Give the policies to a group and make the user a member.",
        standards=("CIS AWS Foundations 7.0 2.13",),
    )
    def user_with_own_policies(survey: Survey, account: Account, user: UserDetail) -> Iterator[CheckResult]:
        ...
        yield Hit("alice carries 2 policies herself.", (Evidence(...),))

The registry finds it there; nothing else has to be told.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from iamdesk.checks.check_context import CheckContext
from iamdesk.checks.finding import Evidence, Finding, Severity, State
from iamdesk.checks.prerequisites import Data
from iamdesk.checks.targets import CheckTarget, Subject
from iamdesk.i18n import phrase
from iamdesk.snapshot.model import Account


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check's word on one subject; the registry makes a `Finding` of it. What is None is as the check says."""

    sentence: str
    """What was found, as a full sentence that is true."""
    evidence: tuple[Evidence, ...]
    object: str = ""
    """What the finding is about besides its subject (a trusted account, a policy), where a subject can have several."""
    state: State = State.FOUND
    severity: Severity | None = None
    title: str | None = None
    remedy: str | None = None
    subject: Subject | None = None
    """Another subject than the one looked at."""
    snippet: str = ""
    """The remedy as a command (`remediation_commands`), where one can be written safely."""


@dataclass(frozen=True, slots=True)
class Check:
    """One built-in check."""

    id: str
    title: str
    severity: Severity
    """As a rule; a single finding may be milder or worse."""
    question: str
    """What is asked of each subject: one question."""
    remedy: str
    standards: tuple[str, ...]
    """Controls that ask for it, as auditors write them."""
    over: CheckTarget[Any]
    data: Data | None
    """What it needs besides; without it the check is not run, and CMP-13 says so."""
    look: Callable[[CheckContext, Account, Any], Iterator[CheckResult]]

    def findings(self, survey: CheckContext, account: Account, item: Any) -> Iterator[Finding]:
        """Look at one thing and yield what is found.

        Raises:
            WorkCancelled: nobody wants it any more.
        """
        for hit in self.look(survey, account, item):
            subject = hit.subject or self.over.subject(item)
            yield Finding(
                check_id=self.id,
                title=hit.title or self.title,
                severity=hit.severity or self.severity,
                state=hit.state,
                account=account.account_id,
                subject_key=subject.key,
                subject_name=subject.name,
                subject_kind=subject.kind,
                sentence=hit.sentence,
                evidence=hit.evidence,
                remedy=hit.remedy or phrase(self.remedy),
                fingerprint=fingerprint(self.id, subject.key, hit.object),
                snippet=hit.snippet,
            )


def fingerprint(check_id: str, subject_key: str, object_: str = "") -> str:
    """Return what names a finding from one snapshot to the next: the same check, subject and object; 20 hex digits."""
    return hashlib.sha256("\n".join((check_id, subject_key, object_)).encode(errors="surrogatepass")).hexdigest()[:20]


def check[T](
    check_id: str,
    *,
    over: CheckTarget[T],
    title: str,
    severity: Severity,
    question: str,
    remedy: str,
    standards: tuple[str, ...] = (),
    data: Data | None = None,
) -> Callable[[Callable[[CheckContext, Account, T], Iterator[CheckResult]]], Check]:
    """Make a check of the function below: it is called for each thing of the kind ``over``, in the tree's order."""

    def made(look: Callable[[CheckContext, Account, T], Iterator[CheckResult]]) -> Check:
        return Check(check_id, title, severity, question, remedy, standards, over, data, look)

    return made
