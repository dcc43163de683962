"""Effective permissions of a principal or group: a heat map by service and access level, and the actions of a cell."""

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeySequence, QPalette, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from iamdesk.access.effective_permissions import ActionDecision
from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.export.access.heatmap import LEVELS, AccessHeatmap, SearchedAction, searched_actions
from iamdesk.export.decision.text_file import what_can_command
from iamdesk.gui.access.action_tree import ActionTree
from iamdesk.gui.access.action_tree_model import ActionLine, ActionTreeModel, Column
from iamdesk.gui.access.filters import AccessFilters
from iamdesk.gui.access.heatmap_model import SERVICE, HeatmapModel
from iamdesk.gui.access.heatmap_table import HeatmapTable
from iamdesk.gui.access.legend import AccessLegend
from iamdesk.gui.access.loader import AccessLoader, details_of
from iamdesk.gui.access.text import location_text, summary
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.session import Session
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.save_to_file import Render, Saver
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, tr
from iamdesk.viewmodel.tree import NodeKind
from iamdesk.viewmodel.types import Subject

_GLANCE = 80
"""Milliseconds: cells and principals that are left sooner are not evaluated."""
_WIDE = 180
"""Width in characters from which heat map and actions are side by side."""
_HIGH = 27
"""Height in lines from which the legend is shown."""


