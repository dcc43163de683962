"""A review file: nothing that was told as saved is lost, damage is told, nobody certifies their own access."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iamdesk.errors import DamagedReviewError, ReviewError
from iamdesk.review.decisions import UNDECIDED, DecisionError, ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.events import EventKind
from iamdesk.review.items import EntitlementType, PopulationEntry, ReviewItem
from iamdesk.review.recovery import recover
from iamdesk.review.review_file import Decided, EvidenceRecord, Head, ReviewFile
from iamdesk.review.seals import seal

from ..some_of import some_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HEAD = Head("r-1", "Third quarter", "ab" * 32, "acme-prod.json", NOW)
ANA = Reviewer("Ana Moreno", "ana", frozenset({"arn:aws:iam::111122223333:user/ana"}))
KEEP = ItemDecision(ReviewDecision.KEEP, "needed for on-call")
REVOKE = ItemDecision(ReviewDecision.REVOKE, "left the team")


def line(number: int, holder: str = "arn:aws:iam::111122223333:user/ben") -> ReviewItem:
    return ReviewItem(
        "111122223333",
        holder,
        "user",
        EntitlementType.MANAGED_POLICY,
        f"arn:p{number}",
        f"p{number}",
        {"actions": number},
    )


LINES = tuple(line(number) for number in range(5))
POPULATION = (
    PopulationEntry("arn:aws:iam::111122223333:user/ben", "111122223333", "user", in_scope=True),
    PopulationEntry("arn:aws:iam::111122223333:role/x", "111122223333", "service-linked role", False, "AWS made it"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "q3.iamreview"


@pytest.fixture
def review(path: Path) -> Iterator[ReviewFile]:
    made = ReviewFile.create(path, HEAD, POPULATION, LINES)
    yield made
    made.close()


def test_a_review_reads_as_it_was_made(review: ReviewFile, path: Path) -> None:
    review.close()
    with ReviewFile.open(path, writable=False) as again:
        assert again.head == HEAD
        assert again.lines == LINES
        assert again.population() == POPULATION
        assert again.damages() == ()
        assert again.open_lines(NOW.date()) == tuple(each.line_id for each in LINES)


def test_decisions_are_there_when_it_is_opened_again(review: ReviewFile, path: Path) -> None:
    change = review.record({LINES[0].line_id: KEEP}, ANA, lambda: NOW)
    assert change.before == {LINES[0].line_id: UNDECIDED}
    review.close()
    with ReviewFile.open(path) as again:
        assert again.decision(LINES[0].line_id) == KEEP
        assert again.item_states.counts()[ReviewDecision.KEEP] == 1
        assert again.item_states.counts()[ReviewDecision.UNDECIDED] == 4
        (entry,) = again.journal()
        assert (entry.reviewer, entry.moment) == ("Ana Moreno", "2026-11-24T12:00:00.000+00:00")
        assert entry.line_sha256 == LINES[0].sha256


def test_undo_is_an_entry_of_its_own(review: ReviewFile) -> None:
    change = review.record({LINES[0].line_id: KEEP}, ANA)
    review.record(change.before, ANA)
    assert review.decision(LINES[0].line_id) == UNDECIDED
    assert [entry.after for entry in review.journal()] == [KEEP, UNDECIDED]
    assert review.damages() == ()


def test_what_stands_already_gets_no_entry(review: ReviewFile) -> None:
    review.record({LINES[0].line_id: KEEP}, ANA)
    assert review.record({LINES[0].line_id: KEEP}, ANA).entries == ()


def test_second_writer_is_told_and_the_first_goes_on(review: ReviewFile, path: Path) -> None:
    with pytest.raises(ReviewError, match=r"q3\.iamreview: the review is open in another window or program"):
        ReviewFile.open(path)
    review.record({LINES[0].line_id: KEEP}, ANA)
    review.close()
    with ReviewFile.open(path) as again:
        assert again.decision(LINES[0].line_id) == KEEP


OTHER_PROCESS = """
import sys
from pathlib import Path
from iamdesk.errors import ReviewError
from iamdesk.review.review_file import ReviewFile
try:
    with ReviewFile.open(Path(sys.argv[1]), writable=sys.argv[2] == "writes") as review:
        print(sys.argv[2])
except ReviewError as error:
    print(error)
