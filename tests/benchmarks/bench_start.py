"""How long a start takes until the window is painted: the real command, fresh processes, one after the other.

python tests/benchmarks/bench_start.py [HOW MANY] [--program dist/iamdesk/iamdesk] [PATH]

The clock starts before the process does. With Xvfb it stops when the window is on that screen, which is watched from
outside; without, the program itself tells when its first painting is over (offscreen; from source alone). Files are in
the system's cache after the first run, which is told apart, and compiled modules are kept as Python keeps them.
Targets: 0.6 s from source, 1.2 s for the bundle. Beside it stands the processor's time, which tells more where other
programs run, too.
"""

import argparse
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FROM_SOURCE, _OF_A_BUNDLE = 0.6, 1.2
_LONGEST = 60
_TELLS = """
import os, sys
from PySide6.QtCore import QTimer
from iamdesk.gui.app.main_window import MainWindow
paint = MainWindow.paintEvent
def painted(window, event):
    paint(window, event)
    QTimer.singleShot(0, lambda: os.write(1, b"painted\\n"))
MainWindow.paintEvent = painted
from iamdesk.cli import main
main(sys.argv[1:])
"""


class Screen:
    """A screen of Xvfb's, read where it keeps its picture: in a file."""

    def __init__(self, folder: Path) -> None:
        told, tells = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(tells), "-screen", "0", "1400x900x24", "-fbdir", folder, "-nocursor"],
            pass_fds=[tells],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(tells)
        with os.fdopen(told) as number:
            self.name = f":{number.readline().strip()}"
        with (folder / "Xvfb_screen0").open("rb") as file:
            self._held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        middle = len(self._held) // 2
        self._look = slice(middle, middle + 1400 * 4 * 40)

    def picture(self) -> bytes:
        """Return the middle of the screen: forty lines of it."""
        return self._held[self._look]

    def close(self) -> None:
        """End the server."""
        self._held.close()
        self._server.terminate()
        self._server.wait()


def start(command: list[str], environment: dict[str, str], screen: Screen | None) -> tuple[float, float]:
    """Return the seconds that one start takes until the window is painted, and those of the processor."""
    before = screen.picture() if screen else b""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    if screen is None:
        told = process.stdout.readline()
    else:
        told = b""
        while not told and time.perf_counter() - began < _LONGEST:
            time.sleep(0.002)
            told = b"painted" if screen.picture() != before else b""
    took = time.perf_counter() - began
    process.kill()
    process.stdout.close()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    if not told:
        raise SystemExit("the window did not start")
    while screen is not None and screen.picture() != before:
        time.sleep(0.01)
    return took, used.ru_utime + used.ru_stime


@contextmanager
def prepared(options: argparse.Namespace) -> Iterator[tuple[list[str], dict[str, str], Screen | None]]:
    """Give the command, its environment, and the screen that it paints on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "HOME": name,
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "PYTHONPATH": str(ROOT),
        }
        screen = Screen(folder) if shutil.which("Xvfb") else None
        try:
            if screen is None:
                environment["QT_QPA_PLATFORM"] = "offscreen"
                command = [sys.executable, "-c", _TELLS]
            else:
                environment |= {"QT_QPA_PLATFORM": "xcb", "DISPLAY": screen.name}
                command = [options.program] if options.program else [sys.executable, "-m", "iamdesk"]
            yield [*command, *([options.path] if options.path else [])], environment, screen
        finally:
            if screen is not None:
                screen.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", nargs="?", type=int, default=7)
    parser.add_argument("path", nargs="?", help="a snapshot to open")
    parser.add_argument("--program", help="a bundle's program; from source without it")
    options = parser.parse_args()
    if options.program and not shutil.which("Xvfb"):
        raise SystemExit("a bundle is watched on a screen: install Xvfb")
    with prepared(options) as (command, environment, screen):
        first, *rest = (start(command, environment, screen) for _ in range(options.count + 1))
    times = [took for took, _ in rest]
    median = statistics.median(times)
    target = _OF_A_BUNDLE if options.program else _FROM_SOURCE
    print(
        f"first {first[0]:.2f} s; then median of {options.count}: {median:.2f} s, {min(times):.2f} to {max(times):.2f}"
    )
    spent = [used for _, used in rest]
    print(f"of the processor: median {statistics.median(spent):.2f} s, least {min(spent):.2f} s")
    print(f"target {target} s: {'met' if median <= target else 'not met'}")


if __name__ == "__main__":
    main()
