"""What the worker does for the comparison window: reads, compares, lays out rows, writes."""

import json
from concurrent.futures import Executor
from pathlib import Path

from iamdesk.compare.shapes import Comparison
from iamdesk.export.diff import to_diff
from iamdesk.export.diff_words import lines
from iamdesk.export.files import write_whole
from iamdesk.gui.compare.rows import rows_of
from iamdesk.gui.plain_text import visible
from iamdesk.snapshot.progress import Cancelled, Progress
from iamdesk.workbench import OpenSnapshot, Workbench


class Compared:
    """A comparison with its rows and both snapshots: made in the worker."""

    def __init__(self, other: OpenSnapshot, is_earlier: bool, found: Comparison) -> None:
        self.other = other
        self.is_earlier = is_earlier
        """Whether the other snapshot is the earlier one."""
        self.found = found
        self.rows = rows_of(found)


def is_earlier_than(other: OpenSnapshot, opened: OpenSnapshot) -> bool:
    """Return whether another snapshot was captured before the open one, as far as they tell; else it is taken to be."""
    one, two = other.about.latest, opened.about.latest
    return one is None or two is None or one <= two


def compared(
    opened: OpenSnapshot,
    other: OpenSnapshot,
    is_earlier: bool,
    progress: Progress,
    cancelled: Cancelled,
    executor: Executor | None = None,
) -> Compared:
    """Compare another snapshot with the open one; ``executor`` does it, where there is one.

    Raises:
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    old, new = (other, opened) if is_earlier else (opened, other)
    return Compared(other, is_earlier, Workbench.compare(old, new, progress, cancelled, executor))


def read_and_compare(
    path: Path, opened: OpenSnapshot, progress: Progress, cancelled: Cancelled, executor: Executor | None = None
) -> Compared:
    """Read another snapshot and compare it with the open one: the earlier of them counts as the old one.

    Raises:
        SnapshotError: the path is no readable snapshot.
        WorkError: the executor cannot do it; one sentence.
        WorkCancelled: ``cancelled`` returned True.
    """
    other = Workbench().open_snapshot(path, cancelled=cancelled)
    return compared(opened, other, is_earlier_than(other, opened), progress, cancelled, executor)


def write(found: Comparison, path: Path) -> None:
    """Write a comparison as text where the name ends in ``.txt``, else as JSON.

    Raises:
        ExportError: it cannot be written.
    """
    is_text = path.suffix.lower() == ".txt"
    text = "\n".join(map(visible, lines(found))) if is_text else json.dumps(to_diff(found), indent=2)
    write_whole(path, f"{text}\n".encode())
