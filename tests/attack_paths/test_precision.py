"""Every path is found where it works and nowhere else: recall and precision on generated accounts."""

from collections.abc import Callable
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from iamdesk.access.evaluator import Evaluator
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph
from iamdesk.attack_paths.catalog import EscalationPath, TargetConstraint, catalog
from iamdesk.attack_paths.types import State

from ..each_case import each_case
from .cases import ABSENT, BOUNDED, BY_SCP, DENIED, UNMET, WEAKER, WORKS, World, add_case

SHARING = (WORKS, DENIED, BY_SCP, BOUNDED, UNMET)
"""Changes that leave the targets as they are: all paths fit in one account."""


def taken(reach: AttackPathGraph, actor: str) -> dict[str, State]:
    """Return the paths that somebody takes."""
    return {
        path_id: step.state for step in reach.escalations(actor, most=10_000) for path_id in step.path_id.split("+")
    }


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, State]]:
    """What everybody takes in accounts that hold all cases of a service whose targets are as they should be."""
    found: dict[tuple[str, str], dict[str, State]] = {}
    for service, paths in groupby(catalog().paths, key=lambda path: path.id.partition("-")[0][:3]):
        world = World()
        actors = {(path.id, change): add_case(world, path, change) for path in paths for change in SHARING}
        reach = AttackPathGraph(Evaluator(world.snapshot(tmp_path_factory.mktemp(service))))
        found |= {case: taken(reach, actor) for case, actor in actors.items()}
    # A role that is open to everyone is open to the one whose own target is not.
    open_role = catalog().path("sts-003")
    found[open_role.id, UNMET] = alone(tmp_path_factory.mktemp("open"), open_role, UNMET)
    return found


def alone(folder: Path, path: EscalationPath, change: str) -> dict[str, State]:
    """Return the paths that somebody takes in an account of their own."""
    world = World()
    actor = add_case(world, path, change)
    return taken(AttackPathGraph(Evaluator(world.snapshot(folder))), actor)


type Apart = Callable[[EscalationPath, str], dict[str, State]]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Apart:
    """What somebody takes in an account of their own, found out once for each case."""

    @cache
    def found(path_id: str, change: str) -> dict[str, State]:
        return alone(tmp_path_factory.mktemp("apart"), catalog().path(path_id), change)

    return lambda path, change: found(path.id, change)


WITHOUT_TARGET = (TargetConstraint.PERMISSION_SET, TargetConstraint.NEW_PRINCIPAL)
WITH_TARGET = [path for path in catalog().paths if path.target not in WITHOUT_TARGET]
"""Paths that concern an entity of the snapshot."""


@each_case("path", catalog().paths, ids=lambda path: path.id)
def test_a_path_that_works_is_found_proven_unless_it_needs_a_fact(together, path):
    found = together[path.id, WORKS]
    assert path.id in found
    assert found[path.id] is (State.POSSIBLE if path.needs else State.PROVEN)


@each_case("change", SHARING[1:])
@each_case("path", catalog().paths, ids=lambda path: path.id)
def test_one_change_stops_a_path(together, path, change):
    assert path.id not in together[path.id, change]


@each_case("path", WITH_TARGET, ids=lambda path: path.id)
def test_a_path_without_its_target_is_not_found(apart, path):
    assert path.id not in apart(path, ABSENT)


@each_case("path", catalog().paths, ids=lambda path: path.id)
def test_a_path_to_somebody_who_has_no_more_is_not_found(apart, path):
    assert path.id not in apart(path, WEAKER)


def test_recall_and_precision_are_whole(together, apart, capsys):
    paths = catalog().paths
    found = sum(path.id in together[path.id, WORKS] for path in paths)
    negatives = [path.id in together[path.id, change] for path in paths for change in SHARING[1:]]
    negatives += [path.id in apart(path, ABSENT) for path in WITH_TARGET]
    negatives += [path.id in apart(path, WEAKER) for path in paths]
    recall, precision = found / len(paths), found / (found + sum(negatives))
    with capsys.disabled():
        print(
            f"\nescalation paths: recall {recall:.0%} of {len(paths)} paths, "
            f"precision {precision:.0%} with {len(negatives)} one-change negatives"
        )
    assert (recall, precision) == (1, 1)