"""


def said_by_another_process(path: Path, does: str = "writes") -> str:
    done = subprocess.run([sys.executable, "-c", OTHER_PROCESS, path, does], capture_output=True, text=True, check=True)
    return done.stdout


def test_another_process_is_told_whatever_this_one_has_read(review: ReviewFile, path: Path) -> None:
    """SQLite's own lock is gone as soon as anything in this process has closed the file."""
    assert "the review is open in another window or program" in said_by_another_process(path)
    path.read_bytes()
    assert "the review is open in another window or program" in said_by_another_process(path)
    with pytest.raises(ReviewError, match="another window or program"):
        ReviewFile.open(path)
    assert "the review is open in another window or program" in said_by_another_process(path)
    review.record({LINES[0].line_id: KEEP}, ANA)
    review.close()
    assert said_by_another_process(path) == "writes\n"


def test_a_reader_leaves_alone_what_a_writer_has_not_finished(review: ReviewFile, path: Path) -> None:
    connection = review._connection
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    for number in range(500):  # more than is held back in memory: half of it is in the file already
        connection.execute("INSERT INTO head VALUES (?, ?)", (f"detail.{number}", "x" * 500))
    path.read_bytes()
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0
    said_by_another_process(path, "reads")
    assert path.with_name(f"{path.name}-journal").exists()
    seal(connection)
    connection.execute("COMMIT")
    assert review.damages() == ()


def test_reader_cannot_write(review: ReviewFile, path: Path) -> None:
    review.close()
    with ReviewFile.open(path, writable=False) as reading, pytest.raises(ReviewError, match="read-only"):
        reading.record({LINES[0].line_id: KEEP}, ANA)


def test_nobody_certifies_their_own_access(path: Path) -> None:
    own = line(9, "arn:aws:iam::111122223333:user/ana")
    with ReviewFile.create(path, HEAD, (), (own,)) as review:
        with pytest.raises(DecisionError, match="review their own access"):
            review.record({own.line_id: KEEP}, ANA)
        review.record({own.line_id: KEEP}, Reviewer("Chloe", "chloe"))
        assert review.decision(own.line_id) == KEEP


def test_many_lines_need_a_reason_and_all_or_none_are_decided(review: ReviewFile) -> None:
    ids = [each.line_id for each in LINES[:3]]
    with pytest.raises(DecisionError, match="requires a reason"):
        review.record(dict.fromkeys(ids, ItemDecision(ReviewDecision.KEEP)), ANA)
    with pytest.raises(DecisionError, match="no entitlement"):
        review.record({ids[0]: KEEP, "unknown": KEEP}, ANA)
    assert review.item_states.counts()[ReviewDecision.UNDECIDED] == 5
    review.record(dict.fromkeys(ids, KEEP), ANA)
    assert review.item_states.counts()[ReviewDecision.KEEP] == 3


@pytest.mark.parametrize("missing", ["comment", "owner", "expiry"])
def test_exception_needs_reason_owner_and_last_day(missing: str) -> None:
    whole = {"comment": "migration", "owner": "Ben", "expiry": date(2027, 1, 31)}
    assert ItemDecision(ReviewDecision.EXCEPT, **whole).expiry == date(2027, 1, 31)  # type: ignore[arg-type]
    del whole[missing]
    with pytest.raises(DecisionError, match="an exception requires"):
        ItemDecision(ReviewDecision.EXCEPT, **whole)  # type: ignore[arg-type]


def test_exception_that_has_run_out_waits_again(review: ReviewFile) -> None:
    exception = ItemDecision(ReviewDecision.EXCEPT, "migration", "Ben", date(2026, 12, 31))
    review.record({LINES[0].line_id: exception}, ANA)
    assert LINES[0].line_id not in review.open_lines(date(2026, 12, 31))
    assert LINES[0].line_id in review.open_lines(date(2027, 1, 1))


