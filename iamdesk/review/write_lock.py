"""Who writes in a review, held against everybody else: beside SQLite's own lock, which a process can lose.

Where locks are as POSIX has them, a process loses all of its locks on a file as soon as anything in it closes that file
once, a reader of bytes say; another process could then write into the open review. This lock belongs to what was opened
and stays until that is closed, or the process ends. Windows locks that way by itself.
"""

import sys
from io import FileIO
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class TakenError(Exception):
    """Somebody else writes."""


class WriteLock:
    """Taken when it is made.

    Raises:
        TakenError: somebody else has it, in this process or in another.
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
            self.release()  # a file system without such locks: SQLite's own is there

    def release(self) -> None:
        """Give it up."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
