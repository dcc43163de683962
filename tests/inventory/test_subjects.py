import json
from typing import Any

import pytest

from iamdesk.inventory.keys import inline_policy_key, trust_policy_key
from iamdesk.snapshot.model import Snapshot
from iamdesk.viewmodel.subjects import PolicyRole, PolicyView, Subject, SubjectIndex
from iamdesk.viewmodel.tree_builder import Badge, NodeKind, build_outline

ALICE = "arn:aws:iam::111122223333:user/eng/alice"
ENGINEERS = "arn:aws:iam::111122223333:group/engineers"
APP = "arn:aws:iam::111122223333:role/app"
PAYROLL_RW = "arn:aws:iam::111122223333:policy/payroll-rw"
DEV_BOUNDARY = "arn:aws:iam::111122223333:policy/boundaries/dev-boundary"


def subject(snapshot: Snapshot, key: str) -> Subject:
    found = SubjectIndex(snapshot).subject(key)
    assert found is not None
    return found


def view(snapshot: Snapshot, key: str, version: str | None = None) -> PolicyView:
    found = SubjectIndex(snapshot).policy(key, version)
    assert found is not None
    return found


def ways(found: Subject, title: str = "Attached to") -> tuple[tuple[str, str], ...]:
    """Return (key, name) of what stands under a title; nothing where there is no such title."""
    return tuple((link.key, link.name) for sort in found.links if sort.title == title for link in sort.entries)


def facts(found: Subject) -> dict[str, str]:
    return dict(found.facts)


def test_every_row_of_the_outline_has_a_subject_of_its_kind_and_badges(snapshot: Snapshot) -> None:
    outline, index = build_outline(snapshot), SubjectIndex(snapshot)
    shown = 0
    for row, node in enumerate(outline.nodes):
        if node.key:
            found = index.subject(node.key)
            assert found is not None, node
            assert found.kind == node.kind
            assert found.badges == outline.badges.get(outline.rows_by_key[node.key], ()), (row, node)
            shown += 1
    assert shown == len(outline.nodes) - 9  # the root and eight sections


def test_a_key_that_nothing_bears_has_no_subject(snapshot: Snapshot) -> None:
    index = SubjectIndex(snapshot)
    for key in ("", "none", "#trust", "#inline/", f"{ALICE}#trust", f"{ALICE}#inline/none", f"{APP}#inline/"):
        assert index.subject(key) is None, key
        assert index.policy(key) is None, key


def test_a_user_in_one_trip(snapshot: Snapshot) -> None:
    alice = subject(snapshot, ALICE)
    assert (alice.title, alice.arn, alice.account) == ("alice", ALICE, "111122223333")
    assert alice.summary == "user · 111122223333 · /eng/"
    assert facts(alice) == {
        "Created": "12 Mar 2021 (5 years before the snapshot)",
        "Groups": "engineers, ghosts",
        "Policies": "2 attached, 1 inline, 2 through groups",
        "Permissions boundary": "dev-boundary",
        "Id": "AIDAALICE",
    }
    assert alice.tags == (("team", "payroll"),)
    assert [(line.name, line.kind, line.role, line.origin) for line in alice.policies] == [
        ("lost", NodeKind.MISSING, PolicyRole.DIRECT, "attached directly, not in the snapshot"),
        ("payroll-rw", NodeKind.CUSTOMER_POLICY, PolicyRole.DIRECT, "attached directly"),
        ("own", NodeKind.INLINE_POLICY, PolicyRole.DIRECT, "inline"),
        ("ReadOnlyAccess", NodeKind.AWS_POLICY, PolicyRole.GROUP, "attached to group engineers"),
        ("deploy", NodeKind.INLINE_POLICY, PolicyRole.GROUP, "inline in group engineers"),
        ("dev-boundary", NodeKind.CUSTOMER_POLICY, PolicyRole.BOUNDARY, "permissions boundary"),
    ]
    assert alice.missing_data == (
        "Group ghosts was not captured: what it allows is not known.",
        "Managed policy lost, attached, was not captured: what it allows or denies is not known.",
    )
    assert alice.badges == (Badge.MISSING_DATA,)
    assert alice.trusted == ()


def test_a_role_tells_its_last_use_and_whom_it_trusts(snapshot: Snapshot) -> None:
    app = subject(snapshot, APP)
    assert facts(app)["Last used"] == "29 Sep 2026 (1 day before the snapshot), in eu-west-1"
    assert facts(app)["Instance profiles"] == "app-profile"
    assert app.trusted == ("AWS service ec2.amazonaws.com",)
    assert app.policies[0].key == trust_policy_key(APP)
    assert app.policies[0].role is PolicyRole.TRUST
    assert app.missing_data == ()


