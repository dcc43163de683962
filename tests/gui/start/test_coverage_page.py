"""The page "What this snapshot holds"."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.start.coverage_page import CoveragePage, summary_words, totals_words
from iamdesk.resource_files import resources
from iamdesk.viewmodel.control_totals import SUMMARY, ControlTotal
from iamdesk.viewmodel.coverage import CoverageState


@pytest.fixture(scope="module")
def organization() -> SnapshotSession:
    return Workbench().open_snapshot(resources() / "samples" / "acme-organization")


@pytest.fixture
def page(qtbot: QtBot, session: Session, jobs: JobRunner) -> CoveragePage:
    made = CoveragePage(session, jobs)
    qtbot.addWidget(made)
    return made


def filled(qtbot: QtBot, page: CoveragePage) -> None:
    qtbot.waitUntil(lambda: bool(page.rows), timeout=5_000)


def test_it_is_filled_when_it_is_first_seen(
    qtbot: QtBot, page: CoveragePage, session: Session, organization: SnapshotSession
) -> None:
    session.open(organization)
    assert page.rows == []
    page.show()
    filled(qtbot, page)
    data = organization.captured_data()
    assert [row.data for row in page.rows] == list(data)
    assert page.summary.text() == f"{summary_words(data)} {totals_words(organization.control_totals())}"


def test_every_kind_says_its_state_and_what_is_missing_can_be_copied(
    qtbot: QtBot, page: CoveragePage, session: Session, organization: SnapshotSession
) -> None:
    page.show()
    session.open(organization)
    filled(qtbot, page)
    for row in page.rows:
        is_missing = row.data.extent is not CoverageState.CAPTURED
        assert row.state.text().startswith({"captured": "Captured", "partly": "Partly"}.get(row.data.extent, "Not"))
        assert (row.commands is not None) is is_missing
        card = page.lacking if is_missing else page.held
        assert card.isAncestorOf(row)
    report = next(row for row in page.rows if row.data.title == "Credential report")
    assert report.commands is not None
    report.commands.button.click()
    assert QGuiApplication.clipboard().text() == report.commands.text.toPlainText()
    assert QGuiApplication.clipboard().text().splitlines() == [
        "mkdir -p accounts/ACCOUNT-ID/iam",
        "aws iam generate-credential-report",
        "aws iam get-credential-report --output json > accounts/ACCOUNT-ID/iam/get-credential-report.json",
    ]


def test_totals_that_differ_come_first_with_icon_word_and_names(page: CoveragePage) -> None:
    totals = (
        ControlTotal("111122223333", "Roles", SUMMARY, 4, 4),
        ControlTotal("111122223333", "Users", "credential report", 3, 2, ("eve\u202e",)),
    )
    page.totals.show_totals(totals)
    first, second = page.totals.topLevelItem(0), page.totals.topLevelItem(1)
    assert first is not None
    assert second is not None
    assert (first.text(0), first.text(2), first.text(3), first.text(4)) == ("differs", "Users", "3", "2")
    assert second.text(0) == "agrees"
    assert not first.icon(0).isNull()
    assert first.icon(0).cacheKey() != second.icon(0).cacheKey()
    assert first.child(0).text(0) == "eve\\u202e: only in the credential report"
    assert totals_words(totals).startswith("Control totals: 1 of 2 counts by AWS differ")
    assert "all 1 counts" in totals_words(totals[:1])
    assert "neither" in totals_words(())


def test_another_snapshot_is_told_anew(
    qtbot: QtBot, page: CoveragePage, session: Session, organization: SnapshotSession, sample: SnapshotSession
) -> None:
    page.show()
    session.open(organization)
    filled(qtbot, page)
    before = page.summary.text()
    session.open(sample)
    qtbot.waitUntil(lambda: bool(page.rows) and page.summary.text() != before, timeout=5_000)
    assert len(page.rows) == len(sample.captured_data())
    session.close()
    assert page.rows == []
    assert page.summary.text() == ""


def test_it_is_reached_and_used_by_keyboard_alone(qtbot: QtBot, open_window: MainWindow) -> None:
    page = open_window.captured
    qtbot.keyClick(open_window, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    filled(qtbot, page)
    assert open_window.pages.currentWidget() is page
    assert QApplication.focusWidget() is page
    button = next(row.commands.button for row in page.rows if row.commands is not None)
    for _ in range(5):
        if QApplication.focusWidget() is button:
            break
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is button
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text().startswith("mkdir -p ")
    assert button.text() == "Copied"


def test_the_overview_leads_to_it(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.interior.show_overview()
    open_window.overview.captured_link.click()
    assert open_window.pages.currentWidget() is open_window.captured


def test_a_folder_without_a_manifest_is_opened_from_the_menu(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = resources() / "samples" / "acme-organization"
    asked: list[Path] = []

    def choose(_parent: object, start: Path) -> Path:
        asked.append(start)
        return folder

    monkeypatch.setattr(window.prompts, "folder_to_open", choose)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5_000)
    qtbot.keyClick(
        window.start.open_door, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    )
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    assert asked == [Path.home()]
    assert window.settings.recent == (folder,)
