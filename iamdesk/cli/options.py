"""Arguments and options that several commands share."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from iamdesk.cli.errors import fail
from iamdesk.cli.json_input import JsonError, parse
from iamdesk.evaluate.request import MissingContextMode, SessionPolicy


class Format(StrEnum):
    """Output format of a single result."""

    TEXT = "text"
    JSON = "json"


class TableFormat(StrEnum):
    """Output format of a result with many rows."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


ReviewPath = Annotated[Path, typer.Argument(metavar="REVIEW", help="Review file.", show_default=False)]
SnapshotPath = Annotated[
    Path,
    typer.Argument(
        metavar="SNAPSHOT",
        help="Snapshot: output of aws iam get-account-authorization-details, or a bundle (folder or .zip).",
        show_default=False,
    ),
]
Principal = Annotated[
    str,
    typer.Option(metavar="ARN", help="Principal: an ARN, a service principal, or anonymous.", show_default=False),
]
ActionOrAll = Annotated[
    str | None,
    typer.Option(
        "--action", metavar="ACTION", help="Action, for example s3:GetObject. Default: all that apply to the resource."
    ),
]
Resource = Annotated[
    str,
    typer.Option(
        metavar="ARN",
        help="Resource ARN; * for actions without resource-level permissions.",
        show_default=False,
    ),
]
Context = Annotated[
    list[str],
    typer.Option(
        "--context",
        metavar="KEY=VALUE",
        help="Condition key in the request context. Repeatable; repeat a key to give it several values.",
        show_default=False,
    ),
]
Absent = Annotated[
    list[str],
    typer.Option(
        "--absent",
        metavar="KEY",
        help="Condition key that is not in the request context. Repeatable.",
        show_default=False,
    ),
]
UnknownKeys = Annotated[
    MissingContextMode,
    typer.Option(
        "--unknown-context",
        help="How to treat condition keys that are not provided: unknown (the decision may depend on them) or absent "
        "(as AWS does for keys that are not in the request).",
    ),
]
UnknownAction = Annotated[
    bool,
    typer.Option(
        "--unknown-action",
        help="Evaluate also if AWS's action list, which has a date, does not contain the action, or not for such a "
        "resource.",
    ),
]
SessionPolicies = Annotated[
    list[Path],
    typer.Option(
        "--session-policy", metavar="FILE", help="Session policy, a JSON document. Repeatable.", show_default=False
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Output format.")]
OutputTable = Annotated[TableFormat, typer.Option("--format", help="Output format.")]


def read_context(pairs: Sequence[str], absent: Sequence[str] = ()) -> Mapping[str, str | Sequence[str] | None]:
    """Return the request context of ``--context`` and ``--absent``: a string, a list for a repeated key, None: absent.

    Keys are compared without case (rule G6); the first spelling is kept.
    """
    spelled: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key.strip() or not equals:
            raise typer.BadParameter(f"expected KEY=VALUE, got {pair!r}", param_hint="--context")
        values.setdefault(spelled.setdefault(key.strip().lower(), key.strip()), []).append(value)
    context: dict[str, str | Sequence[str] | None] = {
        key: given[0] if len(given) == 1 else given for key, given in values.items()
    }
    for key in absent:
        if not key.strip() or "=" in key:
            raise typer.BadParameter(f"expected a condition key without a value, got {key!r}", param_hint="--absent")
        if key.strip().lower() in spelled:
            raise typer.BadParameter(f"--context provides a value for {key!r}", param_hint="--absent")
        context[key.strip()] = None
    return context


def read_session_policies(files: Sequence[Path]) -> tuple[SessionPolicy, ...] | None:
    """Return the session policies of ``--session-policy``; None without the option."""
    return tuple(SessionPolicy(file.name, _read_document(file)) for file in files) or None


def _read_document(file: Path) -> dict[str, Any]:
    try:
        document = parse(file.read_bytes())
    except OSError as error:
        fail(f"the session policy {file} cannot be read: {error.strerror}")
    except JsonError as error:
        fail(f"the session policy {file} cannot be used: {error}")
    if not isinstance(document, dict):
        fail(f"the session policy {file} is not a policy document: expected a JSON object")
    return document