def test_last_use_distinguishes_never_from_not_captured(build: Any) -> None:
    roles = [
        {
            "Arn": "arn:aws:iam::111122223333:role/used",
            "RoleName": "used",
            "RoleLastUsed": {"LastUsedDate": "2026-09-29"},
        },
        {"Arn": "arn:aws:iam::111122223333:role/never", "RoleName": "never", "RoleLastUsed": {}},
        {"Arn": "arn:aws:iam::111122223333:role/unknown", "RoleName": "unknown"},
    ]
    snapshot = build.snapshot(build.account(roles=roles))
    assert facts(subject(snapshot, roles[1]["Arn"]))["Last used"] == "never in the period that AWS tracks"
    assert facts(subject(snapshot, roles[2]["Arn"]))["Last used"] == "not captured"
    alone = build.snapshot(build.account(roles=roles[1:]))
    assert facts(subject(alone, roles[1]["Arn"]))["Last used"] == "not captured"


def test_a_group_tells_its_members(snapshot: Snapshot) -> None:
    group = subject(snapshot, ENGINEERS)
    assert ways(group, "Members") == ((ALICE, "alice"),)
    assert facts(group)["Members"] == "1"
    assert [line.origin for line in group.policies] == ["attached directly", "inline"]


def test_a_managed_policy_tells_who_carries_it(snapshot: Snapshot) -> None:
    policy = subject(snapshot, PAYROLL_RW)
    assert ways(policy) == ((ALICE, "alice"), (APP, "app"))
    assert [(line.role, line.origin) for line in policy.policies] == [(PolicyRole.SELF, "version v1, default version")]
    assert facts(policy)["Attached to"] == "2 principals"
    assert facts(policy)["Boundary of"] == "none"
    boundary = subject(snapshot, DEV_BOUNDARY)
    assert ways(boundary) == ((ALICE, "alice"),)
    assert facts(boundary)["Boundary of"] == "1 principal"


def test_more_attachments_than_principals_are_a_gap(build: Any) -> None:
    arn = "arn:aws:iam::111122223333:policy/p"
    snapshot = build.snapshot(build.account(policies=[build.managed(arn, AttachmentCount=3)]))
    assert subject(snapshot, arn).missing_data == ("AWS counts 3 attachments, the snapshot contains 0.",)


def test_a_policy_of_two_accounts_tells_the_carriers_of_both(build: Any) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"

    def account(number: str) -> Any:
        user = {
            "Arn": f"arn:aws:iam::{number}:user/u",
            "UserName": "u",
            "AttachedManagedPolicies": build.attached(arn),
        }
        return build.account(account_id=number, users=[user], policies=[build.managed(arn, AttachmentCount=1)])

    policy = subject(build.snapshot(account("111122223333"), account("444455556666")), arn)
    assert [key for key, _ in ways(policy)] == [
        "arn:aws:iam::111122223333:user/u",
        "arn:aws:iam::444455556666:user/u",
    ]
    assert facts(policy)["Accounts"] == "2"
    assert policy.missing_data == ()


def test_what_is_missing_still_tells_who_names_it(snapshot: Snapshot) -> None:
    lost = subject(snapshot, "arn:aws:iam::111122223333:policy/lost")
    assert (lost.kind, lost.title, ways(lost)) == (NodeKind.MISSING, "lost", ((ALICE, "alice"),))
    ghosts = subject(snapshot, "arn:aws:iam::111122223333:group/ghosts")
    assert (ghosts.kind, ghosts.title, ghosts.arn, ways(ghosts, "Members")) == (
        NodeKind.MISSING,
        "ghosts",
        None,
        ((ALICE, "alice"),),
    )
    assert SubjectIndex(snapshot).policy("arn:aws:iam::111122223333:policy/lost") is None


def test_a_broken_entry_says_what_is_wrong(snapshot: Snapshot) -> None:
    outline = build_outline(snapshot)
    key = next(node.key for node in outline.nodes if node.kind is NodeKind.BROKEN)
    broken = subject(snapshot, key)
    assert broken.problems == ("prod.json: $.UserDetailList[3].UserName: expected text, found 7",)
    assert broken.badges == (Badge.BROKEN,)


def test_the_account_says_what_it_holds_and_lacks(snapshot: Snapshot) -> None:
    account = subject(snapshot, "111122223333")
    assert account.title == "acme-prod"
    assert facts(account)["Users"] == "2"
    assert facts(account)["Data as of"] == "30 Sep 2026"
    assert account.missing_data == (
        "1 managed policy is attached but was not captured.",
        "1 group is referenced but was not captured.",
    )
    assert account.problems == ("prod.json: $.UserDetailList[3].UserName: expected text, found 7",)


def test_raw_is_the_entry_as_captured(snapshot: Snapshot) -> None:
    raw = json.loads(subject(snapshot, ALICE).raw)
    assert raw["UserName"] == "alice"
    assert raw["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Effect"] == "Allow"
    bob = json.loads(subject(snapshot, "arn:aws:iam::111122223333:user/Bob").raw)
    assert bob == {"Arn": "arn:aws:iam::111122223333:user/Bob", "UserName": "Bob", "Path": "/"}


