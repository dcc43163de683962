"""Perspectives: each has its place, keeps it, and shows enough; nothing of the window is out of reach in any."""

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLineEdit, QTableView, QTreeView, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.command_keys import OF_THE_TEXT
from iamdesk.gui.app.commands import COMMANDS, QUIET
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.perspectives import PERSPECTIVES, Perspective, home_of
from iamdesk.resource_files import sample_snapshot

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
NORA = "arn:aws:iam::111122223333:user/finance/nora.lindqvist"
QUESTION = Request(PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x")
LEAVE = {
    "actionQuit",
    "actionCloseSnapshot",
    "actionReload",
    "actionOpen",
    "actionOpenFolder",
    "actionOpenSample",
    "actionOpenSampleOrganization",
}
ROWS = 14


def go(window: MainWindow, name: str) -> None:
    window.menus.actions[f"perspective{name}"].trigger()
    QApplication.processEvents()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    QApplication.processEvents()


def test_every_perspective_has_a_button_with_name_shape_and_key(open_window: MainWindow) -> None:
    rail = open_window.interior.rail
    shapes = set()
    for at, (one, (name, button)) in enumerate(zip(PERSPECTIVES, rail.buttons.items(), strict=True), start=1):
        assert name == one.name
        assert button.isVisible()
        assert button.text().replace("\n", " ").replace("&&", "&") == button.accessibleName() == one.label
        assert open_window.menus.actions[name].shortcut().toString() == f"Ctrl+{at}"
        assert f"Ctrl+{at}" in button.toolTip()
        shapes.add(one.glyph)
        button.click()
        assert open_window.interior.stack.perspective is one
        assert open_window.menus.actions[name].isChecked()
        assert [shown for shown, each in rail.buttons.items() if each.isChecked()] == [name]
    assert len(shapes) == len(PERSPECTIVES)


def test_every_panel_has_a_home_and_every_perspective_one_panel_that_stays(open_window: MainWindow) -> None:
    stack = open_window.interior.stack
    for name in stack.frames:
        assert name in [place.panel for place in home_of(name).layout.places()]
    for one in PERSPECTIVES:
        go(open_window, one.name.removeprefix("perspective"))
        for name in stack.panels_here():
            stack.hide_panel(name)
        assert [name for name in stack.panels_here() if stack.frames[name].isVisible()] == [one.main]


def test_places_are_kept(qtbot: QtBot, open_window: MainWindow) -> None:
    window, workspace = open_window, open_window.workspace
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    go(window, "Matrix")
    settle(qtbot, window)
    table = workspace.access_matrix.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(40, 3))
    table.scrollTo(table.currentIndex(), QAbstractItemView.ScrollHint.PositionAtTop)
    before = (table.currentIndex().row(), table.verticalScrollBar().value())
    go(window, "Explore")
    window.session.show_key(NORA)
    workspace.navigator.tree.setFocus()
    settle(qtbot, window)
    there = workspace.navigator.tree.verticalScrollBar().value()
    for one in PERSPECTIVES:
        go(window, one.name.removeprefix("perspective"))
    settle(qtbot, window)  # what a perspective begins to find when it is first shown moves nothing afterwards
    assert QApplication.activeWindow() is window, "a window of another test is in front"
    go(window, "Matrix")
    assert (table.currentIndex().row(), table.verticalScrollBar().value()) == before
    assert QApplication.focusWidget() is table
    go(window, "Explore")
    assert window.session.subject_key == NORA
    assert workspace.navigator.tree.verticalScrollBar().value() == there
    assert QApplication.focusWidget() is workspace.navigator.tree


