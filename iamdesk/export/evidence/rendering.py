"""Renders every derived file of a package again from journal, items, findings and source, and compares the two.

The sources of a package are the journal (a chain of hashes), the frozen items and findings, the population, the head
and the snapshot. All other files follow from these. XLSX and PDF have compressed parts, which another version of a
library may compress differently: if their bytes differ, their content is compared, and the result says so.
"""

import base64
import contextlib
import filecmp
import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from iamdesk.access.evaluator import Evaluator
from iamdesk.checks.finding import Finding
from iamdesk.errors import ReviewError
from iamdesk.export.evidence.context import EvidenceContext
from iamdesk.export.evidence.manifest import DERIVED, EVENTS, MANIFEST, PEOPLE, SOURCE, STATEMENTS, TABLES
from iamdesk.export.evidence.read_json import pieces
from iamdesk.export.evidence.result import Outcome, Remark, Result, failed, passed
from iamdesk.export.evidence.schema import ReviewDocument
from iamdesk.export.evidence.write import REPORTS, write_data
from iamdesk.i18n import join_messages, phrase
from iamdesk.progress import Cancelled, never_cancelled
from iamdesk.review.create_file import write_new
from iamdesk.review.events import Event
from iamdesk.review.items import PopulationEntry, ReviewItem
from iamdesk.review.journal import Entry
from iamdesk.review.people import people_of
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.schema import Head, append_entries, append_events, connect
from iamdesk.work.workers import Workers

WITHOUT_SOURCE = frozenset(
    {"02_population.csv", "03_entitlements.csv", "04_findings.csv", "05_exceptions.csv", "06_changes.csv"}
    | {"07_remediation.csv", "09_journal.jsonl", EVENTS, TABLES, "remediation.sh", "tickets.csv"}
)
"""Files that depend on the review alone."""
_OF_SOURCE = frozenset({"review.json", "review.xlsx", "verdicts.jsonl", *STATEMENTS})
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_PLACES = re.compile(rb"/Length \d+|^\d{10} \d{5} [nf] ?|startxref\s+\d+|/ID\s*\[<\w*><\w*>\]", re.MULTILINE)
"""The parts of a PDF that contain lengths, offsets, or the ID, which is a digest."""


def render_anew(
    folder: Path,
    manifest: Mapping[str, Any],
    document: ReviewDocument,
    entries: Sequence[Entry],
    events: Sequence[Event],
    evaluator: Evaluator | None,
    versions: str,
    workers: Workers | None = None,
    known_findings: Iterable[Finding] | None = None,
    *,
    cancelled: Cancelled = never_cancelled,
) -> Iterator[Result]:
    """Yield a check for each derived file that differs from the package's sources, and one for all that are equal.

    Args:
        folder: The package; its files are those of the manifest.
        manifest: The manifest of the package.
        document: ``review.json`` with empty lists.
        entries: The journal.
        events: What happened besides decisions.
        evaluator: Evaluator over the snapshot of the review at the time when the package was written; None: the
            snapshot is not available, or the package was written without it.
        versions: The versions of iamdesk that wrote and that renders, if they differ; else empty.
        workers: As of `EvidenceContext`.
        known_findings: As of `EvidenceContext`, which frees them once they are written.
        cancelled: Checked regularly.

    Raises:
        WorkCancelled: ``cancelled`` returned True.
    """
    is_partial = evaluator is None and bool(document.sources)
    listed = {str(one["path"]) for one in manifest["files"]}
    derived = {path for path in listed if not path.startswith(f"{SOURCE}/")}
    yield from _fixed(derived, listed - derived, document)
    moment = datetime.fromisoformat(document.generated_utc)
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as place:
        made = Path(place) / "pack"
        made.mkdir()
        try:
            with _review(folder, document, entries, events, Path(place)) as review:
                source = EvidenceContext(review, evaluator, moment, cancelled, workers, known_findings)
                known_findings = None
                source.build = document.tool.build  # what the files say, not which build compares them
                written = write_data(made, source)
                for path, content in written.statements(str(manifest["evidence_sha256"])):
                    (made / path).write_bytes(content)
                open_items = source.completion.sentence
        except (OSError, ValueError, KeyError, TypeError, ReviewError) as error:
            reason = next(iter(str(error).splitlines()), "")
            yield failed(phrase("rendered anew"), phrase("The files cannot be rendered: {error}.", error=reason))
            return
        rendered = {file.name for file in made.iterdir()}
        if is_partial:
            rendered &= WITHOUT_SOURCE | {PEOPLE}
        else:
            yield from _rest(rendered, derived, written.about, manifest, versions)
        yield from _compared(folder, made, sorted(rendered & derived), versions)
    if open_items:
        yield passed(
            phrase("completion"),
            phrase("The package is a DRAFT, as its files say. {open_items}", open_items=open_items),
            Remark.DRAFT,
        )
    else:
        yield passed(phrase("completion"), phrase("The review is complete."))
    if is_partial:
        rest = join_messages(", ", sorted(derived - WITHOUT_SOURCE - {PEOPLE}))
        yield Result(
            phrase("rendered anew"),
            Outcome.NOT_DONE,
            phrase("Without the snapshot, these were not compared with their source: {names}.", names=rest),
        )


def _rest(
    rendered: set[str], derived: set[str], about: Mapping[str, Any], manifest: Mapping[str, Any], versions: str
) -> Iterator[Result]:
    """Yield failures for missing and unexpected reports for other tools, and for a differing manifest."""
    for path in sorted(REPORTS.keys() & (rendered ^ derived)):
        if path in derived:
            yield failed(path, phrase("It does not belong in the package: the snapshot has other findings."))
        else:
            yield failed(path, phrase("It is missing: a package of this review contains it."))
    if {name: value for name, value in manifest.items() if name not in DERIVED} != about:
        yield failed(MANIFEST, _differs(versions))


