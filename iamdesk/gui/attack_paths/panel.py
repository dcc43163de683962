"""Attack paths of all principals, or of one: the query on top, the diagram below, its steps in a table beside it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.attack_paths.types import AttackPath, GoalKind, Plan, Proof, State, Step
from iamdesk.evaluate.request import RequestError
from iamdesk.gui.attack_paths.diagram import diagram_of
from iamdesk.gui.attack_paths.legend import Legend
from iamdesk.gui.attack_paths.search_worker import ADMINISTRATION, MAX_PATHS, PathQuery, PathsFound, find_attack_paths
from iamdesk.gui.attack_paths.step_detail import StepDetail
from iamdesk.gui.attack_paths.table import FIELDS, StepsModel, StepsTable
from iamdesk.gui.attack_paths.view import AttackPathsView
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.image_export import PICTURES
from iamdesk.gui.core.jobs import Job, JobRunner
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import ElidedLabel, plain_label, set_tooltip, visible
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.translate import error_sentence
from iamdesk.gui.tables.filter_line import FilterLine, SavedFilters
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.gui.widgets.job_bar import JobBar
from iamdesk.gui.widgets.message_bar import MessageBar, Tone
from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows
from iamdesk.gui.widgets.save_to_file import Saver
from iamdesk.gui.widgets.whole_organization import whole_or_report
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, ntr, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.viewmodel.tree import Badge
from iamdesk.work.errors import WorkError

if TYPE_CHECKING:
    from iamdesk.api import Opened

_ALL_PRINCIPALS, _SELECTED, _EXTERNAL = "everybody", "selected", "external"
_DEBOUNCE = 200
_WIDE = 2.5
"""Width of a diagram to its height from which the table goes below it."""
_START = mark(
    "Press Show to find attack paths: steps by which principals can gain more permissions than "
    "they were granted, up to administrator. The first search takes seconds for thousands of "
    "principals."
)


class AttackPathsPanel(QWidget):
    """Shows attack paths to a target. Computed in a thread; a new query replaces the previous one."""

    title_changed = Signal(str)
    """For the tab."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._job: Job | None = None
        self.found: PathsFound | None = None
        """The paths shown."""
        self._opened: set[int] = set()
        self.message = MessageBar()
        self.start = QComboBox()
        self.goal = QComboBox()
        self.show_button = QPushButton(tr("Show"))
        self.plan_button = QPushButton(tr("Plan"))
        self.export_button = QPushButton(tr("Export…"))
        self.bar = JobBar(jobs, ("ways",))
        self.view = AttackPathsView()
        self.model = StepsModel(self.palette())
        self.model.setParent(self)
        self.table = StepsTable(self.model)
        self.text = FilterLine(
            FIELDS,
            lambda: self.model.rows,
            session.table_memory,
            name="stepsFilter",
            title=tr("Filter steps"),
            hint=tr("Filter by principal, technique or state"),
        )
        self.saved = SavedFilters(self.text, session.table_memory)
        self.table.connect_filter(self.text, session.table_memory)
        self.table.connect_notes(session.notes)
        self.detail = StepDetail(session)
        self.legend = Legend()
        self._summary = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._cut = FlowLabel()
        self.try_button = QPushButton(tr("Try this"))
        self._nothing = FlowLabel()
        self._pages = QStackedWidget()
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._side = QSplitter(Qt.Orientation.Vertical)
        self._zooms: list[QToolButton] = []
        self._saver = Saver(self, session, jobs, prompts or FileDialogs(), self.message, "export ways")
        self._later = QTimer(self, singleShot=True, interval=_DEBOUNCE)
        self._lay_out()
        self._connect()
        self._empty()

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {"actionExportWays": self.export}

    # ── how it looks ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        self.start.setObjectName("waysFrom")
        self.start.setAccessibleName(tr("Paths from"))
        self.start.addItem(tr("all principals"), _ALL_PRINCIPALS)
        self.start.addItem(tr("the selected principal"), _SELECTED)
        self.start.addItem(tr("external principals"), _EXTERNAL)
        self.goal.setObjectName("waysTo")
        self.goal.setAccessibleName(tr("Paths to"))
        self.show_button.setObjectName("waysShow")
        self.show_button.setAccessibleName(tr("Show attack paths"))
        self.plan_button.setObjectName("waysPlan")
        self.plan_button.setAccessibleName(tr("Plan that ends all attack paths to administrator"))
        self.export_button.setObjectName("waysExport")
        self.export_button.setAccessibleName(tr("Export diagram"))
        self.try_button.setObjectName("waysTry")
        self.try_button.setAccessibleName(tr("Try the first remediation in what-if"))
        set_tooltip(self.try_button, tr("Show the effect of the first remediation on all principals, in what-if"))
        for text, name, act in (
            ("−", tr("Zoom out"), self.view.zoom_out),
            ("+", tr("Zoom in"), self.view.zoom_in),
            (tr("Fit"), tr("Fit the diagram"), self.view.fit_all),
        ):
            button = QToolButton()
            button.setText(text)
            button.setAutoRaise(True)
            button.setAccessibleName(name)
            set_tooltip(button, name)
            button.clicked.connect(act)
            self._zooms.append(button)
        choices = (
            plain_label(tr("Fro&m"), buddy=self.start),
            self.start,
            plain_label(tr("t&o"), buddy=self.goal),
            self.goal,
            self.show_button,
            self.plan_button,
            self.bar,
        )
        top = OneOrTwoRows(
            [(one, 0) for one in choices],
            [(self._summary, 1), *((one, 0) for one in (*self._zooms, self.export_button))],
            gap,
        )
        left, right = QWidget(), self._side
        picture = QVBoxLayout(left)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.setSpacing(gap)
        picture.addWidget(self.view, 1)
        picture.addWidget(self.legend)
        right.addWidget(self._step_list(gap))
        right.addWidget(self.detail)
        right.setChildrenCollapsible(False)
        self._splitter.addWidget(left)
        self._splitter.addWidget(right)
        self._splitter.setStretchFactor(0, 3)
        self._splitter.setStretchFactor(1, 2)
        self._splitter.setChildrenCollapsible(False)
        self._lay_beside()
        empty = QWidget()
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setAutoFillBackground(True)
        inside = QVBoxLayout(empty)
        inside.addWidget(self._nothing)
        inside.addStretch(1)
        self._pages.addWidget(self._splitter)
        scrolled = QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setAccessibleName(tr("Attack paths in words"))
        scrolled.setWidget(empty)
        self._pages.addWidget(scrolled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(gap, gap, gap, gap)
        layout.setSpacing(gap)
        layout.addWidget(top)
        layout.addWidget(self.message)
        cuts = QHBoxLayout()
        cuts.setSpacing(gap)
        cuts.addWidget(self._cut, 1)
        cuts.addWidget(self.try_button)
        layout.addLayout(cuts)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.start)

    def _lay_beside(self) -> None:
        """Lay the table beside the diagram."""
        self._splitter.setOrientation(Qt.Orientation.Horizontal)
        self._side.setOrientation(Qt.Orientation.Vertical)
        unit = self.fontMetrics().averageCharWidth()
        self._splitter.setSizes([unit * 120, unit * 80])  # before there is a size, these are proportions
        self._side.setSizes([340, 200])

    def _lay_below(self) -> None:
        """Lay the table below the diagram, which gets the whole width."""
        self._splitter.setOrientation(Qt.Orientation.Vertical)
        self._side.setOrientation(Qt.Orientation.Horizontal)
        part = max(self._splitter.height() // 20, 1)
        self._splitter.setSizes([9 * part, 11 * part])
        self._side.setSizes([self.width() * 3 // 5, self.width() * 2 // 5])

    def _give_room(self) -> None:
        """Lay the table where a new diagram leaves room: below one that is wide and low, else beside it."""
        whole = self.view.scene().sceneRect()
        is_wide = whole.width() > _WIDE * whole.height() and whole.width() > self.width()
        is_below = self._splitter.orientation() is Qt.Orientation.Vertical
        if is_wide != is_below:
            (self._lay_below if is_wide else self._lay_beside)()

    def _step_list(self, gap: int) -> QWidget:
        """Return the table of steps below its filter."""
        steps = QWidget()
        listed = QVBoxLayout(steps)
        listed.setContentsMargins(0, 0, 0, 0)
        listed.setSpacing(gap)
        for part in (self.text, self.saved, self.table):
            listed.addWidget(part, 1 if part is self.table else 0)
        return steps

    def _connect(self) -> None:
        self.show_button.clicked.connect(self.run)
        self.plan_button.clicked.connect(self.run_plan)
        self.export_button.clicked.connect(self.export)
        self.try_button.clicked.connect(self.try_remediation)
        self.view.box_chosen.connect(self._session.show_key)
        self.view.column_opened.connect(self._open_column)
        self.text.changed.connect(lambda: self.model.show_only(self.text.filter))
        for leaves in (self.text.down, self.text.left):
            leaves.connect(lambda: self.table.setFocus(Qt.FocusReason.OtherFocusReason))
        self.table.step_chosen.connect(self._show_proof)
        self.table.step_selected.connect(self._select_step)
        self.view.box_selected.connect(self._select_steps_of)
        self.view.grow_wanted.connect(self.grow)
        self.detail.more_wanted.connect(self.grow)
        self._later.timeout.connect(self._run_later)
        self._session.snapshot_opened.connect(self._empty)
        self._session.snapshot_closed.connect(self._empty)
        self._session.subject_selected.connect(self._follow)
        self._session.badges_decided.connect(self._paint)

    def _empty(self) -> None:
        self._cancel()
        self._later.stop()
        self.found = None
        self._opened.clear()
        self.message.clear()
        self.start.setCurrentIndex(0)
        self.goal.clear()
        self.goal.addItem(tr("administrator"), ADMINISTRATION)
        self.goal.addItem(tr("the selected principal"), _SELECTED)
        self.model.show_paths(())
        self.detail.show_step(None)
        self.view.show_picture(diagram_of(()))
        self._summary.setText("")
        self._say_nothing(tr(_START))
        self._enable()

    def _say_nothing(self, sentence: str) -> None:
        self._nothing.setText(sentence)
        self._cut.hide()
        self.try_button.hide()
        self._pages.setCurrentIndex(1)

    def _enable(self) -> None:
        has_picture = self.found is not None and bool(self.found.found_paths)
        self.export_button.setEnabled(has_picture)
        self.show_button.setEnabled(self._session.snapshot is not None)
        self.plan_button.setEnabled(self._session.snapshot is not None)
        for button in self._zooms:
            button.setEnabled(has_picture)
        self.title_changed.emit(tr("Attack paths"))

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _wanted(self) -> PathQuery | None:
        """Return the query of the fields; None if a principal has to be selected first."""
        start = self._session.subject_key if self.start.currentData() == _SELECTED else ""
        goal = str(self.goal.currentData())
        goal = self._session.subject_key if goal == _SELECTED else goal
        if self.start.currentData() == _SELECTED and not _is_principal(start):
            return None
        among = self._external_principals() if self.start.currentData() == _EXTERNAL else None
        return PathQuery(start, goal, among) if goal == self.goal.currentData() or _is_principal(goal) else None

    def run(self) -> None:
        """Compute the attack paths of the query."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        if self.start.currentData() == _EXTERNAL and self._session.is_deciding:
            self.message.say(Tone.NOTE, tr("External access is being computed: try again when it is known."))
            return
        wanted = self._wanted()
        if wanted is None:
            self.message.say(Tone.NOTE, tr("Select a user or a role in the navigator first."))
            return
        self.message.clear()
        self._job = self._jobs.run(
            tr("Looking for attack paths"),
            lambda progress, cancelled: find_attack_paths(
                opened, wanted, progress, cancelled, self._session.executor_for(opened)
            ),
            done=self._take,
            failed=self._failed,
            stopped=self._stopped,
            topic="ways",
            patient=True,
        )
        self._enable()

    def _run_later(self) -> None:
        if not self._jobs.is_closed:
            self.run()

    def run_plan(self) -> None:
        """Compute changes that together end all attack paths to administrator."""
        opened = whole_or_report(self._session, self.message)
        if opened is None:
            return
        self.message.clear()
        self._job = self._jobs.run(
            tr("Planning changes that end all attack paths"),
            lambda progress, cancelled: opened.reach(progress, cancelled, self._session.executor_for(opened)).plan(
                progress, cancelled
            ),
            done=self._take_plan,
            failed=self._failed,
            stopped=self._stopped,
            topic="ways",
            patient=True,
        )
        self._enable()

    def show_selected(self) -> None:
        """Show the attack paths of the selected principal."""
        self.start.setCurrentIndex(self.start.findData(_SELECTED))
        self.goal.setCurrentIndex(0)
        self.run()

    def _follow(self, key: str) -> None:
        """Show the attack paths of a newly selected principal, if the query is about the selection."""
        follows = _SELECTED in (self.start.currentData(), self.goal.currentData())
        if follows and self.isVisible() and self.found is not None and _is_principal(key):
            self._later.start()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _stopped(self) -> None:
        self._job = None
        self._enable()

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._enable()
        if not isinstance(error, (RequestError, WorkError)):
            self.message.say(Tone.ERROR, tr("The attack paths could not be computed."))
            raise error
        self.message.say(Tone.WARNING, error_sentence(error))

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, found: PathsFound) -> None:
        self._job = None
        self.found = found
        self._opened.clear()
        self._fill_goals(found)
        self.model.show_paths(found.found_paths)
        self.detail.show_step(None)
        words = _summary(found)
        self._summary.setText(words)
        if found.found_paths:
            self._pages.setCurrentIndex(0)
            self._paint()
        else:
            self._say_nothing(words)
        stops = tr("{what} Ends {count} of these attack paths; remaining: {left}.")
        remediations = " ".join(
            stops.format(
                what=translate(remediation.what),
                count=number(remediation.stops),
                left=number(len(remediation.remaining)),
            )
            for remediation in found.remediations
        )
        self._cut.setText(tr("Remediation: {cuts}").format(cuts=remediations) if remediations else "")
        self._cut.setVisible(bool(remediations))
        self.try_button.setVisible(bool(found.remediations and found.remediations[0].edits))
        self._enable()
        self._session.announce(words)

    def _take_plan(self, plan: Plan) -> None:
        self._job = None
        self.found = None
        self.model.show_paths(())
        words = plan_summary(plan)
        self._summary.setText(words)
        self._say_nothing("\n\n".join((words, *plan_lines(plan))))
        self._enable()
        self._session.announce(words)

    def _fill_goals(self, found: PathsFound) -> None:
        administered = [goal for goal in found.goals if goal.kind is GoalKind.ADMINISTRATION]
        for goal in found.goals:
            if goal.kind is GoalKind.ADMINISTRATION and len(administered) < 2:
                continue
            if self.goal.findData(goal.key) < 0:
                self.goal.addItem(visible(translate(goal.name)), goal.key)

    def _paint(self, _rows: object = None, *, is_grown: bool = False) -> None:
        if self.found is not None:
            picture = diagram_of(self.found.found_paths, self._external_principals(), self._opened)
            self.view.show_picture(picture, is_grown=is_grown)
            if not is_grown:
                self._give_room()

    def _external_principals(self) -> frozenset[str]:
        """Return the roles that can be assumed from outside, as far as computed."""
        opened: Opened | None = self._session.snapshot
        if opened is None:
            return frozenset()
        nodes = opened.outline.nodes
        return frozenset(
            nodes[row].key for row, badges in self._session.badges.items() if Badge.EXTERNAL_ACCESS in badges
        )

    def _open_column(self, level: int) -> None:
        self._opened.add(level)
        self._paint()

    def _select_step(self, step: Step) -> None:
        """Show a step beside the table, with its evidence once it is evaluated, and select its principal."""
        self.view.select(step.source)
        if step is self.detail.step:
            return
        self.detail.show_step(step)
        self._jobs.run(
            tr("Evaluating a step"),
            lambda _progress, _cancelled: step.proof,
            done=lambda proof: self.detail.show_proof(step, proof),
            topic="evidence of a step",
        )

    def _select_steps_of(self, key: str) -> None:
        """Go to the first step of the selected principal in the table."""
        current = self.table.currentIndex()
        steps = self.model.steps
        if not key or (current.isValid() and steps[current.row()].source == key):
            return
        row = next((row for row, step in enumerate(steps) if step.source == key), None)
        if row is not None:
            self.table.selectRow(row)

    def grow(self, principal: str) -> None:
        """Add the paths from a principal of the diagram: one for each first step towards the target."""
        opened, found = self._session.whole, self.found
        if opened is None or found is None or not _is_principal(principal):
            return
        goal = found.wanted.goal

        def work(progress: Progress, cancelled: Cancelled) -> tuple[AttackPath, ...]:
            reach = opened.reach(progress, cancelled, self._session.executor_for(opened))
            return tuple(reach.attack_paths(principal, goal, MAX_PATHS))

        self._job = self._jobs.run(
            tr("Looking for attack paths"),
            work,
            done=lambda more: self._take_more(found, principal, more),
            failed=self._failed,
            stopped=self._stopped,
            topic="ways",
        )

    def _take_more(self, found: PathsFound, principal: str, more: tuple[AttackPath, ...]) -> None:
        self._job = None
        if found is not self.found:
            return
        known = {_identity(one) for one in found.found_paths}
        added = tuple(one for one in more if one.steps and _identity(one) not in known)
        name = principal.rpartition("/")[2]
        if not added:
            self._session.announce(tr("All paths from {name} are shown.").format(name=visible(name)))
            return
        self.found = replace(found, found_paths=(*found.found_paths, *added))
        self.view.select(principal)
        self.model.show_paths(self.found.found_paths)
        self._paint(is_grown=True)
        words = ntr("{count} path from {name} was added.", "{count} paths from {name} were added.", len(added))
        self._session.announce(words.format(count=number(len(added)), name=visible(name)))

    def _show_proof(self, step: Step) -> None:
        """Show the evaluated request that proves a step, the first that is not plainly allowed."""
        self._jobs.run(
            tr("Evaluating a step"),
            lambda _progress, _cancelled: step.proof,
            done=self._take_proof,
            topic="proof of a step",
        )

    def _take_proof(self, proofs: tuple[Proof, ...]) -> None:
        if proofs:
            self._session.show_decision(proofs[0].decision)
        else:
            self._session.announce(tr("No single request proves this step."))

    def try_remediation(self) -> None:
        """Show the effect of the first remediation, which ends most paths, in what-if."""
        if self.found is not None and self.found.remediations:
            try_changes(self, self.found.remediations[0].edits)

    def export(self) -> None:
        """Save the diagram as a file."""
        if self.found is None or not self.found.found_paths:
            self._session.announce(tr("Nothing to export: show attack paths first."))
            return
        self._saver.save_painted(tr("Export diagram"), "attack-paths", PICTURES, self.view.as_file)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the diagram to the panel."""
        super().showEvent(event)
        self.view.fit()


def _identity(path: AttackPath) -> tuple[str, tuple[tuple[str, str], ...]]:
    return path.start, tuple((step.path_id, step.target) for step in path.steps)


def _is_principal(key: str) -> bool:
    return ":iam::" in key and (":user/" in key or ":role/" in key) and "#" not in key


def _summary(found: PathsFound) -> str:
    if found.wanted.start:
        name = found.wanted.start.rpartition("/")[2]
        if found.reached is not None and found.reached.is_administrator and found.wanted.goal == ADMINISTRATION:
            return tr("{name} is an administrator.").format(name=name)
        if not found.found_paths:
            return tr("{name} does not reach the target.").format(name=name)
        proven = [attack_path for attack_path in found.found_paths if attack_path.state is State.PROVEN]
        shortest = min(len(attack_path.steps) for attack_path in proven or found.found_paths)
        count = len(found.found_paths)
        sentence = (
            ntr(
                "{name} reaches the target in {steps}: {count} path, {proven} proven.",
                "{name} reaches the target in {steps}: {count} paths, {proven} proven.",
                count,
            )
            if proven
            else ntr(
                "{name} may reach the target in {steps}: {count} possible path, none proven.",
                "{name} may reach the target in {steps}: {count} possible paths, none proven.",
                count,
            )
        )
        steps = ntr("{count} step", "{count} steps", shortest).format(count=shortest)
        return sentence.format(name=name, steps=steps, count=number(len(found.found_paths)), proven=number(len(proven)))
    if found.wanted.among is not None:
        entered = number(len(found.wanted.among))
        sentence = tr("{count} of {total} roles with external access have an attack path to the target.")
        return sentence.format(count=number(found.starts), total=entered)
    if not found.found_paths:
        return tr("No other principal reaches the target.")
    are_proven = sum(attack_path.state is State.PROVEN for attack_path in found.found_paths)
    sentence = tr("{count} principals have an attack path to the target; {proven} of the paths shown are proven.")
    if found.starts > len(found.found_paths):
        sentence = tr(
            "{count} principals have an attack path to the target; the paths of the nearest {shown} are shown, "
            "{proven} of them proven."
        )
    return sentence.format(count=number(found.starts), shown=number(len(found.found_paths)), proven=number(are_proven))


def plan_summary(plan: Plan) -> str:
    """Return what a plan achieves, in words."""
    if not plan.principals:
        return tr("No principal has an attack path to administrator.")
    sentence = tr(
        "{changes} changes end the attack paths of {ended} of {principals} principals to administrator. They were "
        "chosen one by one and tried on a copy; a smaller set is not ruled out."
    )
    ended = number(plan.principals - len(plan.remaining))
    return sentence.format(changes=number(len(plan.changes)), ended=ended, principals=number(plan.principals))


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield each change of a plan with whose attack paths it ends, and whom else it affects."""
    line = tr(
        "{place}. {what} Principals whose attack paths it ends: {ended}, of which proven: {proven}; others that it "
        "affects: {affected}."
    )
    for place, change in enumerate(plan.changes, start=1):
        yield line.format(
            place=number(place),
            what=visible(translate(change.what)),
            ended=number(len(change.ends)),
            proven=number(len(change.proven)),
            affected=number(len(change.affects)),
        )
