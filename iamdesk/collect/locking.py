"""A file lock that the operating system releases when its process ends."""

import sys
from typing import IO, Any


class LockedError(Exception):
    """The lock is held by another process or another thread."""


def lock(file: IO[Any]) -> None:
    """Lock an open file until it is closed.

    Raises:
        LockedError: it is held elsewhere.
    """
    try:
        if sys.platform == "win32":
            import msvcrt
            import os

            os.lseek(file.fileno(), 1 << 30, os.SEEK_SET)  # lock a byte that is never read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise LockedError from error
    except OSError:
        return  # the file system does not support locks: the journal works without
