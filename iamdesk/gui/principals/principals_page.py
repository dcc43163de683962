"""The page with all principals in one table: it fills in, and every number opens what it counts."""

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from iamdesk.filter_language import EVERYTHING, Filter
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.job_stream import JobStream
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.principals import principal_of_key
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.slices import Slices
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.findings.findings_by_subject import FindingsBySubject
from iamdesk.gui.principals.rows import FIELDS, Column, PrincipalRow, PrincipalsModel
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import join_names, ntr, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.pages import AdministratorState
from iamdesk.viewmodel.tree import Badge
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import SnapshotSession

_TOPICS = ("principals", "principals entitlements", "principals attack paths")
_AT_ONCE = 500
"""Rows that are brought up to date without a look at the clock."""
_PAUSE = 30
"""Milliseconds for painting before rows are inserted, or brought up to date."""
_LATER = 2_500
"""Milliseconds between two looks at the findings while the checks run; none while the page is hidden."""
_NAMED = 8
"""Entitlements that are listed below the table."""
_WIDEST: dict[int, str] = {
    Column.KIND: "service-linked role",
    Column.ACCOUNT: "production (000000000000)",
    Column.ADMINISTRATOR: "mm administrator",
    Column.EXTERNAL: "mm yes",
    Column.SEVERITY: "mm Medium",
    Column.FINDINGS: "0,000",
    Column.ENTITLEMENTS: "not reviewed",
    Column.LAST_USED: "30 Sep 2026 (3",
    Column.SIGN_IN: "mm without MFA",
    Column.KEYS: "2 since 30 September 2026",
}


class PrincipalsTable(RowsTable[PrincipalRow]):
    """Its menu opens what the row counts."""

    opened = Signal(object, int)
    """A row, and the column whose contents are wanted."""

    def add_actions_for(self, menu: QMenu, row: PrincipalRow) -> None:
        """Add where a row leads to."""
        palette = self.palette()
        menu.addAction(tr("&Open"), lambda: self.opened.emit(row, Column.PRINCIPAL))
        if row.is_counted:
            menu.addAction(
                icons.icon(Glyph.FINDINGS, palette), tr("F&indings"), lambda: self.opened.emit(row, Column.FINDINGS)
            )
            menu.addAction(
                icons.icon(Glyph.PATHS, palette),
                tr("Attack &paths from it"),
                lambda: self.opened.emit(row, Column.ADMINISTRATOR),
            )
            menu.addAction(tr("&Entitlements"), lambda: self.opened.emit(row, Column.ENTITLEMENTS))


