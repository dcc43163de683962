"""What is not asked, or not put into words, because nobody needs it: and that the answers are the same without it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdesk.access.evaluator import Evaluator
from iamdesk.access.principal_index import indexes_of
from iamdesk.attack_paths import graph
from iamdesk.attack_paths.administrators import is_administrator
from iamdesk.attack_paths.any_resource import _actions_of_paths
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import TargetType, catalog
from iamdesk.attack_paths.edge_sources import _Finding
from iamdesk.attack_paths.evaluation_session import EvaluationSession
from iamdesk.attack_paths.graph import _inverted, closed
from iamdesk.attack_paths.types import State
from iamdesk.aws.action_sets import service_actions
from iamdesk.evaluate.engine import EvaluationRequest, EvaluationTrace, evaluate
from iamdesk.evaluate.request import EvalDecision
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import allow, document, trusting
from .cases import World, arn

SAMPLES = (sample_snapshot(), resources() / "samples" / "acme-organization")


@pytest.fixture(scope="module")
def made() -> AttackPathGraph:
    return AttackPathGraph(Evaluator(load_snapshot(sample_snapshot())))


def test_a_way_is_told_without_an_answer_in_full_words(made: AttackPathGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an answer was explained")

    monkeypatch.setattr("iamdesk.access.evaluator.explain", refuse)
    monkeypatch.setattr("iamdesk.attack_paths.evidence.explain", refuse)
    attack_paths = [
        attack_path for reached in made.exposures() if (attack_path := made.attack_path(reached.principal)) is not None
    ]
    steps = [step for attack_path in attack_paths for step in attack_path.steps]
    assert any(step.state is State.POSSIBLE and step.needs for step in steps)
    monkeypatch.undo()
    assert all(proof.decision.statements for step in steps for proof in step.proof)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_of_some_actions_the_reach_is_that_of_all(path: Path) -> None:
    evaluator = Evaluator(load_snapshot(path))
    asked = {
        one.action.partition(":")[0] for of in catalog().paths for one in of.actions if one.on is TargetType.ANYTHING
    }
    compared = 0
    for position in range(evaluator.population().index.principals):
        for service in sorted(asked):
            some = _actions_of_paths(service)
            part, whole = evaluator.reach_of(position, service, some), evaluator.reach_of(position, service)
            for bit in indexes_of(some):
                assert part.reach_of(bit) is whole.reach_of(bit), service_actions(service).actions[bit]
                compared += 1
    assert compared > 500


def test_nobody_is_asked_about_entities_of_which_no_allow_of_theirs_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    for number in range(5):
        own = document(allow("iam:PutRolePolicy", arn(f"role/r{number}")), allow("s3:*"))
        world.user(f"u{number}", {"own": own})
        world.role(f"r{number}", {}, trusting({"Service": "ec2.amazonaws.com"}))
    world.user("all", {"own": document(allow("iam:*"), allow("iam:*", arn("role/r0")))})
    asked: list[tuple[int, int]] = []
    ask = _Finding._ask

    def counted(self: _Finding, members: int, place: int) -> Iterator[tuple[int, int]]:
        asked.extend((position, place) for position in indexes_of(members))
        return ask(self, members, place)

    monkeypatch.setattr(_Finding, "_ask", counted)
    steps = AttackPathGraph(Evaluator(world.snapshot(tmp_path)), is_whole=False).steps
    found = steps.sources(catalog().path("iam-017"), "iam:PutRolePolicy", steps.targets.roles)
    names, arns = steps.population.index.subjects, steps.targets.arns
    told = sorted((names[position], arns[place]) for position, place in asked)
    own_roles = [(arn(f"user/u{number}"), arn(f"role/r{number}")) for number in range(5)]
    assert told == sorted([*own_roles, *((arn("user/all"), arn(f"role/r{number}")) for number in (0, 1))])
    for number in range(5):
        who = found.of(steps.targets.places[arn(f"role/r{number}")])
        assert {names[position] for position in indexes_of(who.proven)} == {
            arn(f"user/u{number}"),
            arn("user/all"),
        }


def test_requests_that_depend_on_the_same_statements_are_evaluated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    for number in range(20):
        denies = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": arn(f"role/r{number}")}
        conditional = allow("sts:AssumeRole", Condition={"StringEquals": {"sts:ExternalId": "secret"}})
        own = document(allow("iam:PutUserPolicy", arn(f"user/u{number}")), denies, conditional)
        world.user(f"u{number}", {"own": own})
        world.role(f"r{number}", {}, trusting({"AWS": arn("root")}, Sid=f"Trust{number}"))
    evaluated: list[str] = []

    def counted(question: EvaluationRequest) -> EvaluationTrace:
        evaluated.append(question.target.action_text)
        return evaluate(question)

    def decided(question: EvaluationRequest) -> EvalDecision:
        return counted(question).decision

    monkeypatch.setattr("iamdesk.attack_paths.what_if_admin.decide_request", decided)
    monkeypatch.setattr("iamdesk.access.evaluator.evaluate", counted)
    made = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    promoted = {edge.target for edges in made.graph.promotions.values() for edge in edges}
    assert len(promoted) == 20
    assert evaluated.count("iam:PassRole") >= 20
    assert 0 < evaluated.count("iam:PutRolePolicy") <= 2
    assert 0 < evaluated.count("sts:AssumeRole") <= 2


def test_whom_a_guardrail_excepts_is_no_example_for_others(tmp_path: Path) -> None:
    world = World()
    excepted = {"ArnNotEquals": {"aws:PrincipalArn": arn("user/excepted")}}
    denied = ["iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:*LoginProfile"]  # nor does it become the other one
    world.denied_by_scp.append({"Effect": "Deny", "Action": denied, "Resource": "*", "Condition": excepted})
    for name in ("bound", "excepted"):
        world.user(name, {"own": document(allow("iam:PutUserPolicy", arn(f"user/{name}")))})
    made = AttackPathGraph(Evaluator(world.snapshot(tmp_path)))
    assert made.reached(arn("user/bound")).to_administration is None
    assert made.reached(arn("user/excepted")).to_administration == 1


def test_an_administrator_whom_a_guardrail_excepts_is_one(tmp_path: Path) -> None:
    world = World()
    excepted = {"ArnNotEquals": {"aws:PrincipalArn": arn("user/excepted")}}
    world.denied_by_scp.append({"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*", "Condition": excepted})
    names = ("bound", "excepted", "bound-2")
    for name in names:
        world.user(name, {"own": document(allow("*"))})
    snapshot = world.snapshot(tmp_path)
    inquiry = EvaluationSession(Evaluator(snapshot))
    users = {user.user_name: user for user in snapshot.accounts[0].users}
    found = {
        name: is_administrator(inquiry, snapshot.accounts[0], users[name]) for name in ("bound", "excepted", "bound-2")
    }
    assert found == {"bound": False, "excepted": True, "bound-2": False}


@given(st.dictionaries(st.integers(0, 12), st.sets(st.integers(0, 12), min_size=1), max_size=13))
def test_whom_one_becomes_in_any_number_of_steps(becomes: Mapping[int, set[int]]) -> None:
    found = closed({one: sum(1 << other for other in others) for one, others in becomes.items()}, lambda: None)
    for one, others in becomes.items():
        reached = set(others)
        while more := {then for other in reached for then in becomes.get(other, ())} - reached:
            reached |= more
        assert set(indexes_of(found[one])) == reached - {one}


@given(st.lists(st.integers(1, 2**12 - 1), unique=True, max_size=12), st.integers(0, 4), st.integers(0, 3))
def test_whom_each_becomes_is_what_the_sets_say(sets: list[int], differing: int, common: int) -> None:
    becoming = {who: 0b11 << 2 * number for number, who in enumerate(sets)}
    with patch.multiple(graph, _MAX_DIFFERING=differing, _MOST_COMMON=common):
        told = _inverted(becoming)
    for position in range(12):
        reached = sum(whom for who, whom in becoming.items() if who >> position & 1)
        assert told.get(position, 0) == reached
    assert 0 not in told.values()


def test_the_last_steps_of_one_are_those_that_name_it(made: AttackPathGraph) -> None:
    told = 0
    for maybe in (False, True):
        for position in made.steps.places:
            of_one = list(made.graph.last_steps_of(position, maybe=maybe))
            steps = made.graph.last_steps(maybe=maybe)
            assert of_one == [edge for members, edges in steps if members >> position & 1 for edge in edges]
            told += len(of_one)
    assert told > 20
