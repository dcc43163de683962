"""Thirty changes of all kinds between two snapshots: each is found with its cause, and nothing else."""

from datetime import UTC, datetime

import pytest

from iamdesk.diff.comparison import compare_snapshots
from iamdesk.diff.result import ChangeKind, Comparison, Status

from . import seeds
from .seeds import SEEDS, Seed

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
CHANGED = frozenset({Status.CHANGED, Status.CREATED, Status.DELETED})


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare_snapshots(seeds.snapshot(seeds.before(), "old"), seeds.snapshot(seeds.after(), "new"), MOMENT)


def test_there_are_thirty() -> None:
    assert len(SEEDS) == 30


def test_everybody_who_gained_or_lost_is_found_and_nobody_else(found: Comparison) -> None:
    changed = {effect.principal for effect in found.effects()}

    assert changed == set(seeds.expected())
    assert {arn for arn, one in found.principals.items() if one.status in CHANGED and ":group/" not in arn} == (
        changed & set(found.principals)
    )


def test_nothing_is_left_in_doubt(found: Comparison) -> None:
    standings = [*found.principals.values(), *found.resources.values()]

    assert [one for one in standings if one.doubts or one.status is Status.INCONCLUSIVE] == []


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if seed.cause], ids=lambda seed: seed.name)
def test_each_has_its_cause(found: Comparison, seed: Seed) -> None:
    for arn in seed.principals - {seeds.STRANGER}:
        kinds = {cause.kind for effect in found.effects() if effect.principal == arn for cause in effect.causes}
        assert kinds == {seed.cause}, arn


def test_an_outsider_is_let_in_by_two(found: Comparison) -> None:
    kinds = {
        (effect.witness.action, cause.kind)
        for effect in found.effects()
        if effect.principal == seeds.STRANGER
        for cause in effect.causes
    }

    assert kinds == {("sts:AssumeRole", ChangeKind.TRUST), ("s3:GetObject", ChangeKind.RESOURCE_POLICY)}


def test_what_is_written_otherwise_is_told_apart(found: Comparison) -> None:
    silent = {
        (one.cause.kind, one.cause.subject.rpartition("/")[2].partition("#")[0])
        for one in found.texts
        if not one.has_effect
    }

    assert silent == {
        (ChangeKind.INLINE_POLICY, "own"),
        (ChangeKind.MANAGED_POLICY, "starred"),
        (ChangeKind.ATTACHMENT, "u28"),
        (ChangeKind.CREATED, "moved"),
        (ChangeKind.TAGS, "u30"),
    }
    assert not any(one.is_doubtful for one in found.texts)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_each_alone_changes_its_own_and_nobody_else(seed: Seed) -> None:
    old, new = seeds.snapshot(seeds.before(), "old"), seeds.snapshot(seeds.after((seed,)), "new")

    alone = compare_snapshots(old, new, MOMENT)

    assert {effect.principal for effect in alone.effects()} == seed.principals
    assert {cause.kind for effect in alone.effects() for cause in effect.causes} == ({seed.cause} - {None})
    assert not any(one.doubts for one in alone.principals.values())
    assert alone.texts


def test_the_same_back_again_is_the_opposite() -> None:
    old, new = seeds.snapshot(seeds.before(), "old"), seeds.snapshot(seeds.after(), "new")

    back = compare_snapshots(new, old, MOMENT)

    assert {effect.principal for effect in back.effects()} == set(seeds.expected())
