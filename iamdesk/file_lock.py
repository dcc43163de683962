"""File locks that the operating system releases when the process ends."""

import sys
from io import FileIO
from pathlib import Path
from typing import IO, Any


class LockedError(Exception):
    """The lock is held by another process or another thread."""


def lock(file: IO[Any] | FileIO) -> bool:
    """Lock an open file until it is closed, and return whether its file system has locks.

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
        return False
    return True


class WriteLock:
    """Lock of a review that is open for writing, in addition to SQLite's own lock, which a process can lose.

    With POSIX locks, a process loses all its locks on a file when it closes any handle of that file; another process
    could then write to the open review. This lock belongs to its file handle until that is closed or the process ends.
    On Windows, all locks work this way, and this one does nothing.

    Raises:
        LockedError: it is held elsewhere, in this process or another.
    """

    def __init__(self, path: Path) -> None:
        self._held: FileIO | None = None
        if sys.platform == "win32":
            return
        try:
            self._held = FileIO(path)
            if not lock(self._held):
                self.release()  # SQLite's own lock is left
        except LockedError:
            self.release()
            raise
        except OSError:
            return  # SQLite reports what is wrong with the file

    def release(self) -> None:
        """Release it."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
