"""A file of a snapshot as a stream of text: hashed, decompressed and decoded piece by piece, within limits.

No piece is larger than `PIECE`, so no call into C blocks the interpreter for more than a few milliseconds, and the
caller can cancel between pieces.
"""

import codecs
import contextlib
import hashlib
import zlib
from collections.abc import Iterator

from iamdesk.errors import SnapshotError
from iamdesk.i18n import join_messages, mark, phrase
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.snapshot.file_walk import FoundFile, Opened, reason

PIECE = 1 << 17
"""Bytes read, or decompressed, at once."""

MAX_BYTES = 4 << 30
"""Of one file, decompressed. An account at every quota of AWS prints about 200 MB."""

MAX_RATIO = 400
"""Of decompressed to compressed bytes, for more than `RATIO_FROM`. Account after account of pretty-printed JSON
reaches 60; the most that deflate can do is 1,032."""

RATIO_FROM = 64 << 20

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),  # what `aws … > file` leaves on Windows PowerShell
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", mark("a zip archive (unpack it and open the folder)")),
    (b"\x89PNG", mark("a PNG image")),
    (b"\xff\xd8\xff", mark("a JPEG image")),
    (b"GIF8", mark("a GIF image")),
    (b"%PDF", mark("a PDF document")),
    (b"SQLite format 3", mark("an SQLite database")),
    (b"BZh", mark("a bzip2 archive (unpack it first)")),
    (b"\xfd7zXZ", mark("an xz archive (unpack it first)")),
    (b"\x28\xb5\x2f\xfd", mark("a zstd archive (unpack it first)")),
    (b"\x7fELF", mark("a program")),
    (b"MZ", mark("a program")),
    (b"<", mark("XML or HTML")),
)


class ReadSoFar:
    """Counts the bytes read of a snapshot's files: reports progress, and checks for cancellation."""

    def __init__(self, progress: Progress, cancelled: Cancelled, total: int) -> None:
        """``total`` is the size of all files together, in bytes."""
        self._progress = progress
        self._cancelled = cancelled
        self._total = total
        self._done = 0

    @property
    def done(self) -> int:
        """Bytes read by now."""
        return self._done

    @property
    def left(self) -> int:
        """Bytes still to be read."""
        return self._total - self._done

    @property
    def is_cancelled(self) -> Cancelled:
        """Returns whether the work was cancelled."""
        return self._cancelled

    def add(self, count: int) -> None:
        """Report that ``count`` more bytes were read."""
        self._done += count
        self._progress(min(self._done, self._total), self._total)

    def ask(self) -> None:
        """Check for cancellation.

        Raises:
            WorkCancelled: the work was cancelled.
        """
        if self._cancelled():
            raise WorkCancelled


