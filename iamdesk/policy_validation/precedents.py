"""What AWS's own managed policies name although the Service Authorization Reference does not list it.

AWS's check reference lists the managed policies with an error. What the others name exists, or is no error: actions
that were renamed, condition keys that are not documented, and ARNs without a listed format.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from iamdesk.snapshot.aws_managed import aws_managed_policies

_SERVICE_PRINCIPAL = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")


class Precedents(NamedTuple):
    """All texts in lower case, but resources."""

    actions: frozenset[str]
    """Entries of ``Action`` and ``NotAction``."""
    services: frozenset[str]
    """The services of these entries."""
    keys: frozenset[str]
    """Condition keys, tags without the tag's key: ``aws:resourcetag/``."""
    resources: frozenset[str]
    """Entries of ``Resource`` and ``NotResource``."""
    pairs: frozenset[tuple[str, str]]
    """An action and a condition key of the same statement."""
    service_principals: frozenset[str]
    """Values such as ``ec2.amazonaws.com``."""


@cache
def precedents() -> Precedents:
    """Return the precedents; the first call reads the shipped policies, which takes some tenths of a second."""
    actions: set[str] = set()
    keys: set[str] = set()
    resources: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    principals: set[str] = set()
    for statement in _statements():
        named = [text.lower() for name in ("Action", "NotAction") for text in _texts(statement.get(name))]
        tested = {key.lower() for block in statement.get("Condition", {}).values() for key in block}
        for block in statement.get("Condition", {}).values():
            for value in block.values():
                principals.update(text for text in _texts(value) if _SERVICE_PRINCIPAL.fullmatch(text))
        actions.update(named)
        keys |= tested
        pairs.update((action, key) for action in named for key in tested)
        resources.update(text for name in ("Resource", "NotResource") for text in _texts(statement.get(name)))
    services = frozenset(text.partition(":")[0] for text in actions)
    return Precedents(
        frozenset(actions), services, frozenset(keys), frozenset(resources), frozenset(pairs), frozenset(principals)
    )


def _statements() -> Iterator[dict[str, Any]]:
    for policy in aws_managed_policies():
        version = policy.default_version
        document = version.document if version is not None else None
        listed = document.get("Statement", []) if isinstance(document, dict) else []
        yield from listed if isinstance(listed, list) else [listed]


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for text in value if isinstance(text, str)]
    return [value] if isinstance(value, str) else []
