"""What the window does with an organization larger than its memory: seconds, memory, and how long it does not react.

    QT_QPA_PLATFORM=offscreen PYTHONPATH=. python tests/benchmarks/bench_window_organization.py FOLDER [--accounts 10]

FOLDER holds a file of authorization details for each account. One line a step: seconds until the step is shown, those
of the processor here, memory now and at most, that of each worker, and the longest pause of the window, beside the
processor time that its thread took in it: on a busy machine the rest is waiting for a core.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_catalogue import resident
from bench_opening import _run
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QAction

from iamdesk.api import OrganizationSession
from iamdesk.evaluate.request import Request
from iamdesk.gui import create_main_window
from iamdesk.gui.app.main_window import MainWindow

LIMIT = 600.0
_FINDINGS_FOR = 20.0


class Beat:
    """Notes how long the window's thread does not return to its event loop."""

    def __init__(self) -> None:
        self._last = time.perf_counter(), time.thread_time()
        self.worst = (0.0, 0.0)
        self._timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self.worst = max(self.worst, (now[0] - self._last[0], now[1] - self._last[1]))
        self._last = now

    def begin(self) -> None:
        self._last = time.perf_counter(), time.thread_time()
        self.worst = (0.0, 0.0)


def wait(until: Callable[[], bool], limit: float = LIMIT) -> None:
    _run(QEventLoop, QTimer, until, limit)


def workers_of(window: MainWindow) -> list[str]:
    held = getattr(window.workers, "_held", None)
    return [f"{now}/{most}" for now, most in map(resident, getattr(held, "process_ids", ()))]


def step(label: str, window: MainWindow, beat: Beat, work: Callable[[], object], until: Callable[[], bool]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    beat.begin()
    work()
    wait(until)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    now, most = resident()
    pause, busy = (round(1000 * one) for one in beat.worst)
    print(
        f"  {label:<44} {wall:7.2f} s wall, {processor:6.2f} s processor here, memory {now}/{most} MiB, "
        f"workers {', '.join(workers_of(window)) or '-'}, longest pause {pause} ms ({busy} ms busy)",
        flush=True,
    )


def rested(until: Callable[[], bool]) -> Callable[[], bool]:
    """Return a condition that looks a moment later: what begins with a delay has begun then."""
    begun = time.perf_counter()
    return lambda: time.perf_counter() - begun > 0.2 and until()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, default=10, help="accounts to look at")
    options = parser.parse_args()
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        window = create_main_window(None, Path(folder) / "settings.ini")
        window.show()
        wait(lambda: False, 1)
        beat = Beat()
        try:
            go_through(window, beat, options.folder, options.accounts)
        finally:
            window.dispose()


def go_through(window: MainWindow, beat: Beat, path: Path, count: int) -> None:
    workspace = window.workspace

    def is_idle() -> bool:
        return not (window.jobs.running or workspace.who_can.search.running)

    def do(label: str, work: Callable[[], object], until: Callable[[], bool] = is_idle) -> None:
        step(label, window, beat, work, until)

    do("window before", lambda: None)
    do("shown", lambda: window.open_path(path), lambda: window.session.snapshot is not None)
    do("everything else done", lambda: None)
    opened = window.session.snapshot
    assert isinstance(opened, OrganizationSession), "so small that it is held as a whole"
    entries = opened.catalogue.entries
    print(f"  {len(entries):,} accounts, {opened.catalogue.principals:,} principals")
    palette = window.windows.search_everywhere()
    for text in ("a", "admin", "zzz"):
        do(f"search for {text}", partial(palette.field.setText, text), lambda: not palette.is_searching)
    palette.close()
    for text in ("a", "admin", ""):
        do(f"tree filtered by {text!r}", partial(workspace.navigator.field.setText, text))
    chosen = entries[:: max(1, len(entries) // count)][:count]

    def look() -> None:
        for entry in chosen:
            window.session.show_key(entry.users[0].arn)
            wait(lambda: not workspace.inspector.is_reading)

    do(f"a user of each of {len(chosen)} accounts", look)
    objects, role = "arn:aws:s3:::acme-data/x", entries[-1].roles[0].arn
    queue = f"arn:aws:sqs:eu-west-1:{entries[-1].account_id}:orders"
    for label, action, resource in (
        ("who-can over all, first", "sqs:SendMessage", queue),
        ("who-can, new resource", "sqs:SendMessage", f"{queue}-2"),
        ("every action on one role", "", role),
        ("every action on one object", "", objects),
        ("who-can, many rows", "s3:GetObject", objects),
    ):
        do(label, partial(window.session.ask_who_can, Request("", action, resource)))
        print(f"    {len(workspace.who_can.model.rows):,} rows")
    table, field = workspace.who_can.table, workspace.who_can.text
    do("scrolled to the end, what explains these", table.scrollToBottom, rested(is_idle))
    do("filtered by what explains each row", partial(field.show_filter, "-granted:zzz"), rested(is_idle))
    print(f"    {len(workspace.who_can.model.shown):,} rows")
    do("not filtered", partial(field.show_filter, ""), rested(is_idle))
    all_principals = window.findChild(QAction, "actionPrincipals")
    assert all_principals is not None
    do("all principals", all_principals.trigger)
    print(f"    {len(window.interior.principals.model.rows):,} rows")
    begun = time.perf_counter()
    do("findings, the first seconds", workspace.findings.run, lambda: time.perf_counter() - begun > _FINDINGS_FOR)
    print(f"    {len(workspace.findings.model.rows):,} rows")

    def cancel() -> None:
        for job in window.jobs.running:
            job.cancel()

    do("findings, canceled", cancel)
    do("closed", window.session.close)


if __name__ == "__main__":
    main()
