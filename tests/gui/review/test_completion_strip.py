"""The strip above the table: what keeps the review from being complete, and the steps that follow."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.export.evidence.signing import Role
from iamdesk.gui.review.filters import RowFilterMode
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.review.review_status import FILTERS
from iamdesk.gui.review.sign_dialog import SignDialog
from iamdesk.gui.review.verify_dialog import VerifyDialog
from iamdesk.review.decisions import ItemDecision, ReviewDecision, Reviewer
from iamdesk.review.grouping import Grouping

from .conftest import Answers
from .test_review_panel import TODAY, desk_of

ANA = Reviewer("Ana Moreno", "ana")


def counts(panel: ReviewPanel) -> list[str]:
    return [link.shown for link in panel.strip.links]


def read(qtbot: QtBot, panel: ReviewPanel) -> None:
    """Wait until the status of the review has been read after the last decision."""
    qtbot.waitUntil(lambda: not panel.queue.pending, timeout=10_000)
    panel._read_status()
    qtbot.waitUntil(lambda: not any(job.topic == "review status" for job in panel._jobs.running), timeout=10_000)


def record(qtbot: QtBot, panel: ReviewPanel, decisions: dict[str, ItemDecision]) -> None:
    """Record decisions by the panel's queue, and wait for the status."""
    desk = desk_of(panel)
    panel.queue.put(lambda: desk.record(decisions, ANA), frozenset(decisions))
    read(qtbot, panel)


def choose(qtbot: QtBot, panel: ReviewPanel, text: str) -> None:
    """Activate a count with the keyboard."""
    link = next(one for one in panel.strip.links if one.shown == text)
    link.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(link, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not panel.is_filling, timeout=10_000)


def shown(panel: ReviewPanel) -> set[str]:
    return {one for row in panel.model.shown for one in row.subject_ids}


def test_each_count_shows_its_rows(qtbot: QtBot, panel: ReviewPanel) -> None:
    desk = desk_of(panel)
    lines = [line.line_id for line in desk.lines]
    total = len(lines) + len(desk.findings)
    read(qtbot, panel)
    assert panel.strip.state.text() == "DRAFT"
    assert counts(panel) == [f"{total} undecided"]

    late, soon = TODAY - timedelta(1), TODAY + timedelta(30)
    record(qtbot, panel, {lines[0]: ItemDecision(ReviewDecision.MODIFY)})
    record(qtbot, panel, {lines[1]: ItemDecision(ReviewDecision.EXCEPT, "migration", "Ben", soon)})
    record(qtbot, panel, {lines[2]: ItemDecision(ReviewDecision.EXCEPT, "migration", "Ben", late)})
    read(qtbot, panel)
    assert counts(panel) == [
        f"{total - 3} undecided",
        "1 exception expired",
        "1 change not stated",
        "2 exceptions without approver",
    ]
    for text, mode, expected in (
        ("1 change not stated", RowFilterMode.NO_CHANGE, {lines[0]}),
        ("1 exception expired", RowFilterMode.RUN_OUT, {lines[2]}),
        ("2 exceptions without approver", RowFilterMode.NO_APPROVER, {lines[1], lines[2]}),
        (f"{total - 3} undecided", RowFilterMode.UNDECIDED, set(lines[3:])),
    ):
        choose(qtbot, panel, text)
        assert panel.head.chosen_show is mode
        assert shown(panel) == expected
        assert panel.table.hasFocus()


def test_count_of_findings_alone_goes_to_the_findings(qtbot: QtBot, panel: ReviewPanel) -> None:
    desk = desk_of(panel)
    record(qtbot, panel, {line.line_id: ItemDecision(ReviewDecision.KEEP, "needed") for line in desk.lines})
    read(qtbot, panel)
    choose(qtbot, panel, f"{len(desk.findings)} undecided")
    assert panel.head.chosen_grouping is Grouping.FINDING
    assert shown(panel) == {str(one["finding_id"]) for one in desk.findings}


def test_strip_is_hidden_without_a_review(panel: ReviewPanel) -> None:
    panel.controller.close()
    assert not panel.strip.isVisible()


def test_links_keep_the_focus_while_counts_stay(qtbot: QtBot, panel: ReviewPanel) -> None:
    read(qtbot, panel)
    (link,) = panel.strip.links
    link.setFocus()
    read(qtbot, panel)
    assert panel.strip.links == [link]
    assert link.hasFocus()
    line = desk_of(panel).lines[0].line_id
    record(qtbot, panel, {line: ItemDecision(ReviewDecision.KEEP)})
    qtbot.waitUntil(lambda: QApplication.focusWidget() is panel.strip.links[0], timeout=10_000)
    assert panel.strip.links != [link]


