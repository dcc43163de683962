"""Principals who carry the same are compared once only where nothing on a resource's side tells them apart."""

import copy
from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import Kind, Status

from ..access.worlds import NOON
from ..builders.captures import allow, deny, document
from . import seeds
from .seeds import BUCKET, A, on, user, user_arn

GET = "s3:GetObject"
OBJECTS = f"{BUCKET}/*"
TWINS = tuple(user_arn(f"twin{number}") for number in range(3))
OWN = allow(GET, OBJECTS)
EXEMPTS = {
    **on("*", GET, OBJECTS, "Deny"),
    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": TWINS[1]}},
}


def pair(own: Any, *on_bucket: Any) -> tuple[Any, Any]:
    """Three users who carry the same, before and after an organization policy denies them the objects."""
    old = seeds.before()
    old["users"][A] = [user(arn.rpartition("/")[2], own) for arn in TWINS]
    old["groups"] = old["roles"] = old["policies"] = []
    old["resources"] = [{"arn": BUCKET, "account_id": A, "policy": document(*on_bucket)}]
    new = copy.deepcopy(old)
    for one in new["organization"]["policies"]:
        one["content"] = document(deny(GET)) if one["id"] == "p-c" else one["content"]
    for node in new["organization"]["nodes"]:
        node["policy_ids"] += ["p-c"] if node["id"] == "ou-prod" else []
    return seeds.snapshot(old, "old"), seeds.snapshot(new, "new")


@pytest.mark.parametrize(
    ("own", "statement"),
    [
        (allow("iam:GetUser"), on({"AWS": TWINS[1]}, GET, OBJECTS)),
        (allow("iam:GetUser"), on({"AWS": "AIDATWIN1"}, GET, OBJECTS)),
        (OWN, EXEMPTS),
        (
            OWN,
            {
                "Effect": "Deny",
                "NotPrincipal": {"AWS": [TWINS[1], seeds.root_arn(A)]},
                "Action": GET,
                "Resource": OBJECTS,
            },
        ),
    ],
    ids=["let in by ARN", "let in by unique id", "exempt by a condition", "exempt by name"],
)
def test_the_one_who_loses_access_is_told(own: Any, statement: Any) -> None:
    found = compare_snapshots(*pair(own, statement), NOON)
    told = {arn: [(one.kind, found.names(one.actions)) for one in found.principals[arn].effects] for arn in TWINS}
    assert told == {TWINS[0]: [], TWINS[1]: [(Kind.LOST, (GET,))], TWINS[2]: []}
    assert found.principals[TWINS[0]].status is not Status.CHANGED


@pytest.mark.parametrize("denied", [TWINS[1], "AIDATWIN1"])
def test_the_one_who_had_no_access_loses_none(denied: str) -> None:
    found = compare_snapshots(*pair(OWN, on({"AWS": denied}, GET, OBJECTS, "Deny")), NOON)
    assert [arn for arn in TWINS if found.principals[arn].effects] == [TWINS[0], TWINS[2]]


@pytest.mark.parametrize("kept", ["first", "second"])
def test_not_resource_tells_roles_with_the_same_trust_policy_apart(kept: str) -> None:
    """A Deny of everything but one of two roles takes the other one."""
    old = seeds.before()
    old["users"][A] = [user("ana", allow("iam:GetUser"))]
    old["groups"] = old["policies"] = []
    old["roles"] = [seeds.role(name, {"AWS": user_arn("ana")}) for name in ("first", "second")]
    new = copy.deepcopy(old)
    wall = {"Effect": "Deny", "Action": "sts:AssumeRole", "NotResource": seeds.role_arn(kept)}
    new["users"][A] = [user("ana", allow("iam:GetUser"), wall)]
    found = compare_snapshots(seeds.snapshot(old, "old"), seeds.snapshot(new, "new"), NOON)

    (lost,) = {"first", "second"} - {kept}
    effects = found.principals[user_arn("ana")].effects
    assert [(one.kind, found.names(one.actions), one.witness.resource) for one in effects] == [
        (Kind.LOST, ("sts:AssumeRole",), seeds.role_arn(lost))
    ]
