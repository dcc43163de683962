"""What principals can become comes out the same, whoever finds it out."""

import pickle
from functools import cache
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.administrators import administration
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.attack_paths.shared_paths import shortest_paths
from iamdesk.checks.check_context import CheckContext
from iamdesk.inventory.references import is_service_linked_arn
from iamdesk.progress import WorkCancelled, never_cancelled
from iamdesk.resource_files import resources, sample_snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.processes import Processes
from iamdesk.work.workers import Workers

SAMPLES = (sample_snapshot(), resources() / "samples" / "acme-organization")


def all_of(made: AttackPathGraph) -> list[object]:
    """Return all that a map says of everybody."""
    every_path = list(made.exposures())
    principals = [reached.principal for reached in every_path]
    return [every_path, *((made.attack_path(one), [*made.escalations(one)]) for one in principals)]


@cache
def said_alone(path: Path) -> list[object]:
    return all_of(AttackPathGraph(Evaluator(load_snapshot(path))))


@pytest.mark.parametrize("workers", ["two", "beside"])
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_same_map(path: Path, workers: str, request: pytest.FixtureRequest) -> None:
    snapshot = load_snapshot(path)
    alone = AttackPathGraph(Evaluator(snapshot))
    steps: list[tuple[int, int]] = []
    made = AttackPathGraph(
        Evaluator(snapshot),
        lambda done, total: steps.append((done, total)),
        workers=Workers(request.getfixturevalue(workers), snapshot),
    )
    assert steps[-1][0] == steps[-1][1]
    answers = pickle.loads(pickle.dumps(made.known_steps))  # noqa: S301 - made in this line
    shared = AttackPathGraph(Evaluator(snapshot), known_steps=answers)
    for key, (_, found) in alone.steps.asked_sources.items():
        if found._by_account:
            sources = answers.sources[key][1]
            assert (sources._by_account, sources._own) == (found._by_account, found._own), key
            assert shared.steps.asked_sources.get(key, (0, sources))[1] is sources, (
                "asked about others than was foreseen"
            )
    assert shared.steps.administrators == alone.steps.administrators
    assert shared.steps.service_paths == alone.steps.service_paths
    assert shared.graph.into == alone.graph.into
    assert shared.graph.promotions == alone.graph.promotions
    assert shared.graph.readers == alone.graph.readers
    for place in alone.steps.places.values():
        assert shared.steps.assumable.of(place) == alone.steps.assumable.of(place)
        assert shared.steps.under_open_trust.of(place) == alone.steps.under_open_trust.of(place)
    assert all_of(shared) == said_alone(path)


def test_the_map_is_made_by_workers_once(two: Processes) -> None:
    snapshot = load_snapshot(sample_snapshot())
    once = LazyAttackPathGraph(Evaluator(snapshot))
    first = once(workers=Workers(two, snapshot))
    assert once() is first


def test_cancelled(two: Processes) -> None:
    snapshot = load_snapshot(SAMPLES[1])
    with pytest.raises(WorkCancelled):
        LazyAttackPathGraph(Evaluator(snapshot))(cancelled=lambda: True, workers=Workers(two, snapshot))


def test_how_far_principals_are_administrators_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = load_snapshot(sample_snapshot())
    (account,) = snapshot.accounts
    made = AttackPathGraph(Evaluator(snapshot))
    answers = pickle.loads(pickle.dumps(made.known_steps))  # noqa: S301 - made in this line
    alone = CheckContext(Evaluator(snapshot), never_cancelled)
    told = [administration(alone, account, one) for one in (*account.users, *account.roles)]
    assert sum(one.asked > 0 for one in told) > 1

    elsewhere = AttackPathGraph(Evaluator(snapshot), known_steps=answers)
    survey = CheckContext(elsewhere.steps.inquiry.evaluator, never_cancelled, lambda *_args, **_keywords: elsewhere)
    assert survey.reach is elsewhere
    asked: list[str] = []
    monkeypatch.setattr(
        "iamdesk.attack_paths.administrators._cover", lambda *_: asked.append("a sweep over the services") or (0, 1)
    )
    assert [administration(survey, account, one) for one in (*account.users, *account.roles)] == told
    assert not asked


@pytest.mark.parametrize("goal", ["admin", "some data"])
def test_the_ways_of_everybody_are_the_same_whoever_finds_them(goal: str, two: Processes, beside: Processes) -> None:
    snapshot = load_snapshot(sample_snapshot())
    alone = AttackPathGraph(Evaluator(snapshot))
    goal = goal if goal == "admin" else alone.goals[-1].key
    attack_paths = list(shortest_paths(alone, goal))
    assert [attack_path for _, attack_path in attack_paths] == [
        attack_path
        for reached in alone.exposures()
        if not is_service_linked_arn(reached.principal)
        and (attack_path := alone.attack_path(reached.principal, goal)) is not None
    ]
    assert len(attack_paths) > 3
    for executor in (two, beside):
        other = AttackPathGraph(Evaluator(snapshot))
        assert list(shortest_paths(other, goal, Workers(executor, snapshot))) == attack_paths
        asked = {
            (step.path_id, step.source, step.target)
            for _, attack_path in attack_paths
            for step in attack_path.steps
            if step.needs
        }
        assert asked <= set(other.needs)
    assert goal != "admin" or asked
