"""The query history: the requests evaluated in this window with their decisions, to repeat or export."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.query_history import HistoryEntry, asked_of, to_csv, to_json
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.session import Session
from iamdesk.gui.history.history_table import FIELDS, HistoryModel, HistoryRow, HistoryTable
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.widgets.message_bar import MessageBar
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr
from iamdesk.use_cases.types import UseCaseRequest, UseCaseResult


class HistoryPanel(QWidget):
    """Follows the session's results. Its contents stay while the window is open, also across snapshots."""

    title_changed = Signal(str)

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("askedPanel")
        self._session = session
        self.model = HistoryModel(self.palette())
        self.model.setParent(self)
        self.table = HistoryTable(self.model)
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="askedFilter",
            title=tr("Filter the query history"),
            hint=tr("Filter by principal, action, resource or decision"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.table.connect_filter(self.text, session.table_memory)
        self.message = MessageBar()
        self.hint = ElidedLabel()
        self.again_button = QPushButton(tr("Ask again"))
        self.command_button = QPushButton(tr("Copy as CLI command"))
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.setAccessibleName(tr("Export query history"))
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export questions")
        self._pages = QStackedWidget()
        self._lay_out()
        self.again_button.clicked.connect(self.ask_again)
        self.command_button.clicked.connect(self.copy_commands)
        self.export_button.clicked.connect(self.export)
        self.text.changed.connect(lambda: self.model.show_only(self.text.filter, self._enable))
        for leaves in (self.text.down, self.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.table.activated.connect(lambda _index: self.ask_again())
        self.table.selectionModel().selectionChanged.connect(self._enable)
        session.evaluated.connect(self._show_evaluated)
        session.use_case_evaluated.connect(self._take)
        session.snapshot_opened.connect(self._enable)
        session.snapshot_closed.connect(self._enable)
        self._show_state()

    def _lay_out(self) -> None:
        line = self.fontMetrics().lineSpacing()
        bar = QHBoxLayout()
        bar.setContentsMargins(line // 3, line // 4, line // 3, line // 4)
        bar.addWidget(self.text, 1)
        bar.addWidget(self.hint, 1)
        for button in (self.again_button, self.command_button, self.export_button):
            bar.addWidget(button)
        empty = FlowLabel(tr("No requests yet. Every request that you evaluate appears here, with its decision."))
        empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        empty.setContentsMargins(line, line, line, line)
        empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._pages.addWidget(empty)
        self._pages.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message)
        layout.addLayout(bar)
        layout.addWidget(self.saved)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.table)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {"actionExportAsked": self.export}

    @property
    def entries(self) -> tuple[HistoryEntry, ...]:
        """The requests, in the order in which they were first evaluated."""
        return tuple(row.asked for row in self.model.rows)

    def ask_again(self) -> None:
        """Evaluate the current request on the open snapshot."""
        row = self.table.current_row()
        if row is None:
            return
        if self._session.snapshot is None:
            self._session.announce(tr("Open a snapshot first: requests are evaluated on it."))
        elif isinstance(row.asked.evaluated, UseCaseRequest):
            self._session.evaluate_use_case(row.asked.evaluated)
        else:
            self._session.ask(row.asked.evaluated)

    def copy_commands(self) -> None:
        """Copy the CLI commands of the selected requests."""
        rows = self._chosen()
        if rows:
            QApplication.clipboard().setText("\n".join(row.asked.command for row in rows))
            self._session.announce(tr("The command was copied.") if len(rows) == 1 else tr("The commands were copied."))

    def export(self) -> None:
        """Save every request with its decision."""
        entries = self.entries
        if not entries:
            self._session.announce(tr("Nothing to export: evaluate a request first."))
            return
        self._saver.save(
            tr("Export query history"),
            "questions",
            {".csv": lambda _p, _c: to_csv(entries), ".json": lambda _p, _c: to_json(entries)},
        )

    def _chosen(self) -> list[HistoryRow]:
        current = self.table.current_row()
        return list(self.table.selected_rows()) or ([current] if current is not None else [])

    def _show_evaluated(self, decision: EvaluationResult | None) -> None:
        if decision is not None:
            self._take(decision)

    def _take(self, result: EvaluationResult | UseCaseResult) -> None:
        opened = self._session.snapshot
        if opened is not None:
            self.model.take(asked_of(result, str(opened.path), opened.sha256))
            self._show_state()

    def _show_state(self) -> None:
        count = len(self.model.rows)
        self._pages.setCurrentIndex(1 if count else 0)
        self.hint.setText(tr("Click or press Return to evaluate it again.") if count else "")
        self.title_changed.emit(f"{tr('Query history')} {count:,}" if count else tr("Query history"))
        self._enable()

    def _enable(self, *_: object) -> None:
        has_row = bool(self._chosen())
        self.again_button.setEnabled(has_row and self._session.snapshot is not None)
        self.command_button.setEnabled(has_row)
        self.export_button.setEnabled(bool(self.model.rows) and self._session.snapshot is not None)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.repaint(self.palette())