class AccessTab(QWidget):
    """Follows the inspector's subject while it is visible."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._key = ""
        self._shown_key = ""
        self._name = ""
        self._is_group = False
        self._chosen = ("", SERVICE)
        self._is_behind = False
        self.message = MessageBar()
        self.map = HeatmapModel(self)
        self.list = ActionTreeModel(self.palette(), self)
        self.table = HeatmapTable(self.map)
        self.actions_view = ActionTree(self.list)
        self.filters = AccessFilters(self._searched_actions, session.table_memory)
        self.export_button = QPushButton(tr("Export"))
        self.finder = AccessLoader(jobs, self._failed, self)
        self.details = JobStream(jobs, "what can actions", self._failed, self)
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export what can")
        self._legend = AccessLegend()
        self._summary = FlowLabel()
        self._behind = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton(tr("Clear the filter"))
        self._clear_filter.setAccessibleName(tr("Clear the filter"))
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._pages = QStackedWidget()
        self._lay_out()
        self._glance = QTimer(self, singleShot=True, interval=_GLANCE)
        self._connect()
        self._show_why_empty()

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionExportAccess": self.export_actions,
            "actionExportAccessMap": self.export_map,
        }

    def _lay_out(self) -> None:
        self.setFocusProxy(self.table)  # first: Qt loses what is already in the tab from the order of Tab
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self._summary.setContentsMargins(2, 0, 2, 0)
        bar = QHBoxLayout()
        bar.setSpacing(gap)
        self.export_button.setObjectName("whatCanExport")
        self.export_button.setAccessibleName(tr("Export effective permissions"))
        self.export_button.setMenu(self._export_menu())
        bar.addWidget(self.filters, 1)
        bar.addWidget(self.export_button)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.table, 1)
        column.addWidget(self._legend)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._behind)
        column.addWidget(self.actions_view, 1)
        self._split.addWidget(upper)
        self._split.addWidget(lower)
        self._split.setChildrenCollapsible(False)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        inside.addWidget(self._clear_filter, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self._pages.addWidget(self._split)
        self._pages.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, 0)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(self._summary)
        layout.addLayout(bar)
        layout.addWidget(self.filters.saved)
        layout.addWidget(self._pages, 1)

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(tr("&Actions as CSV or JSON…"), self.export_actions)
        menu.addAction(tr("&Heat map as CSV or JSON…"), self.export_map)
        return menu

    def _connect(self) -> None:
        self.filters.changed.connect(self._filter)
        self.filters.left.connect(self.table.setFocus)
        self._glance.timeout.connect(self._catch_up, Qt.ConnectionType.QueuedConnection)
        self._clear_filter.clicked.connect(self.filters.clear)
        self.finder.found.connect(self._found)
        self.finder.stopped.connect(self._cancelled)
        self.details.batch.connect(self.list.set_details)
        self.table.selectionModel().currentChanged.connect(self._cell_changed)
        self.table.list_wanted.connect(self._go_to_list)
        self.actions_view.explanation_wanted.connect(self.explain)
        self.actions_view.who_else_wanted.connect(self._who_else)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.actions_view)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self.table.setFocus)
        self._session.snapshot_closed.connect(self._closed)
        self._session.access_cell_shown.connect(self._go_to_cell)

    # Subject

    def show_subject(self, subject: Subject) -> None:
        """Show the effective permissions of a principal or group, once the tab is visible."""
        self._key, self._name = subject.key, subject.title
        self._is_group = subject.kind is NodeKind.GROUP
        self._find()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Compute what is needed now that the tab is visible."""
        super().showEvent(event)
        self._find()

    def _find(self) -> None:
        opened = self._session.snapshot
        if opened is None or not self._key or self._key == self._shown_key or not self.isVisible():
            return
        self.message.clear()
        if self._shown_key:
            self._show(None)
        self.finder.find(opened, self._key, self._name)
        self._show_why_empty()

    def _found(self, key: str, found: AccessHeatmap) -> None:
        if key == self._key:
            self._shown_key = key
            self._show(found)

    def _show(self, shown: AccessHeatmap | None) -> None:
        if shown is None:
            self._shown_key = ""
        self.details.stop()
        self.map.show(shown)
        self._summary.setText(summary(self._name, self._is_group, shown) if shown is not None else "")
        self._summary.setVisible(shown is not None)
        self._choose_again()
        self._show_why_empty()

    def _cancelled(self, _key: str) -> None:
        self.message.say(Tone.WARNING, tr("The computation was canceled."), tr("Run again"), self._find)
        self._show_why_empty()

    def _failed(self, error: Exception) -> None:
        self._show_why_empty()
        if not isinstance(error, RequestError | SnapshotError):
            self.message.say(Tone.ERROR, tr("The computation ended early."), tr("Run again"), self._find)
            raise error
        self.message.say(Tone.WARNING, f"{error_words(error)}.")

    def _closed(self) -> None:
        self.finder.forget()
        self._key = self._name = ""
        self._show(None)
        self.message.clear()
        self.filters.clear()

    # Filter and cells

    def _searched_actions(self) -> Iterator[SearchedAction]:
        """Yield the actions of services with access, whose values the filter offers."""
        shown = self.map.map
        for row in shown.listed if shown is not None else ():
            yield from searched_actions(row.service)

    def _filter(self) -> None:
        chosen = self.filters.chosen
        self.map.show_only(chosen)
        self.table.show_level(chosen.level)
        self._choose_again()
        self._show_why_empty()

    def _choose_again(self) -> None:
        """Restore the current cell, or choose the first."""
        service, column = self._chosen
        row = self.map.place_of(service)
        if self.table.isColumnHidden(column):
            column = SERVICE
        if self.map.shown:
            self.table.go_to(row or 0, column)
        self._list_actions()

    def _go_to_cell(self, key: str, service: str, level: str) -> None:
        """Make a cell of the subject's heat map current: now, or once it is computed."""
        if key != self._key:
            return
        self._chosen = (service, LEVELS.index(level) + 1 if level else SERVICE)
        if self.map.map is None:
            return
        row = self.map.place_of(service)
        if row is None or self.table.isColumnHidden(self._chosen[1]):
            self.filters.clear()  # the filter hides the cell
        self._choose_again()

    def _cell_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        row = self.map.row(current)
        if row is not None:
            self._chosen = (row.service, current.column())
            self._is_behind = True
            self._glance.start()

    def _catch_up(self) -> None:
        """Fill the list if it still shows the previous cell."""
        if self._is_behind:
            self._list_actions()

    def _list_actions(self) -> None:
        """Fill the list with the actions of the current cell."""
        self._glance.stop()
        self._is_behind = False
        index = self.table.currentIndex()
        row, shown = self.map.row(index), self.map.map
        if row is None or shown is None:
            self.details.stop()
            self.list.show(())
            self._behind.setText("")
            return
        level = LEVELS[index.column() - 1] if index.column() else None
        chosen = self.map.filter.chosen(row, level)
        lines = self.list.show(tuple(shown.actions(row, chosen)))
        cell = self.map.cell(index)
        counted = self.map.words(index) if cell is not None else tr("AWS lists no such action")
        self._behind.setText(f"{location_text(row, level)}: {counted}")
        self.actions_view.setColumnHidden(Column.LEVEL, level is not None)
        self.details.start(tr("Evaluating {count} actions").format(count=number(len(lines))), details_of(tuple(lines)))

    def _go_to_list(self) -> None:
        self._catch_up()
        if self.list.lines:
            self.actions_view.setCurrentIndex(self.list.index(0, 0))
            self.actions_view.setFocus(Qt.FocusReason.OtherFocusReason)

    # Opening of rows

    def explain(self, line: ActionLine, result: ActionDecision | None) -> None:
        """Open the full result of one request; for an action, of the most important one."""
        if result is None and line.detail is not None and line.detail.decisions:
            result = line.detail.decisions[0]
        if result is None:
            self._session.draft(principal=None if self._is_group else self._key, action=line.action.name)
        elif self._is_group:  # a group makes no requests: the result is that of a member
            self._session.show_decision(result.explanation)
        else:
            self._session.ask(Request(self._key, line.action.name, result.resource))

    def _who_else(self, line: ActionLine, result: ActionDecision | None) -> None:
        if result is None and line.detail is not None and line.detail.decisions:
            result = line.detail.decisions[0]
        self._session.ask_who_can(Request(self._key, line.action.name, result.resource if result is not None else ""))

    # Appearance

    def _show_why_empty(self) -> None:
        there = self.map.map is not None
        self.filters.setEnabled(there)
        self.export_button.setEnabled(there)
        full = bool(self.map.shown)
        self._pages.setCurrentIndex(0 if full else 1)
        self._clear_filter.setVisible(there and not full)
        if full:
            return
        if there:
            self._nothing.setText(tr("No actions match the filter."))
        elif self.finder.running:
            self._nothing.setText(tr("Computing the effective permissions of {name}.").format(name=self._name))
        else:
            self._nothing.setText(tr("Select a user, a role or a group to see its effective permissions."))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put heat map and actions side by side if there is room."""
        super().resizeEvent(event)
        wide = event.size().width() >= self.fontMetrics().averageCharWidth() * _WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self._split.orientation() is not wanted:
            self._split.setOrientation(wanted)
            whole = event.size().width() if wide else event.size().height()
            self._split.setSizes([whole * 11 // 20, whole * 9 // 20])
        self._legend.setVisible(event.size().height() >= self.fontMetrics().lineSpacing() * _HIGH)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "list"):
            self.list.repaint(self.palette())

    # Export

    def command(self) -> str:
        """Return the CLI command for the same output; empty if nothing is shown."""
        opened = self._session.snapshot
        return what_can_command(self._key, str(opened.path)) if opened is not None and self._key else ""

    def export_actions(self) -> None:
        """Write every action that is allowed or denied to a file, regardless of the filter."""
        self._export(tr("Export effective permissions"), "what-can", whole=True)

    def export_map(self) -> None:
        """Write the counts by service and access level to a file, regardless of the filter."""
        self._export(tr("Export access heat map"), "access-map", whole=False)

    def _export(self, title: str, stem: str, *, whole: bool) -> None:
        shown, opened = self.map.map, self._session.snapshot
        if opened is None:
            return
        if shown is None:
            self.message.say(Tone.NOTE, tr("Nothing to export: select a user, a role or a group first."))
            self._session.announce(tr("Nothing to export: select a user, a role or a group first."))
            return
        from iamdesk.export.access import what_can  # imported when something is exported
        from iamdesk.export.findings.csv_table import TableAbout

        name, about = opened.path.name, TableAbout(snapshot_sha256=opened.sha256)
        access = shown.access
        kinds: dict[str, Render] = {
            ".csv": lambda _progress, _cancelled: what_can.map_to_csv(shown, name, about),
            ".json": lambda _progress, _cancelled: what_can.map_to_json(access),
        }
        if whole:
            kinds = {
                ".csv": lambda progress, cancelled: what_can.actions_to_csv(access, name, progress, cancelled, about),
                ".json": lambda _progress, _cancelled: what_can.to_json(access),
            }
        self._saver.save(title, stem, kinds)
