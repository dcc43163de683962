"""A review is complete when nothing is open: each kind of obstacle is told, and gone when it is removed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk.review.completion import SECOND_APPROVAL, completion
from iamdesk.review.coordination import assign_review, merge_parts, read_rules, resolve_conflict, split_review
from iamdesk.review.decisions import DecisionError, ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Head, ReviewFile

TODAY = date(2026, 11, 24)
ANA, BEN, CARA = (Reviewer(name, name.lower()) for name in ("Ana", "Ben", "Cara"))
KEEP = ItemDecision(ReviewDecision.KEEP, "needed")
ACCEPT = ItemDecision(ReviewDecision.EXCEPT, "until the move", "Dora", date(2026, 12, 1))


def item(tier: int) -> ReviewItem:
    arn = f"arn:aws:iam::111122223333:user/u{tier}"
    evidence = {"effect": {"tier": tier}}
    return ReviewItem("111122223333", arn, "user", EntitlementType.MANAGED_POLICY, f"p{tier}", "p", evidence)


ITEMS = (item(0), item(3))
FIRST, OTHER = (one.line_id for one in ITEMS)


def make(path: Path, **details: str) -> ReviewFile:
    head = Head("r-1", "Q4", "ab" * 32, "acme.json", datetime(2026, 11, 24, tzinfo=UTC), details=details)
    return ReviewFile.create(path, head, (), ITEMS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "q4.iamreview"


def state(review: ReviewFile, today: date = TODAY) -> dict[str, list[str]]:
    return {one.obstacle.value: list(one.items) for one in completion(review, today).open}


def test_what_is_undecided_is_open(path: Path) -> None:
    with make(path) as review:
        assert state(review) == {"undecided": [FIRST, OTHER]}
        review.record({FIRST: KEEP}, ANA)
        assert state(review) == {"undecided": [OTHER]}
        review.record({OTHER: KEEP}, ANA)
        assert completion(review, TODAY).is_complete
        assert completion(review, TODAY).as_json() == {"complete": True, "status": "complete", "open": {}}


def test_change_that_is_not_stated_is_open(path: Path) -> None:
    with make(path) as review:
        review.record({OTHER: KEEP}, ANA)
        review.record({FIRST: ItemDecision(ReviewDecision.MODIFY)}, ANA)
        assert state(review) == {"no-change": [FIRST]}
        review.record({FIRST: ItemDecision(ReviewDecision.MODIFY, "reading only")}, ANA)
        assert state(review) == {}


def test_exception_needs_an_approver_who_is_neither_reviewer_nor_owner(path: Path) -> None:
    with make(path) as review:
        review.record({OTHER: KEEP}, ANA)
        review.record({FIRST: ACCEPT}, ANA)
        assert state(review) == {"no-approver": [FIRST]}
        for who, why in ((ANA, "must come from another reviewer"), (Reviewer("dora ", "d"), "owns the exception")):
            with pytest.raises(DecisionError, match=why):
                review.record({FIRST: replace(ACCEPT, second=who.name)}, who)
        review.record({FIRST: replace(ACCEPT, second="Ben")}, BEN)
        assert state(review) == {}
        assert state(review, date(2026, 12, 1)) == {}
        assert state(review, date(2026, 12, 2)) == {"expired": [FIRST]}


def test_tiers_that_need_a_second_approval(path: Path) -> None:
    with make(path, **{SECOND_APPROVAL: "0,1"}) as review:
        review.record({FIRST: KEEP, OTHER: KEEP}, ANA)
        assert state(review) == {"no-second": [FIRST]}
        review.record({FIRST: replace(KEEP, second="Ben")}, BEN)
        assert state(review) == {}


def test_what_nobody_reviews_and_open_conflicts_are_open(path: Path, tmp_path: Path) -> None:
    make(path).close()
    rules = tmp_path / "rules.csv"
    rules.write_text("tier,reviewer\n0,Ana\n")
    assign_review(path, read_rules(rules), CARA)
    (part,) = split_review(path, tmp_path / "parts", CARA)
    with ReviewFile.open(path) as review:
        assert state(review) == {"undecided": [FIRST, OTHER], "unassigned": [OTHER]}
        review.record({FIRST: KEEP, OTHER: KEEP}, CARA)
        assert state(review) == {}
    with ReviewFile.open(tmp_path / "parts" / part.file) as file:
        file.record({FIRST: ItemDecision(ReviewDecision.REVOKE, "no")}, ANA)
    merge_parts(path, [(tmp_path / "parts" / part.file, None)], CARA)
    with ReviewFile.open(path, writable=False) as review:
        assert state(review) == {"conflict": [FIRST]}
        assert completion(review, TODAY).open[0].sentence == "1 conflict is open"
    resolve_conflict(path, FIRST, CARA, part_id="", takes_part=True, reason="agreed")
    with ReviewFile.open(path, writable=False) as review:
        assert state(review) == {}
