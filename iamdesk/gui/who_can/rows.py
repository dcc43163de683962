"""The rows of the who-can table, their order and their filter; created in the worker.

A row has its result at once. What explains it comes later: for rows in sight, and where filter or order need it.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from iamdesk.access.who_can import PrincipalKind
from iamdesk.explain.decision import EvalDecision
from iamdesk.export.access.who_can import actions_by_level, who_words
from iamdesk.export.text.decision import short_arn
from iamdesk.filter_language import ANYWHERE, EVERYTHING, Field, FieldKind, Filter, FilterFields
from iamdesk.gui.access.text import LEVEL_NAMES
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, NotedRow, marks_of, note_of, or_in_notes
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.gui.who_can.details import RowDetails
from iamdesk.gui.widgets.icons import Drawing
from iamdesk.i18n import mark, tr, translate
from iamdesk.viewmodel.tree import Badge, NodeKind, Outline

if TYPE_CHECKING:
    from iamdesk.access.who_can import Access, FittingAction, ResourceAccess, Who

LISTED_DECISIONS = (EvalDecision.ALLOWED, EvalDecision.CONDITIONAL)
"""The decisions that have rows, in their order."""
DECISION_TITLES: dict[EvalDecision, str] = {
    EvalDecision.ALLOWED: mark("Allowed"),
    EvalDecision.CONDITIONAL: mark("Depends"),
}


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    PRINCIPAL = 1
    KIND = 2
    ACCOUNT = 3
    HOW = 4
    WHEN = 5


EXPLAINED = frozenset({Column.HOW, Column.WHEN})
"""The columns that say what explains a row."""
COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: mark("Decision"),
    Column.PRINCIPAL: mark("Principal"),
    Column.KIND: mark("Kind"),
    Column.ACCOUNT: mark("Account"),
    Column.HOW: mark("Granted by"),
    Column.WHEN: mark("Conditions"),
}
TITLES_OF_ACTIONS: dict[Column, str] = {
    Column.PRINCIPAL: mark("Principal, action"),
    Column.KIND: mark("Kind, access level"),
    Column.HOW: mark("Actions, how"),
}
"""The column titles if rows contain several actions."""
_NOT_YET = "…"
_ACCOUNT_PART = 5
_INSIDE = (True, 0, 0)
"""First sort key of principals of the snapshot: after external ones (`Who.order`)."""


class WhoCanRow(NotedRow):
    """One principal, or one action of a principal's row. Its details come later."""

    __slots__ = ("_base", "_details", "_front", "_key", "_name_key", "access", "account", "is_external", "kind")

    def __init__(self, access: "Access", outline: Outline) -> None:
        self.access = access
        self._base = (tr(DECISION_TITLES[access.decision]), *self._name(access.who, outline))
        self.set_details(None)

    def _name(self, who: "Who", outline: Outline) -> tuple[str, str, str]:
        """Return name, kind and account as displayed."""
        row = outline.rows_by_key.get(who.principal)
        self.is_external = who.is_external
        self._name_key = (outline.nodes[row].text if row is not None else short_arn(who.principal)).casefold()
        self._front = who.order[:3] if who.is_external else _INSIDE
        parts = who.principal.split(":", 5)
        self.account = sys.intern(visible(parts[4])) if len(parts) > _ACCOUNT_PART else ""
        if who.is_external:
            self.kind: Drawing = Badge.EXTERNAL_ACCESS
            return visible(translate(short_arn(who.principal))), visible(translate(who_words(who))), self.account
        of_root = who.kind is PrincipalKind.ROOT_USER
        self.kind = outline.nodes[row].kind if row is not None else NodeKind.ACCOUNT if of_root else NodeKind.USER
        name = outline.nodes[row].text if row is not None else translate(short_arn(who.principal))
        kind = translate(who_words(who)) if row is None else tr(outline.nodes[row].kind.value)
        return visible(name), kind, self.account

    @property
    def principal(self) -> str:
        """Its ARN, the name of a service, or ``*``."""
        return self.access.principal

    @property
    def noted_items(self) -> Sequence[str]:
        """The principal, unless it is a service or anyone."""
        return (self.principal,) if self.principal.startswith("arn:") else ()

    @property
    def decisions(self) -> frozenset[EvalDecision]:
        """The decisions for which a filter shows the row."""
        is_allowed = self.access.decision is EvalDecision.ALLOWED
        return _decisions(is_allowed, not is_allowed)

    @property
    def mark(self) -> EvalDecision:
        """The decision of its mark."""
        return self.access.decision

    @property
    def accesses(self) -> Iterator["Access"]:
        """Everything that the row contains, for exports."""
        yield self.access

    @property
    def below(self) -> Sequence["WhoCanRow"]:
        """The rows shown below it."""
        return ()

    @property
    def has_details(self) -> bool:
        """Whether it is known what explains it."""
        return self._details is not None

    def set_details(self, details: RowDetails | None) -> None:
        """Show what explains the row; None: not known yet."""
        self._details = details
        self._key: tuple[int, SortKey] | None = None

    @property
    def texts(self) -> Sequence[str]:
        """By column, as displayed."""
        if self._details is None:
            return (*self._base, _NOT_YET, "" if self.mark is EvalDecision.ALLOWED else _NOT_YET)
        return (*self._base, self._details.how, self._details.when)

    @property
    def tip(self) -> str:
        """The tooltip."""
        return self.principal if self._details is None else self._details.tip

    def known(self, column: Column) -> str:
        """Return the text of a column; empty until it is known."""
        return "" if column in EXPLAINED and self._details is None else self.texts[column]

    def holds(self, word: str) -> bool:
        """Return whether a word in lower case occurs in the row, as far as it is known."""
        return word in "\n".join((*map(self.known, Column), self.principal)).casefold()

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column; in the first one, external principals come first."""
        if self._key is None or self._key[0] != column:  # asked many times while rows are inserted
            self._key = column, self._key_in(Column(column))
        return self._key[1]

    def _key_in(self, column: Column) -> SortKey:
        tie = (LISTED_DECISIONS.index(self.mark), self._name_key, self.principal)
        if column is Column.DECISION:
            return (*self._front, *tie)
        text = self.known(column)
        return (text if column in (Column.KIND, Column.ACCOUNT) else text.casefold(), *tie)


class PrincipalRow(WhoCanRow):
    """One principal with all actions that it can perform on a resource, counted by access level."""

    __slots__ = ("_outline", "_rows", "is_open", "of")

    def __init__(self, of: "ResourceAccess", outline: Outline) -> None:
        self.of = of
        self.is_open = False
        self._outline = outline
        self._rows: tuple[ActionRow, ...] | None = None
        name = self._name(of.who, outline)
        self._base = (tr(DECISION_TITLES[self.mark]), *name)
        allowed, conditional = level_counts(of.allowed), level_counts(of.conditional)
        names = action_names((*of.allowed, *of.conditional))
        depends = tr("depends: {counts}").format(counts=conditional) if allowed and conditional else ""
        if not allowed:
            depends = tr("all of them depend")
        self.set_details(RowDetails(allowed or conditional, depends, names))

    def holds(self, word: str) -> bool:
        """Return whether a word in lower case occurs in the row or the names of its actions."""
        return super().holds(word) or word in _folded(self.tip)

    @property
    def count(self) -> int:
        """The number of its actions."""
        return len(self.of.allowed) + len(self.of.conditional)

    @property
    def rows(self) -> "tuple[ActionRow, ...]":
        """Its actions, allowed ones first; created when needed, since thousands of principals have many."""
        if self._rows is None:
            self._rows = tuple(
                ActionRow(self.of, action, decision, self._outline)
                for decision, actions in (
                    (EvalDecision.ALLOWED, self.of.allowed),
                    (EvalDecision.CONDITIONAL, self.of.conditional),
                )
                for action in actions
            )
        return self._rows

    @property
    def principal(self) -> str:
        """The principal of its rows."""
        return self.of.who.principal

    @property
    def decisions(self) -> frozenset[EvalDecision]:
        """The decisions of its actions."""
        return _decisions(bool(self.of.allowed), bool(self.of.conditional))

    @property
    def mark(self) -> EvalDecision:
        """The least restrictive decision."""
        return EvalDecision.ALLOWED if self.of.allowed else EvalDecision.CONDITIONAL

    @property
    def accesses(self) -> Iterator["Access"]:
        """The results of its actions."""
        return self.of.rows()

    @property
    def below(self) -> Sequence[WhoCanRow]:
        """Its actions, while it is expanded."""
        return self.rows if self.is_open else ()


class ActionRow(WhoCanRow):
    """One action of a principal."""

    __slots__ = ("text",)

    def __init__(self, of: "ResourceAccess", action: "FittingAction", decision: EvalDecision, outline: Outline) -> None:
        self.text = action.action
        self.access = of.row(action, decision)
        self._name(of.who, outline)
        self._base = (tr(DECISION_TITLES[decision]), action.action, tr(LEVEL_NAMES[action.level]), "")
        self.set_details(None)

    @property
    def tip(self) -> str:
        """The tooltip."""
        return self.text if self._details is None else self._details.tip


@lru_cache(maxsize=1 << 10)
def _folded(names: str) -> str:
    return names.casefold()


@cache  # four values, which tens of thousands of rows share
def _decisions(is_allowed: bool, is_conditional: bool) -> frozenset[EvalDecision]:
    found = ((EvalDecision.ALLOWED, is_allowed), (EvalDecision.CONDITIONAL, is_conditional))
    return frozenset(decision for decision, is_there in found if is_there)


@lru_cache(maxsize=1 << 10)  # many principals have the same actions
def action_names(actions: "tuple[FittingAction, ...]") -> str:
    """Return the names of actions, for search and tooltip."""
    return ", ".join(dict.fromkeys(one.action for one in actions))


@lru_cache(maxsize=1 << 10)
def level_counts(actions: "tuple[FittingAction, ...]") -> str:
    """Return the number of actions by access level: ``List 3, Read 16``."""
    counted = actions_by_level(actions)
    return ", ".join(f"{tr(LEVEL_NAMES[level])} {number(len(names))}" for level, names in counted.items())


_DECISIONS = {EvalDecision.ALLOWED: "allowed", EvalDecision.CONDITIONAL: "depends"}


def _actions(row: WhoCanRow) -> tuple[str, ...]:
    """Return the names of the actions that a principal can perform."""
    if isinstance(row, PrincipalRow):
        return tuple(one.action for one in (*row.of.allowed, *row.of.conditional))
    return (row.access.request.action,)


FIELDS: FilterFields[WhoCanRow] = FilterFields(
    (
        Field(
            "decision",
            COLUMN_TITLES[Column.DECISION],
            lambda row: tuple(_DECISIONS[one] for one in LISTED_DECISIONS if one in row.decisions),
            FieldKind.WORD,
            {name: DECISION_TITLES[one] for one, name in _DECISIONS.items()},
            Column.DECISION,
        ),
        Field(
            "principal",
            COLUMN_TITLES[Column.PRINCIPAL],
            lambda row: row.texts[Column.PRINCIPAL],
            column=Column.PRINCIPAL,
        ),
        Field("kind", COLUMN_TITLES[Column.KIND], lambda row: row.texts[Column.KIND], column=Column.KIND),
        Field("account", COLUMN_TITLES[Column.ACCOUNT], lambda row: row.account, column=Column.ACCOUNT),
        Field("granted", COLUMN_TITLES[Column.HOW], lambda row: row.known(Column.HOW), column=Column.HOW),
        Field("condition", COLUMN_TITLES[Column.WHEN], lambda row: row.known(Column.WHEN), column=Column.WHEN),
        Field("action", mark("Actions"), _actions),
        Field(
            "external",
            mark("External access"),
            lambda row: "yes" if row.is_external else "no",
            FieldKind.WORD,
            {"yes": mark("yes"), "no": mark("no")},
        ),
        Field("arn", mark("ARN"), lambda row: row.principal),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    or_in_notes(lambda word: lambda row: row.holds(word)),
)


_OF_DETAILS = frozenset({"granted", "condition", ANYWHERE})


@dataclass(frozen=True, slots=True)
class WhoCanFilter:
    """Which rows are shown; all rows if nothing is set."""

    decisions: frozenset[EvalDecision] = frozenset()
    typed: Filter[WhoCanRow] = EVERYTHING

    @property
    def shows_everything(self) -> bool:
        """Whether it hides no row."""
        return not self.decisions and self.typed.shows_everything

    @property
    def needs_details(self) -> bool:
        """Whether it tests what explains a row."""
        return not _OF_DETAILS.isdisjoint(self.typed.tested)

    def accepts(self, row: WhoCanRow) -> bool:
        """Return whether a row is shown: before it is explained, only if that cannot change it."""
        if self.decisions and self.decisions.isdisjoint(row.decisions):
            return False
        if not row.has_details and self.needs_details and not self.typed.plain:
            return False
        return self.typed.accepts(row)
