"""What parts of an organization answer is what the whole answers, byte for byte: nothing is missing in silence."""

import gc
import json
import os
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk import Evaluator, Request, RequestError, load_snapshot
from iamdesk.access.organization_evaluator import OrganizationEvaluator
from iamdesk.access.who_can import ResourceAccess
from iamdesk.api import OrganizationSession, Workbench
from iamdesk.evaluate.request import MissingContextMode
from iamdesk.export.access.who_can import to_who_can_row
from iamdesk.export.decision.evaluation_result import to_evaluation_result
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.resource_files import resources
from iamdesk.snapshot.catalog import PER_BYTE, Catalogue
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_catalogue
from iamdesk.work.processes import Processes
from iamdesk.work.shared_tasks import shared_out

from ..sample_organization.questions import QUESTIONS as OF_THE_SAMPLE
from .worlds import CONTEXTS, NOON, QUESTIONS, A, B, snapshots

SAMPLE = resources() / "samples" / "acme-organization"
ELSEWHERE = [
    "arn:aws:iam::999999999999:role/nobody",
    "arn:aws:iam::999999999999:root",
    "lambda.amazonaws.com",
    "anonymous",
    "no principal",
]


def answer(evaluator: Evaluator | OrganizationEvaluator, request: Request) -> str:
    try:
        return json.dumps(to_evaluation_result(evaluator.explained(request)))
    except RequestError as error:
        return f"error: {error}"


def rows(evaluator: Evaluator | OrganizationEvaluator, asked: dict[str, Any]) -> str:
    try:
        return json.dumps([to_who_can_row(row.who, row.explanation) for row in evaluator.who_can(**asked)])
    except RequestError as error:
        return f"error: {error}"


