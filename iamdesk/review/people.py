"""Persons: a list of people (from HR or a directory, as CSV) joined with the principals of a snapshot.

The join is frozen when the review is created: whose an IAM user, an Identity Center user or a tagged role is, and which
roles these reach. It says who left, who moved, and which users no person of the list is for.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from iamdesk.errors import ReviewError
from iamdesk.escaping import visible
from iamdesk.i18n import mark, phrase
from iamdesk.inventory.permission_sets import permission_set_of
from iamdesk.review.csv_table import CsvTable, read_table, wrong_row
from iamdesk.review.items import ReviewItem
from iamdesk.snapshot.model import Snapshot

PEOPLE = "people"
"""Detail in a review's head with the joined list (JSON, `People.as_text`)."""
_LEFT = frozenset({"left", "leaver", "terminated", "inactive", "former", "ended", "departed"})
_ACTIVE = frozenset({"", "active", "employed", "current", "on leave", "leave"})
_COLUMNS: Mapping[str, str] = {"name": "user", "email": "email", "arn": "principal", "tag": "email"}
"""By kind of key, the column of the list that it is compared with by default."""


class PersonState(StrEnum):
    """What the list says about a person."""

    ACTIVE = "active"
    LEFT = "left"
    MOVED = "moved"
    """Another department, title or manager than in the previous review, or a ``moved`` day in the period."""
    UNKNOWN = "unknown"
    """No person of the list is for the principal."""


STATE_WORDS: Mapping[PersonState, str] = {
    PersonState.ACTIVE: mark("Active"),
    PersonState.LEFT: mark("Left"),
    PersonState.MOVED: mark("Moved"),
    PersonState.UNKNOWN: mark("Unknown"),
}


@dataclass(frozen=True, slots=True)
class JoinKey:
    """What of a principal is compared with which column of the list."""

    kind: str
    """``tag``, ``name``, ``email`` or ``arn``."""
    tag: str
    """Key of the tag, for ``tag``."""
    column: str

    @property
    def text(self) -> str:
        """The key as on the command line."""
        return f"{f'tag:{self.tag}' if self.kind == 'tag' else self.kind}={self.column}"


def parse_join(text: str) -> JoinKey:
    """Return the key of ``tag:Owner``, ``name``, ``email`` or ``arn``, with ``=COLUMN`` for another column.

    Raises:
        ReviewError: it is none of them; one sentence.
    """
    what, equals, column = text.partition("=")
    kind, colon, tag = what.strip().partition(":")
    kind = kind.lower()
    if (
        kind not in _COLUMNS
        or bool(tag) is not (kind == "tag")
        or bool(colon) is not bool(tag)
        or (equals and not column.strip())
    ):
        raise ReviewError(
            phrase("`{text}` is not a key: expected tag:KEY, name, email or arn, or KEY=COLUMN", text=visible(text))
        )
    return JoinKey(kind, tag, column.strip().lower() or _COLUMNS[kind])


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the list that a principal is of."""

    key: str
    """The person's ``id`` in the list, else the value of the column that joined first."""
    row: int
    """Row of the list: the headings are row 1."""
    name: str = ""
    email: str = ""
    manager: str = ""
    department: str = ""
    title: str = ""
    last_day: str = ""
    """ISO 8601; empty if not stated."""
    moved: str = ""
    """ISO 8601; empty if not stated."""
    state: PersonState = PersonState.ACTIVE
    was: str = ""
    """What moved: department, title and manager as of the previous review."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The person of a principal."""

    person: str
    """Key of the person; empty: no person of the list is for it."""
    by: str
    """The key (`JoinKey.text`) that joined; empty if none did."""
    value: str
    """The value of the principal that was compared."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A role, or a group of Identity Center, that a person's principal reaches."""

    arn: str
    how: str
    """``assume``, ``perhaps assume`` (under conditions), ``permission set`` or ``group``."""


