"""After saving: a note that says where the file is, with *Open* and *Show in folder*."""

import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices

from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import tr

_RUNNABLE = frozenset({".sh", ".command"})
"""Files that a desktop may run rather than show: *Open* is not offered."""


def show_saved_file(message: MessageBar, session: Session, sentence: str, path: Path) -> None:
    """Say where a file is: in the panel's message bar or, if that is not visible, above the center of the window."""
    session.announce(sentence)
    if _is_seen(message):
        show_saved(message, sentence, path)
    else:
        session.show_saved(sentence, path)


def show_not_saved(message: MessageBar, session: Session, sentence: str) -> None:
    """Say why a file was not written, at the same place."""
    if _is_seen(message):
        message.say(Tone.ERROR, sentence)
    else:
        session.not_saved.emit(sentence)


def _is_seen(message: MessageBar) -> bool:
    panel = message.parentWidget()
    return panel is not None and panel.isVisible()


def show_saved(message: MessageBar, sentence: str, path: Path) -> None:
    """Show the note in a message bar."""
    show = (tr("Show in folder"), partial(show_in_folder, path))
    if path.suffix.lower() in _RUNNABLE:
        message.say(Tone.NOTE, sentence, *show)
    else:
        message.say(Tone.NOTE, sentence, tr("Open"), partial(open_file, path), *show)


def open_file(path: Path) -> None:
    """Open a file or a folder with the program that the desktop has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute())))


def show_in_folder(path: Path) -> None:
    """Show a file in the file manager, selected where the system can do that."""
    program, arguments = _file_manager(path.absolute())
    if program:
        QProcess.startDetached(program, arguments)
    else:
        open_file(path.parent)


def _file_manager(path: Path) -> tuple[str, list[str]]:
    """Return the command that selects a file in its folder; an empty one where there is none for every desktop."""
    if sys.platform == "win32":
        return "explorer", ["/select,", str(path)]
    if sys.platform == "darwin":
        return "/usr/bin/open", ["-R", str(path)]
    return "", []
