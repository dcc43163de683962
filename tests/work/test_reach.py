"""What principals can become comes out the same, whoever finds it out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iamdesk.paths import resources, sample_snapshot
from iamdesk.query.evaluator import Evaluator
from iamdesk.reach import sharing
from iamdesk.reach.reach_map import ReachMap, ReachOnce
from iamdesk.snapshot.progress import WorkCancelled
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.processes import Processes
from iamdesk.work.workers import Workers

SAMPLES = (sample_snapshot(), resources() / "samples" / "acme-organization")


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as executor:
        yield executor


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_same_map(path: Path, two: Processes) -> None:
    snapshot = load_snapshot(path)
    alone = ReachMap(Evaluator(snapshot))
    steps: list[tuple[int, int]] = []
    answers = sharing.find_shared(Workers(two, snapshot), lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    shared = ReachMap(Evaluator(snapshot), answers=answers)
    for key, found in alone.steps._sources.items():
        if found._by_account:
            sources = answers.sources[key][1]
            assert (sources._by_account, sources._own) == (found._by_account, found._own), key
            assert shared.steps._sources.get(key, sources) is sources, "asked about others than was foreseen"
    assert shared.steps.administrators == alone.steps.administrators
    assert shared.steps.service_paths == alone.steps.service_paths
    assert shared.graph.into == alone.graph.into
    assert shared.graph.promotions == alone.graph.promotions
    assert shared.graph.readers == alone.graph.readers
    for place in alone.steps.places.values():
        assert shared.steps.assumable.of(place) == alone.steps.assumable.of(place)
        assert shared.steps.under_open_trust.of(place) == alone.steps.under_open_trust.of(place)
    everybody = list(alone.everybody())
    assert list(shared.everybody()) == everybody
    for reached in everybody:
        assert shared.way(reached.principal) == alone.way(reached.principal)
        assert [*shared.becomings(reached.principal)] == [*alone.becomings(reached.principal)]


def test_the_map_is_made_by_workers_once(two: Processes) -> None:
    snapshot = load_snapshot(sample_snapshot())
    once = ReachOnce(Evaluator(snapshot))
    first = once(workers=Workers(two, snapshot))
    assert once() is first


def test_cancelled(two: Processes) -> None:
    snapshot = load_snapshot(SAMPLES[1])
    with pytest.raises(WorkCancelled):
        ReachOnce(Evaluator(snapshot))(cancelled=lambda: True, workers=Workers(two, snapshot))
