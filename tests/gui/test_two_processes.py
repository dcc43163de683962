"""Two real windows, each a process of its own: who writes a review, what a killed one leaves, what a crash tells."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from iamdesk.api import SnapshotSession
from iamdesk.gui import create_main_window
from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.session_recovery import RecoveryFile
from iamdesk.resource_files import sample_snapshot
from iamdesk.review.decisions import ReviewDecision
from iamdesk.review.review_file import ReviewFile

ROOT = Path(__file__).parents[2]
# Runs the application, and does the steps one after the other: each is asked again until it says something.
PROGRAM = """
import faulthandler
import sys
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from iamdesk.cli import main
from iamdesk.gui.app import main_window

def panel():
    window = QApplication.instance().window
    return window.workspace.review if window.session.snapshot is not None else None

def has_review():
    found = panel()
    if found is not None and found.review_session is not None and not found.is_filling:
        return f"review {found.review_session.waiting}"

def has_snapshot():
    window = QApplication.instance().window
    return "opened" if window.session.snapshot is not None else None

def decide():
    found = panel()
    if found.review_session.waiting == waiting[0]:
        if not found.queue.pending:
            found.head.reviewer_name.setText("Ana")
            QTest.keyClick(found.table, Qt.Key.Key_1)
        return None
    return "decided"

def refused():
    found = panel()
    return found.message.text if found is not None and found.message.text else None

def trouble():
    return QApplication.instance().window.problem_bar.text

def open_left():
    QApplication.instance().window.problem_bar._button.click()
    return "opening"

def crash():
    import ctypes
    ctypes.string_at(0)

def ends():
    QApplication.instance().window.close()
    return "closing"

waiting = []
steps = [globals()[name] for name in sys.argv[1].split()]
def look():
    said = steps[0]() if steps else None
    if said:
        if said.startswith("review"):
            waiting[:] = [int(said.split()[1])]
        print(said, flush=True)
        steps.pop(0)

def give_up():
    window = QApplication.instance().window
    told = [window.problem_bar.text, *(job.label for job in window.jobs.running)]
    if window.session.snapshot is not None:
        told += ["snapshot", window.workspace.review.message.text]
    print("given up:", *told, sep="\\n", file=sys.stderr)
    faulthandler.dump_traceback()
    QApplication.exit(9)

class Watched(main_window.MainWindow):
    def show(self):
        super().show()
        self._watch = QTimer(self, interval=20)
        self._watch.timeout.connect(look)
        self._watch.start()
        QTimer.singleShot(90000, self, give_up)

