"""Error handling of the process: a small log, and a message in the window instead of a crash.

The log contains the type of an error and its lines of code. It never contains the message of an error, which may quote
a snapshot. Exceptions in slots, timers and threads all arrive at ``sys.excepthook`` or ``threading.excepthook``.
"""

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, Signal

from iamdesk.i18n import tr
from iamdesk.private_files import create_private_file, create_private_folder

_LOG = logging.getLogger("iamdesk.gui")


def default_log_folder() -> Path:
    """Return the folder of the logs on this platform."""
    return platformdirs.user_log_path("iamdesk", appauthor=False)


def describe(error: BaseException) -> str:
    """Return the type of an error and its lines of code, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([type(error).__name__, *lines])


class _PrivateHandler(RotatingFileHandler):
    """Keeps its files readable by their owner alone."""

    def _open(self) -> Any:
        create_private_file(Path(self.baseFilename))
        return super()._open()


class CrashLog(QObject):
    """Installs the exception hooks of the process. Create one, in the GUI thread, before the window."""

    broke = Signal(str)
    """A sentence for the user; emitted in any thread, delivered in the GUI thread."""

    def __init__(self, folder: Path, parent: QObject | None = None, *, takes_left: bool = False) -> None:
        super().__init__(parent)
        self._previous: tuple[Callable[..., object], Callable[..., object]] = (sys.excepthook, threading.excepthook)
        self._handler: logging.Handler = logging.NullHandler()
        self._fault_file = None
        self.log = folder / "iamdesk.log"
        self.left: Path | None = None
        """What a previous process wrote as it crashed: its lines of code. Set with ``takes_left``; None if none did."""
        try:
            create_private_folder(folder, parents=True)
            if takes_left:
                self.left = _put_aside(folder / "fault.log")
            self._handler = _PrivateHandler(self.log, maxBytes=256 * 1024, backupCount=2, encoding="utf-8")
            create_private_file(folder / "fault.log")
            self._fault_file = (folder / "fault.log").open("a", encoding="utf-8")
        except OSError:
            pass  # read-only home folder: errors are still shown in the window
        else:
            faulthandler.enable(self._fault_file)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        _LOG.addHandler(self._handler)
        _LOG.propagate = False
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def note(self, error: BaseException) -> None:
        """Log where an error came from."""
        _LOG.error("%s", describe(error))

    def release(self) -> None:
        """Restore the hooks and close the files."""
        sys.excepthook, threading.excepthook = self._previous
        _LOG.removeHandler(self._handler)
        self._handler.close()
        if self._fault_file is not None:
            faulthandler.disable()
            self._fault_file.close()
            self._fault_file = None

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.note(error.with_traceback(trace))
        frames = traceback.extract_tb(trace)
        place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
        self.broke.emit(
            tr(
                "Internal error ({what}). The window may show incomplete data; the snapshot is unchanged. "
                "The log {log} shows where the error occurred, and contains nothing from the snapshot."
            ).format(what=f"{kind.__name__}{place}", log=self.log)
        )

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._hook(args.exc_type, args.exc_value, args.exc_traceback)


def _put_aside(fault: Path) -> Path | None:
    if not fault.is_file() or not fault.stat().st_size:
        return None
    return fault.replace(fault.with_name("fault-last.log"))


def note_qt_message(message: str) -> None:
    """Log a warning of Qt's: its first line, which is about widgets and never about their contents."""
    _LOG.warning("Qt: %s", message.partition("\n")[0][:300])
