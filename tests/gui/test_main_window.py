import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QThreadPool, QUrl
from PySide6.QtGui import QAction, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QTreeView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.commands import COMMANDS
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.perspectives import PERSPECTIVES
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.theme import Scheme, is_dark
from iamdesk.gui.help.help_window import HelpWindow
from iamdesk.progress import WorkCancelled
from iamdesk.resource_files import sample_snapshot

from ..opened import open_each_anew

ACCOUNT = "arn:aws:iam::111122223333"
INES = f"{ACCOUNT}:user/engineering/sre/ines.costa"
PETRA = f"{ACCOUNT}:user/finance/petra.novak"
QUESTION = Request(PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x")


def opened(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)


def evaluated(qtbot: QtBot, window: MainWindow, request: Request = QUESTION) -> None:
    window.session.ask(request)
    qtbot.waitUntil(lambda: not window.session.pending, timeout=20_000)


def test_the_window_comes_unshown_and_empty(window: MainWindow) -> None:
    assert isinstance(window, QMainWindow)
    assert not window.isVisible()
    assert window.pages.currentWidget() is window.start


def test_a_path_is_opened_in_the_background(qtbot: QtBot, tmp_path: Path) -> None:
    window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    assert window.session.snapshot is None, "not yet: a worker reads it"
    opened(qtbot, window)
    assert window.pages.currentWidget() is window.overview
    assert window.windowTitle().startswith("acme-prod.json")
    assert window.settings.recent == (sample_snapshot(),)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (QTreeView, "navigator"),
        (QLineEdit, "navigatorFilter"),
        (QWidget, "inspector"),
        (QPlainTextEdit, "policyView"),
        (QLineEdit, "askPrincipal"),
        (QLineEdit, "askAction"),
        (QLineEdit, "askResource"),
        (QWidget, "askContext"),
        (QPushButton, "askButton"),
        (QWidget, "verdict"),
        (QWidget, "layerList"),
        (QWidget, "statementList"),
        (QAction, "actionOpen"),
        (QAction, "actionAsk"),
        (QAction, "actionFind"),
    ],
)
def test_the_names_that_others_hold_on_to_are_there(window: MainWindow, kind: type[QWidget], name: str) -> None:
    assert window.findChild(kind, name) is not None


def test_selection_flows_from_navigator_to_inspector_and_question(open_window: MainWindow) -> None:
    navigator = open_window.workspace.navigator
    row = open_window.session.snapshot.outline.rows_by_key[PETRA]  # type: ignore[union-attr]
    navigator.tree.setCurrentIndex(navigator.model.index_of(row))
    assert open_window.pages.currentWidget() is open_window.workspace.inspector
    assert open_window.workspace.inspector.header.title.full_text() == "petra.novak"
    assert open_window.workspace.request_bar.principal.text() == PETRA


def test_an_answer_marks_the_policy(qtbot: QtBot, open_window: MainWindow) -> None:
    evaluated(qtbot, open_window)
    view = open_window.findChild(QPlainTextEdit, "policyView")
    assert view is not None
    assert view.extraSelections()
    assert open_window.pages.currentWidget() is open_window.workspace.inspector
    assert open_window.menus.actions["actionCopyAnswer"].isEnabled()


def test_every_entry_of_the_menus_does_something_and_has_a_tip(open_window: MainWindow) -> None:
    names = {command.name for command in COMMANDS}
    assert set(open_window.menus.actions) <= names
    for name in ("actionOpen", "actionFind", "actionAsk", "actionQuestion", "actionBack", "actionPalette"):
        assert name in open_window.menus.actions
    for action in open_window.menus.actions.values():
        assert action.statusTip()


def test_no_key_has_two_meanings(open_window: MainWindow) -> None:
    seen: dict[str, str] = {}
    for action in open_window.menus.actions.values():
        for sequence in action.shortcuts():
            text = sequence.toString()
            assert text not in seen, f"{text}: {seen.get(text)} and {action.objectName()}"
            seen[text] = action.objectName()


def test_no_mnemonic_of_a_menu_has_two_meanings(open_window: MainWindow) -> None:
    for menu in [*open_window.menus.menus.values()]:
        letters = [QKeySequence.mnemonic(action.text()).toString() for action in menu.actions()]
        letters = [letter for letter in letters if letter]
        assert len(letters) == len(set(letters)), menu.title()


