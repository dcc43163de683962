"""A bundle in a zip archive, read in memory: nothing is unpacked to disk, and nothing is believed that can be checked.

Sizes are bounded by what the archive's directory declares, and the reader of each file stops there. Names are names
only: no path in an archive ever becomes a path on disk.
"""

import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from iamdesk.errors import SnapshotError
from iamdesk.escaping import visible_start
from iamdesk.i18n import join_messages, phrase
from iamdesk.snapshot.file_walk import MAX_BUNDLE_FILES, FoundFile
from iamdesk.snapshot.problems import Problem
from iamdesk.snapshot.text_source import MAX_BYTES, MAX_RATIO, RATIO_FROM

_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without files
_END = b"PK\x05\x06"
_END_SIZE = 22
_END64 = b"PK\x06\x06"
_END64_SIZE = 76  # of both records of zip64
_IN_ZIP64 = 0xFFFF_FFFF
_ENTRY = b"PK\x01\x02"
_PIECE = 1 << 20
_LOCAL_HEADER = 30  # bytes, at the least
_MAX_COMMENT = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MAX_REPORTED = 50
"""Problems of one kind that are listed individually."""


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive, by its first bytes.

    Raises:
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        return False
    with path.open("rb") as file:
        return file.read(4) in _STARTS


@contextmanager
def files_of_archive(path: Path, problems: list[Problem]) -> Iterator[list[FoundFile]]:
    """Yield the readable files of a zip archive by name; they can be read while the context is open.

    Raises:
        SnapshotError: it is not an archive, is damaged, or exceeds the limits when unpacked.
        OSError: it cannot be read.
    """
    name = visible_start(path.name, 200)
    with path.open("rb") as file:
        if _listed(file) > MAX_BUNDLE_FILES:
            raise SnapshotError(phrase("{name}: the archive lists more files than a snapshot can have", name=name))
        file.seek(0)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, MemoryError) as error:
            raise SnapshotError(
                phrase("{name}: the zip archive is damaged or cut off ({error})", name=name, error=_why(error))
            ) from error
        with archive:
            yield sorted(_members(path, archive, problems), key=lambda found: found.inner)


def _why(error: Exception) -> str:
    return visible_start(str(error)) or type(error).__name__


def _listed(file: BinaryIO) -> int:
    """Return how many files the archive lists: all become objects at once when it is opened.

    They are counted, because the number in the archive's header is not reliable.
    """
    end = file.seek(0, 2)
    tail_start = max(0, end - _MAX_COMMENT - _END_SIZE - _END64_SIZE)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        return 0
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    at64 = tail.rfind(_END64, 0, at)
    if at64 >= 0 and size == _IN_ZIP64:
        size = int.from_bytes(tail[at64 + 40 : at64 + 48], "little")
        at = at64
    start = max(0, tail_start + at - size)
    file.seek(start)
    left, count, rest = tail_start + at - start, 0, b""
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        left -= len(piece)
        count += (rest + piece).count(_ENTRY)
        rest = piece[-len(_ENTRY) + 1 :]
        if count > MAX_BUNDLE_FILES:
            break
    return count


def _members(path: Path, archive: zipfile.ZipFile, problems: list[Problem]) -> Iterator[FoundFile]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    total = sum(member.file_size for member in members)
    packed = path.stat().st_size
    if total > RATIO_FROM and total > MAX_RATIO * packed:
        message = phrase(
            "would unpack to more than {max_ratio} times its size, which no snapshot does", max_ratio=MAX_RATIO
        )
        raise SnapshotError(join_messages(": ", (visible_start(path.name, 200), message)))
    if _overlap(members):
        message = phrase("its files overlap within the archive, as in a zip bomb")
        raise SnapshotError(join_messages(": ", (visible_start(path.name, 200), message)))
    names = Counter(_inner(member) for member in members)
    reported: Counter[str] = Counter()
    for member in members:
        inner = _inner(member)
        if _is_hidden(inner):
            continue
        why = _refusal(member, inner)
        if not why and names[inner] > 1:
            why = phrase("the name occurs twice in the archive; neither file was read")
        if not why:
            yield FoundFile(path / inner, inner, member.file_size, _opener(archive, member))
            continue
        reported[why] += 1
        if reported[why] <= _MAX_REPORTED:
            problems.append(Problem(file=visible_start(inner, 200), json_path="$", message=why))
    for why, count in reported.items():
        if count > _MAX_REPORTED:
            message = phrase("{count} more files like those before: {why}", count=count - _MAX_REPORTED, why=why)
            problems.append(Problem(file=visible_start(path.name, 200), json_path="$", message=message))


def _overlap(members: list[zipfile.ZipInfo]) -> bool:
    """Return whether two files take their bytes from the same place: what is small may then unpack to anything."""
    behind = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < behind:
            return True
        behind = member.header_offset + _LOCAL_HEADER + member.compress_size
    return False


def _opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], "_Member"]:
    def opened() -> _Member:
        try:
            return _Member(archive.open(member))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
            raise OSError(0, phrase("it is damaged in the archive ({error})", error=_why(error))) from error

    return opened


def _inner(member: zipfile.ZipInfo) -> str:
    """Return the path in the archive, with ``/``: some tools on Windows write a backslash."""
    return member.filename.replace("\\", "/")


def _is_hidden(inner: str) -> bool:
    """Return whether a file is hidden, or what macOS adds to its archives; ``..`` is no hidden folder."""
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in inner.split("/"))


def _refusal(member: zipfile.ZipInfo, inner: str) -> str:
    """Return why a file of an archive is not read; empty where nothing is against it."""
    parts = inner.split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if inner.startswith("/") or parts[0].endswith(":") or ".." in parts or "." in parts or "" in parts:
        return phrase("its path in the archive is invalid or leads outside the archive; the file was not read")
    if kind not in (0, stat.S_IFREG):
        return phrase("it is a link or a device, not a file; it was not read")
    if member.flag_bits & _ENCRYPTED:
        return phrase("it is encrypted; unpack the archive with its password and open the folder")
    if member.compress_type not in _METHODS:
        return phrase("its compression method is not supported; unpack the archive and open the folder")
    if member.file_size > MAX_BYTES:
        return phrase("it is larger than {max_bytes} GiB; it was not read", max_bytes=MAX_BYTES >> 30)
    if inner.lower().endswith(".zip"):
        return phrase("it is an archive within the archive; unpack it and open it by itself")
    return ""


class _Member:
    """A file of an archive while it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            raise OSError(0, phrase("it is damaged in the archive ({error})", error=_why(error))) from error

    def __enter__(self) -> "_Member":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
