"""The window stays quick while it opens, answers and runs the checks: no gap in its heartbeat is long."""

import gc
from time import perf_counter

import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from iamdesk.evaluate.request import Request
from iamdesk.gui.main_window import MainWindow
from iamdesk.paths import sample_snapshot

PETRA = "arn:aws:iam::111122223333:user/finance/petra.novak"
LONGEST_GAP = 0.15
"""Seconds, on a machine that has nothing else to do."""


class Heartbeat:
    """Notes the longest time in which the event loop did not come round."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = perf_counter()
        self._timer = QTimer(interval=10)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now

    def stop(self) -> float:
        self._timer.stop()
        return self.longest


@pytest.mark.slow
def test_the_heartbeat_goes_on_while_the_sample_is_opened_and_asked(
    qtbot: QtBot, window: MainWindow, request: pytest.FixtureRequest
) -> None:
    window.show()
    qtbot.waitExposed(window)
    gc.collect()
    gc.freeze()  # what other tests have left in this process is no load of the window's
    request.addfinalizer(gc.unfreeze)
    heart = Heartbeat()
    window.open_path(sample_snapshot())
    qtbot.waitUntil(lambda: window.session.snapshot is not None, timeout=20_000)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    opening = heart.stop()
    heart = Heartbeat()
    window.session.select(PETRA)
    window.session.ask(Request(PETRA, "s3:DeleteObject", "arn:aws:s3:::acme-payroll/2026/x"))
    qtbot.waitUntil(lambda: not window.session.pending, timeout=20_000)
    asking = heart.stop()
    print(f"longest gap: opening {opening * 1000:.0f} ms, asking {asking * 1000:.0f} ms")
    assert max(opening, asking) < LONGEST_GAP
