"""Who can perform an action on a resource: the principals, each opens to its result. The request bar asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QStyle, QVBoxLayout, QWidget

from iamdesk.errors import SnapshotError
from iamdesk.evaluate.request import Request, RequestError, UnknownActionError
from iamdesk.export.decision.text_file import who_can_command
from iamdesk.gui.ask.autocomplete import AutocompleteService
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel
from iamdesk.gui.core.session import Session, is_row_of
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.who_can import text
from iamdesk.gui.who_can.count_buttons import CountButtons
from iamdesk.gui.who_can.details import RowDetails
from iamdesk.gui.who_can.model import WhoCanModel
from iamdesk.gui.who_can.rows import (
    EXPLAINED,
    FIELDS,
    LISTED_DECISIONS,
    Column,
    PrincipalRow,
    WhoCanFilter,
    WhoCanRow,
)
from iamdesk.gui.who_can.table import WhoCanTable
from iamdesk.gui.who_can.worker import Missing, explain, search_for
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, ntr, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.access.who_can import Access
    from iamdesk.api import Hint, Opened


_RESTED = 200
"""Milliseconds that the arrow keys rest on a row before its result is shown."""
_LOOKED = 40
"""Milliseconds that a table rests before the rows in sight are explained."""


class WhoCanPanel(QWidget):
    """Searches all principals. Rows appear as they are found.

    Few rows are explained at once. Of more, those in sight, and all where the filter or the order needs it: a job.
    """

    title_changed = Signal(str)
    """For the tab: ``Who can 23``, ``Who can 5 of 23``."""
    refused = Signal()
    """The request cannot be evaluated: the field at fault is to get the focus."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: Request | None = None
        self._complete = False
        self._chosen = ""
        self.model = WhoCanModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self._lookups = AutocompleteService(session, jobs, self)
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
        self.unexplained = MessageBar(closable=False)
        self.is_other = MessageBar(closable=False)
        """Says that the result is not that of a row."""
        self.missing = FlowLabel(code=True)
        self.missing.setObjectName("whoCanMissing")
        self.missing.hide()
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton(tr("Clear the filter"))
        self._clear_filter.setAccessibleName(tr("Clear the filter"))
        self._pages = QStackedWidget()
        self._rested = QTimer(self)
        self._rested.setSingleShot(True)
        self._rested.setInterval(_RESTED)
        self._look = QTimer(self, singleShot=True, interval=_LOOKED)
        self._lay_out()
        self.search = JobStream(jobs, "who can", self._failed, self)
        self.details = JobStream(jobs, "who can details", self._not_explained, self)
        """Explains the rows in sight."""
        self.rest = JobStream(jobs, "who can explained", self._not_explained, self)
        """Explains all rows, or those to copy."""
        self._then: Callable[[], None] | None = None
        """What follows once these are explained."""
        self._gave_up: object = None
        """The filter and order for which the user canceled it."""
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
        shown = self.model.shown_principals
        count = number(len(rows))
        if shown < len(rows):
            count = tr("{shown} of {all}").format(shown=number(shown), all=count)
            if self.unexplained.text:
                return tr("Who can {count}…").format(count=count)
        return tr("Who can {count}").format(count=count)

    @property
    def asked(self) -> Request | None:
        """The request of the rows; None before the first search."""
        return self._asked

    @property
    def is_complete(self) -> bool:
        """Whether all rows exist; if they are few, they have their details, too."""
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
        empty.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        empty.setAccessibleName(tr("Who can"))
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
        layout.addWidget(self._holds_for)
        layout.addWidget(self.is_other)
        layout.addLayout(filters)
        layout.addWidget(self.saved)
        layout.addWidget(self.unexplained)
        layout.addWidget(self.message)
        layout.addWidget(self.missing)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        self.search.batch.connect(self._take_in)
        self.details.batch.connect(self.model.set_details)
        self.details.ended.connect(self._looked_at)
        self.rest.batch.connect(self._explained)
        self.rest.ended.connect(self._all_explained)
        self.table.looked.connect(self._look.start)
        self._look.timeout.connect(self._explain_in_sight)
        self.table.details_wanted.connect(self._explain_then)
        self.search.ended.connect(self._end)
        self.text.changed.connect(self._filter)
        for leaves in (self.text.down, self.text.left):
            leaves.connect(self._leave_filter)
        self.decisions.changed.connect(self._filter)
        self._clear_filter.clicked.connect(self.clear_filter)
        self.export_button.clicked.connect(self.export)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self._rested.timeout.connect(self._show_current)
        self.table.explanation_wanted.connect(self.explain)
        self.table.subject_wanted.connect(lambda row: self._session.show_key(row.principal))
        self.table.access_wanted.connect(lambda row: self._session.show_access(row.principal))
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.table)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(self._back_to_request)
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)
        self._session.who_can_asked.connect(self._asked_elsewhere)
        self._session.request_asked.connect(self._compare)
        self._session.use_case_evaluated.connect(self._compare)
        self._session.evaluated.connect(self._compare)

    # Asking

    def run(self) -> None:
        """Search again."""
        if self._asked is not None:
            self._run(self._asked)

    def _asked_elsewhere(self, request: Request) -> None:
        """List who can, where the request is complete."""
        self.clear_filter()
        if not self.lists(request):
            return  # the request bar asks for the rest
        self._run(request)

    def _run(self, asked: Request) -> None:
        opened = self._session.snapshot
        if opened is None:
            return
        self.message.clear()
        self.model.clear()
        self._complete = False
        self._asked = asked
        if asked.without or asked.session_policies is not None:
            self.message.say(Tone.NOTE, tr(text.EVERY_POLICY_TYPE))
        self._chosen = asked.principal
        action = asked.action
        label = tr("Finding who can {action}").format(action=action) if action else tr("Finding who can do what")
        self._forget_details()
        self._say_missing(())
        self.search.start(label, search_for(opened, asked))
        self._refresh()
        if action:
            self._lookups.look_at(action, asked.resource, partial(self._look_for_mistakes, asked))

    def _look_for_mistakes(self, asked: Request, _no_resource: bool, hint: "Hint | None") -> None:
        """Say what is wrong with a request, and offer the resource that may be meant."""
        if hint is None or asked is not self._asked:
            return
        sentence = f"{translate(hint.sentence)}."
        if hint.resource:
            meant = replace(asked, resource=hint.resource)
            self.message.say(Tone.NOTE, sentence, tr("Use this resource"), lambda: self._session.ask_who_can(meant))
        else:
            self.message.say(Tone.NOTE, sentence)

    @staticmethod
    def lists(request: Request) -> bool:
        """Return whether it can be listed who can: a resource is named, and an action unless it is every resource."""
        if "${" in request.action or "${" in request.resource:
            return False
        return bool(request.resource.strip() and (request.action or request.resource != "*"))

    def focus_rows(self) -> None:
        """Focus the table, or the page in its place until there are rows: the table then gets the focus from it."""
        (self._pages.currentWidget() or self.table).setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_in(self, batch: list[Request | WhoCanRow | tuple[WhoCanRow, RowDetails] | Missing]) -> None:
        for one in batch:
            if isinstance(one, Missing):
                self._say_missing(one.sentences, one.notes)
            elif isinstance(one, Request):
                self._asked = one
                if one.remarks:
                    self._session.who_can_stated.emit(one)
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

    # Explaining rows

    def _explain_in_sight(self) -> None:
        """Explain the rows in sight; all, if filter or order need that."""
        opened, asked = self._session.snapshot, self._asked
        if opened is None or asked is None or self.search.running:
            return
        self._explain_all_if_needed()
        missing = [row for row in self.table.rows_in_sight() if not row.has_details]
        if missing:
            rows = self.model.unexplained if self.model.holds_actions else missing
            work = explain(opened, asked, rows, len(self.model.rows))
            self.details.start(tr("Explaining the rows in sight"), work, prompt=rows is missing)

    def _explain_all_if_needed(self) -> None:
        if self.model.needs_details:
            is_wanted = not self.rest.running and self._gave_up != self._filter_and_order
            if is_wanted and (rows := self.model.unexplained):
                self._explain(rows)
        elif self.rest.running and self._then is None:
            self.rest.stop()
        self._say_unexplained()

    def _explain(self, rows: Sequence[WhoCanRow]) -> None:
        opened, asked = self._session.snapshot, self._asked
        if opened is None or asked is None:
            return
        label = ntr("Explaining {count} row", "Explaining {count} rows", len(rows)).format(count=number(len(rows)))
        self.rest.start(label, explain(opened, asked, rows, len(self.model.rows)))

    def _explain_then(self, rows: Sequence[WhoCanRow], then: Callable[[], None]) -> None:
        """Explain rows, and call ``then`` once that is done."""
        self._then = then
        self._explain(rows)

    def _explained(self, batch: list[tuple[WhoCanRow, RowDetails]]) -> None:
        self.model.set_details(batch)
        self._say_unexplained()
        self.title_changed.emit(self.title)
        self._show_why_empty()

    def _all_explained(self, complete: bool) -> None:
        then, self._then = self._then, None
        self._gave_up = None if complete else self._filter_and_order
        if self.model.needs_details:
            self.model.settle()
        self._say_unexplained()
        self._filtered()
        if complete and then is not None:
            then()

    def _looked_at(self, complete: bool) -> None:
        if complete and self.model.holds_actions and any(column in EXPLAINED for column, _ in self.model.order):
            self.model.settle()

    def _not_explained(self, error: Exception) -> None:
        if not isinstance(error, SnapshotError | WorkError):
            self.message.say(Tone.ERROR, tr("The computation ended early."), tr("Run again"), self.run)
            raise error
        self.message.say(Tone.WARNING, f"{error_words(error)}.")

    def _explain_again(self) -> None:
        self._gave_up = None
        self._explain_all_if_needed()

    @property
    def _filter_and_order(self) -> object:
        return self.text.filter, tuple(self.model.order)

    def _forget_details(self) -> None:
        self.details.stop()
        self.rest.stop()
        self._look.stop()
        self._then = self._gave_up = None
        self.unexplained.clear()

    def _say_unexplained(self) -> None:
        """Say how many rows filter and order do not know yet."""
        count = len(self.model.unexplained) if self.model.needs_details and not self.search.running else 0
        if not count:
            self.unexplained.clear()
        elif self.rest.running:
            self.unexplained.say(Tone.NOTE, text.unexplained(count))
        else:
            self.unexplained.say(Tone.WARNING, text.unexplained(count), tr("Explain them"), self._explain_again)

    def _end(self, complete: bool) -> None:
        self._complete = complete
        self.model.settle()
        self._select_chosen()
        self._refresh()
        if complete:
            self._show_first()
        if complete and self._asked is not None:
            self._session.announce(text.found(*self.model.granted_and_depending(), self._asked))
        elif not complete:
            self.message.say(Tone.WARNING, tr(text.CANCELLED), tr("Run again"), self.run)

    def _failed(self, error: Exception) -> None:
        refused, self._asked = self._asked, None
        self._refresh()
        if not isinstance(error, RequestError | SnapshotError | WorkError):
            self.message.say(Tone.ERROR, tr("The computation ended early."), tr("Run again"), self.run)
            raise error
        sentence = error_words(error)
        if isinstance(error, UnknownActionError) and refused is not None:
            forced = replace(refused, unknown_action=True)
            self.message.say(Tone.WARNING, sentence, tr("Evaluate anyway"), lambda: self._session.ask_who_can(forced))
        else:
            self.message.say(Tone.WARNING, f"{sentence}.")
        self.refused.emit()

    def _opened(self, opened: "Opened") -> None:
        self.clear_filter()
        self.table.setColumnHidden(Column.ACCOUNT, len(opened.accounts) < 2)
        self._enable()
        self._refresh()

    def _closed(self) -> None:
        self.search.stop()
        self._forget_details()
        self._say_missing(())
        self._asked = None
        self._rested.stop()
        self._complete = False
        self._chosen = ""
        self.model.clear()
        self.message.clear()
        self.clear_filter()
        self._enable()
        self._refresh()

    # Filter, selection, opening of rows

    def explain(self, row: WhoCanRow) -> None:
        """Evaluate the request for the row's principal, and select that principal."""
        if self._asked is None or self._session.snapshot is None:
            return
        self._rested.stop()  # the row where the arrow keys were is not explained after it
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
        self._show_why_empty()

    def _select_chosen(self) -> None:
        place = self.model.place_of(self._chosen) if self._chosen else None
        if place is not None and self.table.currentIndex().row() != place:
            self.table.go_to(place)
        elif place is None and self.model.shown and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.clearSelection()

    def _show_first(self) -> None:
        """Select the first row and show its result, if no principal was asked about."""
        if self._asked is None or self._asked.principal or not self.model.shown:
            return
        if self.table.selectionModel().hasSelection():
            return  # the user was faster
        self.table.go_to(0)
        row = self.model.shown[0]
        if not isinstance(row, PrincipalRow):
            self.explain(row)

    def _leave_filter(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _back_to_request(self) -> None:
        self._session.draft()

    def _selected(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        row = self.table.current_row()
        if row is not None and self.table.selectionModel().hasSelection():
            self._chosen = row.principal
            if self._complete and self.table.hasFocus():
                self._rested.start()

    def _show_current(self) -> None:
        """Show the result of the row that the arrow keys went to."""
        row, shown = self.table.current_row(), self._session.request
        if row is None or isinstance(row, PrincipalRow) or len(self.table.selected_rows()) != 1:
            return
        if not self._session.pending and (shown is None or shown != row.access.request):
            self.explain(row)

    # Looks

    def _enable(self) -> None:
        there = self._session.snapshot is not None
        for widget in (self.decisions, self.text):
            widget.setEnabled(there)

    def _refresh(self) -> None:
        """Update the counts."""
        self.decisions.show_counts({decision: self.model.count(decision) for decision in LISTED_DECISIONS})
        self.export_button.setEnabled(self._complete)
        self._say_which()
        self._show_why_empty()
        self.title_changed.emit(self.title)

    def _say_which(self) -> None:
        """Name the request of the rows."""
        asked = self._asked
        self._holds_for.setVisible(asked is not None)
        if asked is not None:
            self._holds_for.setText(text.holds_for(asked))
        self._compare()

    def is_about(self, request: Request) -> bool:
        """Return whether a request is that of a row."""
        return self._asked is not None and is_row_of(self._asked, request)

    def _compare(self, _request: object = None) -> None:
        """Say that the list is about another request than the result, if it is."""
        session = self._session
        asked, use_case = session.request, session.use_case
        if self._asked is None or (asked is None and use_case is None) or (asked and self.is_about(asked)):
            self.is_other.clear()
        elif asked is None or not self.lists(asked):
            self.is_other.say(Tone.NOTE, tr(text.OTHER_REQUEST))
        else:
            meant = replace(asked, principal="")
            list_it = tr("List who can do that")
            self.is_other.say(Tone.NOTE, tr(text.OTHER_REQUEST), list_it, lambda: session.ask_who_can(meant))

    def _show_why_empty(self) -> None:
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
        if rows and self.unexplained.text:
            return text.none_yet(rows - len(self.model.unexplained), rows)
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
        opened, asked = self._session.snapshot, self._asked
        if opened is None:
            return
        if not self._complete or asked is None:
            self.message.say(Tone.NOTE, tr(text.NOTHING_TO_EXPORT))
            return
        from iamdesk.export.access import who_can  # imported when something is exported
        from iamdesk.export.findings.csv_table import TableAbout

        about = TableAbout(self.command(), opened.sha256)

        def each[R](show: "Callable[[Access], R]", progress: Progress, cancelled: Cancelled) -> Iterator[R]:
            return opened.each_row(
                show,
                action=asked.action or None,
                resource=asked.resource,
                context=asked.context,
                unknown_context=asked.unknown_context,
                progress=progress,
                cancelled=cancelled,
            )

        self._saver.save(
            tr("Export who can"),
            "who-can",
            {
                ".csv": lambda *watched: who_can.csv_of(each(who_can.csv_cells, *watched), opened.path.name, about),
                ".json": lambda *watched: who_can.json_pieces(each(who_can.json_row, *watched)),
            },
        )
