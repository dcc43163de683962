"""The steps of the attack paths as a table: the contents of the diagram as text."""

from collections.abc import Sequence
from enum import IntEnum
from typing import override

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QWidget

from iamdesk.attack_paths.types import AttackPath, GoalKind, State, Step
from iamdesk.filter_language import EVERYTHING, Field, FieldKind, FilterFields
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, NotedRow, marks_of, note_of, or_in_notes
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.tables.rows_table import RowsTable
from iamdesk.i18n import mark, tr, translate

_MAX_ROWS = 2000


class Column(IntEnum):
    """The columns, in order."""

    NUMBER = 0
    PRINCIPAL = 1
    REACHES = 2
    TECHNIQUE = 3
    ID = 4
    STATE = 5


COLUMN_TITLES: dict[Column, str] = {
    Column.NUMBER: mark("No."),
    Column.PRINCIPAL: mark("Principal"),
    Column.REACHES: mark("Reaches"),
    Column.TECHNIQUE: mark("Technique"),
    Column.ID: mark("ID"),
    Column.STATE: mark("State"),
}
_WIDEST: dict[int, str] = {
    Column.NUMBER: "100",
    Column.PRINCIPAL: "GitHubActionsLegac",
    Column.REACHES: "GitHubActionsLe",
    Column.ID: "lambda-001",
    Column.STATE: "possible m",
}
"""Sample texts for the initial column widths."""


class StepRow(NotedRow):
    """One step."""

    __slots__ = ("haystack", "number", "step", "texts")

    def __init__(self, place: int, step: Step) -> None:
        self.number = place
        """Its place among all steps, in the order of the paths."""
        self.step = step
        self.texts = (number(place), *_texts(step))
        """By column, as displayed."""
        self.haystack = "\n".join((*self.texts, step.source, step.target, step.goal.key)).casefold()

    @property
    def noted_items(self) -> Sequence[str]:
        """Who takes the step, and what is reached by it."""
        return (self.step.source, self.step.target, self.step.goal.key)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column."""
        return (self.number,) if column == Column.NUMBER else (self.texts[column].casefold(), self.number)


def _column(name: str, column: Column) -> Field[StepRow]:
    return Field(name, COLUMN_TITLES[column], lambda row: row.texts[column], column=column)


FIELDS: FilterFields[StepRow] = FilterFields(
    (
        Field("number", COLUMN_TITLES[Column.NUMBER], lambda row: row.number, FieldKind.NUMBER, column=Column.NUMBER),
        _column("principal", Column.PRINCIPAL),
        _column("reaches", Column.REACHES),
        _column("technique", Column.TECHNIQUE),
        _column("id", Column.ID),
        Field(
            "state",
            COLUMN_TITLES[Column.STATE],
            lambda row: row.step.state.value,
            FieldKind.WORD,
            {State.PROVEN.value: mark("proven"), State.POSSIBLE.value: mark("possible")},
            Column.STATE,
        ),
        Field("requires", mark("Missing facts"), lambda row: tuple(visible(translate(one)) for one in row.step.needs)),
        Field("arn", mark("ARN"), lambda row: (row.step.source, row.step.target, row.step.goal.key)),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    or_in_notes(lambda word: lambda row: word in row.haystack),
)


class StepsModel(RowsModel[StepRow]):
    """One row for each step, without duplicates, in the order of the paths."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], EVERYTHING, palette, has_notes=True)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The visible steps, in their order."""
        return tuple(row.step for row in self.shown)

    def show_paths(self, found_paths: tuple[AttackPath, ...]) -> None:
        """Show the steps of other paths."""
        found = {
            (step.path_id, step.source, step.target): step for attack_path in found_paths for step in attack_path.steps
        }
        self.clear()
        self.extend([StepRow(place, step) for place, step in enumerate(list(found.values())[:_MAX_ROWS], 1)])

    @override
    def tooltip(self, row: StepRow, column: int) -> str:
        """Return the step in full, with missing facts."""
        step = row.step
        becomes = tr("{source}\nreaches {goal}\nby {how}: {target}").format(
            source=step.source, goal=translate(step.goal.name), how=translate(step.how), target=step.target
        )
        return "\n".join((becomes, *(tr("Requires {fact}.").format(fact=translate(fact)) for fact in step.needs)))


def _texts(step: Step) -> tuple[str, ...]:
    becomes = step.goal.key.rpartition("/")[2] if step.goal.kind is GoalKind.PRINCIPAL else translate(step.goal.name)
    on = "" if step.target in (step.source, step.goal.key) else f" ({step.target.rpartition('/')[2]})"
    state = tr("proven") if step.state is State.PROVEN else tr("possible")  # the tooltip has what it requires
    who = step.source.rpartition("/")[2]
    return tuple(visible(text) for text in (who, becomes, f"{translate(step.how)}{on}", step.path_id, state))


class StepsTable(RowsTable[StepRow]):
    """Enter shows the proof of a step."""

    step_chosen = Signal(object)
    """Step: Enter or a double click."""
    step_selected = Signal(object)
    """Step."""

    def __init__(self, model: StepsModel, parent: QWidget | None = None) -> None:
        super().__init__(
            model,
            name="stepsTable",
            title=tr("Steps of the attack paths"),
            widest=_WIDEST,
            stretched=Column.TECHNIQUE,
            names=Column.PRINCIPAL,
            parent=parent,
        )
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 20)
        self.activated.connect(self._choose)
        self.selectionModel().currentRowChanged.connect(self._select)

    def _choose(self, index: QModelIndex) -> None:
        row = self.rows_model.row_at(index)
        if row is not None:
            self.step_chosen.emit(row.step)

    def _select(self, index: QModelIndex, _before: QModelIndex) -> None:
        row = self.rows_model.row_at(index)
        if row is not None:
            self.step_selected.emit(row.step)
