"""Files that survive a power cut: what is written, and the names under which it is found."""

import errno
import os
import sys
from pathlib import Path

_NOT_SUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EBADF)
"""A file system that has no such call for folders, or a folder that may be written to but not read."""


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk: a new or renamed file could be gone after a power cut otherwise.

    Does nothing on Windows, which has no call for it, and on file systems without one.

    Raises:
        OSError: the disk refuses.
    """
    if sys.platform == "win32":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(handle)


def sync_tree(path: Path) -> None:
    """Wait until a file, or a folder and all in it, is on disk.

    Raises:
        OSError: the disk refuses, or something cannot be read.
    """
    if path.is_dir():
        for each in sorted(path.iterdir()):
            sync_tree(each)
        sync_folder(path)
        return
    # Windows syncs only what is open for writing.
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
