"""Output of commands: results to standard output, messages to standard error, all characters visible."""

import json
import sys
from itertools import batched
from typing import Any

from iamdesk.escaping import visible


def echo(line: str = "") -> None:
    """Print one line of a result, control and bidi characters as escapes."""
    print(visible(line))


def echo_text(text: str) -> None:
    """Print a text of several lines whose control characters are already escaped."""
    print(text, end="")


_on_one_line = json.JSONEncoder(check_circular=False).encode  # results have no circular references


def echo_json(value: Any, *, indent: int | None = 2) -> None:
    """Print a result as JSON in ASCII: safe in any encoding, and no bidi character reaches the terminal."""
    if indent is None:
        print(_on_one_line(value))
        return
    pieces = json.JSONEncoder(indent=indent, check_circular=False).iterencode(value)
    for some in batched(pieces, 1 << 14):  # a comparison of large accounts is hundreds of megabytes
        sys.stdout.write("".join(some))
    print()


def echo_bytes(content: bytes) -> None:
    """Print the content of a file."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def echo_err(line: str) -> None:
    """Print one message to standard error."""
    print(f"iamdesk: {visible(line)}", file=sys.stderr)


def version() -> str:
    """Return the line of ``iamdesk --version``."""
    from iamdesk.export.findings.report import tool_version  # imports all checks: not for the window

    return f"iamdesk {tool_version()}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 entitlement``, ``1,200 entitlements``."""
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
