"""The selected step: what it does, the requests that prove it, and what ends it."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from iamdesk.api import Workbench
from iamdesk.attack_paths.types import GoalKind, Proof, State, Step
from iamdesk.export.text.decision import short_arn
from iamdesk.gui.attack_paths.diagram import actions_of
from iamdesk.gui.core.plain_text import plain_label
from iamdesk.gui.core.session import Session
from iamdesk.gui.what_if.try_changes import try_changes
from iamdesk.gui.widgets.link_button import LinkButton
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import mark, tr, translate

_EMPTY = mark("Select a step to see its evidence and what ends it.")


class StepDetail(QScrollArea):
    """Shows one step; its evidence is added when it is evaluated (`show_proof`)."""

    more_wanted = Signal(str)
    """ARN: the diagram is to grow from this principal."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.step: Step | None = None
        self._proof: tuple[Proof, ...] | None = None
        self.setObjectName("stepDetail")
        self.setAccessibleName(tr("Selected step"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.show_step(None)

    def show_step(self, step: Step | None) -> None:
        """Show a step without its evidence; None shows a hint."""
        self.step, self._proof = step, None
        self._fill()

    def show_proof(self, step: Step, proof: tuple[Proof, ...]) -> None:
        """Add the evidence of the step, if it still is the one shown."""
        if step is self.step:
            self._proof = proof
            self._fill()

    def _fill(self) -> None:
        page = QWidget()
        page.setBackgroundRole(QPalette.ColorRole.Base)
        column = QVBoxLayout(page)
        column.setContentsMargins(10, 6, 8, 8)
        column.setSpacing(4)
        if self.step is None:
            column.addWidget(FlowLabel(tr(_EMPTY)))
        else:
            self._show(column, self.step)
        column.addStretch(1)
        self.setWidget(page)  # the scroll area deletes the previous page

    def _show(self, column: QVBoxLayout, step: Step) -> None:
        becomes = short_arn(step.goal.key) if step.goal.kind is GoalKind.PRINCIPAL else step.goal.name
        title = FlowLabel(
            tr("{source} becomes {goal} by {how}").format(
                source=translate(short_arn(step.source)), goal=translate(becomes), how=translate(step.how)
            )
        )
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        column.addWidget(title)
        column.addWidget(FlowLabel(f"{step.path_id} · {' + '.join(actions_of(step.path_id))}"))
        if step.state is not State.PROVEN:
            for fact in step.needs:
                column.addWidget(FlowLabel(tr("Requires {fact}.").format(fact=translate(fact))))
        if self._proof is None:
            column.addWidget(FlowLabel(tr("Evaluating …")))
            return
        self._changes(column)
        self._heading(column, tr("Evidence"))
        for proof in self._proof:
            link = LinkButton(translate(proof.request_text), partial(self._session.show_decision, proof.decision))
            link.setObjectName("askThis")
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
            column.addWidget(FlowLabel(translate(proof.decision.sentence)))
        if not self._proof:
            column.addWidget(FlowLabel(tr("No single request proves this step.")))
        more = LinkButton(
            tr("More paths from {name}").format(name=translate(short_arn(step.source))),
            partial(self.more_wanted.emit, step.source),
        )
        more.setObjectName("growFrom")
        column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _changes(self, column: QVBoxLayout) -> None:
        """Offer to try the step without each statement that allows a part of it."""
        decisions = [proof.decision for proof in self._proof or () if not proof.is_given]
        remediations = Workbench.edits_of_decisions(decisions) if self._session.whole is not None else ()
        if not remediations:
            return
        self._heading(column, tr("Change"))
        column.addWidget(FlowLabel(tr("A statement that ends the step, unless another one allows the same:")))
        for remediation in remediations:
            link = LinkButton(translate(remediation.label), partial(try_changes, self, remediation.edits))
            link.setObjectName("tryThis")
            column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    @staticmethod
    def _heading(column: QVBoxLayout, text: str) -> None:
        label = plain_label(text)
        label.setContentsMargins(0, 6, 0, 0)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        column.addWidget(label)
