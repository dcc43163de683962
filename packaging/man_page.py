"""Print the man page iamdesk(1), made from the commands' own help.

python packaging/man_page.py > iamdesk.1
"""

import inspect
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import typer
from typer.core import TyperCommand, TyperGroup

from iamdesk.cli.commands import app_of
from iamdesk.cli.screenshot import app as window

_STATUS = {
    0: "answered",
    1: "--expect was not met, a case was not ok, --fail-on was reached, or a step failed",
    2: "bad usage, or input that cannot be read",
    130: "interrupted",
}


def roff(text: str) -> str:
    """Return text with what troff would take for its own escaped."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.splitlines())


def lines_of(command: TyperCommand, context: typer.Context | None = None) -> Iterator[str]:
    """Yield a command's help and options."""
    yield roff(inspect.cleandoc(command.help or ""))
    for option in command.params:
        record = option.get_help_record(context or typer.Context(command))
        if record is not None:
            yield ".TP"
            yield rf"\fB{roff(record[0])}\fR"
            yield roff(" ".join(record[1].split()))


def single(command: object, name: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """Yield (name, command) for a command, or for those of a group."""
    if isinstance(command, TyperCommand):
        yield name, command
    elif isinstance(command, TyperGroup):
        for member, one in command.commands.items():
            yield from single(one, f"{name} {member}".strip())


def page() -> Iterator[str]:
    """Yield the page line by line."""
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    yield f'.TH IAMDESK 1 {made:%Y-%m-%d} "iamdesk" "User Commands"'
    yield from (".SH NAME", r"iamdesk \- access reviews of AWS accounts, offline and with proof", ".SH SYNOPSIS")
    yield from (r"\fBiamdesk\fR [\fIPATH\fR] [\fIOPTIONS\fR]", ".br", r"\fBiamdesk\fR \fICOMMAND\fR [\fIARGUMENTS\fR]")
    yield ".SH DESCRIPTION"
    for _, command in single(typer.main.get_command(window)):
        yield from lines_of(command)
    yield ".SH COMMANDS"
    for name, command in single(typer.main.get_command(app_of())):
        yield f".SS iamdesk {roff(name)}"
        yield from lines_of(command)
    yield ".SH EXIT STATUS"
    for status, meaning in _STATUS.items():
        yield from (".TP", str(status), roff(meaning))


if __name__ == "__main__":
    print("\n".join(page()))
