"""The work of the comparison window: reads, compares, creates rows, writes."""

import json
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.diff.result import Comparison
from iamdesk.export.diff import to_diff
from iamdesk.export.files.atomic_write import write_atomic
from iamdesk.export.text.diff import lines
from iamdesk.gui.compare.rows import rows_of
from iamdesk.gui.core.plain_text import visible
from iamdesk.progress import Cancelled, Progress


class Compared:
    """A comparison with its rows and both snapshots; created in the worker."""

    def __init__(self, other: SnapshotSession, is_earlier: bool, found: Comparison) -> None:
        self.other = other
        self.is_earlier = is_earlier
        """Whether the other snapshot is the earlier one."""
        self.found = found
        self.rows = rows_of(found)
        self.dates: tuple[datetime | None, datetime | None] = (None, None)
        """The latest time in the data of the old and of the new snapshot."""


def is_earlier_than(other: SnapshotSession, opened: SnapshotSession) -> bool:
    """Return whether a snapshot is earlier than the open one, by their dates; True if unknown."""
    one, two = other.about.latest, opened.about.latest
    return one is None or two is None or one <= two


def compared(
    opened: SnapshotSession,
    other: SnapshotSession,
    is_earlier: bool,
    progress: Progress,
    cancelled: Cancelled,
    executor: Executor | None = None,
) -> Compared:
    """Compare another snapshot with the open one, by ``executor`` if there is one.

    Raises:
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    old, new = (other, opened) if is_earlier else (opened, other)
    made = Compared(other, is_earlier, Workbench.compare(old, new, progress, cancelled, executor))
    made.dates = old.about.latest, new.about.latest
    return made


def read_and_compare(
    path: Path, opened: SnapshotSession, progress: Progress, cancelled: Cancelled, executor: Executor | None = None
) -> Compared:
    """Read another snapshot and compare it with the open one; the earlier of them is the old one.

    Raises:
        SnapshotError: the path is no readable snapshot.
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    other = Workbench().open_snapshot(path, cancelled=cancelled)
    return compared(opened, other, is_earlier_than(other, opened), progress, cancelled, executor)


def write(found: Comparison, path: Path) -> None:
    """Write a comparison as text if the name ends in ``.txt``, else as JSON.

    Raises:
        ExportError: it cannot be written.
    """
    is_text = path.suffix.lower() == ".txt"
    text = "\n".join(map(visible, lines(found))) if is_text else json.dumps(to_diff(found), indent=2)
    write_atomic(path, f"{text}\n".encode())
