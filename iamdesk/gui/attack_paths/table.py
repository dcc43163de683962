"""The steps of the attack paths as a table: the contents of the diagram as text."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from iamdesk.attack_paths.types import AttackPath, GoalKind, State, Step
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.i18n import mark, tr, translate

_COLUMNS = (mark("Principal"), mark("Reaches"), mark("Technique"), mark("ID"), mark("State"))
_MOST_ROWS = 2000

type _Index = QModelIndex | QPersistentModelIndex


class StepsModel(QAbstractTableModel):
    """One row for each step, without duplicates, in the order of the paths."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: tuple[Step, ...] = ()
        self._texts: list[tuple[str, ...]] = []

    def show_paths(self, found_paths: tuple[AttackPath, ...]) -> None:
        """Show the steps of other paths."""
        self.beginResetModel()
        found = {
            (step.path_id, step.source, step.target): step for attack_path in found_paths for step in attack_path.steps
        }
        self.steps = tuple(found.values())[:_MOST_ROWS]
        self._texts = [_texts(step) for step in self.steps]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's name and default
        """Return the number of steps."""
        return 0 if parent.isValid() else len(self.steps)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Return the number of columns."""
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: N802
        """Return the title of a column."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_COLUMNS[section]) if section < len(_COLUMNS) else None
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell; in full in the tooltip, with missing facts."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[index.row()][index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            step = self.steps[index.row()]
            becomes = tr("{source}\nreaches {goal}\nby {how}: {target}").format(
                source=step.source, goal=translate(step.goal.name), how=translate(step.how), target=step.target
            )
            needs = [tr("Requires {fact}.").format(fact=translate(fact)) for fact in step.needs]
            return tooltip_text("\n".join((becomes, *needs)))
        return None


def _texts(step: Step) -> tuple[str, ...]:
    becomes = step.goal.key.rpartition("/")[2] if step.goal.kind is GoalKind.PRINCIPAL else translate(step.goal.name)
    on = "" if step.target in (step.source, step.goal.key) else f" ({step.target.rpartition('/')[2]})"
    state = tr("proven")
    if step.state is not State.PROVEN:
        state = tr("possible, requires {facts}").format(facts="; ".join(map(translate, step.needs)))
    who = step.source.rpartition("/")[2]
    return tuple(visible(text) for text in (who, becomes, f"{translate(step.how)}{on}", step.path_id, state))


class StepsTable(QTableView):
    """The table. Enter shows the proof of a step."""

    step_chosen = Signal(object)
    """Step: Enter or a double click."""
    step_selected = Signal(object)
    """Step."""

    def __init__(self, model: StepsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = model
        self.setObjectName("stepsTable")
        self.setAccessibleName(tr("Steps of the attack paths"))
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setObjectName("stepsColumns")
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        unit = self.fontMetrics().averageCharWidth()
        for column, width in enumerate((16, 16, 28, 12)):
            header.resizeSection(column, unit * width)
        self.setMinimumWidth(unit * 20)
        self.doubleClicked.connect(self._choose)
        self.selectionModel().currentRowChanged.connect(self._select)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.step_chosen.emit(self._steps.steps[index.row()])

    def _select(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self._steps.steps):
            self.step_selected.emit(self._steps.steps[index.row()])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter shows the proof."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)
