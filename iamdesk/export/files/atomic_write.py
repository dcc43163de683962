"""Writes files atomically."""

import contextlib
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from iamdesk.durable import sync_folder
from iamdesk.i18n import phrase
from iamdesk.private_files import PART, remove_leftovers


class ExportError(Exception):
    """A file could not be written or read. Its message is one sentence with the path."""


def write_atomic(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file atomically: a reader (and a crash) sees the old file or the new one, never a part.

    It is on disk, under its name, when this returns, and readable by its owner alone.

    The content is written to a new file in the same folder, which then replaces ``path``. If ``path`` is not a regular
    file (a terminal, a FIFO, ``/dev/null``, ``/dev/stdout``), it is written to and not replaced.

    Raises:
        ExportError: the folder is missing, not writable or full, or ``path`` is a folder, a disk, a socket, or a FIFO
            without a reader.
    """
    pieces = (content,) if isinstance(content, bytes) else content
    if path.is_dir():
        raise ExportError(phrase("{path} is a folder: give the name of a file", path=path))
    try:
        there = path.stat()
        handle = _open_handle(there)
        if handle is not None:
            _write_to(handle, pieces)
        elif not stat.S_ISREG(there.st_mode):
            _write_into(path, there, pieces)
        else:
            _replace(path, pieces)
    except FileNotFoundError:
        _replace(path, pieces)
    except OSError as error:
        raise _not_written(path, error) from error


def _replace(path: Path, pieces: Iterable[bytes]) -> None:
    target = path.resolve()
    if not target.parent.is_dir():
        raise ExportError(
            phrase("{path} cannot be written: there is no folder {parent}", path=path, parent=target.parent)
        )
    remove_leftovers(target.parent, f".{target.name[:100]}.")
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}{PART}")
    try:
        # O_EXCL: not through an existing link.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except BaseException as error:  # also what makes the pieces may end early
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_written(path, error) from error
        raise


def _open_handle(there: os.stat_result) -> int | None:
    """Return the handle of standard output or error if the path leads to it, for writing after buffered output."""
    for handle in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(handle), there):
                return handle
    return None


def _write_into(path: Path, there: os.stat_result, pieces: Iterable[bytes]) -> None:
    if not (stat.S_ISCHR(there.st_mode) or stat.S_ISFIFO(there.st_mode)):
        raise ExportError(phrase("{path} is not a file: give the name of a file", path=path))
    try:
        # Without O_NONBLOCK, opening a FIFO without a reader would block forever.
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise ExportError(phrase("{path} cannot be written: no process reads from it", path=path)) from error
        raise
    try:
        os.set_blocking(handle, True)
        _write_to(handle, pieces)
    finally:
        os.close(handle)


def _write_to(handle: int, pieces: Iterable[bytes]) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    for piece in pieces:
        left = memoryview(piece)
        while left:
            left = left[os.write(handle, left) :]


def _not_written(path: Path, error: OSError) -> ExportError:
    return ExportError(phrase("{path} cannot be written: {reason}", path=path, reason=error.strerror or error))