class PrincipalsPage(QWidget):
    """Return or a double click opens what the cell says: findings, attack paths, entitlements, else the principal.

    Nothing is computed before the page is shown. Filter and current row stay while another page is in front.
    """

    findings_wanted = Signal(str)
    """Show the findings of the principal with this key."""
    entitlements_wanted = Signal(str)
    """Show what the principal with this key has."""
    item_wanted = Signal(str)
    """Show the item with this key."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        findings: FindingsBySubject,
        prompts: FileDialogs | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._findings = findings
        self._work: list[Job] = []
        self._is_filled = False
        self._is_decided = False
        """Whether external access was looked for."""
        self._is_export_wanted = False
        """Whether to export the table as soon as every principal is listed."""
        self.setObjectName("principals")
        self.setAccessibleName(tr("All principals"))
        self.message = MessageBar()
        self.summary = FlowLabel()
        self.preview = FlowLabel()
        self.preview.setObjectName("principalsPreview")
        self.bar = JobBar(jobs, _TOPICS)
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.setObjectName("principalsExport")
        self.export_button.setAccessibleName(tr("Export all principals"))
        self.model = PrincipalsModel(self.palette())
        self.model.setParent(self)
        self.table = PrincipalsTable(
            self.model,
            name="principalsTable",
            title=tr("All principals"),
            widest=_WIDEST,
            stretched=Column.PRINCIPAL,
        )
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="principalsFilter",
            title=tr("Filter all principals"),
            hint=tr("Filter by name, kind:role, administrator=administrator …"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.table.connect_filter(self.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export principals")
        self._stream = JobStream(jobs, _TOPICS[0], self._fail, self)
        self._waiting: dict[tuple[Column, ...], Callable[[PrincipalRow], None]] = {}
        """What brings columns of a row up to date, for those that have to be."""
        self._changed: set[Column] = set()
        self._updater = Slices(self)
        self._arrived: list[PrincipalRow] = []
        """Rows that are not in the table yet."""
        self._is_complete: bool | None = None
        """Whether these are all, once the last ones have arrived."""
        self._insert_soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._look = QTimer(self, singleShot=True, interval=_LATER)
        self.setFocusProxy(self.table)  # before the layout: set later, it takes widgets out of the tab order
        self._lay_out()
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        gap = self.fontMetrics().lineSpacing() // 3
        self.preview.setMinimumHeight(self.fontMetrics().lineSpacing() * 2)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignTop)
        filters = QHBoxLayout()
        filters.addWidget(self.text, 1)
        filters.addWidget(self.bar)
        filters.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addLayout(filters)
        layout.addWidget(self.saved)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.preview)

    def _connect(self) -> None:
        session = self._session
        self._stream.batch.connect(self._take)
        self._stream.ended.connect(self._ended)
        self.text.changed.connect(self._filter)
        for leaves in (self.text.down, self.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.export_button.clicked.connect(self.export)
        self.table.activated.connect(lambda index: self._open(self.model.row_at(index), index.column()))
        self.table.opened.connect(self._open)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._show_preview())
        self.model.settled.connect(self._show_state)
        self._findings.changed.connect(self._look_later)
        self._insert_soon.timeout.connect(self._insert)
        self._soon.timeout.connect(lambda: self._updater.run(self._update_all(), self._updated))
        self._look.timeout.connect(self._count_findings)
        session.badges_decided.connect(self._decided)
        session.snapshot_opened.connect(self._opened)
        session.snapshot_closed.connect(self._empty)

    # Filling

    def run(self) -> None:
        """List every principal, unless it was done; then what takes longer."""
        if self._is_filled or self._is_listing:
            return
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        self.message.clear()
        self.model.clear()
        self.table.setColumnHidden(Column.ACCOUNT, len(opened.accounts) < 2)

        def work(give: Callable[[object], None], progress: Progress, cancelled: Cancelled) -> None:
            for entry in opened.principals(progress, cancelled):
                give(PrincipalRow(entry))

        self._stream.start(tr("Listing all principals"), work)
        self._show_state()

    def _take(self, found: list[PrincipalRow]) -> None:
        self._arrived += found
        self._insert_soon.start()

    def _ended(self, complete: bool) -> None:
        self._is_complete = complete
        self._insert_soon.start()

    def _insert(self) -> None:
        """Show the rows that have arrived; go on once these are all."""
        some, self._arrived = self._arrived, []
        kept, column = self.table.current_row(), max(self.table.currentIndex().column(), 0)
        self.model.extend_by_many(some)
        if kept is not None or self._is_complete is not None:
            self.model.show_only(self._chosen(), lambda: self._filtered(kept, column))
        if self._is_complete is not None:
            self._all_arrived(complete=self._is_complete)
        self._show_state()

    def _all_arrived(self, *, complete: bool) -> None:
        self._is_filled, self._is_complete = complete, None
        opened = self._session.whole
        if complete and opened is not None:
            self._take_badges()
            self._count_findings()
            self._find_entitlements(opened)
            if self._is_export_wanted:
                self.export()
        elif not complete and not self.message.isVisibleTo(self):
            self.message.say(Tone.NOTE, tr("The list was canceled: the table is not complete."), tr("Again"), self.run)
        self._show_state()

    def _find_entitlements(self, opened: "SnapshotSession") -> None:
        def done(found: Mapping[str, tuple[str, ...]]) -> None:
            self._update(lambda row: row.set_entitlements(found.get(row.entry.arn)), Column.ENTITLEMENTS)
            self._find_administrators(opened)

        self._run(  # not patient: it takes a second or two, and the checks minutes
            tr("Counting entitlements"), lambda _p, cancelled: opened.entitlements_held(cancelled), done, _TOPICS[1]
        )

    def _find_administrators(self, opened: "SnapshotSession") -> None:
        root_users = {row.entry.arn for row in self.model.rows if not row.is_counted}
        wanted = [row.entry.arn for row in self.model.rows if row.is_counted]

        def work(progress: Progress, cancelled: Cancelled) -> Mapping[str, tuple[AdministratorState, int | None]]:
            return opened.administrators(wanted, progress, cancelled, self._session.executor_for(opened))

        def done(found: Mapping[str, tuple[AdministratorState, int | None]]) -> None:
            def put(row: PrincipalRow) -> None:
                is_root = row.entry.arn in root_users
                row.set_administrator(*((AdministratorState.IS, 0) if is_root else found[row.entry.arn]))

            self._update(put, Column.ADMINISTRATOR)

        self._run(tr("Looking for attack paths"), work, done, _TOPICS[2], patient=True)

    def _run[T](
        self,
        label: str,
        work: Callable[[Progress, Cancelled], T],
        done: Callable[[T], None],
        topic: str,
        *,
        patient: bool = False,
    ) -> None:
        """Run work of the open snapshot."""

        def finished(found: T) -> None:
            self._work.remove(job)
            done(found)

        def failed(error: Exception) -> None:
            self._work.remove(job)
            self._fail(error)

        def stopped() -> None:
            self._work.remove(job)
            self.message.say(
                Tone.NOTE, tr("Canceled: some columns are not complete."), tr("Again"), self._fill_the_rest
            )

        job = self._jobs.run(
            label, work, done=finished, failed=failed, stopped=stopped, topic=topic, owner=self, patient=patient
        )
        self._work.append(job)

    def _fill_the_rest(self) -> None:
        self.message.clear()
        opened = self._session.whole
        if opened is not None:
            self._find_entitlements(opened)

    def _fail(self, error: Exception) -> None:
        self._show_state()
        if not isinstance(error, WorkError):
            self.message.say(Tone.ERROR, tr("The table could not be completed."))
            raise error
        self.message.say(Tone.WARNING, error_sentence(error))

    @property
    def is_running(self) -> bool:
        """Whether cells are still being computed."""
        is_updating = bool(self._waiting) or self._updater.running or not self.model.is_settled
        return self._is_listing or bool(self._work) or is_updating

    @property
    def _is_listing(self) -> bool:
        return self._stream.running or self._insert_soon.isActive()

    def _update(self, put: Callable[[PrincipalRow], None], *columns: Column) -> None:
        """Bring columns of every row up to date, between events."""
        self._waiting[columns] = put
        if not self._updater.running:
            self._soon.start()

    def _update_all(self) -> Generator[None]:
        while self._waiting:
            columns = next(iter(self._waiting))
            put = self._waiting.pop(columns)
            for place, row in enumerate(tuple(self.model.rows), 1):
                put(row)
                if place % _AT_ONCE == 0:
                    yield
            self._changed.update(columns)
            yield

    def _updated(self) -> None:
        """Show what has changed; sort and filter again if that matters."""
        columns, self._changed = self._changed, set()
        if not columns:
            return
        self.model.emit_data_changed(min(columns), max(columns))
        if self.text.filter.text or any(column in columns for column, _descending in self.model.order):
            self._filter(changed=True)
        self._show_preview()
        self._show_state()

    def _decided(self, _rows: object) -> None:
        self._is_decided = True
        self._take_badges()

    def _take_badges(self) -> None:
        """Show which roles have external access, once that was decided."""
        opened = self._session.whole
        if not self._is_filled or opened is None or not self._is_decided:
            return
        rows, badges = opened.outline.rows_by_key, self._session.badges

        def put(row: PrincipalRow) -> None:
            place = rows.get(row.entry.arn)
            row.set_external(place is not None and Badge.EXTERNAL_ACCESS in badges.get(place, ()))

        self._update(put, Column.EXTERNAL)

    def _look_later(self) -> None:
        if self._is_filled and not self._look.isActive() and (self.isVisible() or self._findings.is_complete):
            self._look.start(0 if self._findings.is_complete else _LATER)

    def _count_findings(self) -> None:
        if not self._is_filled:
            return
        found, is_complete = self._findings, self._findings.is_complete

        def put(row: PrincipalRow) -> None:
            about = found.about(row.entry.arn)
            row.set_findings([one.finding.severity for one in about], is_complete=is_complete)

        self._update(put, Column.SEVERITY, Column.FINDINGS)

    def _opened(self, _opened: object) -> None:
        self._empty()

    def _empty(self) -> None:
        self._stream.stop()
        self._look.stop()
        self._soon.stop()
        self._insert_soon.stop()
        self._arrived, self._is_complete = [], None
        self._updater.cancel()
        self._waiting.clear()
        self._changed.clear()
        for job in tuple(self._work):
            job.stopped = None
            job.cancel()
        self._work.clear()
        self._is_filled = self._is_decided = False
        self.model.clear()
        self.message.clear()
        self.text.clear()
        self.text.apply()
        self._show_state()

    # Filter and selection

    def show_filter(self, text: str) -> None:
        """Filter by a text."""
        self.text.show_filter(text)

    def _chosen(self) -> Filter[PrincipalRow]:
        return self.text.filter if self.text.filter.text else EVERYTHING

    def _filter(self, *, changed: bool = False) -> None:
        kept, column = self.table.current_row(), max(self.table.currentIndex().column(), 0)
        self.model.show_only(self._chosen(), lambda: self._filtered(kept, column), changed=changed)

    def _filtered(self, kept: PrincipalRow | None, column: int) -> None:
        shown = self.model.shown
        if shown:
            self.table.go_to(shown.index(kept) if kept is not None and kept in shown else 0, column)
        self._show_preview()
        self._show_state()

    def _show_preview(self) -> None:
        """Show what the current row counts."""
        row = self.table.current_row()
        if row is None:
            self.preview.setText("")
            return
        if row.entitlements is None:
            self.preview.setText(row.entry.arn)
            return
        names = translate(join_names(list(row.entitlement_names), _NAMED, last="and"))
        self.preview.setText(tr("{arn}: {names}").format(arn=row.entry.arn, names=names or tr("no entitlements")))

    def _show_state(self) -> None:
        rows, shown = len(self.model.rows), len(self.model.shown)
        self.export_button.setEnabled(rows > 0)
        if not rows:
            self.summary.setText(tr("Listing all principals …") if self.is_running else "")
            return
        parts = [ntr("{count} principal", "{count} principals", rows).format(count=number(rows))]
        if not shown:
            parts.append(tr("none matches the filter"))
        elif shown < rows:
            parts.append(tr("{count} match the filter").format(count=number(shown)))
        if self._work or self._is_listing:
            parts.append(tr("… is still being computed"))
        self.summary.setText(" · ".join(parts))

    # Where it leads

    def _open(self, row: PrincipalRow | None, column: int) -> None:
        """Show what a cell counts, else the principal."""
        opened = self._session.snapshot
        if row is None or opened is None:
            return
        arn = row.entry.arn
        if arn not in opened.outline.rows_by_key:  # a root user has no row in the tree
            self.item_wanted.emit(row.entry.account)
        elif column == Column.ADMINISTRATOR and (row.steps or 0) > 0 and principal_of_key(opened.outline, arn):
            self._session.show_key(arn)
            run_command(self, "actionWaysOfSelected")
        elif column in (Column.SEVERITY, Column.FINDINGS):
            self.findings_wanted.emit(arn)
        elif column == Column.ENTITLEMENTS:
            self.entitlements_wanted.emit(arn)
        else:
            self.item_wanted.emit(arn)

    def export(self) -> None:
        """Ask for a file and write the rows that the filter shows to it, in their order."""
        opened = self._session.snapshot
        self._is_export_wanted = self._is_listing
        if opened is None or self._is_export_wanted:
            return
        if not self.model.rows:
            self._session.announce(tr("There is nothing to export: no principal is listed."))
            return
        from iamdesk.export.access.principals import to_csv
        from iamdesk.export.findings.csv_table import TableAbout

        facts = [row.facts() for row in self.model.shown]
        typed = self.text.filter.text
        about = TableAbout(snapshot_sha256=opened.sha256)
        query = f"principals that match: {typed}" if typed else "all principals"
        self._saver.save(
            tr("Export all principals"), "principals", {".csv": lambda _p, _c: to_csv(facts, about, query)}
        )

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Catch up with the checks."""
        super().showEvent(event)
        self._look_later()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "table"):
            self.model.repaint(self.palette())
