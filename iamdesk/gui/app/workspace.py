"""The panels of the window and their places: request bar on top, navigator left, result right, tables below."""

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHeaderView, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from iamdesk.gui.access_matrix.panel import AccessMatrixPanel
from iamdesk.gui.app.window_place import WindowPlace
from iamdesk.gui.ask.decision_panel import DecisionPanel
from iamdesk.gui.ask.request_bar import RequestBar
from iamdesk.gui.attack_paths.panel import AttackPathsPanel
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import menu_text
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.settings import Settings
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.findings.findings_by_subject import FindingsBySubject
from iamdesk.gui.findings.findings_panel import FindingsPanel
from iamdesk.gui.history.history_panel import HistoryPanel
from iamdesk.gui.inspector.inspector import Inspector
from iamdesk.gui.navigator.navigator import NavigatorPanel
from iamdesk.gui.review.items_by_principal import ItemsByPrincipal
from iamdesk.gui.review.review_panel import ReviewPanel
from iamdesk.gui.who_can.panel import WhoCanPanel
from iamdesk.i18n import tr

_MIRRORED = {
    Qt.DockWidgetArea.LeftDockWidgetArea: Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea: Qt.DockWidgetArea.LeftDockWidgetArea,
}
"""The places of panels in a window that is read from right to left."""
_LINES_ABOVE = 20
"""Lines of text that stay above an enlarged panel."""
STATE_VERSION = 6
"""Increase it when panels are added or renamed: older saved states are then not restored."""


