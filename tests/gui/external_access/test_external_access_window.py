"""The window of external access: rows that fill in, filters, links, Cancel."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.external_access.external_access_window import ExternalAccessWindow
from iamdesk.gui.external_access.rows import Column
from iamdesk.gui.start.overview import OverviewPage
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.progress import WorkCancelled
from iamdesk.viewmodel.tree import Badge

ACCOUNT = "arn:aws:iam::111122223333"


def opened_from(window: MainWindow) -> ExternalAccessWindow:
    window.menus.actions["actionExternalAccess"].trigger()
    found = window.findChild(ExternalAccessWindow)
    assert isinstance(found, ExternalAccessWindow)
    return found


def test_rows_fill_in_and_lead_to_their_roles(qtbot: QtBot, open_window: MainWindow) -> None:
    shown = opened_from(open_window)
    assert opened_from(open_window) is shown, "there is one"
    qtbot.waitUntil(lambda: bool(shown.model.rows) and not shown.is_running, timeout=60_000)
    assert len(shown.model.rows) == 14
    assert shown.model.shown[0].entry.is_anyone, "anyone comes first"
    assert shown.summary.text() == (
        "14 external callers of roles and resources · 2 of them anyone, 1 of these only under conditions · 4 roles are "
        "or may become administrator"
    )
    overview = open_window.findChild(OverviewPage)
    assert overview is not None
    on_overview = overview.named[Badge.EXTERNAL_ACCESS]
    opened = open_window.session.snapshot
    assert opened is not None
    qtbot.waitUntil(lambda: not open_window.session.is_deciding, timeout=60_000)
    counted = {opened.outline.nodes[row].key for row in open_window.session.badge_rows[Badge.EXTERNAL_ACCESS]}
    assert len(counted) == 6
    assert counted < {row.entry.target for row in shown.model.rows}, "the overview counts some of these"
    assert "overview counts only roles that other accounts" in shown.scope.text()
    assert any("The table has more" in label.text() for label in on_overview.findChildren(FlowLabel))
    by_role = {row.texts[Column.ENTERS]: row.texts for row in shown.model.rows}
    assert by_role["role GitHubActionsDeploy"][Column.ADMINISTRATOR] == "1 step"
    assert by_role["role public-status-page"][Column.CONDITION] == "no condition"
    for place, row in enumerate(shown.model.shown):
        mark = shown.model.data(shown.model.index(place, Column.CONDITION), Qt.ItemDataRole.DecorationRole)
        glyph = Glyph.WARNING if row.texts[Column.CONDITION] == "no condition" else Mark.CONDITIONAL
        assert mark.cacheKey() == icons.icon(glyph, shown.palette()).cacheKey()
    shown.resize(1400, 600)  # the screen of the offscreen platform is 800 points wide
    room = shown.table.columnWidth(Column.CAN_DO)
    assert room == max(shown.table.columnWidth(column) for column in Column)
    worst = by_role["role AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b"][Column.CAN_DO]
    assert worst.startswith("permissions 884, delete data 2,089, write data ")
    assert shown.fontMetrics().horizontalAdvance(worst[:40]) < room, "permissions and what is deleted can be read"
    shown.table.sortByColumn(Column.ADMINISTRATOR, Qt.SortOrder.AscendingOrder)
    assert shown.model.shown[0].steps == 0
    place = next(at for at, row in enumerate(shown.model.shown) if row.steps == 1)
    shown.table.go_to(place)
    QTest.keyClick(shown.table, Qt.Key.Key_Return)
    assert open_window.session.subject_key == shown.model.shown[place].entry.target
    assert not shown.isVisible(), "it would cover the role"
    qtbot.waitUntil(open_window.isActiveWindow)
    qtbot.waitUntil(lambda: open_window.workspace.inspector.isAncestorOf(open_window.focusWidget()))
    assert opened_from(open_window) is shown, "it comes back as it was left"
    assert shown.isVisible()
    assert len(shown.model.rows) == 14

    shown.anyone.click()
    assert {row.texts[Column.WHO] for row in shown.model.shown} == {"anyone with an AWS account"}
    shown.without_condition.click()
    assert [row.texts[Column.ENTERS] for row in shown.model.shown] == ["role public-status-page"]
    shown.anyone.click()
    shown.without_condition.click()
    shown.text.setText("nobody of this name")
    qtbot.waitUntil(lambda: not shown.model.shown)
    assert shown.summary.text().endswith(" · none matches the filter")
    shown.text.setText("github legacy")
    qtbot.waitUntil(lambda: len(shown.model.shown) == 1, timeout=5_000)
    shown.paths_button.click()
    assert not shown.isVisible(), "it would cover the paths"
    panel = open_window.workspace.attack_paths
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)
    assert panel.found is not None
    assert panel.found.wanted.start.endswith("GitHubActionsLegacy")
    assert not open_window.session.is_deciding
    panel.start.setCurrentIndex(panel.start.findText("external principals"))
    panel.run()
    qtbot.waitUntil(lambda: panel.found is not None and panel.found.wanted.among is not None, timeout=30_000)
    starts = {path.start for path in panel.found.found_paths}
    assert starts
    assert starts <= (panel.found.wanted.among or frozenset())
    assert "roles with external access have an attack path" in panel._summary.full_text()


def test_a_cancelled_search_says_so(qtbot: QtBot, open_window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_opened: SnapshotSession, progress: Any, cancelled: Any) -> Any:
        for _ in range(3_000):
            if cancelled():
                raise WorkCancelled
            progress(1, 2)
            QTest.qSleep(10)
        yield from ()

    monkeypatch.setattr(SnapshotSession, "external_access", endless)
    shown = opened_from(open_window)
    qtbot.waitUntil(shown.bar.cancel_button.isVisible, timeout=10_000)
    shown.bar.cancel_button.click()
    assert not shown.is_running
    assert shown.message.text == "The search was canceled: the table is not complete."
    shown.close()
