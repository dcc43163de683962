"""``iamdesk`` and ``iamdesk PATH``: open the window, without loading the parser of the command line."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iamdesk.cli.output import echo_err


def open_window(path: Path | None = None) -> int:
    """Open the window, with a snapshot or review if a path is given; return the exit status once it is closed."""
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        echo_err(
            "no display is available; --screenshot FILE.png and the commands listed by iamdesk --help work without one"
        )
        return 2
    with qt_needed():
        from iamdesk.gui.app.application import run
    return run(path)


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
