"""Findings about what is selected, and its lines of the open review: the panels' own rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.inspector.inspector import Inspector
from iamdesk.review.decisions import ReviewDecision

ACCOUNT = "arn:aws:iam::111122223333"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
LEGACY = f"{ACCOUNT}:role/ci/GitHubActionsLegacy"
ALL_STAFF = f"{ACCOUNT}:group/AllStaff"


def inspector_of(window: MainWindow) -> Inspector:
    return window.workspace.inspector


def tab_text(inspector: Inspector, tab: object) -> str:
    index = next(at for at in range(inspector.tabs.count()) if inspector.tabs.widget(at) is tab)
    return inspector.tabs.tabText(index).replace("&", "") if inspector.tabs.isTabVisible(index) else ""


@pytest.fixture
def reviewed(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> Iterator[MainWindow]:
    """The window with a review of the sample open, and Ana as reviewer."""
    window = open_window
    assert window.session.snapshot is not None
    path = tmp_path / "q3.iamreview"
    window.session.snapshot.create_review(path, "Third quarter")
    panel = window.workspace.review
    panel.head.reviewer_name.setText("Ana Moreno")
    window.activateWindow()
    panel.controller.open_path(path)
    qtbot.waitUntil(lambda: panel.review_session is not None and not window.jobs.running, timeout=20_000)
    yield window
    panel.controller.close()


def test_findings_of_the_subject_are_the_panels(qtbot: QtBot, open_window: MainWindow) -> None:
    window, inspector = open_window, inspector_of(open_window)
    assert inspector.findings.model is None, "nothing is made before somebody looks"
    window.session.select(LEGACY)
    rows = [row for row in window.workspace.findings.model.rows if row.finding.subject_key.startswith(LEGACY)]
    assert rows
    assert tab_text(inspector, inspector.findings) == f"Findings {len(rows):,}"
    assert inspector.findings.model is None
    inspector.tabs.setCurrentWidget(inspector.findings)
    assert inspector.findings.model is not None
    assert {id(row) for row in inspector.findings.model.rows} == {id(row) for row in rows}, "the same rows, not copies"
    shown = inspector.findings.detail.finding
    assert shown is inspector.findings.model.shown[0].finding, "the worst comes first, with its proof"
    QTest.keyClick(inspector.findings.table, Qt.Key.Key_Down)
    assert inspector.findings.detail.finding is not shown
    with qtbot.waitSignal(window.session.key_shown):
        QTest.keyClick(inspector.findings.table, Qt.Key.Key_Return)


def test_another_subject_has_other_findings_or_a_reason_why_none(open_window: MainWindow) -> None:
    window, inspector = open_window, inspector_of(open_window)
    window.session.select(INES)
    inspector.tabs.setCurrentWidget(inspector.findings)
    assert tab_text(inspector, inspector.findings) == "Findings 1"
    clean = next(
        node.key
        for node in window.session.snapshot.outline.nodes  # type: ignore[union-attr]  # it is open
        if node.key.startswith(f"{ACCOUNT}:user/") and "#" not in node.key and not _found(window, node.key)
    )
    window.session.select(clean)
    assert tab_text(inspector, inspector.findings) == "Findings 0"
    assert inspector.findings._empty.isVisible()
    assert "no open findings" in inspector.findings._empty.text()


def _found(window: MainWindow, key: str) -> bool:
    return any(row.finding.subject_key.partition("#")[0] == key for row in window.workspace.findings.model.rows)


def test_a_policy_of_a_role_shows_its_own_findings_alone(open_window: MainWindow) -> None:
    window, inspector = open_window, inspector_of(open_window)
    keys = {row.finding.subject_key for row in window.workspace.findings.model.rows}
    inline = sorted(key for key in keys if key.startswith("arn:") and "#inline" in key)
    assert inline
    window.session.select(inline[0])
    own = [row for row in window.workspace.findings.model.rows if row.finding.subject_key == inline[0]]
    assert tab_text(inspector, inspector.findings) == f"Findings {len(own)}"


def test_without_a_review_there_is_no_tab_for_it(open_window: MainWindow) -> None:
    open_window.session.select(INES)
    inspector = inspector_of(open_window)
    assert tab_text(inspector, inspector.review) == ""


def test_lines_of_the_subject_are_decided_by_the_keys_of_a_review(qtbot: QtBot, reviewed: MainWindow) -> None:
    window, inspector = reviewed, inspector_of(reviewed)
    window.session.show_key(INES)
    panel = window.workspace.review
    assert panel.review_session is not None
    lines = [line for line in panel.review_session.lines if line.holder_arn == INES]
    assert tab_text(inspector, inspector.review) == f"Review 0/{len(lines)}"
    inspector.tabs.setCurrentWidget(inspector.review)
    table = inspector.review.table
    table.setFocus()
    table.go_to(1)
    at = table.current_row()
    assert at is not None
    QTest.keyClick(table, Qt.Key.Key_1)
    qtbot.waitUntil(
        lambda: panel.review_session.decision(at.subject_ids[0]).choice is ReviewDecision.KEEP, timeout=10_000
    )
    qtbot.waitUntil(lambda: tab_text(inspector, inspector.review) == f"Review 1/{len(lines)}")
    assert table.hasFocus(), "the cursor stays where the decision was made"
    after = table.current_row()
    assert after is not None
    assert after.subject_ids == at.subject_ids
    window.menus.actions["actionUndo"].trigger()
    qtbot.waitUntil(lambda: tab_text(inspector, inspector.review) == f"Review 0/{len(lines)}")


def test_what_needs_a_reason_is_asked_in_the_review(qtbot: QtBot, reviewed: MainWindow) -> None:
    window, inspector = reviewed, inspector_of(reviewed)
    window.session.show_key(INES)
    inspector.tabs.setCurrentWidget(inspector.review)
    with qtbot.waitSignal(inspector.review.line_wanted):
        QTest.keyClick(inspector.review.table, Qt.Key.Key_4)
    assert window.workspace.review.bar.isVisible()


def test_return_goes_to_the_line_in_the_review_past_its_filter(qtbot: QtBot, reviewed: MainWindow) -> None:
    window, inspector = reviewed, inspector_of(reviewed)
    panel = window.workspace.review
    panel.head.text.setText("AllStaff")
    qtbot.waitUntil(lambda: len(panel.model.shown) < len(panel.model.rows))
    window.session.show_key(LEGACY)
    inspector.tabs.setCurrentWidget(inspector.review)
    row = inspector.review.table.current_row()
    assert row is not None
    QTest.keyClick(inspector.review.table, Qt.Key.Key_Return)
    there = panel.table.current_row()
    assert there is not None
    assert there.subject_ids == row.subject_ids
    assert window.workspace.docks["reviewDock"].isVisible()


def test_a_group_has_its_lines(reviewed: MainWindow) -> None:
    window, inspector = reviewed, inspector_of(reviewed)
    window.session.select(ALL_STAFF)
    review_session = window.workspace.review.review_session
    assert review_session is not None
    count = sum(line.holder_arn == ALL_STAFF for line in review_session.lines)
    assert tab_text(inspector, inspector.review) == f"Review 0/{count}"
