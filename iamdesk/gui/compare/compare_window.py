"""Compare with another snapshot: access changes and their causes, as a table with details of the selected row."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from iamdesk.errors import SnapshotError
from iamdesk.export.files.atomic_write import ExportError
from iamdesk.export.text.diff import sentence
from iamdesk.gui.compare.changes_view import ChangesView
from iamdesk.gui.compare.worker import Compared, compared, read_and_compare, write
from iamdesk.gui.core.earlier_snapshots import Earlier, earlier_snapshots
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import day
from iamdesk.gui.core.plain_text import plain_label, set_tooltip, visible
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.text_size import resize_within_screen
from iamdesk.gui.widgets.job_window import OneJobWindow
from iamdesk.gui.widgets.message_bar import Tone
from iamdesk.gui.widgets.saved_note import show_saved_file
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.i18n import error_words, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.work.errors import WorkError


class CompareWindow(OneJobWindow):
    """The open snapshot is not changed."""

    def __init__(self, session: Session, jobs: JobRunner, prompts: FileDialogs, parent: QWidget) -> None:
        super().__init__(
            session,
            jobs,
            prompts,
            parent,
            name="compare",
            title=tr("Compare with another snapshot"),
            cancelled=tr("The comparison was canceled."),
        )
        self._shown: Compared | None = None
        self.choose_button = self.button(tr("Choose the other &snapshot…"), "Choose")
        self.folder_button = self.button(tr("A fo&lder…"), "ChooseFolder")
        self.folder_button.setAccessibleName(tr("Choose a folder as the other snapshot"))
        self.swap_button = self.button(tr("S&wap"), "Swap")
        self.swap_button.setAccessibleName(tr("Swap the old and the new snapshot"))
        self.follow_up_button = self.button(tr("Follow-up review…"), "FollowUp")
        set_tooltip(
            self.follow_up_button,
            tr("Make a review of the open snapshot in which only changed entitlements need a decision (Ctrl+U)"),
        )
        self.save_button = self.button(tr("Save…"), "Save")
        hint = tr("Choose a snapshot to compare with the open one. Nothing is written to either of them.")
        self.view = ChangesView(session, hint)
        self.earlier_title = plain_label(tr("&Earlier snapshots of this account (Return compares):"))
        self.earlier = QListWidget()
        self.earlier.setObjectName("compareEarlier")
        self.earlier.setAccessibleName(tr("Earlier snapshots of this account"))
        self.earlier.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.earlier.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.earlier_title.setBuddy(self.earlier)
        self._is_begun = False
        """Whether the user wants to compare, and the list of earlier snapshots is still on its way."""
        self._looking: Job | None = None
        self._lay_out()
        self.earlier.itemActivated.connect(lambda item: self.compare_with(item.data(Qt.ItemDataRole.UserRole)))
        self.earlier.itemClicked.connect(lambda item: self.compare_with(item.data(Qt.ItemDataRole.UserRole)))
        self.choose_button.clicked.connect(self.choose)
        self.folder_button.clicked.connect(self.choose_folder)
        self.swap_button.clicked.connect(self.swap)
        self.save_button.clicked.connect(self.save)
        self.follow_up_button.clicked.connect(lambda: run_command(self, "actionNextReview"))
        self._show_earlier(())
        self._look_for_earlier()
        self.refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.choose_button)
        top.addWidget(self.folder_button)
        top.addWidget(self.swap_button)
        top.addWidget(self.bar, 1)
        top.addStretch(0)
        top.addWidget(self.follow_up_button)
        top.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.earlier_title)
        layout.addWidget(self.earlier)
        layout.addWidget(self.view, 1)
        unit = self.fontMetrics().averageCharWidth()
        resize_within_screen(self, unit * 210, self.fontMetrics().lineSpacing() * 38)

    # ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Offer the earlier snapshots that were found, or ask for the other snapshot if there are none."""
        if self._looking is not None:
            self._is_begun = True
        elif self.earlier.count():
            self._list_earlier()
        else:
            self.choose()

    def _look_for_earlier(self) -> None:
        opened = self._session.whole
        if opened is None:
            return
        path, recent = opened.path, self._session.recent_snapshots()
        accounts = frozenset(one.account_id for one in opened.accounts)
        self._looking = self._jobs.run(
            tr("Looking for earlier snapshots"),
            lambda _progress, _cancelled: earlier_snapshots(path, accounts, recent),
            done=self._found_earlier,
            topic="compare earlier",
        )

    def _found_earlier(self, found: tuple[Earlier, ...]) -> None:
        self._looking = None
        self._show_earlier(found)
        if self._is_begun:
            self._is_begun = False
            self.begin()

    def _show_earlier(self, found: tuple[Earlier, ...]) -> None:
        self.earlier.clear()
        for one in found:
            words = tr("{name}   —   data up to {date}   —   {folder}")
            if not one.data:
                words = tr("{name}   —   file of {date}   —   {folder}")
            words = words.format(
                name=visible(one.path.name),
                date=day(one.data or one.modified.date().isoformat()),
                folder=visible(str(one.path.parent)),
            )
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, one.path)
            set_tooltip(item, str(one.path))
            self.earlier.addItem(item)
        rows = max(self.earlier.sizeHintForRow(0), self.fontMetrics().height()) * max(len(found), 1)
        self.earlier.setMaximumHeight(rows + 2 * self.earlier.frameWidth() + self.fontMetrics().height() // 2)
        for widget in (self.earlier_title, self.earlier):
            widget.setVisible(bool(found) and self._shown is None)

    def _list_earlier(self) -> None:
        for widget in (self.earlier_title, self.earlier):
            widget.show()
        self.earlier.setCurrentRow(0)
        self.earlier.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose(self) -> None:
        """Ask for the other snapshot, and compare."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        path = self._prompts.snapshot_to_open(self, opened.path.parent, tr("Snapshot to compare with"))
        if path is not None:
            self.compare_with(path)

    def choose_folder(self) -> None:
        """Ask for a folder as the other snapshot, and compare."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        path = self._prompts.folder_to_open(self, opened.path.parent)
        if path is not None:
            self.compare_with(path)

    def compare_with(self, path: Path) -> None:
        """Read another snapshot and compare it with the open one; the earlier of them is the old one."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return

        self._run(
            tr("Comparing with {name}").format(name=path.name),
            lambda progress, cancelled: read_and_compare(
                path, opened, progress, cancelled, self._session.executor_for(opened)
            ),
        )

    def swap(self) -> None:
        """Swap the old and the new snapshot."""
        opened, shown = self._session.whole, self._shown
        if opened is None or shown is None:
            return
        self._run(
            tr("Comparing in the other direction"),
            lambda progress, cancelled: compared(
                opened, shown.other, not shown.is_earlier, progress, cancelled, self._session.executor_for(opened)
            ),
        )

    def _run(self, label: str, work: Callable[[Progress, Cancelled], Compared]) -> None:
        self.run(label, work, self._take, "compare")

    def _take(self, found: Compared) -> None:
        self._shown = found
        for widget in (self.earlier_title, self.earlier):
            widget.hide()
        self._session.compared_with = found.other if found.is_earlier else None
        names = {"old": found.found.old_name, "new": found.found.new_name}
        self._session.show_compared(
            tr("From {old} to {new}: {changes}").format(**names, changes=translate(sentence(found.found)))
        )
        self.view.show_comparison(found.found, found.rows, found.dates)

    def refused(self, error: Exception) -> bool:
        """Offer another snapshot if one could not be read."""
        if isinstance(error, SnapshotError):
            self.message.say(Tone.ERROR, error_words(error), tr("Choose another"), self.choose)
            return True
        if isinstance(error, WorkError):
            self.message.say(Tone.ERROR, f"{error_words(error)}.")
            return True
        self.message.say(Tone.ERROR, tr("The snapshots could not be compared."))
        return False

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Enable the buttons that can be used now."""
        super().refresh()
        self.choose_button.setEnabled(not self.is_running)
        self.folder_button.setEnabled(not self.is_running)
        for button in (self.swap_button, self.save_button):
            button.setEnabled(not self.is_running and self._shown is not None)
        is_of_today = self._shown is not None and self._shown.is_earlier
        self.follow_up_button.setEnabled(not self.is_running and is_of_today)

    def save(self) -> None:
        """Ask for a file and write the comparison to it, as JSON or as text; in a worker."""
        shown = self._shown
        if shown is None or self._session.snapshot is None:
            self._session.announce(tr("Nothing to export: compare with another snapshot first."))
            return
        suggestion = self._session.snapshot.path.with_name("comparison.json")
        path = self._prompts.file_to_save(
            self, tr("Save the comparison"), suggestion, tr("JSON (*.json);;Text (*.txt)")
        )
        if path is None:
            return
        self._jobs.run(
            tr("Writing {name}").format(name=path.name),
            lambda _progress, _cancelled: write(shown.found, path),
            done=lambda _nothing: show_saved_file(
                self.message, self._session, tr("The comparison is in {path}.").format(path=path), path
            ),
            failed=self._not_written,
            topic="save comparison",
            owner=self,
        )

    def _not_written(self, error: Exception) -> None:
        if not isinstance(error, ExportError):
            raise error
        self.message.say(Tone.ERROR, f"{error_words(error)}.")
