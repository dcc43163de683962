"""The panels and pages of the window, and which of them is in front.

They are created after the first paint, one in each turn of the event loop, to keep the start fast. Code that needs them
sooner completes them at once.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from iamdesk.gui.app.commands import COMMANDS, OF_DECISIONS, QUIET
from iamdesk.gui.app.perspective_stack import PerspectiveStack
from iamdesk.gui.app.perspectives import PERSPECTIVES, home_of
from iamdesk.gui.app.rail import Rail
from iamdesk.gui.app.window_place import WindowPlace
from iamdesk.gui.core.jobs import import_lock
from iamdesk.gui.core.plain_text import menu_text
from iamdesk.i18n import tr

if TYPE_CHECKING:
    from iamdesk.checks.finding import Severity
    from iamdesk.evaluate.request import Request
    from iamdesk.gui.app.workspace import Workspace
    from iamdesk.gui.core.file_dialogs import FileDialogs
    from iamdesk.gui.core.jobs import JobRunner
    from iamdesk.gui.core.session import Session
    from iamdesk.gui.core.settings import Settings
    from iamdesk.review.session import ReviewSession


_EXPORTS = {
    "answerDock": "actionExportResult",
    "askedDock": "actionExportAsked",
    "everybodyDock": "actionExportEverybody",
    "findingsDock": "actionExportFindings",
    "reviewDock": "actionExportEvidence",
    "waysDock": "actionExportWays",
    "whoCanDock": "actionExportWhoCan",
}
"""By panel, the command that exports what it shows."""


class CentralArea(QObject):
    """Creates panels and pages, and brings them forward. All of them exist once it is complete."""

    review_changed = Signal()
    """A review was opened or closed."""
    page_shown = Signal(str)
    """Name of the command whose page about the snapshot was shown."""
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
        self.stack = PerspectiveStack(app, window)
        """The panels, one perspective at a time; the pages are one of them."""
        self._pages_frame = self.stack.add_panel("pagesDock", tr("Details"), self.pages)
        self.rail = Rail()
        self.rail.hide()
        self._page_before: QWidget | None = None
        """The page that was in front in Explore, while Ask shows the policies."""
        self.panels_menu = QMenu(tr("&Panels"), window)
        self.panels_menu.setObjectName("menuPanels")
        self.panels_menu.aboutToShow.connect(self._fill_panels_menu)
        self._making = self._make()
        self._is_loading = False
        self._waiting: list[Callable[[], None]] = []
        self.is_complete = False

    @property
    def panels(self) -> "Workspace":
        """The panels, once they exist."""
        return self.workspace

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
        from iamdesk.gui.principals.principals_page import PrincipalsPage
        from iamdesk.gui.start.coverage_page import CoveragePage
        from iamdesk.gui.start.overview import OverviewPage

        session, jobs = self._session, self._jobs
        self.workspace = Workspace(self._window, self._place, self.top, self.pages, self.stack)
        yield from self.workspace.make(session, jobs, self._prompts)
        self.overview = OverviewPage(session, jobs, self._prompts)
        self.pages.addWidget(self.overview)
        yield
        self.captured = CoveragePage(session, jobs)
        self.pages.addWidget(self.captured)
        yield
        self.principals = PrincipalsPage(session, jobs, self.workspace.findings_by_subject, self._prompts)
        self.pages.addWidget(self.principals)
        yield
        self.workspace.restore(self._settings)
        self._cycle = FocusCycle(
            (self._start, self.captured, self.principals, *self.workspace.panels(), self.rail), self._app, self
        )
        self._connect()
        self.is_complete = True

    def _connect(self) -> None:
        session, workspace = self._session, self.workspace
        self.stack.shown.connect(self._perspective_shown)
        self.pages.currentChanged.connect(lambda _at: self._page_turned())
        self.overview.captured_wanted.connect(self.show_captured)
        self.overview.risk_wanted.connect(self._show_risk)
        self.principals.item_wanted.connect(self.open_listed)
        for wanted, show in (
            (self.principals.findings_wanted, workspace.inspector.show_findings),
            (self.principals.entitlements_wanted, workspace.inspector.show_entitlements),
        ):
            wanted.connect(partial(self._open_listed, show))
        session.principals_shown.connect(self._show_principals)
        workspace.findings.risks_found.connect(self.overview.show_risks)
        workspace.review.controller.opened.connect(lambda _desk: workspace.raise_dock("reviewDock"))
        workspace.review.controller.opened.connect(lambda _desk: self.review_changed.emit())
        workspace.review.controller.closed.connect(self.review_changed)
        session.earlier_review = self._earlier_review
        workspace.review.packages.unseen.connect(self.unseen)
        session.snapshot_arriving.connect(self._show_arriving)
        session.snapshot_opened.connect(self._show_opened)
        session.snapshot_closed.connect(self._hide)
        session.subject_selected.connect(self._turn_to_subject)
        session.key_shown.connect(self._show_subject)
        session.access_shown.connect(self._show_subject)
        session.statement_shown.connect(self._show_inspector)
        session.request_drafted.connect(self._show_drafted)
        session.request_asked.connect(self._show_result)
        session.use_case_asked.connect(self._show_result)
        session.evaluated.connect(self._turn_to_policies)
        session.use_case_evaluated.connect(self._turn_to_policies)
        session.who_can_asked.connect(self._show_who_can)

    def _earlier_review(self) -> "ReviewSession | None":
        controller = self.workspace.review.controller
        return None if controller.matches else controller.review_session

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return the handlers of this object's commands, and for all others a handler that calls their panel."""
        return {command.name: partial(self._carry_out, command.name) for command in COMMANDS} | self.own_commands()

    def own_commands(self) -> dict[str, Callable[[], None]]:
        """Return the handlers of the commands that show something."""
        return {
            "actionOverview": self.show_overview,
            "actionCaptured": self.show_captured,
            "actionPrincipals": self._session.show_principals,
            "actionExportPrincipals": self.export_principals,
            "actionExport": self.export_shown,
            "actionExportOverview": self.export_overview,
            **{one.name: partial(self.show_perspective, one.name) for one in PERSPECTIVES},
            "actionShowFindings": lambda: self.go_to("findingsDock"),
            "actionShowWhoCan": self.show_who_can,
            "actionShowWays": self.show_attack_paths,
            "actionShowAsked": lambda: self.go_to("askedDock"),
            "actionShowEverybody": self.show_access_matrix,
            "actionShowReview": lambda: self.go_to("reviewDock"),
            "actionTearOff": self.tear_off,
            "actionWaysOfSelected": self.show_paths_of_selected,
            "actionWhatCan": self.show_access,
            "actionNextPanel": lambda: self._step(forward=True),
            "actionPreviousPanel": lambda: self._step(forward=False),
            "actionCopyCommand": self.copy_command,
            "actionFind": self.find,
        }

    def _carry_out(self, command: str) -> None:
        """Show the panel that a command acts on, and carry it out."""
        self.complete()
        panel, act = self.workspace.command(command)
        if command not in QUIET and self._session.snapshot is not None:
            self.bring(panel)
        if command in OF_DECISIONS and not (panel.isVisible() or self.workspace.inspector.review.isVisible()):
            self._session.announce(tr("Decisions are undone in Review, and on the Review tab of an item."))
            return
        act()

    def find(self) -> None:
        """Focus the filter of the panel in front, else of the navigator."""
        from iamdesk.gui.tables.filter_line import FilterLine  # imported after the first paint

        self.complete()
        focused = self.stack.frame_of(QApplication.focusWidget())
        for name in (focused.objectName() if focused is not None else "", *self.stack.panels_here()):
            frame = self.stack.frames.get(name)
            fields = frame.findChildren(FilterLine) if frame is not None and frame.isVisible() else []
            field = next((one for one in fields if one.isVisible() and one.isEnabled()), None)
            if field is not None:
                field.setFocus(Qt.FocusReason.ShortcutFocusReason)
                field.selectAll()
                return
        self._session.announce(tr("Nothing to filter here."))

    def bring(self, panel: QWidget) -> None:
        """Show a panel; the focus stays where it is."""
        if panel is self.workspace.request_bar:
            self._show_request_bar()
        elif panel is self.workspace.inspector:
            self._show_inspector()
        else:
            frame = self.stack.frame_of(panel)
            if frame is not None:
                self.stack.show_panel(frame.objectName())

    def show_perspective(self, name: str) -> None:
        """Show a perspective as it was left, with the focus where it was."""
        self.complete()
        self.stack.show_perspective(name)
        first: QWidget = self.stack.frames[self.stack.perspective.main].widget()
        if name == "perspectiveAsk":
            first = self.workspace.request_bar
        self._enter_panel(self.stack.last_panel or first)
        if name == "perspectiveMatrix":
            self.workspace.access_matrix.run()
        elif name == "perspectivePaths" and self.workspace.attack_paths.found is None:
            self.workspace.attack_paths.run()

    def _enter_panel(self, panel: QWidget) -> None:
        if panel is self.pages:
            current = self.pages.currentWidget()
            panel = current if current is not None else panel
        if not self._cycle.enter(panel):
            panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def tear_off(self) -> None:
        """Open the active panel in its own window, or put it back."""
        self.complete()
        if self._session.snapshot is None:
            return
        frame = self.stack.frame_of(QApplication.focusWidget())
        name = frame.objectName() if frame is not None else self.stack.perspective.main
        is_floating = self.stack.frames[name].is_floating
        self.stack.set_floating(name, floating=not is_floating)
        self._enter_panel(self.stack.frames[name].widget())

    def _step(self, *, forward: bool) -> None:
        self.complete()
        self._cycle.step(forward=forward)

    def go_to(self, dock: str) -> None:
        """Bring a panel forward and focus it."""
        self.complete()
        self._enter_panel(self.workspace.raise_dock(dock))

    def show_overview(self) -> None:
        """Show the overview of the snapshot."""
        self.complete()
        self._open_page(self.overview)
        self.page_shown.emit("actionOverview")

    def show_missing_data(self) -> None:
        """Show the entries with missing data."""
        self.show_overview()
        self.overview.go_to_missing_data()

    def export_overview(self) -> None:
        """Save the overview as a PDF, or print it."""
        self.show_overview()
        self.overview.export()

    def export_shown(self) -> None:
        """Export what the active panel shows, else what the perspective is about."""
        self.complete()
        name = self._export_command()
        self.own_commands().get(name, partial(self._carry_out, name))()

    def _export_command(self) -> str:
        frame = self.stack.frame_of(QApplication.focusWidget())
        panel = frame.objectName() if frame is not None else self.stack.perspective.main
        if panel in ("pagesDock", "navigatorDock"):
            if self.pages.currentWidget() is self.principals:
                return "actionExportPrincipals"
            is_of_subject = self.pages.currentWidget() is self.workspace.inspector
            return "actionExportAccess" if is_of_subject else "actionExportOverview"
        has_result = self._session.decision is not None or self._session.use_case is not None
        if frame is None and self.stack.perspective.has_request_bar and has_result:
            return "actionExportResult"  # the cursor is in the request bar
        if panel == "changesDock":
            return "actionExportComparison" if self.workspace.changes.tabs.currentIndex() == 0 else "actionExportWhatIf"
        return _EXPORTS[panel]

    def show_captured(self) -> None:
        """Show the snapshot coverage."""
        self.complete()
        self._open_page(self.captured)
        self.page_shown.emit("actionCaptured")
        self.captured.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_principals(self, typed: str | None) -> None:
        """Show the table of all principals, filtered by a text; None: as it was left."""
        self.complete()
        self._open_page(self.principals)
        self.principals.run()
        if typed is not None:
            self.principals.show_filter(typed)
        self.principals.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_listed(self, key: str) -> None:
        """Open an item from a table by its key, and focus it."""
        self._open_listed(self._session.show_key, key)

    def _open_listed(self, show: Callable[[str], None], key: str) -> None:
        """Open an item from a table, and focus it."""
        show(key)
        self._enter_panel(self.pages)

    def export_principals(self) -> None:
        """Export the table of all principals; show it first if it was not."""
        if self.pages.currentWidget() is not self.principals:
            self._session.show_principals()
        self.principals.export()

    def show_access(self) -> None:
        """Show the effective permissions of the selected principal or group, and focus them."""
        if self._session.subject_key:
            self._session.show_access(self._session.subject_key)
        else:
            self._session.announce(tr("Select a user, a role or a group first."))

    def show_access_matrix(self) -> None:
        """Show the access matrix; it is computed when it is first shown."""
        self.go_to("everybodyDock")
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
        if self._session.decision is None and self._session.use_case is None:
            self._session.announce(tr("There is no command to copy: evaluate a request first."))
        workspace.result.copy_command()

    def _open_page(self, page: QWidget) -> None:
        """Show a page about the snapshot; Explore has the room for it."""
        if self._session.shown is not None and not self._pages_frame.is_floating:
            self.stack.show_perspective(home_of("pagesDock").name)
        self.pages.setCurrentWidget(page)

    def _perspective_shown(self, name: str) -> None:
        """Turn to the page that was in front; in Ask, to the policies."""
        if name == "perspectiveAsk" and self._session.shown is not None:
            self._page_before = self.pages.currentWidget()
            self.pages.setCurrentWidget(self.workspace.inspector)
        elif name == "perspectiveExplore" and self._page_before is not None:
            self.pages.setCurrentWidget(self._page_before)
            self._page_before = None
        self._leave_result()

    def _page_turned(self) -> None:
        """Title the page."""
        titles: dict[QWidget | None, str] = {
            self.overview: tr("Snapshot overview"),
            self.captured: tr("Snapshot coverage"),
            self.principals: tr("All principals"),
        }
        self._pages_frame.set_title(titles.get(self.pages.currentWidget(), tr("Details")))
        self._leave_result()

    def _leave_result(self) -> None:
        """Hide a result beside a page about the whole snapshot: it would be read as one about that."""
        is_of_one = self.pages.currentWidget() is self.workspace.inspector
        has_result = self._session.decision is not None or self._session.use_case is not None
        if has_result and not is_of_one and self.stack.perspective.name == "perspectiveExplore":
            self.stack.hide_panel("answerDock")

    def _fill_panels_menu(self) -> None:
        """List the panels that have a place here, to be shown and hidden, and the command that tears one off."""
        menu = self.panels_menu
        menu.clear()
        if self._session.shown is None or not self.is_complete:
            menu.addAction(tr("No snapshot is open")).setEnabled(False)
            return
        for name in self.stack.panels_here():
            entry = menu.addAction(menu_text(self.stack.frames[name].windowTitle()))
            entry.setCheckable(True)
            entry.setChecked(self.stack.is_shown(name))
            entry.setEnabled(name != self.stack.perspective.main)
            entry.toggled.connect(partial(self._toggle, name))

    def _toggle(self, name: str, wanted: bool) -> None:
        if wanted:
            self.stack.show_panel(name)
        else:
            self.stack.hide_panel(name)

    def _show_arriving(self) -> None:
        self._show(self.workspace.inspector)

    def _show_opened(self) -> None:
        self._show(self.overview)

    def _hide(self) -> None:
        self.rail.hide()
        self._page_before = None
        self.workspace.hide()
        self.stack.hide_panel("answerDock")  # in Explore: the result goes with its snapshot

    def _show(self, page: QWidget) -> None:
        """Show the panels around a page, and focus the navigator."""
        self.rail.show()
        self.workspace.show()
        self._page_before = None
        self._open_page(page)
        self.workspace.navigator.focus_filter()

    def _show_inspector(self) -> None:
        self.workspace.raise_dock("pagesDock")
        self.pages.setCurrentWidget(self.workspace.inspector)

    def _show_result(self, _request: object) -> None:
        self.workspace.raise_dock("answerDock")

    def show_who_can(self) -> None:
        """Show who can: its table, or the request bar if nothing was asked."""
        self.complete()
        self.workspace.raise_dock("whoCanDock")
        if self.workspace.who_can.asked is not None:
            self.workspace.who_can.focus_rows()
        else:
            self.workspace.request_bar.go_to_open_field()

    def _show_who_can(self, request: "Request") -> None:
        self.workspace.raise_dock("whoCanDock")
        if self.workspace.who_can.lists(request):
            self.workspace.who_can.focus_rows()  # it could not take the focus before it was shown
        else:
            self.workspace.request_bar.go_to_open_field()

    def _show_drafted(self, _principal: object, _action: object, _resource: object) -> None:
        self._show_request_bar()

    def _show_request_bar(self) -> None:
        if not self.stack.perspective.has_request_bar:
            self.stack.show_perspective("perspectiveAsk")

    def _show_risk(self, severity: "Severity") -> None:
        """Show the findings of principals by highest severity."""
        self.go_to("findingsDock")
        self.workspace.findings.show_risk(severity)

    def _show_subject(self, key: str) -> None:
        """Show the page of the selected item."""
        self.workspace.raise_dock("pagesDock")
        self._turn_to_subject(key)

    def _turn_to_subject(self, key: str) -> None:
        """Turn to the inspector; for the only account of a snapshot without organization, to the overview."""
        opened = self._session.snapshot
        has_more = opened is None or opened.about.organization is not None
        accounts = [] if opened is None or has_more else [one.account_id for one in opened.accounts]
        is_account = accounts == [key] and self.stack.perspective.name != "perspectiveAsk"
        self._page_before = None
        self.pages.setCurrentWidget(self.overview if is_account else self.workspace.inspector)

    def _turn_to_policies(self, decision: object) -> None:
        if decision is not None:
            self.pages.setCurrentWidget(self.workspace.inspector)


def _load() -> None:
    with import_lock:
        import iamdesk.gui.app.workspace
        import iamdesk.gui.principals.principals_page
        import iamdesk.gui.start.coverage_page
        import iamdesk.gui.start.overview  # noqa: F401
