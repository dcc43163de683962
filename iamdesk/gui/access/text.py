"""Texts of the heat map: cells, filters, and the summary. No Qt."""

from collections.abc import Mapping

from iamdesk.access.effective_permissions import AccessExtent
from iamdesk.export.access.heatmap import LEVELS, REFUSED, AccessHeatmap, Cell, MapRow
from iamdesk.gui.core.locale import number
from iamdesk.gui.widgets.icons import Mark
from iamdesk.i18n import join_names, mark, ntr, tr
from iamdesk.i18n import translate as in_language

LEVEL_TITLES: Mapping[str, str] = {
    "List": mark("List"),
    "Read": mark("Read"),
    "Write": mark("Write"),
    "Tagging": mark("Tagging"),
    "Permissions management": mark("Permissions"),
}
"""Access levels as titles of narrow columns."""

LEVEL_NAMES: Mapping[str, str] = {**LEVEL_TITLES, "Permissions management": mark("Permissions management")}
"""Access levels in full."""

REACH_MARKS: Mapping[AccessExtent, Mark] = {
    AccessExtent.ALLOWED: Mark.ALLOWED,
    AccessExtent.CONDITIONAL: Mark.CONDITIONAL,
    AccessExtent.AWAITING: Mark.UNKNOWN,
    AccessExtent.SOME: Mark.ALLOWED,
    AccessExtent.SOME_CONDITIONAL: Mark.CONDITIONAL,
    AccessExtent.DENIED: Mark.EXPLICIT_DENY,
    AccessExtent.NONE: Mark.IMPLICIT_DENY,
}
REACH_TITLES: Mapping[AccessExtent, str] = {
    AccessExtent.ALLOWED: mark("Allowed"),
    AccessExtent.CONDITIONAL: mark("Under conditions"),
    AccessExtent.AWAITING: mark("If the resource policy allows it"),
    AccessExtent.SOME: mark("On some resources"),
    AccessExtent.SOME_CONDITIONAL: mark("Some, under conditions"),
    AccessExtent.DENIED: mark("Denied"),
    AccessExtent.NONE: mark("Not allowed"),
}

_DONE = frozenset(AccessExtent) - REFUSED
REACH_CHOICES: Mapping[str, frozenset[AccessExtent]] = {
    mark("Allowed or denied"): frozenset(AccessExtent) - {AccessExtent.NONE},
    mark("Allowed, at least in part"): _DONE,
    mark("Allowed"): frozenset({AccessExtent.ALLOWED, AccessExtent.SOME}),
    mark("Under conditions"): frozenset({AccessExtent.CONDITIONAL, AccessExtent.SOME_CONDITIONAL}),
    mark("On some resources"): frozenset({AccessExtent.SOME, AccessExtent.SOME_CONDITIONAL}),
    mark("If the resource policy allows it"): frozenset({AccessExtent.AWAITING}),
    mark("Denied"): frozenset({AccessExtent.DENIED}),
    mark("All, including not allowed"): frozenset(AccessExtent),
}
"""The choices of the filter by result; the first is the default."""

_MAX_SERVICES = 4


def cell_words(cell: Cell) -> str:
    """Return the text of a cell: ``12 of 34 actions allowed, 3 only under conditions, 1 explicitly denied``."""
    words = [
        ntr("{count} of {total} action allowed", "{count} of {total} actions allowed", cell.total).format(
            count=number(cell.permitted), total=number(cell.total)
        )
    ]
    for count, template in (
        (cell.conditional, tr("{count} only under conditions")),
        (cell.awaiting, tr("{count} only if the resource policy allows it (not captured)")),
        (cell.somewhere, tr("{count} on some resources only")),
        (cell.denied, tr("{count} explicitly denied")),
    ):
        if count:
            words.append(template.format(count=number(count)))
    return ", ".join(words)


def location_text(row: MapRow, level: str | None) -> str:
    """Return service and access level of a cell: ``Amazon S3 (s3), Write``; all levels if None."""
    return f"{row.name} ({row.service}), {tr(LEVEL_NAMES[level]) if level else tr('all access levels')}"


def summary(name: str, is_group: bool, shown: AccessHeatmap) -> str:
    """Return a summary of effective permissions, in a few short sentences."""
    rows = [row for row in shown.listed if row.total.permitted]
    who = tr("Through the policies of {name} alone, a member").format(name=name) if is_group else name
    if not rows:
        nothing = tr("{who} cannot perform any action: no policy allows one.").format(who=who)
        return f"{nothing} {tr('Some actions are explicitly denied.')}" if shown.listed else nothing
    total = [row.total for row in rows]
    count = sum(cell.permitted for cell in total)
    parts = [
        words.format(count=number(those))
        for those, words in (
            (sum(cell.conditional for cell in total), tr("{count} under conditions")),
            (sum(cell.somewhere for cell in total), tr("{count} on some resources only")),
            (sum(cell.awaiting for cell in total), tr("{count} if the resource policy allows it")),
        )
        if those
    ]
    services = ntr("{count} service", "{count} services", len(rows)).format(count=number(len(rows)))
    sentence = ntr(
        "{who} can perform {count} action of {services}", "{who} can perform {count} actions of {services}", count
    ).format(who=who, count=number(count), services=services)
    sentence += f": {in_language(join_names(parts))}." if parts else "."
    return f"{sentence} {_permission_changes(rows)}"


def _permission_changes(rows: list[MapRow]) -> str:
    """Return the sentence about services in which permissions can be changed."""
    level = LEVELS[-1]
    found = [row.service for row in rows if level in row.cells and row.cells[level].permitted]
    if not found:
        return tr("None of them has the access level Permissions management.")
    if len(found) > _MAX_SERVICES:
        return tr("This includes changing permissions in {count} services.").format(count=number(len(found)))
    return tr("This includes changing permissions in {services}.").format(services=in_language(join_names(found)))