import iamdesk.gui.app.application
iamdesk.gui.app.application.MainWindow = Watched
main(sys.argv[2:])
"""

type Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts windows that share their settings; those that are still there are ended."""
    home = {"HOME": tmp_path, "XDG_CONFIG_HOME": tmp_path / "config", "XDG_STATE_HOME": tmp_path / "state"}
    made: list[subprocess.Popen[str]] = []

    def start(steps: str, *arguments: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, steps, *map(str, arguments)],
            env={**os.environ, **{key: str(value) for key, value in home.items()}, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        made.append(process)
        return process

    yield start
    for process in made:
        process.kill()
        process.communicate()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline().rstrip("\n")
    if not line:  # it has ended: why, it says itself
        raise AssertionError((process.wait(30), process.communicate()[1]))
    return line


@pytest.fixture
def review(tmp_path: Path, sample: SnapshotSession) -> Path:
    """A review, with its snapshot beside it."""
    shutil.copy(sample_snapshot(), tmp_path)
    sample.create_review(tmp_path / "q4.iamreview", "Q4")
    return tmp_path / "q4.iamreview"


def test_one_window_decides_and_the_other_is_told(start: Start, review: Path) -> None:
    first = start("has_review decide", review)
    assert line_of(first).startswith("review ")
    second = start("trouble", review)
    assert "q4.iamreview: the review is open in another window or program; close it there first" in line_of(second)
    assert line_of(first) == "decided"
    first.send_signal(signal.SIGKILL)
    first.wait()
    with ReviewFile.open(review) as left:
        assert sum(left.decision(line.line_id).choice is ReviewDecision.KEEP for line in left.lines) >= 1
        assert left.damages() == ()


def test_a_killed_window_leaves_what_was_open_to_the_next(start: Start, review: Path, tmp_path: Path) -> None:
    first = start("has_review decide", review)
    before = int(line_of(first).split()[1])
    assert line_of(first) == "decided"
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start("trouble open_left has_review ends")
    assert line_of(second).startswith("iamdesk ended unexpectedly while acme-prod.json was open.")
    assert line_of(second) == "opening"
    assert int(line_of(second).split()[1]) < before
    assert line_of(second) == "closing"
    assert second.wait(300) == 0
    assert RecoveryFile(tmp_path / "config" / "iamdesk" / "open").take_unfinished() == ()


def test_a_crash_is_told_at_the_next_start_without_what_was_open_in_it(start: Start, tmp_path: Path) -> None:
    first = start("crash", sample_snapshot())
    assert first.wait(300) == -signal.SIGSEGV
    between = start("has_snapshot ends", sample_snapshot())
    assert line_of(between) == "opened"
    assert between.communicate(timeout=300)[0] == "closing\n"
    second = start("trouble ends")
    told = line_of(second)
    (log,) = tmp_path.rglob("fault-last.log")
    assert str(log) in told
    assert "has crashed" in told
    written = log.read_text(encoding="utf-8")
    assert "in crash" in written
    assert "arn:" not in written
    assert second.wait(300) == 0
    third = start("trouble ends")
    third_said = start_said(third)
    assert "has crashed" not in third_said


def start_said(process: "subprocess.Popen[str]") -> str:
    """What it says within the time that a start takes; nothing, where it has nothing to say."""
    try:
        return process.communicate(timeout=5)[0]
    except subprocess.TimeoutExpired:
        return ""


def test_a_window_that_cannot_be_made_says_so_in_the_terminal_and_in_the_log(start: Start, tmp_path: Path) -> None:
    broken = PROGRAM.replace("    def show(self):\n", "    def __init__(self, *_):\n        raise KeyError('x')\n", 1)
    done = subprocess.run(
        [sys.executable, "-c", broken, ""],
        env={**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "KeyError: 'x'" in done.stderr
    (log,) = tmp_path.rglob("iamdesk.log")
    assert "KeyError" in log.read_text(encoding="utf-8")


def test_a_review_whose_snapshot_is_elsewhere_asks_for_it(qtbot: QtBot, window: MainWindow, review: Path) -> None:
    (review.parent / "acme-prod.json").rename(review.parent / "moved.json")

    class Finds(type(window.prompts)):  # type: ignore[misc] - the real one's class, whichever it is
        def snapshot_to_open(self, *_: object) -> Path:
            return review.parent / "moved.json"

    window.prompts = Finds()
    window.show()
    window.open_path(review)
    qtbot.waitUntil(
        lambda: "acme-prod.json, which is not in the same folder" in window.problem_bar.text, timeout=20_000
    )
    window.problem_bar._button.click()
    qtbot.waitUntil(lambda: window.workspace.review.review_session is not None, timeout=60_000)
    assert window.workspace.review.controller.matches
    window.open_path(review)  # once more: it is open
    assert window.workspace.review.review_session is not None


def test_a_review_that_names_a_way_to_elsewhere_leads_nowhere(
    qtbot: QtBot, window: MainWindow, review: Path, sample: SnapshotSession
) -> None:
    with ReviewFile.open(review) as made:
        made._connection.execute("UPDATE head SET value = ? WHERE name = 'snapshot_name'", (str(sample_snapshot()),))
    (review.parent / "acme-prod.json").unlink()
    window.show()
    window.open_path(review)
    qtbot.waitUntil(lambda: "which is not in the same folder" in window.problem_bar.text, timeout=20_000)
    assert window.session.snapshot is None


def test_a_file_that_is_no_review_is_told(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "no.iamreview").write_text("{}")
    window.show()
    window.open_path(tmp_path / "no.iamreview")
    qtbot.waitUntil(lambda: "no.iamreview: the review cannot be read" in window.problem_bar.text, timeout=20_000)


def test_another_window_is_another_process(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notes = tmp_path / "iamdesk" / "open"
    number = spawn_window.start(sample_snapshot())
    try:
        assert number not in (0, os.getpid())
        qtbot.waitUntil(lambda: any(notes.glob("*.json")), timeout=60_000)
        assert RecoveryFile(notes).take_unfinished() == (), "its window is there"
    finally:
        os.kill(number, signal.SIGKILL)


def test_the_menu_opens_one(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path | None] = []
    monkeypatch.setattr(spawn_window, "start", lambda path=None: started.append(path) or 1)
    window.menus.actions["actionNewWindow"].trigger()
    assert started == [None]


def test_all_that_was_left_comes_back_each_in_a_window(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, review: Path
) -> None:
    """The power went while three windows stood."""
    started: list[Path | None] = []
    monkeypatch.setattr(spawn_window, "start", lambda path=None: started.append(path) or 1)
    folder = tmp_path / "open"
    for number, (snapshot, of) in enumerate(((sample_snapshot(), None), (review.parent / "acme-prod.json", review))):
        marks = RecoveryFile(folder)
        marks._note = folder / f"{number}.json"
        marks.note(snapshot, of)
        assert marks._lock is not None
        marks._lock.unlock()
    window = create_main_window(settings_path=tmp_path / "s.ini")
    qtbot.addWidget(window)
    window.show()
    window.offer_unfinished()
    window.problem_bar._button.click()
    assert started == [review]
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=60_000)
    window.close()
