"""Packages that were forged on purpose, with every hash made anew: verifying finds each of them."""

import contextlib
import io
import shutil
import sqlite3
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from iamdesk.api import SnapshotSession
from iamdesk.errors import DamagedReviewError
from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.manifest import STATEMENTS, files_of, hash_of, sums_text
from iamdesk.export.evidence.package_files import opened_package
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.resource_files import resources
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import ReviewFile

from ...review.forger import Forger
from .conftest import NOW
from .package_forger import FORGERIES, Forgery, remove, seal_anew, text, write


def is_found(pack: Path) -> bool:
    return any(one.outcome is Outcome.FAILED for one in verify(pack))


def test_honest_package_passes_also_hashed_anew(pack: Path) -> None:
    seal_anew(pack)
    assert not is_found(pack)


@pytest.mark.parametrize("forgery", [one for one in FORGERIES if not one.file], ids=lambda one: one.name)
def test_forged_package_is_found(pack: Path, forgery: Forgery) -> None:
    before = state(pack)
    forgery.do(pack)
    if forgery.is_sealed:
        seal_anew(pack)
    assert state(pack) != before, "it changed nothing"
    assert is_found(pack)


def state(pack: Path) -> list[tuple[Path, bool, bytes]]:
    there = sorted(pack.rglob("*"))
    return [(one, one.is_symlink(), one.read_bytes() if one.is_file() else b"") for one in there]


def rounds(*, of_statements: bool) -> Iterator[list[Forgery]]:
    """Yield forgeries of different files, so that one verification is enough for many.

    Statements name the digest of all other files, and differ whenever one of those does: they have rounds of their own.
    """
    by_file: dict[str, list[Forgery]] = {}
    for one in FORGERIES:
        if one.file and (one.file in STATEMENTS) == of_statements:
            by_file.setdefault(one.file, []).append(one)
    for row in zip_longest(*by_file.values()):
        yield [one for one in row if one is not None]


@pytest.mark.parametrize(
    "forgeries",
    [*rounds(of_statements=True), *rounds(of_statements=False)],
    ids=lambda forgeries: ", ".join(one.name for one in forgeries)[:60],
)
def test_each_forged_file_is_found(pack: Path, forgeries: list[Forgery]) -> None:
    for forgery in forgeries:
        before = state(pack)
        forgery.do(pack)
        assert state(pack) != before, f"{forgery.name}: it changed nothing"
    seal_anew(pack)
    found = {one.name for one in verify(pack) if one.outcome is Outcome.FAILED}
    assert [one.name for one in forgeries if one.file not in found] == []


def test_forged_package_of_another_day_than_its_review_is_found(
    decided: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    """Files are rendered with what was found as of the review; where one differs, as of the package, too."""
    with ReviewFile.open(decided, writable=False) as review:
        later = NOW + timedelta(days=1)
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=later)
    assert not is_found(pack)
    text("05_exceptions.csv", "Chloé", "Eve")(pack)
    seal_anew(pack)
    found = {one.name for one in verify(pack) if one.outcome is Outcome.FAILED}
    assert found == {"05_exceptions.csv", *STATEMENTS}


def test_snapshot_that_was_taken_out_is_told_last(pack: Path) -> None:
    """A package may be written without it; nothing is claimed that was not performed again."""
    shutil.rmtree(pack / "source")
    seal_anew(pack)
    results = list(verify(pack))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    assert "The package contains no snapshot" in closing_lines(results)[2]


# By hand, as the guide says


def _script() -> str:
    """The lines of the guide that compare a package with its manifest."""
    guide = (resources() / "help" / "review.md").read_text(encoding="utf-8")
    return guide.split("python3 -I - <<'END'\n")[1].split("\nEND\n")[0]


