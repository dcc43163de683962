"""What is done to each kind of file, what the user is told then, and what must be there after a crash.

A work has a beginning (`prepare`), which no fault touches, a course (`run`), and a check of what is left. A check gets
what the user was told before the crash, and raises an AssertionError where something of it is lost, or where a file
opens as sound that is not.
"""

import atexit
import contextlib
import csv
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.checks.suppressions import SuppressionError, read_suppressions
from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.export.evidence.import_sheet import fill_in
from iamdesk.export.evidence.write import write_package
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.review.assignment import read_rules
from iamdesk.review.coordination import assign_review, merge_parts, split_review
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.review_file import EvidenceRecord, Head, ReviewFile
from iamdesk.review.session import ReviewSession

from ..builders import entries
from .disk import Disk

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA, BEN, CARA = Reviewer("Ana", "ana"), Reviewer("Ben", "ben"), Reviewer("Cara", "cara")
ACCOUNT = "111122223333"
HEAD = Head("r-1", "Fourth quarter", "ab" * 32, "acme.json", NOW)
ITEMS = tuple(
    ReviewItem(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u{at}", "user", EntitlementType.MANAGED_POLICY, f"p{at}", "p", {})
    for at in range(4)
)
POPULATION = tuple(PopulationEntry(one.holder_arn, ACCOUNT, "user", in_scope=True) for one in ITEMS)
FINDINGS = ({"finding_id": "f-1", "account_id": ACCOUNT, "subject_arn": ITEMS[0].holder_arn},)
_MODES = (ReviewDecision.KEEP, ReviewDecision.REVOKE, ReviewDecision.MODIFY)
TOLD = (ReviewError, ExportError, SuppressionError)
"""What may be raised: each is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of file."""

    name: str
    prepare: Callable[[Path], None]
    run: Callable[[Path, Callable[[Any], None]], None]
    """Gets the folder, and a function that takes what the user is told."""
    check: Callable[[Path, Sequence[Any], Sequence[Any]], None]
    """Gets the folder, what the user was told until then, and what the user is told of a whole course."""
    is_repeated: bool = False
    """Whether the course repeats what could not be saved: then it gets over one fault."""
    leaves_files: bool = False
    """Whether open files are left to the garbage collector: the writer of workbooks does so when the disk is full."""


def _nothing(_folder: Path) -> None:
    pass


def _decision(number: int) -> ItemDecision:
    return ItemDecision(_MODES[number % 3], f"reason {number} " + "x" * (number * 700))


def _digests(review: ReviewFile) -> list[str]:
    return [entry.sha256 for entry in review.journal()]


def _sound(path: Path) -> dict[str, Any]:
    """Open a review as a user does, and return what it holds; it can be continued, too."""
    with ReviewFile.open(path, writable=False) as review:
        seen = _held(review)
    with ReviewFile.open(path) as review:
        assert _held(review) == seen
        review.record({review.lines[3].line_id: ItemDecision(ReviewDecision.MODIFY, "after the crash")}, ANA)
    with ReviewFile.open(path) as review:
        assert _digests(review)[:-1] == seen["entries"]
    return seen


def _held(review: ReviewFile) -> dict[str, Any]:
    return {
        "lines": len(review.lines),
        "entries": _digests(review),
        "events": [event.sha256 for event in review.events()],
        "packs": [pack.name for pack in review.packages()],
    }


def _check_review(path: Path, told: Sequence[Any], *, is_there: bool) -> None:
    """Check that a review opens, and that all that the user was told is in it; before that it may be missing."""
    if not is_there and not path.exists():
        return
    try:
        held = _sound(path)
    except ReviewError as error:
        raise AssertionError(f"{path.name} does not open: {error}") from error
    for one in told:
        if isinstance(one, Mapping):
            for name, values in one.items():
                assert held[name][: len(values)] == values, f"{name} are lost"


# A review

REVIEW = "q4.iamreview"


def _run_review(folder: Path, tell: Callable[[Any], None]) -> None:
    path = folder / REVIEW
    _twice(lambda: path.exists() or ReviewFile.create(path, HEAD, POPULATION, ITEMS, FINDINGS).close())
    tell("created")
    with _twice(lambda: ReviewFile.open(path)) as review:
        ids = [line.line_id for line in review.lines]
        change = None
        for at in range(4):
            wanted = {ids[at % 3]: _decision(at), "f-1": _finding(at)}
            change = _twice(lambda wanted=wanted: review.record(wanted, ANA))
            tell({"entries": _digests(review)})
        assert change is not None
        before = change.before
        _twice(lambda: review.record(before, ANA, restores=True))
        tell({"entries": _digests(review)})
        _twice(lambda: review.append([], [(EventKind.REMIND, {"to": ["Ana"]})], CARA))
        tell({"events": [event.sha256 for event in review.events()]})
        entries, last = len(_digests(review)), review.events()[-1].sha256
        pack = EvidenceRecord(NOW.isoformat(), "pack", "ab" * 32, review.journal_sha256, entries, last)
        _twice(lambda: review.note_package(pack))
        tell({"packs": [pack.name for pack in review.packages()]})
    with _twice(lambda: ReviewFile.open(path)) as review:
        _twice(lambda: review.record({ids[0]: _decision(5)}, ANA))
        tell({"entries": _digests(review)})
    tell("closed")


def _twice(act: Callable[[], Any]) -> Any:
    """Do something, and if it cannot be saved, once more, as a user does."""
    try:
        return act()
    except ReviewError:
        return act()


def _finding(number: int) -> ItemDecision:
    choices = ReviewDecision.FIX, ReviewDecision.FALSE_POSITIVE
    return ItemDecision(choices[number % 2], f"finding {number}")


def _check_run_review(folder: Path, told: Sequence[Any], _whole: Sequence[Any]) -> None:
    _check_review(folder / REVIEW, told, is_there="created" in told)


# Parts: split and merged

_RULES = f"account,reviewer\n{ACCOUNT},Ana\n"


def _prepare_parts(folder: Path) -> None:
    path = folder / REVIEW
    ReviewFile.create(path, HEAD, POPULATION, ITEMS, FINDINGS).close()
    (folder / "rules.csv").write_text(_RULES)
    with ReviewFile.open(path) as review:
        assign_review(review, read_rules(folder / "rules.csv"), CARA)


def _run_parts(folder: Path, tell: Callable[[Any], None]) -> None:
    path = folder / REVIEW
    with ReviewFile.open(path) as review:
        parts = split_review(review, folder / "parts", CARA)
        tell({"events": [event.sha256 for event in review.events()]})
        tell("split")
    part = folder / "parts" / parts[0].file
    with ReviewFile.open(part) as review:
        for at, line in enumerate(review.lines):
            review.record({line.line_id: _decision(at)}, ANA)
    with ReviewFile.open(path) as review:
        merge_parts(review, [(part, None)], CARA)
        tell({"entries": _digests(review), "events": [event.sha256 for event in review.events()]})


def _check_parts(folder: Path, told: Sequence[Any], whole: Sequence[Any]) -> None:
    with ReviewFile.open(folder / REVIEW, writable=False) as review:
        count = len(_digests(review))
    assert count in (0, len(ITEMS)), "half of a merge"
    _check_review(folder / REVIEW, told, is_there=True)
    for part in (folder / "parts").glob("*.iamreview"):
        _check_review(part, (), is_there=True)
    if "split" in told:
        assert list((folder / "parts").glob("*.iamreview")), "the part is lost"


# A filled sheet, and an evidence package


@lru_cache
def _session() -> SnapshotSession:
    """Return a small snapshot that is open; its file is on no disk that fails."""
    policy = entries.document(entries.allow("s3:GetObject"))
    user = entries.user("ana", policy, policy, policy, CreateDate="2026-01-01T00:00:00+00:00")
    folder = Path(tempfile.mkdtemp(prefix="iamdesk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Workbench().open_snapshot(entries.write(folder / "acme.json", users=[user]))


def _prepare_package(folder: Path) -> None:
    _session().create_review(folder / REVIEW, "Fourth quarter", {})
    with ReviewFile.open(folder / REVIEW) as review:
        review.record({review.lines[0].line_id: ItemDecision(ReviewDecision.KEEP, "needed")}, ANA)


def _prepare_sheet(folder: Path) -> None:
    _prepare_package(folder)
    with ReviewFile.open(folder / REVIEW, writable=False) as review:
        write_package(review, folder / "package", evaluator=None, generated_at=datetime.now(UTC))
    with (folder / "package" / "03_entitlements.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows[1:]:
        row |= {"decision": "revoke", "decision_reason": "left"}
    with (folder / "filled.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _run_sheet(folder: Path, tell: Callable[[Any], None]) -> None:
    with ReviewFile.open(folder / REVIEW) as review:
        saved, refused = fill_in(ReviewSession(review), folder / "filled.csv", BEN)
        assert refused == [], refused
        assert saved == len(review) - 1
        tell({"entries": _digests(review)})


def _check_sheet(folder: Path, told: Sequence[Any], _whole: Sequence[Any]) -> None:
    with ReviewFile.open(folder / REVIEW, writable=False) as review:
        last = review.lines[-1].line_id
    try:
        with ReviewFile.open(folder / REVIEW) as review:
            for one in told:
                assert _digests(review) == one["entries"]
            review.record({last: ItemDecision(ReviewDecision.MODIFY, "after the crash")}, ANA)
    except DamagedReviewError as error:
        raise AssertionError(str(error)) from error


def _package(name: str) -> Work:
    def run(folder: Path, tell: Callable[[Any], None]) -> None:
        with ReviewFile.open(folder / REVIEW) as review:
            write_package(review, folder / name, evaluator=_session().evaluator, generated_at=NOW)
        tell(_content(folder / name))

    def check(folder: Path, told: Sequence[Any], whole: Sequence[Any]) -> None:
        # Under its name stands the whole package or nothing: that the whole one is sound, test_disk asks once.
        if (folder / name).exists():
            assert whole[-1] == _content(folder / name), "a part of a package under its name"
        else:
            assert not told, "the package is lost"

    return Work(name, _prepare_package, run, check, leaves_files=True)


def _content(path: Path) -> dict[str, bytes]:
    """Return the files of a package, or of an archive that can be read."""
    if path.is_dir():
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}
    return {}


# Files that are replaced as a whole


def _prepare_report(folder: Path) -> None:
    (folder / "report.csv").write_bytes(b"old")


def _run_report(folder: Path, tell: Callable[[Any], None]) -> None:
    write_atomic(folder / "report.csv", (b"new %d\n" % at for at in range(3)))
    tell(b"new 0\nnew 1\nnew 2\n")


def _check_report(folder: Path, told: Sequence[Any], whole: Sequence[Any]) -> None:
    content = (folder / "report.csv").read_bytes()
    assert content in (told or (b"old", *whole))


def _run_suppressions(folder: Path, tell: Callable[[Any], None]) -> None:
    for at in range(3):
        suppressed = Workbench.suppress(folder / "s.json", [f"{at:020x}"], "Ana", "OPS-7", date(2099, 1, 31))
        tell([one.fingerprint for one in suppressed])


def _check_suppressions(folder: Path, told: Sequence[Any], _whole: Sequence[Any]) -> None:
    path = folder / "s.json"
    found = [one.fingerprint for one in read_suppressions(path)] if path.exists() else []
    for one in told:
        assert found[: len(one)] == one, "a suppression is lost"


WORKS = (
    Work("review", _nothing, _run_review, _check_run_review, is_repeated=True),
    Work("merge", _prepare_parts, _run_parts, _check_parts),
    Work("fill", _prepare_sheet, _run_sheet, _check_sheet),
    _package("package"),
    _package("package.zip"),
    Work("report", _prepare_report, _run_report, _check_report),
    Work("suppressions", _nothing, _run_suppressions, _check_suppressions),
)
"""By kind of file."""


def began(work: Work, folder: Path) -> Path:
    """Prepare a work in a new folder."""
    folder.mkdir()
    (folder / "tmp").mkdir()
    work.prepare(folder)
    return folder


def course(work: Work, folder: Path, disk: Disk) -> list[Any]:
    """Do a work on a disk, and return what the user was told."""
    told: list[Any] = []

    def tell(what: Any) -> None:
        told.append(what)
        disk.told(what)

    with disk:
        work.run(folder, tell)
    return told