def _compared(folder: Path, made: Path, names: Sequence[str], versions: str) -> Iterator[Result]:
    same = 0
    by_content: list[str] = []
    for path in names:
        is_same = _is_same(folder / path, made / path)
        if is_same is False:
            yield failed(path, _differs(versions))
        else:
            same += 1
            by_content += [path] if is_same is None else []
    yield passed(phrase("rendered anew"), phrase("{count:,} files are identical when rendered again.", count=same))
    if by_content:
        names = join_messages(", ", by_content)
        yield passed(phrase("rendered anew"), phrase("{names}: the same content, compressed differently.", names=names))


def _differs(versions: str) -> str:
    return phrase(
        "It differs from the file that follows from journal, entitlements, findings and snapshot{versions}.",
        versions=versions,
    )


def _fixed(derived: set[str], copies: set[str], document: ReviewDocument) -> Iterator[Result]:
    """Yield failures for files that no package has, and for missing files that all packages have."""
    always = WITHOUT_SOURCE | _OF_SOURCE
    if people_of(document.review.details) is not None:
        always |= {PEOPLE}
    for path in sorted(always - derived):
        yield failed(path, phrase("It is missing: every package contains it."))
    for path in sorted(derived - always - REPORTS.keys()):
        yield failed(path, phrase("No package contains such a file."))
    top = f"{SOURCE}/{document.review.snapshot_name}"
    for path in sorted(copies - {top, *(f"{top}/{one.file}" for one in document.sources)}):
        yield failed(path, phrase("It is not a file of the snapshot."))


@contextlib.contextmanager
def _review(
    folder: Path, document: ReviewDocument, entries: Sequence[Entry], events: Sequence[Event], place: Path
) -> Iterator[ReviewFile]:
    """Yield the review of a package, rebuilt from its files."""
    path = place / "again.iamreview"
    lists = _Lists(folder / "review.json")
    write_new(
        path,
        head_of(document),
        (
            PopulationEntry(one["arn"], one["account_id"], one["type"], one["in_scope"], one["out_reason"])
            for one in lists.members("population")
        ),
        (ReviewItem.from_json(one["line"]) for one in lists.members("entitlements")),
        (one["finding"] for one in lists.members("findings")),
    )
    with contextlib.closing(connect(path, writable=True)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        append_entries(connection, entries)
        append_events(connection, events)
    with ReviewFile.open(path, writable=False, checked=False) as review:  # its sources are checked instead
        yield review


def head_of(document: ReviewDocument) -> Head:
    """Return the head of a package's review."""
    review = document.review
    return Head(
        review.id,
        review.title,
        document.integrity.snapshot_sha256,
        review.snapshot_name,
        datetime.fromisoformat(review.opened_utc),
        review.previous_manifest_sha256 or "",
        review.details,
    )


class _Lists:
    """The lists of a ``review.json``, read once: in the order of their names, as in canonical JSON."""

    def __init__(self, path: Path) -> None:
        self._pieces = pieces(path)
        self._next: tuple[str, Any, bool] | None = None

    def members(self, name: str) -> Iterator[Any]:
        """Yield the items of the list of a name that is behind those asked for before."""
        while (piece := self._next or next(self._pieces, None)) is not None:
            self._next = None
            if piece[0] > name:
                self._next = piece
                return
            if piece[0] == name and piece[2]:
                yield piece[1]


# Comparison of files


class _Parts(NamedTuple):
    """A file with compressed parts."""

    frame: object
    """Everything around the parts."""
    packed: Sequence[bytes]
    unpacked: Sequence[bytes]


def _is_same(there: Path, made: Path) -> bool | None:
    """Return whether two files are equal; None if only their content is, compressed differently."""
    if filecmp.cmp(there, made, shallow=False):
        return True
    parts_of = {".xlsx": _of_archive, ".pdf": _of_pdf}.get(there.suffix)
    if parts_of is None:
        return False
    first, second = there.read_bytes(), made.read_bytes()
    try:
        one, other = parts_of(first), parts_of(second)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError, NotImplementedError, EOFError):
        return False
    is_packed_otherwise = one.packed != other.packed  # else something other than the compression differs
    return None if is_packed_otherwise and (one.frame, one.unpacked) == (other.frame, other.unpacked) else False


def _of_archive(content: bytes) -> _Parts:
    frame: list[object] = []
    packed, unpacked = [], []
    end = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for one in archive.infolist():
            start = one.header_offset + 30 + len(one.filename.encode()) + len(one.extra)
            frame.append((one.header_offset == end, one.filename, one.comment, one.extra, one.date_time))
            end = start + one.compress_size
            packed.append(content[start:end])
            unpacked.append(archive.read(one))
        frame += [archive.comment, archive.start_dir == end]
    return _Parts(frame, packed, unpacked)


def _of_pdf(content: bytes) -> _Parts:
    packed = [found[1] for found in _STREAM.finditer(content)]
    return _Parts(_PLACES.sub(b"", _STREAM.sub(b"", content)), packed, [_unpacked(one) for one in packed])


def _unpacked(stream: bytes) -> bytes:
    text = stream.strip()
    if text.endswith(b"~>"):
        return zlib.decompress(base64.a85decode(text[:-2].removeprefix(b"<~")))
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream
