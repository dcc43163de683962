"""The who-can search: what runs in the worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from iamdesk.evaluate.request import Request
from iamdesk.gui.core.job_stream import Producer
from iamdesk.gui.who_can.rows import ActionRow, Column, PrincipalRow, WhoCanRow, details_of
from iamdesk.progress import Cancelled, Progress, WorkCancelled

if TYPE_CHECKING:
    from iamdesk.api import Opened


@dataclass(frozen=True, slots=True)
class Missing:
    """What the rows do not show."""

    sentences: tuple[str, ...]
    """Missing data that could grant external access."""
    notes: tuple[str, ...] = ()
    """Notes that apply to all rows, or to principals without a row."""


def search_for(opened: "Opened", request: Request) -> Producer:
    """Return the work that gives a `WhoCanRow` for every principal that can perform the action on the resource.

    After all rows, it explains each, in the initial order of display, and gives (`WhoCanRow`, `RowDetails`) for each.
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
    rows = []
    for access in opened.who_can(
        action=request.action,
        resource=request.resource,
        context=request.context,
        unknown_context=request.unknown_context,
        progress=progress,
        cancelled=cancelled,
    ):
        rows.append(WhoCanRow(access, opened.outline))
        give(rows[-1])
    if not opened.reads_accounts:  # else in their order, account by account: each is read again to explain its rows
        rows.sort(key=lambda row: row.sort_key(Column.DECISION))
    for place, row in enumerate(rows):
        if cancelled():
            raise WorkCancelled
        progress(place, len(rows))
        give((row, details_of(row.access.explanation)))
    give(Missing(opened.missing_external_data(request.action, request.resource), opened.request_notes(request)))


def find_actions(rows: Sequence[ActionRow]) -> Producer:
    """Return the work that explains some actions and yields (`ActionRow`, its text) for each."""
    return partial(_find_actions, rows)


def _find_actions(
    rows: Sequence[ActionRow],
    give: Callable[[Any], None],
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    for place, row in enumerate(rows):
        if cancelled():
            raise WorkCancelled
        progress(place, len(rows))
        give((row, details_of(row.access.explanation)))
