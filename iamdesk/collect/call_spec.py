"""Specification of one call with boto3: a row of the table in `call_specs.py`."""

from collections.abc import Mapping
from dataclasses import dataclass

from iamdesk.snapshot.layout import Call
from iamdesk.snapshot.resource_service import FetchMode

REGION = "@region"
"""Key in the results of `DependsOn.each` with the Region of the call."""


@dataclass(frozen=True, slots=True)
class DependsOn:
    """A call is made once for each item in the output of another call."""

    call: str
    """Service and command of the other call, as in `Step.name`: ``kms list-keys``."""
    each: str
    """JMESPath over its output that returns a list of objects, one for each call (`call_planner.py`).

    A key is a parameter of the operation, ``@`` with an argument of the path (``@queue``), or `REGION`.
    """
    keep: tuple[str, ...] = ()
    """Parameters and arguments of the other call that this call has, too."""


@dataclass(frozen=True, slots=True)
class Step:
    """Specification of a call."""

    call: Call
    """Its place in the layout of a bundle."""
    service: str
    """Name of the service in boto3."""
    parameters: Mapping[str, str | int | tuple[str, ...]]
    """Fixed parameters. ``{account}``, ``{region}``, ``{partition}`` and the names of the path's arguments in braces
    are replaced by their values."""
    after: tuple[DependsOn, ...] = ()
    arguments: tuple[str, ...] = ()
    """Fixed arguments of the path."""
    actions: tuple[str, ...] = ()
    """The required IAM actions."""
    once: bool = False
    """Whether it is made only in the caller's account, not in each account."""
    fetch_mode: FetchMode = FetchMode.PAGES
    page_size: int | None = None
    """Page size, for operations whose output has more details with one."""
    resources: tuple[str, ...] = ()
    """ARNs to which the shipped policy limits the actions; none: ``*``."""

    @property
    def name(self) -> str:
        """Service and command of the AWS CLI: ``kms list-keys``."""
        return f"{self.call.service} {self.call.command}"

    @property
    def operation(self) -> str:
        """The method of the boto3 client: ``list_keys``."""
        return self.call.command.replace("-", "_")
