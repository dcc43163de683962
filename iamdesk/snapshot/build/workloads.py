"""Builds what runs with which role from the outputs of a bundle, and which of its lists are complete."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from iamdesk.snapshot.build.resources import partition_of
from iamdesk.snapshot.bundle import Bundle, Part
from iamdesk.snapshot.call_status import CaptureState
from iamdesk.snapshot.layout import Place
from iamdesk.snapshot.output_shapes import values_at
from iamdesk.snapshot.resource_service import Collect, Command, RunsWith
from iamdesk.snapshot.resource_services import all_commands
from iamdesk.snapshot.resource_services.ec2 import REGIONS
from iamdesk.snapshot.workloads import AccountWorkloads, Workload, WorkloadKind, WorkloadList, WorkloadRole

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_AFTER_LAST = re.compile(r"after_last\((.*)\)")


def workloads_of(bundle: Bundle) -> dict[str, AccountWorkloads]:
    """Return the resources of a bundle that can run with a role, by account."""
    workloads: dict[str, list[Workload]] = {}
    for account, workload in _workloads(bundle):
        workloads.setdefault(account, []).append(workload)
    complete = _complete_lists(bundle)
    regions = _regions_of(bundle)
    return {
        account: AccountWorkloads(
            account_id=account,
            workloads=tuple(workloads.get(account, ())),
            complete=frozenset(complete.get(account, ())),
            enabled_regions=regions.get(account),
        )
        for account in sorted({*workloads, *complete, *regions})
    }


def _workloads(bundle: Bundle) -> Iterator[tuple[str, Workload]]:
    """Yield each resource once, with its account, by kind and ARN."""
    found: dict[tuple[WorkloadKind, str], dict[str, Any]] = {}
    for command in _RUNNING:
        for part, page in bundle.of(*command.key, command.model):
            for runs in command.runs:
                for record in values_at(page, runs.records):
                    _add(found, part, runs, record, command.call.arguments)
    for (kind, arn), known in sorted(found.items()):
        account = known.pop("account")
        yield account, Workload(kind=kind, arn=arn, **{**known, "roles": tuple(known["roles"])})


def _add(
    found: dict[tuple[WorkloadKind, str], dict[str, Any]],
    part: Part,
    runs: RunsWith,
    record: Any,
    arguments: tuple[str, ...],
) -> None:
    state = next((_text(value) for value in values_at(record, runs.state)), "") if runs.state else ""
    if state in runs.ended:
        return
    place = part.place
    known = found.setdefault(
        (runs.kind, _filled(part, runs.arn, record, arguments)),
        {"account": place.account, "region": place.region, "roles": {}, "state": ""},
    )
    if runs.detail:
        known["detail"] = _filled(part, runs.detail, record, arguments)
    for path, usage in runs.roles:
        for value in values_at(record, path):
            if value:
                known["roles"][WorkloadRole(value, usage)] = None
    if runs.definition:
        known["definition"] = next(values_at(record, runs.definition), "")
    if runs.takes_commands:
        known["takes_commands"] = next(values_at(record, runs.takes_commands), None)
    known["state"] = state or known["state"]


def _text(value: Any) -> str:
    """Return a state as text: AWS prints some as ``true`` and ``false``."""
    if isinstance(value, bool):
        return "enabled" if value else "disabled"
    return str(value)


def _filled(part: Part, template: str, record: Any, arguments: tuple[str, ...]) -> str:
    """Return an ARN, or another text, with its placeholders filled in."""
    place = part.place
    known = {
        "partition": partition_of(place.region) if place.region else "aws",
        "region": place.region,
        "account": place.account,
        **dict(zip(arguments, place.arguments, strict=True)),
    }

    def filled(name: re.Match[str]) -> str:
        return known[name[1]] if name[1] in known else str(next(values_at(record, name[1]), ""))

    # The ARN of a rule of the default event bus does not name the bus.
    return _PLACEHOLDER.sub(filled, template).replace(":rule/default/", ":rule/")


def _complete_lists(bundle: Bundle) -> dict[str, set[WorkloadList]]:
    """Return, by account, which kinds of resources were listed completely, and in which Regions.

    A list is complete if no page is missing, no part is malformed, and everything that it names was described.
    """
    lists = _CompleteLists(bundle)
    found: dict[str, set[WorkloadList]] = {}
    by_kind: dict[WorkloadKind, list[Command]] = {}
    for command in _RUNNING:
        for runs in command.runs:
            by_kind.setdefault(runs.kind, []).append(command)
    for kind, commands in by_kind.items():
        for account, region in set.intersection(*(lists.places(command) for command in commands)):
            found.setdefault(account, set()).add(WorkloadList(region, kind))
    return found


class _CompleteLists:
    """Where the outputs of commands are complete."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._known: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def places(self, command: Command) -> set[tuple[str, str]]:
        """Return the accounts and Regions in which a command was run for everything there is, and read whole."""
        known = self._known.get(command.key)
        if known is None:
            # A command of which a file is broken is complete nowhere in its Region.
            known = self._known[command.key] = self._places(command) - self._broken(command)
        return known

    def _broken(self, command: Command) -> set[tuple[str, str]]:
        parts = self._bundle.parts.get(command.key, ())
        return {(part.place.account, part.place.region) for part in parts if not part.is_whole}

    def _places(self, command: Command) -> set[tuple[str, str]]:
        collect = command.collect
        if collect is None or not collect.after:
            return {(place.account, place.region) for place in self._read(command)}
        had: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        for place in self._read(command):
            had.setdefault((place.account, place.region), set()).add(place.arguments)
        found: set[tuple[str, str]] | None = None
        for one in (collect, *collect.also):
            before = _COMMANDS[command.call.service, one.after]
            named: dict[tuple[str, str], set[tuple[str, ...]]] = {}
            for part, page in self._bundle.of(*before.key, before.model):
                kept = part.place.arguments if one.keep else ()
                wanted = named.setdefault((part.place.account, part.place.region), set())
                wanted.update((*kept, *names) for names in _names(page, one))
            here = {place for place in self.places(before) if named.get(place, set()) <= had.get(place, set())}
            found = here if found is None else found & here
        return found or set()

    def _read(self, command: Command) -> Iterator[Place]:
        """Yield the places whose output was read; for lists also those of which AWS says that there is none."""
        yield from (part.place for part in self._bundle.parts.get(command.key, ()))
        for capture in self._bundle.captures.values():
            if (capture.service, capture.command) == command.key and capture.state is CaptureState.NOTHING_THERE:
                yield Place(*command.key, capture.account_id, capture.region, capture.arguments)


def _names(page: BaseModel, collect: Collect) -> Iterator[tuple[str, ...]]:
    """Yield the arguments of each call that follows from an output."""
    for record in values_at(page, collect.records):
        names = []
        for name in collect.names:
            cut = _AFTER_LAST.fullmatch(name)
            value = str(next(values_at(record, cut[1] if cut else name), ""))
            names.append(value[max(value.rfind("/"), value.rfind(":")) + 1 :] if cut else value)
        if all(names):
            yield tuple(names)


def _regions_of(bundle: Bundle) -> Mapping[str, tuple[str, ...]]:
    """Return the Regions that are enabled in each account of which that was captured."""
    found: dict[str, set[str]] = {}
    for part, page in bundle.of("ec2", "describe-regions", REGIONS):
        if part.is_whole:
            found.setdefault(part.place.account, set()).update(values_at(page, "Regions[].RegionName"))
    return {account: tuple(sorted(names)) for account, names in found.items()}


_COMMANDS = {command.key: command for command in all_commands()}
_RUNNING = tuple(command for command in _COMMANDS.values() if command.runs)
