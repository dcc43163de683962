"""Decisions on findings: the same journal, the same rules, choices of their own."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk.errors import DamagedReviewError
from iamdesk.review.decisions import UNDECIDED, DecisionError, ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import Head, ReviewFile
from iamdesk.review.session import ReviewSession

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = Head("r-1", "Third quarter", "ab" * 32, "acme-prod.json", NOW)
ANA_ARN, BEN_ARN = (f"arn:aws:iam::111122223333:user/{name}" for name in ("ana", "ben"))
ANA = Reviewer("Ana Moreno", "ana", frozenset({ANA_ARN}))
CHLOE = Reviewer("Chloe", "chloe")
LINE = ReviewItem("111122223333", BEN_ARN, "user", EntitlementType.MANAGED_POLICY, "arn:p", "p", {})
FIRST, SECOND, OWN = "0" * 20, "1" * 20, "2" * 20
FINDINGS = [
    {"finding_id": one, "subject_arn": arn, "severity": "high"}
    for one, arn in ((FIRST, BEN_ARN), (SECOND, BEN_ARN), (OWN, ANA_ARN))
]
FIX = ItemDecision(ReviewDecision.FIX)
ACCEPTED = ItemDecision(ReviewDecision.EXCEPT, "rebuilt in spring", "Ben", date(2026, 12, 31))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "q3.iamreview"


@pytest.fixture
def review(path: Path) -> Iterator[ReviewFile]:
    with ReviewFile.create(path, HEAD, (), (LINE,), FINDINGS) as made:
        yield made


def test_decision_on_a_finding_is_kept_and_counted_apart_from_lines(review: ReviewFile, path: Path) -> None:
    review.record({FIRST: FIX}, ANA, lambda: NOW)
    review.close()
    with ReviewFile.open(path) as again:
        assert again.decision(FIRST) == FIX
        told = again.decided(FIRST)
        assert told is not None
        assert told.reviewer == "Ana Moreno"
        assert again.finding_states.counts()[ReviewDecision.FIX] == 1
        assert again.finding_states.waiting(NOW.date()) == 2
        assert again.item_states.waiting(NOW.date()) == 1
        (entry,) = again.journal()
        assert (entry.line_id, entry.line_sha256) == (FIRST, again.sha256_of(FIRST))
        assert again.damages() == ()


@pytest.mark.parametrize("choice", [ReviewDecision.KEEP, ReviewDecision.REVOKE, ReviewDecision.MODIFY])
def test_what_is_decided_on_lines_is_no_decision_on_a_finding(review: ReviewFile, choice: ReviewDecision) -> None:
    with pytest.raises(DecisionError, match="not a valid decision on a finding"):
        review.record({FIRST: ItemDecision(choice, "why")}, ANA)


@pytest.mark.parametrize("choice", [ReviewDecision.FIX, ReviewDecision.FALSE_POSITIVE])
def test_what_is_decided_on_findings_is_no_decision_on_a_line(review: ReviewFile, choice: ReviewDecision) -> None:
    with pytest.raises(DecisionError, match="not a valid decision on an entitlement"):
        review.record({LINE.line_id: ItemDecision(choice, "why")}, ANA)


def test_false_positive_needs_a_reason() -> None:
    with pytest.raises(DecisionError, match="a false positive requires a reason"):
        ItemDecision(ReviewDecision.FALSE_POSITIVE, "  ")


def test_nobody_decides_on_findings_about_themselves(review: ReviewFile) -> None:
    with pytest.raises(DecisionError, match="review their own access"):
        review.record({OWN: FIX}, ANA)
    review.record({OWN: FIX}, CHLOE)
    assert review.decision(OWN) == FIX


def test_accepted_risk_that_has_run_out_waits_again(review: ReviewFile) -> None:
    review.record({FIRST: ACCEPTED}, ANA)
    assert review.finding_states.open(date(2026, 12, 31)) == (SECOND, OWN)
    assert review.finding_states.open(date(2027, 1, 1)) == (FIRST, SECOND, OWN)


def test_second_reviewer_undo_and_redo(review: ReviewFile) -> None:
    desk = ReviewSession(review)
    desk.record({FIRST: FIX}, ANA)
    with pytest.raises(DecisionError, match="must come from another reviewer"):
        desk.second((FIRST,), ANA)
    desk.second((FIRST,), CHLOE)
    assert desk.decision(FIRST).second == "Chloe"
    desk.undo(CHLOE)
    desk.undo(CHLOE)
    assert desk.decision(FIRST) == UNDECIDED
    assert desk.findings_waiting == 3
    desk.redo(ANA)
    assert desk.decision(FIRST) == FIX
    assert review.damages() == ()


def test_second_approval_is_never_replaced(review: ReviewFile) -> None:
    desk, dana = ReviewSession(review), Reviewer("Dana Lee", "dana")
    desk.record({FIRST: FIX}, ANA)
    desk.record({SECOND: FIX}, ANA)
    desk.second((FIRST,), dana)
    with pytest.raises(DecisionError, match="1 decision is already approved by Dana Lee; nothing is saved"):
        desk.second((FIRST, SECOND), CHLOE)
    assert (desk.decision(FIRST).second, desk.decision(SECOND).second) == ("Dana Lee", "")
    assert desk.second((FIRST,), dana).entries == ()
    assert desk.record({FIRST: FIX}, CHLOE).entries == ()
    desk.record({FIRST: ACCEPTED}, ANA)
    assert desk.decision(FIRST).second == ""
    desk.second((FIRST,), dana)
    assert review.damages() == ()


def test_altered_finding_is_found(review: ReviewFile, path: Path) -> None:
    review.record({FIRST: FIX}, ANA)
    review.close()
    with sqlite3.connect(path) as mallory:
        mallory.execute("UPDATE findings SET finding = replace(finding, 'high', 'info') WHERE position = 0")
    mallory.close()
    with pytest.raises(DamagedReviewError) as caught:
        ReviewFile.open(path)
    assert {one.place for one in caught.value.damages} == {f"finding {FIRST}", "journal entry 1"}


def test_decisions_on_findings_are_recovered(review: ReviewFile, path: Path, tmp_path: Path) -> None:
    review.record({LINE.line_id: ItemDecision(ReviewDecision.KEEP)}, ANA)
    review.record({FIRST: FIX}, ANA)
    review.record({SECOND: ACCEPTED}, ANA)
    review.close()
    with sqlite3.connect(path) as mallory:  # the first entry is lost: what follows hangs in the air
        mallory.execute("UPDATE journal SET reviewer = 'Mallory' WHERE number = 1")
    mallory.close()
    told = recover(path, tmp_path / "new.iamreview")
    assert told.detached == 2
    with ReviewFile.open(told.path) as again:
        assert (again.decision(FIRST), again.decision(SECOND)) == (FIX, ACCEPTED)
        assert again.damages() == ()
