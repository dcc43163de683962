"""The main window: session, jobs, menus, opening and saving of state. Its contents are in ``central_area.py``."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QMenu, QVBoxLayout, QWidget

from iamdesk import resource_files
from iamdesk.gui.app import spawn_window
from iamdesk.gui.app.central_area import CentralArea
from iamdesk.gui.app.command_keys import CommandKeys
from iamdesk.gui.app.commands import Menu
from iamdesk.gui.app.focus_cycle import takes_tab
from iamdesk.gui.app.focus_marks import FocusMarks
from iamdesk.gui.app.job_strip import JobsPanel, JobStrip
from iamdesk.gui.app.menus import Menus
from iamdesk.gui.app.navigation_history import History
from iamdesk.gui.app.review_file_opener import ReviewFileOpener, is_review
from iamdesk.gui.app.session_recovery import Left, RecoveryFile
from iamdesk.gui.app.snapshot_loader import SnapshotLoader
from iamdesk.gui.app.status_line import StatusLine
from iamdesk.gui.app.window_place import WindowPlace
from iamdesk.gui.app.window_workers import WindowWorkers
from iamdesk.gui.app.windows import Windows
from iamdesk.gui.collect.controller import CollectController
from iamdesk.gui.core import clipboard
from iamdesk.gui.core.badge_rows import missing_count
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import menu_text, visible
from iamdesk.gui.core.retranslation import translate_english
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.text_size import apply_text_size
from iamdesk.gui.core.theme import Scheme, Theme
from iamdesk.gui.start.start_page import StartPage
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.saved_note import show_saved
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.api import Opened
    from iamdesk.gui.app.workspace import Workspace
    from iamdesk.gui.start.coverage_page import CoveragePage
    from iamdesk.gui.start.overview import OverviewPage

_SHOWN_FOR = 6000
"""Milliseconds that an announcement is shown in the status bar."""


class MainWindow(QMainWindow):
    """The main window. Closing it cancels jobs, waits for the threads and saves the settings."""

    def __init__(self, app: QApplication, settings: Settings, prompts: FileDialogs | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("iamdesk")
        self.setAcceptDrops(True)
        self.settings = settings
        self.prompts = prompts or FileDialogs()
        self.theme = Theme(app, settings.scheme)
        self.theme.apply()
        apply_text_size(app, settings.text_size)
        clipboard.follow(app)
        self.jobs = JobRunner(self)
        self.session = Session(self.jobs, self)
        self.session.table_memory.keep_in(settings)
        self.workers = WindowWorkers(settings, self.session.announced.emit)
        self.session.executor_for = self.workers.executor
        self.history = History(self.session, self._show_view, self)
        self.collecting = CollectController(self.jobs, self.prompts, self)
        self.start = StartPage()
        self.place = WindowPlace(self)
        self.interior = CentralArea(app, self, self.place, self.start, self.session, self.jobs, self.prompts, settings)
        self.pages = self.interior.pages
        self.opening = SnapshotLoader(
            self.session,
            self.jobs,
            self.interior.when_complete,
            self,
            executor=self.workers.beside,
            memory=lambda: settings.memory,
        )
        self.arrival = ReviewFileOpener(self.session, self.jobs, self.interior, self.opening.open, self)
        self.problem_bar = MessageBar()
        self._is_painted = False
        self._marks = RecoveryFile(settings.marks_folder)
        self._lay_out()
        self.windows = Windows(self, self, self._set_scheme, self._forget_recent)
        self.menus = Menus(
            self, self.session, {**self.interior.commands(), **self._commands(), **self.windows.commands()}
        )
        self._recent_menu = QMenu(tr("Open &recent"), self)
        self._finish_menus()
        self._marks_of_focus = FocusMarks(self, app)
        self._keys = CommandKeys(self, self.menus.actions.values(), app)
        self._connect()
        self.place.restore(settings.geometry)
        self._show_start()

    @property
    def workspace(self) -> "Workspace":
        """The panels; created now if they do not exist yet."""
        self.interior.complete()
        return self.interior.workspace

    @property
    def overview(self) -> "OverviewPage":
        """The page about the snapshot as a whole."""
        self.interior.complete()
        return self.interior.overview

    @property
    def captured(self) -> "CoveragePage":
        """The page about the snapshot coverage."""
        self.interior.complete()
        return self.interior.captured

    def _lay_out(self) -> None:
        middle = QWidget()
        row = QHBoxLayout(middle)
        layout = QVBoxLayout()
        for each in (row, layout):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(0)
        row.addWidget(self.interior.rail)
        row.addLayout(layout, 1)
        layout.addWidget(self.problem_bar)
        layout.addLayout(self.interior.top)
        layout.addWidget(self.interior.stack, 1)
        self.setCentralWidget(middle)
        self.status_line = StatusLine()
        self.statusBar().addWidget(self.status_line, 1)
        self.job_strip = JobStrip(self.jobs)
        self.statusBar().addPermanentWidget(self.job_strip)
        self.jobs_panel = JobsPanel(self.jobs, self)
        self.job_strip.list_wanted.connect(self.jobs_panel.toggle)
        self.setWindowIcon(icons.icon(Glyph.APP, self.palette(), 64))

    def _commands(self) -> dict[str, Callable[[], None]]:
        return {
            "actionOpen": self.ask_and_open,
            "actionOpenFolder": self.ask_for_folder,
            "actionOpenSample": self._open_sample,
            "actionOpenSampleOrganization": self._open_sample_organization,
            "actionCollect": self.collecting.show,
            "actionReload": self._reload,
            "actionCloseSnapshot": self.session.close,
            "actionQuit": self._quit,
            "actionBack": self.history.back,
            "actionForward": self.history.forward,
            "actionSchemeSystem": lambda: self._set_scheme(Scheme.SYSTEM),
            "actionSchemeLight": lambda: self._set_scheme(Scheme.LIGHT),
            "actionSchemeDark": lambda: self._set_scheme(Scheme.DARK),
            "actionSchemeContrast": lambda: self._set_scheme(Scheme.CONTRAST),
            "actionRowsCompact": self._switch_density,
            "actionJobs": self.jobs_panel.toggle,
            "actionHowToCapture": self._show_capture_help,
        }

    def _finish_menus(self) -> None:
        """Add the dynamic menu entries: recent files, and a toggle for each panel."""
        file_menu = self.menus.menus[Menu.FILE]
        self._recent_menu.setObjectName("menuRecent")
        file_menu.insertMenu(self.menus.actions["actionOpenSample"], self._recent_menu)
        export_menu = self.menus.menus[Menu.EXPORT]
        export_menu.addSeparator()
        export_menu.addAction(self.menus.actions["actionExportEvidence"])
        close = self.menus.actions["actionCloseSnapshot"]
        file_menu.insertMenu(close, export_menu)
        file_menu.insertSeparator(close)
        close_out = self.menus.actions["actionCloseOut"]
        self.menus.menus[Menu.REVIEW].insertMenu(close_out, self.menus.menus[Menu.REVIEWERS])
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        view_menu = self.menus.menus[Menu.VIEW]
        view_menu.addSeparator()
        view_menu.addMenu(self.interior.panels_menu)
        self._check_scheme()
        self._check_density()
        self.interior.stack.shown.connect(self._check_perspective)
        self.interior.stack.shown.connect(self.history.visit_view)
        self.interior.page_shown.connect(self.history.visit_view)
        self.interior.stack.shown.connect(lambda _name: self.statusBar().clearMessage())  # it was about the other one
        self._check_perspective(self.interior.stack.perspective.name)
        self.interior.rail.fill(self.menus.actions)
        for name in ("actionHelp", "actionOpen", "actionOpenFolder"):  # in every window: also in dialogs
            self.menus.actions[name].setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)

    def _connect(self) -> None:
        session = self.session
        self.start.open_wanted.connect(self.ask_and_open)
        self.start.sample_wanted.connect(self._open_sample)
        self.start.organization_wanted.connect(self._open_sample_organization)
        self.start.collect_wanted.connect(self.collecting.show)
        self.start.recent_wanted.connect(self.open_path)
        self.collecting.open_wanted.connect(self.open_path)
        self.collecting.offered.connect(self._offer)
        self.interior.review_changed.connect(self._note_what_is_open)
        self.interior.unseen.connect(self.show_problem)
        self.arrival.snapshot_lacking.connect(self._ask_for_snapshot_of)
        self.arrival.refused.connect(lambda sentence: self.show_problem(Tone.ERROR, sentence))
        self.opening.opened.connect(self._opened)
        self.opening.refused.connect(lambda sentence: self.show_problem(Tone.ERROR, sentence))
        session.snapshot_arriving.connect(self._show_arriving)
        session.snapshot_opened.connect(self._show_snapshot)
        session.snapshot_closed.connect(self._show_start)
        self.status_line.missing_data_wanted.connect(self.interior.show_missing_data)
        session.recent_snapshots = lambda: self.settings.recent
        session.announced.connect(self._announce)
        session.notes.folder = self.settings.notes_folder
        session.notes.of_samples = self.settings.path.parent
        session.notes.notice.connect(lambda sentence: self.show_problem(Tone.NOTE, sentence))
        session.notes.refused.connect(self._notes_refused)
        session.saved.connect(self._say_saved)
        session.not_saved.connect(self._say_not_saved)
        session.rule_shown.connect(self.windows.show_rule)
        self.history.changed.connect(self._enable_history)
        self.menus.refresh()
        self._enable_history()

    def open_path(self, path: Path) -> None:
        """Start opening a snapshot, or a review with its snapshot; the open one stays until then."""
        self.problem_bar.clear()
        if is_review(path):
            self.arrival.open(path, self.settings.recent)
        else:
            self.arrival.forget()
            self.opening.open(path)

    def _open_sample(self) -> None:
        self.open_path(resource_files.sample_snapshot())

    def _open_sample_organization(self) -> None:
        self.open_path(resource_files.sample_organization())

    def ask_and_open(self) -> None:
        """Ask for a file, and open it."""
        recent = self.settings.recent
        folder = recent[0].parent if recent else Path.home()
        path = self.prompts.snapshot_to_open(self, folder)
        if path is not None:
            self.open_path(path)

    def ask_for_folder(self) -> None:
        """Ask for a folder, and open it. Needed for bundles without a manifest, which no single file identifies."""
        recent = self.settings.recent
        path = self.prompts.folder_to_open(self, recent[0].parent if recent else Path.home())
        if path is not None:
            self.open_path(path)

    def show_problem(self, tone: Tone, sentence: str) -> None:
        """Show an error message above the center of the window."""
        self.problem_bar.say(tone, sentence)

    def _ask_for_snapshot_of(self, sentence: str, review: Path) -> None:
        def ask() -> None:
            title = tr("Snapshot of the review {name}").format(name=visible(review.name))
            snapshot = self.prompts.snapshot_to_open(self, review.parent, title)
            if snapshot is not None:
                self.arrival.open_with(snapshot, review)

        self.problem_bar.say(Tone.NOTE, sentence, tr("Open its snapshot…"), ask)

    def _say_not_saved(self, sentence: str) -> None:
        self.show_problem(Tone.ERROR, sentence)

    def _say_saved(self, sentence: str, path: Path) -> None:
        show_saved(self.problem_bar, sentence, path)

    def _announce(self, text: str) -> None:
        self.statusBar().showMessage(visible(text), _SHOWN_FOR)

    def _notes_refused(self, sentence: str, may_move: bool) -> None:
        """Say why notes could not be read or written, and offer another place for them."""
        if not may_move:
            self.show_problem(Tone.ERROR, sentence)
            return
        kept = tr("The notes are kept in this window until they can be written.")
        self.problem_bar.say(Tone.ERROR, f"{sentence} {kept}", tr("Keep notes in another folder…"), self._move_notes)

    def _move_notes(self) -> None:
        folder = self.prompts.folder_to_choose(self, tr("Folder for notes"), Path.home())
        if folder is not None:
            self.problem_bar.clear()
            self.settings.notes_folder = folder
            self.session.notes.keep_in(folder)

    def _offer(self, sentence: str, path: Path) -> None:
        self.problem_bar.say(Tone.NOTE, sentence, tr("Open"), lambda: self.open_path(path))

    def _opened(self, path: Path) -> None:
        self.problem_bar.clear()
        self.settings.remember(path)
        self._note_what_is_open()
        self.start.show_recent(self.settings.recent)
        self.arrival.snapshot_arrived()

    def _note_what_is_open(self) -> None:
        opened = self.session.snapshot
        if opened is not None and self.settings.keeps_recent:
            review_session = self.workspace.review.controller.review_session
            self._marks.note(opened.path, review_session.path if review_session is not None else None)

    def _show_arriving(self, opened: "Opened") -> None:
        """Show the accounts that are loaded so far, and a note that the rest is loading."""
        self.setWindowTitle(tr("{name} (loading) – iamdesk").format(name=visible(translate_english(opened.path.name))))
        names = ", ".join(account.account_id for account in opened.accounts)
        self.show_problem(
            Tone.NOTE,
            tr(
                "You can browse account {names} already. The rest is still loading; requests, findings and "
                "all other evaluations start when everything is loaded."
            ).format(names=names),
        )

    def _show_snapshot(self) -> None:
        opened = self.session.snapshot
        if opened is None:
            return
        self.status_line.show_snapshot(opened, missing_count(self.session.badge_rows))
        name = visible(translate_english(opened.path.name))
        if not opened.alone:
            self.setWindowTitle(tr("{name} – iamdesk").format(name=name))
            return
        self.setWindowTitle(tr("{name}, account {account} only – iamdesk").format(name=name, account=opened.alone))
        self.problem_bar.say(
            Tone.NOTE,
            tr(
                "Only account {account} of {name} is open: users, roles and policies of other accounts count "
                "as not captured."
            ).format(name=name, account=opened.alone),
            tr("Open all accounts"),
            lambda: self.open_path(opened.path),
        )

    def offer_unfinished(self, crash_log: Path | None = None) -> None:
        """Offer to reopen what was open when iamdesk ended unexpectedly. Called at startup."""
        left = self._marks.take_unfinished()
        crash = tr("iamdesk has crashed. {log} shows where in its code, and contains nothing from the snapshot.")
        notes = [crash.format(log=visible(str(crash_log)))] if crash_log is not None else []
        if not left:
            if notes:
                self.show_problem(Tone.WARNING, notes[0])
            return
        names = ", ".join(visible(one.snapshot.name) for one in left)
        sentence = tr("iamdesk ended unexpectedly while {name} was open. All decisions in reviews are saved.").format(
            name=names
        )
        self.problem_bar.say(Tone.NOTE, " ".join([sentence, *notes]), tr("Open"), lambda: self._open_left(left))

    def _open_left(self, left: Sequence[Left]) -> None:
        here, *others = left
        self.problem_bar.clear()
        if here.review is not None:
            self.arrival.open_with(here.snapshot, here.review)
        else:
            self.open_path(here.snapshot)
        for other in others:
            spawn_window.start(other.review or other.snapshot)

    def _show_start(self) -> None:
        self._marks.clear()
        self.problem_bar.clear()  # it was about the snapshot
        self.pages.setCurrentWidget(self.start)
        self.status_line.show_snapshot(None)
        self.setWindowTitle("iamdesk")
        self.start.show_recent(self.settings.recent)
        focused, middle = QApplication.focusWidget(), self.centralWidget()
        if focused is None or (
            middle is not None and middle.isAncestorOf(focused)
        ):  # else a palette or a dialog is used
            self.start.enter()

    def _reload(self) -> None:
        if self.session.snapshot is not None:
            self.open_path(self.session.snapshot.path)

    def _quit(self) -> None:
        self.close()

    def _set_scheme(self, scheme: Scheme) -> None:
        self.settings.scheme = scheme
        self.theme.scheme = scheme
        self._check_scheme()

    def _check_scheme(self) -> None:
        self.menus.actions[f"actionScheme{self.settings.scheme.value.title()}"].setChecked(True)

    def _switch_density(self) -> None:
        memory = self.session.table_memory
        memory.is_compact = not memory.is_compact
        self._check_density()

    def _check_density(self) -> None:
        action = self.menus.actions["actionRowsCompact"]
        action.setCheckable(True)
        action.setChecked(self.session.table_memory.is_compact)

    def _show_view(self, command: str) -> None:
        self.menus.actions[command].trigger()

    def _check_perspective(self, name: str) -> None:
        self.jobs.prefer(self.interior.stack.perspective.topics)
        self.menus.actions[name].setChecked(True)

    def _enable_history(self) -> None:
        self.menus.actions["actionBack"].setEnabled(self.history.can_go_back)
        self.menus.actions["actionForward"].setEnabled(self.history.can_go_forward)

    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        for path in self.settings.recent:
            self._recent_menu.addAction(menu_text(str(path)), partial(self.open_path, path))
        if self._recent_menu.isEmpty():
            self._recent_menu.addAction(tr("No recent files")).setEnabled(False)
            return
        self._recent_menu.addSeparator()
        self._recent_menu.addAction(tr("&Clear recent files"), self._forget_recent)

    def _forget_recent(self) -> None:
        self.settings.forget_recent()
        self.start.show_recent(())

    def _show_capture_help(self) -> None:
        if self.pages.currentWidget() is self.start:
            self.start.show_capture_help()
        else:
            self.windows.show_capture_help()

    def dispose(self) -> None:
        """Close and delete the window now: its widgets have to be deleted before the application at exit."""
        self.close()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete.value)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Start loading everything else after the first paint."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self, self._get_ready)

    def _get_ready(self) -> None:
        if not self.isVisible() or self.jobs.is_closed:
            return  # closed before it was loaded
        self.interior.load()
        self.opening.prepare()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Go to the next or previous widget that takes the focus itself, past those that pass it on.

        Qt also stops at a panel that passes the focus on: what stands before its table would be left out, and a hidden
        table would end the round.
        """
        here = self.focusWidget() or self
        widget, seen = _neighbour(here, forward), {here}
        while widget is not None and widget not in seen:
            seen.add(widget)
            if takes_tab(widget) and widget.focusProxy() is None and widget.window() is self:
                reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
                widget.setFocus(reason)
                return True
            widget = _neighbour(widget, forward)
        return False

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Save pending changes, end all jobs, save the settings."""
        field = self.focusWidget()
        if field is not None:
            field.clearFocus()  # fields finish editing when they lose the focus, and may start a job then
        if self.interior.is_complete:
            self.workspace.review.controller.close()
        self.session.notes.flush()
        self.jobs.wait_all()
        for timer in self.findChildren(QTimer):
            timer.stop()  # what panels put off would start jobs
        self.workers.close()
        self._marks.clear()
        if self.interior.is_complete:
            self.workspace.keep(self.settings)
        if self.settings.keeps_layout:
            self.settings.geometry = self.saveGeometry()
        else:
            self.settings.forget_layout()
        self.settings.save()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept exactly one local file or folder."""
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open the dropped file or folder."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_path(path)


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None


def _neighbour(widget: QWidget, forward: bool) -> QWidget | None:
    return widget.nextInFocusChain() if forward else widget.previousInFocusChain()
