"""Facts of AWS that validation needs: Regions, quotas, sensitive keys (``resources/data/policy-validation.json``)."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from iamdesk.policy.wildcards import glob, is_pattern
from iamdesk.resource_files import resources


class Facts(NamedTuple):
    """The content of the file; keys and services are in lower case."""

    partitions: Mapping[str, tuple[str, ...]]
    """Regions by partition."""
    quotas: Mapping[str, int]
    """Characters by policy type."""
    resource_quotas: Mapping[str, int]
    """Characters of a resource policy by service."""
    sensitive_keys: frozenset[str]
    keys_of_services: Mapping[str, frozenset[str]]
    """Services by key."""
    builtin_providers: frozenset[str]
    without_resource: frozenset[str]


@cache
def facts() -> Facts:
    """Return the facts; read once."""
    held: dict[str, Any] = json.loads((resources() / "data" / "policy-validation.json").read_text(encoding="utf-8"))
    return Facts(
        {partition: tuple(regions) for partition, regions in held["partitions"].items()},
        held["quotas"],
        {service: entry["most"] for service, entry in held["resource_quotas"].items()},
        frozenset(map(str.lower, held["sensitive_keys"])),
        {key.lower(): frozenset(services) for key, services in held["keys_of_services"].items()},
        frozenset(held["builtin_providers"]),
        frozenset(held["without_resource"]),
    )


@cache
def all_regions() -> frozenset[str]:
    """Return the Regions of every partition."""
    return frozenset(region for regions in facts().partitions.values() for region in regions)


@lru_cache(maxsize=1 << 12)  # bounded: documents bring the texts
def is_region(text: str) -> bool:
    """Return whether a text is a Region, or a pattern that matches one."""
    if is_pattern(text):
        return any(glob(text).matches(region) for region in all_regions())
    return text in all_regions()


@lru_cache(maxsize=1 << 12)
def is_partition(text: str) -> bool:
    """Return whether a text is a partition, or a pattern that matches one."""
    return any(glob(text).matches(partition) for partition in facts().partitions)
