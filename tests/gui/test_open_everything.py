"""Whatever is opened, closed and opened anew, in any order: nothing breaks, and Qt has nothing to complain of.

Exceptions in slots, timers and threads arrive at the crash trail, as they do in the program; complaints of Qt's fail
each test of the window (``qt_log_level_fail``).
"""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QTabBar, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.evaluate.request import Request
from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.commands import COMMANDS
from iamdesk.gui.app.crash_log import CrashLog
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.text_size import USUAL, apply_text_size
from iamdesk.gui.core.theme import Scheme
from iamdesk.resource_files import resources, sample_snapshot

SAMPLES = (sample_snapshot(), Path(str(resources())) / "samples" / "acme-organization")
LEAVE = ("actionQuit", "actionCloseSnapshot")
KEYS = (
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Down,
    Qt.Key.Key_Up,
    Qt.Key.Key_Right,
    Qt.Key.Key_Left,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_Space,
    Qt.Key.Key_1,
    Qt.Key.Key_2,
    Qt.Key.Key_S,
    Qt.Key.Key_Delete,
)
ACTIONS = ("s3:GetObject", "iam:PassRole", "sts:AssumeRole", "ec2:RunInstances", "kms:Decrypt", "no:such", "")
RESOURCES = ("*", "arn:aws:s3:::acme-payroll/2026/09.csv", "arn:aws:iam::111122223333:role/Admin", "odd", "")


