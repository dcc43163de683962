"""What is called unchanged is: a wall around a bucket of the sample organization, and random pairs asked at random."""

import pytest

from iamdesk import Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import ChangeKind, Kind, Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import resources
from iamdesk.snapshot.reader import load_snapshot

from ..access.worlds import NOON
from ..builders.captures import account, allow, document, snapshot, user, user_arn
from . import attack
from .seeded_changes import CHANGES
from .seeded_changes.worlds import Change


def test_a_wall_around_a_bucket_takes_access() -> None:
    """Actions are asked about apart wherever any policy tells them apart: of most of these nobody loses anything."""
    old = load_snapshot(resources() / "samples" / "acme-organization")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::acme-org-data", "arn:aws:s3:::acme-org-data/*"],
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
    }
    found = compare_snapshots(old, _with(old, "arn:aws:s3:::acme-org-data", statement), NOON)

    analyst = "arn:aws:iam::444455556666:role/analyst"
    assert found.principals[analyst].status is Status.CHANGED
    (effect,) = found.principals[analyst].effects
    assert (effect.kind, found.names(effect.actions)) == (Kind.LOST, ("s3:GetObject",))
    assert effect.where == "arn:aws:s3:::acme-org-data/shared/*"
    assert (effect.witness.old, effect.witness.new) == (EvalDecision.ALLOWED, EvalDecision.EXPLICIT_DENY)
    assert [cause.kind for cause in effect.causes] == [ChangeKind.RESOURCE_POLICY]


def test_listing_the_buckets_is_gained_by_an_arn() -> None:
    """Such actions act on no resource, and yet ``arn:aws:s3:::*`` grants them (rule F6)."""
    reading = ("reads", document(allow("s3:GetObject", "arn:aws:s3:::b/*")))
    listing = ("lists", document(allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")))
    old, new = (snapshot(account(user("ana", *inline))) for inline in ([reading], [reading, listing]))
    found = compare_snapshots(old, new.model_copy(update={"sha256": "new"}), NOON)
    assert found.principals[user_arn("ana")].status is Status.CHANGED


def _with(old: Snapshot, arn: str, statement: dict[str, object]) -> Snapshot:
    (bucket,) = [one for one in old.resources if one.arn == arn]
    policy = {**bucket.policy, "Statement": [*bucket.policy["Statement"], statement]}
    walled = bucket.model_copy(update={"policy": policy})
    changed = tuple(walled if one is bucket else one for one in old.resources)
    return old.model_copy(update={"resources": changed, "sha256": "new"})


@pytest.mark.parametrize("seed", [*range(101, 121), 163, 1111, 1169, 20030, 30165, 40343])
def test_what_is_proved_unchanged_is_decided_as_before(seed: int) -> None:
    """`make attack-diff` does the same a million times; the last seeds are pairs in which it had found something."""
    assert [one for one in attack.attack(seed, 300) if isinstance(one, attack.Fault)] == []


@pytest.mark.parametrize("seed", [7, 18, 51, 43])
def test_what_goes_through_an_access_point_is_told_where_the_bucket_is_limited(seed: int) -> None:
    """As above, with changes behind an access point; in the last one it had found something."""
    assert list(attack.attack(seed, 120, through=True)) == []


@pytest.mark.parametrize("change", CHANGES[3::30], ids=lambda change: change.name)
def test_what_is_proved_unchanged_beside_a_seeded_change(change: Change) -> None:
    assert [one for one in attack.attack_change(change, 2, 100) if isinstance(one, attack.Fault)] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_proved_unchanged_of_a_capture_with_random_edits(seed: int) -> None:
    capture = resources() / "samples" / "acme-prod.json"
    assert [one for one in attack.attack_capture(capture, seed, 60) if isinstance(one, attack.Fault)] == []
