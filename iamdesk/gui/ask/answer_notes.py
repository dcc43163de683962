"""What stands between verdict and layers: what would allow it, and what the answer rests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from iamdesk.evaluate.request import Request
from iamdesk.explain.decision import Decision
from iamdesk.export.answer_words import condition_words, otherwise_words
from iamdesk.gui import marks
from iamdesk.gui.flow_text import FlowLabel
from iamdesk.gui.marks import Drawing, Mark
from iamdesk.gui.plain_text import PlainLabel, plain_label, set_tooltip

_SHOWN = 3
"""Notes of a kind that are shown at once; the others open on a button."""

type Condition = Mapping[str, str | tuple[str, ...] | None]


class AnswerNotes(QWidget):
    """The notes of one answer. ``asked`` comes with a question in which missing context is filled in."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._decision: Decision | None = None
        self._open: set[str] = set()
        self._marks: list[tuple[PlainLabel, Drawing]] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(3)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_decision(self, decision: Decision | None) -> None:
        """Show an answer's notes; the widget hides where there are none."""
        if decision is not self._decision:
            self._open.clear()
        self._decision = decision
        self._clear(self._rows)
        self._marks.clear()
        if decision is None:
            self.hide()
            return
        self._add_all(
            "ways to be allowed", [partial(self._condition_row, decision.request, one) for one in decision.conditions]
        )
        self._add_all("assumptions", [partial(self._note_row, Mark.UNKNOWN, text) for text in _assumptions(decision)])
        self._tint()
        self.setVisible(self._rows.count() > 0)

    def _add_all(self, kind: str, rows: Sequence[Callable[[], QWidget]]) -> None:
        shown = len(rows) if kind in self._open else _SHOWN
        for make in rows[:shown]:
            self._rows.addWidget(make())
        if len(rows) > shown:
            more = QPushButton(f"Show {len(rows) - shown:,} more {kind}")
            more.setFlat(True)
            more.clicked.connect(lambda: self._show_all(kind))
            self._rows.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_all(self, kind: str) -> None:
        self._open.add(kind)
        self.show_decision(self._decision)

    def _condition_row(self, request: Request, condition: Condition) -> QWidget:
        words = condition_words(condition)
        row = self._note_row(Mark.CONDITIONAL, f"Allowed when {words}.")
        button = QPushButton("Fill in")
        button.setObjectName("askWithCondition")
        button.setAccessibleName(f"Fill in: {words}")
        set_tooltip(button, f"Ask again with {words}")
        filled = replace(request, context={**request.context, **condition})
        button.clicked.connect(lambda: self.asked.emit(filled))
        layout = row.layout()
        if layout is not None:
            layout.addWidget(button)
            layout.setAlignment(button, Qt.AlignmentFlag.AlignTop)
        return row

    def _note_row(self, mark: Drawing, text: str) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(6, 0, 6, 0)
        picture = plain_label()
        self._marks.append((picture, mark))
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(FlowLabel(text), 1, Qt.AlignmentFlag.AlignTop)
        return row

    def _clear(self, layout: QLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _tint(self) -> None:
        for label, mark in self._marks:
            label.setPixmap(marks.pixmap(mark, self.palette(), 16, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()


def _assumptions(decision: Decision) -> list[str]:
    return [f"{assumption.message}{otherwise_words(assumption)}" for assumption in decision.assumptions]
