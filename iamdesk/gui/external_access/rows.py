"""The rows of the external access table, their order, their filter and their model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, override

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette

from iamdesk.evaluate.request import EvalDecision
from iamdesk.filter_language import EVERYTHING, Field, FieldKind, Filter, FilterFields
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, NotedRow, marks_of, note_of, or_in_notes
from iamdesk.gui.tables.rows_model import RowsModel, SortKey
from iamdesk.gui.widgets import icons
from iamdesk.gui.widgets.icons import Glyph, Mark
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
    Column.ENTERS: mark("Role or resource"),
    Column.CONDITION: mark("Condition"),
    Column.CAN_DO: mark("Can do"),
    Column.ADMINISTRATOR: mark("Becomes administrator in"),
    Column.LAST_USED: mark("Last used"),
}


class ExternalRow(NotedRow):
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
        is_open = entry.decision is EvalDecision.ALLOWED
        condition = translate(entry.condition) or (tr("no condition") if is_open else tr("depends"))
        self.texts = (
            kind if kind.startswith(who) else f"{who} · {kind}",
            visible(translate(entry.target_text)),
            visible(condition),
            visible(translate(entry.can_do)),
            becomes,
            visible(translate(entry.last_used)),
        )
        self.haystack = "\n".join(
            (*self.texts, entry.who, entry.target, translate(entry.part), entry.action)
        ).casefold()
        tie = (not entry.is_anyone, not is_open, self.texts[0].casefold(), entry.target)
        self._keys: tuple[SortKey, ...] = (
            tie,
            (self.texts[Column.ENTERS].casefold(), *tie),
            (int(not is_open), self.texts[Column.CONDITION].casefold(), *tie),
            (self.texts[Column.CAN_DO].casefold(), *tie),
            (_NO_PATH if self.steps is None else self.steps, *tie),
            (_age(entry.used), *tie),
        )

    @property
    def noted_items(self) -> Sequence[str]:
        """The role or resource, then who enters it."""
        return (self.entry.target, self.entry.who)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column; in the first one, anyone comes first."""
        return self._keys[column]


def _age(used: date | str | None) -> int:
    """Return the sort key of a last use: the latest first, then never, unknown, and what has none."""
    return -used.toordinal() if isinstance(used, date) else {"never": 1, "unknown": 2}.get(used or "", 3)


FIELDS: FilterFields[ExternalRow] = FilterFields(
    (
        Field("who", COLUMN_TITLES[Column.WHO], lambda row: row.texts[Column.WHO], column=Column.WHO),
        Field("enters", COLUMN_TITLES[Column.ENTERS], lambda row: row.texts[Column.ENTERS], column=Column.ENTERS),
        Field(
            "kind",
            mark("Role or a resource"),
            lambda row: "role" if row.entry.is_role else "resource",
            FieldKind.WORD,
            {"role": mark("role"), "resource": mark("resource")},
        ),
        Field(
            "condition",
            COLUMN_TITLES[Column.CONDITION],
            lambda row: row.texts[Column.CONDITION],
            column=Column.CONDITION,
        ),
        Field("can", COLUMN_TITLES[Column.CAN_DO], lambda row: row.texts[Column.CAN_DO], column=Column.CAN_DO),
        Field(
            "administrator",
            COLUMN_TITLES[Column.ADMINISTRATOR],
            lambda row: row.texts[Column.ADMINISTRATOR],
            column=Column.ADMINISTRATOR,
        ),
        Field("steps", mark("Steps to administrator"), lambda row: row.steps, FieldKind.NUMBER),
        Field(
            "used",
            COLUMN_TITLES[Column.LAST_USED],
            lambda row: row.entry.used,
            FieldKind.DATE,
            {"never": mark("never"), "unknown": mark("not captured")},
            Column.LAST_USED,
        ),
        Field("arn", mark("ARN"), lambda row: (row.entry.who, row.entry.target)),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    or_in_notes(lambda word: lambda row: word in row.haystack),
)


@dataclass(frozen=True, slots=True)
class ExternalFilter:
    """Which rows are shown."""

    typed: Filter[ExternalRow] = EVERYTHING
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
        return self.typed.accepts(row)


class ExternalModel(RowsModel[ExternalRow]):
    """All rows, of which the filter shows some."""

    def __init__(self, palette: QPalette) -> None:
        super().__init__([tr(COLUMN_TITLES[column]) for column in Column], ExternalFilter(), palette, has_notes=True)

    def repaint(self, palette: QPalette) -> None:
        """Use the colors of another palette."""
        self._who = icons.icon(Badge.EXTERNAL_ACCESS, palette)
        self._kinds = {True: icons.icon(NodeKind.ROLE, palette), False: icons.icon(NodeKind.RESOURCE, palette)}
        self._decisions = {
            EvalDecision.ALLOWED: icons.icon(Glyph.WARNING, palette),  # nothing limits the caller: no tick
            EvalDecision.CONDITIONAL: icons.icon(Mark.CONDITIONAL, palette),
        }
        self._administrator = icons.icon(Badge.ADMINISTRATOR, palette)
        super().repaint(palette)

    @override
    def tooltip(self, row: ExternalRow, column: int) -> str:
        target = "\n".join(filter(None, (row.entry.target, visible(translate(row.entry.part)))))
        return {Column.WHO: row.entry.who, Column.ENTERS: target}.get(Column(column), row.texts[column])

    @override
    def look(self, row: ExternalRow, column: int, role: int) -> Any:
        return self._decoration(row, Column(column)) if role == Qt.ItemDataRole.DecorationRole else None

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
