"""``iamdesk`` and ``iamdesk PATH``: open the window, without loading the parser of the command line."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iamdesk.cli.output import echo_err

X11_LIBRARY = "libxcb-cursor.so.0"
"""What Qt needs on X11 and few systems have: without it, it aborts the process with a text of its own."""


def open_window(path: Path | None = None) -> int:
    """Open the window, with a snapshot or review if a path is given; return the exit status once it is closed."""
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        echo_err(
            "no display is available; --screenshot FILE.png and the commands listed by iamdesk --help work without one"
        )
        return 2
    if lacking := missing_library():
        echo_err(lacking)
        return 2
    with qt_needed():
        from iamdesk.gui.app.application import run
    return run(path)


def missing_library() -> str:
    """Return the sentence that names the package of the library that Qt needs on X11; empty if the window can open."""
    platform = os.environ.get("QT_QPA_PLATFORM") or ("wayland" if os.environ.get("WAYLAND_DISPLAY") else "xcb")
    if sys.platform != "linux" or platform.partition(":")[0] != "xcb":
        return ""
    try:
        ctypes.CDLL(X11_LIBRARY)
    except OSError:
        return (
            f"the window cannot open: {X11_LIBRARY} is not installed; on Debian or Ubuntu: sudo apt-get install "
            "libxcb-cursor0 (other systems: xcb-util-cursor)"
        )
    return ""


@contextmanager
def qt_needed() -> Iterator[None]:
    """End with one sentence and status 2 if Qt cannot be loaded in this context."""
    try:
        yield
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")) and ".so" not in str(error):
            raise
        echo_err(f"Qt cannot be loaded ({error}); the README lists the system libraries that it requires")
        sys.exit(2)