def _by_hand(pack: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-I", "-"], cwd=pack, input=_script(), capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def _sums_that_fit(pack: Path) -> None:
    """Write checksums of the files as they are; the signed manifest is left alone."""
    hashes = [hash_of(pack, file) for file in files_of(pack)]
    (pack / "SHA256SUMS").write_text(sums_text(hashes, (pack / "00_manifest.json").read_bytes()), encoding="utf-8")


def _link(pack: Path) -> None:
    """Put a link to the same bytes elsewhere in place of a file: they can be changed later."""
    elsewhere = shutil.move(pack / "05_exceptions.csv", pack.parent / "elsewhere.csv")
    (pack / "05_exceptions.csv").symlink_to(elsewhere)


BY_HAND: dict[str, tuple[Callable[[Path], object], str]] = {
    "a decision": (text("03_entitlements.csv", '"revoke"', '"keep"'), "CHANGED OR MISSING: '03_entitlements.csv'"),
    "the steps": (
        text("01_statement.html", "SHA256SUMS", "nothing"), "CHANGED OR MISSING: '01_statement.html'"
    ),
    "a file less": (remove("05_exceptions.csv"), "CHANGED OR MISSING: '05_exceptions.csv'"),
    "a file more": (write("notes/x.txt", b"approved"), "DOES NOT BELONG HERE: 'notes/x.txt'"),
    "a link": (_link, "IS A LINK: '05_exceptions.csv'"),
    "a module of Python": (write("json.py", b"raise SystemExit"), "DOES NOT BELONG HERE: 'json.py'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_the_manual_way_compares_files_with_what_is_signed(bare: Path, tmp_path: Path, name: str) -> None:
    """Whoever has no key can make all checksums fit."""
    pack = Path(shutil.copytree(bare, tmp_path / "pack"))
    assert "files are those of the manifest" in _by_hand(pack)
    change, told = BY_HAND[name]
    change(pack)
    _sums_that_fit(pack)
    assert _by_hand(pack).splitlines() == [told]
    assert is_found(pack)


# A review file that was rewritten consistently, exported as it is


def _change(forger: Forger) -> None:
    forger.item(6, lambda one: one["evidence"].update(note="harmless"))
    forger.finding(3, lambda one: one.update(title="Harmless"))
    forger.sql("UPDATE population SET out_reason = 'left', in_scope = 0 WHERE position = 2")


def _leave_out(forger: Forger) -> None:
    forger.sql("DELETE FROM lines WHERE position = 6")
    forger.sql("DELETE FROM findings WHERE position = 3")
    forger.sql("DELETE FROM population WHERE position = 2")


def _effect(forger: Forger) -> None:
    forger.item(
        6, lambda one: one["evidence"]["effect"].update(tier=1 if one["evidence"]["effect"]["tier"] != 1 else 2)
    )
    forger.finding(3, lambda one: one.update(finding="Nothing"))
    forger.sql("UPDATE population SET kind = 'root' WHERE position = 2")


def _export(decided: Path, sample: SnapshotSession, into: Path, change: Callable[[Forger], object]) -> Path:
    path = Path(shutil.copy(decided, into.with_suffix(".iamreview")))
    with contextlib.closing(Forger(path)) as forger:
        change(forger)
        forger.rewrite()
    with ReviewFile.open(path, writable=False) as review:
        return write_package(review, into, evaluator=sample.evaluator, generated_at=NOW)


@pytest.mark.parametrize("change", [_change, _leave_out, _effect])
def test_what_is_reviewed_follows_from_the_snapshot(
    decided: Path, sample: SnapshotSession, tmp_path: Path, change: Callable[[Forger], object]
) -> None:
    pack = _export(decided, sample, tmp_path / "pack", change)
    found = {one.name for one in verify(pack) if one.outcome is Outcome.FAILED}
    assert {f"{name} re-performed" for name in ("entitlements", "findings", "population")} <= found


def _no_notes(forger: Forger) -> None:
    forger.sql("UPDATE head SET value = '[]' WHERE name = 'detail.notes'")


def _other_note(forger: Forger) -> None:
    forger.sql("UPDATE head SET value = replace(value, 'not captured', 'captured') WHERE name = 'detail.notes'")


@pytest.mark.parametrize("change", [_no_notes, _other_note])
def test_what_was_not_captured_follows_from_the_snapshot(
    decided: Path, sample: SnapshotSession, tmp_path: Path, change: Callable[[Forger], object]
) -> None:
    pack = _export(decided, sample, tmp_path / "pack", change)
    assert [one.name for one in verify(pack) if one.outcome is Outcome.FAILED] == ["missing data re-performed"]


@pytest.mark.parametrize(
    ("choice", "at"), [("keep", NOW), ("revoke", NOW - timedelta(days=2)), ("revoke", NOW + timedelta(days=2))]
)
def test_removal_that_no_log_can_have_said_is_found(
    decided: Path, sample: SnapshotSession, tmp_path: Path, choice: str, at: datetime
) -> None:
    """`close_out` records only what was revoked, at a time after the decision and not in the future."""

    def invent(forger: Forger) -> None:
        entries = forger.entries()
        item = next(one["line_id"] for one in entries[2:] if one["after"]["choice"] == choice)
        details = {"item": item, "at": at.isoformat(), "outcome": "done", "command": "", "message": ""}
        last = {**forger.events()[-1], "kind": "removal", "details": details}
        forger.rewrite(events=lambda events: events.append(last))

    with pytest.raises(DamagedReviewError, match="event 3"):
        _export(decided, sample, tmp_path / "refused", invent)
    with ReviewFile.open(tmp_path / "refused.iamreview", writable=False, checked=False) as review:
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=NOW)
    assert [one.name for one in verify(pack) if one.outcome is Outcome.FAILED] == ["rules"]


def test_rewritten_decision_is_shown_by_a_signature_alone(
    decided: Path, sample: SnapshotSession, tmp_path: Path
) -> None:
    """So the guide says; and the last lines say that nobody signed."""
    pack = _export(decided, sample, tmp_path / "pack", lambda forger: forger.rewrite(_other_reviewer))
    results = list(verify(pack))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    assert closing_lines(results)[1] == "unsigned: does not prove who made it"


def _other_reviewer(entries: list[dict[str, Any]]) -> None:
    entries[3]["reviewer"] = "Eve"


def test_the_last_lines_say_that_a_review_was_recovered(decided: Path, sample: SnapshotSession, tmp_path: Path) -> None:
    """Entries that were deleted from the file cannot be told from entries that a damage took."""
    damaged = Path(shutil.copy(decided, tmp_path / "damaged.iamreview"))
    with contextlib.closing(sqlite3.connect(damaged)) as file:
        file.execute("DELETE FROM journal WHERE number = (SELECT max(number) FROM journal)")
        file.commit()
    path = recover(damaged, tmp_path / "recovered.iamreview").path
    with ReviewFile.open(path, writable=False) as review:
        pack = write_package(review, tmp_path / "pack", evaluator=sample.evaluator, generated_at=NOW, with_source=False)
    results = list(verify(pack))
    assert [one for one in results if one.outcome is Outcome.FAILED] == []
    (rules,) = (one for one in results if one.name == "rules")
    assert "earlier version" not in rules.sentence
    state, _, not_shown = closing_lines(results)
    assert state.startswith("DRAFT: the review is not complete; RECOVERED from a damaged file")
    assert "are lost" in not_shown


# Archives


def _zip(pack: Path, into: Path) -> None:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(pack.rglob("*")):
            if file.is_file():
                archive.write(file, f"pack/{file.relative_to(pack).as_posix()}")


def _more(name: str, content: bytes = b"x", mode: int = 0o644) -> Callable[[Path], object]:
    def do(archive: Path) -> None:
        with zipfile.ZipFile(archive, "a") as zipped:
            about = zipfile.ZipInfo(name)
            about.external_attr = mode << 16
            zipped.writestr(about, content)

    return do


def _comment(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as zipped:
        zipped.comment = b"approved by the auditor"


def _hidden(name: str, content: bytes) -> Callable[[Path], object]:
    """Put a file between the last one and the directory, which does not list it."""

    def do(archive: Path) -> None:
        with zipfile.ZipFile(archive) as honest:
            start = honest.start_dir
        whole = archive.read_bytes()
        end = bytearray(whole[whole.rindex(b"PK\5\6") :])
        local = _local(name, content)
        end[16:20] = struct.pack("<L", start + len(local))
        archive.write_bytes(whole[:start] + local + whole[start:-22] + end)

    return do


def _local(name: str, content: bytes) -> bytes:
    """Return a file as it stands in an archive, without its line in the directory."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr(name, content)
        start = zipped.fp.tell() if zipped.fp else 0
    return made.getvalue()[:start]


def _behind_data(archive: Path) -> None:
    """Put a file behind the compressed data of another one, as part of them: only stream readers see it."""
    hidden = _local("pack/03_entitlements.csv", b"forged")
    with zipfile.ZipFile(archive) as honest:
        last = max(honest.infolist(), key=lambda one: one.header_offset)
        start, size = honest.start_dir, last.compress_size
    whole = bytearray(archive.read_bytes())
    entry = whole.rindex(b"PK\1\2")
    for at in (last.header_offset + 18, entry + 20):
        whole[at : at + 4] = struct.pack("<L", size + len(hidden))
    whole[-6:-2] = struct.pack("<L", start + len(hidden))
    archive.write_bytes(whole[:start] + hidden + whole[start:])


def _second_directory(archive: Path) -> None:
    """Put a directory of another archive before the one that counts."""
    with zipfile.ZipFile(archive) as honest:
        start = honest.start_dir
    whole = bytearray(archive.read_bytes())
    directory = whole[start:]
    whole[-6:-2] = struct.pack("<L", start + len(directory))
    archive.write_bytes(whole[:start] + directory + whole[start:])


ARCHIVES: dict[str, Callable[[Path], object]] = {
    "a file that the directory does not list": _hidden("pack/03_entitlements.csv", b"forged"),
    "a file in the compressed data of another": _behind_data,
    "a second directory": _second_directory,
    "a file twice": _more("pack/review.json", b"{}"),
    "a file twice in another case": _more("pack/REVIEW.json", b"{}"),
    "a file twice by another path": _more("pack/./review.json", b"{}"),
    "a path outside": _more("../x"),
    "an absolute path": _more("/x"),
    "a path with a backslash": _more("pack\\x.txt"),
    "a link": _more("pack/link", b"/etc/passwd", 0o120777),
    "a file beside the package": _more("readme.txt"),
    "a second package": _more("other/00_manifest.json", b"{}"),
    "an empty folder": _more("pack/notes/", b"", 0o40755),
    "data before": lambda archive: archive.write_bytes(b"#!/bin/sh\n" + archive.read_bytes()),
    "data behind": lambda archive: archive.write_bytes(archive.read_bytes() + b"more"),
    "a comment": _comment,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_forged_archive_is_refused_or_found(pack: Path, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "pack.zip"
    _zip(pack, archive)
    with warnings.catch_warnings(action="ignore"):  # zipfile warns of a name that is there
        ARCHIVES[name](archive)
    try:
        with opened_package(archive) as folder:
            assert is_found(folder)
    except ExportError:
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("is_streamed", [False, True])
def test_honest_archives_of_other_tools_open(
    bare: Path, tmp_path: Path, method: int, is_long: bool, is_streamed: bool
) -> None:
    """Sizes of 64 bits, and sizes behind the data, as a tool writes that does not go back."""
    made = tmp_path / "pack.zip"
    with made.open("wb") as raw:
        into = _Stream(raw) if is_streamed else raw
        with zipfile.ZipFile(into, "w", method) as zipped:
            for file in sorted(bare.rglob("*")):
                if file.is_file():
                    name = f"pack/{file.relative_to(bare).as_posix()}"
                    with zipped.open(name, "w", force_zip64=is_long) as entry:
                        entry.write(file.read_bytes())
    with opened_package(made) as folder:
        assert (folder / "00_manifest.json").read_bytes() == (bare / "00_manifest.json").read_bytes()


class _Stream(io.RawIOBase):
    """A file that is only written onward."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._file.write(content)


def test_honest_archive_passes(pack: Path, tmp_path: Path) -> None:
    _zip(pack, tmp_path / "pack.zip")
    with opened_package(tmp_path / "pack.zip") as folder:
        assert not is_found(folder)


def test_archive_that_grows_beyond_measure_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "00_manifest.json").write_bytes(bytes(80 << 20))
    _zip(tmp_path / "pack", tmp_path / "pack.zip")
    with pytest.raises(ExportError, match="times its size"), opened_package(tmp_path / "pack.zip"):
        pass
