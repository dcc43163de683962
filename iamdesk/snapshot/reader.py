"""Reads a path as a `Snapshot`, or raises an error with one sentence. It writes no file and opens no socket."""

import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase
from iamdesk.memory import OF_ACCOUNT, gc_paused
from iamdesk.progress import Cancelled, Progress, WorkCancelled, never_cancelled, no_progress
from iamdesk.snapshot.archive import files_of_archive, is_archive
from iamdesk.snapshot.assembly import snapshot_of
from iamdesk.snapshot.authorization_details import free_gradually, read_pages
from iamdesk.snapshot.file_walk import LAID_OUT, FoundFile, files_in, found_file, reason
from iamdesk.snapshot.json_stream import JsonWalk
from iamdesk.snapshot.layout import MANIFEST
from iamdesk.snapshot.merge_pages import FilePages, gather
from iamdesk.snapshot.model import Snapshot
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import ReadSoFar, SourceText

if TYPE_CHECKING:
    from iamdesk.snapshot.build_catalog import Share
    from iamdesk.snapshot.catalog import Catalogue
    from iamdesk.snapshot.partial import PartialSnapshot

_LARGE = 256 << 10  # bytes on disk, perhaps compressed, from which the collector is worth pausing


def load_snapshot(
    path: Path | str,
    *,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    arrived: "Callable[[PartialSnapshot], None] | None" = None,
) -> Snapshot:
    """Read a file, a ``.gz`` of it, a folder of such files (sub-folders one level deep too), or a bundle.

    A bundle is a folder or a zip archive with the layout in the guide (``bundle.md``); folders of iam-collect and loose
    outputs of the AWS CLI open as well. Other files in it are listed as problems. `progress` gets bytes read of
    bytes found; `arrived`, at most once, the first accounts of many while the rest is read. The collector is paused for
    large snapshots. A bundle's ``manifest.json`` opens its folder.

    Raises:
        SnapshotError: there is nothing to read; its text is one sentence that names the file and the place.
        WorkCancelled: ``cancelled`` returned True.
    """
    path = _bundle_of(Path(path))
    problems: list[Problem] = []
    with _files_of(path, problems, cancelled) as (is_one, files):
        total = sum(file.size for file in files)
        read = ReadSoFar(progress, cancelled, total)
        with gc_paused() if total >= _LARGE else nullcontext():
            if is_one:
                return _of_one_file(path, files[0], read)
            from iamdesk.snapshot.bundle_reader import read_many_files  # its models are not needed for one file

            return read_many_files(path, files, problems, read, arrived)


def load_catalogue(
    path: Path | str,
    *,
    least: int = 0,
    progress: Progress = no_progress,
    cancelled: Cancelled = never_cancelled,
    share: "Share | None" = None,
) -> "Catalogue | None":
    """Read a snapshot of many files as `load_snapshot` does, and keep a summary of each account.

    With ``share``, several processes read. None if it is one file, has fewer than ``least`` bytes, or was written by
    another tool whose files form an account together: then it is read whole.

    Raises:
        SnapshotError: as `load_snapshot`.
        WorkCancelled: ``cancelled`` returned True.
    """
    path = _bundle_of(Path(path))
    problems: list[Problem] = []
    with _files_of(path, problems, cancelled) as (is_one, files):
        total = sum(file.size for file in files)
        if is_one or total < least:
            return None
        from iamdesk.snapshot.bundle_reader import read_catalogue

        with gc_paused(OF_ACCOUNT):
            return read_catalogue(path, files, problems, ReadSoFar(progress, cancelled, total), share)


@contextmanager
def _files_of(path: Path, problems: list[Problem], cancelled: Cancelled) -> Iterator[tuple[bool, list[FoundFile]]]:
    """Yield whether a path is one file, and its files, for use while the context is open."""
    with ExitStack() as opened:
        try:
            if stat.S_ISDIR(path.stat().st_mode):
                is_one, files = False, list(files_in(path, problems, ReadSoFar(no_progress, cancelled, 0).ask))
            elif is_archive(path):
                is_one, files = False, opened.enter_context(files_of_archive(path, problems))
            else:
                is_one, files = True, [found_file(path, path.name)]
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise SnapshotError(
                phrase("{path}: cannot be opened: {error}", path=visible_start(str(path), 300), error=reason(error))
            ) from error
        if not files:
            first = f" ({problems[0]})" if problems else ""
            raise SnapshotError(
                phrase(
                    "{path}: it contains no file that can be read{first}",
                    path=visible_start(str(path), 300),
                    first=first,
                )
            )
        yield is_one, files


def _bundle_of(path: Path) -> Path:
    """Return the bundle's folder for its manifest: what a dialog that takes files alone can be given."""
    try:
        if path.name == MANIFEST and any((path.parent / name).is_dir() for name in LAID_OUT):
            return path.parent
    except (OSError, ValueError):
        return path  # opening it gives the reason
    return path


def _of_one_file(path: Path, file: FoundFile, read: ReadSoFar) -> Snapshot:
    source = SourceText(file, read)
    pages = read_pages(JsonWalk(source), source.name)
    try:
        return snapshot_of(path, [source], gather([FilePages("", pages)], read), ())
    except WorkCancelled:
        free_gradually(pages)
        raise
