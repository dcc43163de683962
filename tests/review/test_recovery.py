"""A damaged review file: what is intact is found again, whatever page is gone, and the damaged file is left alone."""

import contextlib
import hashlib
import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iamdesk.errors import ReviewError
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.recovery import RECOVERED, recover
from iamdesk.review.review_file import Head, ReviewFile

HEAD = Head(
    "r-1", "Third quarter", "ab" * 32, "acme.json", datetime(2026, 11, 24, tzinfo=UTC), "", {"standards": "SOC"}
)
ANA = Reviewer("Ana", "ana")
PAGE = 4096
# One line is longer than a page: its text goes on on others.
LINES = [
    ReviewItem(
        "111122223333", f"arn:{at}", "user", EntitlementType.GROUP, f"g{at}", f"g{at}", {"x": "y" * (9000 * (at == 7))}
    )
    for at in range(60)
]
SOUND = {line.sha256 for line in LINES}
MEMBERS = [PopulationEntry(f"arn:{at}", "111122223333", "user", in_scope=True) for at in range(60)]
FINDINGS = [{"finding_id": f"f{at}", "title": "t" * 100} for at in range(30)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "r.iamreview"
    with ReviewFile.create(path, HEAD, MEMBERS, LINES, FINDINGS) as review:
        for at, line in enumerate(LINES):
            review.record({line.line_id: ItemDecision(ReviewDecision.KEEP, f"reason {at}")}, ANA)
    return path.read_bytes()


def damaged(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "damaged.iamreview"
    path.write_bytes(content)
    return path


def test_sound_file_is_recovered_whole(tmp_path: Path, whole: bytes) -> None:
    source = damaged(tmp_path, whole)
    told = recover(source, tmp_path / "new.iamreview")

    assert (told.lines, told.entries, told.detached, told.lost) == (60, 60, 0, ())
    with ReviewFile.open(source, writable=False) as old, ReviewFile.open(told.path) as new:
        assert new.lines == old.lines
        assert new.population() == old.population()
        assert list(new.findings()) == FINDINGS
        assert new.journal_sha256 == old.journal_sha256
        assert new.head.details["standards"] == "SOC"
        assert new.head.details["recovered_from_sha256"] == hashlib.sha256(whole).hexdigest()
        assert new.damages() == ()


def test_any_page_may_be_gone_and_the_rest_is_there(tmp_path: Path, whole: bytes) -> None:
    """The first page too, without which SQLite can read nothing."""
    for start in range(0, len(whole), PAGE):
        content = whole[:start] + b"\xa5" * PAGE + whole[start + PAGE :]
        source = damaged(tmp_path, content)
        into = tmp_path / f"{start}.iamreview"
        told = recover(source, into)
        with ReviewFile.open(into) as new:
            assert new.damages() == ()
            kept = {line.line_id for line in new.lines}
            decided = {
                line.line_id for line in LINES if new.decision(line.line_id).choice is ReviewDecision.KEEP
            } & kept
            assert len(kept) >= 45
            assert len(decided) >= 35
            assert {line.sha256 for line in new.lines} <= SOUND
            for entry in new.journal():
                assert entry.reviewer in ("Ana", f"Ana{RECOVERED}")
        # What lies last in its table leaves no gap to be seen by; a gap before it is told.
        gap = max(at for at, line in enumerate(LINES) if line.line_id in kept) + 1 > len(kept)
        assert told.lines == len(kept)
        assert not gap or any("entitlements are lost" in one for one in told.lost)
        assert source.read_bytes() == content


def test_cut_short_file_keeps_what_is_there(tmp_path: Path, whole: bytes) -> None:
    source = damaged(tmp_path, whole[: 3 * len(whole) // 4])
    told = recover(source, tmp_path / "new.iamreview")
    assert told.lines > 10
    with ReviewFile.open(told.path) as new:
        assert new.damages() == ()


def test_altered_entry_is_not_taken_and_later_ones_are_entered_anew(tmp_path: Path, whole: bytes) -> None:
    content = whole.replace(b"reason 20", b"reason 99")
    told = recover(damaged(tmp_path, content), tmp_path / "new.iamreview")
    assert told.entries == 20
    assert told.detached == 39
    assert "1 entries of the journal after number 20 are lost" in " ".join(told.lost)
    with ReviewFile.open(told.path) as new:
        assert new.decision(LINES[20].line_id).choice is ReviewDecision.UNDECIDED
        assert new.decision(LINES[21].line_id) == ItemDecision(ReviewDecision.KEEP, "reason 21")
        assert new.damages() == ()


def test_line_nested_without_end_is_lost_alone(tmp_path: Path, whole: bytes) -> None:
    source = damaged(tmp_path, whole)
    with contextlib.closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE lines SET line = ? WHERE position = 3", ("[" * 100_000,))
    told = recover(source, tmp_path / "new.iamreview")
    assert (told.lines, told.entries) == (59, 60)


def test_random_damage_never_ends_in_anything_but_a_sound_file_or_a_sentence(tmp_path: Path, whole: bytes) -> None:
    chance = random.Random(5)
    for number in range(25):
        content = bytearray(whole)
        for _ in range(200):
            content[chance.randrange(len(content))] = chance.randrange(256)
        into = tmp_path / f"{number}.iamreview"
        recover(damaged(tmp_path, bytes(content)), into)
        with ReviewFile.open(into) as new:
            assert new.damages() == ()
            assert {line.sha256 for line in new.lines} <= SOUND


@pytest.mark.parametrize("content", [b"", b"hello" * 3000, b"\0" * 20000])
def test_where_nothing_is_left_a_sentence_says_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ReviewError, match="no intact part of a review"):
        recover(damaged(tmp_path, content), tmp_path / "new.iamreview")
    assert not (tmp_path / "new.iamreview").exists()


def test_nothing_is_written_over(tmp_path: Path, whole: bytes) -> None:
    source = damaged(tmp_path, whole)
    with pytest.raises(ReviewError, match="already"):
        recover(source, source)
    assert source.read_bytes() == whole
