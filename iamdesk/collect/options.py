"""Options, progress and result of a capture. Does not import boto3."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from iamdesk.snapshot.layout import Kind

__all__ = [
    "INSTALL",
    "PARALLEL",
    "Captured",
    "CollectError",
    "FailedCall",
    "Kind",
    "Options",
    "Status",
    "Watch",
    "boto3_is_there",
    "failed_call_lines",
]

INSTALL = "pip install iamdesk[collect]"
"""The command that installs boto3."""


PARALLEL = 8
"""Default number of concurrent calls: AWS throttles callers that make many more."""


class CollectError(Exception):
    """A capture cannot start or continue. The message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a capture."""

    output: Path
    """A folder, or a file that ends in ``.zip``; new, or started by an earlier run."""
    profile: str | None = None
    """Profile of the AWS configuration files; None: the default credentials."""
    regions: tuple[str, ...] = ()
    """Regions to capture; empty: all that are enabled in each account."""
    endpoint_url: str | None = None
    """Endpoint that is called instead of AWS."""
    role_name: str | None = None
    """Role to assume in all accounts except the caller's; None: capture only the caller's account."""
    accounts: tuple[str, ...] = ()
    """Accounts in which to assume it; empty: all active ones of the organization."""
    external_id: str | None = None
    """External ID for assuming the role."""
    skip: frozenset[Kind] = frozenset()
    """Kinds of data to skip."""
    parallel: int = PARALLEL
    """Number of concurrent calls."""


@dataclass(frozen=True, slots=True)
class Status:
    """Progress of a capture. The total grows as lists are fetched."""

    done: int
    total: int
    failed_calls: int
    doing: str
    """Name of the account or the current work."""


type Watch = Callable[[Status], None]


NOT_FROM_AWS = "ForeignResponseError"
"""The code of calls whose response looks like success and is none of AWS: a proxy's page, another format."""


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A failed call: missing data."""

    path: str
    """Path of its output in the bundle."""
    service: str
    """Service in the AWS CLI."""
    operation: str
    """Command in the AWS CLI."""
    command: str
    code: str
    message: str


def failed_call_lines(failed_calls: Sequence[FailedCall]) -> list[str]:
    """Return a line of text for each failed call and error code."""
    counts = Counter(f"{call.service} {call.operation}: {call.code}" for call in failed_calls)
    return [f"{line} ({count:,} times)" if count > 1 else line for line, count in sorted(counts.items())]


@dataclass(frozen=True, slots=True)
class Captured:
    """Result of a capture."""

    path: Path
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    files: int
    kept: int
    """Number of files that an earlier run captured."""
    failed_calls: tuple[FailedCall, ...] = field(repr=False)
    notes: tuple[str, ...] = ()
    """Sentences about deviations from the options."""


def boto3_is_there() -> bool:
    """Return whether boto3 is installed; it is not imported."""
    return find_spec("boto3") is not None
