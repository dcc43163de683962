"""The notes between decision and policy types: conditions, dependent actions, assumptions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import Assumption, EvaluationResult
from iamdesk.export.decision.use_case import passed_role_words
from iamdesk.export.text.decision import access_words
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import PlainLabel, plain_label, set_tooltip
from iamdesk.gui.core.translate import assumption_words
from iamdesk.gui.help import help_pages
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Drawing, Glyph, Mark
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import join_names, ntr, tr, translate
from iamdesk.use_cases.types import DependentActions, UseCaseRequest

_FEW = 26
"""Characters of a note beside which its buttons have a place."""
_SHOWN = 3
"""Notes of a kind that are shown at first; a button shows the others."""
_SHOWN_ACTIONS = 4
_REFUSALS = {
    "credentials": "I10",
    "partition": "D6",
    "aws-owned": "I5",
    "owner-alone": "D8",
    "kms-cross-account": "I1",
    "assume-root": "E14",
    "no-function-url": "D8",
}
"""Evaluation rules of refusals that no policy can change, by their word in `EvaluationResult.blocked_by`."""

type Condition = Mapping[str, str | tuple[str, ...] | None]


class DecisionNotes(QWidget):
    """The notes of one result.

    ``asked`` is emitted with a request whose context is filled in, ``use_case_asked`` with the use case of all
    dependent actions, ``rule_asked`` with the id of an evaluation rule.
    """

    asked = Signal(object)
    use_case_asked = Signal(object)
    rule_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._decision: EvaluationResult | None = None
        self._also: DependentActions | None = None
        self._assumptions: tuple[Assumption, ...] = ()
        self._open: set[str] = set()
        self._marks: list[tuple[PlainLabel, Drawing]] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(3)
        # Not Maximum: that is the height of the text on one line, and would cut off wrapped text.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_decision(self, decision: EvaluationResult | None, also: DependentActions | None = None) -> None:
        """Show the notes of a result, and its dependent actions; hide if there are none."""
        if decision is not self._decision:
            self._open.clear()
        self._decision, self._also = decision, also
        self._assumptions = decision.assumptions if decision is not None else ()
        self._fill()

    def show_assumptions(self, assumptions: Sequence[Assumption]) -> None:
        """Show assumptions only."""
        self._open.clear()
        self._decision = self._also = None
        self._assumptions = tuple(assumptions)
        self._fill()

    def _fill(self) -> None:
        self._clear(self._rows)
        self._marks.clear()
        decision = self._decision
        if decision is not None:
            conditions: dict[str, Condition] = {}
            for one, words in zip(decision.conditions, map(translate, access_words(decision)), strict=True):
                conditions.setdefault(words, one)
            self._add_all(
                "ways",
                [partial(self._condition_row, decision.request, one, words) for words, one in conditions.items()],
            )
            for rule in [_REFUSALS[word] for word in decision.blocked_by if word in _REFUSALS]:
                row = self._note_row(Glyph.INFO, tr("AWS decides this independently of policies."))
                self._rows.addWidget(self._with_rule(row, rule))
            if self._also is not None:
                self._rows.addWidget(self._also_row(decision.request, self._also))
        self._add_all("assumptions", [partial(self._assumption_row, one) for one in self._assumptions])
        self._tint()
        self.setVisible(self._rows.count() > 0)

    def _add_all(self, kind: str, rows: Sequence[Callable[[], QWidget]]) -> None:
        translate = len(rows) if kind in self._open else _SHOWN
        for make in rows[:translate]:
            self._rows.addWidget(make())
        if len(rows) > translate:
            hidden = len(rows) - translate
            more = QPushButton(_more(kind, hidden).format(count=number(hidden)))
            more.setFlat(True)
            more.clicked.connect(lambda: self._show_all(kind))
            self._rows.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_all(self, kind: str) -> None:
        self._open.add(kind)
        self._fill()

    def _condition_row(self, request: Request, condition: Condition, words: str) -> QWidget:
        row = self._note_row(Mark.CONDITIONAL, tr("Allowed when {words}.").format(words=words))
        button = QPushButton(tr("Fill in"))
        button.setObjectName("askWithCondition")
        button.setAccessibleName(tr("Fill in: {condition}").format(condition=words))
        set_tooltip(button, tr("Ask again with {condition}").format(condition=words))
        filled = replace(request, context={**request.context, **condition})
        button.clicked.connect(lambda: self.asked.emit(filled))
        row.add_button(button)
        return row

    def _assumption_row(self, assumption: Assumption) -> QWidget:
        row = self._note_row(Mark.UNKNOWN, assumption_words(assumption))
        known = help_pages.rules_by_code().get(assumption.code)
        for rule in assumption.rules or ((known,) if known is not None else ()):
            self._with_rule(row, rule)
        return row

    def _with_rule(self, row: "_NoteRow", rule: str) -> "_NoteRow":
        """Add a link to an evaluation rule in the user guide."""
        button = QPushButton(tr("Why? Rule {id}").format(id=rule))
        button.setObjectName("openRule")
        button.setAccessibleName(tr("Evaluation rule {id} in the user guide").format(id=rule))
        set_tooltip(button, tr("Open the user guide at evaluation rule {id}").format(id=rule))
        button.setFlat(True)
        button.clicked.connect(partial(self.rule_asked.emit, rule))
        row.add_button(button)
        return row

    def _also_row(self, request: Request, also: DependentActions) -> QWidget:
        others = [action for action in also.actions if action != "iam:PassRole"]
        sentences = (
            [tr("Also needs {role}.").format(role=translate(passed_role_words(also)))] if also.passes_role else []
        )
        sentences += [tr("May also need {actions}.").format(actions=_some(others))] if others else []
        row = self._note_row(Glyph.INFO, " ".join(sentences))
        button = QPushButton(tr("Ask all"))
        button.setObjectName("askAlsoNeeded")
        button.setAccessibleName(tr("Evaluate {action} with its dependent actions").format(action=also.action))
        set_tooltip(
            button,
            tr("Evaluate {action} with its dependent actions, also on a role that you name").format(action=also.action),
        )
        use_case_request = UseCaseRequest(replace(request, action=also.action))
        button.clicked.connect(lambda: self.use_case_asked.emit(use_case_request))
        row.add_button(button)
        return row

    def _note_row(self, mark: Drawing, text: str) -> "_NoteRow":
        picture = plain_label()
        self._marks.append((picture, mark))
        return _NoteRow(picture, FlowLabel(text, code=True), self)

    def _clear(self, layout: QLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _tint(self) -> None:
        for label, drawing in self._marks:
            label.setPixmap(icons.pixmap(drawing, self.palette(), 16, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()


class _NoteRow(QWidget):
    """A note with its buttons: beside it or, where there is no room, below it."""

    def __init__(self, picture: QWidget, text: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = text
        self._buttons = QHBoxLayout()
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(6, 0, 6, 0)
        self._layout.setColumnStretch(1, 1)
        self._layout.addWidget(picture, 0, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(text, 0, 1, Qt.AlignmentFlag.AlignTop)
        self._layout.addLayout(self._buttons, 0, 2, Qt.AlignmentFlag.AlignTop)
        self._is_below = False

    def add_button(self, button: QPushButton) -> None:
        """Add a button to the note."""
        self._buttons.addWidget(button)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width with which the buttons are below the note."""
        least = super().minimumSizeHint()
        wanted = self._buttons.minimumSize().width() + self.fontMetrics().height() * 2
        return QSize(min(least.width(), wanted), least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Place the buttons."""
        super().resizeEvent(event)
        room = self.width() - self._buttons.sizeHint().width()
        is_below = self._buttons.count() > 0 and room < self.fontMetrics().averageCharWidth() * _FEW
        if is_below is self._is_below:
            return
        self._is_below = is_below
        self._layout.removeItem(self._buttons)
        self._buttons.setParent(None)
        row, column = (1, 1) if is_below else (0, 2)
        beside = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        self._layout.addLayout(self._buttons, row, column, beside)
        self.updateGeometry()


def _more(kind: str, hidden: int) -> str:
    """Return the text of the button that shows the hidden notes of a kind."""
    if kind == "ways":
        return ntr("Show {count} more set of values", "Show {count} more sets of values", hidden)
    return ntr("Show {count} more assumption", "Show {count} more assumptions", hidden)


def _some(actions: Sequence[str]) -> str:
    return translate(join_names(actions, _SHOWN_ACTIONS))
