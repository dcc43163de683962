"""Items of a part that somebody else is to decide on: handed back, assigned again, decided in another part."""

from datetime import date
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.assignment import AssignedTo
from iamdesk.review.completion import Obstacle, completion
from iamdesk.review.coordination import (
    assigned_to,
    delegate_part,
    merge_parts,
    progress_of_parts,
    reassign,
    return_part_items,
    returned_in,
    split_review,
)
from iamdesk.review.decisions import ItemDecision, Reviewer
from iamdesk.review.events import EventKind, broken_event
from iamdesk.review.filters import assigned_items
from iamdesk.review.merge import Merged
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import ReviewFile

from .test_parts import ANA, BEN, CARA, DORA, KEEP, PROD, REVOKE, of, parts, review, rules

__all__ = ["parts", "review", "rules"]  # fixtures
EVA = Reviewer("Eva", "eva")
TODAY = date(2026, 11, 25)
FIRST, SECOND, THIRD = (of(PROD, number) for number in range(3))


def merged(review: Path, part: Path) -> Merged:
    (one,) = merge_parts(review, [(part, None)], CARA)
    assert isinstance(one, Merged)
    return one


def decide(part: Path, item: str, decision: ItemDecision, who: Reviewer) -> None:
    with ReviewFile.open(part) as file:
        file.record({item: decision}, who)


def test_handed_back_items_have_no_reviewer_until_they_are_assigned_again(
    review: Path, parts: dict[str, Path], tmp_path: Path
) -> None:
    part = parts["Ana"]
    return_part_items(part, [FIRST, SECOND], ANA, "not my team", "Eva")
    with ReviewFile.open(part, writable=False) as file:
        assert {item: event.details["to"] for item, event in returned_in(file).items()} == {
            FIRST: "Eva",
            SECOND: "Eva",
        }
    one = merged(review, part)
    assert one.returned == (FIRST, SECOND)
    assert one.open == 2, "the third and the finding; the fourth was decided before"
    assert merged(review, part).returned == (), "it can be repeated"
    with ReviewFile.open(review, writable=False) as file:
        event = returned_in(file)[FIRST]
        assert (event.actor, event.details["by"], event.details["reason"]) == ("Cara", "Ana", "not my team")
        assert FIRST not in assigned_to(file)
        assert FIRST not in set(assigned_items(file, "Ana"))
        (unassigned,) = (each for each in completion(file, TODAY).open if each.obstacle is Obstacle.UNASSIGNED)
        assert set(unassigned.items) == {FIRST, SECOND}

    reassign(review, [FIRST, SECOND], AssignedTo("Eva", "Ben", date(2026, 12, 5), 0), CARA, "as Ana asks")
    with ReviewFile.open(review, writable=False) as file:
        assert returned_in(file) == {}
        assert assigned_to(file)[FIRST] == ("Eva", "Ben", date(2026, 12, 5), 0)
    (made,) = split_review(review, tmp_path / "again", CARA)
    assert (made.reviewer, set(made.items)) == ("Eva", {FIRST, SECOND})
    of_eva = tmp_path / "again" / made.file
    decide(of_eva, FIRST, REVOKE, EVA)
    assert merged(review, of_eva).taken == 1
    with ReviewFile.open(review, writable=False) as file:
        assert file.decision(FIRST) == REVOKE
        assert [event.kind for event in file.events()][-5:] == [
            EventKind.MERGE,
            EventKind.RETURN,
            EventKind.REASSIGN,
            EventKind.SPLIT,
            EventKind.MERGE,
        ]
        assert broken_event(file.events()) is None
        assert file.damages() == ()
    found = recover(review, tmp_path / "recovered.iamreview")
    with ReviewFile.open(found.path, writable=False) as file:
        assert assigned_to(file)[SECOND].reviewer == "Eva"


