import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.session_recovery import Left, RecoveryFile
from iamdesk.resource_files import sample_snapshot

OPENS = """
import sys, time
from pathlib import Path
from iamdesk.gui.app.session_recovery import RecoveryFile
marks = RecoveryFile(Path(sys.argv[1]))
marks.note(Path(sys.argv[2]))
print("open", flush=True)
sys.stdin.read()
"""


def process_with(folder: Path, path: Path) -> "subprocess.Popen[str]":
    made = subprocess.Popen(
        [sys.executable, "-c", OPENS, folder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "open\n"
    return made


def test_what_was_open_in_a_killed_process_is_found_once(tmp_path: Path) -> None:
    with process_with(tmp_path / "open", sample_snapshot()) as other:
        assert RecoveryFile(tmp_path / "open").take_unfinished() == (), "its window is still there"
        other.kill()
    assert RecoveryFile(tmp_path / "open").take_unfinished() == (Left(sample_snapshot()),)
    assert RecoveryFile(tmp_path / "open").take_unfinished() == ()


def test_an_ordinary_end_leaves_nothing(tmp_path: Path) -> None:
    marks = RecoveryFile(tmp_path / "open")
    marks.note(sample_snapshot())
    marks.clear()
    assert not list((tmp_path / "open").iterdir())


@pytest.mark.parametrize("content", ["", "[]", '{"open": 3}', '{"open": "/not/there"}', "\x00", '"x"'])
def test_a_note_of_something_else_is_dropped(tmp_path: Path, content: str) -> None:
    (tmp_path / "99999999.json").write_text(content)
    assert RecoveryFile(tmp_path).take_unfinished() == ()
    assert not (tmp_path / "99999999.json").exists()


def test_a_folder_that_cannot_be_made_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("a file where the folder is to be")
    marks = RecoveryFile(tmp_path / "open")
    marks.note(sample_snapshot())
    assert marks.take_unfinished() == ()
    marks.clear()


def test_the_window_offers_what_was_left_and_leaves_nothing_itself(qtbot: QtBot, tmp_path: Path) -> None:
    with process_with(tmp_path / "open", sample_snapshot()) as other:
        os.kill(other.pid, signal.SIGTERM)
    window = create_main_window(settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.show()
    window.offer_unfinished()
    assert sample_snapshot().name in window.problem_bar.text
    button = window.problem_bar.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.click()
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=30_000)
    (note,) = (tmp_path / "open").glob("*.json")
    assert json.loads(note.read_text()) == {"open": str(sample_snapshot())}
    window.close()
    assert not list((tmp_path / "open").iterdir())


def test_nothing_is_noted_where_nothing_is_to_be_kept(qtbot: QtBot, window: MainWindow) -> None:
    window.settings.keeps_recent = False
    window.show()
    window.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=30_000)
    assert not window.settings.marks_folder.exists()
