"""One row of the collector's table (`call_specs.py`): how to make one call of the bundle's layout with boto3."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from iamdesk.snapshot.layout import Call

REGION = "@region"
"""Among what `DependsOn.each` gives: no parameter, but the Region to call."""


class FetchMode(StrEnum):
    """How the whole output is got."""

    PAGES = "pages"
    """One call, or page after page, put together as the AWS CLI does."""
    REPORT = "report"
    """Generated first, then fetched when it is complete (credential report)."""
    JOB = "job"
    """A job is begun and asked until it is complete (service last accessed details)."""


@dataclass(frozen=True, slots=True)
class DependsOn:
    """Makes a call once for each thing that an earlier call found."""

    call: str
    """Service and command of the earlier call, as in `Step.name`: ``kms list-keys``."""
    each: str
    """JMESPath over its output, which gives a list of objects: what each call is made with (`call_planner.py`).

    A key is a parameter of the operation; or ``@`` and an argument of the path (``@queue``); or `REGION`.
    """
    keep: tuple[str, ...] = ()
    """Parameters and arguments of the earlier call that this one takes over."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row."""

    call: Call
    """Where its output belongs."""
    service: str
    """As boto3 calls it."""
    parameters: Mapping[str, str | tuple[str, ...]]
    """What does not come from an earlier call. ``{account}``, ``{region}``, ``{partition}`` and the names of the
    path's arguments in braces stand for their values."""
    after: tuple[DependsOn, ...] = ()
    arguments: tuple[str, ...] = ()
    """Of the path, where no earlier call gives them."""
    actions: tuple[str, ...] = ()
    """The IAM actions that it needs, where that is not the operation's own name."""
    once: bool = False
    """Made as the caller only, not in each account."""
    way: FetchMode = FetchMode.PAGES
    page_size: int | None = None
    """Entries asked for at once, where AWS prints more of each when one asks so."""

    @property
    def name(self) -> str:
        """Service and command as the AWS CLI has them: ``kms list-keys``."""
        return f"{self.call.service} {self.call.command}"

    @property
    def operation(self) -> str:
        """The operation as boto3 has it: ``list_keys``."""
        return self.call.command.replace("-", "_")