def test_existing_file_is_left_as_it_is(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(ReviewError, match="already"):
        ReviewFile.create(path, HEAD, (), ())
    assert path.read_text() == "mine"


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0" + b"\0" * 84, b"\xff" * 5000])
def test_what_is_no_review_is_one_sentence(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ReviewError, match=r"^q3\.iamreview: .+"):
        ReviewFile.open(path, writable=False)


def test_database_of_another_program_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(ReviewError, match="is not a review"):
        ReviewFile.open(path)


def test_second_reviewer_stands_for_what_somebody_else_decided(review: ReviewFile) -> None:
    line_id = LINES[0].line_id
    ben = Reviewer("Ben", "ben")
    review.record({line_id: KEEP}, ANA, lambda: NOW)
    for decision, who, why in (
        (replace(KEEP, second="Ana Moreno"), ANA, "must come from another reviewer"),
        (replace(KEEP, second="Chloe"), ben, "reviewer's own name"),
        (replace(REVOKE, second="Ben"), ben, "must not change the decision"),
    ):
        with pytest.raises(DecisionError, match=why):
            review.record({line_id: decision}, who)
    review.record({line_id: replace(KEEP, second="Ben")}, ben)
    assert review.decision(line_id).second == "Ben"
    assert review.decided(line_id) == Decided("Ana Moreno", "ana", "2026-11-24T12:00:00.000+00:00")
    review.record({line_id: REVOKE}, ANA)
    assert review.decision(line_id).second == ""
    assert review.damages() == ()


def test_a_second_approval_has_the_words_of_its_own_reviewer(review: ReviewFile) -> None:
    line_id = review.lines[0].line_id
    decided = replace(KEEP, comment="needed for backups")
    review.record({line_id: decided}, ANA)
    review.record({line_id: replace(decided, second="Ben", second_comment="seen the ticket")}, Reviewer("Ben", "ben"))
    first, second = review.journal()
    assert (first.is_approval, first.comment) == (False, "needed for backups")
    assert (second.is_approval, second.comment) == (True, "seen the ticket")
    assert second.content["after"] == {**first.content["after"], "second": "Ben", "second_comment": "seen the ticket"}
    assert review.decision(line_id).by_one == decided
    assert review.damages() == ()
    with pytest.raises(DecisionError, match="only a second approval has a remark"):
        replace(decided, second_comment="?")


def test_an_approval_without_a_remark_is_stored_as_before(review: ReviewFile) -> None:
    line_id = review.lines[0].line_id
    review.record({line_id: replace(KEEP, comment="needed")}, ANA)
    review.record({line_id: replace(KEEP, comment="needed", second="Ben")}, Reviewer("Ben", "ben"))
    _, approval = review.journal()
    assert set(approval.content["after"]) == {"choice", "comment", "owner", "expiry", "second"}
    assert approval.comment == ""


def test_many_decisions_are_seconded_without_a_reason(review: ReviewFile) -> None:
    ids = [each.line_id for each in LINES[:2]]
    for line_id in ids:
        review.record({line_id: ItemDecision(ReviewDecision.KEEP)}, ANA)
    review.record(dict.fromkeys(ids, ItemDecision(ReviewDecision.KEEP, second="Ben")), Reviewer("Ben", "ben"))
    assert [review.decision(line_id).second for line_id in ids] == ["Ben", "Ben"]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE events SET actor = 'Ben'", "event 1"),
        ("UPDATE events SET details = '{}'", "event 1"),
        ("DELETE FROM events", "events"),
    ],
)
def test_changed_event_is_found(review: ReviewFile, path: Path, statement: str, place: str) -> None:
    review.append([], [(EventKind.REMIND, {"to": ["Ben"]})], ANA)
    review.close()
    with sqlite3.connect(path) as other:
        other.execute(statement)
    other.close()
    with pytest.raises(DamagedReviewError) as raised:
        ReviewFile.open(path)
    assert place in [one.place for one in raised.value.damages]


@pytest.mark.parametrize("layout", [0, 2, 6, 99])
def test_review_of_another_layout_is_refused(review: ReviewFile, path: Path, layout: int) -> None:
    review.close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {layout}")
    with pytest.raises(DamagedReviewError, match="the file was changed or damaged"):
        ReviewFile.open(path)  # its tables are those of this layout
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE journal DROP COLUMN identities")
    sentence = f"q3.iamreview: the review has layout {layout}; this iamdesk reads only layout 1"
    for writable in (True, False):
        with pytest.raises(ReviewError) as refused:
            ReviewFile.open(path, writable=writable)
        assert (type(refused.value), str(refused.value)) == (ReviewError, sentence)
    with contextlib.closing(sqlite3.connect(path)) as after:
        assert after.execute("PRAGMA user_version").fetchone() == (layout,), "it stays as it is"


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE journal SET reviewer = 'Mallory' WHERE number = 2", "journal entry 2"),
        ("DELETE FROM journal WHERE number = 2", "journal entry 2"),
        ("UPDATE journal SET after = replace(after, 'keep', 'revoke') WHERE number = 1", "journal entry 1"),
        (
            "UPDATE lines SET line = replace(line, '\"actions\": 0', '\"actions\": 7') WHERE position = 0",
            "entitlement ",
        ),
        ("UPDATE lines SET sha256 = 'x' WHERE position = 3", "entitlement "),
        ("UPDATE head SET value = 'Another' WHERE name = 'title'", "head"),
        ("UPDATE population SET in_scope = 0 WHERE position = 0", "head"),
        ("DELETE FROM population WHERE position = 1", "population"),
        ("DELETE FROM lines WHERE position = 4", "lines"),
        ("DELETE FROM journal WHERE number = 3", "journal"),
        ("UPDATE packs SET name = 'x'", "packs"),
        ("DELETE FROM packs", "packs"),
    ],
)
def test_what_was_altered_is_found(review: ReviewFile, path: Path, statement: str, place: str) -> None:
    for each in LINES[:3]:
        review.record({each.line_id: KEEP}, ANA)
    review.note_package(EvidenceRecord("2026-11-24T12:00:00+00:00", "pack", "ab" * 32, review.journal_sha256, 3, ""))
    review.close()
    with sqlite3.connect(path) as mallory:
        assert mallory.execute(statement).rowcount == 1
    mallory.close()
    with pytest.raises(DamagedReviewError, match="the file was changed or damaged") as caught:
        ReviewFile.open(path)
    assert any(damage.place.startswith(place) for damage in caught.value.damages)


