"""Starts the tour on the sample account, which is opened first, or offered if another snapshot is open."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMainWindow

from iamdesk import resource_files
from iamdesk.gui.app.central_area import CentralArea
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.i18n import tr


class TourLauncher(QObject):
    """Starts a tour, one at a time."""

    def __init__(
        self,
        session: Session,
        interior: CentralArea,
        problem_bar: MessageBar,
        open_sample: Callable[[], None],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._interior = interior
        self._problem = problem_bar
        self._open_sample = open_sample
        self._window = window
        self._waits = False
        session.snapshot_opened.connect(self._opened)

    def show(self) -> None:
        """Start the tour once the sample is open."""
        opened = self._session.snapshot
        if opened is None:
            self._after_opening()
        elif opened.path == resource_files.sample_snapshot():
            self._begin()
        else:
            sentence = tr("The tour uses the sample account, and closes the open snapshot.")
            self._problem.say(Tone.NOTE, sentence, tr("Open the sample"), self._after_opening)

    def _after_opening(self) -> None:
        self._waits = True
        self._open_sample()

    def _opened(self, _opened: object) -> None:
        if self._waits:
            self._waits = False
            QTimer.singleShot(0, self, self._begin)  # when every panel has its contents

    def _begin(self) -> None:
        from iamdesk.gui.app.tour import Tour
        from iamdesk.gui.app.tour_steps import steps_of

        opened = self._session.snapshot
        is_sample = opened is not None and opened.path == resource_files.sample_snapshot()
        if is_sample and self._window.findChild(Tour) is None:
            Tour(steps_of(self._session, self._interior.workspace), self._window).show_step(0)
