"""The who-can search: what runs in the worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from iamdesk.evaluate.request import Request
from iamdesk.gui.core.job_stream import Producer
from iamdesk.gui.who_can.details import details_of, explained
from iamdesk.gui.who_can.rows import Column, PrincipalRow, WhoCanRow
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from iamdesk.api import Opened

FEW = 200
"""Number of rows up to which all are explained at once: with more, those in sight."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What the rows do not show."""

    sentences: tuple[str, ...]
    """Missing data that could grant external access."""
    notes: tuple[str, ...] = ()
    """Notes that apply to all rows, or to principals without a row."""


def search_for(opened: "Opened", request: Request) -> Producer:
    """Return the work that gives a `WhoCanRow` for every principal that can perform the action on the resource.

    Few rows it explains after that, in the initial order of display, and gives (`WhoCanRow`, `RowDetails`) for each.
    Without an action, it gives a `PrincipalRow` for each. The last item is `Missing`.
    """
    return partial(_search, opened, request)


def _search(
    opened: "Opened",
    request: Request,
    give: Callable[[Any], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    if not request.action:
        for one in opened.access_to_resource(
            request.resource,
            request.context,
            unknown_context=request.unknown_context,
            progress=progress,
            cancelled=cancelled,
        ):
            give(PrincipalRow(one, opened.outline))
        give(Missing(opened.missing_external_data(None, request.resource)))
        return
    request = opened.stated(request)
    give(request)
    rows = []
    for access in opened.who_can(
        action=request.action,
        resource=request.resource,
        context=request.context,
        unknown_context=request.unknown_context,
        unknown_action=request.unknown_action,
        progress=progress,
        cancelled=cancelled,
    ):
        rows.append(WhoCanRow(access, opened.outline))
        give(rows[-1])
    if len(rows) <= FEW:
        if not opened.reads_accounts:  # else in their order, account by account: each is read again to explain its rows
            rows.sort(key=lambda row: row.sort_key(Column.DECISION))
        _explain_each(rows, give, progress, cancelled)
    give(Missing(opened.missing_external_data(request.action, request.resource), opened.request_notes(request)))


def explain(opened: "Opened", request: Request, rows: Sequence[WhoCanRow], count: int) -> Producer:
    """Return the work that explains some rows of a request and gives (`WhoCanRow`, `RowDetails`) for each.

    Args:
        opened: The snapshot.
        request: The request of the rows.
        rows: The rows to explain.
        count: The number of all rows: workers explain all of an organization at once where most are wanted.
    """
    if opened.reads_accounts and request.action and len(rows) > max(FEW, count // 2):
        return partial(_explain_with_workers, opened, request, rows)
    return partial(_explain_each, rows)


def _explain_with_workers(
    opened: "Opened",
    request: Request,
    rows: Sequence[WhoCanRow],
    give: Callable[[Any], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    wanted = {row.access.who: row for row in rows}
    for who, details in opened.each_row(
        explained,
        action=request.action,
        resource=request.resource,
        context=request.context,
        unknown_context=request.unknown_context,
        unknown_action=request.unknown_action,
        progress=progress,
        cancelled=cancelled,
    ):
        if (row := wanted.pop(who, None)) is not None:
            give((row, details))
    _explain_each(list(wanted.values()), give, progress, cancelled)  # without access by now: a condition on the time


def _explain_each(
    rows: Sequence[WhoCanRow],
    give: Callable[[Any], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    for place, row in enumerate(rows):
        if cancelled():
            raise WorkCancelled
        progress(place, len(rows))
        give((row, details_of(row.access.explanation)))
