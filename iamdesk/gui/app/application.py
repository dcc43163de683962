"""The application: what is set up before the window, and what happens on errors."""

import gc
import sys
from pathlib import Path

from PySide6.QtCore import QEvent, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.crash_log import CrashLog, default_log_folder, note_qt_message
from iamdesk.gui.app.main_window import MainWindow
from iamdesk.gui.app.review_file_opener import is_review
from iamdesk.gui.app.unix_signals import Interrupts
from iamdesk.gui.core.locale import set_language
from iamdesk.gui.core.settings import Settings, default_settings_path
from iamdesk.gui.widgets.message_bar import Tone

_INTERRUPTED = 130
"""128 + SIGINT: the status that a shell reports."""


class Application(QApplication):
    """Opens files that the desktop hands over (macOS sends an event instead of an argument)."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(arguments)
        self.setApplicationName("iamdesk")
        self.setApplicationDisplayName("iamdesk")
        self.setDesktopFileName("iamdesk")
        self.window: MainWindow | None = None

    def event(self, event: QEvent) -> bool:
        """Open a file that the desktop hands over."""
        if isinstance(event, QFileOpenEvent) and self.window is not None:
            path = Path(event.file())
            if self.window.session.shown is None or is_review(path):
                self.window.open_path(path)
            else:  # keep what is open
                spawn_window.start(path)
            return True
        return bool(super().event(event))


def run(path: Path | None = None) -> int:
    """Show the window until it is closed, with a snapshot if a path is given; return the exit status.

    Ctrl-C in the terminal closes it too; the status is then 130.
    """
    app = Application([sys.argv[0]])
    # A start with a file does not mention an earlier crash: the next start without one does.
    trail = CrashLog(default_log_folder(), takes_left=path is None)
    qInstallMessageHandler(_qt_message)
    try:
        return _run(app, trail, path)
    except Exception as error:
        trail.note(error)
        raise
    finally:
        qInstallMessageHandler(None)
        trail.release()  # so that errors before there is a window are shown in the terminal


def _run(app: Application, trail: CrashLog, path: Path | None) -> int:
    settings = Settings(default_settings_path())
    set_language(app, settings.language)
    window = MainWindow(app, settings)
    app.window = window
    trail.broke.connect(lambda sentence: window.show_problem(Tone.ERROR, sentence))
    interrupts = Interrupts(window.close, app)
    window.show()
    gc.freeze()  # modules and the window live as long as the process: collecting them would block it for 30 ms
    if path is None:
        window.offer_unfinished(trail.left)
    if path is None and settings.reopens_last and settings.recent:
        path = settings.recent[0]
    if path is not None:
        window.open_path(path)
    try:
        status = app.exec()
        return _INTERRUPTED if interrupts.seen else status
    finally:
        interrupts.release()
        app.window = None
        window.dispose()


def _qt_message(kind: QtMsgType, _context: object, message: str) -> None:
    """Log a warning of Qt's; it does not concern the user."""
    if kind in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
        note_qt_message(message)