@dataclass(frozen=True, slots=True)
class People:
    """A list of people, joined with a snapshot."""

    file: str
    sha256: str
    joins: tuple[str, ...]
    rows: int
    """People in the list."""
    persons: Mapping[str, Person]
    """Those with a principal, by key."""
    principals: Mapping[str, Joined]
    """By ARN: every IAM user and Identity Center user, and roles that a tag joins."""
    reaches: Mapping[str, tuple[Reach, ...]]
    """By ARN of a principal with a person, what it reaches in one step."""

    def person_of(self, arn: str) -> Person | None:
        """Return the person of a principal; None if there is none, or it is not known."""
        joined = self.principals.get(arn)
        return self.persons.get(joined.person) if joined is not None else None

    def state_of(self, arn: str) -> PersonState | None:
        """Return the state of a principal's person; None for principals whose person is not looked for."""
        joined = self.principals.get(arn)
        if joined is None:
            return None
        person = self.persons.get(joined.person)
        return person.state if person is not None else PersonState.UNKNOWN

    def access(self) -> tuple["PersonAccess", ...]:
        """Return what each person has: those who left first, then those who moved, the unknown, the others."""
        by_person: dict[str, list[str]] = {}
        unknown: list[str] = []
        for arn, joined in self.principals.items():
            (by_person.setdefault(joined.person, []) if joined.person in self.persons else unknown).append(arn)
        found = [PersonAccess(self.persons[key], tuple(arns), self._reached(arns)) for key, arns in by_person.items()]
        found += [PersonAccess(None, (arn,), self._reached([arn])) for arn in unknown]
        order = (PersonState.LEFT, PersonState.MOVED, PersonState.UNKNOWN, PersonState.ACTIVE)
        return tuple(sorted(found, key=lambda one: (order.index(one.state), one.name.casefold(), one.principals)))

    def _reached(self, arns: Iterable[str]) -> tuple[Reach, ...]:
        mine = set(arns)
        found = dict.fromkeys(reach for arn in arns for reach in self.reaches.get(arn, ()))
        return tuple(one for one in found if one.arn not in mine)

    def as_text(self) -> str:
        """Return it as JSON text, for a review's head; what many people reach is named once."""
        targets = {
            one: at for at, one in enumerate(dict.fromkeys(one for each in self.reaches.values() for one in each))
        }
        value = {
            "file": self.file,
            "sha256": self.sha256,
            "joins": list(self.joins),
            "rows": self.rows,
            "persons": [{name: one for name, one in asdict(each).items() if one} for each in self.persons.values()],
            "principals": {arn: [one.person, one.by, one.value] for arn, one in self.principals.items()},
            "targets": [[one.arn, one.how] for one in targets],
            "reaches": {arn: [targets[one] for one in each] for arn, each in self.reaches.items() if each},
        }
        return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """A person (or a principal without one), the principals, and what they reach."""

    person: Person | None
    principals: tuple[str, ...]
    reaches: tuple[Reach, ...]

    @property
    def state(self) -> PersonState:
        """What the list says about the person."""
        return self.person.state if self.person is not None else PersonState.UNKNOWN

    @property
    def name(self) -> str:
        """The person's name, or the principal's ARN."""
        return (self.person.name or self.person.key) if self.person is not None else self.principals[0]

    def items(self, by_holder: Mapping[str, Sequence[ReviewItem]]) -> Iterator[tuple[ReviewItem, str]]:
        """Yield the items of the person with how they are reached: empty for the person's own."""
        for arn in self.principals:
            how = f"owner of {arn}" if ":role/" in arn else ""
            yield from ((item, how) for item in by_holder.get(arn, ()))
        for reach in self.reaches:
            yield from ((item, f"{reach.how} {reach.arn}") for item in by_holder.get(reach.arn, ()))


def people_of(details: Mapping[str, str]) -> People | None:
    """Return the joined list of a review, from the details of its head; None: none was given.

    Raises:
        KeyError, IndexError, TypeError, ValueError: it cannot be read.
    """
    text = details.get(PEOPLE)
    if text is None:
        return None
    value: dict[str, Any] = json.loads(text)
    targets = [Reach(*one) for one in value["targets"]]
    persons = [Person(**{**one, "state": PersonState(one["state"])}) for one in value["persons"]]
    return People(
        value["file"],
        value["sha256"],
        tuple(value["joins"]),
        value["rows"],
        {one.key: one for one in persons},
        {arn: Joined(*one) for arn, one in value["principals"].items()},
        {arn: tuple(targets[at] for at in each) for arn, each in value["reaches"].items()},
    )


class Assumable(Protocol):
    """Who can assume which role."""

    def knows(self, principal: str) -> bool:
        """Return whether a principal is one of those."""

    def assuming(self, role: str, *, maybe: bool = False) -> tuple[str, ...]:
        """Return the principals that can assume a role; with ``maybe`` also those that perhaps can."""


class PeopleList:
    """A list of people that was read, before it is joined."""

    def __init__(self, table: CsvTable, joins: Sequence[JoinKey], today: date) -> None:
        """Check a list; headings are column names, columns that are not known are ignored.

        Raises:
            ReviewError: a row is wrong; the sentence names file and row.
        """
        self._table = table
        self.joins = tuple(joins)
        table.require_columns([join.column for join in joins])
        if not table.rows:
            raise wrong_row(table.path, 1, phrase("the list contains no person"))
        self._by_value: dict[str, dict[str, Person]] = {}
        keys: dict[str, int] = {}
        for number, row in table.rows:
            person = self._person(number, row, today)
            if person.key in keys:
                sentence = phrase(
                    "{key} is in the list twice, first in row {row}", key=visible(person.key), row=keys[person.key]
                )
                raise wrong_row(table.path, number, sentence)
            keys[person.key] = number
            for column in {join.column for join in joins}:
                value = folded(row[column])
                if value and self._by_value.setdefault(column, {}).setdefault(value, person) is not person:
                    other = self._by_value[column][value].row
                    sentence = phrase(
                        "`{value}` in the column `{column}` is in the list twice, first in row {row}",
                        value=visible(row[column]),
                        column=visible(column),
                        row=other,
                    )
                    raise wrong_row(table.path, number, sentence)

    def _person(self, number: int, row: Mapping[str, str], today: date) -> Person:
        path = self._table.path
        first = next((row[join.column] for join in self.joins if row[join.column]), "")
        key = row.get("id", "") or first
        if not key:
            columns = ", ".join(join.column for join in self.joins)
            raise wrong_row(path, number, phrase("the columns that it is joined by are empty: {names}", names=columns))
        status = row.get("status", "").casefold()
        if status not in _LEFT | _ACTIVE:
            raise wrong_row(
                path,
                number,
                phrase("unknown status `{status}`: expected active or left", status=visible(row["status"])),
            )
        last_day, moved = (_day(path, number, row.get(name, "")) for name in ("last_day", "moved"))
        has_left = status in _LEFT or (last_day is not None and last_day < today)
        return Person(
            key,
            number,
            row.get("name", ""),
            row.get("email", ""),
            row.get("manager", ""),
            row.get("department", ""),
            row.get("title", ""),
            last_day.isoformat() if last_day else "",
            moved.isoformat() if moved else "",
            PersonState.LEFT if has_left else PersonState.ACTIVE,
        )

    def join(
        self, snapshot: Snapshot, roles: Assumable, previous: People | None = None, since: date | None = None
    ) -> People:
        """Join the list with the principals of a snapshot.

        Args:
            snapshot: The snapshot.
            roles: Who can assume which role.
            previous: The list of the previous review: whoever has another department, title or manager moved.
            since: First day of the period: a ``moved`` day before it does not count.
        """
        principals = {arn: self._joined(values) for arn, values in _values(snapshot, self.joins) if values is not None}
        used = {one.person for one in principals.values()} - {""}
        persons = {
            person.key: _with_move(person, previous, since)
            for each in self._by_value.values()
            for person in each.values()
            if person.key in used
        }
        return People(
            self._table.path.name,
            self._table.sha256,
            tuple(join.text for join in self.joins),
            len(self._table.rows),
            dict(sorted(persons.items(), key=lambda one: one[1].row)),
            principals,
            _reaches(snapshot, roles, {arn for arn, one in principals.items() if one.person}),
        )

    def _joined(self, values: Sequence[tuple[JoinKey, str]]) -> Joined:
        for join, value in values:
            person = self._by_value.get(join.column, {}).get(folded(value))
            if person is not None:
                return Joined(person.key, join.text, value)
        return Joined("", "", values[0][1] if values else "")


def read_people(path: Path, joins: Sequence[str], today: date) -> PeopleList:
    """Read a list of people: CSV in UTF-8 with headings.

    Of its columns, those of the keys are required; ``id``, ``name``, ``email``, ``status`` (active or left),
    ``last_day``, ``manager``, ``department``, ``title`` and ``moved`` are read, and others are ignored.

    Raises:
        ReviewError: a key is none, the file cannot be read, or a row is wrong; one sentence, with the row.
    """
    if not joins:
        raise ReviewError(phrase("{name}: no key says how the list is joined", name=visible(path.name)))
    return PeopleList(read_table(path), [parse_join(one) for one in joins], today)


def differing(people: People, snapshot: Snapshot, roles: Assumable) -> tuple[str, ...]:
    """Return the principals whose values or reached roles are others in the snapshot than a joined list says."""
    joins = [parse_join(one) for one in people.joins]
    values = {arn: one for arn, one in _values(snapshot, joins) if one is not None}
    wrong = dict.fromkeys(values.keys() ^ people.principals.keys())
    for arn, joined in people.principals.items():
        found = values.get(arn, ())
        if joined.person:
            is_same = (joined.by, joined.value) in [(join.text, value) for join, value in found]
        else:
            is_same = joined.value == (found[0][1] if found else "")
        if not is_same:
            wrong[arn] = None
    reaches = _reaches(snapshot, roles, {arn for arn, one in people.principals.items() if one.person})
    stated = {arn: each for arn, each in people.reaches.items() if each}
    wrong |= dict.fromkeys(arn for arn in reaches.keys() | stated.keys() if reaches.get(arn) != stated.get(arn))
    return tuple(sorted(wrong))


