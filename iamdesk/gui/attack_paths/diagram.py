"""The attack-path diagram: boxes by column, the lines between them, and where each is. No Qt.

Columns run from the start of the paths at the left to the target at the right. A column shows the principals on most
paths; the others share one box with their number, until the user opens it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.api import Workbench
from iamdesk.attack_paths.types import AttackPath, GoalKind, State, Step
from iamdesk.gui.core.locale import number
from iamdesk.i18n import ntr, tr, translate

USUALLY_SHOWN = 7
"""Boxes in a column before the rest shares one box."""
MAX_SHOWN = 60
"""Boxes in an opened column: a diagram with more is not legible."""
OUTSIDE = "outside"
"""Key of the box for external principals."""


class BoxKind(StrEnum):
    """What a box represents."""

    USER = "user"
    ROLE = "role"
    GOAL = "goal"
    OUTSIDE = "outside"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Box:
    """One box."""

    key: str
    """A principal's ARN; the key of the target; ``more:`` and its column for a box of several."""
    kind: BoxKind
    title: str
    caption: str
    """A second line: the distance to the target, or the contents of the box."""
    column: int
    """From 0 at the left."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step or several from one box to another."""

    source: str
    target: str
    steps: tuple[Step, ...]
    """Empty for role assumption from outside."""
    caption: str
    """The API actions of its first technique, and the number of others: ``PassRole + CreateFunction …, +1``."""
    is_proven: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes and lines."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    columns: int

    def box(self, key: str) -> Box | None:
        """Return a box by its key."""
        return next((box for box in self.boxes if box.key == key), None)


def diagram_of(
    found_paths: Iterable[AttackPath], external_roles: Collection[str] = (), opened: Collection[int] = ()
) -> Diagram:
    """Return the diagram of attack paths.

    Args:
        found_paths: The attack paths to show.
        external_roles: ARNs of roles that can be assumed from outside the organization.
        opened: Columns, by their distance to the target, that show all their principals.
    """
    distance: dict[str, int] = {}
    nearest: dict[str, int] = {}
    through: dict[str, int] = {}
    titles: dict[str, tuple[BoxKind, str]] = {}
    steps: dict[tuple[str, str], dict[tuple[str, str], Step]] = {}
    for attack_path in found_paths:
        if not attack_path.steps:
            continue
        passed = [attack_path.start, *(step.goal.key for step in attack_path.steps)]
        if passed[-1] != attack_path.goal.key:
            passed.append(attack_path.goal.key)  # the last one is at the target without a step
        for left, key in zip(range(len(passed) - 1, -1, -1), passed, strict=True):
            distance[key] = max(distance.get(key, 0), left)
            nearest[key] = min(nearest.get(key, left), max(left - len(passed) + 1 + len(attack_path.steps), 0))
            through[key] = through.get(key, 0) + 1
            titles[key] = _title(key)
        if attack_path.goal.kind is not GoalKind.PRINCIPAL:
            is_account = attack_path.goal.kind is GoalKind.ADMINISTRATION
            titles[attack_path.goal.key] = (
                BoxKind.GOAL,
                tr("Administrator") if is_account else translate(attack_path.goal.name),
            )
        for step in attack_path.steps:  # not always from where the one before leads
            steps.setdefault((step.source, step.goal.key), {})[step.path_id, step.target] = step
        if len(passed) > len(attack_path.steps) + 1:
            steps.setdefault((passed[-2], passed[-1]), {})
    deepest = max(distance.values(), default=0)
    entered = [arn for arn in distance if arn in external_roles]
    columns = deepest + 1 + bool(entered)
    kept, more = _kept(distance, through, frozenset(external_roles), frozenset(opened))
    boxes = [
        Box(key, *titles[key], _caption(titles[key][0], key, nearest[key]), deepest - distance[key] + bool(entered))
        for key in kept
    ]
    boxes += [
        Box(
            f"more:{level}",
            BoxKind.MORE,
            tr("{count} more").format(count=number(count)),
            tr("Open to see them"),
            deepest - level + bool(entered),
        )
        for level, count in more.items()
    ]
    if entered:
        boxes.append(Box(OUTSIDE, BoxKind.OUTSIDE, tr("Outside the organization"), tr("Assumes roles"), 0))
    lines = _lines(steps, distance, frozenset(kept), entered)
    return Diagram(tuple(sorted(boxes, key=lambda box: box.column)), lines, columns)


