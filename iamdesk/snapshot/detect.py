"""Recognizes loose outputs of the AWS CLI by their structure, if they name their subject.

Nothing is guessed: an output that does not name its subject (the bucket of a policy) is reported and ignored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel

from iamdesk.i18n import mark, phrase
from iamdesk.snapshot.cli_commands import COMMANDS
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.layout import Place
from iamdesk.snapshot.models.resource_outputs import HasResourceList, HasResourcePolicy
from iamdesk.snapshot.resource_service import Command

_MAX_KEYS = 40


class Shape(NamedTuple):
    """What one value at the top of a text looks like."""

    keys: frozenset[str]
    is_list: bool
    """Whether it is in a list."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The command whose output a file looks like."""

    service: str
    command: str
    arn_of: Callable[[Any], str | None] | None
    """Returns an ARN in the output that contains account and Region; None: not required."""


def _arn(page: Any) -> str | None:
    found: str | None = page.resource_arn
    return found


def _first_listed(page: Any) -> str | None:
    found: str | None = next(iter(page.listed), None)
    return found


def _first(attribute: str, inner: str) -> Callable[[Any], str | None]:
    def describe(page: Any) -> str | None:
        first = next(iter(getattr(page, attribute)), None)
        found: str | None = None if first is None else getattr(first, inner)
        return found

    return describe


def _declared(command: Command) -> Recognised:
    arn_of: Callable[[Any], str | None] | None = None
    if command.loose_arn:
        arn_of = _first(*command.loose_arn.split("."))
    elif issubclass(command.model, HasResourcePolicy):
        arn_of = _arn
    elif issubclass(command.model, HasResourceList):
        arn_of = _first_listed
    return Recognised(*command.key, arn_of)


_BY_KEYS: Mapping[frozenset[str], Recognised] = {
    frozenset(command.loose_keys.split()): _declared(command) for command in COMMANDS.values() if command.loose_keys
}
"""By the top-level keys of such an output; it may have others."""

_WITHOUT_SUBJECT: Mapping[frozenset[str], str] = {
    frozenset(keys.split()): what
    for keys, what in {
        "Policy": mark("a resource policy, but the output does not name its resource"),
        "ServicesLastAccessed": mark("a last-accessed report, but the output does not name its principal"),
        "OrganizationalUnits": mark("organizational units, but the output does not name their parent"),
        "Targets": mark("targets of a policy, but the output does not name the policy"),
        "Grants": mark("grants, but the output does not name their key"),
        "TagSet": mark("tags, but the output does not name the bucket"),
        "LocationConstraint": mark("a location, but the output does not name the bucket"),
        "OwnershipControls": mark("ownership controls, but the output does not name the bucket"),
        "policyText": mark("a repository policy, but the output does not name its Region"),
    }.items()
}


def shape_of(walk: JsonWalk) -> Shape | None:
    """Return what the first object of a text looks like; None where it does not begin with an object.

    Raises:
        SnapshotError: it is not JSON.
    """
    is_list = walk.peek() == "["
    if is_list:
        for _ in walk.elements():
            break
    if walk.peek() != "{":
        return None
    keys = []
    for key in walk.members():
        keys.append(key)
        if len(keys) > _MAX_KEYS:
            break
        walk.skip()
    return Shape(frozenset(keys), is_list)


def recognised(keys: frozenset[str]) -> Recognised | None:
    """Return the command whose output has these keys; of several the one that takes most of them."""
    return _most(keys, _BY_KEYS)


def without_subject(keys: frozenset[str]) -> str | None:
    """Return the kind of an output that does not name its subject; None if it is not recognized."""
    return _most(keys, _WITHOUT_SUBJECT)


def _most[Found](keys: frozenset[str], table: Mapping[frozenset[str], Found]) -> Found | None:
    fitting = [needed for needed in table if needed <= keys]
    return table[max(fitting, key=len)] if fitting else None


def refined(found: Recognised, page: BaseModel) -> Recognised:
    """Return the command after a look at the values: topics and queues both print ``Attributes``."""
    if found.command == "get-queue-attributes":
        attributes = getattr(page, "attributes", None)
        if "TopicArn" in (getattr(attributes, "model_extra", None) or {}):
            return Recognised("sns", "get-topic-attributes", _arn)
    return found


def place_by_content(found: Recognised, page: BaseModel, only_account: str) -> Place | None:
    """Return what an output says that it is about; None where it says no account and there are several, or none.

    ``only_account`` is the one account of the snapshot, empty where there are more.
    """
    account, region = only_account, ""
    if found.arn_of is not None:
        match (found.arn_of(page) or "").split(":", 5):
            case ["arn", _, _, region, owner, _]:
                account = owner or account
    if found.service == "organizations":
        account = ""
    elif not account:
        return None
    return Place(found.service, found.command, account, region, _arguments(found, page))


def _arguments(found: Recognised, page: BaseModel) -> tuple[str, ...]:
    if found.command == "describe-permission-set":
        arn: str = getattr(page, "permission_set").permission_set_arn  # noqa: B009 - of the model of its command
        return (arn.rpartition("/")[2],)
    return ()


def describe(found: Recognised) -> str:
    """Return the message about a recognized file."""
    return phrase(
        "read as the output of `aws {service} {command}`, by its structure",
        service=found.service,
        command=found.command,
    )


def only_one(accounts: Iterable[str]) -> str:
    """Return the account where there is one alone, else nothing."""
    found = set(accounts)
    return found.pop() if len(found) == 1 else ""