def test_what_needs_a_snapshot_is_off_without_one(window: MainWindow) -> None:
    actions = window.menus.actions
    assert actions["actionOpen"].isEnabled()
    assert actions["actionPalette"].isEnabled()
    for name in ("actionFind", "actionAsk", "actionReload", "actionCloseSnapshot", "actionBack", "actionForward"):
        assert not actions[name].isEnabled(), name


def test_back_is_on_only_where_there_is_a_way_back(qtbot: QtBot, open_window: MainWindow) -> None:
    actions = open_window.menus.actions
    open_window.session.select(PETRA)
    evaluated(qtbot, open_window)
    assert actions["actionBack"].isEnabled()
    assert not actions["actionForward"].isEnabled()
    actions["actionBack"].trigger()
    assert not actions["actionBack"].isEnabled()
    assert actions["actionForward"].isEnabled()


def test_closing_the_snapshot_leads_back_to_the_start(open_window: MainWindow) -> None:
    open_window.menus.actions["actionCloseSnapshot"].trigger()
    assert open_window.pages.currentWidget() is open_window.start
    shown = [name for name, frame in open_window.workspace.docks.items() if frame.isVisible()]
    assert shown == ["pagesDock"], "the start page is one of them"
    assert not open_window.interior.rail.isVisible()
    assert open_window.windowTitle() == "iamdesk"
    assert not open_window.menus.actions["actionAsk"].isEnabled()


def test_a_file_that_is_no_snapshot_is_said_in_a_bar_and_what_is_open_stays(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path
) -> None:
    bad = tmp_path / "<b>bad.json"
    bad.write_text("[1, 2")
    before = open_window.session.snapshot
    with qtbot.waitSignal(open_window.opening.refused):
        open_window.open_path(bad)
    assert open_window.problem_bar.isVisible()
    assert "<b>bad.json" in open_window.problem_bar.text
    assert open_window.session.snapshot is before
    assert bad not in open_window.settings.recent
    open_window.open_path(sample_snapshot())
    opened(qtbot, open_window)
    assert not open_window.problem_bar.isVisible()


def test_opening_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ends = threading.Event(), []
    read = Workbench.open_snapshot

    def read_with_a_rest(*arguments: Any) -> SnapshotSession:
        workbench, path, progress, *more = arguments

        def progress_and_rest(done: int, total: int) -> None:
            progress(done, total)
            assert go_on.wait(60)

        try:
            return read(workbench, path, progress_and_rest, *more)
        except WorkCancelled:
            ends.append("in the middle")
            raise

    monkeypatch.setattr(Workbench, "open_snapshot", read_with_a_rest)
    users = [{"Arn": f"{ACCOUNT}:user/u{number}", "UserName": f"u{number}"} for number in range(20_000)]
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": [], "Policies": []}))
    window.show()
    window.open_path(large)
    cancel = window.findChild(QPushButton, "cancelJob")
    assert cancel is not None
    qtbot.waitUntil(cancel.isVisible, timeout=60_000)
    assert cancel.accessibleName() == "Cancel: Reading large.json"
    cancel.click()
    assert window.jobs.running == ()
    assert not cancel.isVisible()
    go_on.set()
    assert window.jobs.wait_all(60_000)
    assert ends == ["in the middle"]
    assert window.session.snapshot is None


