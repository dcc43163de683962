"""Times the tree, its search and completion on an account of 80,000 rows. Not part of the test run:

    python -m pytest -p no:cacheprovider -o python_files=bench_*.py tests/benchmarks/bench_outline.py

Budgets are asserted: a heartbeat to lay out the tree, nothing that is felt at a keystroke.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from iamdesk.snapshot.model import Account, GroupDetail, ManagedPolicyDetail, RoleDetail, Snapshot, UserDetail
from iamdesk.viewmodel.completion import Completions
from iamdesk.viewmodel.search import OutlineSearch
from iamdesk.viewmodel.subjects import SubjectIndex
from iamdesk.viewmodel.tree_builder import Outline, build_outline

ID = "111122223333"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def carried(number: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    inline = [{"PolicyName": f"inline-{number}-{each}", "PolicyDocument": DOCUMENT} for each in range(3)]
    names = [f"policy-{(number * 7 + each) % 500}" for each in range(3)]
    return inline, [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::{ID}:policy/{name}"} for name in names]


def user(number: int) -> UserDetail:
    inline, attached = carried(number)
    return UserDetail.model_validate(
        {
            "Arn": f"arn:aws:iam::{ID}:user/eng/user-{number}",
            "UserName": f"user-{number}",
            "Path": "/eng/",
            "GroupList": [f"group-{number % 100}"],
            "UserPolicyList": inline,
            "AttachedManagedPolicies": attached,
        }
    )


def role(number: int) -> RoleDetail:
    inline, attached = carried(number)
    return RoleDetail.model_validate(
        {
            "Arn": f"arn:aws:iam::{ID}:role/role-{number}",
            "RoleName": f"role-{number}",
            "AssumeRolePolicyDocument": TRUST,
            "RolePolicyList": inline,
            "AttachedManagedPolicies": attached,
            "RoleLastUsed": {"LastUsedDate": "2026-01-01T00:00:00Z"},
        }
    )


def managed_policy(number: int) -> ManagedPolicyDetail:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": DOCUMENT}
    arn = f"arn:aws:iam::{ID}:policy/policy-{number}"
    return ManagedPolicyDetail.model_validate(
        {"Arn": arn, "PolicyName": f"policy-{number}", "DefaultVersionId": "v1", "PolicyVersionList": [version]}
    )


def make_snapshot(users: int, roles: int) -> Snapshot:
    groups = [{"Arn": f"arn:aws:iam::{ID}:group/group-{n}", "GroupName": f"group-{n}"} for n in range(100)]
    account = Account(
        account_id=ID,
        users=tuple(map(user, range(users))),
        groups=tuple(map(GroupDetail.model_validate, groups)),
        roles=tuple(map(role, range(roles))),
        policies=tuple(map(managed_policy, range(500))),
    )
    latest = datetime(2026, 9, 30, tzinfo=UTC)
    return Snapshot(path=Path("large.json"), files=(), sha256="0" * 64, accounts=(account,), latest=latest)


@pytest.fixture(scope="module")
def large() -> Snapshot:
    return make_snapshot(users=4_900, roles=4_900)


@pytest.fixture(scope="module")
def outline(large: Snapshot) -> Outline:
    return build_outline(large)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Return the least processor time of some runs, in milliseconds."""
    taken = []
    for _ in range(times):
        started = process_time()
        work()
        taken.append((process_time() - started) * 1_000)
    return min(taken)


def test_six_thousand_principals_are_laid_out_in_a_heartbeat() -> None:
    snapshot = make_snapshot(users=3_000, roles=3_000)
    taken = best_of(5, lambda: build_outline(snapshot))
    print(f"\nlay out {len(build_outline(snapshot).nodes):,} rows: {taken:.1f} ms")
    assert taken < 150


@pytest.mark.parametrize(
    "text", ["", "a", "user", "user-42", "inline-7-1", "s3 role", "policy-1", "e r o l", "no such thing"]
)
def test_a_keystroke_in_the_filter(outline: Outline, text: str) -> None:
    assert len(outline.nodes) > 75_000
    search = OutlineSearch(outline)
    found = search.matches(text)
    taken = best_of(5, lambda: search.matches(text))
    print(f"\nfilter {text!r}: {taken:.1f} ms, {len(found.hits):,} hits, {len(found.rows):,} rows")
    assert taken < 25


def test_the_search_is_made_once(outline: Outline) -> None:
    taken = best_of(3, lambda: OutlineSearch(outline))
    print(f"\nmake the search: {taken:.1f} ms")
    assert taken < 250


@pytest.mark.parametrize("text", ["g", "get", "get object", "s3:", "tion", "a b c", "zzz"])
def test_a_keystroke_in_the_action(large: Snapshot, text: str) -> None:
    completions = Completions(large)
    completions.actions("")
    taken = best_of(5, lambda: completions.actions(text))
    print(f"\ncomplete action {text!r}: {taken:.1f} ms")
    assert taken < 15


@pytest.mark.parametrize("text", ["1", "user-1", "role", "arn:aws", "zzz"])
def test_a_keystroke_in_the_principal_and_resource(large: Snapshot, text: str) -> None:
    completions = Completions(large)
    completions.principals("")
    completions.resources("iam:PassRole", "")
    principals = best_of(5, lambda: completions.principals(text))
    resources = best_of(5, lambda: completions.resources("iam:PassRole", text))
    print(f"\ncomplete principal {text!r}: {principals:.1f} ms; resource: {resources:.1f} ms")
    assert principals < 30
    assert resources < 30


def test_selecting_something(large: Snapshot) -> None:
    subjects = SubjectIndex(large)
    keys = [f"arn:aws:iam::{ID}:user/eng/user-7", f"arn:aws:iam::{ID}:policy/policy-7", ID]
    for key in keys:
        taken = best_of(3, partial(subjects.subject, key))
        print(f"\nsubject {key}: {taken:.1f} ms")
        assert taken < 50
    made = best_of(3, lambda: SubjectIndex(large))
    print(f"\nmake the subject index: {made:.1f} ms")
    assert made < 250
