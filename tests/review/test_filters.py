"""Filters over items: each shows exactly the items that it names, and several apply together."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk.review.asked import SINCE_LAST, AskedKind, asked_kinds, asked_reasons
from iamdesk.review.assignment import assign, assignment_details, read_rules, subjects_of
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.filters import ItemFilter, matching
from iamdesk.review.holders import SnapshotHolders
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head

TODAY = date(2026, 11, 28)
ANA = Reviewer("Ana Moreno", "ana")
NAMES = ("plain", "new", "back", "changed", "still", "judgement", "expired")
KINDS = {
    "new": AskedKind.NEW,
    "back": AskedKind.CAME_BACK,
    "changed": AskedKind.CHANGED,
    "still": AskedKind.STILL_THERE,
}


def item(name: str) -> ReviewItem:
    evidence: dict[str, object] = {"effect": {"suggestion": {"decision": "keep"}}}
    if name == "judgement":
        evidence = {"effect": {"suggestion": {"decision": "needs_judgement"}}}
    if name in KINDS:
        evidence[SINCE_LAST] = {"asked": True, "reasons": [f"It is {name}."], "kinds": [KINDS[name].value]}
    account = "222222222222" if name == "plain" else "111111111111"
    holder = f"arn:aws:iam::{account}:user/{name}"
    return ReviewItem(account, holder, "user", EntitlementType.MANAGED_POLICY, f"arn:x/{name}", name, evidence)


@pytest.fixture
def review(tmp_path: Path) -> Iterator[ReviewFile]:
    items = {name: item(name) for name in NAMES}
    head = Head("r-1", "Q", "ab" * 32, "s.json", datetime(2026, 11, 1, tzinfo=UTC))
    file = ReviewFile.create(tmp_path / "q.iamreview", head, [], items.values())
    past = ItemDecision(ReviewDecision.EXCEPT, "until then", "Chloé", date(2026, 11, 27))
    file.record({items["expired"].line_id: past}, ANA)
    file.record({items["changed"].line_id: ItemDecision(ReviewDecision.KEEP)}, ANA)
    yield file
    file.close()


def shown(review: ReviewFile, *filters: ItemFilter, reviewer: str = "") -> set[str]:
    matches = matching(review, filters, TODAY, reviewer)
    return {one.name for one in review.lines if matches(one)}


def test_each_filter_shows_what_it_names(review: ReviewFile) -> None:
    assert shown(review) == set(NAMES)
    assert shown(review, ItemFilter.NEW) == {"new", "back"}
    assert shown(review, ItemFilter.CHANGED) == {"changed"}
    assert shown(review, ItemFilter.STILL_THERE) == {"still"}
    assert shown(review, ItemFilter.NEEDS_JUDGEMENT) == {"judgement"}
    assert shown(review, ItemFilter.EXPIRED) == {"expired"}
    assert shown(review, ItemFilter.UNDECIDED) == set(NAMES) - {"changed"}
    assert shown(review, ItemFilter.UNDECIDED, ItemFilter.CHANGED) == set()


def test_mine_are_the_items_that_rules_assign(review: ReviewFile, tmp_path: Path) -> None:
    rules_file = tmp_path / "rules.csv"
    rules_file.write_text("account,reviewer,backup\n222222222222,Ben,Mia\n,Ana,\n", encoding="utf-8")
    rules = read_rules(rules_file)
    found = assign(subjects_of(review), rules.rules, SnapshotHolders(None, {}))
    review.append([], [(EventKind.ASSIGN, assignment_details(rules, found))], ANA)
    assert shown(review, ItemFilter.MINE, reviewer="ben") == shown(review, ItemFilter.MINE, reviewer="Mia") == {"plain"}
    assert shown(review, ItemFilter.MINE, reviewer="Ana") == set(NAMES) - {"plain"}
    assert shown(review, ItemFilter.MINE, reviewer="Tom") == set()


def test_a_reason_has_its_kind(review: ReviewFile) -> None:
    by_name = {one.name: one for one in review.lines}
    assert asked_kinds(by_name["back"]) == {AskedKind.CAME_BACK}
    assert asked_reasons(by_name["back"]) == ("It is back.",)
    assert asked_kinds(by_name["plain"]) == frozenset()
