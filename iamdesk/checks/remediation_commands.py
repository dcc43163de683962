"""AWS CLI commands for remedies, if one can be written that does exactly what the remedy says.

Each is one line for a POSIX shell with every argument quoted. There is none if a name contains invisible characters or
the line is too long to be reviewed before it is pasted.
"""

import copy
import json
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from iamdesk.escaping import visible
from iamdesk.snapshot.model import Snapshot
from iamdesk.whatif.commands import command_of
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError

_MAX_LENGTH = 6_000


def is_place(word: str) -> bool:
    """Return whether the AWS CLI would load an argument from a file or URL instead of taking it literally.

    Source: AWS CLI user guide, "Load AWS CLI parameters from a file"; version 1 loads from the web as well.
    """
    return word.lower().startswith(("file:", "fileb:", "http:", "https:"))


def command(*words: str) -> str:
    """Return ``aws`` with these arguments, quoted; empty if it is unreadable or an argument is not taken literally."""
    if any(visible(word) != word or is_place(word) for word in words):
        return ""
    line = shlex.join(("aws", *words))
    return line if len(line) <= _MAX_LENGTH else ""


def edit_command(snapshot: Snapshot, account_id: str, edits: Sequence[Edit]) -> str:
    """Return the command of a single change to something of one account; empty for several, and for other accounts."""
    if len(edits) != 1 or edits[0].subject.split(":", 5)[4:5] != [account_id]:
        return ""
    try:
        words = command_of(snapshot, edits[0]).words
    except WhatIfError:
        return ""
    return command(*words[1:]) if words else ""


def policy_command(snapshot: Snapshot, account_id: str, policy_key: str, document: Any) -> str:
    """Return the command that replaces an identity or trust policy of one account."""
    return edit_command(snapshot, account_id, (Edit(EditAction.SET_POLICY, policy_key, document=document),))


def trust_policy_command(role_name: str, document: Any) -> str:
    """Return the command that replaces a role's trust policy."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return command("iam", "update-assume-role-policy", "--role-name", role_name, "--policy-document", text)


def without_principals(role_name: str, document: Any, gone: Collection[str]) -> str:
    """Return the command that removes AWS principals from a trust policy; empty if no principal remains.

    All deleted principals are removed at once: AWS rejects a trust policy that still names one of them.
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
    """Return a copy of a policy document with ``edit`` applied to each statement; None if that is not possible.

    ``edit`` returns None to remove a statement.
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
        return None  # a policy needs at least one statement
    changed["Statement"] = left
    return changed
