"""Cancellation across processes of one machine, signaled by the existence of a file."""

import time
from pathlib import Path
from uuid import uuid4

_CHECK_EVERY = 0.02
"""Seconds between two checks of the file: tasks ask some thousand times a second."""


class CancelFile:
    """Signals tasks of this machine to stop. A worker elsewhere does not see it and finishes its current task."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / uuid4().hex

    def cancel(self) -> None:
        """Cancel every task that has `path`."""
        try:
            self.path.touch()
        except OSError:  # the folder was removed with its executor: no task is running
            return


class CancelWatch:
    """Tells a task whether to stop."""

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path)
        self._is_cancelled = False
        self._next_check = 0.0

    def __call__(self) -> bool:
        """Return whether the work is cancelled."""
        if self._path is None or self._is_cancelled:
            return self._is_cancelled
        now = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + _CHECK_EVERY
            self._is_cancelled = self._path.exists()
        return self._is_cancelled
