"""The application as a process of its own: it starts, opens, ends, and says nothing on the way."""

import os
import subprocess
import sys
from pathlib import Path

from iamdesk.resource_files import sample_snapshot

ROOT = Path(__file__).parents[2]
SCRIPT = """
import signal
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from iamdesk.gui.app import application
from iamdesk.gui.app.main_window import MainWindow

def look():
    window = QApplication.instance().window
    if window.session.snapshot is not None and not window.jobs.running:
        timer.stop()
        print("opened", window.windowTitle())
        {then}

class Watched(MainWindow):
    def show(self):
        # The first moment at which there is an application, and with it an event loop for timers.
        global timer
        super().show()
        timer = QTimer(self, interval=20)
        timer.timeout.connect(look)
        timer.start()
        QTimer.singleShot(50000, self, lambda: QApplication.exit(9))

application.MainWindow = Watched
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, however these tests were started
sys.exit(application.run(Path(sys.argv[1])))
"""


def run(tmp_path: Path, then: str) -> subprocess.CompletedProcess[str]:
    home = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.replace("{then}", then), str(sample_snapshot())],
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_it_starts_opens_and_ends_in_silence(tmp_path: Path) -> None:
    ended = run(tmp_path, "window.close()")
    assert ended.stdout.startswith("opened acme-prod.json")
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert (tmp_path / "config" / "iamdesk" / "iamdesk.ini").exists()
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert written <= {"iamdesk.ini", "iamdesk.log", "fault.log"}, "there is no cache, as the settings say"


def test_ctrl_c_in_the_terminal_closes_the_window(tmp_path: Path) -> None:
    """The signal comes while Qt waits and Python does nothing."""
    then = """
        import os
        os.system(f"(sleep 0.3; kill -INT {os.getpid()}) &")
    """
    ended = run(tmp_path, then.strip())
    assert ended.stdout.startswith("opened acme-prod.json")
    assert ended.stderr == ""
    assert ended.returncode == 130
    assert (tmp_path / "config" / "iamdesk" / "iamdesk.ini").exists()


def test_an_error_inside_is_shown_and_the_window_stays(tmp_path: Path) -> None:
    then = """
        def fail():
            raise KeyError("arn:aws:iam::111122223333:user/alice")
        def after():
            print("said", window.problem_bar.text)
            window.close()
        QTimer.singleShot(0, fail)
        QTimer.singleShot(200, after)
    """
    ended = run(tmp_path, then.strip())
    said = [line for line in ended.stdout.splitlines() if line.startswith("said")]
    assert "Internal error (KeyError" in said[0]
    assert "alice" not in ended.stdout + ended.stderr
    assert ended.returncode == 0
    (log,) = tmp_path.rglob("iamdesk.log")
    assert "KeyError" in log.read_text(encoding="utf-8")
    assert "alice" not in log.read_text(encoding="utf-8")