def test_raw_keeps_what_aws_may_add_later(build: Any) -> None:
    user = {"Arn": ALICE, "UserName": "alice", "NewThing": {"a": [1, None]}}
    raw = json.loads(subject(build.snapshot(build.account(users=[user])), ALICE).raw)
    assert raw["NewThing"] == {"a": [1, None]}


def test_documents_are_diagnosed_with_their_place(build: Any) -> None:
    document = {"Statement": [{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]}
    user = {"Arn": ALICE, "UserName": "alice", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document}]}
    snapshot = build.snapshot(build.account(users=[user]))
    expected = ('Statement[0].Effect: expected "Allow" or "Deny"',)
    (line,) = subject(snapshot, ALICE).policies
    assert line.problems == expected
    assert view(snapshot, inline_policy_key(ALICE, "p")).problems == expected
    assert subject(snapshot, inline_policy_key(ALICE, "p")).problems == expected


def test_unreadable_documents_are_problems_of_their_owner(build: Any) -> None:
    role = {
        "Arn": APP,
        "RoleName": "app",
        "AssumeRolePolicyDocument": "{oops",
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": "oops"}, {"PolicyName": "q"}],
    }
    app = subject(build.snapshot(build.account(roles=[role])), APP)
    assert app.problems == (
        "The trust policy cannot be read: it is not a JSON object.",
        "Inline policy p of app cannot be read: it is not a JSON object.",
    )
    assert app.missing_data == ("Inline policy q was captured without its text.",)
    assert app.badges == (Badge.BROKEN, Badge.MISSING_DATA)
    shown = view(build.snapshot(build.account(roles=[role])), trust_policy_key(APP))
    assert shown.document.text.text == "{oops"


def versions_of(arn: str, *ids: str, in_force: str) -> dict[str, Any]:
    return {
        "Arn": arn,
        "PolicyName": "p",
        "DefaultVersionId": in_force,
        "PolicyVersionList": [
            {"VersionId": each, "IsDefaultVersion": each == in_force, "Document": {"Id": each, "Statement": []}}
            for each in ids
        ],
    }


def test_the_version_in_force_is_shown_unless_another_is_asked_for(build: Any) -> None:
    """Rule L3."""
    arn = "arn:aws:iam::111122223333:policy/p"
    policy = versions_of(arn, "v2", "v10", "v9", in_force="v9")
    snapshot = build.snapshot(build.account(policies=[policy]))
    shown = view(snapshot, arn)
    assert (shown.version, shown.in_force, shown.versions) == ("v9", "v9", ("v10", "v9", "v2"))
    assert shown.document.id == "v9"
    assert view(snapshot, arn, "v10").document.id == "v10"
    assert view(snapshot, arn, "v10").in_force == "v9"
    assert SubjectIndex(snapshot).policy(arn, "v3") is None
    assert subject(snapshot, arn).policies[0].origin == "version v9 of 3, default version"


def test_a_version_in_force_that_was_not_captured_is_a_gap(build: Any) -> None:
    arn = "arn:aws:iam::111122223333:policy/p"
    snapshot = build.snapshot(build.account(policies=[versions_of(arn, "v1", in_force="v2")]))
    assert subject(snapshot, arn).missing_data == (
        "Its default version, v2, was not captured: what it allows or denies is not known.",
    )
    shown = view(snapshot, arn)
    assert (shown.version, shown.in_force, shown.versions) == (None, "v2", ("v1",))
    assert shown.problems == ("No document was captured",)
    assert view(snapshot, arn, "v1").document.id == "v1"


def test_an_inline_policy_belongs_to_its_owner(snapshot: Snapshot) -> None:
    key = inline_policy_key(ENGINEERS, "deploy")
    shown = view(snapshot, key)
    assert (shown.title, shown.kind, shown.versions) == ("deploy", NodeKind.INLINE_POLICY, ())
    assert shown.carriers == ((ENGINEERS, "engineers"),)
    assert facts(subject(snapshot, key)) == {"Inline in": "group engineers"}
    assert SubjectIndex(snapshot).policy(key, "v1") is None


def test_names_made_to_confuse_keys_are_still_found(build: Any) -> None:
    arn = "arn:aws:iam::111122223333:user/a#inline/b"
    user = {"Arn": arn, "UserName": "a", "UserPolicyList": [{"PolicyName": "x#inline/y", "PolicyDocument": {}}]}
    found = subject(build.snapshot(build.account(users=[user])), inline_policy_key(arn, "x#inline/y"))
    assert found.title == "x#inline/y"


@pytest.mark.parametrize("text", ["\u202egnp.exe", "a\x00b", "<b>bold</b>"])
def test_hostile_text_is_handed_on_raw_but_escaped_in_the_json_view(build: Any, text: str) -> None:
    user = {"Arn": ALICE, "UserName": text}
    found = subject(build.snapshot(build.account(users=[user])), ALICE)
    assert found.title == text
    assert json.loads(found.raw)["UserName"] == text
    assert "\u202e" not in found.raw
    assert "\x00" not in found.raw
