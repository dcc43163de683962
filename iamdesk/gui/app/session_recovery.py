"""Records what is open, so that the next start can offer it again after a crash.

Each process has its own file beside the settings, and holds a lock on it. A file without a lock holder belongs to a
process that ended unexpectedly; files of other running windows are locked and left alone.
"""

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QLockFile

from iamdesk.private_files import create_private_file, create_private_folder


class Left(NamedTuple):
    """What was open in a process that ended unexpectedly."""

    snapshot: Path
    review: Path | None = None


class RecoveryFile:
    """The record of this window, and access to those left behind. Does nothing if the folder is not writable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Not named by process id: in a container, the next process gets the same one.
        self._note = folder / f"{secrets.token_hex(8)}.json"
        self._lock: QLockFile | None = None

    def note(self, snapshot: Path, review: Path | None = None) -> None:
        """Record what is open."""
        held = {"open": str(snapshot.absolute())}
        if review is not None:
            held["review"] = str(review.absolute())
        try:
            create_private_folder(self._folder, parents=True)
            if self._lock is None:
                self._lock = _lock_of(self._note)
                self._lock.tryLock(0)
            part = self._note.with_suffix(".part")  # a full disk leaves the record before
            create_private_file(part)
            part.write_text(json.dumps(held), encoding="utf-8")
            part.replace(self._note)
        except OSError:
            return

    def clear(self) -> None:
        """Record that nothing is open."""
        try:
            self._note.unlink(missing_ok=True)
        except OSError:
            return
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def take_unfinished(self) -> tuple[Left, ...]:
        """Return what was open in processes that ended unexpectedly, and delete their records."""
        found: list[Left] = []
        try:
            notes = [note for note in sorted(self._folder.glob("*.json")) if note != self._note]
        except OSError:
            return ()
        for note in notes:
            lock = _lock_of(note)
            if not lock.tryLock(0):
                continue  # its window is still running
            left = _read(note)
            if left is not None and left not in found:
                found.append(left)
            with suppress(OSError):
                note.unlink(missing_ok=True)
            lock.unlock()
        return tuple(found)


def _lock_of(note: Path) -> QLockFile:
    lock = QLockFile(str(note.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # a lock is stale only if its process is gone, whatever its age
    return lock


def _read(note: Path) -> Left | None:
    try:
        held = json.loads(note.read_text(encoding="utf-8"))
        snapshot, review = Path(held["open"]), held.get("review")
        reviewed = Path(review) if isinstance(review, str) else None
        found = Left(snapshot, reviewed if reviewed is not None and reviewed.is_file() else None)
        return found if snapshot.exists() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not written by iamdesk
