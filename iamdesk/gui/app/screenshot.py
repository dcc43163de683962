"""``iamdesk PATH --screenshot FILE.png``: renders the window once, with a selection and a result, on any machine."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from iamdesk.evaluate.request import Request
from iamdesk.use_cases.types import UseCaseRequest

if TYPE_CHECKING:
    from iamdesk.gui.app.main_window import MainWindow

_LONGEST_WAIT = 300_000
"""Milliseconds in which a snapshot of hundreds of megabytes is read."""
_SETTLING = 150
"""Milliseconds for layouts that are done on timers."""


class ScreenshotError(Exception):
    """The image cannot be made. The message is one sentence."""


def render(
    path: Path,
    png: Path,
    select: str | None = None,
    ask: tuple[str, str, str] | None = None,
    scheme: str = "light",
    size: tuple[int, int] = (1360, 860),
    page: str | None = None,
    language: str = "en",
) -> None:
    """Open a snapshot or review in the window, and save a screenshot. Works with and without a display.

    The user's settings are neither read nor written.

    Args:
        select: ARN or key of the row to select in the navigator.
        ask: principal, action and resource of a request to evaluate.
        page: the page in front: ``overview``, ``captured`` (contents of the snapshot), ``findings``, ``access``
            (effective permissions of the selected principal), ``who-can`` (for the request of ``ask``),
            ``attack-paths`` (of the selected principal, else of all), ``access-matrix``, ``review`` (if ``path`` is a
            review with its snapshot beside it).
        language: one of ``language.LANGUAGES``.

    Raises:
        ScreenshotError: the snapshot cannot be opened, the request cannot be evaluated, the key is not in the snapshot,
            the page does not fit selection and request, or the image cannot be written.
    """
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not has_display:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from iamdesk.gui.app.main_window import MainWindow
    from iamdesk.gui.core.locale import set_language
    from iamdesk.gui.core.settings import Settings
    from iamdesk.gui.core.theme import Scheme

    app = QApplication.instance()
    if app is None:
        qInstallMessageHandler(_show_message)
        app = QApplication(["iamdesk"])
    if not isinstance(app, QApplication):
        raise ScreenshotError("Another kind of Qt application runs in this process.")
    set_language(app, language)
    with tempfile.TemporaryDirectory(prefix="iamdesk-") as folder:
        settings = Settings(Path(folder) / "iamdesk.ini")
        settings.scheme = Scheme(scheme)
        window = MainWindow(app, settings)
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.place.is_bound = False
        window.resize(*size)
        window.show()
        try:
            _open(window, path)
            if select is not None:
                _select(window, select)
            if ask is not None:
                _ask(window, Request(*ask))
            if page is not None:
                _turn_to(window, page)
            _wait(lambda: not window.jobs.running, _LONGEST_WAIT)
            _wait(lambda: False, _SETTLING)
            if not window.grab().save(str(png)):
                raise ScreenshotError(f"{png} cannot be written as an image.")
        finally:
            window.dispose()


def _open(window: "MainWindow", path: Path) -> None:
    refused: list[str] = []
    window.opening.refused.connect(refused.append)
    window.arrival.refused.connect(refused.append)
    window.arrival.snapshot_lacking.connect(lambda sentence, _review: refused.append(sentence))
    window.open_path(path)
    _wait(lambda: window.session.snapshot is not None or bool(refused), _LONGEST_WAIT)
    if window.session.snapshot is None:
        raise ScreenshotError(refused[0] if refused else f"{path} could not be read in time.")


def _select(window: "MainWindow", key: str) -> None:
    opened = window.session.snapshot
    if opened is None or opened.read_details(key).subject(key) is None:
        raise ScreenshotError(f"The snapshot does not contain {key}.")
    window.session.show_key(key)


def _ask(window: "MainWindow", request: Request) -> None:
    refused: list[str] = []
    session = window.session

    def keep(sentence: str, _is_unknown_action: bool) -> None:
        refused.append(sentence)

    session.request_failed.connect(keep)
    opened = session.snapshot
    if opened is not None and ":" not in request.action and opened.find_use_case(request.action) is not None:
        session.evaluate_use_case(UseCaseRequest(request))
    else:
        session.ask(request)
    _wait(lambda: not session.pending, _LONGEST_WAIT)
    session.request_failed.disconnect(keep)
    if session.decision is None and session.use_case is None:
        raise ScreenshotError(refused[0] if refused else "The request could not be evaluated.")


def _turn_to(window: "MainWindow", page: str) -> None:
    session = window.session
    match page:
        case "overview":
            window.interior.show_overview()
        case "captured":
            window.interior.show_captured()
        case "findings":
            window.workspace.raise_dock("findingsDock")
        case "attack-paths" if session.subject_key:
            window.interior.show_paths_of_selected()
        case "attack-paths":
            window.interior.show_attack_paths()
        case "access-matrix":
            window.interior.show_access_matrix()
            _wait(lambda: window.workspace.access_matrix.is_settled, _LONGEST_WAIT)
        case "review":
            controller = window.workspace.review.controller
            _wait(lambda: controller.review_session is not None or not window.jobs.running, _LONGEST_WAIT)
            if controller.review_session is None:
                raise ScreenshotError("The page review needs a review: open one by its file.")
            window.workspace.raise_dock("reviewDock")
        case "access" if session.subject_key:
            window.interior.show_access()
        case "who-can" if session.request is not None:
            session.ask_who_can(session.request)
        case "access":
            raise ScreenshotError("The page access needs a selected principal or group.")
        case "who-can":
            raise ScreenshotError("The page who-can needs a request.")
        case _:
            raise ScreenshotError(f"There is no page {page}.")


def _show_message(_kind: object, _context: object, message: str) -> None:
    """Forward Qt's messages, except those that the offscreen platform prints for every window."""
    if not message.startswith("This plugin does not support"):
        sys.stderr.write(f"Qt: {message}\n")


def _wait(until: Callable[[], bool], milliseconds: int) -> None:
    """Run the event loop until a condition holds, at most for the given time."""
    from PySide6.QtCore import QEventLoop, QTimer

    if until():
        return
    loop = QEventLoop()
    look = QTimer(interval=5)
    look.timeout.connect(lambda: loop.quit() if until() else None)
    look.start()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
    look.stop()
