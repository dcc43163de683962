"""The panels of the window. Where each of them is, is in ``perspectives.py``."""

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHeaderView, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from iamdesk.gui.access_matrix.panel import AccessMatrixPanel
from iamdesk.gui.app.changes_panel import ChangesPanel
from iamdesk.gui.app.panel_frame import PanelFrame
from iamdesk.gui.app.perspective_stack import PerspectiveStack
from iamdesk.gui.app.window_place import WindowPlace
from iamdesk.gui.ask.decision_panel import DecisionPanel
from iamdesk.gui.ask.named_contexts import contexts_as_text, contexts_from
from iamdesk.gui.ask.request_bar import RequestBar
from iamdesk.gui.attack_paths.panel import AttackPathsPanel
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
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
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.gui.who_can.panel import WhoCanPanel
from iamdesk.i18n import tr


class RequestBarRow(QWidget):
    """The row of the request bar: above the panels, with a thin line under it.

    Not a tool bar: when a window is destroyed, Qt removes the widgets of its tool bars first, and so sends events to
    Python objects that are half destroyed.
    """

    def __init__(self, request_bar: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("questionBar")
        gap = self.fontMetrics().height() // 3
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap + 1)
        layout.addWidget(request_bar)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Paint the lines above and below."""
        painter = QPainter(self)
        rule = colour(Colour.RULE, self.palette())
        painter.fillRect(0, 0, self.width(), 1, rule)
        painter.fillRect(0, self.height() - 1, self.width(), 1, rule)


class Workspace(QObject):
    """Creates the panels, each in a frame. They are shown while a snapshot is open."""

    def __init__(
        self, window: QMainWindow, place: WindowPlace, top: QVBoxLayout, pages: QStackedWidget, stack: PerspectiveStack
    ) -> None:
        super().__init__(window)
        self._window = window
        self._place = place
        self._top = top
        self._pages = pages
        self._stack = stack
        self._is_shown = False

    def make(self, session: Session, jobs: JobRunner, prompts: FileDialogs) -> Iterator[None]:
        """Create the panels, with a pause after each. None of them is used before all exist."""
        self.request_bar = RequestBar(session, jobs)
        # Elsewhere, opening a principal is no request about it: the result of a leftover request would mislead.
        self.request_bar.asks_for_subject = lambda: self._stack.perspective.name == "perspectiveAsk"
        self.bar = RequestBarRow(self.request_bar)
        self._place.allow_small(self.bar, lines=0)
        self.bar.hide()
        self._top.addWidget(self.bar)
        yield
        self.navigator = NavigatorPanel(session, jobs)
        self._dock("navigatorDock", tr("Navigator"), self.navigator)
        yield
        self.inspector = Inspector(session, jobs, prompts)
        self._pages.addWidget(self.inspector)
        self._place.allow_small(self._pages)
        yield
        self.result = DecisionPanel(session, jobs, prompts)
        self.request_bar.edited.connect(self.result.hold_for)
        self._dock("answerDock", tr("Result"), self.result)
        yield
        self.findings = FindingsPanel(session, jobs, prompts)
        self._dock("findingsDock", tr("Findings"), self.findings)
        yield
        self.who_can = WhoCanPanel(session, jobs, prompts)
        self.who_can.refused.connect(self.request_bar.focus_wrong_field)
        self._dock("whoCanDock", tr("Who can"), self.who_can)
        yield
        self.attack_paths = AttackPathsPanel(session, jobs, prompts)
        self._dock("waysDock", tr("Attack paths"), self.attack_paths)
        yield
        self.review = ReviewPanel(session, jobs, prompts)
        self._dock("reviewDock", tr("Review"), self.review)
        yield
        self.findings_by_subject = FindingsBySubject(self.findings, self)
        self.inspector.follow(self.findings_by_subject, ItemsByPrincipal(self.review, jobs, self))
        self.inspector.review.line_wanted.connect(lambda: self.raise_dock("reviewDock"))
        self.history = HistoryPanel(session, jobs, prompts)
        self._dock("askedDock", tr("Query history"), self.history)
        yield
        self.access_matrix = AccessMatrixPanel(session, jobs, prompts)
        self._dock("everybodyDock", tr("Access matrix"), self.access_matrix)
        yield
        self.changes = ChangesPanel(session, jobs, prompts)
        self._dock("changesDock", tr("Compare & what-if"), self.changes)
        yield
        self._arrange()

    def _arrange(self) -> None:
        titled = (
            ("findingsDock", self.findings),
            ("whoCanDock", self.who_can),
            ("waysDock", self.attack_paths),
            ("reviewDock", self.review),
            ("askedDock", self.history),
            ("everybodyDock", self.access_matrix),
        )
        for name, panel in titled:
            panel.title_changed.connect(self.docks[name].set_title)
        self._stack.shown.connect(lambda _name: self._show_bar())

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of the panels' commands (``gui/app/commands.py``)."""
        found: dict[str, Callable[[], None]] = {}
        for panel in self.panels():
            for name, act in panel.commands().items():
                if name in found:
                    raise ValueError(f"two panels carry out {name}")
                found[name] = act
        return found

    def command(self, name: str) -> tuple[QWidget, Callable[[], None]]:
        """Return the panel that carries out a command, and its handler.

        Raises:
            KeyError: no panel does.
        """
        for panel in self.panels():
            act = panel.commands().get(name)
            if act is not None:
                return panel, act
        raise KeyError(name)

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
        ChangesPanel,
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
            self.changes,
        )

    @property
    def docks(self) -> Mapping[str, PanelFrame]:
        """The panels in their frames, by the frame's object name."""
        return self._stack.frames

    def raise_dock(self, name: str) -> QWidget:
        """Show a panel, in the perspective that it belongs to if the current one has no place for it. Return it."""
        return self._stack.show_panel(name)

    def show(self) -> None:
        """Show the panels as they were left."""
        self._is_shown = True
        self._stack.open()
        self._show_bar()

    def hide(self) -> None:
        """Hide the panels: no snapshot is open."""
        self._is_shown = False
        self._stack.close_all()
        self._show_bar()

    def _show_bar(self) -> None:
        self.bar.setVisible(self._is_shown and self._stack.perspective.has_request_bar)

    def restore(self, settings: Settings) -> None:
        """Restore the state of the last run."""
        self._stack.restore(settings.arrangement)
        self.inspector.set_zoom(settings.policy_zoom)
        self.inspector.set_explained(settings.explains_statements)
        self.result.draw_diagram(settings.draws_diagram)
        named = self.request_bar.context.named
        named.fill(contexts_from(settings.contexts))
        named.changed.connect(lambda: settings.keep_contexts(contexts_as_text(named.contexts)))
        self.take_reviewer(settings)
        self.findings.keep_suppressions_in(settings.suppressions_path, lambda: settings.check_settings_path)
        self.review.controller.settings_path = lambda: settings.check_settings_path
        for header in self._headers():
            state = settings.columns(header.objectName())
            if not state.isEmpty():
                header.restoreState(state)
        for table in self._window.findChildren(RowsTable):
            table.recall()

    def take_reviewer(self, settings: Settings) -> None:
        """Set the reviewer, and the key that is offered for sign-offs."""
        self.review.head.reviewer_name.setText(settings.reviewer)
        self.review.packages.signing_key = settings.signing_key
        self.review.packages.allowed_signers = settings.allowed_signers
        self.review.packages.timestamp_authorities = settings.timestamp_authorities
        self.review.checkpoints.choose(settings.checkpoints)

    def keep_reviewer(self, settings: Settings) -> None:
        """Save the reviewer's name as entered in the review."""
        settings.reviewer = self.review.head.reviewer_name.text().strip()
        settings.checkpoints = self.review.checkpoints.choices
        settings.allowed_signers = self.review.packages.allowed_signers
        settings.timestamp_authorities = self.review.packages.timestamp_authorities

    def keep(self, settings: Settings) -> None:
        """Save the state for the next run."""
        settings.arrangement = self._stack.state()
        settings.policy_zoom = self.inspector.zoom
        settings.explains_statements = self.inspector.explains_statements
        settings.draws_diagram = self.result.draws_diagram
        self.keep_reviewer(settings)
        for header in self._headers():
            settings.set_columns(header.objectName(), header.saveState())

    def _headers(self) -> list[QHeaderView]:
        """Return the headers whose columns are restored: those with an object name."""
        return [header for header in self._window.findChildren(QHeaderView) if header.objectName()]

    def _dock(self, name: str, title: str, panel: QWidget) -> None:
        self._stack.add_panel(name, title, panel)
        self._place.allow_small(panel)
