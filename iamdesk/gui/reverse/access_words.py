"""What the map of effective permissions says in words: cells, filters, and the one sentence above it. No Qt."""

from collections.abc import Mapping

from iamdesk.export.access_map import LEVELS, REFUSED, AccessMap, Cell, MapRow
from iamdesk.export.answer_words import listed
from iamdesk.gui.marks import Mark
from iamdesk.gui.speech import number
from iamdesk.language import mark, ntr, tr
from iamdesk.language import shown as in_language
from iamdesk.query.what_can import Reach

LEVEL_TITLES: Mapping[str, str] = {
    "List": mark("List"),
    "Read": mark("Read"),
    "Write": mark("Write"),
    "Tagging": mark("Tagging"),
    "Permissions management": mark("Permissions"),
}
"""A level as it stands above a narrow column."""

LEVEL_NAMES: Mapping[str, str] = {**LEVEL_TITLES, "Permissions management": mark("Permissions management")}
"""A level in full."""

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
    Reach.ALLOWED: mark("Allowed"),
    Reach.CONDITIONAL: mark("Under conditions"),
    Reach.AWAITING: mark("If the resource's policy agrees"),
    Reach.SOME: mark("On some resources"),
    Reach.SOME_CONDITIONAL: mark("Some, under conditions"),
    Reach.DENIED: mark("Denied"),
    Reach.NONE: mark("Not allowed"),
}

_DONE = frozenset(Reach) - REFUSED
REACH_CHOICES: Mapping[str, frozenset[Reach]] = {
    mark("Can do, or is denied"): frozenset(Reach) - {Reach.NONE},
    mark("Can do"): _DONE,
    mark("Allowed"): frozenset({Reach.ALLOWED, Reach.SOME}),
    mark("Under conditions"): frozenset({Reach.CONDITIONAL, Reach.SOME_CONDITIONAL}),
    mark("On some resources"): frozenset({Reach.SOME, Reach.SOME_CONDITIONAL}),
    mark("If the resource's policy agrees"): frozenset({Reach.AWAITING}),
    mark("Denied"): frozenset({Reach.DENIED}),
    mark("Everything, not allowed too"): frozenset(Reach),
}
"""What the filter by reach offers; the first is what one sees at first."""

_MOST_SERVICES = 4


def cell_words(cell: Cell) -> str:
    """Return what a cell shows: ``12 of 34 actions, 3 under conditions, 2 on some resources only, 1 denied``."""
    words = [
        ntr("{count} of {total} action can be done", "{count} of {total} actions can be done", cell.total).format(
            count=number(cell.permitted), total=number(cell.total)
        )
    ]
    for count, said in (
        (cell.conditional, tr("{count} only under conditions")),
        (cell.awaiting, tr("{count} only if the resource's own policy agrees, which the snapshot does not hold")),
        (cell.somewhere, tr("{count} on some resources only")),
        (cell.denied, tr("{count} explicitly denied")),
    ):
        if count:
            words.append(said.format(count=number(count)))
    return ", ".join(words)


def place_words(row: MapRow, level: str | None) -> str:
    """Return where a cell stands: ``Amazon S3 (s3), Write``; for the whole service without a level."""
    return f"{row.name} ({row.service}), {tr(LEVEL_NAMES[level]) if level else tr('all access levels')}"


def summary(name: str, is_group: bool, shown: AccessMap) -> str:
    """Return in a few short sentences what somebody can do."""
    told = [row for row in shown.told if row.total.permitted]
    who = tr("By the policies of {name} alone, a member").format(name=name) if is_group else name
    if not told:
        nothing = tr("{who} can do nothing of what AWS lists: no policy allows anything.").format(who=who)
        return f"{nothing} {tr('Some actions are explicitly denied.')}" if shown.told else nothing
    total = [row.total for row in told]
    count = sum(cell.permitted for cell in total)
    parts = [
        words.format(count=number(those))
        for those, words in (
            (sum(cell.conditional for cell in total), tr("{count} under conditions")),
            (sum(cell.somewhere for cell in total), tr("{count} on some resources only")),
            (sum(cell.awaiting for cell in total), tr("{count} if the resource's own policy agrees")),
        )
        if those
    ]
    services = ntr("{count} service", "{count} services", len(told)).format(count=number(len(told)))
    sentence = ntr(
        "{who} can do {count} action of {services}", "{who} can do {count} actions of {services}", count
    ).format(who=who, count=number(count), services=services)
    sentence += f": {in_language(listed(parts))}." if parts else "."
    return f"{sentence} {_power(told)}"


def _power(told: list[MapRow]) -> str:
    """Return in which services permissions can be changed."""
    level = LEVELS[-1]
    found = [row.service for row in told if level in row.cells and row.cells[level].permitted]
    if not found:
        return tr("None changes permissions.")
    if len(found) > _MOST_SERVICES:
        return tr("It can change permissions in {count} services.").format(count=number(len(found)))
    return tr("It can change permissions in {services}.").format(services=in_language(listed(found)))
