"""The window fits the screen it opens on: small ones, large ones at 200 %, and another than it was closed on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from iamdesk.gui import create_main_window
from iamdesk.gui.core.text_size import apply_text_size
from iamdesk.resource_files import sample_snapshot

settings, size, percent = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
window = create_main_window(settings_path=settings)
apply_text_size(QApplication.instance(), percent)
if size:
    window.resize(*map(int, size.split("x")))
    window.move(400, 300)
window.show()
told = []

def note(when):
    for _ in range(5):
        QApplication.processEvents()
    room, frame = window.screen().availableGeometry(), window.frameGeometry()
    told.append([when, room.contains(frame), str(frame), room.width(), room.height()])

def wait(done):
    loop = QEventLoop()
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: done() and loop.quit())
    timer.start()
    loop.exec()

note("empty")
window.open_path(sample_snapshot())
wait(lambda: window.session.snapshot is not None and not window.jobs.running)
note("opened")
window.session.show_key("arn:aws:iam::111122223333:user/finance/petra.novak")
note("selected")
for name in ("actionShowWhoCan", "actionShowWays", "actionShowReview", "actionShowAsked", "actionCaptured"):
    window.menus.actions[name].trigger()
    note(name)
wait(lambda: not window.jobs.running)
window.show_problem(window.problem_bar._tone, "A long sentence that needs more than one line. " * 6)
note("trouble")
print(json.dumps(told))
window.close()
"""


ASKING = """
import json, sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QEventLoop, QTimer
from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.perspectives import PERSPECTIVES
from iamdesk.resource_files import sample_snapshot

window = create_main_window(sample_snapshot(), Path(sys.argv[1]))
window.show()
told = []

def settle():
    loop = QEventLoop()
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: window.session.snapshot and not window.jobs.running and loop.quit())
    timer.start()
    loop.exec()

def note(when):
    settle()
    room, frame, least = window.screen().availableGeometry(), window.frameGeometry(), window.minimumSizeHint()
    told.append([when, room.contains(frame), [least.width(), least.height()], room.width(), room.height()])

settle()
bar, session = window.workspace.request_bar, window.session
window.menus.actions["perspectiveAsk"].trigger()
user = "arn:aws:iam::111122223333:user/ines.costa"
session.ask(Request(user, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/*"))
note("asked")
session.ask(replace(session.request, context={"aws:MultiFactorAuthPresent": "true"}))
note("filled in")
bar.who_else_button.click()
note("who can")
window.session.show_key("arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy")
note("details")
bar.context_button.click()
note("context")
for field in (bar.principal, bar.action, bar.resource):
    field.setText("a-long-text-" * 60)
bar.ask_button.click()
note("long texts")
for one in PERSPECTIVES:
    window.menus.actions[one.name].trigger()
    note(one.name)
print(json.dumps(told))
window.close()
"""


type Told = list[list[object]]


def places(
    tmp_path: Path, width: int, height: int, scale: int, size: str = "", percent: int = 100, *, script: str = SCRIPT
) -> Told:
    """Start the window on a screen of so many points, do this and that, and return where it stood."""
    screens = tmp_path / "screens.json"
    one: dict[str, object] = {"name": "one", "x": 0, "y": 0, "width": width, "height": height}
    one |= {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    screens.write_text(json.dumps({"screens": [one]}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "settings.ini", size, str(percent)],
        env={
            **os.environ,
            "QT_QPA_PLATFORM": f"offscreen:configfile={screens}",
            "QT_SCALE_FACTOR": str(scale),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: Told = json.loads(done.stdout.splitlines()[-1])
    assert found[0][3:] == [width // scale, height // scale], "the screen is as it was told to be"
    return found


@pytest.mark.parametrize(
    ("width", "height", "scale", "percent"),
    [(1366, 768, 1, 100), (1920, 1080, 2, 100), (1366, 768, 2, 100), (1024, 768, 1, 130)],
)
def test_it_fits_the_screen_whatever_is_opened(
    tmp_path: Path, width: int, height: int, scale: int, percent: int
) -> None:
    found = places(tmp_path, width, height, scale, percent=percent)
    assert [place for place in found if not place[1]] == []


def test_it_fits_another_screen_than_it_was_closed_on(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    places(tmp_path, 3000, 2000, 1, size="2400x1600")
    found = places(tmp_path, 1366, 768, 1)
    assert [place for place in found if not place[1]] == []


def test_no_content_makes_the_window_outgrow_the_screen(tmp_path: Path) -> None:
    found = places(tmp_path, 1366, 768, 1, script=ASKING)
    assert [place for place in found if not place[1]] == []
    needed: list[tuple[int, int]] = [place[2] for place in found]  # type: ignore[misc]  # as the script prints them
    assert max(width for width, _height in needed) <= 1280
    assert max(height for _width, height in needed) <= 700
