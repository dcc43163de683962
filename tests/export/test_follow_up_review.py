"""A review goes on from the one before: one file, decisions in it, and what became of revokes."""

import csv
import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from iamdesk import Evaluator, Snapshot
from iamdesk.attack_paths.attack_path_graph import AttackPathGraph, LazyAttackPathGraph
from iamdesk.checks import registry
from iamdesk.diff.comparison import compare_snapshots
from iamdesk.errors import ReviewError
from iamdesk.export.evidence.closing import closing_lines
from iamdesk.export.evidence.result import Outcome as Went
from iamdesk.export.evidence.result import Result
from iamdesk.export.evidence.review_chain import evidence_beside, package_at
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.export.follow_up_review import CarriedOn, make_next_review
from iamdesk.export.new_review import make_review
from iamdesk.progress import WorkCancelled, never_cancelled, no_progress
from iamdesk.review.asked import SINCE_LAST
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.review_file import ReviewFile
from iamdesk.review.revocation_tests import REVOKES, Outcome, revokes_from_text

from ..diff import seeds
from ..review.forger import Forger

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
ANA = Reviewer("Ana", "ana")


def ready(snapshot: Snapshot) -> tuple[Evaluator, AttackPathGraph]:
    evaluator = Evaluator(snapshot, now=lambda: MOMENT)
    return evaluator, LazyAttackPathGraph(evaluator)()


@pytest.fixture(scope="module")
def old() -> Snapshot:
    return seeds.snapshot(seeds.before(), "old")


@pytest.fixture(scope="module")
def new() -> Snapshot:
    return seeds.snapshot(seeds.after(), "new")


def still_found(old: Snapshot, new: Snapshot) -> str:
    """A finding of both snapshots."""
    before, after = (
        {
            one.fingerprint
            for one in registry.run(Evaluator(snapshot, now=lambda: MOMENT))
            if not one.check_id.startswith("CMP-")
        }
        for snapshot in (old, new)
    )
    return min(before & after)


