"""The command line: ``iamdesk [PATH]`` opens the window, ``iamdesk COMMAND …`` answers without a display or Qt.

A word that names a command is a command, everything else is a path: a file called ``can`` is opened as ``./can``.
"""

import io
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

COMMANDS = (
    "can",
    "who-can",
    "what-can",
    "paths",
    "why",
    "simulate",
    "findings",
    "suppress",
    "diff",
    "what-if",
    "review",
    "export",
    "verify",
    "validate",
    "collect",
)
_ABOUT = ("--help", "--version")
_FOR_ALL = ("--workers", "--scheduler", "--memory")
READER_GONE = 141
"""128 + SIGPIPE: what a shell reports when a reader (``| head``) closes the pipe."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run iamdesk with the given arguments (the process's own by default) and end the process.

    Exit status: 0 answered; 1 ``--expect`` not met, a case not ``ok``, or ``--fail-on`` reached; 2 bad usage or
    unreadable input; 130 interrupted; 141 when whoever read the output has gone.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what the terminal's encoding lacks is shown as escapes
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(arguments)
    except SystemExit as end:
        status = end.code
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        status = READER_GONE
    except OSError as error:  # what was printed did not arrive: the disk is full, say
        discard_output()
        print(f"iamdesk: the answer cannot be written: {error.strerror}", file=sys.stderr)
        status = 2
    sys.exit(status)


def _run(arguments: list[str]) -> NoReturn:
    # The window knows nothing of the commands and they know nothing of it: neither waits for the other's imports.
    for_all, own = _parted(arguments)
    if own and own[0] in (*COMMANDS, *_ABOUT):
        from iamdesk.cli.commands import app_of

        app = app_of(COMMANDS if own[0] in _ABOUT else own[:1])
        arguments = [*for_all, *own]
    else:
        is_path = bool(arguments) and not arguments[0].startswith("-")
        if is_path and not _exists(arguments[0]):
            print(
                f"iamdesk: {arguments[0]!a} is neither a command nor a file or folder that exists;"
                " iamdesk --help lists the commands",
                file=sys.stderr,
            )
            sys.exit(2)
        if not arguments or (is_path and len(arguments) == 1):
            from iamdesk.cli.gui import open_window

            sys.exit(open_window(Path(arguments[0]) if arguments else None))
        from iamdesk.cli.screenshot import app
    app(arguments, prog_name="iamdesk")
    sys.exit(0)


def _parted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the options that every command takes, wherever they stand, and all the other arguments."""
    for_all: list[str] = []
    own: list[str] = []
    more = iter(arguments)
    for argument in more:
        if argument == "--":
            own += [argument, *more]
        elif argument in _FOR_ALL:
            for_all += [argument, *islice(more, 1)]
        elif argument.partition("=")[0] in _FOR_ALL:
            for_all.append(argument)
        else:
            own.append(argument)
    return for_all, own


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def discard_output() -> None:
    """Send what is still to be printed nowhere, since its reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
