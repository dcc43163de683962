"""Remedies as commands of the AWS CLI, where one can be written that does no more than the remedy says.

One line for a POSIX shell, with every name quoted. Where a name holds characters that nobody sees, or the line would be
long, there is none: nobody should paste what they cannot read.
"""

import copy
import json
import shlex
from collections.abc import Callable, Collection, Mapping
from typing import Any

from iamdesk.escaping import visible

_LONGEST = 6_000


def is_place(word: str) -> bool:
    """Return whether the AWS CLI reads a word as the place of a value instead of the value.

    Source: AWS CLI user guide, "Load AWS CLI parameters from a file"; version 1 reads from the web as well.
    """
    return word.lower().startswith(("file:", "fileb:", "http:", "https:"))


def command(*words: str) -> str:
    """Return ``aws`` with these words, quoted; empty where it cannot be read, or a word is not taken as it stands."""
    if any(visible(word) != word or is_place(word) for word in words):
        return ""
    line = shlex.join(("aws", *words))
    return line if len(line) <= _LONGEST else ""


def trust_policy_command(role_name: str, document: Any) -> str:
    """Return the command that gives a role another trust policy."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return command("iam", "update-assume-role-policy", "--role-name", role_name, "--policy-document", text)


def without_principals(role_name: str, document: Any, gone: Collection[str]) -> str:
    """Return the command that takes entries of Principal's AWS out of a trust policy; empty where nobody is left.

    All that are gone at once: AWS refuses a trust policy that still names one of them.
    """

    def edit(statement: dict[str, Any]) -> dict[str, Any] | None:
        principal = statement.get("Principal")
        if not isinstance(principal, dict) or "AWS" not in principal:
            return statement
        listed = principal["AWS"] if isinstance(principal["AWS"], list) else [principal["AWS"]]
        left = [entry for entry in listed if entry not in gone]
        if left:
            principal["AWS"] = left
        else:
            del principal["AWS"]
        return statement if principal else None

    changed = edited(document, edit)
    return "" if changed is None else trust_policy_command(role_name, changed)


def edited(document: Any, edit: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    """Return a policy document with each statement edited; None takes a statement out. None where it cannot be done.

    The document stays as it is: what comes back is a copy.
    """
    if not isinstance(document, Mapping):
        return None
    changed = copy.deepcopy(dict(document))
    listed = changed.get("Statement")
    statements = listed if isinstance(listed, list) else [listed]
    read = [statement for statement in statements if isinstance(statement, dict)]
    if len(read) < len(statements):
        return None
    left = [new for statement in read if (new := edit(statement)) is not None]
    if not left:
        return None  # a role without any trust cannot be written
    changed["Statement"] = left
    return changed