def test_arrangements_come_back(qtbot: QtBot, tmp_path: Path) -> None:
    def opened() -> MainWindow:
        made = create_main_window(sample_snapshot(), settings_path=tmp_path / "s.ini")
        qtbot.addWidget(made)
        made.place.is_bound = False
        made.resize(1400, 900)
        made.show()
        qtbot.waitUntil(lambda: made.session.snapshot is not None, timeout=20_000)
        settle(qtbot, made)
        return made

    first = opened()
    stack = first.interior.stack
    go(first, "Ask")
    stack.show_panel("askedDock")
    QApplication.processEvents()
    splitter = stack.currentWidget().splitters[0][0]
    splitter.setSizes([500, 700])
    sizes = splitter.sizes()
    go(first, "Explore")
    stack.hide_panel("navigatorDock")
    go(first, "Matrix")
    stack.set_floating("everybodyDock", floating=True)
    first.close()
    second = opened()
    stack = second.interior.stack
    assert stack.frames["everybodyDock"].is_floating
    assert not stack.frames["navigatorDock"].isVisible()
    go(second, "Ask")
    qtbot.waitUntil(lambda: stack.currentWidget().splitters[0][0].sizes() == sizes)
    assert stack.frames["askedDock"].isVisible()
    second.close()


ODD = (
    "",
    "{",
    "[]",
    "null",
    '{"perspectives": 3}',
    '{"perspectives": {"perspectiveAsk": 1}}',
    '{"perspectives": {"perspectiveExplore": {"shown": {"pagesDock": false, "x": true}, "sizes": [[1e9, -1], "a"]}}}',
    '{"floating": {"x": "AAAA", "everybodyDock": 7, "waysDock": "????"}}',
)


@pytest.mark.parametrize("kept", ODD)
def test_an_arrangement_that_does_not_fit_is_ignored(window: MainWindow, kept: str) -> None:
    window.interior.complete()
    window.interior.stack.restore(kept)
    window.interior.stack.open()
    assert window.interior.stack.is_shown("pagesDock")
    assert window.interior.stack.is_shown("navigatorDock")
    window.interior.stack.close_all()


def test_a_panel_is_torn_off_and_comes_back(qtbot: QtBot, open_window: MainWindow) -> None:
    window, stack = open_window, open_window.interior.stack
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    go(window, "Matrix")
    settle(qtbot, window)
    frame, action = stack.frames["everybodyDock"], window.menus.actions["actionTearOff"]
    action.trigger()
    assert frame.isWindow()
    assert frame.isVisible()
    page = stack.currentWidget()
    assert "own window" in page.away.accessibleName() or "own window" in page.away.text()
    assert page.back.isVisible()
    go(window, "Findings")
    assert frame.isVisible(), "for a second screen"
    # The keys of the commands work in it, also in a field.
    field = workspace_field(frame)
    frame.activateWindow()
    qtbot.waitUntil(frame.isActiveWindow)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert stack.perspective.name == "perspectiveExplore"
    frame.close()
    assert not frame.isWindow()
    go(window, "Matrix")
    assert frame.isVisible()
    assert not page.back.isVisible()


def workspace_field(frame: QWidget) -> QWidget:
    return frame.findChildren(QLineEdit)[0]


def test_the_active_panel_is_tinted_and_no_other(qtbot: QtBot, open_window: MainWindow) -> None:
    window = open_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for panel, name in ((window.workspace.navigator.tree, "navigatorDock"), (window.overview, "pagesDock")):
        panel.setFocus()
        assert [one for one, frame in window.workspace.docks.items() if frame.is_active] == [name]
    palette = window.palette()
    groups = palette.ColorGroup
    here, elsewhere = (palette.color(group, palette.ColorRole.Highlight) for group in (groups.Active, groups.Inactive))
    assert here.hsvSaturation() > 2 * elsewhere.hsvSaturation(), "a selection elsewhere is gray"