def test_damaged_page_is_told_not_raised_as_it_comes(review: ReviewFile, path: Path) -> None:
    review.close()
    whole = path.read_bytes()
    for start in range(0, len(whole), 4096):
        path.write_bytes(whole[:start] + b"\xa5" * 4096 + whole[start + 4096 :])
        try:
            with ReviewFile.open(path, writable=False) as again:
                again.damages()
        except ReviewError as error:
            assert str(error).startswith("q3.iamreview: ")  # noqa: PT017 - damage may be told either way


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (
            "CREATE TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END",
            "trigger t: iamdesk does not create it",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON journal BEGIN DELETE FROM journal; END",
            "trigger t: iamdesk does not create it",
        ),
        (
            "ALTER TABLE journal RENAME TO kept; CREATE VIEW journal AS SELECT * FROM kept; "
            "CREATE TRIGGER t INSTEAD OF INSERT ON journal BEGIN SELECT 1; END",
            "table journal|view journal|table kept|trigger t|index",
        ),
        ("CREATE VIEW v AS SELECT 1", "view v: iamdesk does not create it"),
        ("CREATE TABLE more (x)", "table more: iamdesk does not create it"),
        ("CREATE UNIQUE INDEX i ON journal (reviewer)", "index i: iamdesk does not create it"),
        ("DROP INDEX journal_of_line", "index journal_of_line: It is missing"),
        ("DROP TABLE packs; CREATE TABLE packs (number, moment, name, manifest_sha256, journal_sha256)", "table packs"),
        (
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'moment TEXT NOT NULL', "
            "'moment TEXT NOT NULL CHECK (number < 2)') WHERE name = 'journal'",
            "table journal: It is not as iamdesk creates it",
        ),
    ],
)
@pytest.mark.parametrize("writable", [True, False])
def test_what_was_put_into_the_layout_is_found(
    review: ReviewFile, path: Path, statement: str, place: str, writable: bool
) -> None:
    """A trigger or a view could swallow every decision."""
    review.close()
    mallory = sqlite3.connect(path)
    mallory.executescript(statement)
    mallory.close()
    before = path.read_bytes()
    with pytest.raises(DamagedReviewError, match=place):
        ReviewFile.open(path, writable=writable)
    assert path.read_bytes() == before
    recovered = path.with_name("new.iamreview")
    recover(path, recovered)
    with ReviewFile.open(recovered) as again:
        again.record({LINES[0].line_id: KEEP}, ANA)
        assert len(list(again.journal())) == 1


@pytest.mark.parametrize(
    "trigger",
    [
        "CREATE TEMP TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON journal BEGIN UPDATE journal SET reviewer = 'x'; END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON packs BEGIN DELETE FROM packs; END",
    ],
)
def test_saved_is_told_only_of_what_the_file_gives_back(review: ReviewFile, trigger: str) -> None:
    review._connection.execute(trigger)  # whatever swallows what is written
    pack = EvidenceRecord("2026-11-24T12:00:00+00:00", "pack", "ab" * 32, "cd" * 32, 0, "")
    decide = partial(review.record, {LINES[0].line_id: KEEP}, ANA)
    act = partial(review.note_package, pack) if "packs" in trigger else decide
    with pytest.raises(ReviewError, match="returns another one"):
        act()
    assert review.decision(LINES[0].line_id) == UNDECIDED


