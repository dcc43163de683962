"""The whole output of one call, however AWS gives it: at once, in pages, as a report, or by a job."""

from collections.abc import Callable, Mapping
from typing import Any

from iamdesk.collect.call_planner import Task
from iamdesk.collect.call_spec import FetchMode
from iamdesk.i18n import phrase

type Wait = Callable[[float], None]
"""Waits so many seconds, and raises `WorkCancelled` as soon as nobody wants the work any more."""

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 10.0
_PATIENCE = 300.0
"""Seconds in all for which a report or job is waited for."""


class NotReadyError(Exception):
    """A report or job was not complete in time, or failed; its text is what AWS said."""


class GarbledError(Exception):
    """The response does not come from AWS: a proxy's page, an empty body, another format. Its text is the reason."""


class UnknownOperationError(Exception):
    """The boto3 that is installed is older than the operation."""


def fetch(client: Any, errand: Task, wait: Wait) -> tuple[Any, Mapping[str, Any]]:
    """Return boto3's answer, and the parameters of the command that prints it.

    Raises:
        ClientError, BotoCoreError: AWS gave an error, or no answer.
        NotReadyError: AWS did not come to an end in time.
        UnknownOperationError: boto3 is too old for it.
        WorkCancelled: while waiting.
    """
    if not hasattr(client, errand.step.operation):
        raise UnknownOperationError(
            phrase("this version of boto3 does not know {operation}", operation=errand.step.operation)
        )
    match errand.step.way:
        case FetchMode.PAGES:
            return _pages(client, errand), errand.parameters
        case FetchMode.REPORT:
            return _report(client, wait), errand.parameters
        case FetchMode.JOB:
            return _job(client, errand, wait)


def _pages(client: Any, errand: Task) -> Any:
    operation = errand.step.operation
    if client.can_paginate(operation):
        pages = {"PageSize": errand.step.page_size} if errand.step.page_size else {}
        paginator = client.get_paginator(operation)
        return paginator.paginate(**errand.parameters, PaginationConfig=pages).build_full_result()
    return getattr(client, operation)(**errand.parameters)


def _report(client: Any, wait: Wait) -> Any:
    for seconds in _waits():
        if client.generate_credential_report()["State"] == "COMPLETE":
            return client.get_credential_report()
        wait(seconds)
    raise NotReadyError(phrase("the credential report was not complete in time"))


def _job(client: Any, errand: Task, wait: Wait) -> tuple[Any, Mapping[str, Any]]:
    started = client.generate_service_last_accessed_details(Granularity="ACTION_LEVEL", **errand.parameters)
    job = {"JobId": started["JobId"]}
    for seconds in _waits():
        answer = client.get_service_last_accessed_details(**job)
        match answer["JobStatus"]:
            case "COMPLETED":
                return _with_all_pages(client, job, answer), job
            case "FAILED":
                raise NotReadyError(answer.get("Error", {}).get("Message", "the job failed"))
        wait(seconds)
    raise NotReadyError(phrase("the job was not complete in time"))


def _with_all_pages(client: Any, job: Mapping[str, str], first: dict[str, Any]) -> dict[str, Any]:
    """Put the services of all pages into the first: boto3 has no paginator for this operation."""
    services = list(first.get("ServicesLastAccessed", ()))
    page = first
    while page.get("IsTruncated"):
        page = client.get_service_last_accessed_details(Marker=page["Marker"], **job)
        services += page.get("ServicesLastAccessed", ())
    whole = {name: value for name, value in first.items() if name not in ("IsTruncated", "Marker")}
    return {**whole, "ServicesLastAccessed": services}


def _waits() -> list[float]:
    waits = [_FIRST_WAIT]
    while sum(waits) < _PATIENCE:
        waits.append(min(waits[-1] * 2, _LONGEST_WAIT))
    return waits
