"""Opens an evidence package: a folder, or an archive, which is unpacked to a temporary folder."""

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

_MAX_BYTES = 1 << 34
_MAX_FILES = 200_000


@contextmanager
def opened_pack(path: Path) -> Iterator[Path]:
    """Yield the folder of a package.

    Raises:
        ExportError: it is neither a package nor an archive of one.
    """
    if path.is_dir():
        yield path
        return
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise ExportError(phrase("{path} is not an evidence package: neither a folder nor a .zip file", path=path))
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        _unpack(path, Path(place))
        tops = [file.parent for file in Path(place).rglob(MANIFEST)]
        if len(tops) != 1:
            raise ExportError(
                phrase("{path} is not an evidence package: {manifest} is missing", path=path, manifest=MANIFEST)
            )
        yield tops[0]


def _unpack(path: Path, place: Path) -> None:
    try:
        _unpack_all(path, place)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, EOFError, zlib.error, struct.error) as error:
        raise ExportError(phrase("{path} cannot be unpacked: {error}", path=path, error=error)) from error


def _unpack_all(path: Path, place: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_FILES or sum(member.file_size for member in members) > _MAX_BYTES:
            raise ExportError(phrase("{path} is too large for an evidence package", path=path))
        for member in members:
            parts = PurePosixPath(member.filename).parts
            if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in member.filename:
                raise ExportError(
                    phrase("{path} is not an evidence package: it contains a path outside of itself", path=path)
                )
        if len({member.filename for member in members}) < len(members):  # readers would differ in which one they see
            raise ExportError(phrase("{path} is not an evidence package: it contains a file twice", path=path))
        archive.extractall(place)
