"""How a report reaches the disk: whole, or not at all."""

import contextlib
import os
import secrets
from pathlib import Path

from iamdesk.language import phrase


class ExportError(Exception):
    """A report could not be written. Its text is one sentence that names the place."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: a reader (and a crash) sees the old file or the new one, never a part.

    The content goes to a new file in the same folder, which then takes the place of ``path``.

    Raises:
        ExportError: the folder is absent, not writable or full, or ``path`` is a folder.
    """
    target = path.resolve()
    if target.is_dir():
        raise ExportError(phrase("{path} is a folder: the report needs the name of a file", path=path))
    if not target.parent.is_dir():
        raise ExportError(
            phrase("{path} cannot be written: there is no folder {parent}", path=path, parent=target.parent)
        )
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        # O_EXCL: never through a link that somebody laid there; 0o666 lets the user's umask decide, as for any file.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise ExportError(
            phrase("{path} cannot be written: {reason}", path=path, reason=error.strerror or error)
        ) from error
