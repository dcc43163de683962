"""What the built-in checks found: bars and filters on top, the table, and beside it one finding in full."""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from iamdesk.gui.findings.finding_detail import FindingDetail
from iamdesk.gui.findings.findings_model import FindingsModel
from iamdesk.gui.findings.findings_table import FindingsTable
from iamdesk.gui.findings.rows import Column, FindingFilter, FindingRow
from iamdesk.gui.findings.severity_bars import SeverityBars
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.jobs import Job, JobRunner
from iamdesk.gui.message_bar import MessageBar, Tone
from iamdesk.gui.plain_text import menu_text
from iamdesk.gui.prompts import Prompts
from iamdesk.gui.session import Session
from iamdesk.snapshot.progress import Cancelled, Progress

if TYPE_CHECKING:
    from iamdesk.workbench import OpenSnapshot

_BATCH = 400
"""Milliseconds between two looks at what the worker has found."""
_DEBOUNCE = 120
_LONGEST_FILTER = 500


class FindingsPanel(QWidget):
    """Runs the checks once a snapshot is open, and shows findings as they come."""

    title_changed = Signal(str)
    """For the tab: ``Findings 23``; a true count, whatever the filter shows."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: Prompts | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._prompts = prompts or Prompts()
        self._job: Job | None = None
        self._complete = False
        self._found: deque[FindingRow] = deque()
        self._chosen = ""
        self.model = FindingsModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self.bars = SeverityBars()
        self.check = QComboBox()
        self.text = QLineEdit()
        self.export_button = QPushButton("&Export…")
        self.table = FindingsTable(self.model)
        self.detail = FindingDetail(session)
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton("Clear the filter")
        self._lay_out()
        self._drain = QTimer(self, interval=_BATCH)
        self._debounce = QTimer(self, singleShot=True, interval=_DEBOUNCE)
        self._connect()
        self._refresh()

    @property
    def title(self) -> str:
        """The tab's title, with the count of all findings; ``…`` while more may come."""
        if self._session.snapshot is None:
            return "Findings"
        return f"Findings {len(self.model.rows):,}{'…' if self._job is not None else ''}"

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what menu and keys do here (names of ``gui.actions``)."""
        return {"actionExport": self.export, "actionRunFindings": self.run}

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self.check.setObjectName("findingsCheck")
        self.check.setAccessibleName("Show only the findings of one check")
        self.check.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.check.setMinimumContentsLength(22)
        self.text.setObjectName("findingsFilter")
        self.text.setAccessibleName("Filter the findings by words")
        self.text.setPlaceholderText("Filter: words of a subject, a check, a sentence")
        self.text.setClearButtonEnabled(True)
        self.text.setMaxLength(_LONGEST_FILTER)
        self.export_button.setObjectName("findingsExport")
        top = QHBoxLayout()
        top.setSpacing(gap)
        top.addWidget(self.bars)
        top.addSpacing(gap)
        top.addWidget(self.check)
        top.addWidget(self.text, 1)
        top.addWidget(self.export_button)
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        inside.addWidget(self._clear_filter, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.table)
        self._pages.addWidget(empty)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self._pages)
        self._split.addWidget(self.detail)
        self._split.setStretchFactor(0, 2)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([920, 420])
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addLayout(top)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        # Queued: what comes as a posted event is done before workers go on (``jobs``), what a timer calls is not.
        self._drain.timeout.connect(self._take_in, Qt.ConnectionType.QueuedConnection)
        self._debounce.timeout.connect(self._filter)
        self.text.textChanged.connect(lambda _text: self._debounce.start())
        self.check.activated.connect(self._filter)
        self.bars.changed.connect(self._filter)
        self._clear_filter.clicked.connect(self.clear_filter)
        self.export_button.clicked.connect(self.export)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.activated.connect(self._show_subject)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.text)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._leave_filter)
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)

    # Running the checks

    def run(self) -> None:
        """Run every check anew."""
        opened = self._session.snapshot
        if opened is None:
            return
        self._stop()
        self.message.clear()
        self.model.clear()
        found: deque[FindingRow] = deque()
        self._found = found

        def work(progress: Progress, cancelled: Cancelled) -> None:
            # Rows are made here, off the GUI thread; a deque takes them from one thread and gives them to another.
            for finding in opened.findings(progress, cancelled):
                found.append(FindingRow(finding))

        self._job = self._jobs.run(
            "Running the checks",
            work,
            done=lambda _nothing: self._end(complete=True),
            failed=self._failed,
            stopped=self._stopped,
            topic="findings",
            patient=True,
        )
        self._drain.start()
        self._refresh()

    def _stop(self) -> None:
        """End a run that nobody wants any more, without a word."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
        self._drain.stop()
        self._complete = False

    def _take_in(self) -> None:
        batch = []
        while self._found:
            batch.append(self._found.popleft())
        if batch:
            self.model.extend(batch)
            self._refresh()

    def _end(self, *, complete: bool) -> None:
        self._job = None
        self._drain.stop()
        self._complete = complete
        self._take_in()
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self._end(complete=False)
        self.message.say(Tone.ERROR, f"The checks ended early: {error}", "Run again", self.run)
        raise error

    def _stopped(self) -> None:
        if self._job is None:
            return  # the panel itself ended it
        self._end(complete=False)
        self.message.say(
            Tone.WARNING,
            "The checks were cancelled: there may be more to find than stands here.",
            "Run again",
            self.run,
        )

    def _opened(self, opened: "OpenSnapshot") -> None:
        self.clear_filter()
        # One account is in the window's title and in every detail: its column would only push the sentences out.
        self.table.setColumnHidden(Column.ACCOUNT, len(opened.snapshot.accounts) < 2)
        self.run()

    def _closed(self) -> None:
        self._stop()
        self._found = deque()
        self.model.clear()
        self.message.clear()
        self.detail.show_finding(None)
        self.clear_filter()
        self._refresh()

    # Filter and selection

    def clear_filter(self) -> None:
        """Show every finding."""
        self.text.clear()
        self.check.setCurrentIndex(0)
        self.bars.reset()
        self._filter()

    def _filter(self) -> None:
        self._debounce.stop()
        chosen = self._chosen
        self.model.show_only(
            FindingFilter(
                self.bars.chosen,
                self.bars.cannot_tell.isChecked(),
                str(self.check.currentData() or ""),
                self.text.text(),
            )
        )
        place = self.model.place_of(chosen) if chosen else None
        if place is not None:
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))
        else:
            self.detail.show_finding(None)
        self._say_why_empty()

    def _leave_filter(self) -> None:
        if self.text.text():
            self.text.clear()
        else:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _selected(self, selected: QItemSelection, _deselected: QItemSelection) -> None:
        rows = {index.row() for index in selected.indexes()}
        if not rows:
            return
        finding = self.model.shown[min(rows)].finding
        self._chosen = finding.fingerprint
        if self.detail.finding is not finding:
            self.detail.show_finding(finding)

    def _show_subject(self, index: QModelIndex) -> None:
        if index.isValid():
            self._session.show_key(self.model.shown[index.row()].finding.subject_key)

    # Looks

    def _refresh(self) -> None:
        """Tell the counts anew."""
        counts = self.model.counts
        self.bars.show_counts(counts)
        chosen = self.check.currentData()
        self.check.blockSignals(True)
        self.check.clear()
        self.check.addItem(f"All checks ({len(counts.checks):,} with findings)", "")
        for check_id, title, number in counts.checks:
            self.check.addItem(menu_text(f"{check_id}  {title} ({number:,})").replace("&&", "&"), check_id)
        self.check.setCurrentIndex(max(self.check.findData(chosen), 0))
        self.check.blockSignals(False)
        there = self._session.snapshot is not None
        for widget in (self.bars, self.check, self.text):
            widget.setEnabled(there)
        self.export_button.setEnabled(there and self._complete)
        self._say_why_empty()
        self.title_changed.emit(self.title)

    def _say_why_empty(self) -> None:
        shown, all_ = len(self.model.shown), len(self.model.rows)
        self._clear_filter.setVisible(shown == 0 and all_ > 0)
        self._pages.setCurrentIndex(0 if shown else 1)
        if shown:
            return
        if self._session.snapshot is None:
            text = "Findings stand here once a snapshot is open."
        elif all_:
            text = f"None of the {all_:,} findings is let through by the filter."
        elif self._job is not None:
            text = "The checks are running. Findings appear here as they are found."
        elif self._complete:
            text = "Every check has run, and none has found anything."
        else:
            text = "The checks have not run to the end."
        self._nothing.setText(text)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.model.repaint(self.palette())

    # Export

    def export(self) -> None:
        """Ask for a file and write every finding to it, whatever the filter shows; in a worker."""
        opened = self._session.snapshot
        if opened is None:
            return
        if not self._complete:
            self.message.say(Tone.NOTE, "The checks have not run to the end: a report would leave findings out.")
            return
        from iamdesk.export import findings as reports  # not loaded before somebody exports

        formats = reports.formats()
        kinds = ";;".join(f"{known.label} (*{known.suffix})" for known in formats)
        suggestion = opened.snapshot.path.with_name(f"{_stem(opened.snapshot.path)}-findings{formats[0].suffix}")
        path = self._prompts.file_to_save(self, "Export findings", suggestion, kinds)
        if path is None:
            return
        chosen = next((known for known in formats if path.name.lower().endswith(known.suffix)), None)
        if chosen is None:
            known = ", ".join(known.suffix for known in formats)
            self.message.say(Tone.WARNING, f"{path.name} does not say which format: it must end in one of {known}.")
            return
        name = chosen.name
        findings = tuple(row.finding for row in self.model.rows)
        self.message.clear()
        self._jobs.run(
            f"Writing {path.name}",
            lambda _progress, _cancelled: reports.write(
                name, findings, opened.snapshot, path, generated_at=datetime.now(UTC)
            ),
            done=lambda _nothing: self._session.announce(f"{len(findings):,} findings are in {path}."),
            failed=self._not_written,
            topic="export findings",
        )

    def _not_written(self, error: Exception) -> None:
        from iamdesk.export.files import ExportError

        if not isinstance(error, ExportError):
            self.message.say(Tone.ERROR, "The report could not be written.")
            raise error
        self.message.say(Tone.ERROR, f"{error}.")


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or "snapshot"
