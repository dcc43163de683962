"""What a new review is about is chosen by keyboard; nothing is left out without a reason."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.review.new_review_dialog import NewReviewDialog
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.review.scope import Exclusion, Part, left_out_from

from .conftest import Answers

ACCOUNTS = [("111122223333", "111122223333 (prod)"), ("444455556666", "444455556666 (sandbox)")]


@pytest.fixture
def dialog(qtbot: QtBot) -> NewReviewDialog:
    made = NewReviewDialog("New review", "q3", ACCOUNTS)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_everything_is_in_until_something_is_taken_out(dialog: NewReviewDialog) -> None:
    assert dialog.exclusions == ()
    assert dialog.details == {}
    assert dialog.go_on.isEnabled()
    assert not dialog.reason.isEnabled()
    assert dialog.note.text() == "Everything in the snapshot is reviewed."


def test_a_field_that_is_not_asked_for_is_hidden_in_the_dialog(dialog: NewReviewDialog) -> None:
    """A field without a parent would be a window of its own, which outlives the dialog."""
    for field in (dialog.file, dialog.choose_file, dialog.choose_previous):
        assert field.window() is dialog
        assert not field.isVisibleTo(dialog)


def test_tiers_that_need_a_second_approval_are_chosen_by_keyboard(dialog: NewReviewDialog) -> None:
    for box in dialog.second_approval[:2]:
        QTest.keyClick(box, Qt.Key.Key_Space)
    assert dialog.details == {"second_approval": "0,1"}
    assert "administration depends on it" in dialog.second_approval[0].toolTip()


def test_list_of_people_needs_its_key(dialog: NewReviewDialog) -> None:
    dialog.people.setText("people.csv")
    assert not dialog.go_on.isEnabled()
    assert dialog.note.text().startswith("A list of people needs the key")
    dialog.joins.setText("name, tag:owner")
    assert dialog.go_on.isEnabled()
    assert dialog.people_list == (Path("people.csv"), ("name", "tag:owner"))


def test_account_is_taken_out_by_keyboard_with_a_reason(dialog: NewReviewDialog) -> None:
    dialog.scope.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Space):  # past the heading, to the second account
        QTest.keyClick(dialog.scope, key)
    assert not dialog.go_on.isEnabled()
    assert "Enter a reason" in dialog.note.text()
    QTest.keyClicks(dialog.reason, "a sandbox, reviewed by itself")
    assert dialog.go_on.isEnabled()
    assert "1 item is excluded" in dialog.note.text()
    assert dialog.exclusions == (Exclusion(Part.ACCOUNT, "444455556666", "a sandbox, reviewed by itself"),)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2026-7-1", "", "Enter dates as YYYY-MM-DD."),
        ("2026-07-01", "2026-06-30", "The last day of the period is before its first day."),
    ],
)
def test_days_that_are_none_are_told(dialog: NewReviewDialog, start: str, end: str, says: str) -> None:
    dialog.start.setText(start)
    dialog.end.setText(end)
    assert dialog.note.text() == says
    assert not dialog.go_on.isEnabled()
    dialog.start.setText("2026-07-01")
    dialog.end.setText("2026-09-30")
    dialog.standards.setText("SOC 2 CC6.3")
    assert dialog.details == {
        "period_start": "2026-07-01",
        "period_end": "2026-09-30",
        "standards": "SOC 2 CC6.3",
    }


def test_given_up_nothing_is_asked_or_made(empty_panel: ReviewPanel, prompts: Answers) -> None:
    empty_panel.controller.new_review()
    dialog = empty_panel.controller.dialog
    assert dialog is not None
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert prompts.asked == []
    assert empty_panel.review_session is None


def test_review_of_a_part_says_so(
    qtbot: QtBot, empty_panel: ReviewPanel, prompts: Answers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prompts.save_to = tmp_path_factory.mktemp("part") / "part.iamreview"
    empty_panel.controller.new_review()
    dialog = empty_panel.controller.dialog
    assert dialog is not None
    roles = dialog.scope.findItems("Roles", Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly)
    roles[0].setCheckState(0, Qt.CheckState.Unchecked)
    dialog.reason.setText("reviewed monthly")
    dialog.accept()
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=60_000)
    review_session = empty_panel.review_session
    assert review_session is not None
    (out,) = left_out_from(review_session.head.details)
    assert (out.name, out.reason) == ("role", "reviewed monthly")
    assert out.principals > 10
    assert all(line.holder_kind != "role" for line in review_session.lines)
    reasons = {one.out_reason for one in review_session.population if one.kind == "role"}
    assert reasons == {"reviewed monthly"}


def test_settings_of_the_checks_apply_and_are_kept(
    qtbot: QtBot, empty_panel: ReviewPanel, prompts: Answers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("settings")
    prompts.save_to = folder / "q.iamreview"
    settings = folder / "checks.json"
    settings.write_text("{}")
    empty_panel.controller.settings_path = lambda: settings
    for content in (None, '{"format": "iamdesk-check-settings/1", "severities": {"ADM-01": "low"}}'):
        if content is not None:
            settings.write_text(content)
        empty_panel.controller.new_review()
        dialog = empty_panel.controller.dialog
        assert dialog is not None
        dialog.accept()
        if content is None:
            qtbot.waitUntil(lambda: "is not a settings file" in empty_panel.message.text, timeout=60_000)
            assert empty_panel.review_session is None
    qtbot.waitUntil(lambda: empty_panel.review_session is not None and not empty_panel.is_filling, timeout=60_000)
    review_session = empty_panel.review_session
    assert review_session is not None
    assert "ADM-01" in review_session.head.details["check_settings"]
    assert {one["severity"] for one in review_session.file.findings() if one["check_id"] == "ADM-01"} == {"low"}
