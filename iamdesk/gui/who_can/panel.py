"""Who can perform an action on a resource: the query on top, the principals below, each opens to its result."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QStyle, QVBoxLayout, QWidget

from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError
from iamdesk.export.decision.text_file import who_can_command
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.session import Session
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.who_can import text
from iamdesk.gui.who_can.count_buttons import CountButtons
from iamdesk.gui.who_can.model import WhoCanModel
from iamdesk.gui.who_can.query_bar import WhoCanQueryBar
from iamdesk.gui.who_can.rows import FIELDS, LISTED_DECISIONS, ActionRow, Column, RowDetails, WhoCanFilter, WhoCanRow
from iamdesk.gui.who_can.table import WhoCanTable
from iamdesk.gui.who_can.worker import Missing, search_for, tell_actions
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import Opened


class WhoCanPanel(QWidget):
    """Searches all principals. Rows appear as they are found; their details follow."""

    title_changed = Signal(str)
    """For the tab: ``Who can 23``, ``Who can 5 of 23``."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: Request | None = None
        self._complete = False
        self._chosen = ""
        self._on_bucket: tuple[str, str] | None = None
        """Action and bucket that the user wants evaluated as they are."""
        self.model = WhoCanModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self.query_bar = WhoCanQueryBar(session, jobs)
        self.decisions = CountButtons()
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="whoCanFilter",
            title=tr("Filter principals"),
            hint=tr("Filter by name or policy"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.export_button = QPushButton(tr("Export…"))
        self.table = WhoCanTable(self.model)
        self.table.connect_filter(self.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export who can")
        self._holds_for = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.missing = FlowLabel()
        self.missing.setObjectName("whoCanMissing")
        self.missing.hide()
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton(tr("Clear the filter"))
        self._clear_filter.setAccessibleName(tr("Clear the filter"))
        self._pages = QStackedWidget()
        self._lay_out()
        self.search = JobStream(jobs, "who can", self._failed, self)
        self.details = JobStream(jobs, "who can actions", self._failed, self)
        self._connect()
        self._enable()
        self._refresh()

    @property
    def title(self) -> str:
        """The title of the tab, with the number of principals; with ``…`` while the search is running."""
        if self._asked is None:
            return tr("Who can")
        if self.search.running and not self.model.rows:
            return tr("Who can {count}…").format(count=number(0))
        rows = self.model.rows
        shown = sum(not isinstance(row, ActionRow) for row in self.model.shown)
        count = number(len(rows))
        if shown < len(rows):
            count = tr("{shown} of {all}").format(shown=number(shown), all=count)
        return tr("Who can {count}").format(count=count)

    @property
    def asked(self) -> Request | None:
        """The request of the rows; None before the first search."""
        return self._asked

    @property
    def is_complete(self) -> bool:
        """Whether all rows exist and have their details."""
        return self._complete

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {"actionExportWhoCan": self.export}

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self.text.setMinimumWidth(self.fontMetrics().averageCharWidth() * 14)
        self.export_button.setObjectName("whoCanExport")
        self.export_button.setAccessibleName(tr("Export who can"))
        filters = QHBoxLayout()
        filters.setSpacing(gap)
        filters.addWidget(self.decisions)
        filters.addWidget(self.text, 1)
        filters.addWidget(self.export_button)
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        inside.addWidget(self._clear_filter, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self._pages.addWidget(self.table)
        self._pages.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.query_bar)
        layout.addLayout(filters)
        layout.addWidget(self.saved)
        layout.addWidget(self.message)
        layout.addWidget(self._holds_for)
        layout.addWidget(self.missing)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.query_bar.action)

    def _connect(self) -> None:
        self.search.batch.connect(self._take_in)
        self.details.batch.connect(self.model.set_details)
        self.table.opened.connect(self._tell_actions)
        self.search.ended.connect(self._end)
        self.text.changed.connect(self._filter)
        for leaves in (self.text.down, self.text.left):
            leaves.connect(self._leave_filter)
        self.decisions.changed.connect(self._filter)
        self._clear_filter.clicked.connect(self.clear_filter)
        self.export_button.clicked.connect(self.export)
        self.query_bar.submitted.connect(self.run)
        self.query_bar.hinted.connect(self._hint)
        self.query_bar.edited.connect(self._say_which)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.explanation_wanted.connect(self.explain)
        self.table.subject_wanted.connect(lambda row: self._session.show_key(row.principal))
        self.table.access_wanted.connect(lambda row: self._session.show_access(row.principal))
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.table)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._back_to_request)
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)
        self._session.who_can_asked.connect(self._asked_elsewhere)

    # Asking

    def run(self) -> None:
        """Start the search for the request of the fields."""
        opened = self._session.snapshot
        if opened is None:
            return
        if not self.query_bar.is_complete:
            self.query_bar.focus_open_field()
            return
        asked = self.query_bar.request
        pair = asked.action, asked.resource
        if pair == self._on_bucket or not self.query_bar.look_for_objects(partial(self._run_on, *pair)):
            self._run(opened)

    def _run_on(self, action: str, bucket: str, objects: str) -> None:
        """Start the search on the objects of a bucket, and say so; on the bucket if ``objects`` is empty."""
        opened = self._session.snapshot
        if opened is None:
            return
        if objects:
            self.query_bar.resource.setText(objects)
        self._run(opened)
        if objects:
            note = tr("{action} acts on objects: it is evaluated on all objects of the bucket.").format(action=action)
            self.message.say(
                Tone.NOTE,
                " ".join(filter(None, (note, self.message.text))),
                tr("Evaluate on the bucket"),
                lambda: self._find_on_bucket(action, bucket),
            )

    def _find_on_bucket(self, action: str, bucket: str) -> None:
        self._on_bucket = action, bucket
        self._find_on(bucket)

    def _run(self, opened: "Opened") -> None:
        self.message.clear()
        self.model.clear()
        self._complete = False
        self._asked = self.query_bar.request
        if self._asked.without or self._asked.session_policies is not None:
            self.message.say(Tone.NOTE, tr(text.EVERY_POLICY_TYPE))
        self._chosen = self._asked.principal
        action = self._asked.action
        label = tr("Finding who can {action}").format(action=action) if action else tr("Finding who can do what")
        self.details.stop()
        self._say_missing(())
        self.search.start(label, search_for(opened, self._asked))
        self._refresh()
        self.query_bar.look_for_mistakes()

    def _asked_elsewhere(self, request: Request) -> None:
        """Take a request from another panel; an incomplete one waits for the rest."""
        self.query_bar.show_request(request)
        self.focus_rows()
        if not self.query_bar.is_complete:
            return
        self.clear_filter()
        self.run()

    def focus_rows(self) -> None:
        """Focus the table, or the field that is still empty."""
        if self.query_bar.is_complete:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.query_bar.focus_open_field()

    def _hint(self, sentence: str, resource: str) -> None:
        if not sentence:
            return
        if resource:
            self.message.say(Tone.NOTE, sentence, tr("Use this resource"), lambda: self._find_on(resource))
        else:
            self.message.say(Tone.NOTE, sentence)

    def _find_on(self, resource: str) -> None:
        self.query_bar.resource.setText(resource)
        self.run()

    def _take_in(self, batch: list[WhoCanRow | tuple[WhoCanRow, RowDetails] | Missing]) -> None:
        for one in batch:
            if isinstance(one, Missing):
                self._say_missing(one.sentences, one.notes)
        rows = [one for one in batch if isinstance(one, WhoCanRow)]
        if rows:
            self.model.extend(rows)
            self._refresh()
            self._select_chosen()
        self.model.set_details([one for one in batch if isinstance(one, tuple)])

    def _say_missing(self, sentences: Sequence[str], notes: Sequence[str] = ()) -> None:
        self.missing.setVisible(bool(sentences or notes))
        external = [text.missing(sentences)] if sentences else []
        self.missing.setText(" ".join([*map(translate, notes), *external]))

    def _tell_actions(self) -> None:
        """Explain the visible actions."""
        if rows := self.model.untold:
            self.details.start(tr("Explaining actions"), tell_actions(rows))

    def _end(self, complete: bool) -> None:
        self._complete = complete
        self.model.settle()
        self._select_chosen()
        self._refresh()
        if complete and self._asked is not None:
            self._session.announce(text.found(*self.model.granted_and_depending(), self._asked))
        elif not complete:
            self.message.say(Tone.WARNING, tr(text.CANCELLED), tr("Run again"), self.run)

    def _failed(self, error: Exception) -> None:
        self._asked = None
        self._refresh()
        if not isinstance(error, RequestError | SnapshotError | WorkError):
            self.message.say(Tone.ERROR, tr("The computation ended early."), tr("Run again"), self.run)
            raise error
        self.message.say(Tone.WARNING, f"{error_words(error)}.")
        self.query_bar.focus_wrong_field()

    def _opened(self, opened: "Opened") -> None:
        self.clear_filter()
        self.table.setColumnHidden(Column.ACCOUNT, len(opened.accounts) < 2)
        self._enable()
        self._refresh()

    def _closed(self) -> None:
        self.search.stop()
        self.details.stop()
        self._say_missing(())
        self._asked = None
        self._complete = False
        self._chosen = ""
        self.model.clear()
        self.message.clear()
        self.query_bar.clear()
        self.clear_filter()
        self._enable()
        self._refresh()

    # Filter, selection, opening of rows

    def explain(self, row: WhoCanRow) -> None:
        """Evaluate the request for the row's principal, and select that principal."""
        if self._asked is None or self._session.snapshot is None:
            return
        self._session.ask(row.access.request)
        if row.principal in self._session.snapshot.outline.rows_by_key:
            self._session.select(row.principal)

    def clear_filter(self) -> None:
        """Show all rows."""
        self.text.clear()
        self.decisions.reset()
        self._filter()

    def _filter(self) -> None:
        self.model.show_only(WhoCanFilter(self.decisions.chosen, self.text.filter), self._filtered)

    def _filtered(self) -> None:
        self._select_chosen()
        self.title_changed.emit(self.title)
        self._say_why_empty()

    def _select_chosen(self) -> None:
        place = self.model.place_of(self._chosen) if self._chosen else None
        if place is not None and self.table.currentIndex().row() != place:
            self.table.go_to(place)
        elif place is None and self.model.shown and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.clearSelection()

    def _leave_filter(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _back_to_request(self) -> None:
        self.query_bar.resource.setFocus(Qt.FocusReason.OtherFocusReason)

    def _selected(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        row = self.table.current_row()
        if row is not None and self.table.selectionModel().hasSelection():
            self._chosen = row.principal

    # Looks

    def _enable(self) -> None:
        there = self._session.snapshot is not None
        self.query_bar.enable(self._session.snapshot)
        for widget in (self.decisions, self.text):
            widget.setEnabled(there)

    def _refresh(self) -> None:
        """Update the counts."""
        self.decisions.show_counts({decision: self.model.count(decision) for decision in LISTED_DECISIONS})
        self.export_button.setEnabled(self._complete)
        self._say_which()
        self._say_why_empty()
        self.title_changed.emit(self.title)

    def _say_which(self) -> None:
        """Name the request of the rows while the fields show another one."""
        asked, typed = self._asked, self.query_bar.request
        differs = asked is not None and (asked.action, asked.resource) != (typed.action, typed.resource)
        self._holds_for.setVisible(differs and bool(self.model.rows))
        if asked is not None:
            self._holds_for.setText(text.holds_for(asked))

    def _say_why_empty(self) -> None:
        translate, all_ = len(self.model.shown), len(self.model.rows)
        self._clear_filter.setVisible(translate == 0 and all_ > 0)
        self._pages.setCurrentIndex(0 if translate else 1)
        if not translate:
            self._nothing.setText(self._why_empty(all_))

    def _why_empty(self, rows: int) -> str:
        asked = self._asked
        if self._session.snapshot is None:
            return tr(text.NO_SNAPSHOT)
        if asked is None:
            return tr(text.NOTHING_ASKED)
        if rows:
            return text.no_matches(rows)
        if self.search.running:
            return text.searching(asked)
        return text.no_principals(asked) if self._complete else tr(text.CUT_SHORT)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.repaint(self.palette())

    # Export

    def command(self) -> str:
        """Return the CLI command for the same list; empty before the first search."""
        opened = self._session.snapshot
        if self._asked is None or opened is None:
            return ""
        return who_can_command(self._asked, str(opened.path))

    def export(self) -> None:
        """Ask for a file and write all rows to it, regardless of the filter."""
        opened = self._session.snapshot
        if opened is None:
            return
        if not self._complete:
            self.message.say(Tone.NOTE, tr(text.NOTHING_TO_EXPORT))
            return
        from iamdesk.export.access import who_can  # imported when something is exported
        from iamdesk.export.findings.csv_table import TableAbout

        accesses = tuple(access for row in self.model.rows for access in row.accesses)
        name = opened.path.name
        about = TableAbout(self.command(), opened.sha256)

        def report(progress: Progress, cancelled: Cancelled) -> who_can.WhoCanReport:
            return who_can.report_of(accesses, name, progress, cancelled)

        self._saver.save(
            tr("Export who can"),
            "who-can",
            {
                ".csv": lambda progress, cancelled: who_can.to_csv(report(progress, cancelled), about),
                ".json": lambda progress, cancelled: who_can.to_json(report(progress, cancelled)),
            },
        )
