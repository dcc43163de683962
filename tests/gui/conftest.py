"""What the window's tests share: no display, no leftovers, and every Qt warning a failure."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.window_place import USUAL_SIZE
from iamdesk.gui.core import clipboard
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.resource_files import sample_snapshot

from ..opened import keep_shared, share_equal_snapshots


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass what the offscreen platform says at every show, and where it should raise a window or open a menu."""
    said = "^This plugin does not support (propagateSizeHints|raise|grabbing the keyboard)"
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore(said))


@pytest.fixture(autouse=True)
def copying_rows(qapp: QApplication) -> None:
    """Ctrl+C copies rows in panels that stand alone, as it does in the window."""
    clipboard.follow(qapp)


@pytest.fixture(autouse=True)
def equal_snapshots() -> Iterator[None]:
    """The sample is opened by every window, and worked out once."""
    with pytest.MonkeyPatch.context() as patch:  # its own: a test's may be asked for late, to be undone early
        share_equal_snapshots(patch)
        yield


@pytest.fixture
def jobs(qapp: QApplication) -> Iterator[JobRunner]:
    """A job runner whose threads have all ended when the test is over."""
    runner = JobRunner()
    yield runner
    assert runner.wait_all(60_000)


@pytest.fixture
def session(jobs: JobRunner) -> Session:
    return Session(jobs)


@pytest.fixture(scope="session")
def sample() -> SnapshotSession:
    """The sample account, opened as the window opens it. Nothing in it ever changes."""
    return keep_shared(Workbench().open_snapshot(sample_snapshot()))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """The main window without a snapshot, with settings of its own."""
    made = create_main_window(settings_path=tmp_path / "settings.ini")
    made.place.is_bound = False  # the screen of the offscreen platform is 800 points wide
    made.resize(USUAL_SIZE)
    qtbot.addWidget(made)
    yield made
    assert made.jobs.wait_all(60_000)


@pytest.fixture
def open_window(qtbot: QtBot, window: MainWindow) -> MainWindow:
    """The main window, shown, with the sample open and all its background work done."""
    window.show()
    window.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    return window
