"""The running job in the status bar: its name, its progress, and Cancel."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.plain_text import plain_label, visible
from iamdesk.i18n import tr

_PATIENCE = 200
"""Milliseconds after which a running job is shown; shorter ones would flicker."""


class JobStatusBar(QWidget):
    """Shows the oldest running job; hidden if there is none."""

    def __init__(self, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._name = plain_label()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(self.fontMetrics().averageCharWidth() * 20)
        self._bar.setMaximumHeight(self.fontMetrics().height())
        self.cancel_button = QPushButton(tr("Cancel"))
        self.cancel_button.setObjectName("cancelJob")
        self.cancel_button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._name, self._bar, self.cancel_button):
            layout.addWidget(widget)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._patience.timeout.connect(self._show_oldest)
        jobs.started.connect(self._wait)
        jobs.ended.connect(self._next)
        jobs.progressed.connect(self._progressed)
        self.hide()

    def _oldest(self) -> Job | None:
        return next(iter(self._jobs.running), None)

    def _wait(self) -> None:
        if self.isHidden() and not self._patience.isActive():
            self._patience.start()

    def _next(self) -> None:
        if self._oldest() is None:
            self._patience.stop()
            self.hide()
        elif not self.isHidden():
            self._show_oldest()

    def _show_oldest(self) -> None:
        job = self._oldest()
        if job is None:
            return
        label = visible(job.label)  # it may contain a name from the snapshot
        self._name.setText(label)
        self._bar.setAccessibleName(label)
        self.cancel_button.setAccessibleName(tr("Cancel: {label}").format(label=label))
        self._bar.setRange(0, 0)
        self.show()

    def _progressed(self, job: Job, done: int, total: int) -> None:
        if job is self._oldest():
            # In thousandths: a progress bar has 32-bit values, and files may have more bytes.
            self._bar.setRange(0, 1000 if total else 0)
            self._bar.setValue(min(1000, done * 1000 // total) if total else 0)

    def _cancel(self) -> None:
        job = self._oldest()
        if job is not None:
            job.cancel()
