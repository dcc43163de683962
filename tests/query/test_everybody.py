"""What is found for everybody at once is what is found for each principal alone."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings

from iamdesk import Evaluator, load_snapshot
from iamdesk.query.everybody_rows import Rows
from iamdesk.query.population import positions
from iamdesk.query.what_can import Reach, ServiceReach
from iamdesk.snapshot.model import Snapshot

from .worlds import NOON, snapshots

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
BOUNDED = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def now() -> datetime:
    return NOON


def told_of(reach: ServiceReach | None) -> dict[Reach, int]:
    return {} if reach is None else {word: bits for word, bits in reach.actions.items() if bits and word != Reach.NONE}


@pytest.mark.parametrize("sample", ["acme-prod.json", "acme-organization"])
def test_everybody_at_once_is_each_alone_in_the_samples(sample: str) -> None:
    snapshot = load_snapshot(SAMPLES / sample)
    rows, alone = Evaluator(snapshot, now).what_can_overview().reaches, Evaluator(snapshot, now)
    alone.prepare()
    population = alone.population()
    assert list(rows) == [population.index.subjects[one] for one in positions(population.everybody)]
    for principal, row in rows.items():
        one = alone.reaches_of(population.index.positions[principal])
        assert list(row) == list(one)
        assert {service: dict(reach.actions) for service, reach in row.items()} == {
            service: dict(reach.actions) for service, reach in one.items()
        }


@BOUNDED
@given(snapshots())
def test_everybody_at_once_is_each_alone(snapshot: Snapshot) -> None:
    rows, alone = Evaluator(snapshot, now).what_can_overview().reaches, Evaluator(snapshot, now)
    assert isinstance(rows, Rows)
    alone.prepare()
    population = alone.population()
    told = left = 0
    for service, found in rows.told.items():
        told, left = told + found.members.bit_count(), left + found.left.bit_count()
        for position in positions(found.members & ~found.left):
            subject = population.index.subjects[position]
            assert told_of(rows.reach(subject, service)) == told_of(alone.reach_of(position, service)), subject
    event(f"told at once: {(told - left) * 5 // max(1, told) * 20} %")
