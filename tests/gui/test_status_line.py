"""The foot of the window: what every answer rests on."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.status_line import StatusLine
from iamdesk.gui.core.action_data import action_data_day
from iamdesk.gui.core.badge_rows import missing_count, rows_by_badge
from iamdesk.gui.start.overview_facts import status_words
from iamdesk.resource_files import resources
from iamdesk.viewmodel.tree import Badge


def test_it_says_what_answers_rest_on(qtbot: QtBot, sample: SnapshotSession) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    assert line.missing_data.isHidden()
    assert line.actions_day.text() == ""
    line.show_snapshot(sample, missing_count(rows_by_badge(sample.outline, sample.outline.badges)))
    assert line.about.full_text() == status_words(sample)
    assert line.about.full_text() == "acme-prod.json · latest entry 30 September 2026 · 64 users and roles"
    assert line.missing_data.text() == "Missing data: 1"
    assert line.actions_day.text() == f"action data {action_data_day()}"
    assert "2026" in action_data_day()
    line.resize(900, 30)
    line.show()
    assert line.about.width() >= line.about.fontMetrics().horizontalAdvance(line.about.full_text())
    assert line.missing_data.x() < 600, "it stands behind the words, not at the edge"
    line.resize(420, 30)
    assert line.about.width() > 50
    line.show_snapshot(None)
    assert line.about.full_text() == ""
    assert line.missing_data.isHidden()


def test_a_bundle_says_when_it_was_captured() -> None:
    opened = Workbench().open_snapshot(resources() / "samples" / "acme-organization")
    assert "captured 24 November 2026" in status_words(opened)
    assert missing_count(rows_by_badge(opened.outline, opened.outline.badges)) == 0


def test_gaps_are_shown(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.session.select("arn:aws:iam::111122223333:user/finance/nora.lindqvist")
    QTest.mouseClick(window.status_line.missing_data, Qt.MouseButton.LeftButton)
    card = window.overview.named[Badge.MISSING_DATA]
    assert window.pages.currentWidget() is window.overview
    assert QApplication.focusWidget() is card.listed
    assert card.listed.count() == missing_count(window.session.badge_rows)
    window.session.close()
    assert window.status_line.about.full_text() == ""


def test_it_gives_way_to_a_message_also_when_a_job_comes_and_goes(qtbot: QtBot, open_window: MainWindow) -> None:
    bar = open_window.statusBar()
    open_window.session.announce("Written to x.")
    assert not open_window.status_line.isVisible()
    for shown in (True, False):
        open_window.job_strip.setVisible(shown)
        qtbot.waitUntil(lambda: not open_window.status_line.isVisible(), timeout=2_000)
        QApplication.processEvents()
        assert not open_window.status_line.isVisible()
    bar.clearMessage()
    qtbot.waitUntil(open_window.status_line.isVisible, timeout=2_000)


def test_a_message_does_not_follow_into_another_perspective(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.session.announce("17 principals have an attack path.")
    assert not open_window.status_line.isVisible()
    open_window.menus.actions["perspectiveMatrix"].trigger()
    qtbot.waitUntil(open_window.status_line.isVisible, timeout=2_000)
    assert open_window.statusBar().currentMessage() == ""
