"""The rows of the access matrix: filtered and sorted, identical principals grouped. No Qt.

Runs in a worker: thousands of names are searched and sorted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from iamdesk.export.access.matrix import GRAVITY, MANY_SERVICES, AccessMatrix, Profile, ServiceColumn, service_column
from iamdesk.filter_language import Field, FieldKind, FilterFields, Test, quoted
from iamdesk.gui.core.locale import number
from iamdesk.gui.core.notebook import words_of
from iamdesk.gui.core.plain_text import visible
from iamdesk.gui.tables.noted_row import MARKS, TITLE, TITLE_OF_MARKS
from iamdesk.i18n import mark, ntr, tr
from iamdesk.progress import Cancelled, WorkCancelled, never_cancelled
from iamdesk.viewmodel.tree import NodeKind

if TYPE_CHECKING:
    from iamdesk.api import AccessByPrincipal, SnapshotSession
    from iamdesk.notes.model import Note

_NAMED = 12
"""Members of a group that are listed in its title."""
_CHECK_EVERY = 512
_ASKED = 40
"""Principals whose policies are read for the services that they name: of the first ones, and of all."""


class Order(StrEnum):
    """The order of rows."""

    BREADTH = mark("Broadest access first")
    GRAVITY = mark("Most privileged first")
    NAME = mark("By name")
    SERVICE = "service"
    """By one service, most first; `MatrixQuery.service` names it."""


@dataclass(frozen=True, slots=True)
class MatrixPrincipal:
    """One principal."""

    key: str
    """ARN."""
    row: int
    """Row of the outline; -1 for root users, who have none."""
    kind: NodeKind
    name: str
    """As displayed."""
    detail: str
    """Gray text beside the name: the account, if there are several."""

    @property
    def sort_name(self) -> tuple[str, str]:
        """Its sort key among identical principals."""
        return self.name.casefold(), self.key


def _names_word(person: MatrixPrincipal, word: str) -> bool:
    return word in f"{person.name}\n{person.key}\n{person.detail}".casefold()


def matrix_fields(
    note_on: Callable[[str], "Note | None"], has_word: Callable[[str], Test[MatrixPrincipal]]
) -> FilterFields[MatrixPrincipal]:
    """Return what principals of the matrix can be filtered by.

    Args:
        note_on: Returns the user's note on a principal.
        has_word: Returns the test whether a word occurs in a principal; words in its note count, too.
    """

    def words(person: MatrixPrincipal) -> str | None:
        note = note_on(person.key)
        return visible(words_of([note])) if note is not None else None

    def marks(person: MatrixPrincipal) -> tuple[str, ...]:
        note = note_on(person.key)
        return (note.mark.value,) if note is not None and note.mark is not None else ()

    def anywhere(word: str) -> Test[MatrixPrincipal]:
        holds = has_word(word)
        return lambda person: holds(person) or word in (words(person) or "").casefold()

    kinds = (NodeKind.USER, NodeKind.ROLE, NodeKind.SERVICE_LINKED_ROLE)
    return FilterFields(
        (
            Field("name", mark("Name"), lambda person: person.name),
            Field(
                "kind",
                mark("Kind"),
                lambda person: "root user" if person.row < 0 else person.kind.value,
                FieldKind.WORD,
                {**{kind.value: kind.value for kind in kinds}, "root user": mark("root user")},
            ),
            Field("account", mark("Account"), lambda person: (person.key.split(":", 5)[4], person.detail)),
            Field("arn", mark("ARN"), lambda person: person.key),
            Field("note", TITLE, words),
            Field("mark", TITLE_OF_MARKS, marks, FieldKind.WORD, MARKS),
        ),
        anywhere,
    )


MATRIX_FIELDS = matrix_fields(lambda _key: None, lambda word: lambda person: _names_word(person, word))
"""The fields without the user's notes, for the guide."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row of the table: a principal, or a group of identical principals."""

    profile: Profile | None
    """Their effective permissions; None until computed."""
    people: tuple[MatrixPrincipal, ...]
    """In order of their names; one for a single principal."""
    is_member: bool = False
    """Whether it is a member of the group above."""
    is_open: bool = False
    """Whether its members are shown below it."""

    @property
    def is_group(self) -> bool:
        """Whether it contains several principals."""
        return len(self.people) > 1

    @property
    def person(self) -> MatrixPrincipal | None:
        """The principal; None for several."""
        return None if self.is_group else self.people[0]

    @property
    def kind(self) -> NodeKind | None:
        """The kind of all of them; None if they differ."""
        kinds = {person.kind for person in self.people}
        return kinds.pop() if len(kinds) == 1 else None

    @property
    def title(self) -> str:
        """The name, or the number of principals."""
        if not self.is_group:
            return self.people[0].name
        count = len(self.people)
        match self.kind:
            case NodeKind.USER:
                words = ntr("{count} identical user", "{count} identical users", count)
            case NodeKind.ROLE | NodeKind.SERVICE_LINKED_ROLE:
                words = ntr("{count} identical role", "{count} identical roles", count)
            case _:
                words = ntr("{count} identical principal", "{count} identical principals", count)
        return words.format(count=number(count))

    @property
    def detail(self) -> str:
        """Gray text beside the title."""
        if not self.is_group:
            return self.people[0].detail
        names = ", ".join(person.name for person in self.people[:_NAMED])
        return f"{names}, …" if len(self.people) > _NAMED else names


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """Which rows and columns are shown."""

    text: str = ""
    """A filter over `MATRIX_FIELDS`."""
    level: str | None = None
    order: Order = Order.BREADTH
    service: str = ""
    gathers: bool = True
    """Whether identical principals share one row."""
    every_service: bool = False
    """Whether services are shown that only principals with wide access can use."""
    notes: Mapping[str, "Note"] = field(default_factory=dict, hash=False)
    """The user's notes, by item: a copy, which a worker may read."""


