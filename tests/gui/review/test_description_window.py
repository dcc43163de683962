"""Review information, stated in the window: when the review is created, and later."""

from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.description_window import DescriptionWindow
from iamdesk.gui.review.new_review_dialog import NewReviewDialog
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.review.description import DESCRIPTION, description_of

from .conftest import Answers
from .test_many_reviewers import texts, wait, window_of
from .test_review_panel import desk_of


def test_what_is_stated_is_recorded_with_the_name(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    window = window_of(qtbot, panel, DescriptionWindow, "actionDescribeReview")
    assert window.stated.text() == "Nothing is stated yet."
    assert not window.record_button.isEnabled()
    QTest.keyClicks(window.captured_by, "Tom Reed")
    QTest.keyClicks(window.due, "2026-12-15")
    QTest.keyClick(window.record_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert window.message.text == "Recorded, as stated by Ana Moreno."
    known = description_of(desk_of(panel).file)
    assert (known.captured_by, known.due, known.capture_query) == ("Tom Reed", date(2026, 12, 15), "")
    assert known.stated_by["captured_by"] == "Ana Moreno"
    assert not window.record_button.isEnabled(), "nothing is changed"

    reviewers = tmp_path / "reviewers.csv"
    reviewers.write_text("name,role,competence\nAna Moreno,platform lead,owns the account\n")
    prompts.opens = reviewers
    choose = window.findChild(type(window.record_button), "descriptionChooseReviewers")
    assert choose is not None
    QTest.keyClick(choose, Qt.Key.Key_Space)
    window.query.setText("aws iam get-account-authorization-details")
    QTest.keyClick(window.record_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert texts(window.list) == [["Ana Moreno", "platform lead", "owns the account", ""]]
    events = desk_of(panel).file.events()
    assert set(events[-1].details) == {"capture_query", "reviewers", "reviewers_file", "reviewers_sha256"}
    assert description_of(desk_of(panel).file).captured_by == "Tom Reed"

    window.due.setText("15.12.")
    QTest.keyClick(window.record_button, Qt.Key.Key_Space)
    wait(qtbot, window)
    assert window.message.text == "“15.12.” is not a date: expected YYYY-MM-DD."
    assert len(desk_of(panel).file.events()) == len(events)


def test_dialog_of_a_new_review_asks_for_it(qtbot: QtBot) -> None:
    dialog = NewReviewDialog("New review", "Q3", [("111122223333", "111122223333")])
    qtbot.addWidget(dialog)
    assert DESCRIPTION not in dialog.details
    dialog.due.setText("soon")
    assert dialog.note.text() == "Enter dates as YYYY-MM-DD."
    assert not dialog.go_on.isEnabled()
    dialog.due.setText("2026-12-15")
    dialog.start.setText("2026-07-01")
    dialog.end.setText("2026-09-30")
    dialog.captured_by.setText("Tom Reed")
    assert dialog.go_on.isEnabled()
    assert dialog.details[DESCRIPTION] == '{"captured_by": "Tom Reed", "due": "2026-12-15"}'
