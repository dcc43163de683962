"""The rows of a comparison, their order and their filter. Created in the worker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from iamdesk.diff.result import Comparison, Effect, Kind, PrincipalDiff, Status, TextChange
from iamdesk.export.text.diff import actions_words, cause_sentences, context_words, principal_words, text_words
from iamdesk.filter_language import EVERYTHING, Field, FieldKind, Filter, FilterFields
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.core.translate import capital
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS, NotedRow, marks_of, note_of, or_in_notes
from iamdesk.gui.tables.rows_model import SortKey
from iamdesk.i18n import mark, tr, translate


class ChangeKind(Enum):
    """The kind of change in a row."""

    GAINED = mark("Gained")
    LOST = mark("Lost")
    INCONCLUSIVE = mark("Inconclusive")
    SAME = mark("Same effect")
    """Reworded, without a change in effect."""


class Column(IntEnum):
    """The columns, in order."""

    SORT = 0
    WHO = 1
    WHAT = 2
    WHERE = 3
    CAUSE = 4


COLUMN_TITLES: dict[Column, str] = {
    Column.SORT: mark("Change"),
    Column.WHO: mark("Principal"),
    Column.WHAT: mark("Actions"),
    Column.WHERE: mark("Resource"),
    Column.CAUSE: mark("Cause"),
}
_RANKS = {sort: rank for rank, sort in enumerate(ChangeKind)}


class CompareRow(NotedRow):
    """One row with all texts for display, search and sorting."""

    __slots__ = ("_keys", "change", "effect", "haystack", "reason", "sort", "subject", "texts")

    def __init__(
        self,
        sort: ChangeKind,
        subject: str,
        what: str,
        where: str,
        why: str,
        *,
        words: str = "",
        effect: Effect | None = None,
        change: TextChange | None = None,
    ) -> None:
        self.sort = sort
        self.subject = subject
        """ARN or key of its principal or resource."""
        self.effect = effect
        self.change = change
        self.reason = why
        self.texts = tuple(
            visible(text) for text in (tr(sort.value), translate(_name_first(subject)), what, where, why)
        )
        self.haystack = "\n".join((*self.texts, subject, words)).casefold()
        tie = (_RANKS[sort], subject, where, what)
        self._keys: tuple[SortKey, ...] = (
            tie,
            (_name_first(subject).casefold(), *tie),
            (what.casefold(), *tie),
            (where.casefold(), *tie),
            (why.casefold(), *tie),
        )

    @property
    def noted_items(self) -> Sequence[str]:
        """The principal, policy or resource that has changed."""
        return (self.subject,)

    def sort_key(self, column: int) -> SortKey:
        """Return the sort key in a column."""
        return self._keys[column]


def rows_of(found: Comparison) -> tuple[CompareRow, ...]:
    """Return the rows of a comparison."""
    return (*_effects(found), *_doubts(found), *_texts(found))


def _effects(found: Comparison) -> Iterator[CompareRow]:
    for effect in found.effects():
        names = found.names(effect.actions)
        actions, when = translate(actions_words(names, 3)), translate(context_words(effect))
        yield CompareRow(
            ChangeKind.GAINED if effect.kind is Kind.GAINED else ChangeKind.LOST,
            effect.principal,
            tr("{actions}, for example when {context}").format(actions=actions, context=when) if when else actions,
            translate(effect.where),
            " ".join(map(translate, cause_sentences(effect))),
            words="\n".join(names),
            effect=effect,
        )


def _doubts(found: Comparison) -> Iterator[CompareRow]:
    states: tuple[PrincipalDiff, ...] = (
        *found.principals.values(),
        *(one for one in found.resources.values() if one.status is Status.INCONCLUSIVE),
    )
    for state in states:
        for doubt in state.doubts:
            yield CompareRow(ChangeKind.INCONCLUSIVE, state.arn, "", "", translate(doubt))


def _texts(found: Comparison) -> Iterator[CompareRow]:
    for change in found.texts:
        if not change.has_effect:
            sort = ChangeKind.INCONCLUSIVE if change.is_doubtful else ChangeKind.SAME
            if change.gives is not None:
                sort = ChangeKind.GAINED if change.gives else ChangeKind.LOST
            words = capital(translate(text_words(change)))
            yield CompareRow(sort, change.cause.subject, words, "", translate(change.cause.sentence), change=change)


def _name_first(subject: str) -> str:
    """Return the name of a principal before its path, so that a narrow column shows it: ``alice · user/sales``."""
    words = principal_words(subject)
    path, slash, name = words.rpartition("/")
    is_named = subject.startswith("arn:") and subject.split(":", 5)[2] == "iam" and subject.endswith(words)
    return f"{name} · {path}" if slash and is_named else words


_CHANGES = {
    "gained": ChangeKind.GAINED,
    "lost": ChangeKind.LOST,
    "inconclusive": ChangeKind.INCONCLUSIVE,
    "same": ChangeKind.SAME,
}
_NAMES = {sort: name for name, sort in _CHANGES.items()}


FIELDS: FilterFields[CompareRow] = FilterFields(
    (
        Field(
            "change",
            COLUMN_TITLES[Column.SORT],
            lambda row: _NAMES[row.sort],
            FieldKind.WORD,
            {name: sort.value for name, sort in _CHANGES.items()},
            Column.SORT,
        ),
        Field(
            "principal",
            COLUMN_TITLES[Column.WHO],
            lambda row: translate(principal_words(row.subject)),
            column=Column.WHO,
        ),
        Field("action", COLUMN_TITLES[Column.WHAT], lambda row: row.texts[Column.WHAT], column=Column.WHAT),
        Field("resource", COLUMN_TITLES[Column.WHERE], lambda row: row.texts[Column.WHERE], column=Column.WHERE),
        Field("cause", COLUMN_TITLES[Column.CAUSE], lambda row: row.texts[Column.CAUSE], column=Column.CAUSE),
        Field("arn", mark("ARN"), lambda row: row.subject),
        Field("note", TITLE, note_of, column=len(Column)),
        Field("mark", TITLE_OF_MARKS, marks_of, FieldKind.WORD, MARKS),
    ),
    or_in_notes(lambda word: lambda row: word in row.haystack),
)


@dataclass(frozen=True, slots=True)
class CompareFilter:
    """Which rows are shown; all rows if nothing is set."""

    sort: ChangeKind | None = None
    typed: Filter[CompareRow] = EVERYTHING

    def accepts(self, row: CompareRow) -> bool:
        """Return whether a row is shown."""
        if self.sort is not None and row.sort is not self.sort:
            return False
        return self.typed.accepts(row)
