"""Each of sixty changes on the resource's side is reported for exactly whom it changes what, with its cause."""

import pytest

from iamdesk.compare.comparison import compare_snapshots
from iamdesk.compare.shapes import Kind

from ..query.worlds import NOON
from . import walls
from .attack import snapshot
from .walls import WALLS, WHO, Wall


def test_there_are_sixty() -> None:
    assert len(WALLS) >= 60
    assert len({one.name for one in WALLS}) == len(WALLS)


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.name)
def test_exactly_what_changed_is_reported(wall: Wall) -> None:
    old, new = walls.pair(wall)
    found = compare_snapshots(snapshot(old, "old"), snapshot(new, "new"), NOON)
    names = {arn: name for name, arn in WHO.items()}
    told: dict[str, tuple[Kind, frozenset[str]]] = {}
    for effect in found.effects():
        name = names.get(effect.principal, effect.principal)
        kind, actions = told.get(name, (effect.kind, frozenset()))
        assert kind is effect.kind or wall.expected == {}, effect
        told[name] = kind, actions | frozenset(found.names(effect.actions))

    assert {name: kind for name, (kind, _) in told.items()} == {name: kind for name, (kind, _) in wall.expected.items()}
    assert {name: told[name][1] for name, (_, actions) in wall.expected.items() if actions is not None} == {
        name: actions for name, (_, actions) in wall.expected.items() if actions is not None
    }
    assert {cause.kind for effect in found.effects() for cause in effect.causes} == ({wall.cause} - {None})
    assert [one for one in (*found.principals.values(), *found.resources.values()) if one.doubts] == []
