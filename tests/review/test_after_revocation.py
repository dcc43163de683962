"""After a revocation: what is still possible otherwise and by what, what was gained, what cannot be told."""

from datetime import UTC, datetime

from iamdesk import Evaluator, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.review.after_revocation import AfterRevocation, Otherwise
from iamdesk.review.entitlements import review_scope
from iamdesk.review.items import EntitlementType, ReviewItem

from ..builders import captures as make

NOW = datetime(2026, 11, 28, tzinfo=UTC)
READ, WRITE, LIST = "s3:GetObject", "s3:PutObject", "sqs:ListQueues"
BROAD = make.policy_arn("Broad")
BROAD_POLICY = make.managed(BROAD, make.document(make.allow([READ, WRITE, LIST])))


def otherwise(old: Snapshot, new: Snapshot, name: str) -> Otherwise:
    """What became of the access of the entitlement ``name`` of the old snapshot."""
    before, after = Evaluator(old, now=lambda: NOW), Evaluator(new, now=lambda: NOW)
    found = compare_snapshots(old, new, NOW)
    item = next(one for one in review_scope(before).lines if one.name == name)
    return AfterRevocation(before, after, found, review_scope(after).lines).of(item)


def one(*entries: object, sha256: str = "0") -> Snapshot:
    made = make.snapshot(make.account(*entries))  # type: ignore[arg-type]
    return made.model_copy(update={"sha256": sha256 * 64})


def test_what_another_policy_still_allows_is_told_with_the_policy() -> None:
    own = make.document(make.allow([READ, "iam:ListUsers"]))
    old = one(make.user("ana", own, attached=[BROAD]), BROAD_POLICY)
    new = one(make.user("ana", own), BROAD_POLICY, sha256="1")
    found = otherwise(old, new, "Broad")
    assert found.still_possible == 1
    assert found.gained == 0
    assert found.sentences == (
        "Of the actions that it granted (3), 1 is still possible on some resource: s3:GetObject; by inline-1 (1).",
        "Its holder gained nothing since.",
    )


def test_what_was_given_instead_is_told_as_gained_and_as_possible() -> None:
    old = one(make.user("ana", attached=[BROAD]), BROAD_POLICY)
    new = one(
        make.user("ana", make.document(make.allow([READ, WRITE, LIST, "sqs:SendMessage"]))), BROAD_POLICY, sha256="1"
    )
    found = otherwise(old, new, "Broad")
    assert found.still_possible == 3
    assert found.gained == 1
    possible, gained = found.sentences
    assert "s3:GetObject, s3:PutObject, sqs:ListQueues; by inline-1 (3)." in possible
    assert gained.startswith("Its holder gained 1 action since: ")
    assert "inline-1" in gained


def test_nothing_is_left() -> None:
    old = one(make.user("ana", attached=[BROAD]), BROAD_POLICY)
    new = one(make.user("ana"), BROAD_POLICY, sha256="1")
    found = otherwise(old, new, "Broad")
    assert (found.still_possible, found.gained) == (0, 0)
    assert found.sentences[0] == "None of the 3 actions that it granted is still possible."


def test_a_holder_that_is_gone_can_do_nothing() -> None:
    old = one(make.user("ana", attached=[BROAD]), make.user("ben"), BROAD_POLICY)
    new = one(make.user("ben"), BROAD_POLICY, sha256="1")
    assert otherwise(old, new, "Broad").sentences == ("Its holder no longer exists.",)


def test_a_membership_is_compared_by_what_the_group_gave() -> None:
    group = make.group("team", attached=[BROAD])
    old = one(make.user("ana", groups=["team"]), group, BROAD_POLICY)
    new = one(make.user("ana", make.document(make.allow(LIST))), group, BROAD_POLICY, sha256="1")
    found = otherwise(old, new, "team")
    assert found.still_possible == 1
    assert "sqs:ListQueues; by inline-1 (1)" in found.sentences[0]


def test_a_permission_set_through_a_group_is_told() -> None:
    def assigned(holder: str, kind: str, **evidence: object) -> ReviewItem:
        about = {"holder": {"actions": 7}, **evidence}
        arn = f"arn:aws:identitystore:::{holder}"
        return ReviewItem("1", arn, kind, EntitlementType.PERMISSION_SET, "arn:ps", "Readers", about)

    snapshot = one()
    evaluator = Evaluator(snapshot)
    group = assigned("group/g1", "Identity Center group", display="Team", members=["ana"])
    found = AfterRevocation(evaluator, evaluator, compare_snapshots(snapshot, snapshot, NOW), [group])
    mine = found.of(assigned("user/u1", "Identity Center user", display="ana"))
    assert (mine.still_possible, mine.sentences) == (
        7,
        ("ana still has the same permission set through Team.",),
    )
    assert found.of(assigned("user/u2", "Identity Center user", display="ben")).still_possible is None


def test_what_is_inconclusive_is_not_also_said_to_be_nothing() -> None:
    missing = make.policy_arn("Missing")
    old = one(make.user("ana", attached=[BROAD, missing]), BROAD_POLICY)
    new = one(make.user("ana", attached=[missing]), BROAD_POLICY, sha256="1")
    found = otherwise(old, new, "Broad")
    assert found.gained is None
    assert not any("gained nothing" in sentence for sentence in found.sentences)
    assert any(sentence.startswith("What its holder gained is inconclusive") for sentence in found.sentences)
