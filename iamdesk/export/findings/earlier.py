"""Findings of an earlier snapshot or review: what a report compares its numbers with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from iamdesk.checks.finding import Finding, Severity, State
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.scope import left_out_from, notes_from

SKIPPED_CHECKS = "CMP-13"
"""The check that names what was skipped for missing data; each piece of its evidence begins with the id of a check."""


class FindingFact(NamedTuple):
    """What the numbers of a report need of one finding: small, so that a million of them fit into memory."""

    fingerprint: str
    check_id: str
    severity: Severity
    state: State
    subject_key: str
    account: str
    is_open: bool
    """False for a suppressed one."""

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Return the facts of a finding."""
        return cls(
            finding.fingerprint,
            finding.check_id,
            finding.severity,
            finding.state,
            finding.subject_key,
            finding.account,
            finding.suppression is None,
        )


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """The findings of one run, as far as numbers need them."""

    facts: tuple[FindingFact, ...]
    skipped: frozenset[str]
    """Ids of the checks that were skipped in an account, for missing data."""

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Self:
        """Collect the facts of findings, which are used up one by one."""
        facts: list[FindingFact] = []
        skipped: set[str] = set()
        for one in findings:
            facts.append(FindingFact.of(one))
            if one.check_id == SKIPPED_CHECKS:
                skipped.update(_first_word(piece.text) for piece in one.evidence)
        return cls(tuple(facts), frozenset(skipped))


@dataclass(frozen=True, slots=True)
class EarlierFindings:
    """Findings of an earlier snapshot or review."""

    name: str
    """Name of the snapshot, or title of the review."""
    is_review: bool
    sha256: str
    """Of the snapshot that was checked."""
    latest: datetime | None
    """For a snapshot the latest time in it; for a review when it was created."""
    accounts: frozenset[str]
    found: FindingFacts
    left_out: int = 0
    """Number of findings that the review's scope excluded."""


def earlier_of_review(review: ReviewFile) -> EarlierFindings:
    """Return the findings as they are frozen in a review; decisions on them change nothing.

    Raises:
        ReviewError: the review cannot be read.
    """
    facts: list[FindingFact] = []
    skipped: set[str] = set()
    for one in (*review.findings(), *notes_from(review.head.details)):
        facts.append(_frozen_fact(one))
        if one.get("check_id") == SKIPPED_CHECKS:
            skipped.update(map(_first_word, map(str, one.get("proof_summary", ()))))
    head = review.head
    return EarlierFindings(
        head.title,
        True,
        head.snapshot_sha256,
        head.created,
        frozenset(one.account_id for one in review.population()),
        FindingFacts(tuple(facts), frozenset(skipped)),
        sum(one.findings for one in left_out_from(head.details)),
    )


def _frozen_fact(finding: Mapping[str, Any]) -> FindingFact:
    return FindingFact(
        str(finding["finding_id"]),
        str(finding["check_id"]),
        Severity(finding["severity"]),
        State(finding["state"]),
        str(finding.get("subject_arn", "")),
        str(finding.get("account_id", "")),
        not finding.get("suppressed_by"),
    )


def _first_word(text: str) -> str:
    return text.partition(" ")[0]
