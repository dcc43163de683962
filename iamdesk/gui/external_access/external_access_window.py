"""External access as a table that fills in: who enters what, under which condition, and what it can do there."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.evaluate.request import EvalDecision
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.run_command import main_window_of, run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.external_access.rows import FIELDS, Column, ExternalFilter, ExternalModel, ExternalRow
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, ntr, tr
from iamdesk.progress import Cancelled, Progress, WorkCancelled
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

_CHECK_EVERY = 32
_SCOPE = mark(
    "Every external caller has a row, including identity providers and callers that conditions limit to an "
    "organization. The overview counts only roles that other accounts, or tokens with weak conditions, can "
    "assume."
)
_WIDEST: dict[int, str] = {
    Column.WHO: "mm account 000000000000 · ext",
    Column.ENTERS: "mm role GitHubActionsPrev",
    Column.CONDITION: "mm sts:ExternalId is acme",
    Column.ADMINISTRATOR: "mm administrator at on",
    Column.LAST_USED: "30 Sep 2026 (3",
}
"""Sample texts for the initial column widths: what the role can do has the most room."""


class ExternalAccessWindow(QDialog):
    """Not modal; closes when another snapshot is opened. Return on a row goes to its role or resource.

    Where a link leads is behind this window: it hides, and comes back as it was left.
    """

    item_wanted = Signal(str)
    """Show the role or resource with this key."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._reading: Job | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("externalAccessWindow")
        self.setWindowTitle(tr("External access"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint, on=True)
        self.message = MessageBar()
        self.summary = FlowLabel()
        self.scope = FlowLabel(tr(_SCOPE))
        self.anyone = QCheckBox(tr("&Anyone"))
        self.without_condition = QCheckBox(tr("Without c&onditions"))
        self.bar = JobBar(jobs, ("external access", "external access paths"))
        self.paths_button = self._button(tr("Attack &paths from it"), "externalAccessPaths")
        self.model = ExternalModel(self.palette())
        self.model.setParent(self)
        self.table: RowsTable[ExternalRow] = RowsTable(
            self.model,
            name="externalAccessTable",
            title=tr("External access"),
            widest=_WIDEST,
            stretched=Column.CAN_DO,
        )
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="externalAccessFilter",
            title=tr("Filter external access"),
            hint=tr("Filter by who, role, resource or condition"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.table.connect_filter(self.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self._stream = JobStream(jobs, "external access", self._fail, self)
        self._lay_out()
        self._connect()
        self._enable()

    @staticmethod
    def _button(text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        filters = QHBoxLayout()
        for part, stretch in (
            (self.text, 1),
            (self.anyone, 0),
            (self.without_condition, 0),
            (self.bar, 0),
            (self.paths_button, 0),
        ):
            filters.addWidget(part, stretch)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.summary)
        layout.addWidget(self.scope)
        layout.addLayout(filters)
        layout.addWidget(self.saved)
        layout.addWidget(self.table, 1)
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 200, self.fontMetrics().lineSpacing() * 34)

    def _connect(self) -> None:
        self._stream.batch.connect(self._take)
        self._stream.ended.connect(self._ended)
        self.text.changed.connect(self._filter)
        for leaves in (self.text.down, self.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        for box in (self.anyone, self.without_condition):
            box.toggled.connect(lambda _on: self._filter())
        self.paths_button.clicked.connect(self.show_paths)
        self.table.activated.connect(lambda _index: self._go_to())
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._enable())
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(lambda: self.text.setFocus(Qt.FocusReason.ShortcutFocusReason))
        self._session.snapshot_closed.connect(self.close)
        self._session.snapshot_opened.connect(self._leave)
        self.finished.connect(self._stop)

    def _leave(self, _opened: object) -> None:
        self.close()

    # Finding

    def run(self) -> None:
        """Find external access, then how the roles become administrator."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        self.message.clear()
        self.model.clear()

        def work(give: Callable[[object], None], progress: Progress, cancelled: Cancelled) -> None:
            for entry in opened.external_access(progress, cancelled):
                give(ExternalRow(entry))

        self._stream.start(tr("Looking for external access"), work)
        self._enable()

    def _take(self, found: list[ExternalRow]) -> None:
        self.model.extend(found)
        self._enable()

    def _ended(self, complete: bool) -> None:
        opened = self._session.whole
        if self.model.shown and not self.table.currentIndex().isValid():
            self.table.go_to(0)
        if complete and opened is not None and self.model.rows:
            self._find_administrators(opened)
        elif not complete and not self.message.isVisibleTo(self):
            self.message.say(Tone.NOTE, tr("The search was canceled: the table is not complete."))
        self._enable()

    def _find_administrators(self, opened: "SnapshotSession") -> None:
        entries = [row.entry for row in self.model.rows]

        def work(progress: Progress, cancelled: Cancelled) -> list[tuple[str, int | None]]:
            reach = opened.reach(progress, cancelled, self._session.executor_for(opened))
            known: dict[str, tuple[str, int | None]] = {}
            for place, entry in enumerate(entries):
                if place % _CHECK_EVERY == 0 and cancelled():
                    raise WorkCancelled
                if entry.target not in known:
                    known[entry.target] = opened.administrator_of_entry(entry, reach)
            return [known[entry.target] for entry in entries]

        self._reading = self._jobs.run(
            tr("Looking for attack paths"),
            work,
            done=self._take_administrators,
            failed=self._fail,
            stopped=self._stopped,
            topic="external access paths",
            patient=True,
        )

    def _take_administrators(self, found: list[tuple[str, int | None]]) -> None:
        self._reading = None
        for row, (text, steps) in zip(self.model.rows, found, strict=True):
            row.set_administrator(text, steps)
        self.model.reorder()
        self.model.emit_data_changed()
        self._enable()

    def _stopped(self) -> None:
        self._reading = None
        self.message.say(Tone.NOTE, tr("The search for attack paths was canceled."))
        self._enable()

    def _fail(self, error: Exception) -> None:
        self._reading = None
        self._enable()
        if not isinstance(error, WorkError):
            self.message.say(Tone.ERROR, tr("External access could not be computed."))
            raise error
        self.message.say(Tone.WARNING, error_sentence(error))

    @property
    def is_running(self) -> bool:
        """Whether rows or their attack paths are being computed."""
        return self._stream.running or self._reading is not None

    def _stop(self) -> None:
        self._stream.stop()
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.stopped = None
            reading.cancel()

    # Showing

    def _enable(self) -> None:
        row = self.table.current_row()
        self.paths_button.setEnabled(row is not None and row.entry.is_role)
        self.summary.setText(self._summary())

    def _summary(self) -> str:
        rows = self.model.rows
        if not rows:
            if self.is_running:
                return tr("Looking for external access …")
            return tr("No external access was found. AWS services are not counted.")
        anyone = [row.entry for row in rows if row.entry.is_anyone]
        limited = sum(entry.decision is not EvalDecision.ALLOWED for entry in anyone)
        administrators = len({row.entry.target for row in rows if row.steps is not None})
        parts = [
            ntr(
                "{count} external caller of a role or resource",
                "{count} external callers of roles and resources",
                len(rows),
            ).format(count=number(len(rows))),
            tr("{count} of them anyone").format(count=number(len(anyone)))
            if not limited
            else tr("{count} of them anyone, {limited} of these only under conditions").format(
                count=number(len(anyone)), limited=number(limited)
            ),
        ]
        if self._reading is None and not self._stream.running:
            parts.append(
                ntr(
                    "{count} role is or may become administrator",
                    "{count} roles are or may become administrator",
                    administrators,
                ).format(count=number(administrators))
            )
        shown = len(self.model.shown)
        if not shown:
            parts.append(tr("none matches the filter"))
        elif shown < len(rows):
            parts.append(tr("{count} match the filter").format(count=number(shown)))
        return " · ".join(parts)

    def _filter(self) -> None:
        kept = self.table.current_row()
        chosen = ExternalFilter(self.text.filter, self.anyone.isChecked(), self.without_condition.isChecked())
        self.model.show_only(chosen, lambda: self._filtered(kept))

    def _filtered(self, kept: ExternalRow | None) -> None:
        shown = self.model.shown
        if shown:
            self.table.go_to(shown.index(kept) if kept is not None and kept in shown else 0)
        self._enable()

    def _go_to(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self.hide()
            main_window_of(self).activateWindow()
            self.item_wanted.emit(row.entry.target)

    def show_paths(self) -> None:
        """Show the attack paths from the role of the current row."""
        row = self.table.current_row()
        if row is not None and row.entry.is_role:
            self.hide()
            self._session.show_key(row.entry.target)
            main_window_of(self).activateWindow()
            run_command(self, "actionWaysOfSelected")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.model.repaint(self.palette())
