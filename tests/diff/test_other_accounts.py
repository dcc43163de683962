"""What accounts that no snapshot contains have to allow is inconclusive; what does not concern them is certain."""

from collections.abc import Callable
from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import PrincipalDiff, Status

from ..builders.captures import allow, deny
from . import seeds
from .seeds import A, B
from .test_evaluate_pair import MOMENT, compared

ASSUME = "sts:AssumeRole"
ROLES = "arn:aws:iam::*:role/*"
DOUBT = "sts:AssumeRole changed if the resource policy allows the account, but neither snapshot contains that policy."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [allow(ASSUME)]),
        ([allow(ASSUME)], []),
        ([], [allow(ASSUME, ROLES)]),
        ([], [allow(ASSUME, "arn:aws:iam::*:role/OrgAccess")]),
        ([allow(ASSUME, "arn:aws:iam::*:role/Read")], [allow(ASSUME)]),
        ([allow(ASSUME)], [allow(ASSUME, f"arn:aws:iam::{A}:role/*")]),
        ([allow(ASSUME)], [allow(ASSUME), deny(ASSUME)]),
        (
            [allow(ASSUME)],
            [allow(ASSUME), deny(ASSUME, Condition={"StringNotEquals": {"aws:ResourceAccount": A}})],
        ),
        ([], [allow("sts:*")]),
    ],
    ids=range(9),
)
def test_roles_of_accounts_that_no_policy_names(before: list[Any], after: list[Any]) -> None:
    found = compared(before, after)

    assert found.doubts == (DOUBT,)
    assert found.status is (Status.CHANGED if found.effects else Status.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([allow(ASSUME)], [allow([ASSUME])]),
        ([allow(ASSUME), allow("sqs:SendMessage")], [allow(ASSUME)]),
        ([allow(ASSUME), allow("iam:ListRoles")], [allow(ASSUME)]),
        ([], [allow(ASSUME, f"arn:aws:iam::{A}:role/*")]),
        ([allow(ASSUME)], [allow(ASSUME), deny(ASSUME, f"arn:aws:iam::{A}:role/x")]),
        ([allow(ASSUME)], [allow(ASSUME), deny("s3:*", "arn:aws:s3:::b/*")]),
        ([allow(ASSUME)], [allow(ASSUME, ROLES)]),
        ([], [deny(ASSUME)]),
    ],
    ids=range(8),
)
def test_what_bears_on_no_role_of_another_account_is_certain(before: list[Any], after: list[Any]) -> None:
    assert compared(before, after).doubts == ()


def _by_organization(*statements: Any, own: Any) -> PrincipalDiff:
    worlds = [seeds.before(), seeds.before()]
    for world in worlds:
        world["users"][B] = [seeds.user("u14", *own, account=B)]
    change: Callable[[seeds.World], None] = seeds._control("p-b", deny("organizations:LeaveOrganization"), *statements)
    change(worlds[1])
    old, new = (seeds.snapshot(world, name) for world, name in zip(worlds, ("old", "new"), strict=True))
    return compare_snapshots(old, new, MOMENT).principals[seeds.user_arn("u14", B)]


def _unless(key: str, value: str) -> dict[str, Any]:
    return {"Condition": {"StringNotEquals": {key: value}}}


@pytest.mark.parametrize(
    "statement",
    [
        deny(ASSUME),
        deny(ASSUME, **_unless("aws:ResourceAccount", B)),
        deny(ASSUME, **_unless("aws:ResourceOrgID", "o-1")),
        deny("*", **_unless("aws:ResourceOrgID", "o-1")),
        {"Effect": "Deny", "Action": ASSUME, "NotResource": f"arn:aws:iam::{B}:role/*"},
    ],
    ids=range(5),
)
def test_organization_policies_limit_which_accounts_are_entered(statement: Any) -> None:
    found = _by_organization(statement, own=[allow(ASSUME)])

    assert found.doubts == (DOUBT,)
    assert found.status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    "statement",
    [
        deny("*", **_unless("aws:ResourceOrgID", "o-1")),
        deny("sqs:*", **_unless("aws:ResourceAccount", B)),
        {"Effect": "Deny", "Action": "sqs:*", "NotResource": f"arn:aws:sqs:*:{B}:*"},
    ],
    ids=range(3),
)
def test_queues_of_other_accounts_are_as_open(statement: Any) -> None:
    found = _by_organization(statement, own=[allow("sqs:SendMessage")])

    assert found.effects == ()
    assert found.doubts == (DOUBT.replace(ASSUME, "sqs:SendMessage"),)


def test_resources_without_a_policy_cannot_let_other_accounts_in() -> None:
    found = _by_organization(deny("*", **_unless("aws:ResourceOrgID", "o-1")), own=[allow("ec2:StopInstances")])

    assert (found.status, found.doubts) == (Status.UNCHANGED, ())
