"""The resources that statements name, as ARNs to evaluate: each pattern as it is written."""

from functools import lru_cache

from iamdesk.access.request_grid import arn_services
from iamdesk.policy.arn import ArnError, parse_arn
from iamdesk.policy.resource_patterns import ResourcePattern
from iamdesk.policy.wildcards import glob


def as_requested(entry: ResourcePattern, text: str, service: str, partition: str) -> str | None:
    """Return an entry as an ARN to evaluate, its variables filled in as in ``text``; None where it cannot be one."""
    if entry.is_everything or entry.problem:
        return None
    asked = _as_arn(text, partition)
    of_service = arn_services(service)
    return asked if asked and (of_service is None or asked.split(":", 3)[2].lower() in of_service) else None


@lru_cache(maxsize=1 << 14)
def _as_arn(text: str, partition: str) -> str | None:
    """Return a pattern as an ARN of a partition; missing parts are stars (rule F7)."""
    parts = text.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    if glob(parts[1].lower()).matches(partition):
        parts[1] = partition
    try:
        return str(parse_arn(":".join(parts)))
    except ArnError:
        return None
