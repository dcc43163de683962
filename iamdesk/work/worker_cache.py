"""Snapshots that a worker has read, kept for its next tasks."""

import pickle
import threading
import zlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iamdesk.errors import SnapshotError
from iamdesk.i18n import phrase
from iamdesk.memory import gc_paused
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.reader import load_snapshot
from iamdesk.work.errors import NotHereError

MAX_KEPT_BYTES = 256 << 20
"""Bytes of files whose snapshots a worker keeps; the last two are always kept: a comparison needs both."""
_MIN_KEPT = 2


@dataclass(frozen=True, slots=True)
class SnapshotReference:
    """Reference to a snapshot in a task: a worker reads it from the path, or is sent its content."""

    path: str | None
    """None: it is in no file, because it was changed."""
    sha256: str
    """`Snapshot.sha256`; for a snapshot that is in no file, any unique name."""
    size: int
    """Bytes of its files."""
    moment: str | None = None
    """As of when requests are evaluated: ISO 8601; None: now."""


def reference_to(snapshot: Snapshot, copy: str | None = None) -> SnapshotReference:
    """Return the reference to a snapshot as read; ``copy`` is the name of one that was changed since."""
    size = sum(file.size for file in snapshot.files)
    if copy is not None:
        return SnapshotReference(None, copy, size)
    return SnapshotReference(str(snapshot.path.absolute()), snapshot.sha256, size)


def content_of(snapshot: Snapshot) -> bytes:
    """Return the content for workers that cannot read the files."""
    return object_content(snapshot)


class Held:
    """One snapshot in a worker, and objects made from it."""

    def __init__(self, snapshot: Snapshot, size: int) -> None:
        self.snapshot = snapshot
        self.size = size
        self._made: dict[Hashable, object] = {}
        self._making = threading.RLock()

    def once[T](self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the result of ``make``, called at most once while the snapshot is kept."""
        with self._making:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]  # type: ignore[return-value]  # a key always has the type of its own ``make``

    def forget(self, *kinds: str) -> None:
        """Drop the objects of earlier work, whose keys are tuples that begin with these: what follows needs memory."""
        with self._making:
            for key in [one for one in self._made if isinstance(one, tuple) and one[0] in kinds]:
                del self._made[key]


_held: dict[str, Held] = {}
"""By SHA-256, the least recently used first."""
_sent: dict[str, bytes] = {}
_objects: dict[str, Any] = {}
"""Sent contents and objects made from them, by key, the least recently used first."""
_lock = threading.RLock()


def take_content(key: str, content: bytes) -> None:
    """Keep content that was sent along with a task until it is read."""
    with _lock:
        if key not in _held and key not in _objects:
            _sent[key] = content


def kept_snapshot(reference: SnapshotReference, cancelled: Cancelled = never_cancelled) -> Held:
    """Return a snapshot that is kept, or read it now.

    Raises:
        NotHereError: this machine does not have its files; its content must be sent along.
        SnapshotError: the files have changed since.
        WorkCancelled: ``cancelled`` returned True.
    """
    with _lock:  # threads of one worker would read it twice
        held = _held.pop(reference.sha256, None)
        if held is None:
            _make_room(reference.size)
            with gc_paused():
                held = Held(_read(reference, cancelled), reference.size)
        _held[reference.sha256] = held
        return held


def kept_object[T](key: str, make: Callable[[Any], T]) -> T:
    """Return what ``make`` returned for an object sent along with a task; the last two are kept.

    Raises:
        NotHereError: it must be sent along.
    """
    with _lock:
        if key in _objects:
            found = _objects.pop(key)
        else:
            content = _sent.pop(key, None)
            if content is None:
                raise NotHereError(key)
            while len(_objects) >= _MIN_KEPT:
                del _objects[next(iter(_objects))]
            with gc_paused():
                found = make(pickle.loads(zlib.decompress(content)))  # noqa: S301 - from the process that gives the tasks
        _objects[key] = found
        return found  # type: ignore[no-any-return]  # a key always has the type of its own ``make``


def object_content(value: object) -> bytes:
    """Return the content of an object for `kept_object`."""
    return zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), 1)


def _make_room(size: int) -> None:
    while len(_held) >= _MIN_KEPT and size + sum(held.size for held in _held.values()) > MAX_KEPT_BYTES:
        del _held[next(iter(_held))]


def _read(reference: SnapshotReference, cancelled: Cancelled) -> Snapshot:
    content = _sent.pop(reference.sha256, None)
    if content is not None:
        with gc_paused():
            snapshot = pickle.loads(zlib.decompress(content))  # noqa: S301 - from the process that gives the tasks
        if not isinstance(snapshot, Snapshot):
            raise NotHereError(reference.sha256)
        return snapshot
    if reference.path is None or not Path(reference.path).exists():
        raise NotHereError(reference.sha256)
    snapshot = load_snapshot(Path(reference.path), cancelled=cancelled)
    if snapshot.sha256 != reference.sha256:
        raise SnapshotError(phrase("{path}: it has changed since it was opened", path=reference.path))
    return snapshot
