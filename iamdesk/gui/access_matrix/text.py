"""Texts of the access matrix: cells, rows, and the summary. No Qt."""

from iamdesk.export.access.heatmap import LEVELS
from iamdesk.export.access.matrix import MANY_SERVICES, ServiceColumn, ServiceSummary
from iamdesk.gui.access.text import LEVEL_NAMES, LEVEL_TITLES, cell_words
from iamdesk.gui.access_matrix.rows import MatrixRow, MatrixRows
from iamdesk.gui.core.locale import number
from iamdesk.i18n import mark, ntr, tr

NO_SNAPSHOT = mark("Open a snapshot to see the access matrix.")
SEARCHING = mark("Computing the access matrix.")
NOT_FOUND = mark("The access matrix has not been computed.")
CANCELLED = mark("The computation was canceled.")
NOT_YET = mark("not computed yet")
UNKNOWN_MARK = "…"
"""Text of a cell that is not computed, and of the count of such a row."""
SO_FAR = mark(
    "Visible rows are computed first. Until all are computed, principals are sorted by name, one in each row, "
    "and only services that policies name have a column."
)
IDENTICAL = mark("They can perform the same actions; the resources may differ. Space shows or hides them.")


def line_words(line: MatrixRow, level: str | None) -> str:
    """Return the principal of a row, and its counts."""
    who = f"{line.title} ({tr(line.kind.value)})" if line.person is not None and line.kind is not None else line.title
    profile = line.profile
    if profile is None:
        return f"{who}: {tr(NOT_YET)}"
    services, actions = profile.breadth[level], profile.weight[level]
    if not services:
        return tr("{who}: no action allowed").format(who=who)
    of_services = ntr("{count} service", "{count} services", services).format(count=number(services))
    return ntr("{who}: {count} action of {services}", "{who}: {count} actions of {services}", actions).format(
        who=who, count=number(actions), services=of_services
    )


def line_tip(line: MatrixRow, level: str | None) -> str:
    """Return the tooltip of a row."""
    if line.is_group:
        return f"{line_words(line, level)}.\n{line.detail}\n{tr(IDENTICAL)}"
    return f"{line_words(line, level)}.\n{line.people[0].key}"


def location_text(column: ServiceColumn, level: str | None) -> str:
    """Return service and access level of a column: ``Amazon S3 (s3), Write``."""
    name = f"{column.name} ({column.service})"
    return f"{name}, {tr(LEVEL_NAMES[level])}" if level is not None else name


def glance_words(service_summary: ServiceSummary | None, level: str | None) -> str:
    """Return the text of a cell."""
    cell = service_summary.cell(level) if service_summary is not None else None
    if service_summary is None or cell is None or not (cell.permitted or cell.denied):
        return tr("no action is allowed")
    words = cell_words(cell)
    if level is None and cell.permitted:
        counts = ", ".join(
            f"{tr(LEVEL_TITLES[one])} {number(service_summary.of_level[one])}"
            for one in LEVELS
            if service_summary.of_level[one]
        )
        words = f"{words}. {counts}"
    return words


def count_words(service_summary: ServiceSummary | None, level: str | None) -> str:
    """Return the copied text of a cell: ``12/34``; empty if nothing is allowed or denied."""
    cell = service_summary.cell(level) if service_summary is not None else None
    return (
        f"{number(cell.permitted)}/{number(cell.total)}" if cell is not None and (cell.permitted or cell.denied) else ""
    )


def others_words(count: int) -> str:
    """Return the text of a cell in the column of the other services."""
    return ntr(
        "{count} more service, used only by principals with access to more than {many}",
        "{count} more services, used only by principals with access to more than {many}",
        count,
    ).format(count=number(count), many=number(MANY_SERVICES))


def column_words(column: ServiceColumn, *, is_whole: bool = True) -> str:
    """Return the tooltip of a column header."""
    if not is_whole:
        return f"{column.name} ({column.service})"
    return ntr(
        "{name} ({service}): {count} principal can use it. Click to sort by it.",
        "{name} ({service}): {count} principals can use it. Click to sort by it.",
        column.users,
    ).format(name=column.name, service=column.service, count=number(column.users))


def summary(matrix_rows: MatrixRows, total: int) -> str:
    """Return a summary in a few short sentences; ``total`` is the number of principals."""
    if not matrix_rows.is_whole:
        return tr(SO_FAR)
    level = matrix_rows.wanted.level
    services = len(matrix_rows.columns) + matrix_rows.others
    if not services:
        if level is None:
            return tr("No principal can perform any action: no policy allows one.")
        return tr("No principal can perform any action of access level {level}.").format(level=tr(LEVEL_NAMES[level]))
    of_services = ntr("{count} service", "{count} services", services).format(count=number(services))
    who = tr("{count} of {total} principals").format(count=number(matrix_rows.users), total=number(total))
    if level is None:
        first = tr("{who} have access, to {services} in total.").format(who=who, services=of_services)
        second = ntr("{count} can change permissions.", "{count} can change permissions.", matrix_rows.granting).format(
            count=number(matrix_rows.granting)
        )
        return f"{first} {second} {tr('Root users are counted.')}"
    return tr("{who} have access of level {level}, to {services} in total.").format(
        who=who, level=tr(LEVEL_NAMES[level]), services=of_services
    )


def identical_text(lines: int, people: int) -> str:
    """Return the sentence about identical principals; empty if there are none."""
    if lines == people:
        return ""
    return ntr(
        "Shown in {lines} row: identical principals share one.",
        "Shown in {lines} rows: identical principals share one.",
        lines,
    ).format(lines=number(lines))


def all_of_it(matrix_rows: MatrixRows, total: int) -> str:
    """Return the text above the matrix: `summary` and `identical_text`."""
    parts = [summary(matrix_rows, total)]
    if matrix_rows.wanted.text.strip():
        count = matrix_rows.people
        parts.append(
            ntr("{count} principal matches the filter.", "{count} principals match the filter.", count).format(
                count=number(count)
            )
        )
    if matrix_rows.is_whole and matrix_rows.wanted.gathers:
        parts.append(identical_text(len(matrix_rows.lines), matrix_rows.people))
    return " ".join(filter(None, parts))
