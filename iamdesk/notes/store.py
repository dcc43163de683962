"""Files of notes: found, read and written. Opening a snapshot writes nothing; the first note creates the file.

The file of ``acme-prod.json`` is ``acme-prod.json.iamdesk-notes`` in the same folder (of a folder: beside it), or in
another one that the user chose. It is readable by its owner alone, and replaced as a whole.
"""

import contextlib
import os
import stat
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from iamdesk import strict_json
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.file_lock import LockedError, lock
from iamdesk.i18n import phrase
from iamdesk.notes.model import FoundNotes, Note, NoteError, NotesFile
from iamdesk.private_files import create_private_file

SUFFIX = ".iamdesk-notes"
_MAX_BYTES = 64 << 20
_MAX_FILES = 1_000
"""Files of a folder that are looked at for earlier notes."""
_PATIENCE = 5.0
"""Seconds for which a file that another window writes is waited for."""


def notes_path(snapshot: Path, folder: Path | None = None) -> Path:
    """Return the path of the notes of a snapshot: beside it, or in another folder."""
    whole = snapshot.absolute()
    return (folder or whole.parent) / f"{whole.name}{SUFFIX}"


def read_notes(path: Path) -> NotesFile:
    """Return the notes in a file; none if there is no file, or an empty one.

    Raises:
        NoteError: it cannot be read, or is not a file of notes.
    """
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            raise NoteError(phrase("{path} is not a file of notes: it is not a regular file", path=path))
        if there.st_size > _MAX_BYTES:
            raise NoteError(phrase("{path} is too large for a file of notes", path=path))
        content = path.read_bytes()
    except FileNotFoundError:
        return NotesFile()
    except OSError as error:
        raise NoteError(phrase("{path} cannot be read: {reason}", path=path, reason=error.strerror or error)) from error
    if not content:
        return NotesFile()  # created, and not written to yet
    try:
        return NotesFile.model_validate(_parsed(path, content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise _no_notes(path, place, first["msg"]) from error


def _parsed(path: Path, content: bytes) -> object:
    try:
        return strict_json.decode(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _no_notes(path, f"byte {error.start}", "it is not UTF-8") from error
    except ValueError as error:
        raise _no_notes(path, "the file", str(error)) from error


def _no_notes(path: Path, place: str, reason: str) -> NoteError:
    return NoteError(phrase("{path} is not a file of notes: {place}: {error}", path=path, place=place, error=reason))


def find_notes(
    snapshot: Path, accounts: Collection[str], folder: Path | None = None, *, only_there: bool = False
) -> FoundNotes:
    """Return the notes of a snapshot, else those of the latest earlier snapshot of one of its accounts.

    ``folder`` is where the user keeps notes that cannot be beside their snapshots: where new ones go if the snapshot's
    folder cannot be written to, or always if ``only_there``. Earlier notes are looked for in the snapshot's folder,
    then there.

    Raises:
        NoteError: the snapshot's own file cannot be read.
    """
    beside = notes_path(snapshot)
    elsewhere = beside if folder is None else notes_path(snapshot, folder)
    places = (elsewhere,) if only_there or folder is None else (beside, elsewhere)
    for path in places:
        if path.exists():
            return FoundNotes(path, read_notes(path).notes)
    path = beside if not only_there and os.access(beside.parent, os.W_OK) else elsewhere
    for place in places:
        earlier = _earlier(place.parent, frozenset(accounts))
        if earlier is not None:
            return FoundNotes(path, earlier[1].notes, earlier[0])
    return FoundNotes(path, ())


def _earlier(folder: Path, accounts: frozenset[str]) -> tuple[Path, NotesFile] | None:
    """Return the notes of a folder that were changed last, of those that are about one of the accounts."""
    found: list[tuple[float, Path, NotesFile]] = []
    for path in _files(folder):
        with contextlib.suppress(NoteError):
            file = read_notes(path)
            if file.notes and not accounts.isdisjoint(file.accounts):
                found.append((max(note.changed.timestamp() for note in file.notes), path, file))
    if not found:
        return None
    _when, path, file = max(found, key=lambda one: one[0])
    return path, file


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(SUFFIX)]
    except OSError:
        return []
    return [folder / name for name in sorted(names)[:_MAX_FILES]]


def write_notes(
    path: Path,
    changes: Sequence[Note],
    basis: Sequence[Note] = (),
    *,
    snapshot: str = "",
    sha256: str = "",
    accounts: Collection[str] = (),
) -> tuple[Note, ...]:
    """Write changed notes to a file and return all that it holds then; what others wrote to it meanwhile is kept.

    Args:
        path: The file. It is created if it does not exist.
        changes: One note for each changed item; an empty one removes that of its item.
        basis: The notes of an earlier snapshot, which a new file begins with.
        snapshot: Name of the snapshot, for readers of the file.
        sha256: Digest of the snapshot.
        accounts: Ids of its accounts, by which the next snapshot finds the file.

    Raises:
        NoteError: the file cannot be written, or is not a file of notes: it stays as it is.
    """
    try:
        with _locked(path):
            is_new = not path.stat().st_size
            held = {note.item: note for note in (basis if is_new else read_notes(path).notes)}
            for note in changes:
                held.pop(note.item, None)
                if not note.is_empty:
                    held[note.item] = note
            notes = tuple(sorted(held.values(), key=lambda one: one.item))
            file = NotesFile(snapshot=snapshot, snapshot_sha256=sha256, accounts=tuple(sorted(accounts)), notes=notes)
            write_atomic(path, (file.model_dump_json(indent=2) + "\n").encode())
    except ExportError as error:
        raise NoteError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise NoteError(phrase("The note cannot be kept: {error}", error=first["msg"])) from error
    except OSError as error:
        raise NoteError(
            phrase("{path} cannot be written: {reason}", path=path, reason=error.strerror or error)
        ) from error
    return notes


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file, so that two windows do not write at one time. It is replaced meanwhile: the new one counts then.

    On Windows, an open file cannot be replaced, and there is no lock: what is written is read just before.
    """
    if path.is_dir() or (path.exists() and not path.is_file()):
        raise NoteError(phrase("{path} is not a file of notes: it is not a regular file", path=path))
    create_private_file(path)
    if sys.platform == "win32":
        yield
        return
    end = time.monotonic() + _PATIENCE
    while True:
        with path.open("rb") as file:
            try:
                lock(file)
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    yield
                    return
            except LockedError:
                pass
        if time.monotonic() > end:
            raise NoteError(phrase("{path} cannot be written: another window is writing it", path=path))
        time.sleep(0.02)  # in a job: the other window holds the lock for milliseconds
