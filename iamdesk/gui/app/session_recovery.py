"""What is open, noted in a file while it is: what a process left behind that was ended is offered at the next start.

Each process has a note of its own beside the settings, held by a lock. A note whose lock nobody holds any more belongs
to a process that did not end by itself; those of windows that stand side by side are held, and left alone.
"""

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QLockFile


class Left(NamedTuple):
    """What was open."""

    snapshot: Path
    review: Path | None = None


class RecoveryFile:
    """The note of this window, and those that were left. A folder that cannot be written does no harm."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Not by the number of the process: a container gives the next one the same.
        self._note = folder / f"{secrets.token_hex(8)}.json"
        self._lock: QLockFile | None = None

    def note(self, snapshot: Path, review: Path | None = None) -> None:
        """Note what is open."""
        held = {"open": str(snapshot.absolute())}
        if review is not None:
            held["review"] = str(review.absolute())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                self._lock = _lock_of(self._note)
                self._lock.tryLock(0)
            self._note.write_text(json.dumps(held), encoding="utf-8")
        except OSError:
            return

    def clear(self) -> None:
        """Note that nothing is open any more."""
        try:
            self._note.unlink(missing_ok=True)
        except OSError:
            return
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def take_left(self) -> tuple[Left, ...]:
        """Return what was open in processes that did not end by themselves, and forget it."""
        found: list[Left] = []
        try:
            notes = [note for note in sorted(self._folder.glob("*.json")) if note != self._note]
        except OSError:
            return ()
        for note in notes:
            lock = _lock_of(note)
            if not lock.tryLock(0):
                continue  # its window is there
            left = _read(note)
            if left is not None and left not in found:
                found.append(left)
            with suppress(OSError):
                note.unlink(missing_ok=True)
            lock.unlock()
        return tuple(found)


def _lock_of(note: Path) -> QLockFile:
    lock = QLockFile(str(note.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # stale is what belongs to no process, however old
    return lock


def _read(note: Path) -> Left | None:
    try:
        held = json.loads(note.read_text(encoding="utf-8"))
        snapshot, review = Path(held["open"]), held.get("review")
        reviewed = Path(review) if isinstance(review, str) else None
        found = Left(snapshot, reviewed if reviewed is not None and reviewed.is_file() else None)
        return found if snapshot.exists() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # somebody wrote something else there
