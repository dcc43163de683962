"""File > Next review: what was decided stands, what changed waits, and the row says why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import Workbench
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.filters import ReviewFilter, RowFilterMode
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.rows import EntitlementRow
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer

from ...builders import entries


class Chosen(FileDialogs):
    """Names files instead of asking."""

    def __init__(self, previous: Path, old: Path, path: Path) -> None:
        self._previous, self._old, self._path = previous, old, path
        self.asked: list[tuple[str, Path]] = []
        """Titles of the dialogs, and where each began."""
        self.suggested = Path()

    def file_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.asked.append((title, folder))
        return self._previous

    def snapshot_to_open(self, parent: QWidget, folder: Path, title: str = "") -> Path | None:  # noqa: ARG002
        self.asked.append((title, folder))
        return self._old

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        self.suggested = suggestion
        return self._path


def write(path: Path, *ana: Any, ben: str) -> Path:
    """An account of two users, as AWS prints it."""

    def policy(name: str, action: str) -> tuple[str, dict[str, Any]]:
        return name, entries.document(entries.allow(action, Sid=ben))

    users = [
        entries.user("ana", *(policy(name, action) for name, action in ana)),
        entries.user("ben", policy("own", "sqs:SendMessage"), tags=[("desk", ben)]),
    ]
    return entries.write(path, users=users)


@pytest.fixture
def before(tmp_path: Path) -> tuple[Path, Path]:
    """The review before, everything kept, and its snapshot."""
    old = write(tmp_path / "old.json", ("read", "s3:GetObject"), ("list", "s3:ListBucket"), ben="4")
    review = tmp_path / "q3.iamreview"
    Workbench().open_snapshot(old).create_review(review, "Q3")
    review_session = Workbench.open_review(review)
    review_session.record(
        {line.line_id: ItemDecision(ReviewDecision.KEEP, "fine") for line in review_session.lines},
        Reviewer("Ana", "ana"),
    )
    review_session.close()
    return review, old


def test_what_was_revoked_and_is_still_there_is_filtered(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    review_session = Workbench.open_review(review)
    lines = {line.name: line.line_id for line in review_session.lines}
    yesterday = datetime.now(UTC).date() - timedelta(1)
    review_session.record(
        {
            lines["read"]: ItemDecision(ReviewDecision.REVOKE, "left"),
            lines["list"]: ItemDecision(ReviewDecision.EXCEPT, "migration", "Ben", yesterday),
        },
        Reviewer("Ana", "ana"),
    )
    review_session.close()
    now = write(tmp_path / "new.json", ("read", "s3:GetObject"), ("list", "s3:ListBucket"), ben="4")
    session.open(Workbench().open_snapshot(now))
    panel = ReviewPanel(session, jobs, Chosen(review, old, tmp_path / "q4.iamreview"))
    qtbot.addWidget(panel)
    panel.show()
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    names = {row.lines[0].name: row for row in panel.model.rows if isinstance(row, EntitlementRow)}
    for mode, expected in ((RowFilterMode.STILL_THERE, {"read"}), (RowFilterMode.EXPIRED, {"list"})):
        assert {name for name, row in names.items() if ReviewFilter(mode).accepts(row)} == expected
    assert names["read"].texts[Column.REMOVAL] == "Still there"
    assert not panel.table.isColumnHidden(Column.REMOVAL)
    panel.controller.close()


def test_it_says_that_second_approvals_are_not_carried_over(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    review_session = Workbench.open_review(review)
    (line_id,) = [line.line_id for line in review_session.lines if line.name == "list"]
    later = datetime.now(UTC).date() + timedelta(30)
    review_session.record(
        {line_id: ItemDecision(ReviewDecision.EXCEPT, "migration", "Mira", later)}, Reviewer("Ana", "ana")
    )
    review_session.second((line_id,), Reviewer("Otto", "otto"))
    review_session.close()
    session.open(Workbench().open_snapshot(old))
    panel = ReviewPanel(session, jobs, Chosen(review, old, tmp_path / "q4.iamreview"))
    qtbot.addWidget(panel)
    panel.show()
    panel.head.reviewer_name.setText("Ana")
    told: list[str] = []
    session.announced.connect(told.append)
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None, timeout=60_000)
    assert panel.review_session is not None
    assert panel.review_session.decision(line_id).second == ""
    assert any("; 1 exception needs a second approval again" in sentence for sentence in told), told
    panel.controller.close()


def test_the_next_review_asks_for_what_changed(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    now = write(
        tmp_path / "new.json", ("read", "s3:Get*"), ("list", "s3:ListBucket"), ("more", "ec2:RunInstances"), ben="5"
    )
    session.open(Workbench().open_snapshot(now))
    panel = ReviewPanel(session, jobs, Chosen(*before, tmp_path / "q4.iamreview"))
    qtbot.addWidget(panel)
    panel.show()

    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None, timeout=60_000)

    assert panel.review_session is not None
    today = datetime.now(UTC).date()
    asked = {
        line.name: " ".join(line.evidence["since_last"]["reasons"])
        for line in panel.review_session.lines
        if panel.review_session.is_open(line.line_id, today)
    }
    assert asked == {
        "read": "The inline policy read of user/ana changed.",
        "more": "It is new since the previous review.",
    }
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=60_000)
    assert not panel.table.isColumnHidden(Column.WHY_ASKED)
    names = {row.lines[0].name: row for row in panel.model.rows if isinstance(row, EntitlementRow)}
    assert names["read"].texts[Column.WHY_ASKED] == asked["read"]
    shown = {
        mode: {name for name, row in names.items() if ReviewFilter(mode).accepts(row)}
        for mode in (RowFilterMode.NEW, RowFilterMode.CHANGED, RowFilterMode.STILL_THERE, RowFilterMode.EXPIRED)
    }
    assert shown == {
        RowFilterMode.NEW: {"more"},
        RowFilterMode.CHANGED: {"read"},
        RowFilterMode.STILL_THERE: set(),
        RowFilterMode.EXPIRED: set(),
    }
    (kept,) = [line for line in panel.review_session.lines if line.name == "list"]
    assert panel.review_session.decision(kept.line_id).comment.startswith("Carried over from review ")
    panel.go_to_line(kept.line_id)
    texts = [label.text() for label in panel.evidence.widget().findChildren(QLabel)]
    assert any(text.startswith("Keep, carried over from review r-") and text.endswith(" UTC") for text in texts), texts
    panel.controller.close()


def test_what_is_at_hand_is_not_asked_for(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    now = write(elsewhere / "new.json", ("read", "s3:Get*"), ben="5")
    session.open(Workbench().open_snapshot(now))
    prompts = Chosen(review, old, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    next_review = panel.commands()["actionNextReview"]
    next_review()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert prompts.asked == [("Previous review", now.parent)], "its snapshot is beside it"
    assert panel.controller.dialog is not None
    assert panel.controller.dialog.path == review.with_name("q3-next.iamreview")
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    made = tmp_path / "q3-next.iamreview"
    assert panel.review_session is not None
    assert panel.review_session.path == made
    prompts.asked.clear()
    next_review()
    assert prompts.asked == [], "the open review is followed up, and its snapshot is open"
    dialog = panel.controller.dialog
    assert dialog.path == tmp_path / "q3-next-next.iamreview"
    dialog.file.setText(str(made))
    assert not dialog.go_on.isEnabled()
    assert "q3-next.iamreview already exists" in dialog.note.text()
    dialog.file.setText(str(tmp_path / "no" / "such"))
    assert "folder" in dialog.note.text()
    dialog.reject()
    panel.controller.close()
    last = panel.controller.dialog
    next_review()
    qtbot.waitUntil(lambda: panel.controller.dialog is not last)
    assert prompts.asked == [], "the last one"
    last = panel.controller.dialog
    last.choose_previous.click()
    assert prompts.asked == [("Previous review", made)]
    qtbot.waitUntil(lambda: panel.controller.dialog is not last)
    assert panel.controller.dialog.path is not None
    assert panel.controller.dialog.path.name == "q3-next-2.iamreview", "a free name"
    panel.controller.dialog.reject()


def test_a_snapshot_that_is_elsewhere_or_another_one_is_asked_for(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    kept = tmp_path / "kept.json"
    kept.write_bytes(old.read_bytes())
    write(old, ("other", "s3:*"), ben="9")  # another snapshot by the same name
    (tmp_path / "now").mkdir()
    now = write(tmp_path / "now" / "new.json", ("read", "s3:Get*"), ben="5")
    session.open(Workbench().open_snapshot(now))
    prompts = Chosen(review, kept, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    first = panel.controller.dialog
    assert first is not None
    first.accept()
    qtbot.waitUntil(lambda: bool(panel.message.text), timeout=60_000)
    assert panel.review_session is None
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not first)
    assert prompts.asked[-1] == ("Snapshot of the review q3.iamreview: old.json", review.parent)
    second = panel.controller.dialog
    assert second is not None
    second.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    panel.controller.close()


def test_the_snapshot_that_was_compared_with_is_taken(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    compared = Workbench().open_snapshot(old)
    old.unlink()
    now = write(tmp_path / "new.json", ("read", "s3:Get*"), ben="5")
    session.open(Workbench().open_snapshot(now))
    session.compared_with = compared
    prompts = Chosen(review, old, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert prompts.asked == [], "the review is beside it"
    assert panel.controller.dialog is not None
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    panel.controller.close()


def test_the_follow_up_of_the_review_that_is_open(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    """It failed at its end: the review was "open in another window or program"; the old filter hid the new rows."""
    review, old = before
    session.open(Workbench().open_snapshot(old))
    prompts = Chosen(review, old, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    follow_up = panel.findChild(QPushButton, "emptyFollowUp")
    assert follow_up is not None
    assert follow_up.isVisibleTo(panel)
    panel.controller.open_path(review)
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    assert not follow_up.isVisibleTo(panel)
    panel.head.show_only.setCurrentIndex(panel.head.show_only.findData(RowFilterMode.KEEP))
    panel.head.text.setText("read")

    panel.commands()["actionNextReview"]()
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is None)
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    assert panel.review_session is not None
    assert panel.review_session.path == tmp_path / "q4.iamreview"
    assert prompts.asked == [], "the review and its snapshot are open"
    assert prompts.suggested == review.with_name("q3-next.iamreview"), "beside the previous review"
    assert panel.head.chosen_show is RowFilterMode.ALL
    assert panel.head.text.text() == ""
    qtbot.waitUntil(lambda: panel.model.rowCount() == len(panel.model.rows) > 0)
    panel.controller.close()


def test_a_closed_previous_review_of_the_open_snapshot_needs_no_dialog_but_the_form(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    session.open(Workbench().open_snapshot(old))
    prompts = Chosen(review, old, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert prompts.asked == [], "both are in one folder"
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: panel.review_session is not None, timeout=60_000)
    panel.controller.close()


def test_the_previous_review_is_open_again_if_no_follow_up_is_made(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    session.open(Workbench().open_snapshot(old))
    taken = tmp_path / "q4.iamreview"
    panel = ReviewPanel(session, jobs, Chosen(review, old, taken))
    qtbot.addWidget(panel)
    panel.show()
    panel.controller.open_path(review)
    qtbot.waitUntil(lambda: panel.review_session is not None, timeout=60_000)
    panel.head.reviewer_name.setText("Ana")
    panel.commands()["actionNextReview"]()
    assert panel.controller.dialog is not None
    panel.controller.dialog.choose_file.click()
    taken.write_text("something else")  # meanwhile
    panel.controller.dialog.accept()
    qtbot.waitUntil(lambda: "already exists" in panel.message.text, timeout=60_000)
    qtbot.waitUntil(lambda: panel.review_session is not None and not panel.is_filling, timeout=60_000)
    assert panel.review_session is not None
    assert panel.review_session.path == review
    assert "already exists" in panel.message.text
    panel.controller.close()


def test_a_review_of_another_account_beside_the_snapshot_is_not_taken(
    qtbot: QtBot, session: Session, jobs: JobRunner, before: tuple[Path, Path], tmp_path: Path
) -> None:
    review, old = before
    old.write_text(old.read_text().replace("111122223333", "999988887777"))  # what its name stands for now
    now = write(tmp_path / "new.json", ("read", "s3:Get*"), ben="5")
    session.open(Workbench().open_snapshot(now))
    prompts = Chosen(review, old, tmp_path / "q4.iamreview")
    panel = ReviewPanel(session, jobs, prompts)
    qtbot.addWidget(panel)
    panel.show()
    panel.commands()["actionNextReview"]()
    qtbot.waitUntil(lambda: bool(prompts.asked), timeout=10_000)
    assert prompts.asked[0] == ("Previous review", tmp_path)
    qtbot.waitUntil(lambda: panel.controller.dialog is not None)
    assert panel.controller.dialog is not None
    panel.controller.dialog.reject()
