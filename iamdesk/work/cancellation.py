"""How processes of one machine learn that nobody wants their work any more: by a file that comes to be."""

import time
from pathlib import Path
from uuid import uuid4

_CHECK_EVERY = 0.02
"""Seconds between two looks at the file: work asks some thousand times a second."""


class CancelFile:
    """Tells tasks of this machine to stop. A worker elsewhere never sees it and ends the task that it has."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / uuid4().hex

    def cancel(self) -> None:
        """Tell every task that holds `path`."""
        try:
            self.path.touch()
        except OSError:  # the folder has gone with its executor: nobody works any more
            return


class CancelWatch:
    """What a task asks: whether it is to stop."""

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