@pytest.fixture(scope="module")
def made(old: Snapshot, new: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The review before: everything kept, but one policy that is to go, and one finding that is to be fixed."""
    path = tmp_path_factory.mktemp("made") / "q3.iamreview"
    make_review(*ready(old), path, "Q3", {}, no_progress, never_cancelled)
    with ReviewFile.open(path) as file:
        file.record({line.line_id: ItemDecision(ReviewDecision.KEEP, "needed") for line in file.lines}, ANA)
        (taken,) = [line for line in file.lines if line.name == "taken"]
        file.record({taken.line_id: ItemDecision(ReviewDecision.REVOKE, "nobody needs it")}, ANA)
        wrong = ItemDecision(ReviewDecision.FALSE_POSITIVE, "our tags")
        file.record(dict.fromkeys(file.finding_states.known, wrong), ANA)
        file.record({still_found(old, new): ItemDecision(ReviewDecision.FIX)}, ANA)
    return path


@pytest.fixture
def previous(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


def go_on(previous: Path, old: Snapshot, new: Snapshot, path: Path, pack: Path | None = None) -> CarriedOn:
    found = compare_snapshots(old, new, MOMENT)
    with ReviewFile.open(previous, writable=False) as before:
        return make_next_review(*ready(new), path, "Q4", {}, before, found, pack, no_progress, never_cancelled)


def test_what_holds_on_is_decided_and_the_rest_is_open(
    previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    path = tmp_path / "q4.iamreview"

    carried = go_on(previous, old, new, path)

    with ReviewFile.open(path) as file:
        assert set(file.open_lines(date(2026, 10, 1))) == carried.lines.asked.keys()
        assert {line.line_id for line in file.lines} == carried.lines.asked.keys() | carried.lines.decisions.keys()
        assert file.damages() == ()
        told = {line.line_id: line.evidence[SINCE_LAST] for line in file.lines}
        assert all(
            told[line_id] == {"asked": True, "reasons": list(why), "kinds": list(carried.lines.kinds[line_id])}
            for line_id, why in carried.lines.asked.items()
        )
        (retest,) = revokes_from_text(file.head.details[REVOKES])
        assert (retest.name, retest.outcome, retest.decided_by) == ("taken", Outcome.GONE, "Ana")
        with ReviewFile.open(previous, writable=False) as before:
            assert file.head.details["previous_review"] == before.head.review_id
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_the_evidence_tells_it(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    carried = go_on(previous, old, new, tmp_path / "q4.iamreview")

    with ReviewFile.open(tmp_path / "q4.iamreview") as file:
        pack = write_package(file, tmp_path / "pack", evaluator=None, with_source=False)

    with (pack / "06_changes.csv").open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["line_key"] for row in rows if row["change"] == "asked anew"} == (
        carried.lines.asked.keys() | carried.findings.asked.keys()
    )
    (retest,) = [row for row in rows if row["change"].startswith("revoke tested")]
    assert (retest["after"], retest["cause"]) == ("gone", "taken was removed.")
    with (pack / "07_remediation.csv").open(encoding="utf-8-sig", newline="") as table:
        tested = {row["decision"]: row for row in csv.DictReader(table)}
    assert {name: row["retest_verdict"] for name, row in tested.items()} == {"revoke": "gone", "fix": "still_present"}
    assert {row["retest_snapshot_sha256"] for row in tested.values()} == {new.sha256}
    assert tested["revoke"]["retest_basis"] == "taken was removed."
    counts = json.loads((pack / "00_manifest.json").read_bytes())["counts"]
    assert (counts["to_do"], counts["tested"], counts["remediation"]) == (0, 2, 2)


def test_another_snapshot_in_its_place_is_refused(previous: Path, new: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "q4.iamreview"

    with pytest.raises(ReviewError, match="another snapshot was given"):
        go_on(previous, new, new, path)

    assert not path.exists()


def test_a_file_that_is_there_is_left_as_it_is(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "q4.iamreview"
    path.write_text("mine")

    with pytest.raises(ReviewError, match="it was not changed"):
        go_on(previous, old, new, path)

    assert path.read_text() == "mine"


def test_cancelled_leaves_nothing(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    found = compare_snapshots(old, new, MOMENT)

    with ReviewFile.open(previous, writable=False) as before, pytest.raises(WorkCancelled):
        make_next_review(
            *ready(new), tmp_path / "q4.iamreview", "Q4", {}, before, found, None, no_progress, lambda: True
        )

    assert [entry.name for entry in tmp_path.iterdir()] == ["q3.iamreview"]


def chain(pack: Path, before: Path | None = None) -> Result:
    (found,) = [one for one in verify(pack, previous=before) if one.name == "chain"]
    return found


def written(review: Path, into: Path) -> Path:
    with ReviewFile.open(review, writable=False) as file:
        return write_package(file, into, evaluator=None, with_source=False)


def test_a_review_names_the_evidence_of_the_one_before(
    previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    before = written(previous, tmp_path / "q3")
    assert chain(before).outcome is Went.PASSED
    assert chain(before, before).outcome is Went.FAILED

    carried = go_on(previous, old, new, tmp_path / "q4.iamreview", before)

    named = hashlib.sha256((before / "00_manifest.json").read_bytes()).hexdigest()
    assert carried.manifest_sha256 == named
    after = written(tmp_path / "q4.iamreview", tmp_path / "q4")
    assert json.loads((after / "00_manifest.json").read_bytes())["previous_manifest_sha256"] == named
    assert json.loads((after / "review.json").read_bytes())["review"]["previous_manifest_sha256"] == named
    assert named in (after / "01_statement.html").read_text(encoding="utf-8")
    assert chain(after).outcome is Went.NOT_DONE
    assert named in chain(after).sentence
    assert chain(after, before).outcome is Went.PASSED
    assert evidence_beside(after) == before
    other = written(previous, tmp_path / "other")  # of the same review, written again: another manifest
    assert chain(after, other).outcome is Went.FAILED
    assert chain(after, tmp_path).outcome is Went.FAILED


def test_evidence_that_was_noted_is_named(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> None:
    carried = go_on(previous, old, new, tmp_path / "none.iamreview")
    assert carried.manifest_sha256 == ""
    after = written(tmp_path / "none.iamreview", tmp_path / "none")
    assert "does not contain the hash of its manifest" in chain(after).sentence
    first, last = written(previous, tmp_path / "first"), written(previous, tmp_path / "last")
    with ReviewFile.open(previous) as file:
        for pack in (first, last):
            file.note_package(package_at(pack, datetime.now(UTC)))
        assert [one.name for one in file.packages()] == ["first", "last"]
        assert file.damages() == ()
    assert go_on(previous, old, new, tmp_path / "q4.iamreview").manifest_sha256 == package_at(last).manifest_sha256
    with ReviewFile.open(previous) as file:  # one decision more: no pack tells it
        file.record({file.lines[0].line_id: ItemDecision(ReviewDecision.MODIFY, "later")}, ANA)
    assert go_on(previous, old, new, tmp_path / "later.iamreview").manifest_sha256 == ""


def test_evidence_of_another_review_or_of_less_is_refused(
    previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path
) -> None:
    make_review(*ready(old), tmp_path / "other.iamreview", "Other", {}, no_progress, never_cancelled)
    other = written(tmp_path / "other.iamreview", tmp_path / "other")
    early = written(previous, tmp_path / "early")
    with ReviewFile.open(previous) as file:
        file.record({file.lines[0].line_id: ItemDecision(ReviewDecision.MODIFY, "later")}, ANA)
    for pack, why in (
        (other, "is not the evidence package of review"),
        (early, "does not contain the latest decisions"),
    ):
        with pytest.raises(ReviewError, match=why):
            go_on(previous, old, new, tmp_path / "q4.iamreview", pack)
    assert not (tmp_path / "q4.iamreview").exists()


# Decisions that a preparer says are carried over


def said(pack: Path, before: Path | None = None) -> list[tuple[str, str]]:
    return [(one.outcome.value, one.sentence) for one in verify(pack, previous=before) if one.name == "carried over"]


def labelled(review: Path, items: list[str], **after: str) -> None:
    """Say of items that their decisions are carried over, in place of every earlier one, and hash all anew."""

    def change(entries: list[dict[str, Any]]) -> None:
        first = dict(entries[0])
        entries[:] = [one for one in entries if one["line_id"] not in items]
        kept = first["after"] | {"choice": "keep", "owner": "", "expiry": None} | after
        entries += [{**first, "line_id": one, "after": kept} for one in items]

    forger = Forger(review)
    forger.rewrite(change)
    forger.close()


@pytest.fixture
def following(previous: Path, old: Snapshot, new: Snapshot, tmp_path: Path) -> tuple[Path, Path, CarriedOn]:
    """The package of the review before, the follow-up review, and what it carries over."""
    before = written(previous, tmp_path / "q3")
    return before, tmp_path / "q4.iamreview", go_on(previous, old, new, tmp_path / "q4.iamreview", before)


def test_carried_over_decisions_are_those_of_the_review_before(
    following: tuple[Path, Path, CarriedOn], tmp_path: Path
) -> None:
    before, review, carried = following
    pack = written(review, tmp_path / "q4")
    count = len(carried.lines.decisions) + len(carried.findings.decisions)
    assert said(pack) == [("not done", f"{count} decisions carried over, not compared: give --previous.")]
    assert (
        f"carried over ({count} decisions carried over, not compared: give --previous)"
        in closing_lines(list(verify(pack)))[2]
    )
    with ReviewFile.open(review, writable=False) as file:
        previous_id = file.head.details["previous_review"]
    assert said(pack, before) == [("passed", f"{count} decisions are those of {previous_id}.")]
    assert [outcome for outcome, _ in said(pack, tmp_path)] == ["failed"]


def test_item_that_is_asked_is_not_carried_over(following: tuple[Path, Path, CarriedOn], tmp_path: Path) -> None:
    _, review, carried = following
    item = next(iter(carried.lines.asked))
    labelled(review, [item])
    assert said(written(review, tmp_path / "q4"))[0] == (
        "failed", f"Carried over, but the item needs a new decision: 1 ({item})."
    )  # fmt: skip


def test_decision_that_the_review_before_does_not_have_is_found(
    following: tuple[Path, Path, CarriedOn], previous: Path, tmp_path: Path
) -> None:
    """The preparer also takes away why the items are asked: only the review before shows that they were."""
    before, review, carried = following
    with ReviewFile.open(previous, writable=False) as file:
        (taken,) = [line.line_id for line in file.lines if line.name == "taken"]
        name = file.head.review_id
        there = {line.line_id for line in file.lines}
    with ReviewFile.open(review, writable=False) as file:
        places = {line.line_id: at for at, line in enumerate(file.lines)}
    fresh = next(one for one in carried.lines.asked if one not in there)
    same = next(iter(carried.lines.decisions))
    forger = Forger(review)
    for one in (fresh, taken):
        if one in places:
            forger.item(places[one], lambda line: line["evidence"][SINCE_LAST].update(asked=False, reasons=[]))
    forger.close()
    labelled(review, [fresh, same], comment="fine")
    found = said(written(review, tmp_path / "q4"), before)
    assert ("failed", f"Carried over, but {name} has no such decision: 1 ({fresh}).") in found
    assert ("failed", f"Carried over, but {name} has another decision (keep): 1 ({same}).") in found


def test_nothing_is_carried_over_in_a_first_review_or_from_another_one(
    following: tuple[Path, Path, CarriedOn], previous: Path, tmp_path: Path
) -> None:
    review = following[1]

    def rename(entries: list[dict[str, Any]]) -> None:
        entries[0]["reviewer"] = "carried over from r-20260901-abcdef"

    for path, told in ((previous, "this is a first review"), (review, "not from the previous review, r-")):
        forger = Forger(path)
        forger.rewrite(rename)
        forger.close()
        (found,) = [one for one in said(written(path, tmp_path / f"pack-{path.stem}"), None) if one[0] == "failed"]
        assert told in found[1]
