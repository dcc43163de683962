"""Administrators by way of another principal, which changes the one that it came from, or one that both can become."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import TargetConstraint, catalog
from iamdesk.attack_paths.parallel import KnownSteps
from iamdesk.attack_paths.types import AttackPath, GoalKind, State
from iamdesk.evaluate.request import EvalDecision
from iamdesk.work.worker_cache import object_content

from ..builders.captures import allow, document, trusting
from .cases import FULL, WEAK, World, arn

QUENTIN, RESPONDER = arn("user/quentin"), arn("role/responder")
BY_SERVICE = trusting({"Service": "backup.amazonaws.com"})
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"


def graph_of(world: World, folder: Path) -> AttackPathGraph:
    return AttackPathGraph(Evaluator(world.snapshot(folder)))


def taken(path: AttackPath | None) -> list[tuple[str, str, str]]:
    return [] if path is None else [(step.path_id, step.source, step.target) for step in path.steps]


def responding(
    folder: Path, statement: Mapping[str, Any], user: Mapping[str, Any] | None = None, **more: Any
) -> AttackPathGraph:
    """Return the graph in which the user quentin can assume a role with one statement."""
    world = World()
    world.role("responder", {"contain": document(statement)}, trusting({"AWS": QUENTIN}))
    world.user("quentin", dict(user or {}), **more)
    world.group("team", {"some": WEAK})
    world.group("admins", {"all": FULL})
    world.policy("limit", document(allow("sts:AssumeRole")))
    world.policy("kept", WEAK)
    return graph_of(world, folder)


OF_USER: list[tuple[str, dict[str, Any]]] = [
    ("X65", allow("iam:AttachUserPolicy")),
    ("X65", allow("iam:AttachUserPolicy", QUENTIN)),
    ("X65", allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": ADMINISTRATOR_ACCESS}})),
    ("X66", allow("iam:PutUserPolicy")),
    ("X67", allow("iam:CreatePolicyVersion")),
    ("X68", allow("iam:AttachGroupPolicy", arn("group/team"))),
    ("X69", allow("iam:PutGroupPolicy", arn("group/team"))),
    ("X90", allow("iam:AddUserToGroup", arn("group/admins"))),
]
NOTHING: list[dict[str, Any]] = [
    allow("iam:AttachUserPolicy", arn("user/another")),
    allow("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": arn("policy/kept")}}),
    allow("iam:DetachUserPolicy"),
    allow("iam:AttachGroupPolicy", arn("group/admins")),
    allow("iam:AddUserToGroup", arn("group/team")),
    allow("iam:AttachRolePolicy", arn("role/another")),
]


@pytest.mark.parametrize(("path_id", "statement"), OF_USER)
def test_a_role_changes_the_user_that_assumed_it(tmp_path: Path, path_id: str, statement: dict[str, Any]) -> None:
    reach = responding(tmp_path, statement, groups=["team"], attached=[arn("policy/kept")])
    path = reach.attack_path(QUENTIN)
    assert path is not None
    assert taken(path) == [("sts-001", QUENTIN, RESPONDER), (path_id, RESPONDER, QUENTIN)]
    assert path.state is State.PROVEN
    assert path.goal.kind is GoalKind.ADMINISTRATION
    proofs = [proof.decision for step in path.steps for proof in step.proof]
    assert [one.request.principal for one in proofs] == [QUENTIN, RESPONDER]
    assert {one.decision for one in proofs} == {EvalDecision.ALLOWED}
    assert reach.reached(QUENTIN).to_administration == 2
    assert reach.count_attack_paths(QUENTIN) == len(list(reach.attack_paths(QUENTIN))) == 1
    # The role alone has nobody to become.
    assert reach.attack_path(RESPONDER) is None


@pytest.mark.parametrize("statement", NOTHING)
def test_a_change_that_makes_no_administrator(tmp_path: Path, statement: dict[str, Any]) -> None:
    reach = responding(tmp_path, statement, groups=["team"], attached=[arn("policy/kept")])
    assert reach.attack_path(QUENTIN) is None


@pytest.mark.parametrize(
    "user",
    [
        {"boundary": arn("policy/limit")},
        {"user": {"denied": document({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})}},
        {"user": {"denied": document({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"})}},
    ],
)
def test_a_user_that_is_held(tmp_path: Path, user: dict[str, Any]) -> None:
    assert responding(tmp_path, allow("iam:AttachUserPolicy"), **user).attack_path(QUENTIN) is None


def test_a_boundary_that_the_role_removes_first(tmp_path: Path) -> None:
    both = allow(["iam:AttachUserPolicy", "iam:DeleteUserPermissionsBoundary"])
    path = responding(tmp_path, both, boundary=arn("policy/limit")).attack_path(QUENTIN)
    assert taken(path)[-1] == ("X65+iam-022", RESPONDER, QUENTIN)


def test_through_several_roles_and_from_further_away(tmp_path: Path) -> None:
    world = World()
    for name, before in (("first", QUENTIN), ("responder", arn("role/first"))):
        world.role(
            name,
            {"own": document(allow("iam:PutUserPolicy"))} if name == "responder" else {},
            trusting({"AWS": before}),
        )
    world.user("quentin", {})
    world.user("helpdesk", {"own": document(allow(["iam:CreateAccessKey", "iam:DeleteAccessKey"], QUENTIN))})
    reach = graph_of(world, tmp_path)
    onward = [
        ("sts-001", QUENTIN, arn("role/first")),
        ("sts-001", arn("role/first"), RESPONDER),
        ("X66", RESPONDER, QUENTIN),
    ]
    assert taken(reach.attack_path(QUENTIN)) == onward
    helpdesk = reach.attack_path(arn("user/helpdesk"))
    assert taken(helpdesk) == [("iam-002", arn("user/helpdesk"), QUENTIN), *onward]
    # The role that is passed through cannot become the user.
    assert reach.attack_path(arn("role/first")) is None
    assert {one: distance.steps for one, distance in reach.distances().items() if distance.steps} == {
        QUENTIN: 3,
        arn("user/helpdesk"): 4,
    }


@pytest.mark.parametrize("action", ["iam:AttachRolePolicy", "iam:PutRolePolicy"])
def test_another_role_that_the_user_can_assume(tmp_path: Path, action: str) -> None:
    world = World()
    world.user("quentin", {})
    world.user("stranger", {})
    world.role("responder", {"own": document(allow(action, arn("role/tool")))}, trusting({"AWS": QUENTIN}))
    world.role("tool", {}, trusting({"AWS": [QUENTIN, arn("user/stranger")]}))
    reach = graph_of(world, tmp_path)
    path = reach.attack_path(QUENTIN)
    assert path is not None
    assert [(source, target) for _, source, target in taken(path)] == [
        (QUENTIN, arn("role/tool")),
        (QUENTIN, RESPONDER),
        (RESPONDER, arn("role/tool")),
    ]
    assert reach.attack_path(arn("user/stranger")) is None


def test_the_change_that_ends_it_is_found(tmp_path: Path) -> None:
    reach = responding(tmp_path, allow("iam:AttachUserPolicy"))
    path = reach.attack_path(QUENTIN)
    assert path is not None
    assert reach.remediation(path) is not None
    (best, *_) = reach.remediations(QUENTIN)
    assert best.remaining == ()
    assert [(edge.source, edge.is_proven, edge.techniques) for edge in reach.graph_edges() if edge.is_to_account] == [
        (QUENTIN, True, ("X65",))
    ]


def test_plain_results_give_the_same_paths(tmp_path: Path) -> None:
    world = World()
    world.role("responder", {"own": document(allow("iam:AttachUserPolicy"))}, trusting({"AWS": QUENTIN}))
    world.user("quentin", {})
    evaluator = Evaluator(world.snapshot(tmp_path))
    first = AttackPathGraph(evaluator)
    assert object_content(first.known_steps)
    assert isinstance(first.known_steps, KnownSteps)
    again = AttackPathGraph(evaluator, known_steps=first.known_steps)
    assert taken(again.attack_path(QUENTIN)) == taken(first.attack_path(QUENTIN)) != []


@pytest.mark.parametrize("seed", range(12))
def test_random_accounts_against_a_plain_search(tmp_path: Path, seed: int) -> None:
    """By a plain search: it is an administrator, or becomes some and holds a role that changes one that it holds."""
    chance = random.Random(seed)
    world = World()
    users, roles = [f"u{number}" for number in range(4)], [f"r{number}" for number in range(5)]
    assumes: dict[str, set[str]] = {}
    changes: dict[str, set[str]] = {}
    for name in roles:
        trusted = chance.sample(
            [arn(f"user/{one}") for one in users] + [arn(f"role/{one}") for one in roles if one != name], 2
        )
        for one in trusted:
            assumes.setdefault(one, set()).add(arn(f"role/{name}"))
        target = arn(chance.choice([f"user/{chance.choice(users)}", f"role/{chance.choice(roles)}"]))
        own = {}
        if chance.random() < 0.5:
            action = "iam:PutUserPolicy" if ":user/" in target else "iam:PutRolePolicy"
            own = {"own": document(allow(action, target))}
            changes.setdefault(arn(f"role/{name}"), set()).add(target)
        world.role(name, own, trusting({"AWS": trusted}))
    for name in users:
        world.user(name, {})
    expected = set()
    for start in (*(arn(f"user/{one}") for one in users), *(arn(f"role/{one}") for one in roles)):
        held, last = {start}, {start}
        while last:
            last = set().union(*(assumes.get(one, set()) for one in last)) - held
            held |= last
        if any(changes.get(one, set()) & held for one in held):
            expected.add(start)
    reach = graph_of(world, tmp_path)
    found = {one for one, distance in reach.distances().items() if distance.is_proven and distance.steps}
    assert found == expected
    for one in found:
        path = reach.attack_path(one)
        assert path is not None
        assert len(path.steps) == reach.distances()[one].steps
        assert reach.count_attack_paths(one) == len(list(reach.attack_paths(one, most=1000)))


def test_the_plainest_change_of_itself_comes_first(tmp_path: Path) -> None:
    world = World()
    world.user("another", {})
    world.user("all", {"iam": document(allow("iam:*"))}, attached=[world.policy("kept", WEAK)])
    world.role("all", {"iam": document(allow("iam:*"))}, BY_SERVICE)
    reach = graph_of(world, tmp_path)
    for start, path_id in ((arn("user/all"), "iam-008"), (arn("role/all"), "iam-009")):
        assert taken(reach.attack_path(start)) == [(path_id, start, start)]
        assert taken(next(reach.attack_paths(start))) == [(path_id, start, start)]


def test_identity_center_comes_last(tmp_path: Path) -> None:
    world = World()
    world.role("reporting", {"all": FULL}, trusting({"Service": "lambda.amazonaws.com"}))
    world.user("engineer", {"own": document(allow(["sso:*", "lambda:*"]))})
    world.user("keeper", {"own": document(allow("sso:*"))})
    reach = graph_of(world, tmp_path)
    paths = [path for path in reach.attack_paths(arn("user/engineer")) if len(path.steps) == 1]
    found = [path.steps[0].path_id for path in paths]
    assert found[0].startswith("lambda-")
    through = [catalog().path(one).target is TargetConstraint.PERMISSION_SET for one in found]
    assert through == sorted(through)
    assert any(through)
    assert [one[0] for one in taken(reach.attack_path(arn("user/keeper")))] == ["sso-001"]
