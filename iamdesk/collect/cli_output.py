"""An answer of AWS as the AWS CLI prints it, and the command that prints it."""

import base64
import json
import shlex
from collections.abc import Mapping
from datetime import date
from typing import Any

from botocore import xform_name

from iamdesk.collect.call_planner import Task, is_regional, search


def printed(value: Any) -> Any:
    """Return boto3's answer as JSON values, as the AWS CLI prints them: dates in ISO 8601, bytes in base64.

    What tells of the call alone (``ResponseMetadata``) is left out.
    """
    match value:
        case Mapping():
            return {str(key): printed(member) for key, member in value.items() if key != "ResponseMetadata"}
        case list() | tuple():
            return [printed(member) for member in value]
        case date():  # datetimes too
            return value.isoformat()
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case _:
            return value


def narrowed(errand: Task, output: Any) -> Any:
    """Return what is kept of an output: all of it, or what the layout's command asks for with ``--query``."""
    query = _query(errand)
    return search(query, output) if query else output


def as_bytes(output: Any) -> bytes:
    """Return the file's content. Half a surrogate pair stays the escape that AWS wrote."""
    return (json.dumps(output, indent=4, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace")


def command(errand: Task, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the AWS CLI command that prints the same, asked with these parameters."""
    words = ["aws", errand.step.call.service, errand.step.call.command]
    for name, value in parameters.items():
        words.append(f"--{xform_name(name, '-')}")
        words += map(str, value) if isinstance(value, list) else [str(value)]
    if errand.step.page_size:
        words += ["--page-size", str(errand.step.page_size)]
    query = _query(errand)
    if query:
        words += ["--query", query]
    if is_regional(errand):
        words += ["--region", errand.where.region]
    return tuple(words)


def _query(errand: Task) -> str:
    words = shlex.split(errand.step.call.options)
    return words[words.index("--query") + 1] if "--query" in words else ""
