"""The access matrix: a heat map of principals by services; each cell opens the principal's own heat map."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPaintEvent, QPalette, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QPushButton,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from iamdesk.export.access.matrix import GRAVITY, Profile
from iamdesk.gui.access.text import LEVEL_NAMES
from iamdesk.gui.access_matrix import text as words
from iamdesk.gui.access_matrix.filling import Known, View
from iamdesk.gui.access_matrix.legend import AccessMatrixLegend
from iamdesk.gui.access_matrix.loader import AccessMatrixLoader
from iamdesk.gui.access_matrix.model import AccessMatrixModel
from iamdesk.gui.access_matrix.rows import MATRIX_FIELDS, MatrixQuery, MatrixRow, MatrixRows, Order
from iamdesk.gui.access_matrix.table import AccessMatrixTable
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.session import Session
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.whole_organization import NEEDS_WHOLE, whole_or_report
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

_GLIMPSE = 30
"""Milliseconds until cells count as visible: those that scroll past do not."""
_HIGH = 20
"""Height in lines from which the legend is shown."""
_ORDERS = (Order.BREADTH, Order.GRAVITY, Order.NAME)


class AccessMatrixPanel(QWidget):
    """Computes the access matrix when it is first visible."""

    title_changed = Signal(str)
    """For the tab."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_cancelled = False
        self._chosen = ("", "")
        """Principal and service of the cell that was chosen last."""
        self._service = ""
        """The service by which rows are sorted; empty for none."""
        self._order_before = Order.BREADTH
        self.message = MessageBar()
        self.finder = AccessMatrixLoader(jobs, self._failed, self)
        self.model = AccessMatrixModel(lambda row: session.badges.get(row, ()), self)
        self.table = AccessMatrixTable(self.model)
        self.text = FilterLine(
            MATRIX_FIELDS,
            lambda: self.finder.matrix.people if self.finder.matrix is not None else (),
            session.table_memory,
            name="everybodyFilter",
            title=tr("Filter principals"),
            hint=tr("Filter by name, path or account"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.level = QComboBox()
        self.order = QComboBox()
        self.gather = QCheckBox(tr("&Group identical principals"))
        self.every_service = QCheckBox(tr("All &services"))
        self.export_button = QPushButton(tr("Export…"))
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export everybody")
        self._summary = FlowLabel()
        self._cell = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._legend = AccessMatrixLegend()
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton(tr("Clear the filter"))
        self._pages = QStackedWidget()
        self._glimpse = QTimer(self, singleShot=True, interval=_GLIMPSE)
        self._lay_out_widgets()
        self._connect()
        self._show_why_empty()

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {"actionExportEverybody": self.export}

    @property
    def wanted(self) -> MatrixQuery:
        """The query of the fields."""
        order = self._order
        return MatrixQuery(
            self.text.filter.text,
            self.level.currentData(),
            order,
            self._service if order is Order.SERVICE else "",
            self.gather.isChecked(),
            self.every_service.isChecked(),
            dict(self._session.notes.notes),
        )

    @property
    def _order(self) -> Order:
        return Order(self.order.currentData() or Order.BREADTH)  # Qt keeps only the text

    @property
    def is_settled(self) -> bool:
        """Whether the query is shown, computed for all principals."""
        matrix_rows = self.model.matrix_rows
        return (
            matrix_rows is not None and matrix_rows.is_whole and not self.finder.is_laying and not self.text.is_pending
        )

    def _lay_out_widgets(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        unit = self.fontMetrics().averageCharWidth()
        self.text.setMinimumWidth(unit * 18)
        self.level.setObjectName("everybodyLevel")
        self.level.setAccessibleName(tr("Show only one access level"))
        self.level.addItem(tr("All access levels"), None)
        for level in GRAVITY:
            self.level.addItem(tr(LEVEL_NAMES[level]), level)
        self.order.setObjectName("everybodyOrder")
        self.order.setAccessibleName(tr("Order of the principals"))
        for order in _ORDERS:
            self.order.addItem(tr(order.value), order)
        self.gather.setObjectName("everybodyGather")
        self.gather.setChecked(True)
        self.every_service.setObjectName("everybodyServices")
        self.export_button.setObjectName("everybodyExport")
        self.export_button.setAccessibleName(tr("Export access matrix"))
        self.export_button.clicked.connect(self.export)
        self._clear_filter.setAccessibleName(tr("Clear the filter"))
        for box in (self.level, self.order):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.level.setMinimumWidth(unit * 20)  # its longest entry is rarely chosen
        choices = (self.level, self.order, self.gather, self.every_service, self.export_button)
        bar = OneOrTwoRows([(self.text, 1)], [(one, 0) for one in choices], gap)
        self.table.setMinimumHeight(self.fontMetrics().height() * 3)
        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.table, 1)
        column.addWidget(self._cell)
        column.addWidget(self._legend)
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        inside.addWidget(self._clear_filter, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self._pages.addWidget(full)
        self._pages.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(self._summary)
        layout.addWidget(bar)
        layout.addWidget(self.saved)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.finder.listed.connect(self._lay_out)
        self.finder.arrived.connect(self._fill)
        self.finder.found.connect(self._lay_out)
        self.finder.matrix_rows.connect(self._show)
        self.finder.stopped.connect(self._cancelled)
        self._glimpse.timeout.connect(self._look)
        self.table.looked.connect(self._look_soon)
        self.text.changed.connect(self._lay_out)
        self.text.down.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.text.left.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.level.activated.connect(self._lay_out)
        self.order.activated.connect(self._lay_out)
        self.gather.toggled.connect(self._lay_out)
        self.every_service.toggled.connect(self._lay_out)
        self._clear_filter.clicked.connect(self.text.clear)
        self.table.opened.connect(self._open)
        self.table.glanced.connect(self._glance)
        self.table.sort_wanted.connect(self._sort_by)
        self.table.others_wanted.connect(lambda: self.every_service.setChecked(True))
        self.table.selectionModel().currentChanged.connect(self._describe_cell)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.table)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(lambda: self.text.setFocus(Qt.FocusReason.OtherFocusReason))
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)
        self._session.badges_decided.connect(self.table.repaint_people)
        self._session.notes.changed.connect(self._show_notes)

    # Computing and layout

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Compute the matrix now that it is visible: panels behind others are shown, but not painted.

        After Cancel, it is computed only on request.
        """
        super().paintEvent(event)
        if not (self.finder.is_whole or self.finder.running or self._is_cancelled):
            QTimer.singleShot(0, self, self.run)

    def run(self) -> None:
        """Compute the matrix, unless it is complete or being computed."""
        if self.finder.is_whole or self.finder.running:
            return
        self.message.clear()
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            self._is_cancelled = self._session.snapshot is not None
            self._show_why_empty()
            return
        self._is_cancelled = False
        self.finder.find(opened, self._session.executor_for)
        self._look_soon()
        self._show_why_empty()

    def _look_soon(self) -> None:
        matrix_rows = self.model.matrix_rows
        if matrix_rows is not None and not matrix_rows.is_whole:
            self._glimpse.start()

    def _look(self) -> None:
        """Compute the visible cells first."""
        rows, columns = self.table.in_view()
        lines, services = self.model.lines, self.model.columns
        self.finder.look_at(
            View(
                tuple(lines[row].people[0].key for row in rows if lines[row].profile is None),
                tuple(services[column].service for column in columns if column < len(services)),
            )
        )

    def _fill(self, rows: list[tuple[str, Profile]], cells: list[Known]) -> None:
        self.model.fill(rows, cells)
        self._describe_cell()

    def _lay_out(self) -> None:
        self.setFocusProxy(self.table)  # first: Qt loses what is already in the panel from the order of Tab
        self.text.settle()
        self.finder.lay_out(self.wanted)

    def _show(self, matrix_rows: MatrixRows) -> None:
        """Show the rows as laid out, with the same current cell."""
        self.model.show(matrix_rows)
        self._legend.show_level(matrix_rows.wanted.level, is_whole=matrix_rows.is_whole)
        if matrix_rows.is_whole and matrix_rows.wanted.order is not Order.SERVICE and self._order is Order.SERVICE:
            self._forget_service()  # no principal can use it at this level
        self._update_summary()
        principal, service = self._chosen
        if matrix_rows.lines and self.model.columnCount():
            self.table.go_to(self.model.place_of(principal) or 0, self.model.column_of(service) or 0)
        if not matrix_rows.is_whole:
            self._chosen = (
                principal,
                service,
            )  # if no cell was chosen yet, the first row of the complete matrix becomes current
        self._describe_cell()
        self._show_why_empty()

    def _update_summary(self) -> None:
        matrix_rows, matrix = self.model.matrix_rows, self.finder.matrix
        sentence = (
            words.all_of_it(matrix_rows, len(matrix.people)) if matrix_rows is not None and matrix is not None else ""
        )
        self._summary.setText(sentence)
        self._summary.setVisible(bool(sentence))

    def _cancelled(self) -> None:
        self._is_cancelled = True
        self.message.say(Tone.WARNING, tr(words.CANCELLED), tr("Run again"), self.run)
        self._show_why_empty()

    def _failed(self, error: Exception) -> None:
        self._is_cancelled = True
        self._show_why_empty()
        if isinstance(error, WorkError):
            sentence = tr("The computation ended early: {error}.").format(error=error_words(error))
            self.message.say(Tone.ERROR, sentence, tr("Run again"), self.run)
            return
        self.message.say(Tone.ERROR, tr("The computation ended early."), tr("Run again"), self.run)
        raise error

    def _show_notes(self, _items: object) -> None:
        self.model.notes = self._session.notes.notes
        self.table.repaint_people()
        if self.text.filter.text:  # it may be about notes
            self._lay_out()

    def _opened(self, _opened: "SnapshotSession") -> None:
        self._show_why_empty()
        self.update()

    def _closed(self) -> None:
        self.finder.forget()
        self._is_cancelled = False
        self._chosen = ("", "")
        self._forget_service()
        for box in (self.level, self.order):
            box.setCurrentIndex(0)
        for check, usual in ((self.gather, True), (self.every_service, False)):
            check.setChecked(usual)
        self.text.clear()
        self.text.settle()
        self._glimpse.stop()
        self.model.show(None)
        self.message.clear()
        self._update_summary()
        self._describe_cell()
        self._show_why_empty()

    # Cells

    def _describe_cell(self, _current: QModelIndex | None = None, _before: QModelIndex | None = None) -> None:
        index = self.table.currentIndex()
        line, column = self.model.line(index.row()), self.model.column(index.column())
        if line is not None and _current is not None:
            self._chosen = (line.people[0].key, column.service if column is not None else "")
        self._cell.setText(self.model.cell_words(index) if index.isValid() else "")

    def _sort_by(self, service: str) -> None:
        """Sort by a service; a second time, restore the previous order."""
        if self._order is Order.SERVICE and self._service == service:
            self._forget_service()
        else:
            self._forget_service()
            self._order_before = self._order
            self._service = service
            self.order.addItem(tr("By {service}, most first").format(service=service), Order.SERVICE)
            self.order.setCurrentIndex(self.order.count() - 1)
        self._lay_out()

    def _forget_service(self) -> None:
        """Restore the order before sorting by service."""
        if self._order is Order.SERVICE:
            self.order.setCurrentIndex(_ORDERS.index(self._order_before))
        self._service = ""
        while self.order.count() > len(_ORDERS):
            self.order.removeItem(self.order.count() - 1)

    def _open(self, line: MatrixRow, service: str) -> None:
        """Open the effective permissions of a principal, at a service."""
        person = line.person
        if person is None:
            return
        if person.row < 0:
            self._session.draft(principal=person.key)
            self._session.announce(tr("A root user has no page. Use the request bar to evaluate its requests."))
            return
        self._session.show_access(person.key, service, self.model.level or "")

    def _glance(self, line: MatrixRow, service: str) -> None:
        """Show the principal, and keep the focus."""
        person = line.person
        if person is not None and person.row >= 0:
            self._open(line, service)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # Appearance

    def _show_why_empty(self) -> None:
        matrix_rows = self.model.matrix_rows
        full = matrix_rows is not None and bool(matrix_rows.lines) and self.model.columnCount() > 0
        for widget in (self.text, self.level, self.order, self.gather, self.every_service):
            widget.setEnabled(self._session.snapshot is not None)
        self.export_button.setEnabled(self.finder.filling is not None)
        self._pages.setCurrentIndex(0 if full else 1)
        self._clear_filter.setVisible(matrix_rows is not None and not full and bool(self.text.text()))
        self.title_changed.emit(tr("Access matrix"))
        if full:
            return
        if self._session.snapshot is None:
            sentence = tr(words.NO_SNAPSHOT)
        elif self._session.whole is None:
            sentence = tr(NEEDS_WHOLE)
        elif matrix_rows is None:
            sentence = tr(words.NOT_FOUND if self._is_cancelled else words.SEARCHING)
        elif not matrix_rows.lines:
            sentence = tr("No principals match the filter.")
        else:
            sentence = words.summary(matrix_rows, matrix_rows.people)
        self._nothing.setText(sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show the legend if there is room."""
        super().resizeEvent(event)
        self._legend.setVisible(event.size().height() >= self.fontMetrics().lineSpacing() * _HIGH)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        is_made = hasattr(self, "table")  # Qt sends change events during construction, too
        if event.type() is QEvent.Type.PaletteChange and is_made:
            self.table.viewport().update()

    # Export

    def export(self) -> None:
        """Write the access matrix to a file, regardless of the filter; computes the rest of it first."""
        filling, opened = self.finder.filling, self._session.snapshot
        if filling is None or opened is None:
            self._session.announce(tr("Nothing to export: compute the access matrix first."))
            return
        from iamdesk.export.access.matrix import access_matrix_to_csv
        from iamdesk.export.findings.csv_table import TableAbout

        name, about = opened.path.name, TableAbout(snapshot_sha256=opened.sha256)

        def write(progress: Progress, cancelled: Cancelled) -> bytes:
            filling.fill(progress, cancelled)
            return access_matrix_to_csv(filling.matrix.map, name, progress, cancelled, about)

        self._saver.save(tr("Export access matrix"), "access-matrix", {".csv": write})
