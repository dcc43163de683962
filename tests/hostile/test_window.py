"""The window opens every file of the corpus, or says why not, and its timers go on ticking."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from iamdesk.gui import create_main_window

from .corpus import Case, cases

pytestmark = pytest.mark.qt_log_ignore("^This plugin does not support propagateSizeHints")
GROUPS = [cases()[start::4] for start in range(4)]


@pytest.mark.parametrize("group", GROUPS, ids=range(len(GROUPS)))
def test_the_window_lives_on_whatever_is_opened(qtbot: QtBot, tmp_path: Path, group: tuple[Case, ...]) -> None:
    window = create_main_window(settings_path=tmp_path / "settings.ini")
    qtbot.addWidget(window)
    window.show()
    beats: list[int] = []
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(1))
    heart.start(5)
    for number, case in enumerate(group):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = case.write(folder)
        before = len(beats)
        signal = window.opening.refused if case.is_refused else window.opening.opened
        with qtbot.waitSignal(signal, timeout=60_000):
            window.open_path(path)
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
        qtbot.waitUntil(lambda before=before: len(beats) > before, timeout=60_000)
        if case.is_refused:
            assert case.file in window.problem_bar.text, case.name
        else:
            opened = window.session.snapshot
            assert opened is not None
            assert opened.snapshot.path == path
            window.interior.show_overview()
            assert not window.grab().isNull()
    window.close()
    assert window.jobs.wait_all(60_000)