def test_act_that_was_cut_short_is_taken_back_for_who_only_reads(review: ReviewFile, path: Path) -> None:
    review.record({LINES[0].line_id: KEEP}, ANA)
    review.close()
    child = os.fork()
    if child == 0:  # dies in the middle of an act whose pages are on disk already
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("PRAGMA cache_spill = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE journal SET reviewer = 'half an act'")
        for number in range(500):
            writer.execute("INSERT INTO population VALUES (?, ?, '', '', 1, '')", (number + 10, "x" * 500))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert path.with_name(f"{path.name}-journal").exists()
    with ReviewFile.open(path, writable=False) as again:
        assert [entry.reviewer for entry in again.journal()] == ["Ana Moreno"]
        assert again.population() == POPULATION
        assert again.damages() == ()


def test_killed_at_random_points_nothing_saved_is_lost(tmp_path: Path) -> None:
    """100 of 100: the process dies by SIGKILL while it decides."""
    script = Path(__file__).parent / "killed_writer.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), "100", "7"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["sound"] == told["times"] == 100
    assert told["entries"] > 300


@settings(max_examples=some_of(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(
        st.tuples(
            st.integers(0, 4),
            st.sampled_from([ReviewDecision.KEEP, ReviewDecision.REVOKE, ReviewDecision.MODIFY]),
            st.text(max_size=20),
        ),
        max_size=12,
    )
)
def test_state_follows_from_the_journal(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[int, ReviewDecision, str]]
) -> None:
    path = tmp_path_factory.mktemp("review") / "r.iamreview"
    expected: dict[str, ItemDecision] = {}
    with ReviewFile.create(path, HEAD, (), LINES) as review:
        for at, choice, comment in acts:
            decision = ItemDecision(choice, comment)
            review.record({LINES[at].line_id: decision}, ANA)
            expected[LINES[at].line_id] = decision
    with ReviewFile.open(path) as again:
        assert {each.line_id: again.decision(each.line_id) for each in LINES if each.line_id in expected} == expected
        assert again.damages() == ()


# The file beside the window


@pytest.mark.skipif(sys.platform == "win32", reason="an open file is not moved there")
@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_file_that_is_moved_while_it_is_open_is_told_and_nothing_is_lost(path: Path, how: str) -> None:
    ReviewFile.create(path, HEAD, POPULATION, LINES).close()
    with ReviewFile.open(path) as review:
        ids = list(review.ids)
        review.record({ids[0]: KEEP}, ANA)
        saved = path.read_bytes()
        other = path.with_name("other.iamreview")
        if how == "moved":
            path.rename(other)
        elif how == "removed":
            path.unlink()
        else:
            other.write_bytes(saved)
            other.replace(path)
        with pytest.raises(ReviewError, match="moved, removed or replaced"):
            review.record({ids[1]: KEEP}, ANA)
        with pytest.raises(ReviewError, match="moved, removed or replaced"):
            review.append([], [(EventKind.REMIND, {"to": ["Ana"]})], ANA)
        assert review.decision(ids[1]) == UNDECIDED
    left = other if how == "moved" else path
    if how != "removed":
        with ReviewFile.open(left) as review:
            assert [entry.line_id for entry in review.journal()] == [ids[0]]


@pytest.mark.skipif(sys.platform == "win32", reason="locks are SQLite's own there")
def test_a_file_system_without_locks_of_whole_files_still_keeps_a_second_window_out(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import fcntl

    def unsupported(_file: object, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    ReviewFile.create(path, HEAD, POPULATION, LINES).close()
    with ReviewFile.open(path) as review:
        review.record({LINES[0].line_id: KEEP}, ANA)
        with pytest.raises(ReviewError, match="open in another window"):
            ReviewFile.open(path)
    with ReviewFile.open(path) as review:
        assert len(list(review.journal())) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for this user")
def test_a_read_only_folder_is_told_and_nothing_is_lost(path: Path) -> None:
    ReviewFile.create(path, HEAD, POPULATION, LINES).close()
    path.parent.chmod(0o500)
    try:
        with ReviewFile.open(path) as review, pytest.raises(ReviewError, match="could not be saved"):
            review.record({LINES[0].line_id: KEEP}, ANA)
        with ReviewFile.open(path, writable=False) as review:
            assert list(review.journal()) == []
    finally:
        path.parent.chmod(0o700)
