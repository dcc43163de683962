"""What a capture is told, what it tells on its way, and what it ends with. Nothing here needs boto3."""

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
    "Gap",
    "Kind",
    "Options",
    "Status",
    "Watch",
    "boto3_is_there",
    "gap_lines",
]

INSTALL = "pip install iamdesk[collect]"
"""The command that brings boto3."""


PARALLEL = 8
"""Calls made at the same time, usually: AWS slows down who asks for much more."""


class CollectError(Exception):
    """A capture cannot begin or go on. Its text is one sentence, which says what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to capture, as whom, and where to put it."""

    output: Path
    """A folder, or a file that ends in ``.zip``; not there yet, or begun by an earlier run."""
    profile: str | None = None
    """Of the AWS configuration files; None: the one that is in force."""
    regions: tuple[str, ...] = ()
    """Regions to look into; empty: all that are enabled in each account."""
    endpoint_url: str | None = None
    """Asked in place of AWS."""
    role_name: str | None = None
    """A role to assume in every account but the caller's own; None: the caller's account alone."""
    accounts: tuple[str, ...] = ()
    """Accounts in which to assume it; empty: all active ones of the organization."""
    external_id: str | None = None
    """Passed on when a role is assumed."""
    skip: frozenset[Kind] = frozenset()
    """Kinds of data that are not asked for."""
    parallel: int = PARALLEL
    """Calls made at the same time."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a capture is. What is to be done grows while lists come in."""

    done: int
    total: int
    gaps: int
    doing: str
    """The account, or what is being done, for people."""


type Watch = Callable[[Status], None]


@dataclass(frozen=True, slots=True)
class Gap:
    """A call that gave nothing."""

    path: str
    """Where its output would lie in the bundle."""
    service: str
    """As the AWS CLI calls it."""
    operation: str
    """As the AWS CLI calls it."""
    command: str
    code: str
    message: str


def gap_lines(gaps: Sequence[Gap]) -> list[str]:
    """Return what was not captured, for people: a line for each call and error code."""
    counts = Counter(f"{gap.service} {gap.operation}: {gap.code}" for gap in gaps)
    return [f"{line} ({count:,} times)" if count > 1 else line for line, count in sorted(counts.items())]


@dataclass(frozen=True, slots=True)
class Captured:
    """How a capture ended."""

    path: Path
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    files: int
    kept: int
    """Files that an earlier run had captured."""
    gaps: tuple[Gap, ...] = field(repr=False)
    notes: tuple[str, ...] = ()
    """Sentences about what was done otherwise than asked."""


def boto3_is_there() -> bool:
    """Return whether boto3 is installed; it is not imported."""
    return find_spec("boto3") is not None
