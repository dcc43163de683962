"""Times of a package that cannot be: data after the review, decisions after the package, a package of tomorrow."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iamdesk.api import SnapshotSession
from iamdesk.export.evidence.result import Outcome
from iamdesk.export.evidence.verify import verify
from iamdesk.export.evidence.write import write_package
from iamdesk.review.decisions import ItemDecision, ReviewDecision
from iamdesk.review.review_file import ReviewFile

from ...builders.reviews import create_on
from .conftest import BEN, NOW


def clocks(pack: Path) -> list[str]:
    return [one.sentence for one in verify(pack) if one.name == "clock" and one.outcome is Outcome.FAILED]


def test_data_later_than_the_review_fails(sample: SnapshotSession, tmp_path: Path) -> None:
    assert sample.snapshot.latest is not None
    early = sample.snapshot.latest - timedelta(days=15)
    path = tmp_path / "early.iamreview"
    sample.create_review(path, "Early")
    create_on(path, early)
    with ReviewFile.open(path) as review:
        pack = write_package(review, tmp_path / "early", evaluator=sample.evaluator, generated_at=NOW)
    (sentence,) = clocks(pack)
    assert sentence.startswith(f"The review says that it was made on {early.date()}, but its snapshot has data of")


def test_decisions_after_the_package_fail(sample: SnapshotSession, review: ReviewFile, tmp_path: Path) -> None:
    decision = {review.lines[0].line_id: ItemDecision(ReviewDecision.KEEP, "late")}
    review.record(decision, BEN, lambda: NOW + timedelta(days=400))
    pack = write_package(review, tmp_path / "late", evaluator=sample.evaluator, generated_at=NOW)
    (sentence,) = clocks(pack)
    assert "Decisions and events after 2026-11-24" in sentence


def test_package_of_the_future_fails(sample: SnapshotSession, review: ReviewFile, tmp_path: Path) -> None:
    moment = datetime(2099, 1, 1, tzinfo=UTC)
    pack = write_package(review, tmp_path / "future", evaluator=sample.evaluator, generated_at=moment)
    assert "The package says that it was written on 2099-01-01: that day is in the future." in clocks(pack)


@pytest.mark.parametrize("name", ["00_manifest.json", "SHA256SUMS", "08_signoffs.json"])
def test_links_in_place_of_files_that_no_manifest_lists_fail(pack: Path, tmp_path: Path, name: str) -> None:
    (pack / name).rename(tmp_path / name)
    (pack / name).symlink_to(tmp_path / name)
    found = [one for one in verify(pack) if one.name == name and one.outcome is Outcome.FAILED]
    assert [one.sentence for one in found] == ["It is a link: a package contains none."]


def test_package_of_another_period_is_not_the_expected_one(sample: SnapshotSession, tmp_path: Path) -> None:
    path = tmp_path / "q2.iamreview"
    sample.create_review(path, "Second quarter", {"period_start": "2026-04-01", "period_end": "2026-06-30"})
    with ReviewFile.open(path, writable=False) as review:
        pack = write_package(review, tmp_path / "q2", evaluator=sample.evaluator)
    (named,) = [one.sentence for one in verify(pack) if one.name == "review"]
    assert "Second quarter (" in named
    assert "period 2026-04-01 to 2026-06-30" in named
    found = list(verify(pack, expected={"end": "2026-09-30", "title": "Second quarter"}))
    assert [one.sentence for one in found if one.name == "expected"] == ["end is 2026-06-30, not 2026-09-30."]
