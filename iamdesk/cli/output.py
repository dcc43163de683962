"""How commands print: answers to standard output, everything else to standard error, and every character visible."""

import json
import sys
from typing import Any

from iamdesk.escaping import visible


def echo(line: str = "") -> None:
    """Print one line of an answer, control and bidi characters as escapes."""
    print(visible(line))


def say_text(text: str) -> None:
    """Print a finished text of several lines, whose characters can all be seen."""
    print(text, end="")


_on_one_line = json.JSONEncoder(check_circular=False).encode  # what we print holds nothing that holds itself


def say_json(value: Any, *, indent: int | None = 2) -> None:
    """Print an answer as JSON, in ASCII: right in every encoding, and no character of it turns the terminal."""
    print(_on_one_line(value) if indent is None else json.dumps(value, indent=indent))


def say_bytes(content: bytes) -> None:
    """Print a finished file."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def echo_err(line: str) -> None:
    """Print one line about the command itself to standard error."""
    print(f"iamdesk: {visible(line)}", file=sys.stderr)


def version() -> str:
    """Return the line of ``iamdesk --version``."""
    from iamdesk.export.findings.report import tool_version  # brings every check along: not for the window

    return f"iamdesk {tool_version()}"
