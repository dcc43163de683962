"""What the map of effective permissions says in words: cells, filters, and the one sentence above it. No Qt."""

from collections.abc import Mapping

from iamdesk.export.access_map import LEVELS, REFUSED, AccessMap, Cell, MapRow
from iamdesk.export.access_words import REACH_WORDS
from iamdesk.export.answer_words import listed
from iamdesk.gui.marks import Mark
from iamdesk.query.what_can import Reach

LEVEL_TITLES: Mapping[str, str] = {level: level.removesuffix(" management") for level in LEVELS}
"""A level as it stands above a narrow column."""

REACH_MARKS: Mapping[Reach, Mark] = {
    Reach.ALLOWED: Mark.ALLOWED,
    Reach.CONDITIONAL: Mark.CONDITIONAL,
    Reach.AWAITING: Mark.UNKNOWN,
    Reach.SOME: Mark.ALLOWED,
    Reach.SOME_CONDITIONAL: Mark.CONDITIONAL,
    Reach.DENIED: Mark.EXPLICIT_DENY,
    Reach.NONE: Mark.IMPLICIT_DENY,
}
REACH_TITLES: Mapping[Reach, str] = {
    **{reach: words[:1].upper() + words[1:] for reach, words in REACH_WORDS.items()},
    Reach.SOME_CONDITIONAL: "Some, under conditions",
    Reach.AWAITING: "If the resource's policy agrees",
}

_DONE = frozenset(Reach) - REFUSED
REACH_CHOICES: Mapping[str, frozenset[Reach]] = {
    "Can do, or is denied": frozenset(Reach) - {Reach.NONE},
    "Can do": _DONE,
    "Allowed": frozenset({Reach.ALLOWED, Reach.SOME}),
    "Under conditions": frozenset({Reach.CONDITIONAL, Reach.SOME_CONDITIONAL}),
    "On some resources": frozenset({Reach.SOME, Reach.SOME_CONDITIONAL}),
    "If the resource's policy agrees": frozenset({Reach.AWAITING}),
    "Denied": frozenset({Reach.DENIED}),
    "Everything, not allowed too": frozenset(Reach),
}
"""What the filter by reach offers; the first is what one sees at first."""

_MOST_SERVICES = 4


def cell_words(cell: Cell) -> str:
    """Return what a cell shows: ``12 of 34 actions, 3 under conditions, 2 on some resources only, 1 denied``."""
    words = [f"{cell.permitted:,} of {cell.total:,} action{'' if cell.total == 1 else 's'} can be done"]
    if cell.conditional:
        words.append(f"{cell.conditional:,} only under conditions")
    if cell.awaiting:
        words.append(f"{cell.awaiting:,} only if the resource's own policy agrees, which the snapshot does not hold")
    if cell.somewhere:
        words.append(f"{cell.somewhere:,} on some resources only")
    if cell.denied:
        words.append(f"{cell.denied:,} explicitly denied")
    return ", ".join(words)


def place_words(row: MapRow, level: str | None) -> str:
    """Return where a cell stands: ``Amazon S3 (s3), Write``; for the whole service without a level."""
    return f"{row.name} ({row.service}), {level or 'all access levels'}"


def summary(name: str, is_group: bool, shown: AccessMap) -> str:
    """Return in a few short sentences what somebody can do."""
    told = [row for row in shown.told if row.total.permitted]
    who = f"By the policies of {name} alone, a member" if is_group else name
    if not told:
        denied = "" if not shown.told else " Some actions are explicitly denied."
        return f"{who} can do nothing of what AWS lists: no policy allows anything.{denied}"
    total = [row.total for row in told]
    count = sum(cell.permitted for cell in total)
    parts = [
        f"{number:,} {words}"
        for number, words in (
            (sum(cell.conditional for cell in total), "under conditions"),
            (sum(cell.somewhere for cell in total), "on some resources only"),
            (sum(cell.awaiting for cell in total), "if the resource's own policy agrees"),
        )
        if number
    ]
    services = f"{len(told):,} service{'' if len(told) == 1 else 's'}"
    sentence = f"{who} can do {count:,} action{'' if count == 1 else 's'} of {services}"
    sentence += f": {listed(parts)}." if parts else "."
    return f"{sentence} {_power(told)}"


def _power(told: list[MapRow]) -> str:
    """Return in which services permissions can be changed."""
    level = LEVELS[-1]
    found = [row.service for row in told if level in row.cells and row.cells[level].permitted]
    if not found:
        return "None changes permissions."
    if len(found) > _MOST_SERVICES:
        return f"It can change permissions in {len(found):,} services."
    return f"It can change permissions in {listed(found)}."