def test_complete_review_is_exported_signed_and_verified_in_a_row(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk, strip = desk_of(panel), panel.strip
    false = ItemDecision(ReviewDecision.FALSE_POSITIVE, "known")
    record(qtbot, panel, {line.line_id: ItemDecision(ReviewDecision.KEEP, "needed") for line in desk.lines})
    record(qtbot, panel, {str(one["finding_id"]): false for one in desk.findings})
    read(qtbot, panel)
    assert strip.state.text() == "Complete"
    assert counts(panel) == []
    assert strip.export_button.text() == "Export…"

    assert not strip.sign_button.isEnabled()
    assert "Export an evidence package first" in strip.sign_button.toolTip()
    prompts.save_to = tmp_path / "evidence"
    QTest.keyClick(strip.export_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "was written to" in panel.message.text, timeout=60_000)
    read(qtbot, panel)
    assert strip.export_button.accessibleName() == "Export… (done)"
    prompts.asked.clear()
    QTest.keyClick(strip.sign_button, Qt.Key.Key_Space)
    dialog = panel.packages.dialog
    assert isinstance(dialog, SignDialog)
    assert not dialog.draft.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "signed as reviewer" in panel.message.text, timeout=60_000)
    read(qtbot, panel)
    assert strip.sign_button.accessibleName() == "Sign… (done)"
    QTest.keyClick(strip.verify_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: isinstance(panel.packages.dialog, VerifyDialog), timeout=60_000)
    assert isinstance(panel.packages.dialog, VerifyDialog)
    row = panel.packages.dialog.table.topLevelItem(0)
    assert row is not None
    assert row.text(2) in row.toolTip(2)
    read(qtbot, panel)
    assert strip.verify_button.accessibleName() == "Verify… (done)"
    assert prompts.asked == [], "the last package is known"

    # A decision after the export: none of the steps is done any more.
    record(qtbot, panel, {desk.lines[0].line_id: ItemDecision(ReviewDecision.REVOKE, "left")})
    read(qtbot, panel)
    for button in (strip.export_button, strip.sign_button, strip.verify_button):
        assert "(done)" not in button.accessibleName()

    # Not complete any more: what is exported is a draft, and whoever signs it is told.
    record(qtbot, panel, {desk.lines[0].line_id: ItemDecision()})
    assert strip.export_button.text() == "Export draft…"
    prompts.save_to = tmp_path / "draft"
    panel.message.clear()
    QTest.keyClick(strip.export_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "was written to" in panel.message.text, timeout=60_000)
    QTest.keyClick(strip.sign_button, Qt.Key.Key_Space)
    again = panel.packages.dialog
    assert isinstance(again, SignDialog)
    qtbot.waitUntil(again.draft.isVisible, timeout=10_000)
    again.reject()


@pytest.mark.parametrize("name", ["stepExport", "stepSign", "stepVerify"])
def test_steps_take_the_keyboard(panel: ReviewPanel, name: str) -> None:
    button = next(
        one
        for one in (panel.strip.export_button, panel.strip.sign_button, panel.strip.verify_button)
        if one.objectName() == name
    )
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert button.accessibleName()


def test_links_that_have_no_room_get_a_row_of_their_own(qtbot: QtBot, panel: ReviewPanel) -> None:
    read(qtbot, panel)
    strip = panel.strip
    counts_of_all = tuple((mode, f"{at + 100} {mode.value} and more") for at, mode in enumerate(FILTERS.values()))
    strip._replace_links(counts_of_all)
    strip._place_links()
    panel.resize(900, 500)
    QApplication.processEvents()
    tops = {link.mapTo(strip, QPoint(0, 0)).y() for link in strip.links}
    assert len(tops) == 1
    assert tops.pop() >= strip.export_button.geometry().bottom(), "below the steps"
    for link in strip.links:
        number_width = link.fontMetrics().horizontalAdvance(link.shown.split()[0])
        assert link.width() > number_width, "the number is always seen"
    strip._replace_links(counts_of_all[:1])
    panel.resize(1300, 500)
    QApplication.processEvents()
    assert strip.links[0].mapTo(strip, QPoint(0, 0)).y() < strip.export_button.geometry().bottom()


def test_sign_is_done_when_everyone_has_signed(
    qtbot: QtBot, panel: ReviewPanel, prompts: Answers, tmp_path: Path
) -> None:
    desk, strip = desk_of(panel), panel.strip
    otto = Reviewer("Otto Braun", "otto")
    false = ItemDecision(ReviewDecision.FALSE_POSITIVE, "known")
    kept = ItemDecision(ReviewDecision.KEEP, "needed")
    record(qtbot, panel, {line.line_id: kept for line in desk.lines})
    record(qtbot, panel, {str(one["finding_id"]): false for one in desk.findings})
    first = desk.lines[0].line_id
    approved = replace(kept, second=otto.name)
    panel.queue.put(lambda: desk.record({first: approved}, otto), frozenset({first}))
    read(qtbot, panel)
    prompts.save_to = tmp_path / "evidence"
    QTest.keyClick(strip.export_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "was written to" in panel.message.text, timeout=60_000)
    read(qtbot, panel)
    assert "Still to sign: Ana Moreno as reviewer, Otto Braun as second reviewer." in strip.sign_button.toolTip()

    def sign(name: str, role: Role | None = None) -> str:
        """Sign with the keyboard; return what the dialog says."""
        QTest.keyClick(strip.sign_button, Qt.Key.Key_Space)
        dialog = panel.packages.dialog
        assert isinstance(dialog, SignDialog)
        dialog.name.selectAll()
        QTest.keyClicks(dialog.name, name)
        if role is not None:
            dialog.role.setCurrentIndex(dialog.role.findData(role))
        panel.message.clear()
        said = dialog.missing.text() if dialog.missing.isVisible() else ""
        QTest.keyClick(dialog.name, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: f"{name} signed as" in panel.message.text, timeout=60_000)
        read(qtbot, panel)
        return said

    assert "Still to sign: Ana Moreno as reviewer" in sign("Otto Braun")
    assert "(done)" not in strip.sign_button.accessibleName(), "he decided nothing"
    assert strip.sign_button.text() == "Sign… (2 missing)"
    sign("ana  moreno")
    assert strip.sign_button.text() == "Sign… (1 missing)"
    assert "Still to sign: Otto Braun as second reviewer." in strip.sign_button.toolTip()
    assert sign("Otto Braun", Role.SECOND_REVIEWER) == "Still to sign: Otto Braun as second reviewer."
    assert strip.sign_button.text() == "Sign…"
    assert strip.sign_button.accessibleName() == "Sign… (done)"
