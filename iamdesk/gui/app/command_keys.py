"""Makes keys such as Ctrl+E, Ctrl+D and Ctrl+K work as commands in text fields, which would use them for editing."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from iamdesk.gui.app.pasted import denial_in, file_in
from iamdesk.gui.core.run_command import OWN_KEYS

_FIELDS = (QLineEdit, QPlainTextEdit, QTextEdit)
OF_THE_TEXT = frozenset({"actionUndo", "actionRedo", "actionPaste"})
"""Commands whose shortcuts edit the text of the focused field."""


class CommandKeys(QObject):
    """An event filter on the focused field; it moves with the focus."""

    def __init__(self, window: QWidget, actions: Iterable[QAction], app: QApplication) -> None:
        super().__init__(window)
        self._window = window
        self._actions = {sequence: action for action in actions for sequence in action.shortcuts()}
        app.focusChanged.connect(self._moved)

    def _moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if isinstance(old, _FIELDS) and isValid(old):
            old.removeEventFilter(self)
        if isinstance(new, _FIELDS) and self._is_ours(new.window()):
            new.installEventFilter(self)

    def _is_ours(self, window: QWidget) -> bool:
        """Return whether it is the main window, or a panel that was torn off."""
        is_torn_off = window.windowType() is Qt.WindowType.Tool and window.parentWidget() is self._window
        return window is self._window or is_torn_off

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep the field from claiming the shortcut of a command."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence(event.keyCombination())
            if keys.toString() in (watched.property(OWN_KEYS) or ()):
                event.accept()
                return True
            action = self._actions.get(keys)
            if action is not None and action.isEnabled() and not _is_of_the_text(action.objectName(), watched):
                event.ignore()
                return True
        return super().eventFilter(watched, event)


def _is_of_the_text(command: str, field: QObject) -> bool:
    """Return whether the shortcut of a command edits the text of the focused field."""
    if command == "actionPaste":
        return not _is_for_the_window(field)
    return command in OF_THE_TEXT and isinstance(field, _FIELDS) and not field.isReadOnly()


def _is_for_the_window(field: QObject) -> bool:
    """Return whether what the clipboard holds is no text for a field: a denial or a file in a line of names."""
    from iamdesk.gui.widgets.completion_popup import ListingField  # imported after the first paint

    held = QApplication.clipboard().mimeData()
    path = file_in(held)
    is_file = path is not None and (held.hasUrls() or path.is_file())  # `/dev/` may be a path in IAM, too
    return isinstance(field, ListingField) and (is_file or bool(denial_in(held)))
