"""How long a large account takes from file to shown tree, and how long the window cannot answer meanwhile.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/bench_opening.py [--rounds 5] [--roles 5000 …] [--file FILE]

The yardstick is pydantic's own ``model_validate_json`` over the whole file, with the collector off, in the same run.
Each round is a process of its own: the memory told is that of one window with one account.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from account import Size, make_account
from bench_reading import seconds, yardstick

SETTLE = 120.0  # seconds after which the sweeps that follow an opening are given up


def measure(path: Path) -> dict[str, Any]:
    """Open ``path`` in a window; return seconds to the shown tree, longest pauses and peak memory."""
    from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer
    from PySide6.QtWidgets import QLineEdit, QTreeView

    from iamdesk.gui import create_main_window

    with tempfile.TemporaryDirectory() as folder:
        window = create_main_window(None, Path(folder) / "settings.ini")
        window.show()
        tree = window.findChild(QTreeView, "navigator")
        assert tree is not None
        _run(QEventLoop, QTimer, lambda: False, 0.3)
        gaps: list[tuple[float, float]] = []
        last = time.perf_counter()

        def beat() -> None:
            nonlocal last
            now = time.perf_counter()
            gaps.append((now, now - last))
            last = now

        timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(beat)
        timer.start()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        window.open_path(path)
        _run(QEventLoop, QTimer, lambda: tree.model() is not None and tree.model().rowCount() > 0, SETTLE)
        QCoreApplication.processEvents()
        tree.viewport().repaint()
        shown = time.perf_counter()
        _run(QEventLoop, QTimer, lambda: not window.jobs.running, SETTLE)
        settled = time.perf_counter()
        field = window.findChild(QLineEdit, "navigatorFilter")
        assert field is not None
        keys = []
        for text in ("a", "ap", "api", "api-", "api-1", "api-", "zzz", ""):
            began = time.perf_counter()
            field.setText(text)
            _run(QEventLoop, QTimer, lambda: False, 0.25)
            keys.append(max(gap for at, gap in gaps if at > began))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        window.dispose()
    return {
        "reference": seconds(yardstick, path),  # last: what it leaves in memory is not the window's
        "shown": shown - start,
        "settled": settled - start,
        "pause_opening": max(gap for at, gap in gaps if start < at <= shown + 0.1),
        "pause_after": max((gap for at, gap in gaps if shown + 0.1 < at <= settled), default=0.0),
        "pause_filter": max(keys),
        "peak_mb": peak / 1024,
        "before_mb": before / 1024,
    }


def _run(loop_type: Any, timer_type: Any, until: Any, limit: float) -> None:
    """Run the event loop until something holds, at most ``limit`` seconds."""
    loop = loop_type()
    end = time.perf_counter() + limit
    look = timer_type(interval=2)
    look.timeout.connect(lambda: loop.quit() if until() or time.perf_counter() > end else None)
    look.start()
    loop.exec()
    look.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    for name, default in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--file", type=Path, help="an account to open instead of one made here")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure)))
        return
    size = Size(arguments.users, arguments.roles, arguments.groups, arguments.policies)
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "large.json"
        if arguments.file is None:
            path.write_text(json.dumps(make_account(size), indent=4), encoding="utf-8")
        rounds = []
        for _ in range(arguments.rounds):
            done = subprocess.run(
                [sys.executable, __file__, "--measure", str(path)], check=True, capture_output=True, text=True
            )
            rounds.append(json.loads(done.stdout.splitlines()[-1]))
    median = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    ratio = statistics.median(one["shown"] / one["reference"] for one in rounds)
    print(
        f"shown tree {median['shown']:.3f} s, pydantic alone {median['reference']:.3f} s, ratio {ratio:.2f}; "
        f"sweeps done after {median['settled']:.1f} s\n"
        f"longest pause: opening {median['pause_opening'] * 1000:.0f} ms, sweeps after it "
        f"{median['pause_after'] * 1000:.0f} ms, filter keystroke {median['pause_filter'] * 1000:.0f} ms\n"
        f"peak memory {median['peak_mb']:.0f} MB (of which {median['before_mb']:.0f} MB before opening)"
    )


if __name__ == "__main__":
    main()
