"""The layout of the diagram: columns side by side, each in the order with the fewest crossing lines. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass

from iamdesk.gui.attack_paths.diagram import Diagram

_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Sizes:
    """In pixels."""

    width: float
    height: float
    across: float
    """Space between columns, for lines and their texts."""
    between: float
    """Space between the boxes of a column."""


def arranged(picture: Diagram, sizes: Sizes) -> Mapping[str, tuple[float, float]]:
    """Return the upper left corner of each box, by its key."""
    columns: list[list[str]] = [[] for _ in range(picture.columns)]
    for box in picture.boxes:
        columns[box.column].append(box.key)
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for line in picture.lines:
        after.setdefault(line.source, []).append(line.target)
        before.setdefault(line.target, []).append(line.source)
    for sweep in range(_SWEEPS):
        rightward = sweep % 2 == 0
        places = {key: place / max(len(column), 1) for column in columns for place, key in enumerate(column)}
        for column in columns if rightward else reversed(columns):
            neighbours = before if rightward else after
            column.sort(key=lambda key: (key.startswith("more:"), _middle(neighbours.get(key, ()), places, key)))
            places.update({key: place / max(len(column), 1) for place, key in enumerate(column)})
    tallest = max((len(column) for column in columns), default=0)
    step = sizes.height + sizes.between
    found = {}
    for number, column in enumerate(columns):
        top = (tallest - len(column)) * step / 2
        for place, key in enumerate(column):
            found[key] = (number * (sizes.width + sizes.across), top + place * step)
    return found


def _middle(neighbours: list[str] | tuple[()], places: Mapping[str, float], key: str) -> float:
    known = [places[one] for one in neighbours if one in places]
    return sum(known) / len(known) if known else places[key]
