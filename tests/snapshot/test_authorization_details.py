"""Entries become models; what is not as AWS prints it is told with its place, and everything beside it opens."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from iamdesk.snapshot.model import Account, Snapshot
from iamdesk.snapshot.reader import load_snapshot

Write = Callable[..., Path]


def only_account(snapshot: Snapshot) -> Account:
    (account,) = snapshot.accounts
    return account


def told(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(problem.json_path, problem.message) for problem in snapshot.problems]


def test_what_the_cli_prints_becomes_the_account(write: Write, pages: Any) -> None:
    snapshot = load_snapshot(write(pages.page()))
    account = only_account(snapshot)
    assert (account.partition, account.account_id, account.is_truncated) == ("aws", "111122223333", False)
    assert account.users[0].user_policy_list[0].policy_document == pages.allow
    assert account.users[0].tags[0].value == "orders"
    assert account.groups[0].attached_managed_policies[0].policy_arn == "arn:aws:iam::aws:policy/Audit"
    assert account.roles[0].assume_role_policy_document["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert account.policies[0].is_aws_managed
    assert account.policies[0].default_version is not None
    assert account.policies[0].default_version.document == pages.allow
    assert snapshot.problems == ()


def test_the_latest_moment_is_the_newest_date_of_any_entry(write: Write, pages: Any) -> None:
    assert load_snapshot(write(pages.page())).latest == datetime(2025, 6, 30, 23, 59, 59, tzinfo=UTC)
    version = {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2026-01-02 03:04:05+02:00"}
    page = pages.page(Policies=[pages.policy(PolicyVersionList=[version])])
    assert load_snapshot(write(page)).latest == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert load_snapshot(write({"UserDetailList": []})).latest is None


def test_a_date_without_an_offset_is_utc(write: Write, pages: Any) -> None:
    page = pages.empty(UserDetailList=[pages.user(CreateDate="2024-03-01 10:00:00"), pages.user("bob")])
    assert load_snapshot(write(page)).latest == datetime(2024, 3, 1, 10, tzinfo=UTC)


def test_keys_that_aws_adds_later_are_kept(write: Write, pages: Any) -> None:
    page = pages.page(UserDetailList=[pages.user(NewIn2027={"Nested": [1]})], NewList=[{"Any": 1}], New="text")
    snapshot = load_snapshot(write(page))
    assert only_account(snapshot).users[0].model_extra == {"NewIn2027": {"Nested": [1]}}
    assert snapshot.problems == ()


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"Tags": [{"Key": "team"}]}, ".Tags[0].Value", "expected this key, which is missing"),
        ({"Tags": [{"Key": "a", "Value": 12}]}, ".Tags[0].Value", "expected text, found the number 12"),
        ({"Tags": None}, ".Tags", "expected a list, found null"),
        ({"Tags": {"team": "orders"}}, ".Tags", "expected a list, found an object"),
        ({"Tags": ["team"]}, ".Tags[0]", "expected an object, found `team`"),
        ({"GroupList": "staff"}, ".GroupList", "expected a list, found `staff`"),
        ({"GroupList": [["staff"]]}, ".GroupList[0]", "expected text, found a list"),
        ({"CreateDate": "yesterday"}, ".CreateDate", "expected a date and time, found `yesterday`"),
        ({"CreateDate": "0001-01-01T00:00:00+14:00"}, ".CreateDate", None),
        ({"UserPolicyList": [{"PolicyDocument": {}}]}, ".UserPolicyList[0].PolicyName", None),
        ({"PermissionsBoundary": {}}, ".PermissionsBoundary.PermissionsBoundaryArn", None),
        ({"Arn": None}, ".Arn", "expected text, found null"),
        ({"Arn": ""}, ".Arn", "expected an ARN such as `arn:aws:iam::111122223333:user/NAME`, found ``"),
        ({"Arn": "arn:aws:iam::111122223333:role/alice"}, ".Arn", None),
        ({"Arn": "arn:aws:iam::aws:user/alice"}, ".Arn", None),
        ({"Arn": "arn:aws:s3:::alice"}, ".Arn", None),
        ({"Arn": "arn:aws:iam::111122223333"}, ".Arn", None),
        ({"UserName": False}, ".UserName", "expected text, found false"),
    ],
)
def test_a_key_of_the_wrong_shape_breaks_its_entry_alone(
    write: Write, pages: Any, change: dict[str, Any], path: str, message: str | None
) -> None:
    users = [pages.user("first"), pages.user("second", **change), pages.user("third")]
    snapshot = load_snapshot(write(pages.page(UserDetailList=users)))
    account = only_account(snapshot)
    assert [user.user_name for user in account.users] == ["first", "third"]
    (broken,) = account.broken
    assert broken.list_name == "UserDetailList"
    assert broken.name == ("entry 1" if "UserName" in change else "second")
    assert broken.arn == change.get("Arn", pages.arn("user", "second"))
    (problem,) = broken.problems
    assert problem.file == "account.json"
    assert problem.json_path == f"$.UserDetailList[1]{path}"
    assert message is None or problem.message == message
    assert snapshot.problems == broken.problems


@pytest.mark.parametrize("entry", [None, "alice", 12, [], True])
def test_an_entry_that_is_no_object_is_shown_by_its_position(write: Write, pages: Any, entry: Any) -> None:
    snapshot = load_snapshot(write(pages.page(RoleDetailList=[pages.role(), entry])))
    (broken,) = only_account(snapshot).broken
    assert (broken.list_name, broken.name, broken.arn) == ("RoleDetailList", "entry 1", None)


def test_every_list_tells_its_broken_entries(write: Write, pages: Any) -> None:
    page = pages.page()
    for entries in page.values():
        del entries[0]["Arn"]
    page["UserDetailList"].append(pages.user())
    account = only_account(load_snapshot(write(page)))
    assert [(broken.list_name, broken.name) for broken in account.broken] == [
        ("UserDetailList", "alice"),
        ("GroupDetailList", "staff"),
        ("RoleDetailList", "deploy"),
        ("Policies", "Audit"),
    ]


def test_a_file_of_broken_entries_alone_still_opens(write: Write, pages: Any) -> None:
    user = pages.user()
    del user["Arn"]
    snapshot = load_snapshot(write(pages.empty(UserDetailList=[user])))
    assert only_account(snapshot).account_id == "unknown"
    assert [broken.name for broken in only_account(snapshot).broken] == ["alice"]
    assert ("$", "the account of this file is unknown") in told(snapshot)


def test_a_broken_entry_with_ever_so_many_troubles_tells_some_and_counts_the_rest(write: Write, pages: Any) -> None:
    page = pages.page(UserDetailList=[pages.user(Tags=[{}] * 500)])
    (broken,) = only_account(load_snapshot(write(page))).broken
    assert len(broken.problems) == 21
    assert broken.problems[-1].message == "980 more like these"


@pytest.mark.parametrize(
    ("value", "found"), [(None, "null"), ({"a": [1]}, "an object"), ("x", "text"), (12, "a number"), (True, "true")]
)
def test_a_list_that_is_none_is_told_and_the_other_lists_open(write: Write, pages: Any, value: Any, found: str) -> None:
    snapshot = load_snapshot(write(pages.page(RoleDetailList=value)))
    assert told(snapshot) == [("$.RoleDetailList", f"expected a list, found {found}")]
    assert len(only_account(snapshot).users) == len(only_account(snapshot).policies) == 1


def test_incomplete_details_open_as_they_are(write: Write, pages: Any) -> None:
    """A boundary without its policy, unknown managed policies, fields that older tools leave out."""
    bare = {"Arn": pages.arn("user", "bare"), "UserName": "bare"}
    boundary = {"PermissionsBoundaryArn": pages.arn("policy", "gone")}
    attached = [{"PolicyName": "Gone", "PolicyArn": "arn:aws:iam::aws:policy/Gone"}]
    users = [bare, pages.user(PermissionsBoundary=boundary, AttachedManagedPolicies=attached)]
    snapshot = load_snapshot(write({"UserDetailList": users}))
    account = only_account(snapshot)
    assert snapshot.problems == ()
    assert account.users[0].permissions_boundary is None
    assert account.users[1].permissions_boundary is not None
    assert account.users[1].permissions_boundary.permissions_boundary_arn == pages.arn("policy", "gone")
    assert account.policies == ()


def test_a_document_of_any_kind_breaks_nothing(write: Write, pages: Any) -> None:
    documents = ["", "no policy", None, 12, [], {}, quote('{"Version": "2012-10-17"}')]
    inline = [{"PolicyName": f"p{number}", "PolicyDocument": document} for number, document in enumerate(documents)]
    account = only_account(load_snapshot(write(pages.page(UserDetailList=[pages.user(UserPolicyList=inline)]))))
    held = [policy.policy_document for policy in account.users[0].user_policy_list]
    assert held == [*documents[:-1], {"Version": "2012-10-17"}]
    assert account.broken == ()


DOCUMENT_TWICE = '{"Statement": [], "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'


def test_a_document_with_a_key_that_stands_twice_is_kept_as_text_and_told(write: Write, pages: Any) -> None:
    page = pages.page()
    page["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"] = "HERE"
    text = json.dumps(page).replace('"HERE"', DOCUMENT_TWICE)
    snapshot = load_snapshot(write(text))
    document = only_account(snapshot).roles[0].role_policy_list[0].policy_document
    assert isinstance(document, str)
    assert document.count('"Statement"') == 2
    why = "the document was kept as text: the key `Statement` occurs twice in one object"
    assert told(snapshot) == [("$.RoleDetailList[0].RolePolicyList[0].PolicyDocument", why)]


def test_an_entry_with_a_key_that_stands_twice_is_broken(write: Write, pages: Any) -> None:
    text = (
        '{"UserDetailList": [{"UserName": "a", "Arn": "arn:aws:iam::111122223333:user/a", "Path": "/", "Path": "/b/"}]}'
    )
    snapshot = load_snapshot(write(text))
    (broken,) = only_account(snapshot).broken
    assert (broken.name, broken.arn) == ("a", "arn:aws:iam::111122223333:user/a")
    assert broken.problems[0].message == ("the entry is ambiguous: the key `Path` occurs twice in one object")


def test_a_list_that_stands_twice_is_read_twice_and_told(write: Write) -> None:
    user = '{"UserName": "%s", "Arn": "arn:aws:iam::111122223333:user/%s"}'
    text = f'{{"UserDetailList": [{user % ("a", "a")}], "UserDetailList": [{user % ("b", "b")}]}}'
    snapshot = load_snapshot(write(text))
    assert [entry.user_name for entry in only_account(snapshot).users] == ["a", "b"]
    assert told(snapshot) == [("$.UserDetailList", "the key occurs twice; both lists were read")]


@pytest.mark.parametrize(
    ("more", "truncated"),
    [
        ({"IsTruncated": True, "Marker": "abc"}, True),
        ({"IsTruncated": True}, True),
        ({"Marker": "abc"}, True),
        ({"NextToken": "abc"}, True),
        ({"IsTruncated": False, "Marker": "abc"}, False),
        ({"IsTruncated": False}, False),
        ({"Marker": None}, False),
    ],
)
def test_a_last_page_that_says_more_follows_is_told(
    write: Write, pages: Any, more: dict[str, Any], truncated: bool
) -> None:
    snapshot = load_snapshot(write(pages.page(**more)))
    assert only_account(snapshot).is_truncated is truncated
    assert [path for path, _ in told(snapshot)] == ([f"$.{next(iter(more))}"] if truncated else [])


def test_is_truncated_of_the_wrong_shape_is_told_and_believed(write: Write, pages: Any) -> None:
    snapshot = load_snapshot(write(pages.page(IsTruncated="true")))
    assert only_account(snapshot).is_truncated
    assert told(snapshot)[0] == ("$.IsTruncated", "expected true or false, found `true`")


@pytest.mark.parametrize(
    ("name", "key", "make", "field"),
    [
        ("UserDetailList", "UserName", "user", "user_name"),
        ("GroupDetailList", "GroupName", "group", "group_name"),
        ("RoleDetailList", "RoleName", "role", "role_name"),
        ("Policies", "PolicyName", "policy", "policy_name"),
    ],
)
def test_a_name_that_is_left_out_is_the_end_of_the_arn(
    write: Write, pages: Any, name: str, key: str, make: str, field: str
) -> None:
    entry = getattr(pages, make)()
    said = entry.pop(key)
    account = only_account(load_snapshot(write(pages.page(**{name: [entry]}))))
    assert not account.broken
    held = {"user": account.users, "group": account.groups, "role": account.roles, "policy": account.policies}
    (read,) = held[make]
    assert getattr(read, field) == said


def test_an_attachment_without_a_name_is_read(write: Write, pages: Any) -> None:
    attached = [{"PolicyArn": "arn:aws:iam::111122223333:policy/team/Orders"}]
    snapshot = load_snapshot(write(pages.page(UserDetailList=[pages.user(AttachedManagedPolicies=attached)])))
    (user,) = only_account(snapshot).users
    assert user.attached_managed_policies[0].policy_name == "Orders"
    assert not snapshot.problems


def test_a_name_that_no_arn_tells_still_breaks_the_entry_alone(write: Write, pages: Any) -> None:
    nameless = pages.policy(Arn="arn:aws:iam::111122223333:policy/")
    del nameless["PolicyName"]
    snapshot = load_snapshot(write(pages.page(Policies=[nameless])))
    (broken,) = only_account(snapshot).broken
    assert broken.problems[0].message == "expected this key, which is missing"
