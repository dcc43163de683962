"""The Summary tab: cards that fill in, links that lead on, a search that can be cancelled."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core import clipboard
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.inspector.inspector import Inspector
from iamdesk.gui.inspector.page_tab import PageTab
from iamdesk.progress import WorkCancelled
from iamdesk.review.decisions import ReviewDecision
from iamdesk.viewmodel.pages import Part

ACCOUNT = "arn:aws:iam::111122223333"
ELENA = f"{ACCOUNT}:user/engineering/elena.petrov"
REPORTING = f"{ACCOUNT}:role/service/reporting"
BREAK_GLASS = f"{ACCOUNT}:role/break-glass/BreakGlassAdmin"
TERRAFORM = f"{ACCOUNT}:role/deploy/terraform"


@pytest.fixture
def inspector(qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession) -> Inspector:
    made = Inspector(session, jobs)
    qtbot.addWidget(made)
    made.resize(800, 700)
    made.show()
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    return made


def show(qtbot: QtBot, inspector: Inspector, session: Session, key: str) -> PageTab:
    session.select(key)
    page = inspector.page
    qtbot.waitUntil(lambda: page.is_complete, timeout=30_000)
    return page


def test_the_summary_is_shown_first_and_fills_in(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(ELENA)
    page = inspector.page
    assert inspector.tabs.currentWidget() is page
    assert page.cards[Part.DATA].is_waiting, "a skeleton until it is computed"
    qtbot.waitUntil(lambda: page.is_complete, timeout=30_000)
    assert page.sentence.text().startswith(
        "Not an administrator; may become one in a single step through role reporting"
    )
    assert not any(card.is_waiting for part, card in page.cards.items() if part not in (Part.FINDINGS, Part.REVIEW))
    assert page.again_button.isHidden()
    card = page.cards[Part.ESCALATION]
    assert card.list.lines.lines[0].key == REPORTING
    assert card.list.accessibleName() == card.title.text() == "Privilege escalation: 4"
    assert card.list.height() >= card.list.sizeHint().height() > 0, "no line is cut off"


def test_a_line_leads_to_its_item_by_mouse_and_key(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    page = show(qtbot, inspector, session, REPORTING)
    assert page.sentence.text() == "Administrator of account 111122223333."
    lines = page.cards[Part.IDENTICAL].list
    lines.setFocus()
    lines.setCurrentIndex(lines.lines.index(0))
    assert clipboard.copied_text(lines) == f"role terraform\t{TERRAFORM}"
    QTest.keyClick(lines, Qt.Key.Key_Return)
    assert session.subject_key == TERRAFORM
    page = show(qtbot, inspector, session, TERRAFORM)
    lines = page.cards[Part.IDENTICAL].list
    place = lines.visualRect(lines.lines.index(0)).center()
    QTest.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.subject_key != TERRAFORM


def test_a_link_asks_who_can_assume_the_role(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    page = show(qtbot, inspector, session, BREAK_GLASS)
    card = page.cards[Part.ASSUMED_BY]
    asked: list[Request] = []
    session.who_can_asked.connect(asked.append)
    assert card.link is not None
    QTest.keyClick(card.link, Qt.Key.Key_Return)
    assert [(one.action, one.resource) for one in asked] == [("sts:AssumeRole", BREAK_GLASS)]


def test_a_page_is_cached(
    qtbot: QtBot, session: Session, inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(qtbot, inspector, session, ELENA)
    show(qtbot, inspector, session, REPORTING)
    monkeypatch.setattr(SnapshotSession, "principal_page", None)
    session.select(ELENA)
    assert inspector.page.is_complete
    assert inspector.page.sentence.text().startswith("Not an administrator")


def test_the_search_for_attack_paths_is_cancelled_and_begun_again(
    qtbot: QtBot, jobs: JobRunner, session: Session, inspector: Inspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SnapshotSession.reach

    def endless(_opened: SnapshotSession, progress: Any, cancelled: Any, _executor: Any) -> None:
        for _ in range(3_000):
            if cancelled():
                raise WorkCancelled
            progress(1, 2)
            QTest.qSleep(10)

    monkeypatch.setattr(SnapshotSession, "reach", endless)
    session.select(ELENA)
    page = inspector.page
    qtbot.waitUntil(lambda: any(job.topic == "page attack paths" for job in jobs.running), timeout=20_000)
    qtbot.waitUntil(lambda: not page.cards[Part.DATA].is_waiting, timeout=20_000)
    next(job for job in jobs.running if job.topic == "page attack paths").cancel()  # as the list of jobs does
    assert page.sentence.text() == "Attack paths were not computed."
    assert not page.again_button.isHidden()
    monkeypatch.setattr(SnapshotSession, "reach", real)
    page.again_button.click()
    qtbot.waitUntil(lambda: page.is_complete, timeout=30_000)
    assert page.sentence.text().startswith("Not an administrator")


def test_nothing_is_computed_behind_another_tab(qtbot: QtBot, session: Session, inspector: Inspector) -> None:
    session.select(ELENA)
    inspector.tabs.setCurrentWidget(inspector.json)
    session.select(REPORTING)
    qtbot.wait(300)
    assert not inspector.page.is_complete
    inspector.tabs.setCurrentWidget(inspector.page)
    qtbot.waitUntil(lambda: inspector.page.is_complete, timeout=30_000)


def test_key_risks_are_the_findings_of_the_panel(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    window.session.show_key(ELENA)
    page = window.workspace.inspector.page
    qtbot.waitUntil(lambda: page.is_complete, timeout=30_000)
    found = [row for row in window.workspace.findings.model.rows if row.finding.subject_key.startswith(ELENA)]
    card = page.cards[Part.FINDINGS]
    assert card.title.text() == f"Key risks: {len(found)}"
    assert card.list.lines.lines[0].text.startswith("Medium · ")
    assert page.cards[Part.REVIEW].isHidden(), "no review is open"
    assert card.link is not None
    card.link.click()
    inspector = window.workspace.inspector
    assert inspector.tabs.currentWidget() is inspector.findings
    inspector.tabs.setCurrentWidget(page)
    card.list.setCurrentIndex(card.list.lines.index(0))
    QTest.keyClick(card.list, Qt.Key.Key_Return)
    assert inspector.tabs.currentWidget() is inspector.findings, "a finding opens the table"


def test_review_items_are_those_of_the_open_review(qtbot: QtBot, open_window: MainWindow, tmp_path: Path) -> None:
    window = open_window
    opened = window.session.whole
    assert opened is not None
    path = tmp_path / "q3.iamreview"
    opened.create_review(path, "Third quarter")
    panel = window.workspace.review
    panel.head.reviewer_name.setText("Ana Moreno")
    panel.controller.open_path(path)
    qtbot.waitUntil(lambda: panel.review_session is not None and not window.jobs.running, timeout=30_000)
    window.session.show_key(ELENA)
    inspector = window.workspace.inspector
    rows = inspector.review.source.about(ELENA) if inspector.review.source is not None else []
    assert rows
    card = inspector.page.cards[Part.REVIEW]
    assert not card.isHidden()
    assert card.title.text() == f"Review items: {len(rows)}"
    assert card.note.text() == f"{len(rows)} of {len(rows)} undecided"
    assert inspector.review.source is not None
    inspector.review.source.decide(rows[:1], ReviewDecision.KEEP)
    qtbot.waitUntil(lambda: card.note.text() == f"{len(rows) - 1} of {len(rows)} undecided", timeout=20_000)
    assert card.link is not None
    card.link.click()
    assert inspector.tabs.currentWidget() is inspector.review
    panel.controller.close()


def test_the_link_to_attack_paths_shows_them(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    window.session.show_key(ELENA)
    page = window.workspace.inspector.page
    qtbot.waitUntil(lambda: page.is_complete, timeout=30_000)
    link = page.cards[Part.ESCALATION].link
    assert link is not None
    link.click()
    panel = window.workspace.attack_paths
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)
    assert panel.found is not None
    assert panel.found.wanted.start == ELENA