def on_resource(evaluator: Evaluator | OrganizationEvaluator, asked: dict[str, Any]) -> Any:
    """Everything that everybody can do on the resource, with a row in full."""
    more = {name: value for name, value in asked.items() if name != "action"}
    try:
        found = list(evaluator.who_can(**more))
    except RequestError as error:
        return f"error: {error}"
    told = [(row.who, row.decision, row.request) for row in found]
    return told, [json.dumps(to_evaluation_result(row.explanation)) for row in found[:: len(found) // 20 or 1]]


def sessions(whole: Evaluator) -> Iterator[str]:
    """Who else may come of a snapshot's principals."""
    for account in whole.snapshot.accounts:
        for role in account.roles[:2]:
            yield f"arn:aws:sts::{account.account_id}:assumed-role/{role.role_name}/somebody"
        for user in account.users[:1]:
            yield f"arn:aws:sts::{account.account_id}:federated-user/{user.user_name}"
        yield f"arn:aws:iam::{account.account_id}:role/there-is-none"


def assert_same(catalogue: Catalogue, snapshot: Snapshot, asked: Iterable[dict[str, Any]]) -> None:
    whole = Evaluator(snapshot, now=lambda: NOON)
    for memory in (0, 1 << 30):  # all parts at hand, and one at a time
        parts = OrganizationEvaluator(catalogue, now=lambda: NOON, memory=memory)
        for one in asked:
            for principal in (*whole.principals(), *sessions(whole), *ELSEWHERE):
                request = Request(principal, **one)
                assert answer(parts, request) == answer(whole, request), request
            for _ in range(2):  # the second time it is remembered
                assert rows(parts, one) == rows(whole, one), one
        resources = {one["resource"]: one for one in asked} if memory else {}
        for one in resources.values():
            assert on_resource(parts, one) == on_resource(whole, one), one


def test_every_answer_about_the_sample_organization_is_the_whole_one() -> None:
    catalogue, snapshot = load_catalogue(SAMPLE), load_snapshot(SAMPLE)
    assert catalogue is not None
    asked = {(one.action, one.resource): one.context for one in OF_THE_SAMPLE}
    assert len(asked) >= 15
    assert_same(
        catalogue,
        snapshot,
        [{"action": action, "resource": on, "context": context} for (action, on), context in asked.items()],
    )


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    snapshots(),
    snapshots(),
    st.lists(QUESTIONS, min_size=1, max_size=3),
    CONTEXTS,
    st.sampled_from(MissingContextMode),
    st.data(),
)
def test_every_answer_about_a_drawn_organization_is_the_whole_one(
    world: Snapshot,
    other: Snapshot,
    questions: list[tuple[str, str]],
    context: dict[str, Any],
    unknown: MissingContextMode,
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for account in {one.account_id: one for one in (*other.accounts, *world.accounts)}.values():
            written = account.model_dump(by_alias=True, mode="json")
            attached = data.draw(st.lists(st.sampled_from(BORROWED), max_size=2, unique=True))
            entry = {"Arn": f"arn:aws:iam::{account.account_id}:user/borrower", "UserName": "borrower"}
            attached = [{"PolicyName": arn[-4:], "PolicyArn": arn} for arn in attached]
            bound = data.draw(st.sampled_from([None, *BORROWED]))
            bound = bound and {"PermissionsBoundaryArn": bound}
            written["users"].append(entry | {"AttachedManagedPolicies": attached, "PermissionsBoundary": bound})
            names = {"users": "UserDetailList", "groups": "GroupDetailList", "roles": "RoleDetailList"}
            page = {key: written[name] for name, key in names.items()}
            page["Policies"] = [*written["policies"], *data.draw(st.sampled_from(LENT))]
            Path(folder, f"{account.account_id}.json").write_text(json.dumps(page), encoding="utf-8")
        catalogue, read = load_catalogue(folder), load_snapshot(folder)
        assert catalogue is not None
        more = {name: getattr(world, name) for name in ("organization", "resources", "vpc_endpoints")}
        more |= {"account_settings": world.account_settings, "resource_shares": world.resource_shares}
        frame = replace(catalogue.frame, snapshot=catalogue.frame.snapshot.model_copy(update=more))
        catalogue = replace(catalogue, frame=frame)
        asked = [
            {"action": action, "resource": resource, "context": context, "unknown_context": unknown}
            for action, resource in questions
        ]
        assert_same(catalogue, read.model_copy(update=more), asked)


def _policy(arn: str, action: str) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document}]
    return {"PolicyName": arn[-4:], "Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": versions}


OF_AWS = "arn:aws:iam::aws:policy/Lent"
BORROWED = [OF_AWS, f"arn:aws:iam::{A}:policy/p1", f"arn:aws:iam::{B}:policy/p2", f"arn:aws:iam::{B}:policy/lost"]
"""Policies that an account can name and not hold."""
LENT: list[list[dict[str, Any]]] = [[], [_policy(OF_AWS, "s3:*")], [_policy(OF_AWS, "kms:*")], [{"Arn": OF_AWS}]]
"""A policy of AWS as some account's file has it; the last is broken."""


def organization(folder: Path) -> Path:
    """Three accounts: the first names policies that others hold, and a role of the last lets the first in."""
    attached = [{"PolicyName": "Lent", "PolicyArn": OF_AWS}]
    attached.append({"PolicyName": "Unreadable", "PolicyArn": "arn:aws:iam::aws:policy/Unreadable"})
    attached.append({"PolicyName": "theirs", "PolicyArn": f"arn:aws:iam::{B}:policy/theirs"})
    ann = {"UserName": "ann", "Arn": f"arn:aws:iam::{A}:user/ann", "AttachedManagedPolicies": attached}
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{A}:root"}, "Action": "sts:AssumeRole"}
    role = {"RoleName": "in", "Arn": f"arn:aws:iam::{LAST}:role/in", "AssumeRolePolicyDocument": {"Statement": trust}}
    empty: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    unreadable = {"PolicyName": "Unreadable", "Arn": "arn:aws:iam::aws:policy/Unreadable", "Path": 7}
    pages = {
        A: empty | {"UserDetailList": [ann]},
        B: empty | {"Policies": [_policy(f"arn:aws:iam::{B}:policy/theirs", "sqs:*"), _policy(OF_AWS, "sts:*")]},
        LAST: empty | {"RoleDetailList": [role], "Policies": [_policy(OF_AWS, "kms:*"), unreadable]},
    }
    for account, page in pages.items():
        Path(folder, f"{account}.json").write_text(json.dumps(page), encoding="utf-8")
    return folder


