"""The findings of the built-in checks: counts and filters on top, the table, and details of the selected finding."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QPushButton,
    QSplitter,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from iamdesk.checks.finding import Finding, Severity, Suppression, SuppressionError
from iamdesk.errors import SnapshotError
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.notebook import Noted, item_of
from iamdesk.gui.core.session import Session
from iamdesk.gui.findings.cause_tree import CauseTree
from iamdesk.gui.findings.check_run import CheckRun
from iamdesk.gui.findings.control_tree import ControlTree
from iamdesk.gui.findings.filter_bar import FilterBar
from iamdesk.gui.findings.finding_detail import FindingDetail
from iamdesk.gui.findings.findings_model import FindingsModel, FindingsTable
from iamdesk.gui.findings.group_list import GroupList
from iamdesk.gui.findings.report_writer import ReportWriter
from iamdesk.gui.findings.rows import SEVERITY_WORDS, Column, FindingRow, Grouping
from iamdesk.gui.findings.suppress_form import SuppressForm
from iamdesk.gui.findings.suppression_store import SuppressionStore
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import error_words, ntr, tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.causes.types import Causes, Control


_TABLE, _EMPTY, _TREE, _CONTROLS = range(4)
"""The pages."""

MAX_ROWS = 20_000
"""Maximum number of findings for an organization that is read account by account: some kilobytes each."""


class FindingsPanel(QWidget):
    """Runs the checks when a snapshot is opened, and shows findings as they arrive."""

    title_changed = Signal(str)
    """For the tab: ``Findings 23``, ``Findings 5 of 23``."""

    risks_found = Signal(object)
    """Once all checks have run: users and roles by highest severity (`principals_by_risk`)."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._run = CheckRun(jobs, self)
        self._chosen = ""
        self._words = SuppressionStore(jobs, self)
        self.model = FindingsModel(self.palette())
        self.model.setParent(self)
        self.message = MessageBar()
        self.filters = FilterBar(lambda: self.model.rows, session.table_memory)
        self.bars, self.check, self.text = self.filters.bars, self.filters.check, self.filters.text
        self.grouping, self.suppressed = self.filters.grouping, self.filters.suppressed
        self.export_button = self.filters.export
        self.groups = GroupList()
        self.form = SuppressForm()
        self.table = FindingsTable(self.model)
        self.table.connect_filter(self.filters.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self.causes = CauseTree()
        self.controls = ControlTree()
        for tree in (self.causes, self.controls):
            tree.connect_filter(self.filters.text)
        self._jobs = jobs
        self._causes: Causes | None = None
        """The causes of all open findings; None until all checks have run."""
        self._by_print: dict[str, FindingRow] = {}
        self._grouping: Job | None = None
        self._controls: tuple[Control, ...] | None = None
        """The controls of standards; None until they are chosen, after all checks have run."""
        self._judging: Job | None = None
        self.detail = FindingDetail(session)
        self._nothing = FlowLabel()
        self._clear_filter = QPushButton(tr("Clear the filter"))
        self._writer = ReportWriter(session, jobs, prompts or FileDialogs(), self.message, self)
        self._lay_out()
        self._connect()
        self._refresh()

    @property
    def title(self) -> str:
        """The title of the tab: ``Findings 136``, ``Findings 29 of 136`` while a filter hides some, ``5…`` at first."""
        if self._session.snapshot is None:
            return tr("Findings")
        total, shown = self.model.counts.total, len(self.model.shown)
        count = self.counted(total)
        if shown < total and not self._run.is_running and not self.suppressed.isChecked():
            count = tr("{shown} of {all}").format(shown=number(shown), all=count)
        is_growing = self._run.is_running and total
        return tr("Findings {count}").format(count=f"{count}…" if is_growing else count)

    def counted(self, count: int) -> str:
        """Return a count of findings: 0 only if all checks have run."""
        return self._run.counted(count)

    @property
    def is_complete(self) -> bool:
        """Whether all checks have run."""
        return self._run.is_complete

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionExportFindings": self.export,
            "actionExportManagement": lambda: self.export(for_management=True),
            "actionRunFindings": self.run,
        }

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self.groups.hide()
        self.form.hide()
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
        self._pages.addWidget(self.causes)
        self._pages.addWidget(self.controls)
        side = QWidget()
        below = QVBoxLayout(side)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        self.detail.setMinimumHeight(1)  # it scrolls: if there is little room, the form gets it
        below.addWidget(self.detail, 1)
        below.addWidget(self.form)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        for part, stretch in ((self.groups, 0), (self._pages, 2), (side, 1)):
            self._split.addWidget(part)
            self._split.setStretchFactor(self._split.count() - 1, stretch)
        self._split.setSizes([240, 920, 420])
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(self.message)
        layout.addWidget(self.filters)
        layout.addWidget(self.filters.saved)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        self._run.found.connect(self._take_in)
        self._run.done.connect(self._end)
        self._run.failed.connect(self._failed)
        self._run.cancelled.connect(self._cancelled)
        self._run.full.connect(self._filled)
        self.filters.changed.connect(self._filter)
        self.filters.left.connect(self._focus_findings)
        self._clear_filter.clicked.connect(self.clear_filter)
        self.export_button.clicked.connect(lambda _checked=False: self.export())
        self.groups.chosen.connect(self._show_group)
        self.detail.suppress_wanted.connect(self._ask_suppression)
        self.detail.lift_wanted.connect(self._lift)
        self.form.given.connect(self._suppress)
        self.form.left.connect(self._leave_form)
        self._words.changed.connect(self._suppressions_changed)
        self._words.failed.connect(lambda sentence: self.message.say(Tone.ERROR, sentence))
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.table.activated.connect(self._show_subject)
        for tree in (self.causes, self.controls):
            tree.selectionModel().currentChanged.connect(self._group_selected)
            tree.activated.connect(self._group_activated)
        switch = QShortcut(QKeySequence(Qt.Key.Key_F8), self)
        switch.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        switch.activated.connect(self._switch_causes)
        self._session.snapshot_opened.connect(self._opened)
        self._session.snapshot_closed.connect(self._closed)
        self._session.notes.changed.connect(self._show_notes)

    # Running the checks

    def run(self) -> None:
        """Run all checks again."""
        self.message.clear()
        opened = self._session.snapshot
        if opened is None:
            return
        self.model.clear()
        self._forget_causes()
        most = None if self._session.whole is not None else MAX_ROWS
        self._run.start(opened, self._words.read, self._session.executor_for, most, self._words.read_settings)
        self._refresh()

    def run_again(self) -> None:
        """Run the checks again, if they have run: their settings have changed."""
        if self._run.is_running or self._run.is_complete:
            self.run()

    def things_to_note(self) -> list[Noted]:
        """Return the selected findings, as what a note is on."""
        return [Noted(item_of(one), f"{one.check_id} {one.subject_name}") for one in self._chosen_findings()]

    def _show_notes(self, _items: object) -> None:
        """Show the user's notes with the finding; the table follows them by itself."""
        self.detail.show_finding(self.detail.finding)

    def _take_in(self, rows: list[FindingRow]) -> None:
        self.model.extend(rows)
        self._refresh()

    def _end(self) -> None:
        self._refresh()
        if not self._jobs.is_closed:
            self._find_causes()
            self._show_controls()
        self._emit_risks()

    def _find_causes(self) -> None:
        """Group all open findings in a worker; the table shows them until then."""
        open_ = [row for row in self.model.rows if row.finding.suppression is None]

        def work(_progress: Progress, _cancelled: Cancelled) -> "tuple[Causes, dict[str, FindingRow]]":
            from iamdesk.api import Workbench  # imported after the first paint

            causes = Workbench.causes([row.finding for row in open_])
            return causes, {row.finding.fingerprint: row for row in open_}

        def done(found: "tuple[Causes, dict[str, FindingRow]]") -> None:
            self._causes, self._by_print = found
            self._show_causes()
            self._show_why_empty()

        self._grouping = self._jobs.run(tr("Grouping the findings"), work, done=done, topic="causes", patient=True)

    def _find_controls(self) -> None:
        """Find the status of each control in a worker; the table shows the findings until then."""
        opened = self._session.snapshot
        if opened is None or not self._run.is_complete or self._judging is not None:
            return
        findings = [row.finding for row in self.model.rows]

        def work(_progress: Progress, cancelled: Cancelled) -> "tuple[Control, ...]":
            from iamdesk.api import Workbench  # imported after the first paint

            return Workbench.controls(opened, findings, cancelled)

        def done(controls: "tuple[Control, ...]") -> None:
            self._controls = controls
            self._show_controls()
            self._show_why_empty()

        self._judging = self._jobs.run(tr("Grouping by control"), work, done=done, topic="controls", patient=True)

    def _show_controls(self) -> None:
        if not self.filters.is_by_control or self.suppressed.isChecked():
            return
        if self._controls is None:
            self._find_controls()
            return
        open_ = [row for row in self.model.rows if row.finding.suppression is None]
        open_.sort(key=lambda row: row.sort_key(Column.SEVERITY))
        shown = {row.finding.fingerprint for row in self.model.shown}
        self.controls.groups.show(self._controls, open_, shown, is_filtered=len(shown) < len(open_))

    def _forget_causes(self) -> None:
        for job in (self._grouping, self._judging):
            if job is not None:
                job.cancel()
        self._judging = self._controls = None
        self.controls.groups.clear()
        self._grouping = self._causes = None
        self._by_print = {}
        self.causes.causes.clear()

    def _failed(self, error: Exception) -> None:
        self._end()
        if isinstance(error, (SuppressionError, WorkError, SnapshotError)):
            self.message.say(
                Tone.ERROR,
                tr("The checks have not run: {error}.").format(error=error_words(error)),
                tr("Run again"),
                self.run,
            )
            return
        self.message.say(
            Tone.ERROR,
            tr("The checks ended early: {error}").format(error=error_words(error)),
            tr("Run again"),
            self.run,
        )
        raise error

    def _filled(self) -> None:
        self._end()
        self.message.say(
            Tone.WARNING,
            tr(
                "The window keeps at most {count} findings: the remaining accounts were not checked. In a "
                "terminal, `iamdesk findings` writes all findings."
            ).format(count=number(MAX_ROWS)),
        )

    def _cancelled(self) -> None:
        self._end()
        self.message.say(
            Tone.WARNING,
            tr("The checks were canceled: there may be more findings."),
            tr("Run again"),
            self.run,
        )

    def _opened(self, opened: "Opened") -> None:
        self.model.clear()
        self._forget_causes()
        self.clear_filter()
        # A single account is in the window's title: its column would only take room.
        self.table.setColumnHidden(Column.ACCOUNT, len(opened.accounts) < 2)
        if self._session.whole is not None:
            self.run()
            return
        self.message.say(
            Tone.NOTE,
            tr(
                "The checks read all {count} accounts one after the other, twice, so they start only when "
                "you run them. A single account is checked when you open it."
            ).format(count=number(len(opened.accounts))),
            tr("Run the checks"),
            self.run,
        )
        self._refresh()

    def _closed(self) -> None:
        self._run.stop()
        self.model.clear()
        self._forget_causes()
        self.message.clear()
        self.detail.show_finding(None)
        self.clear_filter()
        self._refresh()

    # Filter and selection

    def clear_filter(self) -> None:
        """Show all findings."""
        self.filters.reset()
        self._filter()

    def _show_group(self, key: str) -> None:
        self.filters.group = key
        self._filter()

    def _filter(self) -> None:
        self._leave_form()
        self.model.show_only(self.filters.chosen(), self._filtered)

    def _filtered(self) -> None:
        chosen = self._chosen
        self._show_groups()
        self._show_causes()
        self._show_controls()
        place = self.model.place_of(chosen) if chosen else None
        if place is not None:
            self.table.selectRow(place)
            self.table.scrollTo(self.model.index(place, 0))
        else:
            self.detail.show_finding(None)
        self._show_why_empty()
        self.title_changed.emit(self.title)

    def _show_groups(self) -> None:
        self.groups.show_groups(self.model.groups(), self.filters.group)
        self.groups.setVisible(self.filters.is_grouped)

    @property
    def is_by_cause(self) -> bool:
        """Whether the tree of causes is shown: chosen, and all open findings are grouped."""
        return self.filters.is_by_cause and not self.suppressed.isChecked() and self._causes is not None

    @property
    def is_by_control(self) -> bool:
        """Whether the tree of controls is shown: chosen, and the status of each is known."""
        return self.filters.is_by_control and not self.suppressed.isChecked() and self._controls is not None

    @property
    def _tree(self) -> CauseTree | ControlTree | None:
        """The tree that is shown; None: the table."""
        return self.causes if self.is_by_cause else self.controls if self.is_by_control else None

    @property
    def _view(self) -> FindingsTable | CauseTree | ControlTree:
        return self._tree or self.table

    def _show_causes(self) -> None:
        if self._causes is not None and self.is_by_cause:
            is_filtered = len(self.model.shown) < len(self._by_print)
            shown = {row.finding.fingerprint for row in self.model.shown} if is_filtered else self._by_print
            self.causes.causes.show(self._causes, self._by_print, shown)

    def _switch_causes(self) -> None:
        self.filters.switch_causes()
        self._focus_findings()

    def _focus_findings(self) -> None:
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _group_selected(self, current: QModelIndex, _previous: QModelIndex) -> None:
        tree = self._tree
        row = None if tree is None else tree.groups.row_at(current)
        if row is not None:
            self._chosen = row.finding.fingerprint
            self._leave_form()
            self.detail.show_finding(row.finding)

    def _group_activated(self, index: QModelIndex) -> None:
        tree = self._tree
        row = None if tree is None else tree.groups.row_at(index)
        if row is not None and index.parent().isValid():
            self._session.show_key(row.finding.subject_key)

    def _selected(self, selected: QItemSelection, _deselected: QItemSelection) -> None:
        rows = {index.row() for index in selected.indexes()}
        if not rows:
            return
        finding = self.model.shown[min(rows)].finding
        self._chosen = finding.fingerprint
        self._leave_form()
        if self.detail.finding is not finding:
            self.detail.show_finding(finding)

    def _show_subject(self, index: QModelIndex) -> None:
        if index.isValid():
            self._session.show_key(self.model.shown[index.row()].finding.subject_key)

    def _emit_risks(self) -> None:
        if self._run.is_complete:
            self.risks_found.emit(self.model.risks)

    def show_risk(self, severity: Severity) -> None:
        """Show the users and roles with this highest severity, each with all findings."""
        self.clear_filter()
        self.suppressed.setChecked(False)
        self.filters.group_by(Grouping.SUBJECT)
        keys = self.model.risks[severity]
        self.filters.show_subjects(
            tr("highest severity: {severity}").format(severity=tr(SEVERITY_WORDS[severity]).lower()), keys
        )

    def show_finding(self, fingerprint: str) -> None:
        """Show one finding in the table, with the filter cleared, and focus it."""
        row = next((one for one in self.model.rows if one.finding.fingerprint == fingerprint), None)
        if row is None:
            return
        self.clear_filter()
        self.suppressed.setChecked(row.finding.suppression is not None)
        if self.filters.is_by_cause or self.filters.is_by_control:
            self.filters.group_by(Grouping.NOTHING)
        self._chosen = fingerprint
        self._filter()
        self._focus_findings()

    # Suppressions

    def keep_suppressions_in(self, path: Path, settings: Callable[[], Path | None] = lambda: None) -> None:
        """Allow suppressions, and save them in a file; ``settings`` returns that with the settings of the checks."""
        self._words.path = path
        self._words.settings_path = settings
        self.detail.can_suppress = True

    def _chosen_findings(self) -> list[Finding]:
        return [row.finding for row in self._view.selected_rows()]

    def _ask_suppression(self) -> None:
        chosen = self._chosen_findings()
        if chosen:
            about = ntr(
                "Suppress this finding until the last day. It is counted separately until then.",
                "Suppress {count} findings until the last day. They are counted separately until then.",
                len(chosen),
            ).format(count=number(len(chosen)))
            self.form.show()
            from iamdesk.api import today  # imported after the first paint

            self.form.ask(about, self._words.owner, today())

    def _leave_form(self) -> None:
        if self.form.isVisible():
            self.form.hide()
            self._focus_findings()

    def _suppress(self, owner: str, reason: str, until: date) -> None:
        chosen = self._chosen_findings()
        self._leave_form()
        self._words.add(chosen, owner, reason, until)

    def _lift(self) -> None:
        self._words.lift([finding for finding in self._chosen_findings() if finding.suppression is not None])

    def _suppressions_changed(self, words: Mapping[str, Suppression]) -> None:
        self.model.suppress(words)
        self._chosen = ""
        self.detail.show_finding(None)
        self._refresh()
        self._emit_risks()
        if self._causes is not None:
            self._forget_causes()
            self._find_causes()
            self._show_controls()

    # Appearance

    def _refresh(self) -> None:
        """Update the counts."""
        there = self._session.snapshot is not None
        is_complete = self._run.is_complete
        self.filters.show_counts(self.model.counts, is_open=there, is_complete=is_complete, zero=self.counted(0))
        self._show_groups()
        self._show_why_empty()
        self.title_changed.emit(self.title)

    def _show_why_empty(self) -> None:
        shown, all_ = len(self.model.shown), len(self.model.rows)
        self._clear_filter.setVisible(shown == 0 and all_ > 0)
        has_controls = self.is_by_control and self.controls.groups.rowCount() > 0
        page = _CONTROLS if has_controls else _TREE if self.is_by_cause else _TABLE
        self._pages.setCurrentIndex(page if shown or has_controls else _EMPTY)
        if shown or has_controls:
            return
        if self._session.snapshot is None:
            text = tr("Open a snapshot to see its findings.")
        elif self.suppressed.isChecked() and not self.model.counts.suppressed:
            text = tr("No findings are suppressed.")
        elif all_:
            text = tr("None of the {all} findings matches the filter.").format(all=number(all_))
        elif self._run.is_running:
            text = tr("The checks are running. Findings appear here as they are found.")
        elif self._run.is_complete:
            text = tr("All checks have run. There are no findings.")
        else:
            text = tr("The checks are not complete.")
        self._nothing.setText(text)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.model.repaint(self.palette())

    # Export

    def export(self, *, for_management: bool = False) -> None:
        """Ask for a file and write all findings to it, whatever the filter, or the management report; in a worker."""
        opened = self._session.snapshot
        if opened is None:
            return
        if not self._run.is_complete:
            not_yet = tr("The checks are not complete: a report would lack findings.")
            self.message.say(Tone.NOTE, not_yet)
            self._session.announce(not_yet)
            return
        if self._session.whole is None:
            self.message.say(
                Tone.NOTE,
                tr(
                    "The window cannot export the findings of an organization that it reads account by account. "
                    "In a terminal: {command}"
                ).format(command=f"iamdesk findings {opened.path} --output findings.json"),
            )
            return
        found = tuple(_with_notes(row) for row in self.model.rows)
        self._writer.write(found, self._words.settings, self._words.read, for_management=for_management)


def _with_notes(row: FindingRow) -> Finding:
    """Return the finding of a row with the user's notes, for a report; these are English as the report is."""
    return replace(row.finding, notes=tuple(note.words for note in row.notes)) if row.notes else row.finding
