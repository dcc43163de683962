import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from iamdesk.progress import WorkCancelled
from iamdesk.snapshot.deduplicate import share_equal_parts
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from .conftest import Pages

_ATTACHED = {"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


def read(tmp_path: Path, page: dict[str, Any]) -> Snapshot:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(page), encoding="utf-8")
    return load_snapshot(path)


@pytest.fixture
def snapshot(tmp_path: Path, pages: Pages) -> Snapshot:
    """Two hundred users who differ in their names alone, and some things that AWS may add later."""
    later = {"Key": "team", "Value": "orders", "Since": ["2030", {"a": "b"}]}
    users = [
        pages.user(f"user-{number}", AttachedManagedPolicies=[_ATTACHED], Later={"team": ["orders", "orders"]})
        for number in range(200)
    ]
    users += [
        pages.user("odd", Tags=[later, later]),
        pages.user(
            "broken",
            UserPolicyList=[
                {"PolicyName": "text", "PolicyDocument": "no JSON"},
                {"PolicyName": "none", "PolicyDocument": None},
            ],
        ),
    ]
    return read(tmp_path, {"UserDetailList": users})


def test_nothing_that_is_read_changes(snapshot: Snapshot) -> None:
    before = snapshot.model_dump(by_alias=True)
    given = [user.model_fields_set.copy() for user in snapshot.accounts[0].users]
    share_equal_parts(snapshot)
    assert snapshot.model_dump(by_alias=True) == before
    assert [user.model_fields_set for user in snapshot.accounts[0].users] == given


def test_equal_parts_are_one_object(snapshot: Snapshot) -> None:
    share_equal_parts(snapshot)
    first, second = snapshot.accounts[0].users[:2]
    assert first.tags[0] is second.tags[0]
    assert first.attached_managed_policies[0] is second.attached_managed_policies[0]
    assert first.group_list[0] is second.group_list[0]
    assert first.path is second.path
    assert first.model_fields_set is second.model_fields_set
    actions = [user.user_policy_list[0].policy_document["Statement"][0]["Action"] for user in (first, second)]
    assert actions[0] is actions[1]
    assert first.user_policy_list[0] is not second.user_policy_list[0]  # an inline policy belongs to its user


def test_half_of_the_memory_goes(tmp_path: Path, pages: Pages) -> None:
    tracemalloc.start()
    try:
        read_one = read(tmp_path, {"UserDetailList": [pages.user(f"user-{number}") for number in range(300)]})
        before = tracemalloc.get_traced_memory()[0]
        share_equal_parts(read_one)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after < before * 0.65


def test_it_ends_when_nobody_wants_it(snapshot: Snapshot) -> None:
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(WorkCancelled):
        share_equal_parts(snapshot, cancelled)
    assert len(asked) == 2
