"""What the map of everybody says in words: cells, lines, and the sentence above it. No Qt."""

from iamdesk.export.access.heatmap import LEVELS
from iamdesk.export.access.matrix import MANY_SERVICES, ServiceColumn, ServiceSummary
from iamdesk.gui.access.text import LEVEL_NAMES, LEVEL_TITLES, cell_words
from iamdesk.gui.access_matrix.rows import MatrixRow, MatrixRows
from iamdesk.gui.core.locale import number
from iamdesk.i18n import mark, ntr, tr

NO_SNAPSHOT = mark("What everybody can do stands here once a snapshot is open.")
SEARCHING = mark("Finding what everybody can do.")
NOT_FOUND = mark("What everybody can do has not been found out.")
CANCELLED = mark("The search was cancelled.")
NOTHING_TO_EXPORT = mark("Nothing to export: let it be found out what everybody can do first.")
NOT_YET = mark("not worked out yet")
UNKNOWN_MARK = "…"
"""What is copied of a cell that is not known, and stands for the count of a row."""
SO_FAR = mark(
    "What is in view is worked out first, the rest behind it. Until all is known, principals go by name, each in its "
    "own line, beside services that some of their policies name."
)
ALIKE = mark("They can do the same, action by action; the resources may be others. Space shows or hides them.")


def line_words(line: MatrixRow, level: str | None) -> str:
    """Return who a line is, and how much that is."""
    who = f"{line.title} ({tr(line.kind.value)})" if line.person is not None and line.kind is not None else line.title
    profile = line.profile
    if profile is None:
        return f"{who}: {tr(NOT_YET)}"
    services, actions = profile.breadth[level], profile.weight[level]
    if not services:
        return tr("{who}: can do nothing of it").format(who=who)
    of_services = ntr("{count} service", "{count} services", services).format(count=number(services))
    return ntr("{who}: {count} action of {services}", "{who}: {count} actions of {services}", actions).format(
        who=who, count=number(actions), services=of_services
    )


def line_tip(line: MatrixRow, level: str | None) -> str:
    """Return all there is to say of a line."""
    if line.is_group:
        return f"{line_words(line, level)}.\n{line.detail}\n{tr(ALIKE)}"
    return f"{line_words(line, level)}.\n{line.people[0].key}"


def place_words(column: ServiceColumn, level: str | None) -> str:
    """Return what a column is about: ``Amazon S3 (s3), Write``."""
    name = f"{column.name} ({column.service})"
    return f"{name}, {tr(LEVEL_NAMES[level])}" if level is not None else name


def glance_words(glance: ServiceSummary | None, level: str | None) -> str:
    """Return what a cell shows."""
    cell = glance.cell(level) if glance is not None else None
    if glance is None or cell is None or not (cell.permitted or cell.denied):
        return tr("nothing can be done")
    words = cell_words(cell)
    if level is None and cell.permitted:
        counts = ", ".join(
            f"{tr(LEVEL_TITLES[one])} {number(glance.of_level[one])}" for one in LEVELS if glance.of_level[one]
        )
        words = f"{words}. {counts}"
    return words


def count_words(glance: ServiceSummary | None, level: str | None) -> str:
    """Return what is copied of a cell: ``12/34``; nothing where nothing can be done and nothing is denied."""
    cell = glance.cell(level) if glance is not None else None
    return (
        f"{number(cell.permitted)}/{number(cell.total)}" if cell is not None and (cell.permitted or cell.denied) else ""
    )


def others_words(count: int) -> str:
    """Return what the column of those services says that have none of their own."""
    return ntr(
        "{count} more service, which only those can use who can use more than {many}",
        "{count} more services, which only those can use who can use more than {many}",
        count,
    ).format(count=number(count), many=number(MANY_SERVICES))


def column_words(column: ServiceColumn, *, is_whole: bool = True) -> str:
    """Return what the head of a column says."""
    if not is_whole:
        return f"{column.name} ({column.service})"
    return ntr(
        "{name} ({service}): {count} principal can use it. Click to sort by it.",
        "{name} ({service}): {count} principals can use it. Click to sort by it.",
        column.users,
    ).format(name=column.name, service=column.service, count=number(column.users))


def summary(laid: MatrixRows, everybody: int) -> str:
    """Return in a few short sentences what everybody can do; ``everybody`` is how many there are."""
    if not laid.is_whole:
        return tr(SO_FAR)
    level = laid.wanted.level
    services = len(laid.columns) + laid.others
    if not services:
        if level is None:
            return tr("Nobody can do anything of what AWS lists: no policy allows it.")
        return tr("Nobody can do anything of access level {level}.").format(level=tr(LEVEL_NAMES[level]))
    of_services = ntr("{count} service", "{count} services", services).format(count=number(services))
    who = tr("{count} of {everybody} principals").format(count=number(laid.users), everybody=number(everybody))
    if level is None:
        first = tr("{who} can do something, together in {services}.").format(who=who, services=of_services)
        second = ntr("{count} can change permissions.", "{count} can change permissions.", laid.granting).format(
            count=number(laid.granting)
        )
        return f"{first} {second}"
    return tr("{who} can do something of access level {level}, together in {services}.").format(
        who=who, level=tr(LEVEL_NAMES[level]), services=of_services
    )


def alike_words(lines: int, people: int) -> str:
    """Return what gathering has made of the principals; nothing where none are alike."""
    if lines == people:
        return ""
    return ntr(
        "Shown in {lines} line: those alike stand in one.", "Shown in {lines} lines: those alike stand in one.", lines
    ).format(lines=number(lines))


def all_of_it(laid: MatrixRows, everybody: int) -> str:
    """Return all that is said above the map: `summary`, and what gathering has made of it."""
    parts = [summary(laid, everybody)]
    if laid.is_whole and laid.wanted.gathers:
        parts.append(alike_words(len(laid.lines), laid.people))
    return " ".join(filter(None, parts))
