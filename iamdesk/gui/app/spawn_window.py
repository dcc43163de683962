"""Windows side by side: each is a process of its own, so that none waits for another, nor goes down with it.

What two of them may share they share by files: snapshots are only read, a review has one writer
(``review/write_lock.py``), settings are merged key by key, and each notes by itself what it has open
(``session_recovery.py``). No process listens for another.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess


def start(path: Path | None = None) -> int:
    """Start an iamdesk beside this one, on a file where one is named; return the number of its process, 0 for none."""
    frozen = bool(getattr(sys, "frozen", False))  # a bundle's program is iamdesk itself
    arguments = [] if frozen else ["-m", "iamdesk"]
    if path is not None:
        arguments.append(str(path.absolute()))
    started, number = QProcess.startDetached(sys.executable, arguments, "")
    return int(number) if started else 0
