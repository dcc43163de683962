"""Arguments and options that several commands share: one spelling, one meaning, one check."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from iamdesk.cli.errors import fail
from iamdesk.cli.json_input import JsonError, parse
from iamdesk.evaluate.request import MissingContextMode, SessionPolicy


class Format(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    JSON = "json"


class TableFormat(StrEnum):
    """How an answer of many rows is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


SnapshotPath = Annotated[
    Path,
    typer.Argument(metavar="SNAPSHOT", help="What get-account-authorization-details printed.", show_default=False),
]
Principal = Annotated[
    str,
    typer.Option(metavar="ARN", help="Who asks: an ARN, a service name, or anonymous.", show_default=False),
]
Action = Annotated[str, typer.Option(metavar="ACTION", help="What for: s3:GetObject.", show_default=False)]
ActionOrAll = Annotated[
    str | None,
    typer.Option("--action", metavar="ACTION", help="What for; all that fit the resource, where it is left out."),
]
Resource = Annotated[
    str, typer.Option(metavar="ARN", help="On what; * for actions that take no resource.", show_default=False)
]
Context = Annotated[
    list[str],
    typer.Option(
        "--context",
        metavar="KEY=VALUE",
        help="A condition key of the request. Repeat the key for many values.",
        show_default=False,
    ),
]
Absent = Annotated[
    list[str],
    typer.Option("--absent", metavar="KEY", help="A condition key that the request lacks.", show_default=False),
]
UnknownKeys = Annotated[
    MissingContextMode,
    typer.Option(
        "--unknown-context",
        help="What a key that is not given means: unknown (the answer may depend on it) or absent (AWS's rule).",
    ),
]
SessionPolicies = Annotated[
    list[Path],
    typer.Option("--session-policy", metavar="FILE", help="A policy passed with the session.", show_default=False),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
OutputTable = Annotated[TableFormat, typer.Option("--format", help="How to print the answer.")]


def read_context(pairs: Sequence[str], absent: Sequence[str] = ()) -> Mapping[str, str | Sequence[str] | None]:
    """Return the request context of ``--context`` and ``--absent``: a text, a list for a repeated key, None for absent.

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
            raise typer.BadParameter(f"expected a condition key alone, got {key!r}", param_hint="--absent")
        if key.strip().lower() in spelled:
            raise typer.BadParameter(f"{key!r} has a value by --context", param_hint="--absent")
        context[key.strip()] = None
    return context


def read_session_policies(files: Sequence[Path]) -> tuple[SessionPolicy, ...] | None:
    """Return the policy documents of ``--session-policy``; None where the option was not given."""
    return tuple(SessionPolicy(file.name, _read_document(file)) for file in files) or None


def _read_document(file: Path) -> dict[str, Any]:
    try:
        document = parse(file.read_bytes())
    except OSError as error:
        fail(f"the session policy {file} cannot be read: {error.strerror}")
    except JsonError as error:
        fail(f"the session policy {file} cannot be used: {error}")
    if not isinstance(document, dict):
        fail(f"the session policy {file} is no policy document: expected a JSON object")
    return document
