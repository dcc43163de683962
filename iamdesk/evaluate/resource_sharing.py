"""Resources that can be shared other than by an identity policy or a resource policy (rules D7, I13).

They are data, with their sources (``resources/data/resource-sharing.json``).
"""

import json
from collections.abc import Collection, Mapping
from functools import cache

from iamdesk.i18n import phrase
from iamdesk.resource_files import resources

BY_RAM = "AWS Resource Access Manager"


@cache  # of two tables
def _types(how: str) -> Mapping[str, Collection[str]]:
    """Return the types that are shared in one way, by service."""
    data = json.loads((resources() / "data" / "resource-sharing.json").read_text(encoding="utf-8"))
    return {service: frozenset(types) for service, types in data[how].items()}


def shared_by(service: str, resource_types: Collection[str]) -> str | None:
    """Return how another account may get access to resources of one of some types; None where it cannot."""
    names = {name.lower() for name in resource_types}
    if not names.isdisjoint(_types("by_attribute").get(service, ())):
        return phrase("a sharing setting of its service")
    return None if names.isdisjoint(_types("by_ram").get(service, ())) else BY_RAM
