"""The front door: a path becomes a `Snapshot`, or one sentence says why not. It writes nothing and opens no socket."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from iamdesk.snapshot.accounts import FilePages, gather
from iamdesk.snapshot.authorization_details import read_pages
from iamdesk.snapshot.collector import collector_paused
from iamdesk.snapshot.errors import SnapshotError
from iamdesk.snapshot.model import Snapshot, SourceFile
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.progress import Cancelled, Progress, never_cancelled, no_progress
from iamdesk.snapshot.source import ReadSoFar, SourceText
from iamdesk.snapshot.stream import JsonWalk
from iamdesk.snapshot.visible import visible

_LARGE = 256 << 10  # bytes on disk, perhaps compressed, from which the collector is worth pausing
_MAX_FILES = 10_000


def load_snapshot(
    path: Path | str, *, progress: Progress = no_progress, cancelled: Cancelled = never_cancelled
) -> Snapshot:
    """Read a file, a ``.gz`` of it, or a folder of such files (sub-folders one level deep too).

    A folder may hold several accounts, and several pages of one. A file in it that is no authorization details is
    listed as a problem. `progress` gets bytes read of bytes on disk. The collector is paused for large snapshots.

    Raises:
        SnapshotError: there is nothing to read; its text is one sentence that names the file and the place.
        WorkCancelled: ``cancelled`` returned True.
    """
    path = Path(path)
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        problems: list[Problem] = []
        files = list(_files_in(path, problems)) if is_folder else [(path, _regular_size(path))]
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise SnapshotError(f"{visible(str(path), 300)}: cannot be opened: {_reason(error)}") from error
    if not files:
        first = f" ({problems[0]})" if problems else ""
        raise SnapshotError(f"{visible(str(path), 300)}: the folder holds no file that can be read{first}")
    total = sum(size for _, size in files)
    read = ReadSoFar(progress, cancelled, total)
    with collector_paused() if total >= _LARGE else nullcontext():
        return _read_files(path, is_folder, files, problems, read)


def _read_files(
    root: Path, is_folder: bool, files: list[tuple[Path, int]], problems: list[Problem], read: ReadSoFar
) -> Snapshot:
    sources: list[SourceFile] = []
    contents: list[FilePages] = []
    refused: SnapshotError | None = None
    for file, _ in files:
        name = _name_in(root, file) if is_folder else visible(file.name, 200)
        source = SourceText(file, name, read)
        try:
            pages = read_pages(JsonWalk(source), name)
        except SnapshotError as error:
            if not is_folder:
                raise
            refused = refused or error
            problems.append(Problem(file=name, json_path="$", message=str(error).removeprefix(f"{name}: ")))
            continue
        sources.append(SourceFile(path=file, size=source.size, sha256=source.sha256))
        contents.append(FilePages(str(file.parent), pages))
    if not contents:
        if refused and len(files) == 1:
            raise refused
        raise SnapshotError(
            f"{visible(str(root), 300)}: none of its {len(files)} files is a readable snapshot; of the first, {refused}"
        )
    gathered = gather(contents, read)
    return Snapshot(
        path=root,
        files=tuple(sources),
        sha256=_digest(root, is_folder, sources),
        accounts=gathered.accounts,
        problems=(*problems, *gathered.problems),
        latest=gathered.latest,
    )


def _digest(root: Path, is_folder: bool, sources: list[SourceFile]) -> str:
    if len(sources) == 1:
        return sources[0].sha256
    lines = sorted(
        f"{source.sha256}  {source.path.relative_to(root).as_posix() if is_folder else source.path.name}\n".encode(
            errors="surrogateescape"
        )
        for source in sources
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "the system gives no reason").lower() if isinstance(error, OSError) else str(error)


def _regular_size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is neither a file nor a folder")
    return status.st_size


def _files_in(root: Path, problems: list[Problem]) -> Iterator[tuple[Path, int]]:
    """Yield the files of a folder and of the folders in it, by name; hidden ones are passed over."""
    real_root = root.resolve(strict=True)
    seen: set[Path] = set()
    for file in _entries(root, problems):
        try:
            real = file.resolve(strict=True)
            if not real.is_relative_to(real_root):
                problems.append(_file_problem(root, file, "the link leads out of the folder; it was not followed"))
            elif real not in seen:
                seen.add(real)
                yield file, _regular_size(file)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            why = _reason(error) if isinstance(error, OSError) else "its links lead in a circle"
            problems.append(_file_problem(root, file, f"cannot be opened: {why}"))


def _entries(root: Path, problems: list[Problem]) -> Iterator[Path]:
    count = 0
    for path, is_folder in _shown_in(root):
        inner = [(path, False)]
        if is_folder:
            try:
                inner = _shown_in(path)
            except OSError as error:
                problems.append(_file_problem(root, path, f"the folder cannot be opened: {_reason(error)}"))
                continue
        for file, is_inner_folder in inner:
            if is_inner_folder:
                problems.append(_file_problem(root, file, "the folder was not read: it lies more than one level deep"))
                continue
            count += 1
            if count > _MAX_FILES:
                raise OSError(0, f"it holds more than {_MAX_FILES:,} files")
            yield file


def _file_problem(root: Path, file: Path, message: str) -> Problem:
    return Problem(file=_name_in(root, file), json_path="$", message=message)


def _name_in(root: Path, file: Path) -> str:
    return visible(file.relative_to(root).as_posix(), 200)


def _shown_in(folder: Path) -> list[tuple[Path, bool]]:
    """Return (path, whether it is a folder, links not followed), by name, without the hidden ones."""
    with os.scandir(folder) as entries:
        shown = [(Path(entry), entry.is_dir(follow_symlinks=False)) for entry in entries if entry.name[0] != "."]
    return sorted(shown)
