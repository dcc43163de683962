"""The jobs in the status bar: the one that matters most, with progress and Cancel, and a button that lists all."""

import time

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip, visible
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.i18n import ntr, tr

_SHOWN_AFTER = 0.2
"""Seconds after which a job is shown; shorter ones would flicker."""
_EVERY = 200
"""Milliseconds between two looks at which jobs are old enough."""


def jobs_to_show(jobs: JobRunner) -> list[Job]:
    """Return the jobs that have lasted a moment: what runs before what waits, what the user looks at before others."""
    now = time.monotonic()
    old = [job for job in jobs.running if now - job.since >= _SHOWN_AFTER]
    return sorted(old, key=lambda job: (job.is_waiting, not jobs.is_preferred(job)))


class JobStrip(QWidget):
    """Hidden if there is no job."""

    list_wanted = Signal()

    def __init__(self, jobs: JobRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._name = plain_label()
        self.bar = JobBar(jobs)
        self.bar.cancel_button.setObjectName("cancelJob")
        self.all = QToolButton()
        self.all.setObjectName("showJobs")
        self.all.setAutoRaise(True)
        set_tooltip(self.all, tr("Show all running and waiting jobs"))
        self._count(0)
        self.all.clicked.connect(self.list_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._name, self.bar, self.all):
            layout.addWidget(widget)
        # As high before the first job as with one: the status bar would grow, and move all that is above it.
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self._refresh)
        jobs.started.connect(self._started)
        jobs.ended.connect(self._ended)
        self.hide()

    def _started(self, _job: Job) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _ended(self, _job: Job) -> None:
        if not self.isHidden():
            self._refresh()

    def _refresh(self) -> None:
        if not self._jobs.running:
            self._timer.stop()
        shown = jobs_to_show(self._jobs)
        if not shown:
            self.hide()
            return
        first = shown[0]
        if first is not self.bar.job:
            self._name.setText(visible(first.label))
            self.bar.show_job(first)
        self._count(len(shown))
        self.show()

    def _count(self, count: int) -> None:
        counted = ntr("{count} job", "{count} jobs", count).format(count=number(count))
        self.all.setText(counted)
        self.all.setAccessibleName(counted)


class _JobRow:
    """The widgets of one job in the list."""

    def __init__(self, jobs: JobRunner, job: Job, panel: QWidget) -> None:
        self.job = job
        self.name = ElidedLabel(job.label, panel, Qt.TextElideMode.ElideRight)
        self.state = plain_label(parent=panel)
        self.state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.bar = JobBar(jobs, parent=panel, is_wide=True)
        self.bar.show_job(job)
        self.refresh()

    @property
    def widgets(self) -> tuple[QLabel, QLabel, JobBar]:
        """In the order of the columns."""
        return self.name, self.state, self.bar

    def refresh(self) -> None:
        """Show whether it waits, or how far it is."""
        done, total = self.job.step
        far = tr("{percent} %").format(percent=min(100, done * 100 // total)) if total else tr("running")
        self.state.setText(tr("waiting") if self.job.is_waiting else far)


class JobsPanel(QFrame):
    """All jobs above the right end of the status bar, each with progress and Cancel. Esc closes it."""

    def __init__(self, jobs: JobRunner, window: QWidget) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._over = window
        self._before: QWidget | None = None
        self._rows: dict[int, _JobRow] = {}
        self.setObjectName("jobsPanel")
        self.setAccessibleName(tr("Jobs"))
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameStyle(QFrame.Shape.StyledPanel.value | QFrame.Shadow.Raised.value)
        title = plain_label(tr("Jobs"))
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        self.nothing = plain_label(tr("Nothing is running or waiting."))
        self._grid = QGridLayout()
        self._grid.setColumnStretch(0, 3)
        self._grid.setColumnStretch(2, 2)
        self._grid.setColumnMinimumWidth(1, self.fontMetrics().averageCharWidth() * 10)
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(self.nothing)
        layout.addLayout(self._grid)
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self._refresh)
        jobs.ended.connect(self._ended)
        jobs.begun.connect(self._ended)
        window.installEventFilter(self)
        self.hide()

    @property
    def rows(self) -> list[_JobRow]:
        """What is listed, from top to bottom."""
        return list(self._rows.values())

    def toggle(self) -> None:
        """Show the list with the focus in it, or close it."""
        if self.isVisible():
            self.close()
            return
        self._before = QApplication.focusWidget()
        self._refresh()
        self.show()
        self._enter()

    def _enter(self) -> None:
        first = next(iter(self._rows.values()), None)
        target = self if first is None else first.bar.cancel_button
        target.setFocus(Qt.FocusReason.PopupFocusReason)

    def _ended(self, _job: Job) -> None:
        if self.isVisible():
            self._refresh()

    def _refresh(self) -> None:
        shown = jobs_to_show(self._jobs)
        tokens = [job.token for job in shown]
        if list(self._rows) == tokens:
            for row in self._rows.values():
                row.refresh()
        else:
            self._list(shown)
        self._place()

    def _list(self, shown: list[Job]) -> None:
        """Show other jobs; a row that stays keeps its widgets, and with them the focus."""
        had_focus = self._has_focus()
        for token in set(self._rows) - {job.token for job in shown}:
            for gone in self._rows.pop(token).widgets:
                self._grid.removeWidget(gone)
                gone.hide()
                gone.deleteLater()
        self._rows = {job.token: self._rows.get(job.token) or _JobRow(self._jobs, job, self) for job in shown}
        last: QWidget | None = None
        for place, row in enumerate(self._rows.values()):
            row.refresh()
            for column, widget in enumerate(row.widgets):
                self._grid.addWidget(widget, place, column)
            if last is not None:
                QWidget.setTabOrder(last, row.bar.cancel_button)
            last = row.bar.cancel_button
        self.nothing.setVisible(not shown)
        if had_focus and not self._has_focus():
            self._enter()

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and (focus is self or self.isAncestorOf(focus))

    def _place(self) -> None:
        over = self._over
        width = min(over.width() - 20, self.fontMetrics().averageCharWidth() * 90)
        height = self.sizeHint().height()
        below = self.fontMetrics().height() * 2
        corner = QPoint(over.width() - width - 6, max(0, over.height() - height - below))
        self.setGeometry(corner.x(), corner.y(), width, min(height, over.height() - below))
        self.raise_()

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay in the corner of the window."""
        if watched is self._over and isinstance(event, QResizeEvent) and self.isVisible():
            self._place()
        return False

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the jobs."""
        super().showEvent(event)
        self._place()
        self._timer.start()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Return the focus to where it was."""
        self._timer.stop()
        super().closeEvent(event)
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Close on Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
