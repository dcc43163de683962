"""A window that opens one snapshot after the other gives memory back; so does a window that is closed."""

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.access.evaluator import Evaluator
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.resource_files import sample_snapshot
from iamdesk.snapshot.model import Snapshot

from ..opened import open_each_anew


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.enable()


def alive(*types: type) -> int:
    gc.unfreeze()
    return sum(isinstance(one, types) for one in gc.get_objects())


@pytest.fixture
def opens_sample(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[MainWindow], None]:
    open_each_anew(monkeypatch)

    def opens(window: MainWindow) -> None:
        before = window.session.snapshot and id(window.session.snapshot)
        window.open_path(sample_snapshot())
        qtbot.waitUntil(
            lambda: window.session.snapshot is not None and id(window.session.snapshot) != before, timeout=20_000
        )
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)

    return opens


def test_opening_again_leaves_nothing_of_what_was_open(
    without_collector: None, window: MainWindow, opens_sample: Callable[[MainWindow], None]
) -> None:
    """Whatever work the window does by itself, on copies too; without the collector, which may be told to spare it."""
    window.show()
    opens_sample(window)
    first = alive(Evaluator, Snapshot)
    for _ in range(3):
        opens_sample(window)
    assert alive(Evaluator, Snapshot) == first


def test_a_closed_window_can_be_collected_though_work_ended_while_it_was_open(
    qtbot: QtBot, open_window: MainWindow, tmp_path: Path, opens_sample: Callable[[MainWindow], None]
) -> None:
    """One that is not the first: what is loaded once is much."""
    window = create_main_window(settings_path=tmp_path / "settings.ini")
    window.show()
    opens_sample(window)
    gone = weakref.ref(window)
    window.close()
    assert window.jobs.wait_all(60_000)
    window.deleteLater()
    del window
    qtbot.waitUntil(lambda: gc.collect() >= 0 and gone() is None, timeout=10_000)
