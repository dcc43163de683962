"""A lock on a file that the system takes back when its process ends, however it ends."""

import sys
from typing import IO, Any


class LockedError(Exception):
    """Another process holds the lock, or another thread of this one."""


def lock(file: IO[Any]) -> None:
    """Lock an open file until it is closed.

    Raises:
        LockedError: somebody else holds it.
    """
    try:
        if sys.platform == "win32":
            import msvcrt
            import os

            os.lseek(file.fileno(), 1 << 30, os.SEEK_SET)  # there a byte may be locked: no reader comes so far
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise LockedError from error
    except OSError:
        return  # a file system without locks: the journal serves all the same
