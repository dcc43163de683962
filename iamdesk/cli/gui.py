"""``iamdesk`` and ``iamdesk PATH``: the window. There is nothing to parse, so nothing that parses is loaded."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iamdesk.cli.output import echo_err


def open_window(path: Path | None = None) -> int:
    """Open the window, on a snapshot where one is named, until it is closed; return the exit status."""
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        echo_err(
            "there is no display to open a window on; --screenshot FILE.png makes a picture without one,"
            " and the commands of iamdesk --help need none"
        )
        return 2
    with qt_needed():
        from iamdesk.gui.app.application import run
    return run(path)


@contextmanager
def qt_needed() -> Iterator[None]:
    """Where Qt cannot be loaded, say so in one sentence and end with status 2."""
    try:
        yield
    except ImportError as error:
        if not (error.name or "").startswith(("PySide6", "shiboken6")) and ".so" not in str(error):
            raise
        echo_err(f"Qt cannot be loaded ({error}); see the README for the system libraries that it needs")
        sys.exit(2)
