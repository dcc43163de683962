"""Effective permissions as JSON."""

from collections.abc import Sequence
from typing import Any

from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess, ServiceAccess
from iamdesk.aws.service_reference import reference
from iamdesk.viewmodel.workload_rows import WorkloadRow


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
