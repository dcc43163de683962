"""Lock of a review that is open for writing, in addition to SQLite's own lock, which a process can lose.

With POSIX locks, a process loses all its locks on a file when it closes any handle of that file; another process could
then write to the open review. This lock belongs to its file handle until that is closed or the process ends. On
Windows, all locks work this way.
"""

import sys
from io import FileIO
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class TakenError(Exception):
    """Another process or session has the lock."""


class WriteLock:
    """The lock; acquired on creation.

    Raises:
        TakenError: it is held elsewhere, in this process or another.
    """

    def __init__(self, path: Path) -> None:
        self._held: FileIO | None = None
        if sys.platform == "win32":
            return
        try:
            self._held = FileIO(path)
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise TakenError from None
        except OSError:
            self.release()  # the file system does not support such locks: SQLite's own lock remains

    def release(self) -> None:
        """Release the lock."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
