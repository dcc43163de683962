"""The rows of the external access table, their order, their filter and their model."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette

from iamdesk.evaluate.request import EvalDecision
from iamdesk.gui.core.plain_text import tooltip_text, visible
from iamdesk.gui.tables.rows_model import Index, RowsModel, SortKey
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Mark
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.pages import ExternalEntry
from iamdesk.viewmodel.tree import Badge, NodeKind

_PENDING = "…"
_NO_PATH = 1_000
"""Sorts after any number of steps."""


class Column(IntEnum):
    """The columns, in order."""

    WHO = 0
    ENTERS = 1
    CONDITION = 2
    CAN_DO = 3
    ADMINISTRATOR = 4
    LAST_USED = 5


COLUMN_TITLES: dict[Column, str] = {
    Column.WHO: mark("Who"),
    Column.ENTERS: mark("Enters"),
    Column.CONDITION: mark("Condition"),
    Column.CAN_DO: mark("Can do"),
    Column.ADMINISTRATOR: mark("Becomes administrator in"),
    Column.LAST_USED: mark("Last used"),
}


class ExternalRow:
    """One external caller of one role or resource. How it becomes administrator is added later."""

    __slots__ = ("_keys", "entry", "haystack", "steps", "texts")

    def __init__(self, entry: ExternalEntry) -> None:
        self.entry = entry
        self.steps: int | None = None
        self.texts: tuple[str, ...] = ()
        """By column, as displayed."""
        self._fill(_PENDING if entry.is_role else "")

    def set_administrator(self, text: str, steps: int | None) -> None:
        """Add what its role becomes, and in how many steps; None without an attack path."""
        self.steps = steps
        self._fill(visible(translate(text)))

    def _fill(self, becomes: str) -> None:
        entry = self.entry
        who, kind = visible(translate(entry.who_text)), visible(translate(entry.who_kind))
        condition = translate(entry.condition) or tr("none")
        self.texts = (
            kind if kind.startswith(who) else f"{who} · {kind}",
            visible(translate(entry.target_text)),
            visible(condition),
            visible(translate(entry.can_do)),
            becomes,
            visible(translate(entry.last_used)),
        )
        self.haystack = "\n".join((*self.texts, entry.who, entry.target, entry.action)).casefold()
        is_open = entry.decision is EvalDecision.ALLOWED
        tie = (not entry.is_anyone, not is_open, self.texts[0].casefold(), entry.target)
        self._keys: tuple[SortKey, ...] = (
            tie,
            (self.texts[Column.ENTERS].casefold(), *tie),
            (int(not is_open), self.texts[Column.CONDITION].casefold(), *tie),
            (self.texts[Column.CAN_DO].casefold(), *tie),
            (_NO_PATH if self.steps is None else self.steps, *tie),
            (self.texts[Column.LAST_USED].casefold(), *tie),
        )

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column; in the first one, anyone comes first."""
        return self._keys[column]


@dataclass(frozen=True, slots=True)
class ExternalFilter:
    """Which rows are shown."""

    text: str = ""
    """Words, all of which have to occur in the row."""
    anyone: bool = False
    """Whether only rows of anyone are shown."""
    without_condition: bool = False
    """Whether only rows without conditions are shown."""

    def accepts(self, row: ExternalRow) -> bool:
        """Return whether a row is shown."""
        if self.anyone and not row.entry.is_anyone:
            return False
        if self.without_condition and row.entry.decision is not EvalDecision.ALLOWED:
            return False
        return all(word in row.haystack for word in self.text.casefold().split())


class ExternalModel(RowsModel[ExternalRow]):
    """All rows, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], ExternalFilter(), palette)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._who = icons.icon(Badge.OUTSIDER, palette)
        self._kinds = {True: icons.icon(NodeKind.ROLE, palette), False: icons.icon(NodeKind.RESOURCE, palette)}
        self._decisions = {
            one: icons.icon(Mark(one), palette) for one in (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
        }
        self._administrator = icons.icon(Badge.ADMINISTRATOR, palette)
        super().repaint(palette)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return texts and marks."""
        row = self.row_at(index)
        if row is None:
            return None
        column = Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip_text(
                    {Column.WHO: row.entry.who, Column.ENTERS: row.entry.target}.get(column, row.texts[column])
                )
            case Qt.ItemDataRole.DecorationRole:
                return self._decoration(row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{tr(COLUMN_TITLES[column])}: {row.texts[column]}"
        return None

    def _decoration(self, row: ExternalRow, column: Column) -> Any:
        match column:
            case Column.WHO:
                return self._who
            case Column.ENTERS:
                return self._kinds[row.entry.is_role]
            case Column.CONDITION:
                return self._decisions[row.entry.decision]
            case Column.ADMINISTRATOR if row.steps == 0:
                return self._administrator
        return None
