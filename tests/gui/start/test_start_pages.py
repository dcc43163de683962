from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.checks.finding import Severity
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.badge_rows import rows_by_badge
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.theme import is_dark, palette_for
from iamdesk.gui.findings.rows import principals_by_risk
from iamdesk.gui.start.bar_chart import Bar, BarChart
from iamdesk.gui.start.overview import OverviewPage
from iamdesk.gui.start.overview_facts import section_counts, status_words
from iamdesk.gui.start.start_page import StartPage
from iamdesk.gui.widgets.capture_help import CAPTURE_COMMAND
from iamdesk.resource_files import sample_snapshot
from iamdesk.viewmodel.tree_builder import Badge, NodeKind


def test_doors_say_what_is_wanted(qtbot: QtBot) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.open_wanted):
        qtbot.keyClick(page.open_door, Qt.Key.Key_Space)
    with qtbot.waitSignal(page.sample_wanted):
        qtbot.mouseClick(page.sample_door, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.organization_wanted):
        qtbot.keyClick(page.organization_door, Qt.Key.Key_Return)


def test_return_opens_the_newest_snapshot_or_asks_for_the_first(window: MainWindow, qtbot: QtBot) -> None:
    window.show()
    window.activateWindow()
    assert window.focusWidget() is window.start.open_door
    with qtbot.waitSignal(window.start.open_wanted):
        window.start.open_wanted.disconnect(window.ask_and_open)  # it would ask for a file
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    window.settings.remember(sample_snapshot())
    window._show_start()
    assert window.focusWidget() is window.start.recent
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    assert window.session.snapshot is not None
    assert window.session.snapshot.path == sample_snapshot()


def test_the_capture_command_is_shown_and_copied(qtbot: QtBot) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.show()
    assert page.capture_help.isHidden()
    page.help_door.click()
    assert page.capture_help.isVisible()
    assert page.focusWidget() is page.capture_help.copy_button
    page.capture_help.copy_button.click()
    assert QGuiApplication.clipboard().text() == CAPTURE_COMMAND


def test_recent_files_are_listed_as_plain_text_and_open(qtbot: QtBot) -> None:
    page = StartPage()
    qtbot.addWidget(page)
    page.show_recent(())
    assert page.recent.isHidden()
    path = Path("/home/<b>R&D\u202e.json")
    page.show_recent((path,))
    assert page.recent.item(0).text().startswith("<b>R&D\\u202e.json")
    with qtbot.waitSignal(page.recent_wanted) as wanted:
        page.recent.itemActivated.emit(page.recent.item(0))
    assert wanted.args == [path]


def test_counts_of_sections_are_those_of_the_account(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    counts = {part.title: part.count for part in section_counts(sample.outline)}
    assert counts["Users"] == len(account.users)
    assert counts["Groups"] == len(account.groups)
    # Roles of Identity Center stand under the name of their permission set.
    assert sum(counts[title] for title in ("Roles", "Permission sets", "Service-linked roles")) == len(account.roles)
    kinds = {part.title: part.kind for part in section_counts(sample.outline)}
    assert kinds["Users"] is NodeKind.USER


def test_the_status_line_counts_principals(sample: SnapshotSession) -> None:
    (account,) = sample.snapshot.accounts
    words = status_words(sample)
    assert f"{len(account.users) + len(account.roles):,} users and roles" in words
    assert words.startswith("acme-prod.json")


def test_the_overview_tells_users_and_roles_by_their_worst_finding_and_leads_to_them(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession
) -> None:
    page = OverviewPage(session, jobs)
    qtbot.addWidget(page)
    session.open(sample)
    assert page.worst.bars == ()
    told = principals_by_risk(sample.findings())
    page.show_risks(told)
    kinds = sample.outline.nodes.kinds
    everybody = sum(kind in (NodeKind.USER, NodeKind.ROLE) for kind in kinds)
    counts = {bar.name: bar.count for bar in page.worst.bars}
    assert counts["Critical"] == len(told[Severity.CRITICAL]) > 0
    assert counts["High"] == len(told[Severity.HIGH])
    assert sum(counts.values()) == everybody
    assert counts["No findings"] > 0
    with qtbot.waitSignal(page.risk_wanted) as wanted:
        page.worst.chosen.emit(page.worst.bars[0].target)
    assert wanted.args == [Severity.CRITICAL]
    assert "Critical" in page.worst.accessibleName()
    session.close()
    assert page.worst.bars == ()


def test_the_overview_names_administrators_once_they_are_decided(
    qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession
) -> None:
    page = OverviewPage(session, jobs)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
        assert page._deciding.isVisible()
        assert "Administrators" not in [bar.name for bar in page.risks.bars]
    administrators = rows_by_badge(sample.outline, session.badges)[Badge.ADMINISTRATOR]
    assert administrators
    assert {bar.name: bar.count for bar in page.risks.bars}["Administrators"] == len(administrators)
    listed = page.named[Badge.ADMINISTRATOR].listed
    names = [listed.item(row).text() for row in range(listed.count())]
    assert len(names) == len(administrators)
    assert any(name.startswith("ines.costa") for name in names)
    assert page._deciding.isHidden()
    icon = listed.item(0).icon().pixmap(16).toImage()
    assert not listed.item(0).icon().isNull()
    page.setPalette(palette_for(not is_dark(page.palette())))
    assert listed.item(0).icon().pixmap(16).toImage() != icon
    key = sample.outline.nodes[administrators[0]].key
    with qtbot.waitSignal(session.key_shown) as shown:
        listed.itemActivated.emit(listed.item(0))
    assert shown.args == [key]
    unused = next(number for number, bar in enumerate(page.risks.bars) if bar.target is Badge.UNUSED)
    page.risks._choose(unused)
    assert page.named[Badge.UNUSED].listed.count() == page.risks.bars[unused].count
    assert page.named[Badge.UNUSED].listed.hasFocus() or not page.isActiveWindow()
    session.close()
    assert page.people.bars == ()


def test_a_bar_leads_to_its_section(qtbot: QtBot, session: Session, jobs: JobRunner, sample: SnapshotSession) -> None:
    page = OverviewPage(session, jobs)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(session.badges_decided, timeout=60_000):
        session.open(sample)
    page.people.setFocus()
    qtbot.keyClick(page.people, Qt.Key.Key_Down)
    with qtbot.waitSignal(session.row_shown) as shown:
        qtbot.keyClick(page.people, Qt.Key.Key_Return)
    assert sample.outline.nodes[shown.args[0]].text == "Groups"


def test_a_chart_tells_screen_readers_what_it_shows(qtbot: QtBot) -> None:
    chart = BarChart("Who is there")
    qtbot.addWidget(chart)
    chart.show_bars([Bar("Users", 1200, NodeKind.USER, 1), Bar("Ro\u202eles", 0, NodeKind.ROLE)])
    assert chart.accessibleName() == "Who is there: Users 1,200; Ro\\u202eles 0"
    chart.resize(400, 60)
    chosen: list[object] = []
    chart.chosen.connect(chosen.append)
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.rect().center() / 2)
    assert chosen == [1]
    assert not chart.grab().isNull()
