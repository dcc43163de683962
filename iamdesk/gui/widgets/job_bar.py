"""Progress and Cancel of one job: in the status bar, in the list of jobs, and in panels that have nothing else yet."""

from collections.abc import Collection

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.plain_text import visible
from iamdesk.i18n import tr

_WIDTH = 20
"""Characters."""


class JobBar(QWidget):
    """Shows a job, or whichever job of some topics there is; hidden while there is none."""

    def __init__(
        self, jobs: JobRunner, topics: Collection[str] = (), parent: QWidget | None = None, *, is_wide: bool = False
    ) -> None:
        """``is_wide``: as wide as there is room."""
        super().__init__(parent)
        self._jobs = jobs
        self.topics = frozenset(topics)
        self._job: Job | None = None
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(self.fontMetrics().height())
        if not is_wide:
            self.bar.setFixedWidth(self.fontMetrics().averageCharWidth() * _WIDTH)
        self.cancel_button = QPushButton(tr("Cancel"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.bar, int(is_wide))
        layout.addWidget(self.cancel_button)
        jobs.started.connect(self._given)
        jobs.begun.connect(self._begun)
        jobs.progressed.connect(self._progressed)
        jobs.ended.connect(self._ended)
        self.show_job(self._first())

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def show_job(self, job: Job | None) -> None:
        """Show a job; None hides the bar."""
        self._job = job
        if job is None:
            self.hide()
            return
        label = visible(job.label)  # it may contain a name from the snapshot
        self.bar.setAccessibleName(label)
        self.cancel_button.setAccessibleName(tr("Cancel: {label}").format(label=label))
        self._show_step(*job.step)
        if self.parentWidget() is not None:  # else it would be a window; it is shown with what it is put into
            self.show()

    def _first(self) -> Job | None:
        return next((job for job in self._jobs.running if job.topic in self.topics), None)

    def _given(self, job: Job) -> None:
        if job.topic in self.topics:
            self.show_job(job)

    def _begun(self, job: Job) -> None:
        if job is self._job:
            self._show_step(*job.step)

    def _progressed(self, job: Job, done: int, total: int) -> None:
        if job is self._job:
            self._show_step(done, total)

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self.show_job(self._first())

    def _show_step(self, done: int, total: int) -> None:
        # In thousandths: a progress bar has 32-bit values, and files may have more bytes.
        # A job that waits has an empty bar, one of unknown length a busy one.
        is_waiting = self._job is not None and self._job.is_waiting
        self.bar.setRange(0, 1000 if total or is_waiting else 0)
        self.bar.setValue(min(1000, done * 1000 // total) if total else 0)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