class Whichever(FileDialogs):
    """Chooses a file, or thinks better of it."""

    def __init__(self, chance: random.Random, folder: Path, review: Path) -> None:
        self._chance = chance
        self._folder = folder
        self._review = review

    def _one_of(self, *paths: Path) -> Path | None:
        return self._chance.choice((None, *paths))

    def snapshot_to_open(self, parent: QWidget, folder: Path, title: str = "") -> Path | None:  # noqa: ARG002
        return self._one_of(SAMPLES[0])

    def folder_to_open(self, parent: QWidget, folder: Path) -> Path | None:  # noqa: ARG002
        return self._one_of(SAMPLES[1], self._folder)

    def file_to_open(self, parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:  # noqa: ARG002
        return self._one_of(self._review, SAMPLES[0])

    def file_to_save(self, parent: QWidget, title: str, suggestion: Path, kinds: str) -> Path | None:  # noqa: ARG002
        name = suggestion.stem + self._chance.choice((suggestion.suffix, ".svg", ".png", ".odd"))
        return self._one_of(self._folder / name)


class Walk:
    """Steps through the window; each that something breaks after is told by name, with those before it."""

    def __init__(
        self, qtbot: QtBot, window: MainWindow, chance: random.Random, broken: list[str], review: Path
    ) -> None:
        self._qtbot = qtbot
        self.window = window
        self._chance = chance
        self._broken = broken
        self._review = review
        self.done: list[str] = []

    def step(self, name: str, does: Callable[[], object]) -> None:
        self.done.append(name)
        does()
        self.look()

    def look(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert not self._broken, f"{self._broken} after {self.done[-12:]}"

    def settle(self) -> None:
        self._qtbot.waitUntil(lambda: not self.window.jobs.running, timeout=60_000)
        self.look()

    # ── what can be done ─────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, path: Path, *, waits: bool) -> None:
        self.step(f"open {path.name}", lambda: self.window.open_path(path))
        if waits:
            self._qtbot.waitUntil(
                lambda: self.window.session.snapshot is not None and self.window.session.snapshot.snapshot.path == path,
                timeout=60_000,
            )
            self.settle()

    def command(self, name: str) -> None:
        action = self.window.menus.actions.get(name)
        if action is not None and action.isEnabled():
            self.step(name, action.trigger)

    def others(self) -> list[QWidget]:
        """Every window that is open beside the main one, the last first."""
        return [one for one in QApplication.topLevelWidgets() if one is not self.window and one.isVisible()][::-1]

    def close_others(self) -> None:
        for one in self.others():
            if one in QApplication.topLevelWidgets() and one.isVisible():
                name = f"{type(one).__name__} {one.objectName()}"
                with suppress(RuntimeError):  # it may have gone with the one before
                    if self._chance.random() < 0.5:
                        self.step(f"Esc in {name}", lambda one=one: QTest.keyClick(one, Qt.Key.Key_Escape))
                    else:
                        self.step(f"close {name}", one.close)
        for one in self.others():
            self.step(f"close {type(one).__name__}", one.close)

    def turn_tabs(self, within: QWidget) -> None:
        """Bring each tab of a window forward."""
        for tabs in (*within.findChildren(QTabWidget), *within.findChildren(QTabBar)):
            for place in range(tabs.count()):
                if tabs.isVisible() and tabs.isTabVisible(place):
                    name = f"tab {tabs.tabText(place)} of {type(within).__name__}"
                    self.step(name, lambda tabs=tabs, place=place: tabs.setCurrentIndex(place))

    def show_panels(self) -> None:
        for name in self.window.workspace.docks:
            self.step(f"panel {name}", lambda name=name: self.window.workspace.raise_dock(name))

    def open_menus(self, within: QWidget) -> None:
        """Ask each list that is seen for the menu of its row, and leave it."""
        for view in within.findChildren(QAbstractItemView):
            if view.isVisible():
                self.step(f"menu of {type(view).__name__} {view.objectName()}", lambda view=view: self._ask_menu(view))
                while (menu := QApplication.activePopupWidget()) is not None:
                    menu.close()
                    self.look()

    @staticmethod
    def _ask_menu(view: QAbstractItemView) -> None:
        at = QPoint(20, 10)
        room = view.viewport()
        asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, room.mapToGlobal(at))
        QCoreApplication.sendEvent(room, asked)

    def select_somebody(self) -> None:
        shown = self.window.session.shown
        if shown is not None and len(shown.outline.nodes):
            row = self._chance.randrange(len(shown.outline.nodes))
            self.step(f"row {row}", lambda: self.window.session.show_row(row))

    def ask(self) -> None:
        opened = self.window.session.snapshot
        if opened is not None:
            people = [one.arn for account in opened.snapshot.accounts for one in (*account.users, *account.roles)]
            who = self._chance.choice([*people, "anonymous", "arn:aws:iam::999988887777:root", "odd"])
            request = Request(who, self._chance.choice(ACTIONS), self._chance.choice(RESOURCES))
            self.step(f"ask {request.principal} {request.action} {request.resource}", lambda: self._asked(request))

    def _asked(self, request: Request) -> None:
        self._chance.choice((self.window.session.ask, self.window.session.ask_who_can))(request)

    def press(self) -> None:
        """Press a key where the cursor is; no dialog is confirmed, which might go on to AWS."""
        focus, key = QApplication.focusWidget(), self._chance.choice(KEYS)
        if focus is not None and (focus.window() is self.window or key not in (Qt.Key.Key_Return, Qt.Key.Key_Space)):
            self.step(f"{key.name} in {type(focus).__name__}", lambda: QTest.keyClick(focus, key))

    def anything(self) -> None:
        match self._chance.choices(range(8), (40, 10, 12, 12, 4, 4, 3, 15))[0]:
            case 0:
                self.command(self._chance.choice([one.name for one in COMMANDS if one.name not in LEAVE]))
            case 1:
                self.select_somebody()
            case 2:
                self.ask()
            case 3:
                self.close_others()
            case 4:
                self.open(self._chance.choice((*SAMPLES, self._review)), waits=self._chance.random() < 0.5)
            case 5:
                self.settle()
            case 6:
                self.command("actionCloseSnapshot")
            case _:
                self.press()


@pytest.fixture(scope="module")
def made_review(sample: SnapshotSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "q3.iamreview"
    sample.create_review(path, "Third quarter")
    return path


@contextmanager
def walking(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_review: Path, seed: int
) -> Iterator[Walk]:
    monkeypatch.setattr(spawn_window, "start", lambda *_: 1)  # another process is no part of this
    monkeypatch.setenv("HOME", str(tmp_path))  # nobody's profiles of AWS
    chance = random.Random(seed)
    folder = tmp_path / "saved"
    folder.mkdir()
    review = Path(shutil.copy(made_review, tmp_path / "acme-prod.iamreview"))
    shutil.copy(SAMPLES[0], tmp_path / SAMPLES[0].name)  # where a review looks for its snapshot
    whichever = Whichever(chance, folder, review)
    for name in ("snapshot_to_open", "folder_to_open", "file_to_open", "file_to_save"):
        monkeypatch.setattr(window.prompts, name, getattr(whichever, name))
    trail = CrashLog(tmp_path / "log")
    broken: list[str] = []
    trail.broke.connect(broken.append)
    window.show()
    try:
        walk = Walk(qtbot, window, chance, broken, review)
        yield walk
        walk.close_others()
        walk.settle()
        walk.step("quit", window.close)
        walk.settle()
        if trail.log.exists():
            assert trail.log.read_text(encoding="utf-8") == ""
    finally:
        trail.release()
        for one in QApplication.topLevelWidgets():
            one.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        window.theme.scheme = Scheme.LIGHT
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_text_size(app, USUAL)


@pytest.mark.parametrize("seed", [1])
def test_everything_opens_and_closes_before_another_snapshot_opens(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made_review: Path,
    seed: int,
) -> None:
    with walking(qtbot, window, tmp_path, monkeypatch, made_review, seed) as walk:
        names = [one.name for one in COMMANDS if one.name not in LEAVE]
        for name in names:
            walk.command(name)
            walk.close_others()
        for number, path in enumerate(SAMPLES[::-1]):
            walk.open(path, waits=number > 0 or seed == 1)
            walk.select_somebody()
            walk.ask()
            walk.show_panels()
            random.Random(seed + number).shuffle(names)
            for name in names:
                walk.command(name)
                for other in walk.others():
                    walk.turn_tabs(other)
                if walk.window.session.snapshot is not None and walk.window.session.snapshot.snapshot.path != path:
                    walk.open(path, waits=False)
                if seed % 2:
                    walk.close_others()
            walk.turn_tabs(window)
            walk.open_menus(window)
            walk.close_others()


@pytest.mark.parametrize("seed", [11])
def test_no_order_of_commands_breaks_anything(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made_review: Path,
    seed: int,
) -> None:
    with walking(qtbot, window, tmp_path, monkeypatch, made_review, seed) as walk:
        for number in range(200):
            if number == 20:
                walk.open(SAMPLES[seed % 2], waits=True)
            walk.anything()
