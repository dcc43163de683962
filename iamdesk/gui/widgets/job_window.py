"""A non-modal window that runs one long job at a time, with progress and Cancel."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QDialog, QPushButton, QWidget

from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.progress import Cancelled, Progress


class OneJobWindow(QDialog):
    """Not modal; deletes itself when it closes, and closes when another snapshot is opened.

    It may be embedded in a panel.

    Subclasses lay out ``message`` and ``bar``, and implement `refresh` and `refused`.
    """

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        prompts: FileDialogs,
        parent: QWidget,
        *,
        name: str,
        title: str,
        cancelled: str,
    ) -> None:
        """Create the window.

        Args:
            session: What is open.
            jobs: Runs what lasts.
            prompts: Asks for files.
            parent: The main window.
            name: Begins the object names: ``compare`` makes ``compareWindow``.
            title: Of the window.
            cancelled: Said when the job was cancelled.
        """
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._job: Job | None = None
        self._name = name
        self._cancelled = cancelled
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(f"{name}Window")
        self.setWindowTitle(title)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, on=True)
        self.message = MessageBar()
        self.bar = JobBar(jobs, is_wide=True)
        session.snapshot_closed.connect(self.close)
        session.snapshot_opened.connect(self._leave)
        self.finished.connect(self._stop)

    @property
    def is_running(self) -> bool:
        """Whether its job is running."""
        return self._job is not None

    def button(self, text: str, name: str) -> QPushButton:
        """Return a button that Enter in a field does not press."""
        button = QPushButton(text)
        button.setObjectName(f"{self._name}{name}")
        button.setAutoDefault(False)
        return button

    def run[Result](
        self, label: str, work: Callable[[Progress, Cancelled], Result], done: Callable[[Result], None], topic: str
    ) -> None:
        """Run the job, in a worker; ``done`` gets the result."""
        self.message.clear()

        def take(found: Result) -> None:
            self._job = None
            done(found)
            self.refresh()

        self._job = self._jobs.run(
            label,
            work,
            done=take,
            failed=self.failed,
            stopped=self._stopped,
            topic=topic,
            owner=self,
        )
        self.bar.show_job(self._job)
        self.refresh()

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""

    def refused(self, error: Exception) -> bool:
        """Show why something failed; return False if there is no message for the error."""
        raise NotImplementedError

    def failed(self, error: Exception) -> None:
        """Handle an error of a job; one without a message is raised again."""
        self._job = None
        self.refresh()
        if not self.refused(error):
            raise error

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Close on Esc if it is a window; in a panel, nothing is lost by a key."""
        if self.isWindow() or event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Cancel the job; a dialog that is hidden behind another panel does not finish."""
        self._stop()
        super().closeEvent(event)

    def _leave(self, _opened: object) -> None:
        self.close()  # a method, not a lambda: a lambda would be called after this window is deleted

    def _stopped(self) -> None:
        self._job = None
        self.refresh()
        self.message.say(Tone.NOTE, self._cancelled)

    def _stop(self) -> None:
        """Cancel everything: the window is about to close."""
        job, self._job = self._job, None
        if job is not None:
            job.stopped = None
            job.cancel()
