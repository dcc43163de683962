"""The answer: verdict, what it hangs on, layers in the order of reasoning, statements. Painted from one `Decision`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QStackedLayout, QStyle, QVBoxLayout, QWidget

from iamdesk.evaluate.request import Layer, Request
from iamdesk.explain.decision import Decision
from iamdesk.export.answer_text import answer_text, command_line
from iamdesk.gui.ask.answer_notes import AnswerNotes
from iamdesk.gui.ask.layer_list import LayerList
from iamdesk.gui.ask.statement_list import StatementList
from iamdesk.gui.ask.verdict_card import VerdictCard
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.jobs import JobRunner
from iamdesk.gui.plain_text import plain_label
from iamdesk.gui.session import Session

_GREY_AFTER = 100
"""Milliseconds: an answer that comes sooner replaces the one before without a flicker."""
_NO_QUESTION = "No question yet. Fill in the sentence at the top and press Enter."
_NO_SNAPSHOT = "Answers stand here once a snapshot is open."


class AnswerPanel(QWidget):
    """Follows the session's answers; asks again when a layer is left out or a missing key is filled in."""

    def __init__(self, session: Session, jobs: JobRunner, parent: QWidget | None = None) -> None:  # noqa: ARG002
        super().__init__(parent)
        self._session = session
        self._decision: Decision | None = None
        self.card = VerdictCard()
        self.notes = AnswerNotes()
        self.layers = LayerList()
        self.statements = StatementList()
        self._empty = FlowLabel(_NO_SNAPSHOT)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 12, 12, 12)
        self._headings = [plain_label("How it was decided"), plain_label("Statements")]
        self._answer = QWidget()
        self._lay_out()
        self._veil = _Veil(self._answer)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_GREY_AFTER)
        self._slow.timeout.connect(self._grey)
        self._connect()

    def _lay_out(self) -> None:
        inside = QVBoxLayout(self._answer)
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing)
        inside.setContentsMargins(gap, gap, gap, gap)
        inside.setSpacing(gap)
        inside.addWidget(self.card)
        inside.addWidget(self.notes)
        inside.addWidget(self._headings[0])
        inside.addWidget(self.layers)
        inside.addWidget(self._headings[1])
        inside.addWidget(self.statements, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._answer)
        self._headings[0].setBuddy(self.layers)
        self._headings[1].setBuddy(self.statements)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 36)

    def _connect(self) -> None:
        self.card.copy_answer.connect(self.copy_answer)
        self.card.copy_command.connect(self.copy_command)
        self.notes.asked.connect(self._session.ask)
        self.layers.rows.switched.connect(self._switch)
        self.statements.chosen.connect(self._session.show_statement)
        self._session.snapshot_opened.connect(self._show_nothing)
        self._session.snapshot_closed.connect(self._show_nothing)
        self._session.question_asked.connect(self._asked)
        self._session.question_failed.connect(self._failed)
        self._session.answered.connect(self._answered)

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """Return what menu and keys do here (names of ``gui.actions``)."""
        return {"actionCopyAnswer": self.copy_answer, "actionForgetAnswer": self._session.forget_answer}

    @property
    def is_stale(self) -> bool:
        """Whether what is shown is greyed out: it belongs to another question than the one that was asked last."""
        return not self._veil.isHidden()

    def copy_answer(self) -> None:
        """Put the answer on the clipboard as text, with its statements and the command that asks it."""
        if self._decision is not None:
            path = self._snapshot_path()
            text = answer_text(self._decision, path)
            QApplication.clipboard().setText(f"{text}\n{command_line(self._decision.request, path)}\n")
            self._session.announce("The answer is on the clipboard.")

    def copy_command(self) -> None:
        """Put the command that asks the same question on the clipboard."""
        if self._decision is not None:
            QApplication.clipboard().setText(command_line(self._decision.request, self._snapshot_path()))
            self._session.announce("The command is on the clipboard.")

    def _snapshot_path(self) -> str:
        opened = self._session.snapshot
        return str(opened.snapshot.path) if opened is not None else ""

    def _switch(self, layer: Layer, counts: bool) -> None:
        if self._decision is None:
            return
        request = self._decision.request
        without = request.without - {layer} if counts else request.without | {layer}
        self._session.ask(replace(request, without=frozenset(without)))

    def _asked(self, _request: Request) -> None:
        if self._decision is not None:
            self._slow.start()

    def _grey(self) -> None:
        self._veil.cover()

    def _failed(self, sentence: str) -> None:
        self._say(f"No answer. {sentence}")

    def _answered(self, decision: Decision | None) -> None:
        self._slow.stop()
        self._veil.hide()
        if decision is None:
            self._show_nothing()
            return
        self._decision = decision
        self.card.show_decision(decision, Path(self._snapshot_path()).name)
        self.notes.show_decision(decision)
        self.layers.rows.fill(decision)
        self.statements.fill(decision)
        self._stack.setCurrentWidget(self._answer)
        words = f"{self.card.verdict.text()}. {decision.sentence}"
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.card.verdict, words))

    def _show_nothing(self) -> None:
        self._say(_NO_QUESTION if self._session.snapshot is not None else _NO_SNAPSHOT)

    def _say(self, sentence: str) -> None:
        self._slow.stop()
        self._veil.hide()
        self._decision = None
        self.layers.rows.fill(None)
        self.statements.fill(None)
        self.card.verdict.setText("")
        self._empty.setText(sentence)
        self._stack.setCurrentWidget(self._empty)


class _Veil(QWidget):
    """Greys out what lies below it, and lets every click through."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        tint = self.palette().color(QPalette.ColorRole.Window)
        tint.setAlpha(160)
        QPainter(self).fillRect(self.rect(), tint)