def folded(text: str) -> str:
    """Return a value as it is compared: without case, in one Unicode form, without spaces around it."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _day(path: Path, row: int, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise wrong_row(path, row, phrase("`{text}` is not a date: expected YYYY-MM-DD", text=visible(text))) from None


def _with_move(person: Person, previous: People | None, since: date | None) -> Person:
    if person.state is PersonState.LEFT:
        return person
    before = previous.persons.get(person.key) if previous is not None else None
    if before is not None and (before.department, before.title, before.manager) != (
        person.department,
        person.title,
        person.manager,
    ):
        was = ", ".join(filter(None, (before.department, before.title, before.manager)))
        return replace(person, state=PersonState.MOVED, was=was)
    if person.moved and (since is None or date.fromisoformat(person.moved) >= since):
        return replace(person, state=PersonState.MOVED)
    return person


type _Values = Sequence[tuple[JoinKey, str]]


def _values(snapshot: Snapshot, joins: Sequence[JoinKey]) -> Iterator[tuple[str, _Values | None]]:
    """Yield each principal with its values of the keys; None: no person is looked for (a role without the tag)."""
    for account in snapshot.accounts:
        for user in account.users:
            tags = {tag.key.casefold(): tag.value for tag in user.tags}
            known = {"name": user.user_name, "arn": user.arn}
            yield user.arn, [(join, value) for join in joins if (value := _value(join, known, tags))]
        for role in account.roles:
            tags = {tag.key.casefold(): tag.value for tag in role.tags}
            values = [(join, value) for join in joins if (value := _value(join, {"arn": role.arn}, tags))]
            tagged = any(join.kind == "tag" for join, _ in values)
            yield role.arn, values if tagged and permission_set_of(role) is None else None
    for center in snapshot.identity_centers:
        for person in center.users or ():
            emails = sorted(person.emails, key=lambda one: not one.primary)
            email = next((one.value for one in emails if one.value), "")
            arn = center_user_arn(person.user_id)
            yield (
                arn,
                [
                    (join, value)
                    for join in joins
                    if (value := _value(join, {"name": person.user_name, "email": email, "arn": arn}, {}))
                ],
            )


def _value(join: JoinKey, known: Mapping[str, str], tags: Mapping[str, str]) -> str:
    return tags.get(join.tag.casefold(), "") if join.kind == "tag" else known.get(join.kind, "")


def center_user_arn(user_id: str) -> str:
    """Return how items name a user of Identity Center as their holder."""
    return f"arn:aws:identitystore:::user/{user_id}"


def _reaches(snapshot: Snapshot, roles: Assumable, wanted: set[str]) -> dict[str, tuple[Reach, ...]]:
    found: dict[str, dict[Reach, None]] = {}
    role_of: dict[tuple[str, str], str] = {}
    for account in snapshot.accounts:
        for role in account.roles:
            if (name := permission_set_of(role)) is not None:
                role_of.setdefault((account.account_id, name), role.arn)
                continue
            proven, possible = (
                (roles.assuming(role.arn), roles.assuming(role.arn, maybe=True)) if roles.knows(role.arn) else ((), ())
            )
            for arn in possible:
                if arn in wanted and arn != role.arn:
                    how = "assume" if arn in proven else "perhaps assume"
                    found.setdefault(arn, {})[Reach(role.arn, how)] = None
    for center in snapshot.identity_centers:
        names = {one.permission_set_arn: one.name for one in center.permission_sets or ()}
        groups: dict[str, list[str]] = {}
        for membership in center.group_memberships or ():
            if membership.member_id.user_id:
                groups.setdefault(membership.group_id, []).append(membership.member_id.user_id)
        for assigned in center.account_assignments or ():
            is_group = assigned.principal_type.upper() == "GROUP"
            reached = role_of.get((assigned.account_id, names.get(assigned.permission_set_arn, "")))
            for user_id in groups.get(assigned.principal_id, ()) if is_group else (assigned.principal_id,):
                arn = center_user_arn(user_id)
                if arn not in wanted:
                    continue
                if is_group:
                    group = f"arn:aws:identitystore:::group/{assigned.principal_id}"
                    found.setdefault(arn, {})[Reach(group, "group")] = None
                if reached:
                    found.setdefault(arn, {})[Reach(reached, "permission set")] = None
    return {arn: tuple(each) for arn, each in found.items()}
