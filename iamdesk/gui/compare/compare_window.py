"""Compare with another snapshot: who gained or lost what, by which change, as a table with the chosen row in full."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.export.files import ExportError
from iamdesk.gui.compare.changes_view import ChangesView
from iamdesk.gui.compare.comparing import Compared, compared, read_and_compare, write
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.gui.message_bar import MessageBar, Tone
from iamdesk.gui.prompts import Prompts
from iamdesk.gui.session import Session
from iamdesk.language import tr
from iamdesk.snapshot.errors import SnapshotError
from iamdesk.snapshot.progress import Cancelled, Progress


class CompareWindow(QDialog):
    """Does not block; deletes itself when closed. The open snapshot stays as it is."""

    def __init__(self, session: Session, jobs: JobRunner, prompts: Prompts, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._job: Job | None = None
        self._shown: Compared | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("compareWindow")
        self.setWindowTitle(tr("Compare with another snapshot"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, on=True)
        self.choose_button = QPushButton(tr("Choose the other &snapshot…"))
        self.choose_button.setObjectName("compareChoose")
        self.folder_button = QPushButton(tr("A &folder…"))
        self.folder_button.setObjectName("compareChooseFolder")
        self.folder_button.setAccessibleName(tr("Choose a folder as the other snapshot"))
        self.swap_button = QPushButton(tr("S&wap"))
        self.swap_button.setObjectName("compareSwap")
        self.swap_button.setAccessibleName(tr("Take the other snapshot for the later one, or the other way round"))
        self.cancel_button = QPushButton(tr("&Cancel"))
        self.cancel_button.setObjectName("compareCancel")
        self.save_button = QPushButton(tr("Sa&ve…"))
        self.save_button.setObjectName("compareSave")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("How far the comparison is"))
        self.message = MessageBar()
        hint = tr("The other snapshot is read beside the open one; nothing is written to either.")
        self.view = ChangesView(session, hint)
        for button in (
            self.choose_button,
            self.folder_button,
            self.swap_button,
            self.cancel_button,
            self.save_button,
        ):
            button.setAutoDefault(False)  # Enter in the filter is no wish for another snapshot
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.choose_button)
        top.addWidget(self.folder_button)
        top.addWidget(self.swap_button)
        top.addWidget(self.bar, 1)
        top.addWidget(self.cancel_button)
        top.addStretch(0)
        top.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.view, 1)
        unit = self.fontMetrics().averageCharWidth()
        self.resize(unit * 210, self.fontMetrics().lineSpacing() * 38)

    def _connect(self) -> None:
        self.choose_button.clicked.connect(self.choose)
        self.folder_button.clicked.connect(self.choose_folder)
        self.swap_button.clicked.connect(self.swap)
        self.cancel_button.clicked.connect(self._cancel)
        self.save_button.clicked.connect(self.save)
        self._session.snapshot_closed.connect(self.close)
        self._session.snapshot_opened.connect(self._leave)
        self.finished.connect(self._stop)

    def _leave(self, _opened: object) -> None:
        self.close()  # a method and no lambda: that would be called when this window is long gone

    # ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────

    def choose(self) -> None:
        """Ask for the other snapshot, and compare."""
        opened = self._session.snapshot
        if opened is None:
            return
        path = self._prompts.snapshot_to_open(self, opened.snapshot.path.parent)
        if path is not None:
            self.compare_with(path)

    def choose_folder(self) -> None:
        """Ask for a folder as the other snapshot, and compare."""
        opened = self._session.snapshot
        if opened is None:
            return
        path = self._prompts.folder_to_open(self, opened.snapshot.path.parent)
        if path is not None:
            self.compare_with(path)

    def compare_with(self, path: Path) -> None:
        """Read another snapshot and compare it with the open one: the earlier of them counts as the old one."""
        opened = self._session.snapshot
        if opened is None:
            return

        self._run(
            tr("Comparing with {name}").format(name=path.name),
            lambda progress, cancelled: read_and_compare(path, opened, progress, cancelled),
        )

    def swap(self) -> None:
        """Compare the other way round."""
        opened, shown = self._session.snapshot, self._shown
        if opened is None or shown is None:
            return
        self._run(
            tr("Comparing the other way round"),
            lambda progress, cancelled: compared(opened, shown.other, not shown.is_earlier, progress, cancelled),
        )

    def _run(self, label: str, work: Callable[[Progress, Cancelled], Compared]) -> None:
        self.message.clear()
        self._job = self._jobs.run(
            label,
            work,
            done=self._take,
            failed=self._failed,
            progress=self._progressed,
            stopped=self._stopped,
            topic="compare",
        )
        self.bar.setRange(0, 0)
        self._refresh()

    def _progressed(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _take(self, found: Compared) -> None:
        self._job = None
        self._shown = found
        self.view.show_comparison(found.found, found.rows)
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._refresh()
        if not isinstance(error, SnapshotError):
            self.message.say(Tone.ERROR, tr("The snapshots could not be compared."))
            raise error
        self.message.say(Tone.ERROR, str(error), tr("Choose another"), self.choose)

    def _stopped(self) -> None:
        self._job = None
        self._refresh()
        self.message.say(Tone.NOTE, tr("The comparison was cancelled."))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _stop(self) -> None:
        """Await nothing any more: the window is about to go."""
        job, self._job = self._job, None
        if job is not None:
            job.stopped = None
            job.cancel()

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        running, shown = self._job is not None, self._shown
        self.bar.setVisible(running)
        self.cancel_button.setVisible(running)
        self.choose_button.setEnabled(not running)
        self.folder_button.setEnabled(not running)
        self.swap_button.setEnabled(not running and shown is not None)
        self.save_button.setEnabled(not running and shown is not None)

    def save(self) -> None:
        """Ask for a file and write the comparison to it, as JSON or as text; in a worker."""
        shown = self._shown
        if shown is None or self._session.snapshot is None:
            return
        suggestion = self._session.snapshot.snapshot.path.with_name("comparison.json")
        path = self._prompts.file_to_save(
            self, tr("Save the comparison"), suggestion, tr("JSON (*.json);;Text (*.txt)")
        )
        if path is None:
            return
        self._jobs.run(
            tr("Writing {name}").format(name=path.name),
            lambda _progress, _cancelled: write(shown.found, path),
            done=lambda _nothing: self._session.announce(tr("The comparison is in {path}.").format(path=path)),
            failed=self._not_written,
            topic="save comparison",
        )

    def _not_written(self, error: Exception) -> None:
        if not isinstance(error, ExportError):
            raise error
        self.message.say(Tone.ERROR, f"{error}.")
