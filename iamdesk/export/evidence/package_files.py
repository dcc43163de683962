"""Opens an evidence package: a folder, or an archive, which is unpacked to a temporary folder."""

import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from iamdesk.export.evidence.archive_layout import has_hidden_data
from iamdesk.export.evidence.manifest import MANIFEST
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.i18n import phrase
from iamdesk.snapshot.text_source import MAX_RATIO, RATIO_FROM

_MAX_BYTES = 1 << 34
_MAX_FILES = 200_000


@contextmanager
def opened_package(path: Path) -> Iterator[Path]:
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
        total = sum(member.file_size for member in members)
        if len(members) > _MAX_FILES or total > _MAX_BYTES:
            raise ExportError(phrase("{path} is too large for an evidence package", path=path))
        if total > RATIO_FROM and total > MAX_RATIO * path.stat().st_size:
            raise ExportError(
                phrase("{path} would unpack to more than {ratio} times its size", path=path, ratio=MAX_RATIO)
            )
        why = _stray(path, archive)
        if why:
            raise ExportError(phrase("{path} is not an evidence package: {why}", path=path, why=why))
        archive.extractall(place)


def _stray(path: Path, archive: zipfile.ZipFile) -> str:
    """Return what an archive holds that no reader of a package would see, or that readers would see differently."""
    members = archive.infolist()
    if has_hidden_data(path, members):
        return phrase("it contains data besides its files")
    for member in members:
        name = member.filename.removesuffix("/") if member.is_dir() else member.filename
        pure = PurePosixPath(name)
        if ".." in pure.parts or name.startswith(("/", "\\")) or ":" in name:
            return phrase("it contains a path outside of itself")
        if pure.as_posix() != name or "\\" in name or "\0" in member.orig_filename or not pure.parts:
            return phrase("it contains a path that is not in its plain form")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            return phrase("it contains a link or a device")
    names = [unicodedata.normalize("NFC", one.filename.removesuffix("/")).casefold() for one in members]
    if len({*names}) < len(names):  # readers would differ in which one they see
        return phrase("it contains a file twice")
    tops = [name.removesuffix(MANIFEST.casefold()) for name in names if PurePosixPath(name).name == MANIFEST.casefold()]
    if len(tops) == 1 and not all(f"{name}/".startswith(tops[0]) for name in names):
        return phrase("it contains files besides those of the package")
    return ""
