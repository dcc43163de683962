"""Whether every byte of an archive belongs to one of its files or to its directory.

A reader that goes by the central directory and one that goes from file to file (``jar x`` from a pipe) must see the
same files: no gap between files or before the directory, no data behind a file's compressed data, no second directory.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.4
"""

import struct
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_LOCAL = struct.Struct("<4s5H3L2H")
_HAS_DESCRIPTOR = 8
"""Bit of a header: checksum and sizes are behind the data."""
_DESCRIPTOR_SIZE = 24
"""Bytes of the longest one."""
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_PIECE = 1 << 20


def has_hidden_data(path: Path, members: list[zipfile.ZipInfo]) -> bool:
    """Return whether an archive holds bytes that belong neither to its files nor to its directory.

    Args:
        path: The archive.
        members: Its files as its central directory lists them, with offsets from the beginning of the archive.

    Raises:
        OSError, struct.error, zlib.error: it cannot be read.
    """
    with path.open("rb") as file:
        directory = _directory(file, len(members))
        if directory is None:
            return True
        ordered = sorted(members, key=lambda one: one.header_offset)
        begins = [*(each.header_offset for each in ordered), directory]
        return begins[0] != 0 or not all(map(partial(_fills, file), ordered, begins[1:]))


def _directory(file: BinaryIO, count: int) -> int | None:
    """Return where the central directory begins; None if there is something behind it, or it counts other files."""
    size = file.seek(0, 2)
    end = size - _END.size
    file.seek(max(end, 0))
    mark, disk, disk_of_directory, here, entries, length, offset, comment = _END.unpack(file.read(_END.size))
    if (mark, disk, disk_of_directory, comment) != (b"PK\x05\x06", 0, 0, 0):
        return None
    stated = (here, entries, length, offset)
    file.seek(max(end - _LOCATOR_64.size - _END_64.size, 0))
    before = file.read(end - file.tell())
    if before[-_LOCATOR_64.size :].startswith(b"PK\x06\x07"):
        end -= len(before)
        mark, rest, _made, _needed, *disks, here, entries, length, offset = _END_64.unpack(before[: _END_64.size])
        locator = _LOCATOR_64.unpack(before[_END_64.size :])
        if (mark, rest, disks) != (b"PK\x06\x06", _END_64.size - 12, [0, 0]) or locator != (b"PK\x06\x07", 0, end, 1):
            return None
        # Readers that do not know this record go by the other one.
        wide = (here, entries, length, offset)
        bounds = (_MAX_16, _MAX_16, _MAX_32, _MAX_32)
        if any(one not in (value, bound) for one, value, bound in zip(stated, wide, bounds, strict=True)):
            return None
    return offset if here == entries == count and offset + length == end else None


def _fills(file: BinaryIO, one: zipfile.ZipInfo, end: int) -> bool:
    """Return whether a file's own header, data and descriptor, which agree with the directory, end at a place."""
    file.seek(one.header_offset)
    mark, _version, flags, method, _time, _date, *stated, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    has_descriptor = bool(flags & _HAS_DESCRIPTOR)
    if mark != b"PK\x03\x04" or method != one.compress_type or (flags ^ one.flag_bits) & (_HAS_DESCRIPTOR | 1):
        return False
    more = file.read(name + extra)[name:]
    about = [one.CRC, one.compress_size, one.file_size]
    if has_descriptor:  # then the header may leave out any of them
        partly_stated = [right if here else 0 for here, right in zip(stated, about, strict=True)]
        fits = _is_stated(stated, partly_stated, more) or _is_stated(stated, [stated[0] and about[0], 0, 0], more)
    else:
        fits = _is_stated(stated, about, more)
    if not fits or not _is_one_stream(file, one):
        return False
    data_end: int = one.header_offset + _LOCAL.size + name + extra + one.compress_size
    if not has_descriptor:
        return data_end == end
    descriptors = {
        signature + struct.pack(form, *about)
        for signature in (b"", b"PK\x07\x08")
        for form in ("<L2Q", *(("<3L",) if max(about) <= _MAX_32 else ()))
    }
    file.seek(data_end)
    return 0 < end - data_end <= _DESCRIPTOR_SIZE and file.read(end - data_end) in descriptors


def _is_stated(stated: list[int], about: list[int], extra: bytes) -> bool:
    """Return whether a header has checksum, packed and unpacked size; sizes of 64 bits are in its extra field."""
    if stated == about:
        return True
    crc, packed, size = about
    return stated == [crc, _MAX_32, _MAX_32] and struct.pack("<2H2Q", 1, 16, size, packed) in extra


def _is_one_stream(file: BinaryIO, one: zipfile.ZipInfo) -> bool:
    """Return whether a file's compressed data are one stream of its size, with nothing behind it."""
    if one.compress_type == zipfile.ZIP_STORED:
        return one.compress_size == one.file_size
    if one.compress_type != zipfile.ZIP_DEFLATED:
        return False
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    left, unpacked, piece = one.compress_size, 0, b""
    while not stream.eof and unpacked <= one.file_size:
        if not piece:
            piece = file.read(min(left, _PIECE))
            left -= len(piece)
        output = stream.decompress(piece, _PIECE)
        if not output and not piece:
            return False
        unpacked += len(output)
        piece = stream.unconsumed_tail
    return stream.eof and not left and not stream.unused_data and unpacked == one.file_size
