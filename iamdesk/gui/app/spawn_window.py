"""Starts further windows, each as its own process, so that none waits for another or crashes with it.

They share data only through files: snapshots are only read, a review has one writer (``file_lock.py``),
settings are merged key by key, and each records what it has open (``session_recovery.py``). They do not communicate.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QProcess


def start(path: Path | None = None) -> int:
    """Start another iamdesk process, on a file if one is given; return its process id, or 0 on failure."""
    frozen = bool(getattr(sys, "frozen", False))  # in an installed bundle, the program is iamdesk itself
    arguments = [] if frozen else ["-m", "iamdesk"]
    if path is not None:
        arguments.append(str(path.absolute()))
    started, number = QProcess.startDetached(sys.executable, arguments, "")
    return int(number) if started else 0