class Paints(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's name
        self.seen += event.type() is QEvent.Type.Paint
        return False


def test_the_start_page_does_not_flash_between_two_snapshots(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(sample_snapshot().read_bytes())
    paints = Paints()
    open_window.start.installEventFilter(paints)
    with qtbot.waitSignal(open_window.session.snapshot_opened, timeout=30_000):
        open_window.open_path(other)
    settle(qtbot, open_window)
    open_window.start.removeEventFilter(paints)
    assert not paints.seen


def rows_to_be_seen(panel: QWidget) -> int:
    """The rows that fit into the highest table or tree of a panel."""
    most = 0
    for view in panel.findChildren(QAbstractItemView):
        if not view.isVisible() or not isinstance(view, QTableView | QTreeView):
            continue
        height = view.fontMetrics().lineSpacing() + 2
        if isinstance(view, QTableView):
            height = max(height, view.verticalHeader().defaultSectionSize())
        first = view.visualRect(view.model().index(0, 0)).height()
        most = max(most, view.viewport().height() // max(height, first))
    return most


def test_every_perspective_shows_fourteen_rows_on_a_small_screen(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path
) -> None:
    window = open_window
    window.resize(1366, 768)
    assert window.session.snapshot is not None
    window.session.snapshot.create_review(tmp_path / "q3.iamreview", "Third quarter")
    window.workspace.review.controller.open_path(tmp_path / "q3.iamreview")
    qtbot.waitUntil(lambda: window.workspace.review.review_session is not None, timeout=20_000)
    window.session.ask_who_can(QUESTION)
    settle(qtbot, window)
    found = {}
    for one in PERSPECTIVES:
        go(window, one.name.removeprefix("perspective"))
        settle(qtbot, window)
        main = "navigatorDock" if one.name == "perspectiveExplore" else one.main
        found[one.name] = rows_to_be_seen(window.workspace.docks[main])
    assert (window.width(), window.height()) == (1366, 768)
    assert {name: rows for name, rows in found.items() if rows < ROWS} == {}
    window.workspace.review.controller.close()


@pytest.fixture
def undisturbed(open_window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MainWindow:
    for name in ("snapshot_to_open", "folder_to_open", "file_to_open", "file_to_save"):
        monkeypatch.setattr(open_window.prompts, name, lambda *_: None)
    monkeypatch.setattr(spawn_window, "start", lambda *_: 1)
    monkeypatch.setenv("HOME", str(tmp_path))
    return open_window


def close_others(window: MainWindow) -> None:
    for one in QApplication.topLevelWidgets():
        if one is not window and one.isVisible():
            one.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_the_palette_lists_every_command_once(open_window: MainWindow) -> None:
    palette = open_window.windows.search_everywhere(">")
    listed = sorted(entry.title for entry in palette.entries)
    actions = open_window.menus.actions
    enabled = [actions[one.name] for one in COMMANDS if not one.is_alias and actions[one.name].isEnabled()]
    assert listed == sorted(action.text().replace("&", "") for action in enabled)
    palette.close()


@pytest.mark.parametrize("one", PERSPECTIVES, ids=lambda one: one.name)
def test_every_command_works_in_every_perspective(qtbot: QtBot, undisturbed: MainWindow, one: Perspective) -> None:
    """By menu entry, and by key where it has one; what it acts on comes to be seen."""
    window, workspace = undisturbed, undisturbed.workspace
    window.session.select(PETRA)
    window.session.ask(QUESTION)
    settle(qtbot, window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    unseen = []
    for command in COMMANDS:
        action = window.menus.actions[command.name]
        go(window, one.name.removeprefix("perspective"))
        if command.name in LEAVE or not action.isEnabled():
            continue  # Forward: going to the perspective was the last step
        assert window.interior.stack.perspective is one
        done: list[bool] = []
        heard = action.triggered.connect(lambda _checked=False, done=done: done.append(True))
        keys = action.shortcut()
        if keys.count() == 1 and command.name not in OF_THE_TEXT:
            pressed = keys[0]
            QTest.keyClick(QApplication.focusWidget() or window, pressed.key(), pressed.keyboardModifiers())
        else:
            action.trigger()
        QApplication.processEvents()
        if command.name == "actionTryWithout":
            settle(qtbot, window)  # what is to be tried is looked up first
        assert done, f"{command.name} by {keys.toString()}"
        action.triggered.disconnect(heard)
        if command.name in workspace.commands() and command.name not in QUIET:
            panel = workspace.command(command.name)[0]
            if not panel.isVisible():
                unseen.append(command.name)
        close_others(window)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
    settle(qtbot, window)
    assert unseen == []