def test_a_dropped_file_is_opened_and_two_are_not(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    def drop(*urls: QUrl) -> bool:
        data = QMimeData()
        data.setUrls(list(urls))
        event = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        event.ignore()
        window.dropEvent(event)
        return event.isAccepted()

    one = QUrl.fromLocalFile(str(sample_snapshot()))
    assert not drop(one, one)
    assert not drop(QUrl("https://example.com/a.json"))
    assert drop(one)
    opened(qtbot, window)


class OneFile(FileDialogs):
    def __init__(self, path: Path | None) -> None:
        self.path = path

    def snapshot_to_open(self, parent: QWidget, folder: Path, title: str = "") -> Path | None:  # noqa: ARG002
        return self.path


def test_the_open_command_asks_and_opens(qtbot: QtBot, window: MainWindow) -> None:
    window.prompts = OneFile(None)
    window.menus.actions["actionOpen"].trigger()
    assert window.jobs.running == ()
    window.prompts = OneFile(sample_snapshot())
    window.menus.actions["actionOpen"].trigger()
    opened(qtbot, window)


def test_recent_files_stand_in_the_menu_with_their_ampersands(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "R&D.json"
    path.write_bytes(sample_snapshot().read_bytes())
    window.open_path(path)
    opened(qtbot, window)
    window._recent_menu.aboutToShow.emit()
    texts = [action.text() for action in window._recent_menu.actions()]
    assert texts[0].endswith("R&&D.json")
    assert texts[-1] == "&Clear recent files"
    window._recent_menu.actions()[-1].trigger()
    assert window.settings.recent == ()


def test_reload_reads_the_file_again(qtbot: QtBot, open_window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    open_each_anew(monkeypatch)
    before = open_window.session.snapshot
    open_window.menus.actions["actionReload"].trigger()
    qtbot.waitUntil(lambda: open_window.session.snapshot is not before, timeout=20_000)
    opened(qtbot, open_window)


def test_panels_sizes_and_zoom_come_back(qtbot: QtBot, tmp_path: Path) -> None:
    first = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(first)
    first.show()
    opened(qtbot, first)
    first.resize(760, 640)
    first.interior.stack.hide_panel("navigatorDock")
    first.workspace.raise_dock("answerDock")
    first.workspace.inspector.set_zoom(2)
    first.menus.actions["actionSchemeDark"].trigger()
    first.close()
    second = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(second)
    second.show()
    opened(qtbot, second)
    assert (second.width(), second.height()) == (760, 640)
    assert second.workspace.docks["navigatorDock"].isHidden()
    assert not second.workspace.docks["answerDock"].isHidden()
    assert second.workspace.inspector.zoom == 2
    assert second.theme.scheme is Scheme.DARK
    assert second.menus.actions["actionSchemeDark"].isChecked()
    second.menus.actions["actionSchemeLight"].trigger()


def test_both_palettes_reach_every_panel(qtbot: QtBot, open_window: MainWindow) -> None:
    evaluated(qtbot, open_window)
    view = open_window.workspace.inspector.policies.reader.text
    light = view.grab().toImage()
    open_window.menus.actions["actionSchemeDark"].trigger()
    QApplication.processEvents()
    assert is_dark(view.palette())
    dark = view.grab().toImage()
    place = view.viewport().geometry().bottomRight()
    assert light.pixelColor(place).lightness() > 200
    assert dark.pixelColor(place).lightness() < 60
    open_window.menus.actions["actionSchemeLight"].trigger()
    QApplication.processEvents()
    assert not is_dark(view.palette())


def test_colours_change_while_everything_is_open(qtbot: QtBot, open_window: MainWindow) -> None:
    evaluated(qtbot, open_window)
    workspace = open_window.workspace
    workspace.findings.table.setCurrentIndex(workspace.findings.model.index(0, 0))
    open_window.session.show_access(PETRA)
    open_window.interior.show_attack_paths()
    open_window.interior.show_captured()
    for name in ("actionHelp", "actionWhyDenied", "actionSettings", "actionCompare", "actionWhatIf"):
        open_window.prompts.snapshot_to_open = lambda *_: None  # type: ignore[method-assign]
        open_window.menus.actions[name].trigger()
    for scheme in (Scheme.CONTRAST, Scheme.DARK, Scheme.CONTRAST, Scheme.LIGHT):
        # High contrast brings lines with it: Qt then polishes every widget there is, and none may go meanwhile.
        open_window.theme.scheme = scheme
        QApplication.processEvents()
        assert not open_window.grab().toImage().isNull()
    assert workspace.findings.detail.finding is not None


def test_f6_visits_every_panel_and_returns_to_where_one_was(qtbot: QtBot, open_window: MainWindow) -> None:
    workspace = open_window.workspace
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    open_window.session.select(PETRA)
    workspace.navigator.tree.setFocus()
    evaluated(qtbot, open_window)
    rail = open_window.interior.rail

    def visit(steps: int) -> list[QWidget]:
        visited: list[QWidget] = []
        for _ in range(steps):
            open_window.menus.actions["actionNextPanel"].trigger()
            focus = QApplication.focusWidget()
            visited.append(next(one for one in (*workspace.panels(), rail) if focus and one.isAncestorOf(focus)))
        return visited

    assert visit(5) == [workspace.inspector, workspace.result, rail, workspace.request_bar, workspace.navigator]
    assert QApplication.focusWidget() is workspace.navigator.tree
    open_window.menus.actions["actionPreviousPanel"].trigger()
    assert workspace.request_bar.isAncestorOf(QApplication.focusWidget())
    visited = {workspace.inspector, workspace.navigator}
    for one in PERSPECTIVES:
        open_window.menus.actions[one.name].trigger()
        visited.update(visit(len(workspace.panels())))
    assert visited >= {*workspace.panels()} - {workspace.history}
    open_window.menus.actions["actionShowAsked"].trigger()
    assert workspace.history.isAncestorOf(QApplication.focusWidget())


def test_the_palette_lists_filters_and_runs_commands(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.session.select(PETRA)
    palette = open_window.windows.search_everywhere(">")
    qtbot.addWidget(palette)
    shown = [entry.title for entry in palette.entries]
    assert "Snapshot overview" in shown
    assert "Back" not in shown, "there is nowhere to go back to"
    qtbot.keyClicks(palette.field, "shot overv")
    assert [entry.title for entry in palette.entries] == ["Snapshot overview"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert open_window.pages.currentWidget() is open_window.overview


def test_an_only_account_is_what_the_overview_shows(open_window: MainWindow) -> None:
    open_window.session.select(PETRA)
    open_window.session.select("111122223333")
    assert open_window.pages.currentWidget() is open_window.overview


def test_a_closed_window_leaves_no_thread_behind(qtbot: QtBot, tmp_path: Path) -> None:
    window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.show()
    window.close()
    lanes = (window.jobs._usual, window.jobs._patient, window.jobs._prompt)
    assert not any(lane.pool.activeThreadCount() for lane in lanes)
    assert QThreadPool.globalInstance().activeThreadCount() == 0
    assert (tmp_path / "s.ini").exists()


def test_a_window_can_be_disposed_of_at_any_time(qtbot: QtBot, tmp_path: Path) -> None:
    for scheme in (Scheme.DARK, Scheme.LIGHT):
        window = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
        window.show()
        opened(qtbot, window)
        window.theme.scheme = scheme
        window.session.select(INES)
        window.dispose()
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]


def test_f1_opens_the_guide_at_the_page_about_the_panel(qtbot: QtBot, open_window: MainWindow) -> None:
    open_window.activateWindow()
    qtbot.waitUntil(open_window.isActiveWindow)
    open_window.workspace.request_bar.principal.setFocus()
    open_window.menus.actions["actionHelp"].trigger()
    guide = open_window.findChild(HelpWindow)
    assert guide is not None
    assert guide.page == "asking"
    assert "principal" in guide.text.toPlainText()
    guide.show_page("index")
    guide._follow(QUrl("privacy.md"))
    assert guide.page == "privacy"
    guide._follow(QUrl("https://example.com/"))
    assert guide.page == "privacy"
    guide.show_page("no such page")
    assert guide.page == "index"
    guide.close()


def test_what_is_shown_is_copied_as_the_command_that_gives_it(qtbot: QtBot, open_window: MainWindow) -> None:
    window, clipboard = open_window, QApplication.clipboard()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    clipboard.clear()
    copy = (Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(window, *copy)
    assert clipboard.text() == "", "nothing was asked"
    evaluated(qtbot, window)
    QTest.keyClick(window, *copy)
    assert clipboard.text().startswith("iamdesk can ")
    assert window.session.request is not None
    window.session.ask_who_can(window.session.request)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    window.workspace.who_can.table.setFocus()
    QTest.keyClick(window, *copy)
    assert clipboard.text().startswith("iamdesk who-can ")
    window.session.show_access(PETRA)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=30_000)
    window.workspace.inspector.access.table.setFocus()
    QTest.keyClick(window, *copy)
    assert clipboard.text().split()[1] == "what-can"
    assert clipboard.text().endswith(f"--principal {PETRA}")


def test_the_start_page_is_not_painted_between_two_snapshots(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path
) -> None:
    painted: list[QEvent.Type] = []

    class Watch(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            if event.type() is QEvent.Type.Paint:
                painted.append(event.type())
            return False

    watch = Watch()
    open_window.start.installEventFilter(watch)
    before = open_window.session.snapshot
    second = Path(shutil.copy(sample_snapshot(), tmp_path / "second.json"))
    open_window.open_path(second)
    qtbot.waitUntil(lambda: open_window.session.snapshot not in (None, before), timeout=60_000)
    qtbot.waitUntil(lambda: not open_window.jobs.running, timeout=60_000)
    assert painted == []
    open_window.start.removeEventFilter(watch)
