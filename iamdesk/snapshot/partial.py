"""The first accounts of many, for display while the others are still being read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from iamdesk.snapshot.assembly import snapshot_of
from iamdesk.snapshot.bundle import known_place
from iamdesk.snapshot.merge_pages import FilePages, gather
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.text_source import ReadSoFar

_LEAST_LEFT = 256 << 20  # bytes: seconds of reading on any machine
_LEAST_SHARE = 4
"""How many times as much must be left as was read: making the first accounts ready takes a part of that once more."""


@dataclass(frozen=True, slots=True)
class PartialSnapshot:
    """The first accounts of a snapshot."""

    snapshot: Snapshot
    """Only the data of their own files, without organization, resources and reports: it cannot be evaluated."""
    awaited: tuple[str, ...]
    """The accounts that are still to be read, as far as known from the paths of the files."""


def is_worth_showing(read: ReadSoFar, contents: Sequence[FilePages]) -> bool:
    """Return whether there are accounts to show, and enough others left to read."""
    if not contents or read.left < max(_LEAST_LEFT, _LEAST_SHARE * read.done):
        return False
    # Pages without an account wait for the other files of their folder.
    return all(page.home is not None for content in contents for page in content.pages)


def first_accounts(root: Path, contents: Sequence[FilePages], paths: Iterable[str], read: ReadSoFar) -> PartialSnapshot:
    """Return what was read by now; ``paths`` are those of all files.

    Raises:
        WorkCancelled: the work was cancelled.
    """
    snapshot = snapshot_of(root, [], gather(contents, read), ())
    here = {account.account_id for account in snapshot.accounts}
    places = (known_place(path) for path in paths)
    awaited = {place.account for _, place in filter(None, places) if place.account} - here
    return PartialSnapshot(snapshot, tuple(sorted(awaited)))
