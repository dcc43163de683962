"""Follow-up reviews: trust policies by who can assume the role and what it can do, and less access asks nothing."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from iamdesk import Evaluator, Snapshot
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.review.after_revocation import AfterRevocation
from iamdesk.review.carry_over import CarryOver, carry_forward
from iamdesk.review.decisions import UNDECIDED, ItemDecision, ReviewDecision
from iamdesk.review.entitlements import review_scope
from iamdesk.review.events import Event
from iamdesk.review.items import EntitlementType, ReviewItem
from iamdesk.review.revocation_tests import Outcome
from iamdesk.review.schema import Head
from iamdesk.review.state import Decided
from iamdesk.snapshot.model import RoleDetail

from ..builders import captures as make

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EC2, LAMBDA = {"Service": "ec2.amazonaws.com"}, {"Service": "lambda.amazonaws.com"}
PARTNER = {"AWS": "arn:aws:iam::999988887777:root"}
NOTHING_LEFT = "ec2.amazonaws.com can no longer assume the role."


def trust(*allowed: Any, denied: Any = None) -> dict[str, Any]:
    statements = [{"Effect": "Allow", "Principal": one, "Action": "sts:AssumeRole"} for one in allowed]
    if denied is not None:
        statements.append({"Effect": "Deny", "Principal": denied, "Action": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


def role(trusted: Any, *allowed: str, name: str = "app") -> RoleDetail:
    return make.role(name, *([make.document(make.allow(list(allowed)))] if allowed else []), trust=trusted)


def captured(*entries: Any, sha256: str = "0") -> Snapshot:
    return make.snapshot(make.account(*entries)).model_copy(update={"sha256": sha256 * 64})


class Before:
    """The previous review: one decision on every item."""

    def __init__(self, snapshot: Snapshot, decision: ItemDecision) -> None:
        self.head = Head("r-1", "Q3", snapshot.sha256, "old", NOW)
        self.lines = review_scope(Evaluator(snapshot)).lines
        self._decision = decision

    def decision(self, line_id: str) -> ItemDecision:
        return self._decision if any(line.line_id == line_id for line in self.lines) else UNDECIDED

    def decided(self, _line_id: str) -> Decided | None:
        return Decided("Ana", "ana", "2026-07-01T09:00:00.000+00:00")

    def events(self) -> list[Event]:
        return []


def carried(old: Snapshot, new: Snapshot, decision: ReviewDecision) -> tuple[CarryOver, dict[str, ReviewItem]]:
    lines = review_scope(Evaluator(new)).lines
    found = compare_snapshots(old, new, NOW)
    after = AfterRevocation(Evaluator(old), Evaluator(new), found, lines)
    before = Before(old, ItemDecision(decision, "as agreed"))
    made = carry_forward(before, lines, found, new, date(2026, 12, 1), after=after)
    return made, {line.line_id: line for line in lines}


@pytest.mark.parametrize(
    ("now", "outcome", "sentence"),
    [
        (trust(EC2, denied="*"), Outcome.GONE, f"{NOTHING_LEFT} No one can assume it now."),
        (trust(denied="*"), Outcome.GONE, f"{NOTHING_LEFT} No one can assume it now."),
        (trust(LAMBDA), Outcome.GONE, f"{NOTHING_LEFT} lambda.amazonaws.com can assume it now."),
        (trust(EC2, LAMBDA), Outcome.STILL_THERE, "ec2.amazonaws.com can still assume the role."),
        (trust(EC2, denied=LAMBDA), Outcome.STILL_THERE, "ec2.amazonaws.com can still assume the role."),
    ],
)
def test_a_revoked_trust_is_tested_by_who_can_assume_the_role(now: Any, outcome: Outcome, sentence: str) -> None:
    made, lines = carried(captured(role(trust(EC2))), captured(role(now), sha256="1"), ReviewDecision.REVOKE)
    (test,) = [one for one in made.retests if one.type is EntitlementType.TRUST]
    assert (test.outcome, test.sentence) == (outcome, sentence)
    (asked,) = [why for item, why in made.asked.items() if lines[item].type is EntitlementType.TRUST]
    assert ("It was to be revoked, but still exists." in asked) == (outcome is Outcome.STILL_THERE)


def test_a_principal_of_a_revoked_account_can_still_assume_the_role() -> None:
    narrower = trust({"AWS": "arn:aws:iam::999988887777:role/ci"})
    made, _ = carried(captured(role(trust(PARTNER))), captured(role(narrower), sha256="1"), ReviewDecision.REVOKE)
    (test,) = [one for one in made.retests if one.type is EntitlementType.TRUST]
    assert test.outcome is Outcome.STILL_THERE
    assert "arn:aws:iam::999988887777:role/ci can still assume the role." in test.sentence


def test_access_that_another_policy_grants_again_is_said_with_the_policy() -> None:
    first = make.managed(make.policy_arn("First"), make.document(make.allow(["s3:GetObject", "s3:PutObject"])))
    again = make.managed(make.policy_arn("Again"), make.document(make.allow(["s3:GetObject"])))
    old = captured(make.user("ana", attached=[first.arn]), first, again)
    new = captured(make.user("ana", attached=[again.arn]), first, again, sha256="1")
    made, _ = carried(old, new, ReviewDecision.REVOKE)
    (test,) = [one for one in made.retests if one.name == "First"]
    assert "Granted again since the previous review, by Again." in test.sentence


@pytest.mark.parametrize("gains", [True, False])
def test_a_role_that_gains_access_asks_who_may_assume_it(gains: bool) -> None:
    small, large = role(trust(EC2), "s3:ListBucket"), role(trust(EC2), "s3:ListBucket", "s3:GetObject")
    old, new = (small, large) if gains else (large, small)
    made, lines = carried(captured(old), captured(new, sha256="1"), ReviewDecision.KEEP)
    asked = {lines[line_id].type for line_id in made.asked}
    assert asked == ({EntitlementType.TRUST, EntitlementType.INLINE_POLICY} if gains else set())


def test_an_administrator_status_that_fell_asks_nothing() -> None:
    admin = make.policy_arn("Admin")
    everything = make.managed(admin, make.document(make.allow(["iam:*"])))
    own = make.document(make.allow(["s3:ListAllMyBuckets"]))
    old = captured(make.user("ana", own, attached=[admin]), everything)
    new = captured(make.user("ana", own), everything, sha256="1")
    made, _ = carried(old, new, ReviewDecision.KEEP)
    assert not made.asked
    (back, lines) = carried(new, old, ReviewDecision.KEEP)
    reasons = [reason for line_id, all_of in back.asked.items() if lines[line_id].name != "Admin" for reason in all_of]
    assert any("administrator changed from “no” to “reaches”" in reason for reason in reasons)
