"""Changes to a copy: each does what it says, says why it cannot be made, and leaves the snapshot as it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.apply import apply, apply_one
from iamdesk.whatif.commands import CliCommand, commands
from iamdesk.whatif.edits import EditAction, WhatIfError, edits_from_json

from ..builders.captures import allow, deny, document, trusting
from ..diff import seeds
from ..diff.seeds import A, on, policy_arn, role_arn, root_arn, user_arn

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
JOINERS = f"arn:aws:iam::{A}:group/joiners"


@pytest.fixture(scope="module")
def held() -> Snapshot:
    return seeds.snapshot(seeds.before(), "old")


CHANGES: list[tuple[dict[str, Any], set[str], str]] = [
    (
        {"do": "attach-policy", "subject": user_arn("u03"), "detail": policy_arn("reader")},
        {user_arn("u03")},
        "attach-user-policy",
    ),
    (
        {"do": "detach-policy", "subject": user_arn("u04"), "detail": policy_arn("taken")},
        {user_arn("u04")},
        "detach-user-policy",
    ),
    (
        {"do": "put-inline-policy", "subject": JOINERS, "detail": "own", "document": document(allow("lambda:*"))},
        set(),
        "put-group-policy",
    ),
    (
        {"do": "delete-inline-policy", "subject": user_arn("u01"), "detail": "own"},
        {user_arn("u01")},
        "delete-user-policy",
    ),
    (
        {"do": "set-boundary", "subject": user_arn("u08"), "detail": policy_arn("only-ec2")},
        {user_arn("u08")},
        "put-user-permissions-boundary",
    ),
    ({"do": "remove-boundary", "subject": user_arn("u09")}, {user_arn("u09")}, "delete-user-permissions-boundary"),
    ({"do": "add-to-group", "subject": user_arn("u05"), "detail": JOINERS}, {user_arn("u05")}, "add-user-to-group"),
    (
        {"do": "remove-from-group", "subject": user_arn("u06"), "detail": f"arn:aws:iam::{A}:group/leavers"},
        {user_arn("u06")},
        "remove-user-from-group",
    ),
    ({"do": "tag", "subject": user_arn("u11"), "detail": "team", "document": "desk"}, {user_arn("u11")}, "tag-user"),
    ({"do": "untag", "subject": user_arn("u11"), "detail": "team"}, {user_arn("u11")}, "untag-user"),
    (
        {"do": "set-policy", "subject": policy_arn("narrowed"), "document": document(allow("sqs:CreateQueue"))},
        {user_arn("u02")},
        "create-policy-version",
    ),
    (
        {"do": "remove-statement", "subject": f"{user_arn('u01')}#inline/own", "statement": 0},
        {user_arn("u01")},
        "put-user-policy",
    ),
    (
        {"do": "set-statement", "subject": policy_arn("starred"), "statement": 0, "document": allow("s3:GetObject")},
        {user_arn("u27")},
        "create-policy-version",
    ),
    (
        {"do": "set-policy", "subject": f"{role_arn('r12')}#trust", "document": trusting({"AWS": seeds.OUTSIDE})},
        {seeds.STRANGER, root_arn(A)},
        "update-assume-role-policy",
    ),
    (
        {
            "do": "add-statement",
            "subject": f"{seeds.BUCKET}#policy",
            "document": on({"AWS": user_arn("u17")}, "s3:GetObject", f"{seeds.BUCKET}/*"),
        },
        {user_arn("u17")},
        "put-bucket-policy",
    ),
    (
        {"do": "set-policy", "subject": "organization#p-b", "document": document(deny("sqs:*"))},
        {user_arn("u14", seeds.B), root_arn(seeds.B)},
        "update-policy",
    ),
    (
        {"do": "attach-organization-policy", "subject": "ou-c", "detail": "p-c"},
        {user_arn("u15", seeds.C), root_arn(seeds.C)},
        "attach-policy",
    ),
    (
        {"do": "detach-organization-policy", "subject": "ou-b", "detail": "p-b"},
        {root_arn(seeds.B)},
        "detach-policy",
    ),
    (
        {"do": "create-policy", "subject": policy_arn("team/made"), "document": document(allow("s3:*"))},
        set(),
        "create-policy",
    ),
    ({"do": "delete", "subject": user_arn("u22")}, {user_arn("u22")}, ""),
]


def command(held: Snapshot, change: dict[str, Any]) -> CliCommand:
    (one,) = commands(held, edits_from_json([change]))
    return one


@pytest.mark.parametrize(
    ("change", "principals", "verb"), CHANGES, ids=[f"{one['do']} {n}" for n, (one, _, _) in enumerate(CHANGES)]
)
def test_each_does_what_it_says_and_has_its_command(
    held: Snapshot, change: dict[str, Any], principals: set[str], verb: str
) -> None:
    before = held.model_copy(deep=True)
    changed = apply(held, edits_from_json([change]))

    found = compare_snapshots(held, changed, MOMENT)

    assert {effect.principal for effect in found.effects()} - {root_arn(A)} == principals - {root_arn(A)}
    assert held == before
    assert changed.sha256 != held.sha256
    told = command(held, change)
    assert told.words[2:3] == ((verb,) if verb else ())
    assert bool(told.by_hand) is not bool(told.words)


def test_changes_of_several_principals_are_as_one_after_the_other(held: Snapshot) -> None:
    """They are made in one pass, and an error names the one that cannot be made."""
    edits = edits_from_json([one for one, _, _ in CHANGES[:9]])
    assert len({edit.subject for edit in edits}) == len(edits)
    singly = held
    for edit in edits:
        singly = apply_one(singly, edit)
    assert apply(held, edits).accounts == singly.accounts != held.accounts
    stranger = edits_from_json([{"do": "untag", "subject": user_arn("nobody"), "detail": "team"}])
    with pytest.raises(WhatIfError, match=r"change 10: .*nobody"):
        apply(held, (*edits, *stranger))


def test_every_act_is_tried_here() -> None:
    assert {change["do"] for change, _, _ in CHANGES} == {act.value for act in EditAction}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"do": "attach-policy", "subject": user_arn("u04"), "detail": policy_arn("taken")}, "attached to .* already"),
        ({"do": "detach-policy", "subject": user_arn("u03"), "detail": policy_arn("taken")}, "is not attached"),
        ({"do": "delete", "subject": user_arn("nobody")}, "no user, group or role"),
        ({"do": "delete", "subject": JOINERS}, "is a group"),
        ({"do": "remove-statement", "subject": policy_arn("starred"), "statement": 7}, "but no statement 7"),
        ({"do": "set-policy", "subject": policy_arn("none"), "document": document()}, "has no policy"),
        ({"do": "set-policy", "subject": policy_arn("starred"), "document": []}, "an object with `Statement`"),
        (
            {"do": "set-policy", "subject": policy_arn("AmazonPretendAccess"), "document": document()},
            "only AWS can change it",
        ),
        ({"do": "set-boundary", "subject": JOINERS, "detail": policy_arn("edges")}, "is a group"),
        ({"do": "add-to-group", "subject": user_arn("u06"), "detail": f"arn:aws:iam::{A}:group/leavers"}, "already"),
        ({"do": "attach-organization-policy", "subject": "ou-x", "detail": "p-b"}, "are not captured"),
        ({"do": "create-policy", "subject": policy_arn("starred"), "document": document()}, "already"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(held: Snapshot, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(WhatIfError, match=f"^change 1: .*{reason}"):
        apply(held, edits_from_json([change]))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "expected a list"),
        (["x"], "change 1: a change is an object"),
        ([{"do": "fly", "subject": "x"}], "`fly` is not an action"),
        ([{"do": "delete"}], "needs a `subject`"),
        ([{"do": "attach-policy", "subject": "x"}], "needs a `detail`"),
        ([{"do": "set-policy", "subject": "x"}], "needs a `document`"),
        ([{"do": "remove-statement", "subject": "x", "statement": True}], "number of a `statement`"),
        ([{"do": "delete", "subject": "x", "why": "y"}], "`why` is not a field"),
    ],
)
def test_what_is_no_change_is_told(value: Any, reason: str) -> None:
    with pytest.raises(WhatIfError, match=reason):
        edits_from_json(value)


def test_changes_build_on_each_other(held: Snapshot) -> None:
    made = policy_arn("made")
    edits = edits_from_json(
        [
            {"do": "create-policy", "subject": made, "document": document(allow("rds:DeleteDBInstance"))},
            {"do": "attach-policy", "subject": user_arn("u05"), "detail": made},
            {"do": "add-statement", "subject": made, "document": allow("rds:StopDBInstance")},
        ]
    )

    found = compare_snapshots(held, apply(held, edits), MOMENT)

    (effect,) = found.effects()
    assert effect.principal == user_arn("u05")
    assert found.names(effect.actions) == ("rds:DeleteDBInstance", "rds:StopDBInstance")
    assert [one.words[2] for one in commands(held, edits)] == [
        "create-policy",
        "attach-user-policy",
        "create-policy-version",
    ]


@pytest.mark.parametrize("together", [True, False])
def test_counts_of_attachments_follow(held: Snapshot, together: bool) -> None:
    arn = policy_arn("taken")
    [account, *others] = held.accounts
    policies = tuple(
        one.model_copy(update={"attachment_count": 1, "permissions_boundary_usage_count": 0}) if one.arn == arn else one
        for one in account.policies
    )
    counted = held.model_copy(update={"accounts": (account.model_copy(update={"policies": policies}), *others)})
    edits = edits_from_json(
        [
            {"do": "detach-policy", "subject": user_arn("u04"), "detail": arn},
            {"do": "set-boundary", "subject": user_arn("u08"), "detail": arn},
        ]
        if together
        else [
            {"do": "detach-policy", "subject": user_arn("u04"), "detail": arn},
            {"do": "attach-policy", "subject": user_arn("u04"), "detail": arn},
            {"do": "delete", "subject": user_arn("u04")},
            {"do": "set-boundary", "subject": user_arn("u08"), "detail": arn},
        ]
    )
    [now] = [one for one in apply(counted, edits).accounts[0].policies if one.arn == arn]
    assert (now.attachment_count, now.permissions_boundary_usage_count) == (0, 1)


def test_two_texts_for_one_statement_are_refused(held: Snapshot) -> None:
    def replaced(*changes: dict[str, Any]) -> Snapshot:
        return apply(
            held, edits_from_json([{"subject": policy_arn("starred"), "statement": 0, **one} for one in changes])
        )

    one, other = ({"do": "set-statement", "document": allow(action)} for action in ("s3:GetObject", "s3:PutObject"))
    with pytest.raises(WhatIfError, match="change 2: change 1 replaces the same statement: make one change of both"):
        replaced(one, other)
    replaced(one, one)
    replaced(one, {"do": "remove-statement"})
