"""A review goes on from the one before: one file, decisions in it, and what became of revokes."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk import Evaluator, Snapshot
from iamdesk.compare.comparison import compare_snapshots
from iamdesk.export.next_review import make_next_review
from iamdesk.export.pack.writing import write_pack
from iamdesk.export.review_making import make_review
from iamdesk.reach.reach_map import ReachMap, ReachOnce
from iamdesk.review.carrying import SINCE_LAST, Carried
from iamdesk.review.decisions import Choice, LineDecision, Reviewer
from iamdesk.review.errors import ReviewError
from iamdesk.review.retests import REVOKES, Outcome, revokes_from_text
from iamdesk.review.store import ReviewFile
from iamdesk.snapshot.progress import WorkCancelled, never_cancelled, no_progress

from ..compare import seeds

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
ANA = Reviewer("Ana", "ana")


def ready(snapshot: Snapshot) -> tuple[Evaluator, ReachMap]:
    evaluator = Evaluator(snapshot, now=lambda: MOMENT)
    return evaluator, ReachOnce(evaluator)()


@pytest.fixture(scope="module")
def old() -> Snapshot:
    return seeds.snapshot(seeds.before(), "old")


@pytest.fixture(scope="module")
def new() -> Snapshot:
    return seeds.snapshot(seeds.after(), "new")


@pytest.fixture
def previous(tmp_path: Path, old: Snapshot) -> Path:
    """The review before: everything kept, but one policy that is to go."""
    path = tmp_path / "q3.iamreview"
    make_review(*ready(old), path, "Q3", {}, no_progress, never_cancelled)
    with ReviewFile.open(path) as file:
        file.record({line.line_id: LineDecision(Choice.KEEP, "needed") for line in file.lines}, ANA)
        (taken,) = [line for line in file.lines if line.name == "taken"]
        file.record({taken.line_id: LineDecision(Choice.REVOKE, "nobody needs it")}, ANA)
    return path


def go_on(previous: Path, old: Snapshot, new: Snapshot, path: Path) -> Carried:
    found = compare_snapshots(old, new, MOMENT)
    with ReviewFile.open(previous, writable=False) as before:
        return make_next_review(*ready(new), path, "Q4", {}, before, found, no_progress, never_cancelled)


def test_what_holds_on_is_decided_and_the_rest_is_open(
    previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    path = tmp_path / "q4.iamreview"

    carried = go_on(previous, old, new, path)

    with ReviewFile.open(path) as file:
        assert set(file.open_lines(date(2026, 10, 1))) == carried.asked.keys()
        assert {line.line_id for line in file.lines} == carried.asked.keys() | carried.decisions.keys()
        assert file.damages() == ()
        told = {line.line_id: line.evidence[SINCE_LAST] for line in file.lines}
        assert all(told[line_id] == {"asked": True, "reasons": list(why)} for line_id, why in carried.asked.items())
        (retest,) = revokes_from_text(file.head.details[REVOKES])
        assert (retest.name, retest.outcome, retest.decided_by) == ("taken", Outcome.GONE, "Ana")
        with ReviewFile.open(previous, writable=False) as before:
            assert file.head.details["previous_review"] == before.head.review_id
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_the_evidence_tells_it(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    carried = go_on(previous, old, new, tmp_path / "q4.iamreview")

    with ReviewFile.open(tmp_path / "q4.iamreview") as file:
        pack = write_pack(file, tmp_path / "pack", evaluator=None, with_source=False)

    with (pack / "06_changes.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["line_key"] for row in rows if row["change"] == "asked anew"} == carried.asked.keys()
    (retest,) = [row for row in rows if row["change"].startswith("revoke tested")]
    assert (retest["after"], retest["cause"]) == ("gone", "taken is gone.")


def test_another_snapshot_in_its_place_is_refused(previous: Path, new: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "q4.iamreview"

    with pytest.raises(ReviewError, match="another snapshot was given"):
        go_on(previous, new, new, path)

    assert not path.exists()


def test_a_file_that_is_there_is_left_as_it_is(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "q4.iamreview"
    path.write_text("mine")

    with pytest.raises(ReviewError, match="left as it is"):
        go_on(previous, old, new, path)

    assert path.read_text() == "mine"


def test_cancelled_leaves_nothing(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    found = compare_snapshots(old, new, MOMENT)

    with ReviewFile.open(previous, writable=False) as before, pytest.raises(WorkCancelled):
        make_next_review(*ready(new), tmp_path / "q4.iamreview", "Q4", {}, before, found, no_progress, lambda: True)

    assert [entry.name for entry in tmp_path.iterdir()] == ["q3.iamreview"]
