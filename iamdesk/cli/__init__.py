"""The command line: ``iamdesk [PATH]`` opens the window, ``iamdesk COMMAND …`` answers without a display or Qt.

A word that names a command is a command, everything else is a path: a file called ``can`` is opened as ``./can``.
"""

import atexit
import io
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

from iamdesk.cli.choices import choice

COMMANDS = (
    "can",
    "who-can",
    "what-can",
    "describe",
    "external-access",
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
    "validate-policy",
    "collect",
)
_ABOUT = ("--help", "--version")
_GLOBAL_OPTIONS = ("--workers", "--scheduler", "--memory")
READER_GONE = 141
"""128 + SIGPIPE: the status that a shell reports when a reader (``| head``) closes the pipe."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run iamdesk with the given arguments (the process's own by default) and end the process.

    Exit status: 0 success; 1 ``--expect`` not met, a test case not ``ok``, or ``--fail-on`` reached; 2 bad usage or
    unreadable input; 3 not all was searched; 130 interrupted; 141 if the reader of the output closed the pipe.
    """
    choice.is_last = arguments is None
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # characters that the terminal's encoding lacks become escapes
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
    except OSError as error:  # for example, the disk is full
        discard_output()
        print(f"iamdesk: the output cannot be written: {error.strerror}", file=sys.stderr)
        status = 2
    if choice.kept and isinstance(status, int):
        _end(status)
    sys.exit(status)


def _end(status: int) -> NoReturn:
    """End the process without freeing memory object by object: after long work that takes seconds.

    What the standard library registers for the end, such as removing temporary folders, is done all the same; it has no
    public function for that. Standard output is flushed by the caller; these commands leave no threads behind.
    """
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(status)


def _run(arguments: list[str]) -> NoReturn:
    # The window and the commands do not import each other: neither waits for the other's imports.
    global_options, own = _split_options(arguments)
    if own and own[0] in (*COMMANDS, *_ABOUT):
        from iamdesk.cli.commands import app_of

        app = app_of(COMMANDS if own[0] in _ABOUT else own[:1])
        arguments = [*global_options, *own]
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


def _split_options(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the global options, which may be before or after the command, and all other arguments."""
    global_options: list[str] = []
    own: list[str] = []
    more = iter(arguments)
    for argument in more:
        if argument == "--":
            own += [argument, *more]
        elif argument in _GLOBAL_OPTIONS:
            global_options += [argument, *islice(more, 1)]
        elif argument.partition("=")[0] in _GLOBAL_OPTIONS:
            global_options.append(argument)
        else:
            own.append(argument)
    return global_options, own


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that no file system accepts
        return False


def discard_output() -> None:
    """Redirect the rest of the output to the null device: its reader closed the pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
