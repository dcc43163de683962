"""The delegation policy of an organization applies to what its management account owns there."""

import copy
from typing import Any

import pytest

from iamdesk import Evaluator, Request
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Status
from iamdesk.evaluate.request import EvalDecision
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.organization import Organization
from iamdesk.snapshot.resources import Resource

from ..builders.arns import user_arn
from ..builders.captures import NOW, account, snapshot, user
from ..builders.statements import allow, document

MANAGEMENT, MEMBER = "999900000001", "444455556666"
DELEGATION = f"arn:aws:organizations::{MANAGEMENT}:resourcepolicy/o-exam000001/rp-abc123"
SCP = f"arn:aws:organizations::{MANAGEMENT}:policy/o-exam000001/service_control_policy/p-1"
ATTACH = "organizations:AttachPolicy"


def held(*statements: Any) -> Snapshot:
    members = account(
        user("u", document(allow("organizations:*", "*")), account=MEMBER),
        user("v", account=MEMBER),
        number=MEMBER,
    )
    policy = Resource(arn=DELEGATION, account_id=MANAGEMENT, policy=document(*statements))
    return snapshot(members).model_copy(update={"resources": (policy,) if statements else ()})


def decisions(of: Snapshot, action: str = ATTACH) -> tuple[str, ...]:
    evaluator = Evaluator(of, now=lambda: NOW)
    asked = [Request(user_arn(name, MEMBER), action, SCP) for name in ("u", "v")]
    rows = {row.principal for row in evaluator.who_can(action=action, resource=SCP) if not row.is_external}
    found = [evaluator.can(one).decision.value for one in asked]
    assert [one.principal in rows for one in asked] == [decision == "allowed" for decision in found]
    return tuple(found)


ALLOWING = allow(ATTACH, "*", Principal={"AWS": f"arn:aws:iam::{MEMBER}:root"})


def test_it_lets_in_principals_of_member_accounts_whose_own_policies_allow_it() -> None:
    """AWS Organizations User Guide, "Delegated administrator for AWS Organizations"."""
    assert decisions(held(ALLOWING)) == ("allowed", "implicitDeny")
    assert decisions(held(ALLOWING), "organizations:DeletePolicy") == ("implicitDeny", "implicitDeny")
    assert decisions(held()) == ("implicitDeny", "implicitDeny")


def test_what_a_changed_one_does_is_not_called_unchanged() -> None:
    other = copy.deepcopy(ALLOWING) | {"Action": [ATTACH, "organizations:DetachPolicy"]}
    for before, after in ((held(), held(ALLOWING)), (held(ALLOWING), held(other))):
        found = compare_snapshots(before, after, NOW).resources[DELEGATION]
        assert found.status is Status.INCONCLUSIVE
        assert "other accounts" in " ".join(found.doubts)


@pytest.mark.parametrize(
    ("action", "of", "told"),
    [
        ("organizations:ListAccounts", None, True),
        ("organizations:ListAccounts", {}, True),
        ("organizations:ListAccounts", {MEMBER: ("sso.amazonaws.com",)}, False),
        ("organizations:DescribeOrganization", {}, False),  # API reference: from any account in the organization
        ("iam:ListUsers", {}, False),
    ],
)
def test_what_an_ordinary_member_account_cannot_call_is_an_assumption(action: str, of: Any, told: bool) -> None:
    """AWS Organizations API Reference, "Reference: API operations by account"."""
    members = account(user("u", document(allow("*", "*")), account=MEMBER), number=MEMBER)
    organization = Organization(id="o-exam000001", management_account_id=MANAGEMENT, delegated_services=of)
    evaluator = Evaluator(snapshot(members).model_copy(update={"organization": organization}), now=lambda: NOW)
    result = evaluator.can(Request(user_arn("u", MEMBER), action))
    assert result.decision.value == "allowed"
    other = {one.code: one.other_decision for one in result.assumptions}
    assert other.get("organization-member") == (EvalDecision.IMPLICIT_DENY if told else None)
    said = " ".join(one.message for one in result.assumptions if one.code == "organization-member")
    assert ("is neither in the captured organization" in said) is (told and of is not None)
