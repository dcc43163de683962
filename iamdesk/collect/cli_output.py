"""Responses of AWS as the AWS CLI prints them, and the CLI commands."""

import base64
import json
import shlex
from collections.abc import Mapping
from datetime import date
from typing import Any

from botocore import xform_name

from iamdesk.collect.call_planner import Task, is_regional, search


def printed(value: Any) -> Any:
    """Return a response of boto3 as JSON values, as the AWS CLI prints it: dates in ISO 8601, bytes in base64.

    ``ResponseMetadata`` is left out.
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


def narrowed(task: Task, output: Any) -> Any:
    """Return an output, filtered by the ``--query`` of the layout's command if it has one."""
    query = _query(task)
    return search(query, output) if query else output


def as_bytes(output: Any) -> bytes:
    """Return the content of the file. Lone surrogates stay escapes, as AWS wrote them."""
    return (json.dumps(output, indent=4, ensure_ascii=False) + "\n").encode("utf-8", errors="backslashreplace")


def command(task: Task, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the AWS CLI command with the same output and parameters."""
    words = list(task.step.call.words)
    for name, value in parameters.items():
        words.append(f"--{xform_name(name, '-')}")
        words += map(str, value) if isinstance(value, list) else [str(value)]
    if task.step.page_size:
        words += ["--page-size", str(task.step.page_size)]
    query = _query(task)
    if query:
        words += ["--query", query]
    if is_regional(task):
        words += ["--region", task.where.region]
    return tuple(words)


def _query(task: Task) -> str:
    words = shlex.split(task.step.call.options)
    return words[words.index("--query") + 1] if "--query" in words else ""
