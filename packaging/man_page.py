"""Print the man page iamdesk(1), made from the commands' own help.

python packaging/man_page.py > iamdesk.1
"""

import inspect
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import typer
from typer.core import TyperCommand, TyperGroup

from iamdesk.cli.commands import app as commands
from iamdesk.cli.window import app as window

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


def page() -> Iterator[str]:
    """Yield the page line by line."""
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    yield f'.TH IAMDESK 1 {made:%Y-%m-%d} "iamdesk" "User Commands"'
    yield from (".SH NAME", r"iamdesk \- access reviews of AWS accounts, offline and with proof", ".SH SYNOPSIS")
    yield from (r"\fBiamdesk\fR [\fIPATH\fR] [\fIOPTIONS\fR]", ".br", r"\fBiamdesk\fR \fICOMMAND\fR [\fIARGUMENTS\fR]")
    yield ".SH DESCRIPTION"
    opened = typer.main.get_command(window)
    assert isinstance(opened, TyperCommand)
    yield from lines_of(opened)
    group = typer.main.get_command(commands)
    assert isinstance(group, TyperGroup)
    yield ".SH COMMANDS"
    for name, command in group.commands.items():
        members = command.commands if isinstance(command, TyperGroup) else {"": command}
        for member, one in members.items():
            assert isinstance(one, TyperCommand)
            yield f".SS iamdesk {roff(f'{name} {member}'.strip())}"
            yield from lines_of(one)
    yield ".SH EXIT STATUS"
    for status, meaning in _STATUS.items():
        yield from (".TP", str(status), roff(meaning))


if __name__ == "__main__":
    print("\n".join(page()))