class RequestBarRow(QWidget):
    """The row of the request bar: over the whole width, below the menus, with a thin line under it.

    Not a tool bar: when a window is destroyed, Qt removes the widgets of its tool bars first, and so sends events to
    Python objects that are half destroyed.
    """

    def __init__(self, question: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("questionBar")
        gap = self.fontMetrics().height() // 3
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap + 1)
        layout.addWidget(question)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the lines above and below."""
        painter = QPainter(self)
        rule = colour(Colour.RULE, self.palette())
        painter.fillRect(0, 0, self.width(), 1, rule)
        painter.fillRect(0, self.height() - 1, self.width(), 1, rule)


class Workspace(QObject):
    """Creates the panels and their docks. They are shown while a snapshot is open."""

    def __init__(self, window: QMainWindow, place: WindowPlace, top: QVBoxLayout, pages: QStackedWidget) -> None:
        super().__init__(window)
        self._window = window
        self._place = place
        self._top = top
        self._pages = pages
        self._state = QByteArray()
        self._is_shown = False
        self._lowered = 0
        """Minimum height that the pages have while a panel below is enlarged; 0: their own."""
        self._showing: Iterator[None] = iter(())
        self.docks: dict[str, QDockWidget] = {}

    def make(self, session: Session, jobs: JobRunner, prompts: FileDialogs) -> Iterator[None]:
        """Create the panels, with a pause after each. None of them is used before all exist."""
        self.request_bar = RequestBar(session, jobs)
        self.bar = RequestBarRow(self.request_bar)
        self._place.allow_small(self.bar, lines=0)
        self.bar.hide()
        self._top.addWidget(self.bar)
        yield
        self.navigator = NavigatorPanel(session, jobs)
        self._dock("navigatorDock", tr("Navigator"), self.navigator, Qt.DockWidgetArea.LeftDockWidgetArea)
        yield
        self.inspector = Inspector(session, jobs, prompts)
        self._pages.addWidget(self.inspector)
        self._place.allow_small(self._pages)
        self._pages.currentChanged.connect(lambda _at: self._give_back())
        yield
        self.result = DecisionPanel(session, jobs, prompts)
        self.request_bar.edited.connect(self.result.hold_for)
        self._dock("answerDock", tr("Result"), self.result, Qt.DockWidgetArea.RightDockWidgetArea)
        yield
        self.findings = FindingsPanel(session, jobs, prompts)
        self._dock("findingsDock", tr("Findings"), self.findings, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self.who_can = WhoCanPanel(session, jobs, prompts)
        self._dock("whoCanDock", tr("Who can"), self.who_can, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self.attack_paths = AttackPathsPanel(session, jobs, prompts)
        self._dock("waysDock", tr("Attack paths"), self.attack_paths, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self.review = ReviewPanel(session, jobs, prompts)
        self._dock("reviewDock", tr("Review"), self.review, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self.inspector.follow(FindingsBySubject(self.findings, self), ItemsByPrincipal(self.review, jobs, self))
        self.inspector.review.line_wanted.connect(lambda: self.raise_dock("reviewDock"))
        self.history = HistoryPanel(session, jobs, prompts)
        self._dock("askedDock", tr("Query history"), self.history, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self.access_matrix = AccessMatrixPanel(session, jobs, prompts)
        self._dock("everybodyDock", tr("Access matrix"), self.access_matrix, Qt.DockWidgetArea.BottomDockWidgetArea)
        yield
        self._arrange()

    def _arrange(self) -> None:
        window = self._window
        titled = (
            ("findingsDock", self.findings),
            ("whoCanDock", self.who_can),
            ("waysDock", self.attack_paths),
            ("reviewDock", self.review),
            ("askedDock", self.history),
            ("everybodyDock", self.access_matrix),
        )
        for name, panel in titled:
            panel.title_changed.connect(lambda title, dock=self.docks[name]: dock.setWindowTitle(menu_text(title)))
        window.tabifyDockWidget(self.docks["findingsDock"], self.docks["whoCanDock"])
        window.tabifyDockWidget(self.docks["whoCanDock"], self.docks["waysDock"])
        window.tabifyDockWidget(self.docks["waysDock"], self.docks["reviewDock"])
        window.tabifyDockWidget(self.docks["reviewDock"], self.docks["askedDock"])
        window.tabifyDockWidget(self.docks["askedDock"], self.docks["everybodyDock"])
        self.docks["findingsDock"].raise_()
        window.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        for edge, area in (
            (Qt.Corner.TopLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            window.setCorner(edge, area)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the panels' commands (``gui/app/commands.py``)."""
        found: dict[str, Callable[[], None]] = {}
        for panel in self.panels():
            for name, act in panel.commands().items():
                if name in found:
                    raise ValueError(f"two panels carry out {name}")
                found[name] = act
        return found

    def panels(
        self,
    ) -> tuple[
        RequestBar,
        NavigatorPanel,
        Inspector,
        DecisionPanel,
        FindingsPanel,
        WhoCanPanel,
        AttackPathsPanel,
        ReviewPanel,
        HistoryPanel,
        AccessMatrixPanel,
    ]:
        """Return the panels in the order in which F6 visits them."""
        return (
            self.request_bar,
            self.navigator,
            self.inspector,
            self.result,
            self.findings,
            self.who_can,
            self.attack_paths,
            self.review,
            self.history,
            self.access_matrix,
        )

    def raise_dock(self, name: str) -> QWidget:
        """Raise a dock above those that share its place, and return its panel."""
        self._show_all()
        dock = self.docks[name]
        dock.show()
        dock.raise_()
        return dock.widget()

    def raise_and_enlarge(self, name: str) -> None:
        """Raise a dock, and enlarge it if it is at the bottom of the window and small."""
        self.raise_dock(name)
        QTimer.singleShot(0, self, lambda: self._draw_up(self.docks[name]))

    def _draw_up(self, dock: QDockWidget) -> None:
        height = self._window.height()
        is_below = self._window.dockWidgetArea(dock) is Qt.DockWidgetArea.BottomDockWidgetArea
        rest = self._window.fontMetrics().lineSpacing() * _LINES_ABOVE
        wanted = min(height * 3 // 5, height - rest)
        if not is_below or dock.height() >= min(height // 2, wanted):
            return
        if not self._pages.minimumHeight():
            # The stack wants room for its highest page, the one that is shown may need less.
            page = self._pages.currentWidget()
            self._lowered = max(rest * 3 // 5, page.minimumSizeHint().height() if page is not None else 0)
            self._pages.setMinimumHeight(self._lowered)
            for part in (self._window.centralWidget(), self._window):
                layout = part.layout() if part is not None else None
                if layout is not None:
                    layout.activate()  # the docks are resized within what it allows
        self._window.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    def _give_back(self) -> None:
        """Let the pages have the room that the highest of them needs: another one is shown."""
        if self._lowered and self._pages.minimumHeight() == self._lowered:
            self._pages.setMinimumHeight(0)
        self._lowered = 0

    def show(self) -> None:
        """Show the panels in their last state, one in each turn of the event loop.

        Laying out all of them would block the window for too long. Nothing is painted before all are shown.
        """
        if self._is_shown:
            return
        self._is_shown = True
        self._window.setUpdatesEnabled(False)
        self._showing = self._show_each()
        self._show_more()

    def _show_more(self) -> None:
        if next(self._showing, self) is not self:
            QTimer.singleShot(0, self, self._show_more)

    def _show_all(self) -> None:
        """Show the remaining panels at once: something needs them now."""
        for _ in self._showing:
            pass

    def _show_each(self) -> Iterator[None]:
        for part in (self.bar, *self.docks.values()):
            part.show()
            yield
        is_restored = not self._state.isEmpty() and self._window.restoreState(self._state, STATE_VERSION)
        if not is_restored:
            # Docks that were hidden have no width to change before they are laid out.
            QTimer.singleShot(0, self, self._usual_widths)
            yield
        self._window.setUpdatesEnabled(True)

    def hide(self) -> None:
        """Hide the panels, and remember their state."""
        self._show_all()
        if self._is_shown:
            self._state = self._window.saveState(STATE_VERSION)
        self._is_shown = False
        for part in (self.bar, *self.docks.values()):
            part.hide()

    def restore(self, settings: Settings) -> None:
        """Restore the state of the last run."""
        self._state = settings.docks
        self.inspector.set_zoom(settings.policy_zoom)
        self.inspector.set_explained(settings.explains_statements)
        self.result.draw_layers(settings.draws_layers)
        self.take_reviewer(settings)
        self.findings.keep_suppressions_in(settings.suppressions_path)
        for header in self._headers():
            state = settings.columns(header.objectName())
            if not state.isEmpty():
                header.restoreState(state)

    def take_reviewer(self, settings: Settings) -> None:
        """Set the reviewer, and the key that is offered for sign-offs."""
        self.review.head.reviewer_name.setText(settings.reviewer)
        self.review.packs.signing_key = settings.signing_key

    def keep_reviewer(self, settings: Settings) -> None:
        """Save the reviewer's name as entered in the review."""
        settings.reviewer = self.review.head.reviewer_name.text().strip()

    def keep(self, settings: Settings) -> None:
        """Save the state for the next run."""
        self._show_all()
        settings.docks = self._window.saveState(STATE_VERSION) if self._is_shown else self._state
        settings.policy_zoom = self.inspector.zoom
        settings.explains_statements = self.inspector.explains_statements
        settings.draws_layers = self.result.draws_layers
        self.keep_reviewer(settings)
        for header in self._headers():
            settings.set_columns(header.objectName(), header.saveState())

    def _headers(self) -> list[QHeaderView]:
        """Return the headers whose columns are restored: those with an object name."""
        return [header for header in self._window.findChildren(QHeaderView) if header.objectName()]

    def _dock(self, name: str, title: str, panel: QWidget, area: Qt.DockWidgetArea) -> None:
        if self._window.isRightToLeft():  # Qt mirrors the contents of a panel, not its place
            area = _MIRRORED.get(area, area)
        dock = QDockWidget(menu_text(title), self._window)
        dock.setObjectName(name)
        dock.setWidget(panel)
        self._place.allow_small(panel)
        dock.hide()  # otherwise, a visible window would show every widget that is added to it
        self._window.addDockWidget(area, dock)
        self.docks[name] = dock

    def _usual_widths(self) -> None:
        unit = self._window.fontMetrics().averageCharWidth()
        docks = [self.docks["navigatorDock"], self.docks["answerDock"]]
        self._window.resizeDocks(docks, [unit * 50, unit * 62], Qt.Orientation.Horizontal)
        below = [self.docks["findingsDock"]]
        self._window.resizeDocks(below, [self._window.height() * 3 // 10], Qt.Orientation.Vertical)