class SourceText:
    """The text of one file, in pieces. `size` and `sha256` are of the bytes on disk, and known at the end."""

    def __init__(self, file: FoundFile, read: ReadSoFar) -> None:
        """``read`` counts bytes for the progress of the whole snapshot."""
        self.file = file
        self.name = file.name
        self.size = 0
        self.has_grown = False
        """Whether more was written to the file since it was found: that was not read."""
        self.sha256 = ""
        """In lower-case hexadecimal."""
        self._read = read

    def error(self, what: str) -> SnapshotError:
        """Return an error with the message ``what`` for this file."""
        return SnapshotError(join_messages(": ", (self.name, what)), what)

    def error_at(self, at: int, what: str) -> SnapshotError:
        """Return an error with the message ``what`` for the position ``at``, in characters from the start of the text.

        The file is read again up to there: counting lines while reading would slow every reader, and errors are rare.
        """
        line = column = 1
        try:
            with self.file.open() as file:
                for piece in self._decoded(self._decompressed(self._raw(file))):
                    behind = piece[:at]
                    at -= len(behind)
                    lines = behind.count("\n")
                    line += lines
                    column = len(behind) - behind.rindex("\n") if lines else column + len(behind)
                    if not at:
                        break
        except OSError:  # it was there a moment ago
            return self.error(what)
        return self.error(phrase("line {line}, column {column}: {what}", line=line, column=column, what=what))

    def pieces(self) -> Iterator[str]:
        """Yield the text, a piece at a time.

        Raises:
            SnapshotError: the file cannot be read, is not text, or exceeds the limits.
            WorkCancelled: the work was cancelled.
        """
        try:
            with self.file.open() as file:
                yield from self._decoded(self._decompressed(self._hashed(self._raw(file))))
        except OSError as error:
            raise self.error(phrase("cannot be read: {error}", error=reason(error))) from error

    def hash_whole(self) -> None:
        """Hash the rest of a file that was not read to its end, for example because it is not JSON."""
        if self.sha256:
            return
        self.size = 0
        with contextlib.suppress(OSError), self.file.open() as file:
            for _piece in self._hashed(self._raw(file)):
                pass

    def _raw(self, file: Opened) -> Iterator[bytes]:
        left = self.file.size
        self._read.ask()
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
            self._read.ask()
        self.has_grown = not left and bool(file.read(1))

    def _hashed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)  # lets other threads run; in a thread of its own it was slower
            self.size += len(piece)
            self._read.add(len(piece))
            yield piece
        self.sha256 = digest.hexdigest()

    def _decompressed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        first = next(pieces, b"")
        if not first.startswith(_GZIP):
            total = len(first)
            yield first
            for piece in pieces:
                total += len(piece)
                if total > MAX_BYTES:
                    raise self.error(phrase("is larger than {most} GiB", most=MAX_BYTES >> 30))
                yield piece
            return
        total = 0
        for piece in self._gunzipped(first, pieces):
            total += len(piece)
            if total > MAX_BYTES:
                raise self.error(phrase("decompresses to more than {most} GiB", most=MAX_BYTES >> 30))
            if total > RATIO_FROM and total > MAX_RATIO * self.size:
                raise self.error(
                    phrase("decompresses to more than {most} times its size, which no snapshot does", most=MAX_RATIO)
                )
            if piece:
                yield piece

    def _gunzipped(self, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        data = first
        while True:
            self._read.ask()
            try:
                yield member.decompress(data, PIECE)
            except zlib.error:
                raise self.error(
                    phrase("is damaged: the gzip data cannot be decompressed near byte {size}", size=self.size)
                ) from None
            data = member.unconsumed_tail
            if member.eof:  # another member may follow; zeros are padding
                data = member.unused_data.lstrip(b"\0") or next(pieces, b"").lstrip(b"\0")
                if not data:
                    return
                member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            elif not data:
                data = next(pieces, b"")
                if not data and not member.eof:
                    raise self.error(phrase("is cut off: the gzip data ends too early"))

    def _decoded(self, pieces: Iterator[bytes]) -> Iterator[str]:
        first = b""
        while len(first) < 16 and (piece := next(pieces, b"")):
            first += piece
        for start, what in _OTHER_FORMATS:
            if first.startswith(start):
                raise self.error(phrase("is {what}, not the JSON that the AWS CLI prints", what=phrase(what)))
        mark, encoding = next((pair for pair in _BYTE_ORDER_MARKS if first.startswith(pair[0])), (b"", "utf-8"))
        decoder = codecs.getincrementaldecoder(encoding)()
        done = len(mark)
        piece = first[len(mark) :]
        final = False
        while True:
            before = len(decoder.getstate()[0])
            try:
                yield decoder.decode(piece, final)
            except UnicodeDecodeError as error:
                raise self.error(
                    phrase(
                        "byte {byte} is not valid {encoding} text",
                        byte=done - before + error.start,
                        encoding=encoding.upper(),
                    )
                ) from None
            if final:
                return
            done += len(piece)
            piece = next(pieces, b"")
            final = not piece