def _kept(
    distance: Mapping[str, int], through: Mapping[str, int], external_roles: frozenset[str], opened: frozenset[int]
) -> tuple[list[str], dict[int, int]]:
    """Return the boxes to show, and by distance the number of the others."""
    by_level: dict[int, list[str]] = {}
    for key, level in distance.items():
        by_level.setdefault(level, []).append(key)
    kept: list[str] = []
    more: dict[int, int] = {}
    for level, keys in by_level.items():
        keys.sort(key=lambda key: (key not in external_roles, -through.get(key, 0), key.rpartition("/")[2].lower()))
        most = MAX_SHOWN if level in opened else USUALLY_SHOWN
        # A box for a single principal would take the same room as the principal.
        most = len(keys) if len(keys) <= most + 1 else most
        kept += keys[:most]
        if keys[most:]:
            more[level] = len(keys) - most
    return kept, more


def _lines(
    steps: Mapping[tuple[str, str], Mapping[tuple[str, str], Step]],
    distance: Mapping[str, int],
    kept: frozenset[str],
    entered: Iterable[str],
) -> tuple[Line, ...]:
    joined: dict[tuple[str, str], dict[tuple[str, str], Step]] = {}
    for (source, target), found in steps.items():
        ends = (
            source if source in kept else f"more:{distance[source]}",
            target if target in kept else f"more:{distance[target]}",
        )
        if ends[0] != ends[1]:
            joined.setdefault(ends, {}).update(found)
    lines = []
    for (source, target), by_path in joined.items():
        taken = tuple(by_path.values())
        is_proven = not taken or any(step.state is State.PROVEN for step in taken)
        lines.append(Line(source, target, taken, edge_words(taken), is_proven))
    inside = dict.fromkeys(arn if arn in kept else f"more:{distance[arn]}" for arn in entered)
    lines += [Line(OUTSIDE, key, (), tr("trusted"), is_proven=True) for key in inside]
    return tuple(lines)


def _title(arn: str) -> tuple[BoxKind, str]:
    kind = BoxKind.ROLE if ":role/" in arn else BoxKind.USER
    return kind, arn.rpartition("/")[2] or arn


def _caption(kind: BoxKind, key: str, distance: int) -> str:
    if kind is BoxKind.GOAL:
        return tr("of account {account}").format(account=key) if key.isdigit() else tr("Target")
    name = tr("Role") if kind is BoxKind.ROLE else tr("User")
    if distance == 0:
        return tr("{kind}, target reached").format(kind=name)
    return ntr("{kind}, {count} step away", "{kind}, {count} steps away", distance).format(kind=name, count=distance)


_SHOWN = 2
"""Actions of a step that a line shows; the table and the step's panel have all."""


def actions_of(path_id: str) -> tuple[str, ...]:
    """Return the actions of a technique in order, with their services."""
    return Workbench.actions_of_technique(path_id)


def edge_words(steps: Iterable[Step]) -> str:
    """Return the words of a line: the actions of its first technique, and the number of other techniques."""
    ids = list(dict.fromkeys(step.path_id for step in steps))
    if not ids:
        return ""
    words = _words(ids[0])
    return f"{words}, +{len(ids) - 1}" if len(ids) > 1 else words


def _words(path_id: str) -> str:
    names = [action.partition(":")[2] for action in actions_of(path_id)]
    if not names:
        return path_id
    return " + ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


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
    for place_of_column, column in enumerate(columns):
        top = (tallest - len(column)) * step / 2
        for place, key in enumerate(column):
            found[key] = (place_of_column * (sizes.width + sizes.across), top + place * step)
    return found


def _middle(neighbours: list[str] | tuple[()], places: Mapping[str, float], key: str) -> float:
    known = [places[one] for one in neighbours if one in places]
    return sum(known) / len(known) if known else places[key]
