"""Fetches the whole output of one call: at once, in pages, as a report, or by a job."""

from collections.abc import Callable, Mapping
from typing import Any

from iamdesk.collect.call_planner import Task
from iamdesk.collect.response_limits import LIMITS
from iamdesk.i18n import phrase
from iamdesk.snapshot.resource_service import FetchMode

type Wait = Callable[[float], None]
"""Waits for a number of seconds, and raises `WorkCancelled` if the work is cancelled."""

_TOKENS = ("NextToken", "nextToken")
"""Members with which AWS says that there are more pages; the parameter for the next page has the same name."""
_FIRST_WAIT = 0.5
_MAX_WAIT = 10.0
_TIMEOUT = 300.0
"""Total seconds to wait for a report or job."""


class NotReadyError(Exception):
    """A report or job was not complete in time, or failed; its message is that of AWS."""


class GarbledError(Exception):
    """The response does not come from AWS: a proxy's page, an empty body, another format. Its message is the reason."""


class UnknownOperationError(Exception):
    """The installed boto3 does not have the operation."""


def fetch(client: Any, task: Task, wait: Wait) -> tuple[Any, Mapping[str, Any]]:
    """Return the response, and the parameters of the CLI command that prints it.

    Raises:
        ClientError, BotoCoreError: AWS returned an error, or did not respond.
        NotReadyError: a report or job was not complete in time.
        UnknownOperationError: boto3 is too old.
        WorkCancelled: the work was cancelled while waiting.
    """
    if not hasattr(client, task.step.operation):
        raise UnknownOperationError(
            phrase("this version of boto3 does not know {operation}", operation=task.step.operation)
        )
    LIMITS.begin()
    match task.step.fetch_mode:
        case FetchMode.PAGES:
            return _pages(client, task), task.parameters
        case FetchMode.REPORT:
            return _report(client, wait), task.parameters
        case FetchMode.JOB:
            return _job(client, task, wait)


def _pages(client: Any, task: Task) -> Any:
    operation = task.step.operation
    if client.can_paginate(operation):
        pages = {"PageSize": task.step.page_size} if task.step.page_size else {}
        paginator = client.get_paginator(operation)
        return paginator.paginate(**task.parameters, PaginationConfig=pages).build_full_result()
    return _with_next_pages(getattr(client, operation), task.parameters)


def _with_next_pages(call: Callable[..., dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the lists of all pages of an operation for which boto3 has no paginator (``list-event-buses``)."""
    whole = page = call(**parameters)
    seen: set[str] = set()
    while name := next((name for name in _TOKENS if page.get(name)), ""):
        token = page[name]
        if token in seen:  # what imitates AWS may repeat a page for ever
            break
        seen.add(token)
        page = call(**{**parameters, name: token})
        for key, value in page.items():
            if isinstance(value, list):
                whole[key] = [*whole.get(key, ()), *value]
    if seen and not any(page.get(name) for name in _TOKENS):
        whole = {key: value for key, value in whole.items() if key not in _TOKENS}
    return whole


def _report(client: Any, wait: Wait) -> Any:
    for seconds in _waits():
        if client.generate_credential_report()["State"] == "COMPLETE":
            return client.get_credential_report()
        wait(seconds)
    raise NotReadyError(phrase("the credential report was not complete in time"))


def _job(client: Any, task: Task, wait: Wait) -> tuple[Any, Mapping[str, Any]]:
    started = client.generate_service_last_accessed_details(Granularity="ACTION_LEVEL", **task.parameters)
    job = {"JobId": started["JobId"]}
    for seconds in _waits():
        response = client.get_service_last_accessed_details(**job)
        match response["JobStatus"]:
            case "COMPLETED":
                return _with_all_pages(client, job, response), job
            case "FAILED":
                raise NotReadyError(response.get("Error", {}).get("Message", "the job failed"))
        wait(seconds)
    raise NotReadyError(phrase("the job was not complete in time"))


def _with_all_pages(client: Any, job: Mapping[str, str], first: dict[str, Any]) -> dict[str, Any]:
    """Merge the services of all pages: boto3 has no paginator for this operation."""
    services = list(first.get("ServicesLastAccessed", ()))
    page = first
    while page.get("IsTruncated"):
        page = client.get_service_last_accessed_details(Marker=page["Marker"], **job)
        services += page.get("ServicesLastAccessed", ())
    whole = {name: value for name, value in first.items() if name not in ("IsTruncated", "Marker")}
    return {**whole, "ServicesLastAccessed": services}


def _waits() -> list[float]:
    waits = [_FIRST_WAIT]
    while sum(waits) < _TIMEOUT:
        waits.append(min(waits[-1] * 2, _MAX_WAIT))
    return waits
