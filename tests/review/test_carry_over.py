"""The next review asks for what changed in effect and for nothing else; revokes are tested again."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from types import MappingProxyType

import pytest

from iamdesk import Evaluator, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.review.asked import AskedKind
from iamdesk.review.carry_over import CarryOver, carry_forward
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.entitlements import review_scope
from iamdesk.review.events import Event, EventKind
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.review_file import Decided
from iamdesk.review.revocation_tests import REVOKES, Outcome, revokes_as_text
from iamdesk.review.schema import Head
from iamdesk.snapshot.manifest import FORMAT, VERSION, CallerIdentity, Manifest

from ..diff import seeds
from ..diff.seeds import A, B, C, D, policy_arn, role_arn, user_arn

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
TODAY = date(2026, 10, 1)
KEEP = ItemDecision(ReviewDecision.KEEP, "needed for work")
type Named = tuple[str, str]


_LINES: dict[int, tuple[ReviewItem, ...]] = {}


def lines_of(snapshot: Snapshot) -> tuple[ReviewItem, ...]:
    """The lines of a snapshot; those with the same accounts are laid out once."""
    key = id(snapshot.accounts)
    if key not in _LINES or snapshot.accounts not in (old().accounts, new().accounts):
        _LINES[key] = review_scope(Evaluator(snapshot, now=lambda: MOMENT)).lines
    return _LINES[key]


class Review:
    """The review before, with one decision on every line but some."""

    def __init__(
        self, snapshot: Snapshot, decisions: Mapping[Named, ItemDecision], standing: ItemDecision = KEEP
    ) -> None:
        self.head = Head("r-1", "Q3", snapshot.sha256, "old", MOMENT)
        self.lines = lines_of(snapshot)
        self.happened: list[Event] = []
        self._decisions = {
            line.line_id: decisions.get((line.holder_arn, line.entitlement_id), standing) for line in self.lines
        }

    def decision(self, line_id: str) -> ItemDecision:
        return self._decisions.get(line_id, UNDECIDED)

    def decided(self, line_id: str) -> Decided | None:
        return Decided("Ana", "ana", "2026-07-01T09:00:00.000+00:00") if line_id in self._decisions else None

    def events(self) -> list[Event]:
        return self.happened


@cache
def old() -> Snapshot:
    return seeds.snapshot(seeds.before(), "old")


@cache
def new() -> Snapshot:
    return seeds.snapshot(seeds.after(), "new")


def carried(
    review: Review, first: Snapshot, second: Snapshot, today: date = TODAY
) -> tuple[CarryOver, dict[str, ReviewItem]]:
    lines = lines_of(second)
    found = compare_snapshots(first, second, MOMENT)
    return carry_forward(review, lines, found, second, today), {line.line_id: line for line in lines}


def named(line_ids: Iterable[str], lines: Mapping[str, ReviewItem]) -> set[Named]:
    return {(lines[line_id].holder_arn, lines[line_id].entitlement_id) for line_id in line_ids}


def own(name: str, account: str = A) -> Named:
    return user_arn(name, account), f"{user_arn(name, account)}#inline/own"


def test_asked_is_what_changed_and_no_more() -> None:
    first, second = old(), new()

    found, lines = carried(Review(first, {}), first, second)

    asked = {
        *(own(name) for name in ("u01", "u09", "u19", "u21", "u23")),
        (user_arn("u03"), policy_arn("reader")),
        (user_arn("u05"), f"arn:aws:iam::{A}:group/joiners"),
        (user_arn("u07"), f"arn:aws:iam::{A}:group/grown"),
        (user_arn("u08"), policy_arn("only-ec2")),  # a boundary since: a new item
        (f"arn:aws:iam::{A}:group/grown", policy_arn("more")),
        (role_arn("r12"), f"{role_arn('r12')}#trust"),
        (user_arn("u13"), policy_arn("AmazonPretendAccess")),
        (user_arn("u17"), seeds.BUCKET),
        (seeds.root_arn(seeds.OUTSIDE), seeds.SHARED),
        (role_arn("r20"), seeds.KEY),
        (role_arn("r20"), f"{role_arn('r20')}#trust"),  # whoever can assume the role gained what the role gained
        (user_arn("u28"), policy_arn("moved")),  # the same effect by another entitlement, which nobody has decided on
    }
    less = {
        *(own(name) for name in ("u08", "u10", "u11", "u24", "u25")),
        own("u14", B),
        own("u15", C),
        own("u16", D),
        (user_arn("u02"), policy_arn("narrowed")),
    }
    assert named(found.asked, lines) == asked
    assert less <= named(found.decisions, lines)
    assert all(
        "the effect is unchanged or less." in decision.comment
        for line_id, decision in found.decisions.items()
        if named([line_id], lines) <= less
    )
    assert found.decisions.keys() == lines.keys() - found.asked.keys()
    assert all(all(reasons) for reasons in found.asked.values())


def test_a_decision_taken_over_says_from_where() -> None:
    first, second = old(), new()

    found, lines = carried(Review(first, {}), first, second)

    (line_id,) = [
        line_id
        for line_id in found.decisions
        if (lines[line_id].holder_arn, lines[line_id].name) == (user_arn("u26"), "own")
    ]
    assert found.decisions[line_id] == ItemDecision(
        ReviewDecision.KEEP,
        "Carried over from review r-1, decided by Ana on 2026-07-01: the effect is unchanged. needed for work",
    )


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (UNDECIDED, "It was undecided in the previous review."),
        (ItemDecision(ReviewDecision.REVOKE, "left the team"), "It was to be revoked, but still exists."),
        (ItemDecision(ReviewDecision.MODIFY, "too wide"), "It was to be modified."),
        (
            ItemDecision(ReviewDecision.EXCEPT, "audit", "Ben", date(2026, 9, 30)),
            "Its exception expired on 2026-09-30.",
        ),
        (ItemDecision(ReviewDecision.EXCEPT, "audit", "Ben", date(2026, 10, 1)), None),
        (KEEP, None),
    ],
)
def test_what_was_not_done_or_ran_out_is_asked(decision: ItemDecision, reason: str | None) -> None:
    first = old()
    second = first.model_copy(update={"sha256": "1" * 64})

    found, lines = carried(Review(first, {own("u26"): decision}), first, second)

    asked = {key: found.asked[line_id] for line_id in found.asked for key in named([line_id], lines)}
    assert asked == ({own("u26"): (reason,)} if reason else {})


def test_every_revoke_is_tested_again() -> None:
    first, second = old(), new()
    revoke = ItemDecision(ReviewDecision.REVOKE, "not needed")
    gone = {(user_arn("u04"), policy_arn("taken")), own("u22"), own("u28")}
    review = Review(first, dict.fromkeys((*gone, own("u26"), own("u01")), revoke))

    found, _ = carried(review, first, second)

    told = {(one.holder_arn, one.entitlement_id): one for one in found.retests}
    assert {key for key, one in told.items() if one.outcome is Outcome.GONE} == gone
    assert {key for key, one in told.items() if one.outcome is Outcome.STILL_THERE} == {own("u26"), own("u01")}
    assert "what its holder can do has not changed" in told[own("u28")].sentence
    assert told[own("u22")].decided_by == "Ana"


@pytest.mark.parametrize(
    ("outcome", "finished", "result", "sentence"),
    [
        ("done", None, Outcome.CAME_BACK, "own was removed on 2026-10-02, but exists again."),
        ("done", 3, Outcome.CAME_BACK, "own was removed on 2026-10-02, but exists again."),
        ("gone", None, Outcome.CAME_BACK, "own was removed on 2026-10-02, but exists again."),
        ("done", 1, Outcome.STILL_THERE, "own exists in the snapshot, which was captured before its removal."),
        ("by_hand", None, Outcome.STILL_THERE, "own still exists: by hand on 2026-10-02."),
    ],
)
def test_the_log_of_a_removal_tells_what_came_back(
    outcome: str, finished: int | None, result: Outcome, sentence: str
) -> None:
    first, second = old(), new()
    if finished is not None:
        caller = CallerIdentity(account=A, arn=user_arn("auditor"), user_id="AIDA")
        begun, ended = (datetime(2026, 10, day, tzinfo=UTC) for day in (1, finished))
        manifest = Manifest(
            format=FORMAT, version=VERSION, tool="iamdesk", started_at=begun, finished_at=ended, caller=caller
        )
        second = second.model_copy(update={"manifest": manifest})
    review = Review(first, {own("u26"): ItemDecision(ReviewDecision.REVOKE, "not needed")})
    (line,) = [line for line in review.lines if (line.holder_arn, line.entitlement_id) == own("u26")]
    details = {"item": line.line_id, "at": "2026-10-02T10:00:00+00:00", "outcome": outcome}
    review.happened = [Event(1, "2026-10-02T11:00:00+00:00", "Ana", "ana", EventKind.REMOVAL, details, "", "")]

    found, _ = carried(review, first, second)

    (test,) = found.retests
    assert (test.outcome, test.sentence) == (result, sentence)
    kind = AskedKind.CAME_BACK if result is Outcome.CAME_BACK else AskedKind.STILL_THERE
    assert kind in found.kinds[line.line_id]


def test_what_comes_back_is_told() -> None:
    first, second, third = old(), new(), old().model_copy(update={"sha256": "3" * 64})
    revoke = ItemDecision(ReviewDecision.REVOKE, "not needed")
    earlier, _ = carried(Review(first, {(user_arn("u04"), policy_arn("taken")): revoke}), first, second)
    review = Review(second, {})
    review.head = replace(review.head, details=MappingProxyType({REVOKES: revokes_as_text(earlier.retests)}))

    found, lines = carried(review, second, third)

    (back,) = found.retests
    assert back.outcome is Outcome.CAME_BACK
    assert named([back.line_id], lines) == {(user_arn("u04"), policy_arn("taken"))}
    assert found.asked[back.line_id] == ("It was revoked and removed, and exists again.",)


def test_a_revoke_of_an_account_that_is_not_there_cannot_be_told() -> None:
    first = old()
    second = first.model_copy(update={"sha256": "2" * 64, "accounts": first.accounts[:1]})

    found, _ = carried(Review(first, {own("u14", B): ItemDecision(ReviewDecision.REVOKE, "x")}), first, second)

    assert [one.outcome for one in found.retests] == [Outcome.INCONCLUSIVE]


def test_a_policy_that_the_snapshot_lacks_is_asked_again() -> None:
    world = seeds.before()
    world["policies"] = [one for one in world["policies"] if one["PolicyName"] != "taken"]
    first = seeds.snapshot(world, "old")
    second = first.model_copy(update={"sha256": "2" * 64})

    found, lines = carried(Review(first, {}), first, second)

    assert named(found.asked, lines) == {(user_arn("u04"), policy_arn("taken"))}
    assert all(reason.startswith("Cannot tell:") for reasons in found.asked.values() for reason in reasons)


def test_a_new_access_key_is_asked() -> None:
    first = old()
    second = first.model_copy(update={"sha256": "2" * 64})
    review = Review(first, {})
    key = ReviewItem(
        A, user_arn("u30"), "user", EntitlementType.ACCESS_KEY, f"{user_arn('u30')}#key/1", "key", {"rotated": "1"}
    )
    review.lines = (*review.lines, key)
    review._decisions[key.line_id] = KEEP
    lines = (*lines_of(second), replace(key, evidence={"rotated": "2"}))

    found = carry_forward(review, lines, compare_snapshots(first, second, MOMENT), second, TODAY)

    assert found.asked == {key.line_id: ("The access key was replaced.",)}


def test_a_comparison_of_other_snapshots_is_refused() -> None:
    first, second = old(), new()

    with pytest.raises(ValueError, match="not between the snapshot"):
        carry_forward(Review(second, {}), (), compare_snapshots(first, second, MOMENT), second, TODAY)
