"""The result of a use case, below its decision: assumptions, further resources, and actions."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFormLayout, QSizePolicy, QStyle, QVBoxLayout, QWidget

from iamdesk.gui.ask.autocomplete import AutocompleteService
from iamdesk.gui.ask.decision_notes import DecisionNotes
from iamdesk.gui.ask.parts_list import PartsList
from iamdesk.gui.core.plain_text import plain_label, set_tooltip
from iamdesk.gui.core.theme import Colour, colour
from iamdesk.gui.core.translate import capital
from iamdesk.gui.widgets.completing_field import AutocompleteEdit
from iamdesk.gui.widgets.wrapping_label import FlowLabel
from iamdesk.i18n import tr, translate
from iamdesk.use_cases.types import UseCaseResult


class UseCaseView(QWidget):
    """Shows one result. ``asked`` is emitted with the use case and a further resource, ``part_chosen`` with the
    `EvaluationResult` of an action."""

    asked = Signal(object)
    part_chosen = Signal(object)

    def __init__(self, lookups: AutocompleteService, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lookups = lookups
        self._result: UseCaseResult | None = None
        self.inputs: dict[str, AutocompleteEdit] = {}
        self.notes = DecisionNotes()
        self.parts = PartsList()
        self._heading = plain_label(tr("Required actions"), buddy=self.parts)
        self._sources = FlowLabel()
        self._fields = QWidget()
        self._form = QFormLayout(self._fields)
        self._form.setContentsMargins(6, 0, 6, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._fields.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutVerticalSpacing))
        order: tuple[QWidget, ...] = (self._heading, self.parts, self._fields, self.notes, self._sources)
        for widget in order:
            layout.addWidget(widget)
        layout.addStretch(1)
        self.parts.chosen.connect(self._choose)

    @property
    def result(self) -> UseCaseResult | None:
        """The result shown."""
        return self._result

    def show_result(self, result: UseCaseResult | None) -> None:
        """Show a result; None empties the view."""
        is_same = self._result is not None and result is not None and self._result.use_case.name == result.use_case.name
        self._result = result
        self.parts.rows.fill(result)
        if result is None:
            self._show_inputs({}, {})
            return
        self.notes.show_assumptions(result.assumptions)
        if is_same and list(self.inputs) == list(result.use_case.inputs):
            for name, field in self.inputs.items():  # do not overwrite what the user is typing
                if not field.hasFocus():
                    field.setText(result.request.inputs.get(name, ""))
        else:
            self._show_inputs(result.use_case.inputs, result.request.inputs)
        self._sources.setText(tr("Source: {pages}").format(pages=", ".join(result.use_case.sources)))
        self._tint()

    def _show_inputs(self, wanted: Mapping[str, str], given: Mapping[str, str]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self.inputs = {}
        for name, words in wanted.items():
            label = capital(translate(words))
            field = AutocompleteEdit(label)
            field.setObjectName(f"needInput-{name}")
            field.setText(given.get(name, ""))
            field.setPlaceholderText(tr("an ARN"))
            field.wanted.connect(self._suggester(name, field))
            field.taken.connect(lambda _taken, field=field: None if field.has_placeholder else self._ask())
            field.submitted.connect(self._ask)
            set_tooltip(field, tr("Press Enter to evaluate again with it."))
            self._form.addRow(plain_label(label, buddy=field), field)
            self.inputs[name] = field
        self._fields.setVisible(bool(wanted))

    def _suggester(self, name: str, field: AutocompleteEdit) -> Callable[[str], None]:
        """Return the function that suggests resources for an input: those of the first action evaluated on it."""
        result = self._result
        parts = result.use_case.parts if result is not None else ()
        action = next((part.action for part in parts if part.input == name), "")
        return lambda text: self._lookups.suggest_resources(field, action, text)

    def _ask(self) -> None:
        if self._result is not None:
            named = {name: field.text().lstrip() for name, field in self.inputs.items() if field.text().strip()}
            self.asked.emit(replace(self._result.request, inputs=named))

    def _choose(self, one: object) -> None:
        """Open an evaluated action; for one that lacks a resource, focus that field."""
        result = self._result
        part = next((other for other in result.parts if other is one), None) if result is not None else None
        if part is None:
            return
        if part.decision is not None:
            self.part_chosen.emit(part.decision)
        else:
            self.inputs[part.part.input].setFocus(Qt.FocusReason.OtherFocusReason)

    def _tint(self) -> None:
        quiet = QPalette(self.palette())
        quiet.setColor(QPalette.ColorRole.WindowText, colour(Colour.MUTED, self.palette()))
        self._sources.setPalette(quiet)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Update the colors."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
