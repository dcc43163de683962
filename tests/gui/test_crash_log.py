import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from iamdesk.gui.app.crash_log import CrashLog, note_qt_message

PRIVATE = "arn:aws:iam::111122223333:user/alice"


@pytest.fixture
def trail(qtbot: QtBot, tmp_path: Path) -> Iterator[CrashLog]:
    before = sys.excepthook
    made = CrashLog(tmp_path / "logs")
    yield made
    made.release()
    assert sys.excepthook is before


def fail() -> None:
    raise KeyError(PRIVATE)


def test_the_log_says_where_and_never_what(trail: CrashLog) -> None:
    said: list[str] = []
    trail.broke.connect(said.append)
    try:
        fail()
    except KeyError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    log = trail.log.read_text(encoding="utf-8")
    assert "KeyError" in log
    assert "test_crash_log.py" in log
    assert PRIVATE not in log
    assert len(said) == 1
    assert PRIVATE not in said[0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_threads_leave_a_trail_too(qtbot: QtBot, trail: CrashLog) -> None:
    said: list[str] = []
    trail.broke.connect(said.append, Qt.ConnectionType.QueuedConnection)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(said) == 1)
    assert "KeyError" in trail.log.read_text(encoding="utf-8")


def test_complaints_of_qt_are_noted_short(trail: CrashLog) -> None:
    note_qt_message("QLayout: too many\nsecond line")
    log = trail.log.read_text(encoding="utf-8")
    assert "QLayout: too many" in log
    assert "second line" not in log


def test_a_folder_that_cannot_be_written_breaks_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    trail = CrashLog(blocked / "logs")
    said: list[str] = []
    trail.broke.connect(said.append)
    try:
        fail()
    except KeyError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    trail.release()
    assert len(said) == 1