@dataclass(frozen=True, slots=True)
class MatrixRows:
    """The rows and columns shown."""

    wanted: MatrixQuery
    lines: tuple[MatrixRow, ...]
    columns: tuple[ServiceColumn, ...]
    """While the matrix is incomplete, services that the policies of some principals name."""
    others: int
    """Services without a column that some principal can use."""
    users: int
    """Number of principals that can perform an action (of the level) in some service."""
    granting: int
    """Number of principals that can change permissions in some service."""
    people: int
    """Principals that pass the filter."""
    is_whole: bool = True
    """Whether the matrix is complete; until then, rows are sorted by name and not grouped."""
    places: Mapping[str, int] = field(default_factory=dict, compare=False)
    """While the matrix is incomplete: the row of each principal."""


class AccessMatrixData:
    """The access matrix of a snapshot, as far as it is computed, with names. May be read from any thread."""

    def __init__(self, opened: "SnapshotSession", access: "AccessByPrincipal") -> None:
        self.map = AccessMatrix()
        self.access = access
        self.opened = opened
        self.people = tuple(_people(opened, access))
        self._by_name = tuple(sorted(self.people, key=lambda one: one.sort_name))

    @property
    def is_whole(self) -> bool:
        """Whether every row is computed."""
        return len(self.map.rows) == len(self.people)

    def small_parts(self) -> list[list[Any]]:
        """Return lists of its many small objects, which are freed in steps after it is dropped."""
        return [list(self.people), list(self._by_name), list(self.map.rows.values()), list(self.map.profiles)]

    def lay_out(self, wanted: MatrixQuery, cancelled: Cancelled = never_cancelled) -> MatrixRows:
        """Return the rows and columns of a query.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        shown = self._accepted(wanted, cancelled)
        if not self.is_whole:
            return self._lay_out_so_far(wanted, shown, cancelled)
        rows = self.map.rows
        lines = (
            _gathered(shown, rows, cancelled) if wanted.gathers else [MatrixRow(rows[one.key], (one,)) for one in shown]
        )
        if cancelled():
            raise WorkCancelled
        columns = self.map.columns(wanted.level)
        seen = columns if wanted.every_service else tuple(one for one in columns if one.is_listed)
        if not seen:
            seen = columns
        if wanted.order is Order.SERVICE and wanted.service not in {one.service for one in columns}:
            wanted = replace(wanted, order=Order.BREADTH, service="")  # no principal can use it at this level
        return MatrixRows(
            wanted,
            tuple(_ordered(lines, wanted)),
            seen,
            len(columns) - len(seen),
            self._count(wanted.level),
            self._count(GRAVITY[-1]),
            len(shown),
        )

    def _lay_out_so_far(
        self, wanted: MatrixQuery, shown: Sequence[MatrixPrincipal], cancelled: Cancelled
    ) -> MatrixRows:
        """Return principals by name, with services that the policies of the first ones and of some others name."""
        asked = dict.fromkeys(
            person.key for person in [*shown[:_ASKED], *self.people[:: len(self.people) // _ASKED + 1]]
        )
        named: Counter[str] = Counter()
        for key in asked:
            if cancelled():
                raise WorkCancelled
            of_one = self.access.services_named(key)
            if len(of_one) <= MANY_SERVICES:
                named.update(of_one)
        services = sorted(named, key=lambda service: (-named[service], service))
        columns = tuple(service_column(service, named[service], is_listed=True) for service in services)
        lines = tuple(MatrixRow(self.map.rows.get(one.key), (one,)) for one in shown)
        places = {person.key: row for row, person in enumerate(shown)}
        return MatrixRows(wanted, lines, columns, 0, 0, 0, len(shown), is_whole=False, places=places)

    def _count(self, level: str | None) -> int:
        return sum(count for profile, count in self.map.profiles.items() if profile.breadth[level])

    def _accepted(self, wanted: MatrixQuery, cancelled: Cancelled) -> Sequence[MatrixPrincipal]:
        found = matrix_fields(wanted.notes.get, self._has_word).read(wanted.text)
        if found.shows_everything:
            return self._by_name
        if cancelled():
            raise WorkCancelled
        return [person for person in self._by_name if found.accepts(person)]

    def _has_word(self, word: str) -> Test[MatrixPrincipal]:
        """Look for a word in principals, and in what they are in, as the navigator does; not in their policies.

        Root users have no row there.
        """
        hits = frozenset(self.opened.search(quoted(word)).hits)
        parents = self.opened.outline.nodes.parents

        def holds(row: int) -> bool:
            while row > 0:
                if row in hits:
                    return True
                row = parents[row]
            return False

        return lambda person: holds(person.row) if person.row >= 0 else _names_word(person, word)


def members_of(line: MatrixRow) -> list[MatrixRow]:
    """Return the member rows of an expanded group."""
    return [MatrixRow(line.profile, (person,), is_member=True) for person in line.people]


def _people(opened: "SnapshotSession", keys: Iterable[str]) -> Iterable[MatrixPrincipal]:
    outline, accounts = opened.outline, opened.accounts
    names: dict[str, str] = {}
    for one in accounts:
        row = outline.rows_by_key.get(one.account_id)
        names[one.account_id] = visible(outline.nodes[row].text if row is not None else one.account_id)
    for key in keys:
        account_id = key.split(":", 5)[4]
        account = names.get(account_id, account_id)
        row = outline.rows_by_key.get(key, -1)
        if row < 0:
            name = tr("root user of {account}").format(account=account)
            yield MatrixPrincipal(key, -1, NodeKind.USER, name, "")
        else:
            node = outline.nodes[row]
            detail = account if len(accounts) > 1 else ""
            yield MatrixPrincipal(key, row, node.kind, visible(node.text), detail)


def _gathered(people: Iterable[MatrixPrincipal], rows: Mapping[str, Profile], cancelled: Cancelled) -> list[MatrixRow]:
    """Return one row for each profile, with its principals in their order."""
    found: dict[Profile, list[MatrixPrincipal]] = {}
    for place, person in enumerate(people):
        if place % _CHECK_EVERY == 0 and cancelled():
            raise WorkCancelled
        found.setdefault(rows[person.key], []).append(person)
    return [MatrixRow(profile, tuple(members)) for profile, members in found.items()]


def _ordered(lines: list[MatrixRow], wanted: MatrixQuery) -> list[MatrixRow]:
    """Return rows in order; equal ones by name."""
    lines.sort(key=lambda line: line.people[0].sort_name)
    if wanted.order is not Order.NAME:
        lines.sort(key=lambda line: _rank(line.profile, wanted) if line.profile is not None else (), reverse=True)
    return lines


def _rank(profile: Profile, wanted: MatrixQuery) -> tuple[int, ...]:
    """Return the sort key of rows, greatest first."""
    level = wanted.level
    match wanted.order:
        case Order.BREADTH:
            return profile.breadth[level], profile.weight[level]
        case Order.GRAVITY:
            return profile.gravity if level is None else (profile.weight[level],)
    service_summary = profile.glances.get(wanted.service)
    if service_summary is None:
        return (0,)
    return service_summary.gravity if level is None else (service_summary.of_level[level],)
