"""Reads rows from the leaf pages of a damaged SQLite file.

SQLite loses a whole table if one page of its tree is damaged. This module decodes each page by itself; the caller
verifies the rows by their digests.
Source of the format: https://www.sqlite.org/fileformat2.html (sections 1.3, 1.6, 2.1).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from iamdesk.review.schema import PAGE_SIZE

type Cell = int | float | str | bytes | None

_TABLE_LEAF = 0x0D
_INDEX_LEAF = 0x0A
_FILE_HEADER = 100
_MAX_BYTES = 1 << 26
"""Maximum size of a row of a review."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number (None in a table WITHOUT ROWID) and cells; an INTEGER PRIMARY KEY is None in the cells."""

    number: int | None
    cells: tuple[Cell, ...]


def rows_of(content: bytes) -> Iterator[Row]:
    """Yield all rows that can be read, page by page, including those of indexes."""
    for start in range(0, len(content) - PAGE_SIZE + 1, PAGE_SIZE):
        page = content[start : start + PAGE_SIZE]
        header = _FILE_HEADER if start == 0 else 0
        if page[header] not in (_TABLE_LEAF, _INDEX_LEAF):
            continue
        is_table = page[header] == _TABLE_LEAF
        count = int.from_bytes(page[header + 3 : header + 5])
        first = header + 8
        for place in range(first, min(first + 2 * count, PAGE_SIZE - 1), 2):
            cell = int.from_bytes(page[place : place + 2])
            try:
                yield _row(content, page, cell, is_table=is_table)
            except (IndexError, ValueError, OverflowError):
                continue


def _row(content: bytes, page: bytes, at: int, *, is_table: bool) -> Row:
    size, at = _varint(page, at)
    number: int | None = None
    if is_table:
        number, at = _varint(page, at)
    if size > _MAX_BYTES:
        raise ValueError("the row is too long")
    return Row(number, _cells(_payload(content, page, at, size, is_table=is_table)))


def _payload(content: bytes, page: bytes, at: int, size: int, *, is_table: bool) -> bytes:
    """Return the bytes of a row, including overflow pages (section 1.6)."""
    usable = PAGE_SIZE
    most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
    if size <= most:
        if at + size > usable:
            raise ValueError("beyond the page")
        return page[at : at + size]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    local = local if local <= most else least
    parts = [page[at : at + local]]
    left = size - local
    follow = int.from_bytes(page[at + local : at + local + 4])
    seen: set[int] = set()
    while left > 0:
        if follow == 0 or follow in seen or follow * PAGE_SIZE > len(content):
            raise ValueError("overflow pages are missing")
        seen.add(follow)
        other = content[(follow - 1) * PAGE_SIZE : follow * PAGE_SIZE]
        parts.append(other[4 : 4 + min(left, usable - 4)])
        left -= usable - 4
        follow = int.from_bytes(other[:4])
    return b"".join(parts)


def _cells(payload: bytes) -> tuple[Cell, ...]:
    length, at = _varint(payload, 0)
    types: list[int] = []
    while at < length:
        kind, at = _varint(payload, at)
        types.append(kind)
    found: list[Cell] = []
    for kind in types:
        size = _SIZES[kind] if kind < len(_SIZES) else (kind - 12) // 2
        if size < 0 or at + size > len(payload):
            raise ValueError("no such cell")
        found.append(_cell(kind, payload[at : at + size]))
        at += size
    return tuple(found)


_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, -1, -1)


def _cell(kind: int, content: bytes) -> Cell:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind < 7:
        return int.from_bytes(content, signed=True)
    return content.decode() if kind % 2 else content


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        byte = content[at]
        at += 1
        if count == 8:
            return value << 8 | byte, at
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    raise ValueError("no number")
