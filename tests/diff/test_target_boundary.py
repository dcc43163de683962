"""Setting or removing the permissions boundary of a user or role changes who may change its policies (rule J2)."""

from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import ChangeKind, Kind, Status

from ..builders.captures import (
    NOW,
    account,
    allow,
    document,
    managed,
    policy_arn,
    role,
    role_arn,
    snapshot,
    user,
    user_arn,
)

KEY = "iam:PermissionsBoundary"
EDGE, OTHER = policy_arn("edge"), policy_arn("other")
ANA = user_arn("ana")


def compared(condition: dict[str, Any], action: str, before: str | None, after: str | None) -> Any:
    def capture(boundary: str | None) -> Any:
        bounded = {"boundary": boundary} if boundary else {}
        policy = document(allow(action, "*", condition))
        return snapshot(account(user("ana", policy), user("ben", **bounded), role("app", **bounded)))

    return compare_snapshots(capture(before), capture(after), moment=NOW)


@pytest.mark.parametrize(
    ("action", "target"),
    [("iam:AttachRolePolicy", role_arn("app")), ("iam:PutUserPolicy", user_arn("ben"))],
)
@pytest.mark.parametrize(
    ("condition", "before", "after", "kind"),
    [
        ({"StringEquals": {KEY: EDGE}}, None, EDGE, Kind.GAINED),
        ({"StringEquals": {KEY: EDGE}}, EDGE, None, Kind.LOST),
        ({"StringEquals": {KEY: EDGE}}, OTHER, EDGE, Kind.GAINED),
        ({"StringNotEquals": {KEY: EDGE}}, None, EDGE, Kind.LOST),
        ({"Null": {KEY: "true"}}, EDGE, None, Kind.GAINED),
        ({"Null": {KEY: "true"}}, EDGE, OTHER, None),
        ({"StringEquals": {KEY: EDGE}}, None, OTHER, None),
    ],
)
def test_who_may_change_the_policies_of_a_user_or_role(
    action: str, target: str, condition: dict[str, Any], before: str | None, after: str | None, kind: Kind | None
) -> None:
    found = compared(condition, action, before, after).principals[ANA]
    assert found.status is (Status.CHANGED if kind else Status.UNCHANGED)
    assert [(one.kind, one.where) for one in found.effects] == ([(kind, target)] if kind else [])
    for one in found.effects:
        ((cause),) = one.causes
        assert (cause.kind, cause.subject) == (ChangeKind.BOUNDARY, target)


def test_actions_that_do_not_have_the_key_are_as_before() -> None:
    found = compared({"StringEquals": {KEY: EDGE}}, "iam:CreateAccessKey", EDGE, None)
    assert found.principals[ANA].status is Status.UNCHANGED


def test_a_boundary_of_ones_own_that_one_acts_on() -> None:
    """Ana may give herself policies as long as she has the boundary."""

    def capture(boundary: str) -> Any:
        policy = document(allow("iam:PutUserPolicy", ANA, {"StringEquals": {KEY: EDGE}}))
        everything = [managed(one, document(allow("*"))) for one in (EDGE, OTHER)]
        return snapshot(account(user("ana", policy, boundary=boundary), *everything))

    found = compare_snapshots(capture(EDGE), capture(OTHER), moment=NOW).principals[ANA]
    assert [(one.kind, one.where) for one in found.effects] == [(Kind.LOST, ANA)]
    assert [cause.kind for cause in found.effects[0].causes] == [ChangeKind.BOUNDARY]
