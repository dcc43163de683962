"""What if: a list of changes, tried on a copy, with their effect on all principals, and their CLI commands."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from iamdesk.api import SnapshotSession, Workbench
from iamdesk.diff.result import WhatIfResult
from iamdesk.export.files.atomic_write import ExportError, write_atomic
from iamdesk.export.what_if import script
from iamdesk.gui.compare.changes_view import ChangesView
from iamdesk.gui.compare.rows import CompareRow, rows_of
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.plain_text import menu_text, plain_label, set_tooltip, visible
from iamdesk.gui.core.principals import CAN_BE_TAKEN
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.what_if.edit_form import EditForm, edit_words, is_whole_key
from iamdesk.gui.what_if.risk_list import RiskList, risk_groups
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.job_window import OneJobWindow
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.saved_note import show_saved_file
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.i18n import tr
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.types import Completion
from iamdesk.whatif.edits import Edit, EditAction, WhatIfError


class WhatIfWindow(OneJobWindow):
    """The open snapshot is not changed, and AWS is not called."""

    def __init__(self, session: Session, jobs: JobRunner, prompts: FileDialogs, parent: QWidget) -> None:
        super().__init__(
            session,
            jobs,
            prompts,
            parent,
            name="whatIf",
            title=tr("What if"),
            cancelled=tr("The evaluation was canceled."),
        )
        self._tried: WhatIfResult | None = None
        self._tried_edits: tuple[Edit, ...] = ()
        self.edits: list[Edit] = []
        self.form = EditForm()
        self.form.start_with(session.subject_key)
        self.list = QListWidget()
        self.list.setObjectName("whatIfList")
        self.list.setAccessibleName(tr("Changes to try, in order"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.without_button = self.button("", "Without")
        self.add_button = self.button(tr("Add this &change"), "Add")
        self.remove_button = self.button(tr("Remove"), "Remove")
        self.try_button = self.button(tr("&Show the effect"), "Try")
        self.save_button = self.button(tr("Save AWS CLI co&mmands…"), "Save")
        self.open_button = self.button(tr("&Open the changed copy"), "Open")
        self.outdated = plain_label(wrap=True)
        self.outdated.setObjectName("whatIfOutdated")
        self.outdated.hide()
        self.view = ChangesView(
            session, tr("The effect of the changes on all principals appears here after you try them."), is_planned=True
        )
        self.risks = RiskList()
        self.risks.say(tr("New and ended attack paths, and new and resolved findings, are listed here."))
        self._finding_risks: Job | None = None
        self._keeps_focus = False
        """Whether a further change may be on its way: the effect does not take the focus."""
        self._lay_out()
        self._connect()
        self._name_selected()
        self.refresh()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.without_button)
        column.addWidget(self.form, 2)
        column.addWidget(self.add_button)
        column.addWidget(self.list, 1)
        column.addWidget(self.remove_button)
        self._effect = effect = QSplitter(Qt.Orientation.Vertical)
        effect.addWidget(self.view)
        effect.addWidget(self.risks)
        effect.setStretchFactor(0, 3)
        effect.setStretchFactor(1, 1)
        effect.setChildrenCollapsible(False)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.outdated)
        beside.addWidget(effect, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 3)
        split.setSizes([380, 900])
        split.setChildrenCollapsible(False)
        bottom = QHBoxLayout()
        bottom.addWidget(self.try_button)
        bottom.addWidget(self.bar, 1)
        bottom.addStretch(0)
        bottom.addWidget(self.open_button)
        bottom.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(split, 1)
        layout.addLayout(bottom)
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 220, self.fontMetrics().lineSpacing() * 40)

    def _connect(self) -> None:
        self.without_button.clicked.connect(lambda: self._session.try_without(self._session.subject_key))
        self._session.subject_selected.connect(self._name_selected)
        self.add_button.clicked.connect(self.add)
        self.form.submitted.connect(self.add)
        self.remove_button.clicked.connect(self.remove)
        self.try_button.clicked.connect(self.try_them)
        self.save_button.clicked.connect(self.save)
        self.open_button.clicked.connect(self.open_copy)
        self.risks.chosen.connect(self._session.show_key)
        self.form.load_wanted.connect(self._load)
        self.form.subjects_wanted.connect(self._suggest_subjects)
        self.form.details_wanted.connect(self._suggest_details)
        self.form.statements_wanted.connect(self._list_statements)

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self) -> None:
        """Add the change of the form to the list, and show the effect; names are completed first."""
        self.message.clear()
        self._complete(self.form.subject, self._complete_detail)

    def _complete_detail(self) -> None:
        self._complete(self.form.detail, self._add)

    def _complete(self, field: AutocompleteEdit, then: Callable[[], None]) -> None:
        """Take what a name in a field means, in a worker; ask which if it can mean several things."""
        opened, typed = self._session.whole, field.text().strip()
        if opened is None or not self.form.takes_names(field) or not typed or is_whole_key(typed, self.form.chosen):
            then()
            return
        act, subject = self.form.chosen, self.form.subject.text().strip()
        is_subject = field is self.form.subject

        def work(snapshot: SnapshotSession) -> tuple[Completion, ...]:
            if is_subject:
                return Workbench.complete_subject(snapshot, act, typed)
            return Workbench.complete_detail(snapshot, act, subject, typed)

        def take(found: tuple[Completion, ...]) -> None:
            if field.text().strip() != typed or self.form.chosen is not act:
                return
            named = [one for one in found if one.label.casefold() == typed.casefold()] or list(found)
            if len(named) > 1:
                to_choose = tr("{typed} can mean several things: choose one from the list.").format(typed=typed)
                self.message.say(Tone.NOTE, to_choose)
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                field.want(typed)
                return
            if named:
                field.setText(named[0].value)
            then()  # what nothing is named like, trying reports

        self._look_up(f"what-if {field.objectName()}", work, take)

    def _add(self) -> None:
        try:
            edit = self.form.edit()
        except WhatIfError as error:
            self.message.say(Tone.WARNING, error_sentence(error))
            return
        self._append(edit)
        self.form.clear()
        self.refresh()
        self._show_effect()

    def _show_effect(self) -> None:
        """Show the effect of the list, unless it is shown already; the focus stays in the form."""
        if self.edits and not self._is_current:
            self.try_them()
            self._keeps_focus = True

    def _name_selected(self, _key: str = "") -> None:
        """Offer to try without the selected item."""
        opened, key = self._session.whole, self._session.subject_key
        row = opened.outline.rows_by_key.get(key) if opened is not None and key else None
        node = opened.outline.nodes[row] if opened is not None and row is not None else None
        can = node is not None and node.kind in CAN_BE_TAKEN
        self.without_button.setVisible(can)
        if node is not None:
            self.without_button.setText(menu_text(tr("Try without {name}").format(name=visible(node.text))))
            set_tooltip(self.without_button, tr("Remove {key} on the copy, and show who is affected").format(key=key))

    def _append(self, edit: Edit) -> None:
        self.edits.append(edit)
        self.list.addItem(visible(edit_words(edit)))
        self.list.setCurrentRow(self.list.count() - 1)

    def try_edits(self, edits: Sequence[Edit]) -> None:
        """Show the effect of proposed changes, in place of those in the list."""
        self.edits.clear()
        self.list.clear()
        for edit in edits:
            self._append(edit)
        self.refresh()
        self.try_them()

    def remove(self) -> None:
        """Remove the selected change from the list."""
        row = self.list.currentRow()
        if row >= 0:
            del self.edits[row]
            self.list.takeItem(row)
            self._supersede()
            self.refresh()
            self._show_effect()

    def _load(self, key: str, number: int | None) -> None:
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        edits = tuple(self.edits)
        self._jobs.run(
            tr("Reading the policy"),
            lambda _progress, _cancelled: Workbench.changed_document(opened, edits, key, number),
            done=self.form.show_document,
            failed=self._not_done,
            topic="what-if text",
            owner=self,
        )

    # ── suggestions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _suggest_subjects(self, act: EditAction, text: str) -> None:
        self._look_up(
            "what-if subjects",
            lambda opened: Workbench.complete_subject(opened, act, text),
            lambda found: self.form.subject.offer(text, found),
        )

    def _suggest_details(self, act: EditAction, subject: str, text: str) -> None:
        self._look_up(
            "what-if details",
            lambda opened: Workbench.complete_detail(opened, act, subject, text),
            lambda found: self.form.detail.offer(text, found),
        )

    def _list_statements(self, key: str) -> None:
        edits = tuple(self.edits)
        self._look_up(
            "what-if statements",
            lambda opened: Workbench.statements_of(opened, edits, key),
            lambda found: self.form.show_statements(key, found),
        )

    def _look_up[Found](
        self, topic: str, work: Callable[[SnapshotSession], Found], done: Callable[[Found], None]
    ) -> None:
        opened = self._session.whole
        if opened is not None:
            self._jobs.run(
                tr("Looking up suggestions"),
                lambda _progress, _cancelled: work(opened),
                done=done,
                topic=topic,
                owner=self,
            )

    # ── trying ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def try_them(self) -> None:
        """Apply the changes to a copy and compare, in a worker."""
        opened = whole_or_report(self._session, self.message)
        if opened is None or not self.edits:
            return
        edits = tuple(self.edits)
        self._forget_risks()
        self._supersede()
        self._keeps_focus = False

        def work(progress: Progress, cancelled: Cancelled) -> tuple[WhatIfResult, tuple[CompareRow, ...]]:
            tried = Workbench.what_if(opened, edits, progress, cancelled)
            return tried, rows_of(tried.comparison)

        self.run(tr("Trying the changes"), work, lambda found: self._take(edits, found), "what-if")

    def _take(self, edits: tuple[Edit, ...], found: tuple[WhatIfResult, tuple[CompareRow, ...]]) -> None:
        self._tried_edits = edits
        self._tried, rows = found
        self.refresh()  # the table takes the focus only when it is enabled
        focused = self.focusWidget()
        self.view.show_comparison(self._tried.comparison, rows)
        if self._keeps_focus and focused is not None and self.form.isAncestorOf(focused):
            focused.setFocus(Qt.FocusReason.OtherFocusReason)  # a further change may be on its way
        self._find_risks(self._tried)

    def _find_risks(self, tried: WhatIfResult) -> None:
        """List the attack paths and findings that appear or vanish, in a worker: it takes longer than the access."""
        opened = self._session.whole
        if opened is None:
            return
        self.risks.say(tr("Comparing attack paths and findings…"))
        self._finding_risks = self._jobs.run(
            tr("Comparing attack paths and findings"),
            lambda progress, cancelled: risk_groups(Workbench.risk_changes(opened, tried, progress, cancelled)),
            done=self.risks.show_groups,
            stopped=lambda: self.risks.say(tr("Not compared: canceled.")),
            topic="what-if risks",
            owner=self,
            patient=True,
        )

    def _supersede(self) -> None:
        """Cancel the effect that is being worked out: the list has changed."""
        job, self._job = self._job, None
        if job is not None:
            job.stopped = None
            job.cancel()

    def _forget_risks(self) -> None:
        job, self._finding_risks = self._finding_risks, None
        if job is not None:
            job.stopped = None
            job.cancel()

    def _stop(self) -> None:
        self._forget_risks()
        super()._stop()

    def refused(self, error: Exception) -> bool:
        """Show why the changes cannot be applied, or a file cannot be written."""
        if isinstance(error, WhatIfError | ExportError):
            self.message.say(Tone.WARNING, error_sentence(error))
            return True
        self.message.say(Tone.ERROR, tr("The changes could not be tried."))
        return False

    # ── what comes of it ─────────────────────────────────────────────────────────────────────────────────────────────

    def save(self) -> None:
        """Ask for a file and write the CLI commands of the changes to it, in a worker."""
        tried, opened = self._tried, self._session.snapshot
        if tried is None or opened is None or not self._is_current:
            self._session.announce(tr("Nothing to export: try changes first."))
            return
        suggestion = opened.path.with_name("what-if.sh")
        path = self._prompts.file_to_save(self, tr("Save AWS CLI commands"), suggestion, tr("Shell script (*.sh)"))
        if path is None:
            return
        name = opened.path.name
        self._jobs.run(
            tr("Writing {name}").format(name=visible(path.name)),
            lambda _progress, _cancelled: write_atomic(path, script(tried.commands, name, path.name)),
            done=lambda _nothing: show_saved_file(
                self.message,
                self._session,
                tr("The commands were saved to {path}. They change nothing without APPLY=yes.").format(path=path),
                path,
            ),
            failed=self._not_done,
            topic="save what-if",
            owner=self,
        )

    def _not_done(self, error: Exception) -> None:
        """Handle an error of another job than the comparison."""
        if not self.refused(error):
            raise error

    def open_copy(self) -> None:
        """Open the changed copy in place of the snapshot."""
        tried = self._tried
        if tried is None or not self._is_current:
            return
        self._jobs.run(
            tr("Loading the changed copy"),
            lambda _progress, _cancelled: Workbench.open_copy(tried.snapshot),
            done=self._open,
            topic="open what-if",
        )

    def _open(self, opened: SnapshotSession) -> None:
        self._session.open(opened)

    @property
    def _is_current(self) -> bool:
        """Whether the effect that is shown is that of the list: neither a change more nor one less."""
        return self._tried is not None and self._tried_edits == tuple(self.edits)

    def refresh(self) -> None:
        """Enable the buttons that can be used now; an effect of other changes than those of the list is grey."""
        super().refresh()
        self._session.what_if_edits = tuple(self.edits)
        self.try_button.setEnabled(not self.is_running and bool(self.edits))
        self.remove_button.setEnabled(bool(self.edits))
        for button in (self.save_button, self.open_button):
            button.setEnabled(not self.is_running and self._is_current)
        is_outdated = self._tried is not None and not self._is_current
        self._effect.setEnabled(not is_outdated)
        self.outdated.setText(
            tr("The list has changed: this is the effect of the previous list. Show the effect again.")
            if self.edits
            else tr("The list is empty: this is the effect of the previous list.")
        )
        self.outdated.setVisible(is_outdated)
