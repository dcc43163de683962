"""Compare with another snapshot: who gained or lost what, by which change, as a table with the chosen row in full."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from iamdesk.compare.shapes import Effect
from iamdesk.evaluate.request import Request
from iamdesk.export.diff_words import sentence
from iamdesk.export.files import ExportError
from iamdesk.gui.compare.compare_detail import CompareDetail
from iamdesk.gui.compare.compare_model import CompareModel
from iamdesk.gui.compare.comparing import Compared, compared, read_and_compare, write
from iamdesk.gui.compare.rows import Column, CompareFilter, CompareRow, Sort
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.gui.message_bar import MessageBar, Tone
from iamdesk.gui.plain_text import plain_label, visible
from iamdesk.gui.prompts import Prompts
from iamdesk.gui.session import Session
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.snapshot.errors import SnapshotError
from iamdesk.snapshot.progress import Cancelled, Progress

_DEBOUNCE = 120
_LONGEST_FILTER = 500
_WIDEST: dict[int, str] = {
    Column.SORT: "mm Cannot tell",
    Column.WHO: "user/engineering/elena.pet",
    Column.WHAT: "s3:GetObject, s3:PutObjec",
    Column.WHERE: "arn:aws:s3:::acme-payr",
}
"""What a column is wide enough for at first."""


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
        self.setWindowTitle("Compare with another snapshot")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, on=True)
        self.choose_button = QPushButton("Choose the other &snapshot…")
        self.choose_button.setObjectName("compareChoose")
        self.folder_button = QPushButton("A &folder…")
        self.folder_button.setObjectName("compareChooseFolder")
        self.folder_button.setAccessibleName("Choose a folder as the other snapshot")
        self.swap_button = QPushButton("S&wap")
        self.swap_button.setObjectName("compareSwap")
        self.swap_button.setAccessibleName("Take the other snapshot for the later one, or the other way round")
        self.cancel_button = QPushButton("&Cancel")
        self.cancel_button.setObjectName("compareCancel")
        self.save_button = QPushButton("Sa&ve…")
        self.save_button.setObjectName("compareSave")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How far the comparison is")
        self.pair = plain_label(wrap=True, selectable=True)
        self.pair.setObjectName("comparePair")
        self.summary = plain_label(wrap=True, selectable=True)
        self.summary.setObjectName("compareSummary")
        self.message = MessageBar()
        self.sort = QComboBox()
        self.sort.setObjectName("compareSort")
        self.sort.setAccessibleName("Show only changes of one kind")
        self.text = QLineEdit()
        self.text.setObjectName("compareFilter")
        self.text.setAccessibleName("Filter the changes by words")
        self.text.setPlaceholderText("Filter: words of a principal, an action, a resource, a change")
        self.text.setClearButtonEnabled(True)
        self.text.setMaxLength(_LONGEST_FILTER)
        self.sort.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for button in (
            self.choose_button,
            self.folder_button,
            self.swap_button,
            self.cancel_button,
            self.save_button,
        ):
            button.setAutoDefault(False)  # Enter in the filter is no wish for another snapshot
        self.model = CompareModel(self.palette())
        self.model.setParent(self)
        self.table: RowsTable[CompareRow] = RowsTable(
            self.model, name="compareTable", title="Changes", widest=_WIDEST, stretched=Column.CAUSE
        )
        self.detail = CompareDetail(session.show_key, self._ask)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE)
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
        filters = QHBoxLayout()
        filters.addWidget(self.sort)
        filters.addWidget(self.text, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 1)
        split.setSizes([760, 380])
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.pair)
        layout.addWidget(self.summary)
        layout.addLayout(filters)
        layout.addWidget(split, 1)
        unit = self.fontMetrics().averageCharWidth()
        self.resize(unit * 210, self.fontMetrics().lineSpacing() * 38)

    def _connect(self) -> None:
        self.choose_button.clicked.connect(self.choose)
        self.folder_button.clicked.connect(self.choose_folder)
        self.swap_button.clicked.connect(self.swap)
        self.cancel_button.clicked.connect(self._cancel)
        self.save_button.clicked.connect(self.save)
        self._debounce.timeout.connect(self._filter)
        self.text.textChanged.connect(lambda _text: self._debounce.start())
        self.sort.activated.connect(self._filter)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_row())
        self.table.activated.connect(lambda _index: self._show_subject())
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(lambda: self.text.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self._session.snapshot_closed.connect(self.close)
        self._session.snapshot_opened.connect(lambda _opened: self.close())
        self.finished.connect(self._stop)

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
            f"Comparing with {path.name}",
            lambda progress, cancelled: read_and_compare(path, opened, progress, cancelled),
        )

    def swap(self) -> None:
        """Compare the other way round."""
        opened, shown = self._session.snapshot, self._shown
        if opened is None or shown is None:
            return
        self._run(
            "Comparing the other way round",
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
        self.model.clear()
        self.model.extend(found.rows)
        self.sort.clear()
        self.sort.addItem(f"Everything ({len(found.rows):,})", None)
        for sort in Sort:
            count = sum(row.sort is sort for row in found.rows)
            if count:
                self.sort.addItem(f"{sort.value} ({count:,})", sort)
        self.text.clear()
        self._filter()
        self._refresh()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self._session.announce(sentence(found.found))

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._refresh()
        if not isinstance(error, SnapshotError):
            self.message.say(Tone.ERROR, "The snapshots could not be compared.")
            raise error
        self.message.say(Tone.ERROR, str(error), "Choose another", self.choose)

    def _stopped(self) -> None:
        self._job = None
        self._refresh()
        self.message.say(Tone.NOTE, "The comparison was cancelled.")

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
        for widget in (self.sort, self.text, self.table):
            widget.setEnabled(shown is not None)
        if shown is None:
            self.pair.setText("The other snapshot is read beside the open one; nothing is written to either.")
            self.summary.setText("")
            return
        old, new = (visible(name) for name in (shown.found.old_name, shown.found.new_name))
        self.pair.setText(f"From {old} to {new}. Not compared: {' '.join(shown.found.limits)}")
        self.summary.setText(sentence(shown.found))

    def _filter(self) -> None:
        self._debounce.stop()
        kept = self.table.current_row()
        self.model.show_only(CompareFilter(self.sort.currentData(), self.text.text()))
        places = self.model.shown
        place = places.index(kept) if kept is not None and kept in places else 0
        if places:
            self.table.go_to(place)
        self._show_row()

    def _show_row(self) -> None:
        row = self.table.current_row()
        self.detail.show_row(self._shown.found if self._shown is not None else None, row)

    def _show_subject(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self._session.show_key(row.subject)

    def _ask(self, effect: Effect) -> None:
        """Ask the request that shows a change of the open snapshot, in the window's own panel."""
        witness = effect.witness
        context = {key: list(value) if isinstance(value, tuple) else value for key, value in witness.context}
        self._session.ask(Request(witness.principal, witness.action, witness.resource, context))

    def save(self) -> None:
        """Ask for a file and write the comparison to it, as JSON or as text; in a worker."""
        shown = self._shown
        if shown is None or self._session.snapshot is None:
            return
        suggestion = self._session.snapshot.snapshot.path.with_name("comparison.json")
        path = self._prompts.file_to_save(self, "Save the comparison", suggestion, "JSON (*.json);;Text (*.txt)")
        if path is None:
            return
        self._jobs.run(
            f"Writing {path.name}",
            lambda _progress, _cancelled: write(shown.found, path),
            done=lambda _nothing: self._session.announce(f"The comparison is in {path}."),
            failed=self._not_written,
            topic="save comparison",
        )

    def _not_written(self, error: Exception) -> None:
        if not isinstance(error, ExportError):
            raise error
        self.message.say(Tone.ERROR, f"{error}.")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.model.repaint(self.palette())
