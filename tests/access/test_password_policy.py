"""What the account's password policy lets users do without any policy of their own.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
"""

from typing import Any

import pytest

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.access.evaluator import Evaluator
from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import EvaluationResult
from iamdesk.snapshot.account_details import AccountFacts, PasswordPolicy

from ..builders.arns import ID, OTHER_ID, ROOT, role_arn, user_arn
from ..builders.captures import NOW, account, role, snapshot, user
from ..builders.statements import deny, document
from ..rules import rule

ANA, BO, STRICT = user_arn("ana"), user_arn("bo"), user_arn("strict")


def world(password_policy: PasswordPolicy | None = None, *, is_captured: bool = True) -> Evaluator:
    base = snapshot(
        account(user("ana"), user("bo"), user("strict", document(deny("iam:*"))), role("deploy")),
        account(user("zoe", account=OTHER_ID), number=OTHER_ID),
    )
    facts = AccountFacts(account_id=ID, is_password_policy_captured=is_captured, password_policy=password_policy)
    return Evaluator(base.model_copy(update={"account_facts": (facts,)}), now=lambda: NOW)


OPEN, CLOSED = PasswordPolicy(allow_users_to_change_password=True), PasswordPolicy()


def ask(
    capture: Evaluator, principal: str, action: str = "iam:ChangePassword", resource: str = ANA
) -> EvaluationResult:
    request = Request(principal, action, resource)
    answer = capture.can(request)
    assert capture.decide(request) == answer.decision
    return answer


def missing(answer: EvaluationResult) -> dict[str, Any]:
    return {note.code: note.other_decision for note in answer.assumptions if note.code == "password-policy-missing"}


@rule("A1", "C1", "I16")
@pytest.mark.parametrize(("policy", "expected"), [(OPEN, "allowed"), (CLOSED, "implicitDeny"), (None, "implicitDeny")])
def test_users_change_their_own_passwords_where_the_account_lets_them(
    policy: PasswordPolicy | None, expected: str
) -> None:
    capture = world(policy)
    answer = ask(capture, ANA)
    assert (answer.decision, missing(answer)) == (expected, {})
    assert ask(capture, ANA, "iam:GetAccountPasswordPolicy", "*").decision == expected
    rows = {row.principal for row in capture.who_can(action="iam:ChangePassword", resource=ANA)}
    assert rows == ({ANA, ROOT} if expected == "allowed" else {ROOT})


@rule("A2", "C1", "I16")
@pytest.mark.parametrize(
    ("principal", "action", "resource", "expected"),
    [
        (ANA, "iam:ChangePassword", BO, "implicitDeny"),
        (ANA, "iam:UpdateLoginProfile", ANA, "implicitDeny"),
        (STRICT, "iam:ChangePassword", STRICT, "explicitDeny"),
        (role_arn("deploy"), "iam:ChangePassword", ANA, "implicitDeny"),
        (role_arn("deploy"), "iam:GetAccountPasswordPolicy", "*", "implicitDeny"),
        (user_arn("zoe", OTHER_ID), "iam:GetAccountPasswordPolicy", "*", "implicitDeny"),
        (user_arn("zoe", OTHER_ID), "iam:ChangePassword", ANA, "implicitDeny"),
    ],
)
def test_it_lets_nobody_do_more(principal: str, action: str, resource: str, expected: str) -> None:
    assert ask(world(OPEN), principal, action, resource).decision == expected


@rule("A1")
def test_a_password_policy_that_is_not_captured_may_let_them() -> None:
    capture = world(is_captured=False)
    answer = ask(capture, ANA)
    assert (answer.decision, missing(answer)) == ("implicitDeny", {"password-policy-missing": "allowed"})
    assert missing(ask(capture, ANA, resource=BO)) == {}
    assert missing(ask(capture, STRICT, resource=STRICT)) == {}
    assert missing(ask(capture, role_arn("deploy"))) == {}


@rule("A1")
def test_effective_permissions_tell_the_same() -> None:
    for policy, expected in ((OPEN, AccessExtent.ALLOWED), (CLOSED, AccessExtent.NONE)):
        access = world(policy).what_can(ANA, service="iam")
        reaches = {action.name: action.reach for action in access.actions("iam")}
        assert reaches["iam:GetAccountPasswordPolicy"] is expected
