"""How long a cold start takes until the window is painted: fresh processes, one after the other.

python tests/benchmarks/bench_start.py [HOW MANY]

The clock starts before the interpreter does and stops when the first painting of the start page is over. Files are in
the system's cache after the first run, which is told apart. Target: 0.6 s from source. Beside it stands the processor's
time, which tells more where other programs run, too.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = 0.6
_PROGRAM = """
import sys
from pathlib import Path
from iamdesk.gui.app import Application
app = Application(["iamdesk"])
from iamdesk.gui.main_window import MainWindow
from iamdesk.gui.settings import Settings
window = MainWindow(app, Settings(Path(sys.argv[1])))
window.show()
app.processEvents()
assert not window.grab().isNull()
import os, time
print("painted", time.process_time(), flush=True)
os._exit(0)
"""


def start(settings: Path) -> tuple[float, float]:
    """Return the seconds that one start takes until the window is painted, and those of the processor."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(settings)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        took = time.perf_counter() - began
    word, _, spent = said.partition(" ")
    if word != "painted":
        raise SystemExit("the window did not start")
    return took, float(spent)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        first, *rest = (start(Path(folder) / "settings.ini") for _ in range(count + 1))
    times = [took for took, _ in rest]
    median = statistics.median(times)
    print(f"first {first[0]:.2f} s; then median of {count}: {median:.2f} s, {min(times):.2f} to {max(times):.2f} s")
    print(f"of the processor: median {statistics.median(spent for _, spent in rest):.2f} s")
    print(f"target {TARGET} s: {'met' if median <= TARGET else 'not met'}")


if __name__ == "__main__":
    main()
