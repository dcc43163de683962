"""How a command of the AWS CLI is declared, and a service: what reads the outputs, how they are collected.

Outputs of a service are resource policies, or say which resources run with which role (`RunsWith`). Commands about
other things are declared in `iamdesk.snapshot.commands`.

The declaration of a service is the constant ``SERVICE`` of a module in `iamdesk.snapshot.resource_services`. Everything
that has to know these services derives it from there: the layout of bundles and their JSON Schemas, reading, the
collector and its policy, the tree, what policies are called, and the commands of what-if.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from pydantic import BaseModel

from iamdesk.snapshot.layout import Call, Kind, Scope
from iamdesk.snapshot.output_shapes import Shape, output_model, query_of
from iamdesk.snapshot.workloads import RoleUsage, WorkloadKind

NOT_OFFERED = "ServiceNotInRegion"
"""Code in the manifest for a call that was not made because AWS does not offer the service in the Region."""
_PLACEHOLDER = re.compile(r"(\{\w*\})")
_MATCHED = {"{region}": "[^:]*", "{account}": "[^:]+", "{}": "(.+)"}


class FetchMode(StrEnum):
    """How the whole output of a call is fetched."""

    PAGES = "pages"
    """A single call, or pages, which are merged as by the AWS CLI."""
    REPORT = "report"
    """Generated first, then fetched when complete (credential report)."""
    JOB = "job"
    """A job is started and polled until complete (service last accessed details)."""


@dataclass(frozen=True, slots=True)
class Collect:
    """How ``iamdesk collect`` makes the call of a command."""

    after: str = ""
    """The command whose output says what to call it with, of another service with that; empty: it is called once."""
    each: str = ""
    """JMESPath over that output: a list of objects, one for each call.

    A key is a parameter of the operation, ``@`` and an argument of the path (``@queue``), or ``@region``. Besides the
    functions of JMESPath there are ``after_first(text)``, the part after the first ``/``, ``after_last(text)``, the
    part after the last ``/`` or ``:``, and ``after(text, part)``, what is behind another text.
    """
    keep: tuple[str, ...] = ()
    """Parameters and arguments (``@cluster``) of the other call that this call has, too."""
    records: str = ""
    """Path (`output_shapes`) of the same list in that output, if a reader has to know whether every call was made."""
    names: tuple[str, ...] = ()
    """For each of them: the arguments of the path that ``keep`` does not give, as paths, or ``after_last(path)``."""
    also: "tuple[Collect, ...]" = ()
    """Other outputs that say what to call it with; without an output, other parameters."""
    parameters: Mapping[str, str | int | tuple[str, ...]] = field(default_factory=dict)
    """Parameters of every call. ``{account}``, ``{region}``, ``{partition}`` and arguments of the path in braces are
    replaced."""
    actions: tuple[str, ...] = ()
    """The IAM actions that it needs, if that is not the name of the operation."""
    resources: tuple[str, ...] = ()
    """ARNs to which the shipped policy limits these actions; none: ``*``."""
    page_size: int | None = None
    """Entries to ask for at once, if AWS prints more of each entry then."""
    fetch_mode: FetchMode = FetchMode.PAGES


@dataclass(frozen=True, slots=True)
class RunsWith:
    """Where an output names resources that can run with a role."""

    kind: WorkloadKind
    records: str
    """Path (`output_shapes`) of the resources."""
    arn: str
    """ARN of a resource: paths in it, ``partition``, ``region``, ``account`` and arguments of the path, in braces.

    Source of ARNs that AWS does not print: the Service Authorization Reference, "Resource types defined by …".
    """
    roles: tuple[tuple[str, RoleUsage], ...] = ()
    """Paths of its roles."""
    definition: str = ""
    """Path of the ARN of the task definition whose roles it has, if it names none."""
    state: str = ""
    """Path of its state."""
    detail: str = ""
    """What else is shown of it, written like the ARN: the S3 location of an access grant."""
    takes_commands: str = ""
    """Path of whether commands can be run in it."""
    ended: frozenset[str] = frozenset()
    """States of a resource that no longer exists."""


@dataclass(frozen=True, slots=True)
class Command:
    """One AWS CLI command of a service."""

    call: Call
    """How it is typed, and where its output is in a bundle."""
    model: type[BaseModel]
    """Reads the output; its JSON Schema is made from it."""
    collect: Collect | None = None
    """None: it is read from bundles, but not collected."""
    arn: str = ""
    """If it prints a policy: the ARN of the resource, without ``arn:PARTITION:``. Each ``{}`` is an argument of the
    path.

    Source: the Service Authorization Reference, "Resource types defined by …".
    """
    lists_names_for: str = ""
    """If it lists names in place of ARNs: the command of the same service that prints the policy of one."""
    loose_keys: str = ""
    """Top-level keys by which a loose output is recognized, if it says which account or resource it is about."""
    loose_arn: str = ""
    """Attribute of the model that is a list, and of its members, that names account and Region: ``analyzers.arn``."""
    runs: tuple[RunsWith, ...] = ()
    """If it prints resources that can run with a role: where."""
    put_policy: str = ""
    """How the AWS CLI sets the policy that it prints: ``sns set-topic-attributes …``. The words ``{arn}``, ``{name}``
    (of the resource) and ``{policy}`` are replaced."""

    @property
    def key(self) -> tuple[str, str]:
        """Service and command as the AWS CLI spells them."""
        return self.call.service, self.call.command

    def name_in(self, arn: str) -> str | None:
        """Return the name in an ARN, if it prints the policy of resources with such an ARN; else None."""
        found = _pattern(self.arn).fullmatch(arn) if self.arn else None
        return None if found is None else "".join(found.groups()[-1:])


@dataclass(frozen=True, slots=True)
class ResourceService:
    """A service with resource policies, or with resources that run with a role."""

    prefix: str
    """Of the ARNs of its resources, and of its IAM actions."""
    title: str
    """Its name in the tree."""
    commands: tuple[Command, ...]
    """Lists first, in the order in which they are shown and called."""
    policy_title: str = ""
    """What its resource policies are called; empty: just "resource policy"."""
    other_prefixes: tuple[str, ...] = ()
    """Of other ARNs of it, for which the title holds, too."""
    decides: str = ""
    """The service whose actions its policies decide, if that is not the prefix: of VPC Lattice, what is invoked."""
    has_parts: bool = False
    """Whether the ARN of a resource and a slash begin the ARNs of its parts (an index of a table), which take its
    policy."""
    is_retired: bool = False
    """Whether AWS has ended the service: data in old bundles is read, but not listed as missing."""


@cache
def _pattern(form: str) -> re.Pattern[str]:
    pieces = (_MATCHED.get(piece) or re.escape(piece) for piece in _PLACEHOLDER.split(form))
    return re.compile(f"arn:[^:]*:{''.join(pieces)}", re.DOTALL)


def regional(
    service: str,
    command: str,
    arguments: tuple[str, ...] = (),
    options: str = "",
    absent: tuple[str, ...] = (),
    *,
    lists: bool = False,
) -> Call:
    """Return a call about resource policies that is made in each Region; the arguments are those of `Call`."""
    return Call(service, command, Scope.REGION, Kind.RESOURCE_POLICIES, arguments, options, absent, lists)


def each_of(
    after: str,
    records: str,
    parameters: Mapping[str, str],
    names: Mapping[str, str],
    *,
    keep: tuple[str, ...] = (),
    also: Iterable[Collect] = (),
    more: Mapping[str, str | int | tuple[str, ...]] | None = None,
) -> Collect:
    """Return how a call is made for each record of another output.

    Args:
        after: The command that prints the records.
        records: Their path.
        parameters: Parameters of the operation, as JMESPath over a record.
        names: Arguments of the path, as paths in a record, or ``after_last(path)``.
        keep: Parameters and arguments of the other call that it has, too.
        also: Other outputs with such records.
        more: Parameters of every call.
    """
    members = [f"{name}: {path}" for name, path in parameters.items()]
    members += [f'"@{name}": {path}' for name, path in names.items()]
    each = f"{records}.{{{', '.join(members)}}}"
    return Collect(after, each, keep, records, tuple(names.values()), tuple(also), parameters=more or {})


def runs_command(
    service: str,
    command: str,
    shape: Shape,
    collect: Collect,
    *runs: RunsWith,
    arguments: tuple[str, ...] = (),
    options: str = "",
    absent: tuple[str, ...] = (),
    scope: Scope = Scope.REGION,
) -> Command:
    """Return a command whose output is reduced to a shape, because all of it could contain secrets or is long."""
    query = f"--query {shlex.quote(query_of(shape))}"
    call = Call(
        service,
        command,
        scope,
        Kind.WORKLOADS,
        arguments,
        f"{options} {query}".strip(),
        (NOT_OFFERED, *absent),
        lists=not arguments,
    )
    name = "".join(word.title() for word in f"{service}-{command}".split("-"))
    return Command(call, output_model(name, shape), collect, runs=runs)
