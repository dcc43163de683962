"""The evaluation result: decision, conditions, policy types in the order of evaluation, statements.

Painted from one `EvaluationResult`. The result of a use case has its own view; each of its actions opens as a result,
with a way back.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QStackedLayout,
    QStackedWidget,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from iamdesk.api import Workbench
from iamdesk.errors import SnapshotError
from iamdesk.escaping import with_visible_end
from iamdesk.evaluate.request import PolicyType, RequestError
from iamdesk.explain.decision import EvaluationResult
from iamdesk.export.decision.text_file import command_line, result_text
from iamdesk.export.decision.use_case import use_case_command, use_case_text
from iamdesk.export.text.decision import scope_words, use_case_decision_words
from iamdesk.gui.ask.autocomplete import AutocompleteService
from iamdesk.gui.ask.decision_card import DecisionCard
from iamdesk.gui.ask.decision_notes import DecisionNotes
from iamdesk.gui.ask.pinned_results import PinnedResults
from iamdesk.gui.ask.policy_type_list import PolicyTypeList
from iamdesk.gui.ask.statement_list import StatementList
from iamdesk.gui.ask.suggestion_list import SuggestionList
from iamdesk.gui.ask.use_case_view import UseCaseView
from iamdesk.gui.core.file_dialogs import FileDialogs
from iamdesk.gui.core.jobs import JobRunner
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.run_command import run_command
from iamdesk.gui.core.session import Session
from iamdesk.gui.core.translate import translated
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.gui.widgets.full_height_list import scrolling
from iamdesk.gui.widgets.icons import Mark
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.message_bar import MessageBar
from iamdesk.gui.widgets.one_or_two_rows import OneOrTwoRows
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate
from iamdesk.progress import Cancelled, Progress
from iamdesk.use_cases.types import DependentActions, UseCaseResult

if TYPE_CHECKING:
    from iamdesk.explain.suggestions import Change, Changes
    from iamdesk.gui.ask.policy_flow import PolicyFlow
    from iamdesk.whatif.edits import Edit

_GREY_AFTER = 100
"""Milliseconds: a result that arrives sooner replaces the previous one without graying it out."""
_NO_REQUEST = mark(
    "No request evaluated yet. Fill in the request bar at the top and press Enter, or type a whole question into one "
    "of its fields. An access-denied message can be pasted anywhere (Ctrl+V)."
)
_NO_SNAPSHOT = mark("Open a snapshot to evaluate requests.")


class DecisionPanel(QWidget):
    """Shows the session's results; evaluates again when a policy type is excluded or a key is filled in."""

    def __init__(
        self, session: Session, jobs: JobRunner, prompts: FileDialogs | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._prompts = prompts or FileDialogs()
        self._session = session
        self._jobs = jobs
        self._decision: EvaluationResult | None = None
        self._is_asked = True
        """Whether the request bar shows the request that was evaluated last."""
        self.use_case = UseCaseView(AutocompleteService(session, jobs, self))
        self.back = LinkButton(tr("Back to the use case"), self._back_to_use_case)
        self.back.setObjectName("backToNeed")
        self.changes = SuggestionList()
        self.card = DecisionCard()
        self.notes = DecisionNotes()
        self.policy_types = PolicyTypeList()
        self.gates: PolicyFlow | None = None
        """The diagram; created when it is first shown."""
        self.pinned = PinnedResults()
        self.pin_button = _button(tr("Pin"), tr("Pin the result, to compare others with it side by side"), "pinResult")
        self.pin_button.setCheckable(True)
        self.draw_button = _button(tr("Diagram"), tr("Show the policy evaluation as a diagram"), "drawLayers")
        self.draw_button.setCheckable(True)
        self.export_button = _button(tr("Export…"), tr("Export evaluation diagram"), "exportLayers")
        self.message = MessageBar()
        self.statements = StatementList()
        self._empty = FlowLabel(tr(_NO_SNAPSHOT))
        self._why_denied = LinkButton(tr("Why was this denied?…"), lambda: run_command(self, "actionWhyDenied"))
        self._nothing = QWidget()
        self._headings = [plain_label(tr("Policy evaluation")), plain_label(tr("Statements"))]
        self._result = QWidget()
        self._body = QWidget()
        self._pages = QStackedWidget()
        self._page, self._use_case_page = scrolling(self._result), scrolling(self.use_case)
        self._lay_out()
        self._veil = _Veil(self._body)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_GREY_AFTER)
        self._slow.timeout.connect(self._grey)
        self._connect()
        self.draw_diagram(False)

    def _lay_out(self) -> None:
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        inside = QVBoxLayout(self._result)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(gap)
        how, statements = self._headings
        buttons = (self.pin_button, 0), (self.draw_button, 0), (self.export_button, 0)
        heading = OneOrTwoRows(((how, 1),), buttons, gap)
        inside.addWidget(self.pinned)
        inside.addWidget(self.notes)
        inside.addWidget(heading)
        inside.addWidget(self.message)
        self._drawn = QVBoxLayout()
        inside.addLayout(self._drawn)
        reasons: tuple[QWidget, ...] = (self.policy_types, self.changes, statements, self.statements)
        for widget in reasons:
            inside.addWidget(widget)
        inside.addStretch(1)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(gap, gap, gap, gap)
        body.setSpacing(gap)
        above: tuple[QWidget, ...] = (self.back, self.card, self._pages)
        for widget in above:
            body.addWidget(widget)
        self._pages.setMinimumHeight(1)  # it scrolls: if there is little room, the decision gets it
        for page in (self._page, self._use_case_page):
            self._pages.addWidget(page)
        self._stack = QStackedLayout(self)
        nothing = QVBoxLayout(self._nothing)
        nothing.setContentsMargins(12, 12, 12, 12)
        nothing.addWidget(self._empty)
        nothing.addWidget(self._why_denied, 0, Qt.AlignmentFlag.AlignLeft)
        nothing.addStretch(1)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._body)
        self._headings[0].setBuddy(self.policy_types)
        self._headings[1].setBuddy(self.statements)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 42)

    def _connect(self) -> None:
        self.pin_button.clicked.connect(self.pinned.switch)
        self.pinned.changed.connect(lambda: self.pin_button.setChecked(self.pinned.is_pinned))
        self.pinned.wanted.connect(self._session.show_decision)
        self.draw_button.clicked.connect(self.draw_diagram)
        self.export_button.clicked.connect(self.export_diagram)
        self.card.copy_result.connect(self.copy_result)
        self.card.copy_command.connect(self.copy_command)
        self.notes.asked.connect(self._enter_card)
        self.notes.use_case_asked.connect(self._enter_card)
        self.notes.asked.connect(self._session.ask)
        self.notes.use_case_asked.connect(self._session.evaluate_use_case)
        self.notes.rule_asked.connect(self._session.show_rule)
        self.use_case.notes.rule_asked.connect(self._session.show_rule)
        self.changes.statement_chosen.connect(self._session.show_statement)
        self.changes.key_chosen.connect(self._session.show_key)
        self.changes.copied.connect(self._session.announce)
        self.changes.try_wanted.connect(self._try)
        self.use_case.asked.connect(self._session.evaluate_use_case)
        self.use_case.part_chosen.connect(self._session.show_decision)
        self.policy_types.rows.switched.connect(self._switch)
        self.statements.chosen.connect(self._session.show_statement)
        self._session.snapshot_opened.connect(self._forget)
        self._session.snapshot_closed.connect(self._forget)
        self._session.request_asked.connect(self._asked)
        self._session.use_case_asked.connect(self._asked)
        self._session.use_case_evaluated.connect(self._use_case_evaluated)
        self._session.request_failed.connect(self._failed)
        self._session.evaluated.connect(self._show_evaluated)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return the handlers of commands by name (``gui/app/commands.py``)."""
        return {
            "actionCopyAnswer": self.copy_result,
            "actionForgetAnswer": self._session.clear_result,
            "actionPin": self.pin,
            "actionDrawLayers": lambda: self.draw_diagram(not self.draws_diagram),
            "actionExportLayers": self.export_diagram,
            "actionExportResult": self.export_result,
        }

    def pin(self) -> None:
        """Pin the result, or remove its pin."""
        if self._decision is None:
            self._session.announce(tr("Nothing to pin: evaluate a request first."))
            return
        self.pinned.switch()

    @property
    def draws_diagram(self) -> bool:
        """Whether the diagram is shown above the list of policy types."""
        return self.gates is not None and not self.gates.isHidden()

    def draw_diagram(self, wanted: bool) -> None:
        """Show or hide the diagram above the list of policy types."""
        if wanted and self.gates is None:
            from iamdesk.gui.ask.policy_flow import PolicyFlow

            self.gates = PolicyFlow(self.policy_types)
            self.gates.show_decision(None if self._decision is None else translated(self._decision))
            self._drawn.addWidget(self.gates)
        if self.gates is not None:
            self.gates.setVisible(wanted)
        self.draw_button.setChecked(wanted)
        self.export_button.setVisible(wanted)

    def export_result(self) -> None:
        """Save the result as text or JSON."""
        from iamdesk.gui.ask import result_files
        from iamdesk.gui.widgets.save_to_file import Saver

        path, result = self._snapshot_path(), self._shown_use_case()
        if result is not None:
            kinds = result_files.of_use_case(result, path)
        elif self._decision is not None:
            kinds = result_files.of_decision(self._decision, path, self.changes.changes)
        else:
            self._session.announce(tr("Nothing to export: evaluate a request first."))
            return
        saver = Saver(self, self._session, self._jobs, self._prompts, self.message, "export result")
        saver.save(tr("Export result"), "result", kinds)

    def export_diagram(self) -> None:
        """Save the diagram."""
        decision = self._decision
        if decision is None:
            self._session.announce(tr("Nothing to export: evaluate a request first."))
            return
        from iamdesk.gui.ask.policy_flow import PolicyFlow
        from iamdesk.gui.core.image_export import PICTURES
        from iamdesk.gui.widgets.save_to_file import Saver

        self.draw_diagram(True)
        gates = self.gates
        if isinstance(gates, PolicyFlow):
            saver = Saver(self, self._session, self._jobs, self._prompts, self.message, "export layers")
            title = tr("Export evaluation diagram")
            saver.save_painted(title, "layers", PICTURES, lambda suffix: gates.as_file(suffix, decision))

    @property
    def is_stale(self) -> bool:
        """Whether the result is grayed out, because it belongs to another request than the last one."""
        return not self._veil.isHidden()

    def hold_for(self, is_asked: bool) -> None:
        """Gray out the result while the request bar shows a request that was not evaluated."""
        self._is_asked = is_asked
        if self._stack.currentWidget() is not self._body or self._session.pending:
            return
        if is_asked:
            self._slow.stop()
        self._show_veil()

    def _show_veil(self) -> None:
        if self._is_asked:
            self._veil.hide()
        else:
            self._veil.cover()
        description = (
            "" if self._is_asked else tr("This is the result of the previous request: the request has changed since.")
        )
        self._body.setAccessibleDescription(description)
        set_tooltip(self._body, description)

    def copy_result(self) -> None:
        """Copy the result as text, with its statements and its CLI command."""
        path, result = self._snapshot_path(), self._shown_use_case()
        if result is not None:
            text, command = use_case_text(result, path), use_case_command(result.request, path)
        elif self._decision is not None:
            text = result_text(self._decision, path, self.changes.changes)
            command = command_line(self._decision.request, path)
        else:
            return
        QApplication.clipboard().setText(f"{text}\n{command}\n")
        self._session.announce(tr("The result was copied."))

    def copy_command(self) -> None:
        """Copy the CLI command of the request."""
        path, result = self._snapshot_path(), self._shown_use_case()
        if result is not None:
            QApplication.clipboard().setText(use_case_command(result.request, path))
        elif self._decision is not None:
            QApplication.clipboard().setText(command_line(self._decision.request, path))
        else:
            return
        self._session.announce(tr("The command was copied."))

    def _shown_use_case(self) -> UseCaseResult | None:
        """Return the result of a use case, if that is shown."""
        is_shown = self._stack.currentWidget() is self._body and self._pages.currentWidget() is self._use_case_page
        return self.use_case.result if is_shown else None

    def _snapshot_path(self) -> str:
        opened = self._session.snapshot
        return str(opened.path) if opened is not None else ""

    def _snapshot_name(self) -> str:
        return Path(self._snapshot_path()).name

    def _switch(self, policy_type: PolicyType, counts: bool) -> None:
        if self._decision is None:
            return
        request = self._decision.request
        without = request.without - {policy_type} if counts else request.without | {policy_type}
        self._session.ask(replace(request, without=frozenset(without)))

    def _asked(self, _request: object) -> None:
        if self._stack.currentWidget() is not self._nothing:
            self._slow.start()

    def _grey(self) -> None:
        self._veil.cover()

    def _enter_card(self, _request: object) -> None:
        """Focus the head of the result: the button that asked goes with its result."""
        self.card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, sentence: str) -> None:
        self._show_message(tr("No result. {sentence}").format(sentence=translate(sentence)))

    def _show_evaluated(self, decision: EvaluationResult | None) -> None:
        if decision is None and self._session.pending:
            return  # another result is being computed
        self._slow.stop()
        self._veil.hide()
        if decision is None:
            self._forget()
            return
        if self._decision is None or _what(self._decision) != _what(decision):
            self._page.verticalScrollBar().setValue(0)
        self._decision = decision
        shown = translated(decision)
        self.card.show_decision(shown, self._snapshot_name())
        self.notes.show_decision(shown)
        self.changes.show_changes(None, self._is_known)
        self.policy_types.rows.fill(shown)
        if self.gates is not None:
            self.gates.show_decision(shown)
        self.statements.fill(shown)
        self._show_pins(decision)
        self.back.setVisible(self._is_part(decision))
        self._show_page(self._page)
        self._show_veil()
        self._announce(shown.sentence)
        self._find_changes(decision)

    def _show_pins(self, decision: EvaluationResult | None) -> None:
        self.pinned.show_current(decision)
        self.pin_button.setChecked(self.pinned.is_pinned)

    def _show_page(self, page: QWidget) -> None:
        self._pages.setCurrentWidget(page)
        self._stack.setCurrentWidget(self._body)

    def _announce(self, sentence: str) -> None:
        words = f"{self.card.decision_text.text()}. {sentence}"
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.card.decision_text, words))

    def _find_changes(self, decision: EvaluationResult) -> None:
        """Compute the changes that would flip the decision, and the dependent actions."""
        opened = self._session.snapshot
        if opened is None:
            return

        def look(_progress: Progress, cancelled: Cancelled) -> "tuple[DependentActions | None, Changes | None]":
            try:
                changes = opened.changes(decision.request, cancelled)
            except (RequestError, SnapshotError):
                # The result for a member of a group is no request of its own. Or the account cannot be read
                # any more, which is reported where it is shown.
                changes = None
            return opened.dependent_actions(decision.request.action), changes

        self._jobs.run(
            tr("Looking for changes that would flip the decision"),
            look,
            done=lambda found: self._found_changes(decision, *found),
            topic="changes",
        )

    def _found_changes(
        self, decision: EvaluationResult, also: DependentActions | None, changes: "Changes | None"
    ) -> None:
        if decision is self._decision:
            self.notes.show_decision(translated(decision), also)
            self.changes.show_changes(changes, self._is_known, lambda change: bool(self._edits_of(change)))

    def _edits_of(self, change: "Change") -> "tuple[Edit, ...]":
        """Return the edits that try a change; none if it cannot be tried."""
        if self._session.whole is None or self._decision is None:
            return ()
        return Workbench.edits_of(change, self._decision.request.principal)

    def _try(self, change: "Change") -> None:
        try_changes(self, self._edits_of(change))

    def _is_known(self, key: str) -> bool:
        opened = self._session.snapshot
        return opened is not None and key in opened.outline.rows_by_key

    # Use cases

    def _use_case_evaluated(self, result: UseCaseResult) -> None:
        self._slow.stop()
        self._veil.hide()
        self._decision = None
        request = result.request.request
        decision_text = translate(use_case_decision_words(result))
        scope = translate(scope_words(request, self._snapshot_name()))
        whole = f"{request.principal}\n{translate(result.use_case.title)}\n{with_visible_end(request.resource)}"
        self.card.show_words(Mark(result.decision), decision_text, translate(result.sentence), scope, whole)
        self.use_case.show_result(result)
        self.back.hide()
        self._show_page(self._use_case_page)
        self._show_veil()
        self._announce(translate(result.sentence))

    def _is_part(self, decision: EvaluationResult) -> bool:
        """Return whether a result is that of an action of the last use case."""
        asked = _what(decision)
        parts = self.use_case.result.parts if self.use_case.result is not None else ()
        return any(one.decision is not None and _what(one.decision) == asked for one in parts)

    def _back_to_use_case(self) -> None:
        if self.use_case.result is not None:
            self._session.evaluate_use_case(self.use_case.result.request)

    def _forget(self) -> None:
        self.pinned.clear()
        self.use_case.show_result(None)
        self._show_message(tr(_NO_REQUEST) if self._session.snapshot is not None else tr(_NO_SNAPSHOT))

    def _show_message(self, sentence: str) -> None:
        self._slow.stop()
        self._veil.hide()
        self._decision = None
        self.changes.show_changes(None, self._is_known)
        self.policy_types.rows.fill(None)
        if self.gates is not None:
            self.gates.show_decision(None)
        self.statements.fill(None)
        self._show_pins(None)
        self.card.decision_text.setText("")
        self._empty.setText(sentence)
        self._why_denied.setVisible(self._session.snapshot is not None)
        self._stack.setCurrentWidget(self._nothing)


def _button(text: str, tip: str, name: str) -> QToolButton:
    made = QToolButton()
    made.setText(text)
    made.setObjectName(name)
    made.setAccessibleName(tip)
    made.setAutoRaise(True)
    set_tooltip(made, tip)
    return made


def _what(decision: EvaluationResult) -> tuple[str, str, str]:
    return decision.request.principal, decision.request.action, decision.request.resource


class _Veil(QWidget):
    """Grays out the widgets below it; clicks pass through."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._covered = covered
        covered.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Cover all of what is covered when its size changes."""
        if event.type() is QEvent.Type.Resize and watched is self._covered:
            self.setGeometry(self._covered.rect())
        return super().eventFilter(watched, event)

    def cover(self) -> None:
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        tint = self.palette().color(QPalette.ColorRole.Window)
        tint.setAlpha(160)
        QPainter(self).fillRect(self.rect(), tint)