LAST = "333333333333"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    found = load_catalogue(organization(tmp_path))
    assert found is not None
    return found


def test_what_other_accounts_hold_is_read_when_it_matters(catalogue: Catalogue) -> None:
    ann = f"arn:aws:iam::{A}:user/ann"
    parts = OrganizationEvaluator(catalogue)
    (missing,) = parts.part_of(A).index.carried(ann).missing
    assert missing.is_unreadable, "another account's file has the entry"
    asked = [
        {"action": "sts:AssumeRole", "resource": f"arn:aws:iam::{LAST}:role/in"},
        {"action": "sqs:ListQueues", "resource": "*"},
        {"action": "kms:ListAliases", "resource": "*"},
    ]
    decisions = [parts.can(Request(ann, **one)).decision.value for one in asked]
    assert decisions == ["allowed", "allowed", "implicitDeny"]
    assert_same(catalogue, load_snapshot(catalogue.path), asked)


def test_a_question_reads_the_accounts_that_it_is_about(catalogue: Catalogue) -> None:
    directory = catalogue.frame.directory
    read: list[str] = []
    original = directory.accounts
    directory.accounts = lambda one, *more: (read.append(one), original(one, *more))[1]  # type: ignore[method-assign]
    role = f"arn:aws:iam::{LAST}:role/in"
    OrganizationEvaluator(catalogue).can(Request(f"arn:aws:iam::{LAST}:role/in", "s3:GetObject", "arn:aws:s3:::b/k"))
    assert read == [LAST]
    read.clear()
    OrganizationEvaluator(catalogue).can(Request("arn:aws:iam::999999999999:user/x", "sts:AssumeRole", role))
    assert read == [LAST]


