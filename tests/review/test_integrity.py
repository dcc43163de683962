"""A damaged review is told before anything of it is used, and what is lost is told when it is recovered."""

import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamdesk.errors import DamagedReviewError
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import EvidenceRecord, Head, ReviewFile

from .flipped_bits import run

ANA = Reviewer("Ana", "ana")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAGE = 4096
LINES = [
    ReviewItem("111122223333", f"arn:{at}", "user", EntitlementType.GROUP, f"g{at}", f"g{at}", {}) for at in range(40)
]
MEMBERS = [PopulationEntry(f"arn:{at}", "111122223333", "user", in_scope=True) for at in range(40)]
FINDINGS = [{"finding_id": f"f{at}", "title": "t" * 100} for at in range(40)]


def test_flipped_bits_open_as_they_were_or_offer_recovery(tmp_path: Path) -> None:
    """More of them: `python -m tests.review.flipped_bits FOLDER 20000 1`."""
    seen, wrong = run(tmp_path, 300, 14)
    assert wrong == []
    assert seen["damaged"] > 100
    assert seen["sound"] > 20, "what is unused of a page may change"
    assert seen["recovered"] > 100


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "r.iamreview"
    with ReviewFile.create(path, Head("r-1", "T", "ab" * 32, "a.json", NOW), MEMBERS, LINES, FINDINGS) as review:
        for at, line in enumerate(LINES):
            review.record({line.line_id: ItemDecision(ReviewDecision.KEEP, f"reason {at}")}, ANA, lambda: NOW)
        for at in range(3):
            review.note_package(
                EvidenceRecord(
                    f"2026-11-2{at + 4}T12:00:00+00:00", f"pack-{at}", f"{at:064x}", review.journal_sha256, 40, ""
                )
            )
    return path


def lost(path: Path) -> str:
    with pytest.raises(DamagedReviewError):
        ReviewFile.open(path)
    told = recover(path, path.with_name("new.iamreview"))
    with ReviewFile.open(told.path) as new:
        assert new.head.details["lost"] == " ".join(told.lost)
    return " ".join(told.lost)


def test_noted_packs_are_recovered(whole: Path) -> None:
    with ReviewFile.open(whole, writable=False) as old:
        packs = old.packages()
    assert len(packs) == 3
    told = recover(whole, whole.with_name("new.iamreview"))
    assert told.lost == ()
    with ReviewFile.open(told.path) as new:
        assert new.packages() == packs


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "DELETE FROM lines WHERE position > 36",
            "3 entitlements are lost. 3 of the lost entitlements and findings were decided",
        ),
        ("DELETE FROM findings WHERE position IN (0, 39)", "2 findings are lost."),
        ("DELETE FROM population WHERE position = 39", "1 principals of the population are lost."),
        ("DELETE FROM journal WHERE number > 38", "2 entries of the journal are lost."),
        ("DELETE FROM journal WHERE number IN (5, 40)", "2 entries of the journal after number 4 are lost"),
        ("DELETE FROM packs WHERE number = 3", "1 recorded packages are lost."),
        ("UPDATE head SET value = 'x' WHERE name = 'title'", "The head or the population differs from what was frozen"),
        (
            "DELETE FROM head WHERE name GLOB 'count.*'; DELETE FROM lines WHERE position = 7",
            "At least 1 entitlements",
        ),
    ],
)
def test_everything_that_is_lost_is_told_also_at_the_end(whole: Path, statement: str, sentence: str) -> None:
    """What lies last in its table leaves no gap: the head says how many there were."""
    mallory = sqlite3.connect(whole)
    mallory.executescript(statement)
    mallory.close()
    assert sentence in lost(whole)


def test_any_page_that_is_gone_is_told(whole: Path) -> None:
    content = whole.read_bytes()
    chance = random.Random(1)
    for start in range(0, len(content), PAGE):
        whole.write_bytes(content[:start] + chance.randbytes(PAGE) + content[start + PAGE :])
        with pytest.raises(DamagedReviewError):
            ReviewFile.open(whole)
        into = whole.with_name(f"{start}.iamreview")
        told = recover(whole, into)
        with ReviewFile.open(into) as new:
            kept = (len(new.lines), len(new.population()), len(list(new.findings())), len(new.packages()))
        assert told.lost or kept == (40, 40, 40, 3), start


def test_what_was_lost_once_stays_told(whole: Path) -> None:
    mallory = sqlite3.connect(whole)
    mallory.execute("DELETE FROM lines WHERE position = 39")
    mallory.commit()
    mallory.close()
    first = whole.with_name("first.iamreview")
    recover(whole, first)
    again = recover(first, whole.with_name("second.iamreview"))
    with ReviewFile.open(again.path, writable=False) as new:
        assert "1 entitlements are lost" in new.head.details["lost"]