def test_deciding_takes_it_back_before_it_is_merged_and_is_rejected_afterwards(
    review: Path, parts: dict[str, Path]
) -> None:
    part = parts["Ana"]
    return_part_items(part, [FIRST, SECOND], ANA, "not my team")
    decide(part, FIRST, KEEP, ANA)
    one = merged(review, part)
    assert (one.taken, one.returned) == (1, (SECOND,))
    decide(part, SECOND, KEEP, ANA)
    (refused,) = merged(review, part).refused
    assert refused.item_id == SECOND
    assert refused.why.startswith("it was handed back, or given to another reviewer, on 20")
    with ReviewFile.open(review, writable=False) as file:
        assert file.decision(SECOND) == ItemDecision()


def test_coordinator_takes_an_item_out_of_a_part(review: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    decide(parts["Ana"], FIRST, KEEP, ANA)  # before
    reassign(review, [FIRST, SECOND], AssignedTo("Eva", "", None, 0), CARA)
    decide(parts["Ana"], SECOND, KEEP, ANA)  # after
    one = merged(review, parts["Ana"])
    assert (one.taken, [each.item_id for each in one.refused]) == (1, [SECOND])
    split_review(review, tmp_path / "again", CARA)
    decide(tmp_path / "again" / "Eva.iamreview", SECOND, REVOKE, EVA)
    assert merged(review, tmp_path / "again" / "Eva.iamreview").taken == 1


def test_progress_counts_what_is_handed_back_apart(review: Path, parts: dict[str, Path]) -> None:
    decide(parts["Ana"], FIRST, KEEP, ANA)
    return_part_items(parts["Ana"], [SECOND], ANA, "not my team")
    reassign(review, [FIRST, THIRD], AssignedTo("Eva", "", None, 0), CARA)
    found, unassigned = progress_of_parts(parts["Ana"].parent, review, TODAY)
    ana = next(one for one in found if one.reviewer == "Ana")
    assert (ana.items, ana.decided, ana.returned, ana.open) == (5, 2, 2, 1)
    assert unassigned == 0
    merged(review, parts["Ana"])
    assert progress_of_parts(parts["Ana"].parent, review, TODAY)[1] == 1, "what was handed back"


def test_only_who_may_decide_hands_back_and_only_what_is_undecided(review: Path, parts: dict[str, Path]) -> None:
    part = parts["Ana"]
    return_part_items(part, [FIRST], BEN, "of the backup")
    with pytest.raises(ReviewError, match="assigned to Ana, not to Eva"):
        return_part_items(part, [SECOND], EVA, "not mine")
    delegate_part(part, "Eva", ANA, "on leave")
    return_part_items(part, [SECOND], EVA, "not mine")
    decide(part, THIRD, KEEP, ANA)
    for items, reason, why in (
        ([THIRD], "not mine", "only undecided items"),
        ([f"f-{PROD}"], " ", "requires a reason"),
        (["nothing"], "not mine", "no entitlement or finding"),
        ([], "not mine", "no item is named"),
    ):
        with pytest.raises(ReviewError, match=why):
            return_part_items(part, items, ANA, reason)
    with pytest.raises(ReviewError, match="is not a part"):
        return_part_items(review, [FIRST], ANA, "not mine")
    with pytest.raises(ReviewError, match="hand the items back"):
        reassign(part, [FIRST], AssignedTo("Eva", "", None, 0), CARA)
    with pytest.raises(ReviewError, match="requires the name"):
        reassign(review, [FIRST], AssignedTo(" ", "", None, 0), CARA)


def test_what_somebody_else_wrote_into_a_part_is_not_taken(review: Path, parts: dict[str, Path]) -> None:
    with ReviewFile.open(parts["Ana"]) as file:
        file.append([], [(EventKind.RETURN, {"items": [FIRST], "to": "", "reason": "x"})], EVA)
        file.append([], [(EventKind.RETURN, {"items": [of("444455556666", 0)], "to": "", "reason": "x"})], ANA)
        file.append([], [(EventKind.RETURN, {"items": 5})], ANA)
        file.append([], [(EventKind.RETURN, {})], ANA)
    assert merged(review, parts["Ana"]).returned == ()
    with ReviewFile.open(review, writable=False) as file:
        assert assigned_to(file)[FIRST].reviewer == "Ana"
        assert assigned_to(file)[of("444455556666", 0)].reviewer == DORA.name
