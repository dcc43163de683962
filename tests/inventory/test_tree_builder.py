from typing import Any

import pytest

from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.tree_builder import Badge, Node, NodeKind, Outline, build_outline


def texts(outline: Outline, row: int) -> list[str]:
    return [outline.nodes[child].text for child in outline.children(row)]


def row_of(outline: Outline, *path: str) -> int:
    row = 0
    for text in path:
        row = next(child for child in outline.children(row) if outline.nodes[child].text == text)
    return row


def node_of(outline: Outline, *path: str) -> Node:
    return outline.nodes[row_of(outline, *path)]


def test_every_section_stands_in_order_and_says_its_count(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    account = row_of(outline, "acme-prod")
    assert node_of(outline, "acme-prod").detail == "111122223333"
    assert [(outline.nodes[row].text, outline.nodes[row].detail) for row in outline.children(account)] == [
        ("Users", "2"),
        ("Groups", "1"),
        ("Roles", "1"),
        ("Service-linked roles", "1"),
        ("Customer managed policies", "2"),
        ("AWS managed policies", "1 in use, 1 more captured"),
        ("Malformed entries", "1"),
        ("Not in the snapshot", "2"),
    ]


def test_an_empty_account_still_has_its_sections(build: Any) -> None:
    outline = build_outline(build.snapshot(build.account()))
    assert texts(outline, row_of(outline, "111122223333")) == [
        "Users",
        "Groups",
        "Roles",
        "Service-linked roles",
        "Customer managed policies",
        "AWS managed policies",
    ]
    assert build_outline(build.snapshot()).nodes[0].child_count == 0


def test_children_of_a_node_stand_together_and_know_their_parent(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    seen = {0}
    for row in range(len(outline.nodes)):
        for child in outline.children(row):
            assert outline.nodes[child].parent == row
            assert child not in seen
            seen.add(child)
    assert seen == set(range(len(outline.nodes)))
    assert outline.nodes[0].parent == -1
    assert list(outline.nodes) == [outline.nodes[row] for row in range(len(outline.nodes))]
    assert outline.nodes[1:3] == [outline.nodes[1], outline.nodes[2]]


def test_a_user_shows_groups_then_policies_then_boundary(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    alice = row_of(outline, "acme-prod", "Users", "alice")
    children = [outline.nodes[row] for row in outline.children(alice)]
    assert [(node.text, node.kind, node.detail) for node in children] == [
        ("engineers", NodeKind.GROUP, "member of"),
        ("ghosts", NodeKind.MISSING, "member of"),
        ("lost", NodeKind.MISSING, "not in the snapshot"),
        ("payroll-rw", NodeKind.CUSTOMER_POLICY, "customer managed"),
        ("own", NodeKind.INLINE_POLICY, "inline"),
        ("dev-boundary", NodeKind.CUSTOMER_POLICY, "permissions boundary"),
    ]
    assert outline.nodes[alice].detail == "3 policies, 2 groups · /eng/"
    assert node_of(outline, "acme-prod", "Users", "Bob").detail == "no policies"


def test_a_role_shows_its_trust_first_and_whom_it_names(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    children = [outline.nodes[row] for row in outline.children(row_of(outline, "acme-prod", "Roles", "app"))]
    assert [(node.text, node.kind) for node in children] == [
        ("Trust policy", NodeKind.TRUST_POLICY),
        ("payroll-rw", NodeKind.CUSTOMER_POLICY),
        ("app-profile", NodeKind.INSTANCE_PROFILE),
    ]
    assert children[0].detail == "ec2.amazonaws.com"
    linked = node_of(outline, "acme-prod", "Service-linked roles", "AWSServiceRoleForSupport")
    assert linked.kind is NodeKind.SERVICE_LINKED_ROLE


def test_a_group_tells_its_members(snapshot: Snapshot) -> None:
    assert node_of(build_outline(snapshot), "acme-prod", "Groups", "engineers").detail == "2 policies · 1 member"


def test_a_policy_tells_its_use_and_only_used_aws_policies_are_shown(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    customer = ("acme-prod", "Customer managed policies")
    assert node_of(outline, *customer, "payroll-rw").detail == "attached to 2"
    assert node_of(outline, *customer, "dev-boundary").detail == "/boundaries/ · boundary of 1"
    assert texts(outline, row_of(outline, "acme-prod", "AWS managed policies")) == ["ReadOnlyAccess"]


def test_what_is_referred_to_but_not_held_has_rows_of_its_own(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    missing = row_of(outline, "acme-prod", "Not in the snapshot")
    rows = [outline.nodes[row] for row in outline.children(missing)]
    assert [(node.text, node.detail) for node in rows] == [
        ("ghosts", "group · 1 member"),
        ("lost", "managed policy · attached to 1"),
    ]
    assert all(outline.badges[row] == (Badge.MISSING_DATA,) for row in outline.children(missing))


def test_a_broken_entry_never_vanishes(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    row = row_of(outline, "acme-prod", "Malformed entries", "entry 3")
    assert outline.nodes[row].kind is NodeKind.BROKEN
    assert outline.nodes[row].detail == "UserDetailList"
    assert outline.badges[row] == (Badge.BROKEN,)
    assert outline.rows_by_key[outline.nodes[row].key] == row


def test_entries_are_sorted_by_name_without_case(build: Any) -> None:
    users = [
        {"Arn": f"arn:aws:iam::111122223333:user/{name}", "UserName": name} for name in ("bob", "Zoe", "alice", "Bob2")
    ]
    outline = build_outline(build.snapshot(build.account(users=users)))
    assert texts(outline, row_of(outline, "111122223333", "Users")) == ["alice", "bob", "Bob2", "Zoe"]


def test_a_jump_lands_on_a_policys_own_row(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    own = row_of(outline, "acme-prod", "Customer managed policies", "payroll-rw")
    assert outline.rows_by_key["arn:aws:iam::111122223333:policy/payroll-rw"] == own
    group = row_of(outline, "acme-prod", "Groups", "engineers")
    assert outline.rows_by_key["arn:aws:iam::111122223333:group/engineers"] == group
    assert "" not in outline.rows_by_key


def test_gap_badge_marks_who_refers_to_what_is_missing(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    assert outline.badges[row_of(outline, "acme-prod", "Users", "alice")] == (Badge.MISSING_DATA,)
    assert row_of(outline, "acme-prod", "Users", "Bob") not in outline.badges
    assert row_of(outline, "acme-prod", "Roles", "app") not in outline.badges


def test_unreadable_documents_mark_policy_and_owner(build: Any) -> None:
    role = {
        "Arn": "arn:aws:iam::111122223333:role/r",
        "RoleName": "r",
        "AssumeRolePolicyDocument": "not json",
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": build.allow_s3}],
    }
    policy = {"Arn": "arn:aws:iam::111122223333:policy/p", "PolicyName": "p", "DefaultVersionId": "v2"}
    outline = build_outline(build.snapshot(build.account(roles=[role], policies=[policy])))
    owner = row_of(outline, "111122223333", "Roles", "r")
    trust, inline = outline.children(owner)
    assert outline.badges[owner] == outline.badges[trust] == (Badge.BROKEN,)
    assert inline not in outline.badges
    # The version in force was not captured.
    assert outline.badges[row_of(outline, "111122223333", "Customer managed policies", "p")] == (Badge.MISSING_DATA,)


def test_a_truncated_account_says_so(build: Any) -> None:
    outline = build_outline(build.snapshot(build.account(is_truncated=True)))
    assert node_of(outline, "111122223333").detail == "pages are missing"
    assert outline.badges[1] == (Badge.MISSING_DATA,)


@pytest.mark.parametrize(
    ("last_used", "created", "unused"),
    [
        ({"LastUsedDate": "2026-06-01T00:00:00Z"}, "2020-01-01T00:00:00Z", True),
        ({"LastUsedDate": "2026-07-10T00:00:00Z"}, "2020-01-01T00:00:00Z", False),
        ({}, "2020-01-01T00:00:00Z", True),
        ({}, "2026-09-01T00:00:00Z", False),
        ({}, None, False),
        (None, "2020-01-01T00:00:00Z", False),
    ],
    ids=["long ago", "lately", "never", "too young", "age unknown", "not captured"],
)
def test_unused_means_no_use_in_ninety_days_before_the_snapshot(
    build: Any, last_used: dict[str, str] | None, created: str | None, unused: bool
) -> None:
    roles = [
        {
            "Arn": "arn:aws:iam::111122223333:role/r",
            "RoleName": "r",
            "AssumeRolePolicyDocument": build.trust("*"),
            "CreateDate": created,
            "RoleLastUsed": last_used,
        },
        {
            "Arn": "arn:aws:iam::111122223333:role/used",
            "RoleName": "used",
            "AssumeRolePolicyDocument": build.trust("*"),
            "RoleLastUsed": {"LastUsedDate": "2026-09-30T00:00:00Z"},
        },
    ]
    outline = build_outline(build.snapshot(build.account(roles=roles)))
    marked = Badge.UNUSED in outline.badges.get(row_of(outline, "111122223333", "Roles", "r"), ())
    assert marked == unused


def test_nobody_is_unused_in_a_capture_that_tells_no_last_use(build: Any) -> None:
    role = {
        "Arn": "arn:aws:iam::111122223333:role/r",
        "RoleName": "r",
        "AssumeRolePolicyDocument": build.trust("*"),
        "CreateDate": "2020-01-01T00:00:00Z",
        "RoleLastUsed": {},
    }
    assert build_outline(build.snapshot(build.account(roles=[role]))).badges == {}


def test_trust_detail_names_three_and_counts_the_rest(build: Any) -> None:
    services = [f"{name}.amazonaws.com" for name in ("a", "b", "c", "d", "e")]
    role = {
        "Arn": "arn:aws:iam::111122223333:role/r",
        "RoleName": "r",
        "AssumeRolePolicyDocument": build.trust({"Service": services}),
    }
    outline = build_outline(build.snapshot(build.account(roles=[role])))
    trust = node_of(outline, "111122223333", "Roles", "r", "Trust policy")
    assert trust.detail == "a.amazonaws.com, b.amazonaws.com, c.amazonaws.com and 2 more"


def test_an_aws_managed_policy_held_by_another_account_is_not_missing(build: Any) -> None:
    aws, own = "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/own"

    def user(account: str) -> dict[str, Any]:
        return {
            "Arn": f"arn:aws:iam::{account}:user/alice",
            "UserName": "alice",
            "AttachedManagedPolicies": build.attached(aws, own),
        }

    outline = build_outline(
        build.snapshot(
            build.account(users=[user("111122223333")], policies=[build.managed(aws), build.managed(own)]),
            build.account(account_id="444455556666", users=[user("444455556666")]),
        )
    )
    assert texts(outline, 0) == ["111122223333", "444455556666"]
    assert texts(outline, row_of(outline, "444455556666", "Users")) == ["alice"]
    assert node_of(outline, "444455556666", "Users", "alice", "ReadOnlyAccess").kind is NodeKind.AWS_POLICY
    assert texts(outline, row_of(outline, "444455556666", "AWS managed policies")) == ["ReadOnlyAccess"]
    assert node_of(outline, "444455556666", "Users", "alice", "own").kind is NodeKind.MISSING
    assert node_of(outline, "111122223333", "Users", "alice", "own").kind is NodeKind.CUSTOMER_POLICY


def test_laying_out_ends_when_nobody_wants_it(build: Any) -> None:
    users = [{"Arn": f"arn:aws:iam::111122223333:user/u{n}", "UserName": f"u{n}"} for n in range(300)]
    snapshot = build.snapshot(build.account(users=users))
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return False

    build_outline(snapshot, cancelled=count)
    assert asked >= 5  # its references, its sections, each 200 entries, the keys
    for moment in range(asked):
        left = iter(range(moment))
        with pytest.raises(WorkCancelled):
            build_outline(snapshot, cancelled=lambda left=left: next(left, None) is None)
