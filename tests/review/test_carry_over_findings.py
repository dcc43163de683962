"""Decisions on findings hold on where the same finding is found again; what was to be fixed is looked for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from iamdesk import load_snapshot
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.carry_over_findings import FIXES, CarriedFindings, carry_findings, fixes_as_text, fixes_from_text
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.revocation_tests import Outcome
from iamdesk.review.schema import Head
from iamdesk.review.state import Decided
from iamdesk.snapshot.model import Snapshot

ACCOUNT = "111122223333"
TODAY = date(2026, 10, 1)
ACCEPTED = ItemDecision(ReviewDecision.EXCEPT, "rebuilt in spring", "Ben", date(2026, 12, 31))
WRONG = ItemDecision(ReviewDecision.FALSE_POSITIVE, "our tags")
FIX = ItemDecision(ReviewDecision.FIX)


def finding(one: str = "f", **more: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:user/ben"
    told = {"finding_id": one, "check_id": "ADM-01", "title": "t", "severity": "medium", "state": "found"}
    return {**told, "account_id": ACCOUNT, "subject_arn": arn, **more}


class Review:
    """The review before: one decision on all its findings."""

    def __init__(self, decision: ItemDecision, *findings: dict[str, Any], details: Mapping[str, str] = {}) -> None:
        self.head = Head("r-1", "Q3", "ab" * 32, "old", datetime(2026, 7, 1, tzinfo=UTC), details=details)
        self._findings = findings or (finding(),)
        self._ids = {one["finding_id"] for one in self._findings}
        self._decision = decision

    def findings(self) -> tuple[dict[str, Any], ...]:
        return self._findings

    def decision(self, subject_id: str) -> ItemDecision:
        return self._decision if subject_id in self._ids else UNDECIDED

    def decided(self, subject_id: str) -> Decided | None:
        is_decided = self.decision(subject_id) != UNDECIDED
        return Decided("Ana", "ana", "2026-07-01T09:00:00.000+00:00") if is_decided else None


@pytest.fixture(scope="module")
def new() -> Snapshot:
    return load_snapshot(sample_snapshot())


def carried(before: Review, new: Snapshot, *now: dict[str, Any], today: date = TODAY) -> CarriedFindings:
    return carry_findings(before, now, new, today)


@pytest.mark.parametrize("decision", [ACCEPTED, WRONG])
def test_same_fingerprint_keeps_its_decision(new: Snapshot, decision: ItemDecision) -> None:
    found = carried(Review(replace(decision, second="Chloe")), new, finding())
    told = "Carried over from review r-1, decided by Ana on 2026-07-01: it is found again."
    assert found.decisions == {"f": replace(decision, comment=f"{told} {decision.comment}")}
    assert found.asked == {}
    assert found.findings[0]["since_last"] == {
        "asked": False,
        "reasons": [],
        "baseline": "unchanged",
        "first_seen_utc": "2026-07-01T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("decision", "more", "today", "reason"),
    [
        (UNDECIDED, {}, TODAY, "It was undecided in the previous review."),
        (FIX, {}, TODAY, "It was to be fixed, but is still found."),
        (ACCEPTED, {}, date(2027, 1, 1), "Its risk was accepted until 2026-12-31."),
        (ACCEPTED, {"severity": "critical"}, TODAY, "Its severity increased from medium to critical."),
    ],
)
def test_what_is_asked_again(
    new: Snapshot, decision: ItemDecision, more: dict[str, str], today: date, reason: str
) -> None:
    found = carried(Review(decision), new, finding(**more), today=today)
    assert found.asked == {"f": (reason,)}
    assert found.decisions == {}
    assert found.findings[0]["since_last"]["reasons"] == [reason]


def test_doubt_that_became_certain_is_asked_and_the_other_way_not(new: Snapshot) -> None:
    sure, unsure = finding(), finding(state="cannot tell")
    assert "was inconclusive in the previous review" in carried(Review(ACCEPTED, unsure), new, sure).asked["f"][0]
    back = carried(Review(ACCEPTED, sure), new, unsure)
    assert back.decisions
    assert back.findings[0]["since_last"]["baseline"] == "updated"


def test_new_finding_is_asked(new: Snapshot) -> None:
    found = carried(Review(ACCEPTED), new, finding(), finding("g"))
    assert found.asked == {"g": ("It is new since the previous review.",)}
    assert found.findings[1]["since_last"]["baseline"] == "new"


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        (finding(), (finding(),), Outcome.STILL_THERE),
        (finding(), (), Outcome.GONE),
        (finding(account_id="999988887777"), (), Outcome.INCONCLUSIVE),
        (finding(check_id="CRD-00"), (), Outcome.INCONCLUSIVE),
        (finding(subject_arn="arn:aws:s3:::not-captured"), (), Outcome.INCONCLUSIVE),
        (finding(subject_arn="arn:aws:organizations::1:policy/o-1/p-1"), (), Outcome.INCONCLUSIVE),
    ],
)
def test_every_fix_is_tested(
    new: Snapshot, before: dict[str, Any], now: tuple[dict[str, Any], ...], outcome: Outcome
) -> None:
    found = carried(Review(FIX, before), new, *now)
    (test,) = found.tests
    assert test.outcome is outcome
    assert (test.decided_by, test.decided_utc[:10]) == ("Ana", "2026-07-01")
    assert tuple(fixes_from_text(fixes_as_text(found.tests))) == found.tests


def test_check_that_was_not_run_leaves_a_fix_untold(new: Snapshot) -> None:
    """The sample has no credential report of this account where it is taken out: nothing was looked at."""
    bare = new.model_copy(update={"account_facts": ()})
    (test,) = carried(Review(FIX, finding(check_id="CRD-01")), bare).tests
    assert test.outcome is Outcome.INCONCLUSIVE
    assert "was skipped" in test.sentence


def test_fix_that_was_gone_comes_back(new: Snapshot) -> None:
    gone = carried(Review(FIX), new).tests
    later = Review(UNDECIDED, finding("other"), details={FIXES: fixes_as_text(gone)})
    found = carried(later, new, finding())
    (test,) = found.tests
    assert test.outcome is Outcome.CAME_BACK
    assert found.asked["f"] == ("It was fixed, but is found again.",)
    assert carried(later, new).tests == gone
