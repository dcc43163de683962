"""How long the map of everybody takes in a window, and how long the window cannot answer meanwhile.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/bench_everybody.py FILE [--size 1360x860]

For each act: the longest time between two beats of the event loop, and the most processor time that the window's own
thread took of one. The first counts what waits for other threads and other programs as well.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from iamdesk.gui import create_main_window
from iamdesk.gui.access_matrix.panel import AccessMatrixPanel

_LIMIT = 240.0


class Beats:
    """Notes when the event loop comes around."""

    def __init__(self) -> None:
        self._noted: list[tuple[float, float, float]] = []
        self._last = (time.perf_counter(), time.thread_time())
        self._timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self._noted.append((now[0], now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now

    def measure(self, name: str, act: Callable[[], object], until: Callable[[], bool] = lambda: True) -> None:
        """Do something, and print how it went."""
        run(lambda: False, 0.1)
        began = time.perf_counter()
        act()
        run(until, _LIMIT)
        took = time.perf_counter() - began
        run(lambda: False, 0.2)
        noted = [(gap, own) for at, gap, own in self._noted if at > began]
        longest, own = max(gap for gap, _ in noted), max(own for _, own in noted)
        print(f"{name:<34} pause {longest * 1000:5.1f} ms, own {own * 1000:5.1f} ms; in {took:.2f} s", flush=True)


def run(until: Callable[[], bool], limit: float) -> None:
    """Run the event loop until something holds, at most ``limit`` seconds."""
    loop = QEventLoop()
    end = time.perf_counter() + limit
    look = QTimer(interval=2)
    look.timeout.connect(lambda: loop.quit() if until() or time.perf_counter() > end else None)
    look.start()
    loop.exec()
    look.stop()


def each(times: int, act: Callable[[int], object]) -> None:
    """Do something again and again, once in a frame."""
    left = iter(range(times))
    timer = QTimer(interval=16)
    over = [False]

    def step() -> None:
        number = next(left, None)
        if number is None:
            over[0] = True
        else:
            act(number)

    timer.timeout.connect(step)
    timer.start()
    run(lambda: over[0], _LIMIT)
    timer.stop()


def is_seen(panel: AccessMatrixPanel) -> bool:
    """Return whether every cell on the screen is known."""
    rows, columns = panel.table.in_view()
    services = len(panel.model.columns)
    looks = [panel.model.look(row, column) for row in rows for column in columns if column < services]
    return bool(rows) and all(look is None or look.is_known for look in looks)


def acts(beats: Beats, panel: AccessMatrixPanel) -> None:
    """Do in the panel what its users do."""
    table, down, across = panel.table, panel.table.verticalScrollBar(), panel.table.horizontalScrollBar()

    def settled() -> bool:
        return panel.is_settled

    def choose(box: str, row: int) -> None:
        field = getattr(panel, box)
        field.setCurrentIndex(row)
        field.activated.emit(row)

    beats.measure("scrolled line by line", lambda: each(100, lambda _: down.setValue(down.value() + 1)))
    beats.measure("scrolled page by page", lambda: each(100, lambda _: down.setValue(down.value() + 12)))
    beats.measure("dragged to the end", lambda: each(60, lambda step: down.setValue(down.maximum() * step // 59)))
    for text in ("a", "api", "zzz", ""):
        beats.measure(f"filter {text!r}", partial(panel.text.setText, text), settled)
    beats.measure("level Write", lambda: choose("level", 4), settled)
    beats.measure("all levels", lambda: choose("level", 0), settled)
    beats.measure("gravest first", lambda: choose("order", 1), settled)
    beats.measure("by name", lambda: choose("order", 2), settled)
    beats.measure("each in its line", lambda: panel.gather.setChecked(False), settled)
    beats.measure("those alike in one line", lambda: panel.gather.setChecked(True), settled)
    beats.measure("every service", lambda: panel.every_service.setChecked(True), settled)
    beats.measure("page by page, every service", lambda: each(60, lambda step: down.setValue(step * 12)))
    beats.measure("across, every service", lambda: each(60, lambda step: across.setValue(step * 7)))
    largest = max(range(len(panel.model.lines)), key=lambda row: len(panel.model.lines[row].people))
    beats.measure("a group opened", lambda: table.toggle(largest))
    beats.measure("a group shut", lambda: table.toggle(largest))
    table.setFocus()
    beats.measure("forty arrow keys", lambda: each(40, lambda _: QTest.keyClick(table, Qt.Key.Key_Down)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", default="1360x860")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        window = create_main_window(None, Path(folder) / "settings.ini")
        window.resize(width, height)
        window.show()
        run(lambda: False, 0.3)
        window.open_path(arguments.file)
        for _ in range(3):  # one job may start the next a moment later
            run(lambda: window.session.snapshot is not None and not window.jobs.running, _LIMIT)
            run(lambda: False, 0.5)
        panel, beats = window.workspace.access_matrix, Beats()
        beats.measure(
            "names on the screen", window.interior.show_access_matrix, lambda: panel.model.matrix_rows is not None
        )
        beats.measure("cells on the screen", lambda: None, lambda: is_seen(panel))
        down = panel.table.verticalScrollBar()
        beats.measure("those of another page", lambda: down.setValue(down.maximum() // 2), lambda: is_seen(panel))
        beats.measure("scrolled while it fills", lambda: each(60, lambda step: down.setValue(step * 20)))
        beats.measure("everybody", lambda: None, lambda: panel.is_settled)
        acts(beats, panel)
        window.dispose()


if __name__ == "__main__":
    main()
