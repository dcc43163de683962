"""A review of the sample account with every kind of decision, and its pack; made once, copied where it is changed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.export.evidence.write import write_package
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.review_file import ReviewFile

from ...builders.reviews import create_on
from ...opened import keep_shared, share_equal_evaluators, share_findings

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANA = Reviewer("Ana Moreno", "ana")
BEN = Reviewer("Ben Okafor", "ben")
CYCLE = (
    ReviewDecision.KEEP,
    ReviewDecision.KEEP,
    ReviewDecision.KEEP,
    ReviewDecision.REVOKE,
    ReviewDecision.MODIFY,
    ReviewDecision.EXCEPT,
    ReviewDecision.UNDECIDED,
)

FINDING_CYCLE = (ReviewDecision.FIX, ReviewDecision.EXCEPT, ReviewDecision.FALSE_POSITIVE, ReviewDecision.UNDECIDED)


def decision(choice: ReviewDecision) -> ItemDecision:
    if choice is ReviewDecision.EXCEPT:
        return ItemDecision(choice, "migration until spring", "Chloé", date(2099, 3, 31))
    return ItemDecision(choice, '=HYPERLINK("x")' if choice is ReviewDecision.REVOKE else "")


def finding_decision(choice: ReviewDecision) -> ItemDecision:
    if choice is ReviewDecision.EXCEPT:
        return ItemDecision(choice, "rebuilt in spring", "Chloé", date(2099, 3, 31))
    return ItemDecision(choice, "the check misreads our tags" if choice is ReviewDecision.FALSE_POSITIVE else "")


@pytest.fixture(scope="session", autouse=True)
def equal_evaluators() -> Iterator[None]:
    """A snapshot is asked the same questions by each pack; `test_whole_pack_passes…` does all anew once."""
    with pytest.MonkeyPatch.context() as patch:
        share_equal_evaluators(patch)
        share_findings(patch)
        yield


@pytest.fixture(scope="session")
def sample() -> SnapshotSession:
    return keep_shared(Workbench().open_snapshot(sample_snapshot()))


@pytest.fixture(scope="session")
def decided(sample: SnapshotSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("decided") / "q3.iamreview"
    sample.create_review(path, "Third quarter", {"standards": "SOC 2 CC6.2"})
    create_on(path, NOW)
    with ReviewFile.open(path) as review:
        for at, line in enumerate(review.lines):
            choice = CYCLE[at % len(CYCLE)]
            if choice is not ReviewDecision.UNDECIDED:
                review.record({line.line_id: decision(choice)}, ANA, lambda: NOW)
        for at, finding in enumerate(review.findings()):
            choice = FINDING_CYCLE[at % len(FINDING_CYCLE)]
            if choice is not ReviewDecision.UNDECIDED:
                review.record({finding["finding_id"]: finding_decision(choice)}, ANA, lambda: NOW)
        first = review.lines[0].line_id
        review.record({first: ItemDecision(ReviewDecision.KEEP, second=BEN.name)}, BEN, lambda: NOW)
        reminders = [(EventKind.REMIND, {"to": [name]}) for name in ("Ana Moreno", "Ben Okafor")]
        review.append([], reminders, Reviewer("Cara Diaz", "cara"), lambda: NOW)
    with unchanged(path):
        yield path


@contextmanager
def unchanged(path: Path) -> Iterator[Path]:
    """Give a file or folder that tests share, and fail if one of them changed it."""
    before = _state(path)
    yield path
    assert _state(path) == before, f"a test changed {path.name}, which all share"


def _state(path: Path) -> dict[Path, bytes]:
    return {one: one.read_bytes() for one in (path, *sorted(path.rglob("*"))) if one.is_file()}


@pytest.fixture(scope="session")
def made(sample: SnapshotSession, decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with ReviewFile.open(decided, writable=False) as review:
        into = tmp_path_factory.mktemp("pack") / "review-q3"
        write_package(review, into, evaluator=sample.evaluator, generated_at=NOW)
    with unchanged(into):
        yield into


@pytest.fixture(scope="session")
def bare(sample: SnapshotSession, decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package without the snapshot: verifying it takes a moment."""
    with ReviewFile.open(decided, writable=False) as review:
        into = tmp_path_factory.mktemp("bare") / "pack"
        write_package(review, into, evaluator=sample.evaluator, generated_at=NOW, with_source=False)
    with unchanged(into):
        yield into


@pytest.fixture
def pack(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "pack"))


@pytest.fixture
def review(decided: Path, tmp_path: Path) -> Iterator[ReviewFile]:
    with ReviewFile.open(Path(shutil.copy(decided, tmp_path / "q3.iamreview"))) as opened:
        yield opened
