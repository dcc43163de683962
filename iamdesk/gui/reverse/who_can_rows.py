"""The rows of the who-can table, their order and their filter. No Qt: made in the worker that asks."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from iamdesk.explain.decision import Decision, Verdict
from iamdesk.export.access_words import granting_statements, how_words, when_words
from iamdesk.export.answer_words import short_arn
from iamdesk.gui.plain_text import visible
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.index.nodes import NodeKind, Outline
from iamdesk.language import mark, shown, tr

if TYPE_CHECKING:
    from iamdesk.export.who_can import Access

VERDICTS = (Verdict.ALLOWED, Verdict.CONDITIONAL)
"""The answers that have rows, in their order."""
VERDICT_TITLES: dict[Verdict, str] = {Verdict.ALLOWED: mark("Allowed"), Verdict.CONDITIONAL: mark("Depends")}
_EVERY_WAY = 12


class Column(IntEnum):
    """The columns, in order."""

    DECISION = 0
    PRINCIPAL = 1
    KIND = 2
    ACCOUNT = 3
    HOW = 4
    WHEN = 5


COLUMN_TITLES: dict[Column, str] = {
    Column.DECISION: mark("Answer"),
    Column.PRINCIPAL: mark("Principal"),
    Column.KIND: mark("Kind"),
    Column.ACCOUNT: mark("Account"),
    Column.HOW: mark("How"),
    Column.WHEN: mark("Under which conditions"),
}
_NOT_YET = "…"


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says in a table: put into words one by one, after the rows are there."""

    how: str
    when: str
    tip: str
    """The statements by name, and the answer in its own sentence."""


def told_of(decision: Decision) -> Told:
    """Put an answer into the words of a row."""
    statements = [f"{line.effect}: {shown(line.name)}" for line in granting_statements(decision)]
    ways = shown(when_words(decision, _EVERY_WAY))
    return Told(
        visible(shown(how_words(decision))),
        visible(shown(when_words(decision))),
        "\n".join(filter(None, (shown(decision.sentence), *statements, ways and tr("When {ways}").format(ways=ways)))),
    )


class WhoCanRow:
    """One principal. What is painted, searched and sorted by is made once; how and when come later."""

    __slots__ = ("_base", "_keys", "access", "account", "haystack", "kind", "texts", "tip")

    def __init__(self, access: "Access", outline: Outline) -> None:
        self.access = access
        principal = access.principal
        row = outline.rows_by_key.get(principal)
        self.kind = outline.nodes[row].kind if row is not None else NodeKind.ACCOUNT
        name = outline.nodes[row].text if row is not None else shown(short_arn(principal))
        parts = principal.split(":", 5)
        self.account = visible(parts[4]) if len(parts) == 6 else ""
        kind = tr("root user") if row is None else tr(self.kind.value)
        self._base = (tr(VERDICT_TITLES[access.decision]), visible(name), kind, self.account)
        self._fill(Told(_NOT_YET, "" if access.decision is Verdict.ALLOWED else _NOT_YET, principal))

    @property
    def principal(self) -> str:
        """Its ARN."""
        return self.access.principal

    def tell(self, told: Told) -> None:
        """Take in what the answer says."""
        self._fill(told)

    def _fill(self, told: Told) -> None:
        self.texts: tuple[str, ...] = (*self._base, told.how, told.when)
        """By column, as shown."""
        self.tip = told.tip
        self.haystack = "\n".join((*self.texts, self.principal)).casefold()
        name = self._base[1].casefold()
        tie = (VERDICTS.index(self.access.decision), name, self.principal)
        self._keys: tuple[SortKey, ...] = (
            tie,
            (name, *tie),
            (self._base[2], *tie),
            (self.account, *tie),
            (told.how.casefold(), *tie),
            (told.when.casefold(), *tie),
        )

    def sort_key(self, column: int) -> SortKey:
        """Return what it is sorted by in a column."""
        return self._keys[column]


@dataclass(frozen=True, slots=True)
class WhoCanFilter:
    """Which rows are shown; every one, where nothing is named."""

    verdicts: frozenset[Verdict] = frozenset()
    text: str = ""
    """Words, each of which must be somewhere in the row."""

    @property
    def shows_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return not (self.verdicts or self.text.strip())

    def lets_through(self, row: WhoCanRow) -> bool:
        """Return whether a row is shown."""
        if self.verdicts and row.access.decision not in self.verdicts:
            return False
        return all(word in row.haystack for word in self.text.casefold().split())
