"""Effective permissions as JSON."""

from typing import Any

from iamdesk.access.effective_permissions import AccessExtent, EffectiveAccess, ServiceAccess
from iamdesk.aws.service_reference import reference


def to_effective_access(access: EffectiveAccess) -> dict[str, Any]:
    """Return the effective permissions of a principal or group as a JSON object.

    ``Services`` are those with allowed or denied actions; each has its ``AccessLevels`` with the number of actions by
    extent, and its ``Actions`` with their extent (key ``Reach``).
    """
    return {
        "Principal": access.subject,
        "Resource": access.resource,
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
