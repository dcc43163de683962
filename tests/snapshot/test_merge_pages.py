"""Pages and files come together as accounts, however they were cut."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.progress import WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.authorization_details import read_pages
from iamdesk.snapshot.file_walk import found_file
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.merge_pages import FilePages, gather
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.snapshot.text_source import ReadSoFar, SourceText

Write = Callable[..., Path]
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


def content(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return what a snapshot knows of its accounts, without where it was read from."""
    return [account.model_dump(exclude={"broken": {"__all__": {"problems"}}}) for account in snapshot.accounts]


def cut(page: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Cut a page into so many, entry by entry in order, as AWS does."""
    entries = [(name, entry) for name in LISTS for entry in page[name]]
    size = -(-len(entries) // number)
    pages = []
    for start in range(0, len(entries), size):
        part: dict[str, Any] = {name: [] for name in LISTS}
        for name, entry in entries[start : start + size]:
            part[name].append(entry)
        pages.append({**part, "IsTruncated": start + size < len(entries), "Marker": f"m{start}"})
    return pages


@pytest.fixture
def large_page(pages: Any) -> dict[str, Any]:
    broken = pages.user("no-arn")
    del broken["Arn"]
    return {
        "UserDetailList": [pages.user(f"user-{number}") for number in range(5)] + [broken],
        "GroupDetailList": [pages.group(f"group-{number}") for number in range(3)],
        "RoleDetailList": [pages.role(f"role-{number}") for number in range(5)],
        "Policies": [pages.policy(), pages.policy("own", "111122223333"), pages.policy("More")],
    }


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_cutting_into_pages_never_changes_the_accounts(
    tmp_path: Path, large_page: dict[str, Any], data: st.DataObject
) -> None:
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps(large_page, indent=4))
    parts = cut(large_page, data.draw(st.integers(1, 10), label="pages"))
    layouts: list[dict[str, Any]] = [{"indent": 4}, {"separators": (",", ":")}, {}]
    texts = [json.dumps(part, **data.draw(st.sampled_from(layouts))) for part in parts]
    form = data.draw(st.sampled_from(["list", "one after the other", "files"]), label="form")
    source = tmp_path / f"{form}-{len(parts)}"
    if form == "files":
        source.mkdir(exist_ok=True)
        for old in source.iterdir():
            old.unlink()
        for number, text in enumerate(texts):
            (source / f"page-{number:02}.json").write_text(text)
    elif form == "list":
        source.write_text("[" + ",\n".join(texts) + "]")
    else:
        source.write_text(data.draw(st.sampled_from(["", "\n", "\n\n  "])).join(texts))
    assert content(load_snapshot(source)) == content(load_snapshot(whole))


def test_keys_may_come_in_any_order(write: Write, large_page: dict[str, Any]) -> None:
    turned = {name: large_page[name] for name in reversed(LISTS)}
    upside_down = {"IsTruncated": False, **{name: [dict(reversed(e.items())) for e in turned[name]] for name in turned}}
    turned_content = content(load_snapshot(write(upside_down, "turned.json")))
    assert turned_content[0].pop("broken")
    plain_content = content(load_snapshot(write(large_page)))
    assert plain_content[0].pop("broken")
    assert turned_content == plain_content


def test_accounts_are_told_apart_by_partition_and_id(write: Write, pages: Any) -> None:
    users = [
        pages.user("a", "999988887777"),
        pages.user("b", "111122223333", "aws-cn"),
        pages.user("c", "111122223333", "aws-us-gov"),
        pages.user("d", "111122223333"),
    ]
    snapshot = load_snapshot(write(pages.empty(UserDetailList=users)))
    assert [(account.partition, account.account_id, len(account.users)) for account in snapshot.accounts] == [
        ("aws", "111122223333", 1),
        ("aws-cn", "111122223333", 1),
        ("aws-us-gov", "111122223333", 1),
        ("aws", "999988887777", 1),
    ]
    assert snapshot.problems == ()


def test_policies_of_aws_belong_to_the_account_of_their_file(write: Write, pages: Any, tmp_path: Path) -> None:
    for account in ("111122223333", "999988887777"):
        page = pages.empty(UserDetailList=[pages.user("a", account)], Policies=[pages.policy()])
        write(page, f"{account}.json")
    snapshot = load_snapshot(tmp_path)
    assert [len(account.policies) for account in snapshot.accounts] == [1, 1]
    assert snapshot.accounts[0].policies[0] is snapshot.accounts[1].policies[0]


def test_a_page_of_aws_policies_alone_belongs_to_the_account_beside_it(
    write: Write, pages: Any, tmp_path: Path
) -> None:
    for account, folder in (("111122223333", "one"), ("999988887777", "two")):
        users = pages.empty(UserDetailList=[pages.user("a", account)], IsTruncated=True)
        write(users, f"{folder}/page-1.json")
        write(pages.empty(Policies=[pages.policy(folder)]), f"{folder}/page-2.json")
    snapshot = load_snapshot(tmp_path)
    assert [[policy.policy_name for policy in account.policies] for account in snapshot.accounts] == [["one"], ["two"]]
    assert snapshot.problems == ()


def test_a_page_of_aws_policies_before_any_account_belongs_to_the_page_behind_it(
    write: Write, pages: Any, tmp_path: Path
) -> None:
    policies = pages.empty(Policies=[pages.policy()])
    write([policies, pages.empty(UserDetailList=[pages.user("a", "999988887777")])], "1.json")
    write(pages.empty(UserDetailList=[pages.user("a", "111122223333")]), "2.json")
    snapshot = load_snapshot(tmp_path)
    assert [(account.account_id, len(account.policies)) for account in snapshot.accounts] == [
        ("111122223333", 0),
        ("999988887777", 1),
    ]


def test_gathering_ends_when_it_is_cancelled(write: Write, pages: Any) -> None:
    path = write(pages.page())
    read = ReadSoFar(no_progress, never_cancelled, 0)
    files = [FilePages("", read_pages(JsonWalk(SourceText(found_file(path, path.name), read)), path.name))]
    assert len(gather(files, read).accounts) == 1
    with pytest.raises(WorkCancelled):
        gather(files, ReadSoFar(no_progress, lambda: True, 0))


def test_a_page_that_could_be_of_several_accounts_is_of_none(write: Write, pages: Any, tmp_path: Path) -> None:
    write(pages.empty(UserDetailList=[pages.user("a", "111122223333")]), "1.json")
    write(pages.empty(UserDetailList=[pages.user("a", "999988887777")]), "2.json")
    write(pages.empty(Policies=[pages.policy()]), "3.json")
    snapshot = load_snapshot(tmp_path)
    assert [account.account_id for account in snapshot.accounts] == ["111122223333", "999988887777", "unknown"]
    assert [str(problem) for problem in snapshot.problems] == ["3.json: $: the account of this file is unknown"]


def test_an_entity_on_two_pages_stands_once(write: Write, pages: Any) -> None:
    snapshot = load_snapshot(write([pages.page(), pages.page()]))
    assert [len(getattr(snapshot.accounts[0], name)) for name in ("users", "groups", "roles", "policies")] == [1] * 4
    assert snapshot.problems == ()


def test_of_two_that_differ_the_first_is_kept_and_it_is_told(write: Write, pages: Any, tmp_path: Path) -> None:
    write([pages.page(), pages.page(UserDetailList=[pages.user(Path="/b/")])], "a.json")
    write(pages.page(UserDetailList=[pages.user("other"), pages.user(Path="/c/")]), "b.json")
    snapshot = load_snapshot(tmp_path)
    assert [user.path for user in snapshot.accounts[0].users] == ["/", "/"]
    arn = pages.arn("user", "alice")
    assert [str(problem) for problem in snapshot.problems] == [
        f"a.json: $[1].UserDetailList[0]: `{arn}` is also at $[0].UserDetailList[0] with other content; "
        "the first was kept",
        f"b.json: $.UserDetailList[1]: `{arn}` is also at a.json: $[0].UserDetailList[0] with other content; "
        "the first was kept",
    ]


def test_pages_missing_behind_the_last_one_are_told_whatever_the_order_of_files(
    write: Write, pages: Any, tmp_path: Path
) -> None:
    write(pages.empty(UserDetailList=[pages.user("a")], IsTruncated=True, Marker="m"), "page-1.json")
    assert load_snapshot(tmp_path).accounts[0].is_truncated
    write(pages.empty(UserDetailList=[pages.user("b")], IsTruncated=True, Marker="n"), "page-2.json")
    assert load_snapshot(tmp_path).accounts[0].is_truncated
    write(pages.empty(UserDetailList=[pages.user("c")], IsTruncated=False), "page-0.json")
    snapshot = load_snapshot(tmp_path)
    assert not snapshot.accounts[0].is_truncated
    assert [user.user_name for user in snapshot.accounts[0].users] == ["c", "a", "b"]


def test_a_value_between_pages_that_is_no_page_is_told(write: Write, pages: Any) -> None:
    snapshot = load_snapshot(write([pages.page(), {"Buckets": [], "Owner": {}}, 12]))
    expected = "expected an object with `UserDetailList`, `GroupDetailList`, `RoleDetailList` or `Policies`, found "
    assert [(problem.json_path, problem.message) for problem in snapshot.problems] == [
        ("$[1]", expected + "an object with the keys `Buckets`, `Owner`"),
        ("$[2]", expected + "a number"),
    ]
