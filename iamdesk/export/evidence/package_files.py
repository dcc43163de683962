"""A pack is opened: a folder as it stands, an archive in a place of its own for as long as it is looked at."""

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from iamdesk.export.evidence.manifest import MANIFEST
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase

_MOST_BYTES = 1 << 34
_MOST_FILES = 200_000


@contextmanager
def opened_pack(path: Path) -> Iterator[Path]:
    """Give the folder of a pack.

    Raises:
        ExportError: it is neither a pack nor an archive of one.
    """
    if path.is_dir():
        yield path
        return
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise ExportError(phrase("{path} is no pack: neither a folder nor a zip archive", path=path))
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        _unpack(path, Path(place))
        tops = [file.parent for file in Path(place).rglob(MANIFEST)]
        if len(tops) != 1:
            raise ExportError(phrase("{path} is no pack: there is no {manifest} in it", path=path, manifest=MANIFEST))
        yield tops[0]


def _unpack(path: Path, place: Path) -> None:
    try:
        _unpack_all(path, place)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, EOFError, zlib.error, struct.error) as error:
        raise ExportError(phrase("{path} cannot be unpacked: {error}", path=path, error=error)) from error


def _unpack_all(path: Path, place: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_FILES or sum(member.file_size for member in members) > _MOST_BYTES:
            raise ExportError(phrase("{path} is too large for a pack", path=path))
        for member in members:
            parts = PurePosixPath(member.filename).parts
            if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in member.filename:
                raise ExportError(phrase("{path} is no pack: it names a file outside of it", path=path))
        if len({member.filename for member in members}) < len(members):  # each reader would see another one of them
            raise ExportError(phrase("{path} is not an evidence package: it contains a file twice", path=path))
        archive.extractall(place)
