"""Names of API operations that are not names of actions, from ``resources/data/cloudtrail-names.json``."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from iamdesk.aws.service_reference import reference
from iamdesk.resource_files import resources


@lru_cache(maxsize=1)
def names() -> Mapping[str, Any]:
    """Return the names that differ between CloudTrail and policies (``resources/data/cloudtrail-names.json``)."""
    found: dict[str, Any] = json.loads((resources() / "data" / "cloudtrail-names.json").read_text(encoding="utf-8"))
    return found


def without_version(operation: str) -> str:
    """Return an operation's name without the version that Lambda logs (``GetFunction20150331v2``)."""
    return re.sub(r"\d{8}(?:v\d)?$", "", operation)


@lru_cache(maxsize=1)
def _by_lower_case() -> Mapping[str, str]:
    return {operation.lower(): operation for operation in names()["actions"]}


def action_of_operation(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the action of an operation (``s3:ListObjectsV2``), and those that it needs besides; None for no operation.

    Operations of which the action bears the name are none of these.
    """
    text = without_version(text)
    if (operation := _by_lower_case().get(text.lower())) is not None:
        return str(names()["actions"][operation]), tuple(names()["besides"].get(operation, ()))
    service, _, name = text.partition(":")
    action = reference().action(service, name)
    return None if action is None else (action.full_name, ())
