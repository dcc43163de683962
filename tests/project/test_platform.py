"""PySide6 6.12 aborts the interpreter on Python 3.10 and 3.11: each `setText` loses a reference to None."""

import os
import subprocess
import sys

LOOP = """
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication([])
label = QLabel()
for number in range(10_000):
    label.setText(str(number))
print(label.text())
"""


def test_ten_thousand_texts_do_not_end_the_interpreter() -> None:
    """In a process of its own: an abort would take the test run with it."""
    done = subprocess.run(
        [sys.executable, "-c", LOOP],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "9999\n"), done.stderr
