"""A whole review of the sample by keyboard alone: made, decided, exported, signed, verified."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.review.columns import Column
from iamdesk.gui.review.finding_rows import FindingRow
from iamdesk.gui.review.sign_dialog import SignDialog
from iamdesk.gui.review.verify_dialog import VerifyDialog
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.grouping import Grouping
from iamdesk.review.review_file import ReviewFile

from .conftest import Answers

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def focus() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def command(window: MainWindow, name: str) -> None:
    """Choose a command that has no key of its own, as the menu and the palette do."""
    window.menus.actions[name].trigger()


@pytest.mark.usefixtures("made")
def test_a_whole_review_by_keyboard_alone(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> None:
    window = open_window
    panel = window.workspace.review
    prompts = Answers(save_to=tmp_path / "q3.iamreview")
    panel.controller._prompts = panel.packages._prompts = prompts
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    def wait(until: Callable[[], bool]) -> None:
        qtbot.waitUntil(until, timeout=90_000)

    # A new review; the cursor asks first who reviews.
    QTest.keyClick(window, Qt.Key.Key_N, CONTROL | SHIFT)
    asking = panel.controller.dialog
    assert asking is not None
    QTest.keyClick(asking, Qt.Key.Key_Return)
    wait(lambda: panel.review_session is not None and panel.model.rowCount() > 0)
    review_session = panel.review_session
    assert review_session is not None
    window.activateWindow()  # as the system does when the dialog is gone
    wait(lambda: QApplication.focusWidget() is panel.head.reviewer_name)
    QTest.keyClicks(focus(), "Ana Moreno")
    QTest.keyClick(focus(), Qt.Key.Key_Tab)
    own = next(line.holder_arn for line in review_session.lines if line.holder_arn.endswith("/ana.moreno"))
    QTest.keyClicks(focus(), own)
    QTest.keyClick(focus(), Qt.Key.Key_Tab)
    QTest.keyClick(window, Qt.Key.Key_4, CONTROL)  # the review panel, where the cursor last was
    panel.table.setFocus()

    # One key keeps; what is to change asks why, or what to change. The next row follows by itself.
    panel.table.go_to(0)
    keys = (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3)
    for number in range(40):
        QTest.keyClick(focus(), keys[number % len(keys)])
        if focus() is not panel.table:
            assert keys[number % len(keys)] != Qt.Key.Key_1, "keeping asks nothing"
            QTest.keyClick(focus(), Qt.Key.Key_Return)
        assert focus() is panel.table
    wait(lambda: not panel.queue.pending)
    own_lines = {line.line_id for line in review_session.lines if line.holder_arn == own}
    decided = sum(
        review_session.file.item_states.counts()[choice]
        for choice in (ReviewDecision.KEEP, ReviewDecision.REVOKE, ReviewDecision.MODIFY)
    )
    assert 30 <= decided <= 40

    # An exception: reason, owner, last day, by Tab.
    QTest.keyClick(focus(), Qt.Key.Key_4)
    QTest.keyClicks(focus(), "migration until spring")
    QTest.keyClick(focus(), Qt.Key.Key_Tab)
    QTest.keyClicks(focus(), "Ben")
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    wait(lambda: review_session.file.item_states.counts()[ReviewDecision.EXCEPT] == 1)

    # Undo and redo.
    wait(lambda: not panel.queue.pending)
    QTest.keyClick(focus(), Qt.Key.Key_Z, CONTROL)
    wait(lambda: review_session.file.item_states.counts()[ReviewDecision.EXCEPT] == 0)
    wait(lambda: not panel.queue.pending)
    QTest.keyClick(focus(), Qt.Key.Key_Y, CONTROL)
    wait(lambda: review_session.file.item_states.counts()[ReviewDecision.EXCEPT] == 1)

    # All the rest at once, with a reason; nobody decides on their own lines.
    mine = [row for row in panel.model.shown if own_lines & set(row.subject_ids)]
    assert mine
    panel.head.own.setFocus()
    panel.head.own.selectAll()
    QTest.keyClick(focus(), Qt.Key.Key_Delete)
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    panel.head.reviewer_name.setFocus()
    panel.head.reviewer_name.selectAll()
    QTest.keyClicks(focus(), "Ben Okafor")  # somebody else decides on Ana's
    panel.head.show_only.setFocus()
    QTest.keyClick(focus(), Qt.Key.Key_Down)  # To decide
    wait(lambda: 0 < panel.model.rowCount() < len(panel.model.rows))
    panel.table.setFocus()
    QTest.keyClick(focus(), Qt.Key.Key_A, CONTROL)
    QTest.keyClick(focus(), Qt.Key.Key_1)
    QTest.keyClicks(focus(), "checked with the owners")
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    wait(lambda: review_session.file.item_states.counts()[ReviewDecision.UNDECIDED] == 0)
    wait(lambda: not panel.queue.pending)

    # The findings: one by one at first, then the rest at once.
    panel.head.grouping.setFocus()
    for _ in range(4):  # Findings: each
        QTest.keyClick(focus(), Qt.Key.Key_Down)
    wait(lambda: panel.head.chosen_grouping is Grouping.FINDING and not panel.is_filling)
    wait(lambda: isinstance(panel.table.current_row(), FindingRow))
    panel.table.setFocus()
    for _ in range(3):
        QTest.keyClick(focus(), Qt.Key.Key_2)
        QTest.keyClick(focus(), Qt.Key.Key_Return)
    QTest.keyClick(focus(), Qt.Key.Key_1)
    QTest.keyClicks(focus(), "rebuilt in spring")
    QTest.keyClick(focus(), Qt.Key.Key_Tab)
    QTest.keyClicks(focus(), "Chloe")
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    wait(lambda: review_session.file.finding_states.counts()[ReviewDecision.EXCEPT] == 1)
    wait(lambda: not panel.queue.pending)
    panel.head.show_only.setFocus()
    QTest.keyClick(focus(), Qt.Key.Key_Home)
    QTest.keyClick(focus(), Qt.Key.Key_Down)  # To decide
    wait(lambda: panel.model.rowCount() == len(review_session.findings) - 4)
    panel.table.setFocus()
    QTest.keyClick(focus(), Qt.Key.Key_A, CONTROL)
    QTest.keyClick(focus(), Qt.Key.Key_3)
    QTest.keyClicks(focus(), "known")
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    wait(lambda: review_session.findings_waiting == 0)
    wait(lambda: not panel.queue.pending)
    total = len(review_session.lines) + len(review_session.findings)
    assert panel.title == f"Review {total}/{total}"
    assert all(row.texts[Column.DECISION] != "Undecided" for row in panel.model.rows)

    # The evidence, signed by name alone.
    prompts.save_to = tmp_path / "evidence"
    QTest.keyClick(window, Qt.Key.Key_E, CONTROL | SHIFT)
    wait(lambda: "The evidence package was written to" in panel.message.text)
    prompts.opens = tmp_path / "evidence" / "00_manifest.json"
    command(window, "actionSignPack")
    dialog = panel.packages.dialog
    assert isinstance(dialog, SignDialog)
    assert dialog.name.text() == "Ben Okafor"
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    wait(lambda: "signed as reviewer, as an unsigned attestation" in panel.message.text)
    command(window, "actionVerifyPack")
    wait(lambda: isinstance(panel.packages.dialog, VerifyDialog))
    verified = panel.packages.dialog
    assert isinstance(verified, QDialog)
    table = verified.findChild(QTreeWidget, "verifyTable")
    assert isinstance(table, QTreeWidget)
    outcomes = {table.topLevelItem(at).text(0) for at in range(table.topLevelItemCount())}  # type: ignore[union-attr]
    assert outcomes == {"passed", "not done"}  # not done: the attestation is unsigned
    closing = verified.findChild(QWidget, "verifyClosing")
    assert "unsigned: does not prove who made it" in closing.text().splitlines()  # type: ignore[union-attr]
    verified.close()

    # Closed, the file holds it all; and the terminal says the same of the pack.
    panel.controller.close()
    with ReviewFile.open(tmp_path / "q3.iamreview") as again:
        assert again.item_states.counts()[ReviewDecision.UNDECIDED] == 0
        assert again.damages() == ()
    done = subprocess.run(
        [sys.executable, "-m", "iamdesk", "verify", tmp_path / "evidence"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=tmp_path / "evidence", check=True)