def test_a_sweep_reads_only_accounts_that_the_resource_lets_in(catalogue: Catalogue) -> None:
    """A queue whose policy is not captured lets nobody in from other accounts; a bucket's account is not known."""
    whole = Evaluator(load_snapshot(catalogue.path))
    role, queue = f"arn:aws:iam::{LAST}:role/in", f"arn:aws:sqs:eu-west-1:{A}:orders"
    for action, resource, expected in (
        ("sts:AssumeRole", role, {A, LAST}),
        ("iam:GetRole", role, {LAST}),
        (None, role, {A, LAST}),
        ("sqs:SendMessage", queue, {A}),
        (None, queue, {A}),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", {A, B, LAST}),
        ("sqs:ListQueues", "*", {A, B, LAST}),
    ):
        parts = OrganizationEvaluator(catalogue)
        found = list(parts.who_can(action=action, resource=resource))
        assert {*parts._parts} == {"", *expected}, action
        rows = list(whole.who_can(action=action, resource=resource))
        assert [(row.who, row.decision) for row in found] == [(row.who, row.decision) for row in rows]


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"Service": "ec2.amazonaws.com"}, {LAST}),
        ({"Federated": "arn:aws:iam::111111111111:saml-provider/idp"}, {LAST}),
        ({"AWS": A}, {A, LAST}),
        ({"AWS": [f"arn:aws:iam::{A}:user/ann", f"arn:aws:sts::{B}:assumed-role/r/s"]}, {A, B, LAST}),
        ({"AWS": "arn:aws:iam::999999999999:root"}, {LAST}),
        ({"AWS": "*"}, {A, B, LAST}),
        ("*", {A, B, LAST}),
        ({"AWS": [A, "AIDAIOSFODNN7EXAMPLE"]}, {A, B, LAST}),
        ({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}, {A, B, LAST}),
        ({"AWS": "arn:aws:iam::*:root"}, {A, B, LAST}),
    ],
)
def test_who_may_be_let_in_is_certain_or_all_are_read(tmp_path: Path, principal: Any, expected: set[str]) -> None:
    organization(tmp_path)
    page = json.loads((tmp_path / f"{LAST}.json").read_text(encoding="utf-8"))
    (role,) = page["RoleDetailList"]
    role["AssumeRolePolicyDocument"]["Statement"] = [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": "*", "Action": "sts:TagSession"},
    ]
    (tmp_path / f"{LAST}.json").write_text(json.dumps(page), encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert catalogue is not None
    parts = OrganizationEvaluator(catalogue)
    asked = {"action": "sts:AssumeRole", "resource": f"arn:aws:iam::{LAST}:role/in"}
    assert rows(parts, asked) == rows(Evaluator(load_snapshot(tmp_path)), asked)
    assert {*parts._parts} == {"", *expected}


def test_a_user_in_the_file_of_another_account_is_read_with_its_own(tmp_path: Path) -> None:
    organization(tmp_path)
    inline = {"PolicyName": "own", "PolicyDocument": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}
    page = json.loads((tmp_path / f"{B}.json").read_text(encoding="utf-8"))
    entry = {"UserName": "ben", "Arn": f"arn:aws:iam::{LAST}:user/ben", "UserPolicyList": [inline]}
    page["UserDetailList"] = [entry, {"UserName": "own", "Arn": f"arn:aws:iam::{B}:user/own"}]
    (tmp_path / f"{B}.json").write_text(json.dumps(page), encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert catalogue is not None
    parts = OrganizationEvaluator(catalogue)
    asked = {"action": "sqs:SendMessage", "resource": f"arn:aws:sqs:eu-west-1:{LAST}:orders"}
    assert rows(parts, asked) == rows(Evaluator(load_snapshot(tmp_path)), asked)
    assert entry["Arn"] in {row.principal for row in parts.who_can(**asked)}
    assert {*parts._parts} == {"", LAST}


def test_parts_that_were_asked_longest_ago_are_dropped(catalogue: Catalogue) -> None:
    parts = OrganizationEvaluator(catalogue, memory=0)
    first = parts.part_of(A)
    assert parts.part_of(A) is first
    parts.part_of(B)
    assert parts.part_of(A) is not first
    roomy = OrganizationEvaluator(catalogue)
    assert [roomy.part_of(one) for one in (A, B, A)][::2] == [roomy.part_of(A)] * 2


def test_a_sweep_finds_again_what_had_room(tmp_path: Path) -> None:
    """In the same order again: if the accounts asked longest ago were dropped, each would be read anew."""
    ids = [f"{100000000000 + number}" for number in range(6)]
    for account in ids:
        user = {"UserName": "ann", "Arn": f"arn:aws:iam::{account}:user/ann"}
        page = {"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
        (tmp_path / f"{account}.json").write_text(json.dumps(page), encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert catalogue is not None
    directory = catalogue.frame.directory
    room = 4 * directory.size_of(ids[0])
    parts = OrganizationEvaluator(catalogue, memory=PER_BYTE * room)
    read: list[str] = []
    original = directory.accounts
    directory.accounts = lambda one, *more: (read.append(one), original(one, *more))[1]  # type: ignore[method-assign]
    for resource, expected in (("arn:aws:s3:::one/k", ids), ("arn:aws:s3:::other/k", ids[3:5])):
        read.clear()
        list(parts.who_can(action="s3:GetObject", resource=resource))
        assert read == expected
        assert parts._held() <= room


def test_an_account_that_many_parts_read_counts_once(tmp_path: Path) -> None:
    """Else a question about one role would drop parts, and the next sweep would read them again."""
    ids = [f"{100000000000 + number}" for number in range(6)]
    for account in ids:
        trust = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
        role = {"RoleName": "in", "Arn": f"arn:aws:iam::{account}:role/in", "AssumeRolePolicyDocument": trust}
        page: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [role], "Policies": []}
        (tmp_path / f"{account}.json").write_text(json.dumps(page), encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert catalogue is not None
    room = (len(ids) + 1) * catalogue.frame.directory.size_of(ids[0])
    parts = OrganizationEvaluator(catalogue, memory=PER_BYTE * room)
    parts.access_to_resource(f"arn:aws:iam::{ids[-1]}:role/in")
    assert all(len(parts.part_of(one).index.accounts_read) == 2 for one in ids[:-1])
    assert {*ids} < {*parts._parts}


def test_a_part_that_is_dropped_is_gone(catalogue: Catalogue) -> None:
    """Without the garbage collector, which is told to spare what reading and sweeping make."""
    parts = OrganizationEvaluator(catalogue, memory=0)
    asked = {"action": "sts:AssumeRole", "resource": f"arn:aws:iam::{LAST}:role/in"}
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        list(parts.who_can(**asked))
        one = parts.part_of(A)
        one.can(Request(f"arn:aws:iam::{A}:user/ann", **asked))
        of_index, of_part = weakref.ref(one.index), weakref.ref(one.snapshot)
        del one
        parts.part_of(B)
        assert (of_index(), of_part()) == (None, None)
    finally:
        if was_enabled:
            gc.enable()


def test_rows_hold_no_part_in_memory(catalogue: Catalogue) -> None:
    parts = OrganizationEvaluator(catalogue, memory=0)
    found = list(parts.who_can(action="sts:AssumeRole", resource=f"arn:aws:iam::{LAST}:role/in"))
    assert len(parts._parts) == 1
    assert [row.principal for row in found] == [f"arn:aws:iam::{A}:user/ann"]
    assert all(row.explanation.decision == row.decision for row in found)


def test_a_sweep_tells_its_progress_and_can_be_cancelled(catalogue: Catalogue) -> None:
    told: list[tuple[int, int]] = []
    parts = OrganizationEvaluator(catalogue)
    list(parts.who_can(action="s3:GetObject", progress=lambda done, total: told.append((done, total))))
    assert told == [(0, 5), (2, 5), (3, 5), (5, 5)]
    with pytest.raises(WorkCancelled):
        list(OrganizationEvaluator(catalogue).who_can(action="s3:GetObject", cancelled=lambda: True))


def test_workers_find_the_same(tmp_path: Path) -> None:
    """A real worker process reads and sweeps beside this one."""
    organization(tmp_path)
    asked = {"action": "kms:Decrypt", "resource": f"arn:aws:kms:eu-west-1:{B}:key/k"}
    with Processes(1) as executor:
        found = Workbench().open_to_evaluate(tmp_path, executor=lambda: executor)
        assert not isinstance(found, OrganizationSession), "too small to be worth it"
        pids = set()

        def share(function: Any, tasks: Any) -> Iterator[Any]:
            pids.update(shared_out(process_id, range(40), executor))
            return shared_out(function, tasks, executor)

        catalogue = load_catalogue(tmp_path, share=share)
        assert catalogue is not None
        assert len(pids) == 2, "both work"
        alone = load_catalogue(tmp_path)
        assert alone is not None
        assert (catalogue.frame.snapshot, catalogue.entries) == (alone.frame.snapshot, alone.entries)
        parts = OrganizationEvaluator(catalogue, executor=lambda: executor)
        told: list[tuple[int, int]] = []
        rows = [
            (row.principal, row.decision, row.explanation.sentence)
            for row in parts.who_can(**asked, progress=lambda done, total: told.append((done, total)))
        ]
        whole = Evaluator(load_snapshot(tmp_path))
        assert rows == [(row.principal, row.decision, row.explanation.sentence) for row in whole.who_can(**asked)]
        assert told[-1] == (5, 5)
        with pytest.raises(WorkCancelled):
            list(parts.who_can(**asked, cancelled=lambda: True))
        for resource in (asked["resource"], f"arn:aws:iam::{LAST}:role/in", "arn:aws:s3:::bucket/key"):
            told.clear()
            found_on = parts.access_to_resource(resource, progress=lambda done, total: told.append((done, total)))
            assert actions_on(found_on) == actions_on(whole.access_to_resource(resource))
            assert told == [(0, 5), (2, 5), (3, 5), (5, 5)]
            assert all(row.explanation.decision is row.decision for one in found_on for row in one.rows())
        with pytest.raises(WorkCancelled):
            parts.access_to_resource(resource, cancelled=lambda: True)
        with pytest.raises(RequestError):
            parts.access_to_resource("arn:aws:nothing:::fits")


def test_the_same_question_again_is_remembered_unless_a_policy_asks_for_the_time(tmp_path: Path) -> None:
    organization(tmp_path)
    until = {"DateLessThan": {"aws:CurrentTime": "2026-09-30T13:00:00Z"}}
    page = json.loads((tmp_path / f"{LAST}.json").read_text(encoding="utf-8"))
    for name, condition in (("always", {}), ("today", until)):
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": condition}
        inline = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}]
        entry = {"UserName": name, "Arn": f"arn:aws:iam::{LAST}:user/{name}", "UserPolicyList": inline}
        page["UserDetailList"].append(entry)
    (tmp_path / f"{LAST}.json").write_text(json.dumps(page), encoding="utf-8")
    catalogue = load_catalogue(tmp_path)
    assert catalogue is not None
    clock = [NOON]
    parts = OrganizationEvaluator(catalogue, now=lambda: clock[-1])
    whole = Evaluator(load_snapshot(tmp_path), now=lambda: clock[-1])
    asked: list[str] = []
    original = parts._rows_of
    parts._rows_of = lambda task, cancelled: (asked.append(task.account), original(task, cancelled))[1]  # type: ignore[method-assign]
    sent = {"action": "s3:GetObject", "resource": "arn:aws:s3:::orders/1"}
    for moment, expected in (
        (NOON, [A, B, LAST]),
        (NOON, [LAST]),
        (NOON + timedelta(hours=2), [LAST]),
        (NOON + timedelta(days=1), [A, B, LAST]),
    ):
        clock.append(moment)
        asked.clear()
        assert rows(parts, sent) == rows(whole, sent)
        assert asked == expected
    assert {"arn:aws:iam::333333333333:user/today"} == {
        row.principal for row in Evaluator(whole.snapshot, now=lambda: NOON).who_can(**sent)
    } - {row.principal for row in parts.who_can(**sent)}


def actions_on(found: Iterable[ResourceAccess]) -> list[tuple[Any, ...]]:
    return [(one.who, one.allowed, one.conditional) for one in found]


def process_id(task: int, cancelled: Cancelled) -> int:
    time.sleep(0.05)
    return os.getpid()


def test_a_part_does_not_pass_for_the_whole(catalogue: Catalogue) -> None:
    index = OrganizationEvaluator(catalogue).part_of(A).index
    with pytest.raises(TypeError):
        list(index.roles)
    with pytest.raises(TypeError):
        len(index.users)
    assert list(index.accounts) == [A, B, LAST]
    assert LAST in index.accounts
    assert "999999999999" not in index.accounts


def test_entity_of_another_account_is_read_only_where_it_can_be_found() -> None:
    """A role is not looked for among users: its account is read for nothing, by every account that may assume it."""
    catalogue = load_catalogue(SAMPLE, least=0)
    assert catalogue is not None
    first, *others = catalogue.entries
    index = Evaluator(catalogue.frame.part(first.account_id)).index
    held = index.accounts_read
    role = next(role.arn for one in others for role in one.roles)
    assert index.users.get(role) is None
    assert index.group_arns.get(role) is None
    assert index.roles.get(role.replace(":role/", ":user/")) is None
    assert index.accounts_read == held
    assert index.roles[role].arn == role
    assert len(index.accounts_read) == len(held) + 1
