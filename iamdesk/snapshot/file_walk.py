"""Walks the files of a folder, to a limited depth, without following links that lead outside."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from iamdesk.escaping import visible_start
from iamdesk.i18n import phrase, with_translation
from iamdesk.snapshot.problems import Problem

MAX_FILES = 10_000
"""In a folder that is not laid out as a bundle: it was opened by mistake, then."""
MAX_BUNDLE_FILES = 500_000
"""An organization of a hundred accounts leaves some tens of thousands."""
MAX_DEPTH = 14
"""Folders within each other. A bundle needs eight, iam-collect's folder ten."""

LAID_OUT = frozenset({"accounts", "organization", "aws"})
"""Folders below which the layouts of a bundle and of iam-collect begin."""


class Opened(Protocol):
    """A file while it is read: what binary files and the files of an archive have in common."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: Any, error: Any, trace: Any, /) -> None: ...


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file of a snapshot, on disk or in an archive."""

    path: Path
    """Of an archive's file: the archive's path and the path in it."""
    inner: str
    """Below what was opened, with ``/``; the file's name where it was opened by itself."""
    size: int
    """In bytes, as found: what is written to it afterwards is not read."""
    open: Callable[[], Opened]

    @property
    def name(self) -> str:
        """What problems and errors call it: its path below what was opened, on one visible line."""
        return visible_start(self.inner, 200)


def reason(error: OSError | ValueError) -> str:
    """Return why the system cannot open something, as the end of a sentence."""
    if not isinstance(error, OSError):
        return str(error)
    reported = error.strerror or phrase("no reason given by the operating system")
    return with_translation(reported.lower(), reported)


def found_file(path: Path, inner: str) -> FoundFile:
    """Return a file on disk.

    Raises:
        OSError: it is not there, or no file.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, phrase("it is neither a file nor a folder"))
    return FoundFile(path, inner, status.st_size, lambda: path.open("rb"))


def files_in(root: Path, problems: list[Problem], ask: Callable[[], None]) -> Iterator[FoundFile]:
    """Yield the files of a folder and of the folders in it, by name; hidden ones are passed over.

    Folders are walked one level deep, and those of a bundle or of iam-collect to their end. ``ask`` is called now and
    then; what it raises ends the walk.

    Raises:
        OSError: the folder cannot be opened, or contains too many files.
    """
    real_root = root.resolve(strict=True)
    seen: set[str] = set()
    for number, (inner, is_link) in enumerate(_entries(root, problems)):
        if not number % 256:
            ask()
        path = root / inner
        try:
            real = str(path.resolve(strict=True)) if is_link else f"{real_root}/{inner}"
            if is_link and not Path(real).is_relative_to(real_root):
                problems.append(_problem(inner, phrase("the link leads outside the folder; it was not followed")))
            elif real not in seen:
                seen.add(real)
                yield found_file(path, inner)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            why = reason(error) if isinstance(error, OSError) else phrase("its links form a loop")
            problems.append(_problem(inner, phrase("cannot be opened: {why}", why=why)))


def is_laid_out(parts: tuple[str, ...]) -> bool:
    """Return whether a folder belongs to a bundle or to iam-collect's tree, perhaps with one folder around it."""
    return not LAID_OUT.isdisjoint(parts[:2])


def _entries(root: Path, problems: list[Problem]) -> Iterator[tuple[str, bool]]:
    """Yield (path below the root, whether it is a link) of everything that is not a folder, in order of path."""
    loose = laid_out = 0
    to_see: list[tuple[str, tuple[str, ...], bool]] = [("", (), True)]
    while to_see:
        inner, parts, is_folder = to_see.pop()
        if not is_folder:
            if is_laid_out(parts):
                laid_out += 1
            else:
                loose += 1
            if loose > MAX_FILES or laid_out > MAX_BUNDLE_FILES:
                raise OSError(
                    0,
                    phrase(
                        "it contains more than {count:,} files",
                        count=MAX_BUNDLE_FILES if laid_out > loose else MAX_FILES,
                    ),
                )
            yield inner, (root / inner).is_symlink()
            continue
        if len(parts) > 1 and not is_laid_out(parts):
            problems.append(_problem(inner, phrase("the folder was not read: it is nested more than one level deep")))
            continue
        if len(parts) > MAX_DEPTH:
            problems.append(
                _problem(
                    inner,
                    phrase(
                        "the folder was not read: it is nested more than {max_depth} levels deep", max_depth=MAX_DEPTH
                    ),
                )
            )
            continue
        try:
            shown = _shown_in(root / inner)
        except OSError as error:
            if not parts:
                raise
            problems.append(_problem(inner, phrase("the folder cannot be opened: {error}", error=reason(error))))
            continue
        to_see += [
            (f"{inner}/{name}" if inner else name, (*parts, name), is_inner_folder)
            for name, is_inner_folder in reversed(shown)
        ]


def _problem(inner: str, message: str) -> Problem:
    return Problem(file=visible_start(inner, 200), json_path="$", message=message)


def _shown_in(folder: Path) -> list[tuple[str, bool]]:
    """Return (name, whether it is a folder, links not followed), by name, without the hidden ones."""
    with os.scandir(folder) as entries:
        shown = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries if entry.name[0] != "."]
    return sorted(shown)
