"""How a service with resource policies is declared: its commands, what reads their outputs, how they are collected.

A declaration is the constant ``SERVICE`` of a module in `iamdesk.snapshot.resource_services`. Everything that has to
know these services derives it from there: the layout of bundles and their JSON Schemas, reading, the collector and its
policy, the tree, what policies are called, and the commands of what-if.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from pydantic import BaseModel

from iamdesk.snapshot.layout import Call, Kind, Scope

_PLACEHOLDER = re.compile(r"(\{\w*\})")
_MATCHED = {"{region}": "[^:]*", "{account}": "[^:]+", "{}": "(.+)"}


@dataclass(frozen=True, slots=True)
class Collect:
    """How ``iamdesk collect`` makes the call of a command."""

    after: str = ""
    """The command of the same service whose output says what to call it with; empty: it is called once."""
    each: str = ""
    """JMESPath over that output: a list of objects, one for each call.

    A key is a parameter of the operation, ``@`` and an argument of the path (``@queue``), or ``@region``. Besides the
    functions of JMESPath there are ``after_first(text)``, the part after the first ``/``, and ``after_last(text)``, the
    part after the last ``/`` or ``:``.
    """
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Parameters of every call. ``{account}``, ``{region}``, ``{partition}`` and arguments of the path in braces are
    replaced."""
    actions: tuple[str, ...] = ()
    """The IAM actions that it needs, if that is not the name of the operation."""
    resources: tuple[str, ...] = ()
    """ARNs to which the shipped policy limits these actions; none: ``*``."""
    page_size: int | None = None
    """Entries to ask for at once, if AWS prints more of each entry then."""


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
    """A service with resource policies."""

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
