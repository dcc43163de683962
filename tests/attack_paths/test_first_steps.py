"""The first steps of all principals at once are those of the paths that are listed one by one."""

from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.types import FirstSteps, State
from iamdesk.resource_files import sample_organization, sample_snapshot
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot

from ..builders.captures import ID, account, allow, document, group, role, snapshot, trusting, user


def check(captured: Snapshot) -> int:
    graph = AttackPathGraph(Evaluator(captured))
    found, distances = graph.first_steps(), graph.distances()
    assert found.keys() == distances.keys()
    for arn, steps in found.items():
        distance = distances[arn]
        if not distance.steps:
            assert steps == FirstSteps(is_administrator=True), arn
            continue
        assert bool(steps.proven) == distance.is_proven, arn
        paths = list(graph.attack_paths(arn, most=1000))
        state = State.PROVEN if distance.is_proven else State.POSSIBLE
        shortest = {one.steps[0].path_id for one in paths if one.state is state and len(one.steps) == distance.steps}
        assert shortest <= {*steps.proven, *steps.possible}, arn
        if distance.is_proven:
            assert set(steps.proven) <= {one.steps[0].path_id for one in paths}, arn
    return sum(1 for one in found.values() if not one.is_administrator)


@pytest.mark.parametrize(("path", "least"), [(sample_snapshot(), 10), (sample_organization(), 0)])
def test_of_samples(path: Path, least: int) -> None:
    assert check(load_snapshot(path)) >= least


def test_through_other_principals_and_own_groups() -> None:
    captured = snapshot(
        account(
            user("far", document(allow("sts:AssumeRole"))),
            role("near", document(allow(["iam:PassRole", "lambda:*"])), trust=trusting({"AWS": ID})),
            role("admin", document(allow()), trust=trusting({"Service": "lambda.amazonaws.com"})),
            user("member", document(allow("iam:PutGroupPolicy")), groups=["empty"]),
            user("none", document(allow("s3:*"))),
            group("empty"),
        )
    )
    assert check(captured) == 3
    steps = {arn.rpartition("/")[2]: one for arn, one in AttackPathGraph(Evaluator(captured)).first_steps().items()}
    assert steps["far"].proven == ("sts-001",)
    assert {"lambda-001", "lambda-002"} <= set(steps["near"].proven)
    assert steps["member"].proven == ("iam-011",)
    assert "none" not in steps
