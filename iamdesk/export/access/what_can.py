"""Effective permissions as files: heat map as CSV, actions as CSV, both as JSON."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess, ServiceAccess
from iamdesk.aws.service_reference import reference
from iamdesk.export.access.detail_rows import detail_of
from iamdesk.export.access.heatmap import LEVELS, AccessHeatmap, MapRow
from iamdesk.export.findings.csv_table import TableAbout, csv_bytes
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.viewmodel.workload_rows import WorkloadRow

MAP_COLUMNS = (
    "number",
    "principal",
    "service",
    "service_name",
    "access_level",
    "actions_total",
    *(reach.value.replace(",", "").replace(" ", "_") for reach in AccessExtent),
    "share_permitted",
    "snapshot",
)
ACTION_COLUMNS = (
    "number",
    "principal",
    "service",
    "service_name",
    "access_level",
    "action",
    "reach",
    "resources",
    "conditions",
    "snapshot",
)


def to_json(access: EffectiveAccess) -> bytes:
    """Return the output of ``iamdesk what-can --format json``."""
    return f"{json.dumps(to_effective_access(access), indent=2)}\n".encode()


def map_to_json(access: EffectiveAccess) -> bytes:
    """Return the same without single actions: only numbers by service and access level."""
    value = to_effective_access(access)
    services = [{key: member for key, member in one.items() if key != "Actions"} for one in value["Services"]]
    return f"{json.dumps({**value, 'Services': services}, indent=2)}\n".encode()


def map_to_csv(shown: AccessHeatmap, snapshot_name: str, about: TableAbout | None = None) -> bytes:
    """Return the heat map as CSV: a row for each service and access level with allowed or denied actions."""
    return csv_bytes(MAP_COLUMNS, _map_rows(shown, snapshot_name), _query(shown.access), about)


def _query(access: EffectiveAccess) -> str:
    resource = f" on {access.resource}" if access.resource else ""
    return f"effective permissions of {access.subject}{resource}"


def actions_to_csv(
    access: EffectiveAccess,
    snapshot_name: str,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    about: TableAbout | None = None,
) -> bytes:
    """Return all allowed and denied actions as CSV, with resources and conditions.

    Evaluates requests for each action: for the 17,000 of an administrator it takes some seconds.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    rows = _action_rows(access, snapshot_name, progress, cancelled)
    return csv_bytes(ACTION_COLUMNS, rows, _query(access), about)


def _map_rows(shown: AccessHeatmap, snapshot_name: str) -> Iterator[tuple[str | int, ...]]:
    rows = (found for row in shown.listed for found in level_rows(row, shown.access.subject, snapshot_name))
    yield from ((number, *row) for number, row in enumerate(rows, start=1))


def level_rows(row: MapRow, subject: str, snapshot_name: str) -> Iterator[tuple[str | int, ...]]:
    """Yield the rows of `MAP_COLUMNS`, without their number, for one service of one principal or group."""
    for level in LEVELS:
        cell = row.cells.get(level)
        if cell is None or cell.counts[AccessExtent.NONE] == cell.total:
            continue
        counts = (cell.counts[reach] for reach in AccessExtent)
        yield (subject, row.service, row.name, level, cell.total, *counts, f"{cell.share:.3f}", snapshot_name)


def _action_rows(
    access: EffectiveAccess, snapshot_name: str, progress: Progress, cancelled: Cancelled
) -> Iterator[tuple[str | int, ...]]:
    listed = tuple(reach for reach in AccessExtent if reach is not AccessExtent.NONE)
    number = 0
    for place, found in enumerate(access.services):
        progress(place, len(access.services))
        name = reference().service_name(found.service) or found.service
        for action in access.actions(found.service, reaches=listed):
            if cancelled():
                raise WorkCancelled
            number += 1
            detail = detail_of(action)
            yield (
                number,
                access.subject,
                found.service,
                name,
                action.access_level,
                action.name,
                action.reach.value,
                detail.where,
                detail.when,
                snapshot_name,
            )


def to_effective_access(access: EffectiveAccess, runs_with: Sequence[WorkloadRow] = ()) -> dict[str, Any]:
    """Return the effective permissions of a principal or group as a JSON object.

    ``Services`` are those with allowed or denied actions; each has its ``AccessLevels`` with the number of actions by
    extent, and its ``Actions`` with their extent (key ``Reach``). ``RunsWith`` are the resources that use a role; it is
    omitted if there are none.
    """
    used = [
        {"Resource": arn, "Kind": row.kind.value, "Usage": row.usage.value}
        for row in runs_with
        for arn, _ in row.resources
    ]
    return {
        "Principal": access.subject,
        "Resource": access.resource,
        **({"RunsWith": used} if used else {}),
        "Services": [_service(access, found) for found in access.services],
    }


def _service(access: EffectiveAccess, found: ServiceAccess) -> dict[str, Any]:
    return {
        "Service": found.service,
        "ServiceName": reference().service_name(found.service),
        "AccessLevels": [
            {
                "AccessLevel": level,
                "Total": sum(counts.values()),
                **{reach.value: count for reach, count in counts.items() if count and reach is not AccessExtent.NONE},
            }
            for level, counts in found.counts().items()
        ],
        "Actions": [
            {"Action": action.name, "AccessLevel": action.access_level, "Reach": action.reach.value}
            for action in access.actions(found.service)
            if action.reach is not AccessExtent.NONE
        ],
    }
