"""The window. Call ``create_main_window``; ``core/session.py`` describes how its panels communicate."""

import atexit
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamdesk.gui.app.main_window import MainWindow

__all__ = ["create_main_window"]


def create_main_window(path: Path | str | None = None, settings_path: Path | None = None) -> "MainWindow":
    """Return the main window, not yet shown; with a path, it starts opening that snapshot.

    ``settings_path`` is the ini file of the settings; by default, the user's own. A ``QApplication`` is created if
    there is none; the window keeps it alive.
    """
    from PySide6.QtWidgets import QApplication

    from iamdesk.gui.app.main_window import MainWindow
    from iamdesk.gui.core.settings import Settings, default_settings_path

    app = QApplication.instance() or QApplication(["iamdesk"])
    if not isinstance(app, QApplication):
        raise TypeError("a QApplication is needed, and another kind of Qt application runs")
    window = MainWindow(app, Settings(settings_path or default_settings_path()))
    window.interior.complete()  # public names are available at once
    atexit.register(_dispose, weakref.ref(window))
    if path is not None:
        window.open_path(Path(path))
    return window


def _dispose(reference: "weakref.ref[MainWindow]") -> None:
    from shiboken6 import isValid

    window = reference()
    if window is not None and isValid(window):
        window.dispose()
