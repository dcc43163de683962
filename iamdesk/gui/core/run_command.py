"""Commands of the window from any widget in it, also in a panel that was torn off."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

OWN_KEYS = "ownKeys"
"""Property of a field: the names, as Qt writes them, of keys that it handles itself although they are a command's."""


def main_window_of(widget: QWidget) -> QWidget:
    """Return the outermost parent of a widget: of a torn-off panel, the window that it came from."""
    while (parent := widget.parentWidget()) is not None:
        widget = parent
    return widget


def run_command(widget: QWidget, name: str) -> None:
    """Run a command by its object name (``gui/app/commands.py``); does nothing where the window does not have it."""
    action = main_window_of(widget).findChild(QAction, name)
    if isinstance(action, QAction):
        action.trigger()
