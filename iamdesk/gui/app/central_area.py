"""The panels and pages of the window, and which of them is in front.

They are created after the first paint, one in each turn of the event loop, to keep the start fast. Code that needs them
sooner completes them at once.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from iamdesk.gui.app.commands import COMMANDS
from iamdesk.gui.app.window_place import WindowPlace
from iamdesk.gui.core.import_lock import import_lock
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.checks.finding import Severity
    from iamdesk.gui.core.file_dialogs import FileDialogs
    from iamdesk.gui.core.jobs import JobRunner
    from iamdesk.gui.core.session import Session
    from iamdesk.gui.core.settings import Settings


class CentralArea(QObject):
    """Creates panels and pages, and brings them forward. All of them exist once it is complete."""

    review_changed = Signal()
    """A review was opened or closed."""
    unseen = Signal(object, str)
    """Tone and sentence of a message of a panel that is not visible."""

    def __init__(
        self,
        app: QApplication,
        window: QMainWindow,
        place: WindowPlace,
        start: QWidget,
        session: "Session",
        jobs: "JobRunner",
        prompts: "FileDialogs",
        settings: "Settings",
    ) -> None:
        super().__init__(window)
        self._app = app
        self._window = window
        self._place = place
        self._start = start
        self._session = session
        self._jobs = jobs
        self._prompts = prompts
        self._settings = settings
        self.pages = QStackedWidget()
        """The center of the window: the start page, or the pages about a snapshot."""
        self.pages.addWidget(start)
        self.top = QVBoxLayout()
        """Holds the request bar."""
        self.panels_menu = QMenu(tr("&Panels"), window)
        self.panels_menu.setObjectName("menuPanels")
        self._making = self._make()
        self._is_loading = False
        self._waiting: list[Callable[[], None]] = []
        self.is_complete = False

    def when_complete(self, act: Callable[[], None]) -> None:
        """Call something once everything exists: now, or after the panels were created between other events."""
        self._waiting.append(act)
        if self.is_complete:
            self._go_on()
        else:
            self.load()

    def _go_on(self) -> None:
        while self._waiting:
            self._waiting.pop(0)()

    def load(self) -> None:
        """Import the code of the panels in a worker, then create them between other events."""
        if self._is_loading or self.is_complete:
            return
        self._is_loading = True
        self._jobs.run(tr("Loading"), lambda _progress, _cancelled: _load(), done=self._make_more, topic="panels")

    def complete(self) -> None:
        """Create everything that does not exist yet."""
        if not self.is_complete:
            _load()
        for _ in self._making:
            pass
        self._go_on()

    def _make_more(self, _loaded: object = None) -> None:
        if next(self._making, self) is not self:
            QTimer.singleShot(0, self, self._make_more)
        else:
            self._go_on()

    def _make(self) -> Iterator[None]:
        # Imported here: these import nearly everything of the window, and the first paint needs none of it.
        from iamdesk.gui.app.focus_cycle import FocusCycle
        from iamdesk.gui.app.workspace import Workspace
        from iamdesk.gui.start.coverage_page import CoveragePage
        from iamdesk.gui.start.overview import OverviewPage

        session, jobs = self._session, self._jobs
        self.workspace = Workspace(self._window, self._place, self.top, self.pages)
        yield from self.workspace.make(session, jobs, self._prompts)
        self.overview = OverviewPage(session, jobs, self._prompts)
        self.pages.addWidget(self.overview)
        yield
        self.captured = CoveragePage(session, jobs)
        self.pages.addWidget(self.captured)
        yield
        for dock in self.workspace.docks.values():
            self.panels_menu.addAction(dock.toggleViewAction())
        self.workspace.restore(self._settings)
        self._cycle = FocusCycle((self._start, self.captured, *self.workspace.panels()), self._app, self)
        self._connect()
        self.is_complete = True

    def _connect(self) -> None:
        session, workspace = self._session, self.workspace
        self.overview.captured_wanted.connect(self.show_captured)
        self.overview.risk_wanted.connect(self._show_risk)
        workspace.findings.risks_told.connect(self.overview.show_risks)
        workspace.review.controller.opened.connect(lambda _desk: workspace.raise_and_enlarge("reviewDock"))
        workspace.review.controller.opened.connect(lambda _desk: self.review_changed.emit())
        workspace.review.controller.closed.connect(self.review_changed)
        workspace.review.packs.unseen.connect(self.unseen)
        session.snapshot_arriving.connect(self._show_arriving)
        session.snapshot_opened.connect(self._show_opened)
        session.snapshot_closed.connect(workspace.hide)
        session.subject_selected.connect(self._show_subject)
        session.key_shown.connect(self._show_subject)
        session.access_shown.connect(self._show_subject)
        session.statement_shown.connect(self._show_inspector)
        session.answered.connect(self._show_answer)
        session.who_can_asked.connect(self._show_who_can)

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return the handlers of this object's commands, and for all others a handler that calls their panel."""
        return {command.name: partial(self._carry_out, command.name) for command in COMMANDS} | {
            "actionOverview": self.show_overview,
            "actionCaptured": self.show_captured,
            "actionExportOverview": self.export_overview,
            "actionShowFindings": lambda: self.go_to("findingsDock"),
            "actionShowWhoCan": lambda: self.go_to("whoCanDock"),
            "actionShowWays": self.show_attack_paths,
            "actionShowAsked": lambda: self.go_to("askedDock"),
            "actionShowEverybody": self.show_access_matrix,
            "actionShowReview": lambda: self.go_to("reviewDock"),
            "actionWaysOfSelected": self.show_paths_of_selected,
            "actionWhatCan": self.show_access,
            "actionNextPanel": lambda: self._step(forward=True),
            "actionPreviousPanel": lambda: self._step(forward=False),
            "actionCopyCommand": self.copy_command,
        }

    def _carry_out(self, command: str) -> None:
        self.complete()
        self.workspace.commands()[command]()

    def _step(self, *, forward: bool) -> None:
        self.complete()
        self._cycle.step(forward=forward)

    def go_to(self, dock: str) -> None:
        """Bring a panel forward and focus it."""
        self.complete()
        self._cycle.enter(self.workspace.raise_dock(dock))

    def show_overview(self) -> None:
        """Show the overview of the snapshot."""
        self.complete()
        self.pages.setCurrentWidget(self.overview)

    def show_gaps(self) -> None:
        """Show the entries with missing data."""
        self.show_overview()
        self.overview.go_to_gaps()

    def export_overview(self) -> None:
        """Save the overview as an image or PDF, or print it."""
        self.show_overview()
        self.overview.export()

    def show_captured(self) -> None:
        """Show the snapshot coverage."""
        self.complete()
        self.pages.setCurrentWidget(self.captured)
        self.captured.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_access(self) -> None:
        """Show the effective permissions of the selected principal or group, and focus them."""
        if self._session.subject_key:
            self._session.show_access(self._session.subject_key)
        else:
            self._session.announce(tr("Select a user, a role or a group first."))

    def show_access_matrix(self) -> None:
        """Show the access matrix; it is computed when it is first shown."""
        self.go_to("everybodyDock")
        self.workspace.raise_and_enlarge("everybodyDock")
        self.workspace.access_matrix.run()

    def show_attack_paths(self) -> None:
        """Show attack paths; they are computed when they are first shown."""
        self.go_to("waysDock")
        if self.workspace.attack_paths.found is None:
            self.workspace.attack_paths.run()

    def show_paths_of_selected(self) -> None:
        """Show the attack paths of the selected principal."""
        self.go_to("waysDock")
        self.workspace.attack_paths.show_selected()

    def copy_command(self) -> None:
        """Copy the CLI command of the focused panel (who can, effective permissions), else of the evaluated request."""
        self.complete()
        focus, workspace = QApplication.focusWidget(), self.workspace
        for panel in (workspace.who_can, workspace.inspector.access):
            if focus is not None and panel.isAncestorOf(focus) and panel.command():
                QApplication.clipboard().setText(panel.command())
                self._session.announce(tr("The command was copied."))
                return
        if self._session.decision is None and self._session.need is None:
            self._session.announce(tr("There is no command to copy: evaluate a request first."))
        workspace.result.copy_command()

    def _show_arriving(self) -> None:
        self._enter(self.workspace.inspector)

    def _show_opened(self) -> None:
        self._enter(self.overview)

    def _show_inspector(self) -> None:
        self.pages.setCurrentWidget(self.workspace.inspector)

    def _show_who_can(self) -> None:
        self.workspace.raise_dock("whoCanDock")

    def _enter(self, page: QWidget) -> None:
        """Show the panels around a page, and focus the navigator."""
        self.workspace.show()
        self.pages.setCurrentWidget(page)
        self.workspace.navigator.focus_filter()

    def _show_risk(self, severity: "Severity") -> None:
        """Show the findings of principals by highest severity."""
        self.go_to("findingsDock")
        self.workspace.findings.show_risk(severity)

    def _show_subject(self, key: str) -> None:
        """Show the inspector; for the only account of a snapshot without organization, show the overview."""
        opened = self._session.snapshot
        has_more = opened is None or opened.about.organization is not None
        accounts = [] if opened is None or has_more else [one.account_id for one in opened.accounts]
        self.pages.setCurrentWidget(self.overview if accounts == [key] else self.workspace.inspector)

    def _show_answer(self, decision: object) -> None:
        if decision is not None:
            self.pages.setCurrentWidget(self.workspace.inspector)


def _load() -> None:
    with import_lock:
        import iamdesk.gui.app.workspace
        import iamdesk.gui.start.coverage_page
        import iamdesk.gui.start.overview  # noqa: F401
