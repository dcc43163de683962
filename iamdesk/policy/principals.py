"""The ``Principal`` element of resource-based policies. Rules: E1 to E13."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from iamdesk.i18n import phrase


class PrincipalType(StrEnum):
    """The kinds of entries that a ``Principal`` element has."""

    AWS = "AWS"
    SERVICE = "Service"
    FEDERATED = "Federated"
    CANONICAL_USER = "CanonicalUser"


class SessionName(NamedTuple):
    """A role session in a principal element."""

    account: str
    role: str
    """The role's name, without path."""
    name: str


class PrincipalEntry(NamedTuple):
    """One entry: its kind and text, and the position of the text (path below the element)."""

    type: PrincipalType
    text: str
    path: tuple[str | int, ...]

    @property
    def is_everyone(self) -> bool:
        """Whether it is ``*``: everyone, anonymous included (rule E1)."""
        return self.type is PrincipalType.AWS and self.text == "*"

    @property
    def session(self) -> SessionName | None:
        """The role session that it names; None for any other entry. There are no wildcards (rule E1)."""
        head, found, rest = self.text.partition(":assumed-role/")
        role, slash, name = rest.partition("/")
        if self.type is not PrincipalType.AWS or not found or not slash or "*" in rest or "?" in rest:
            return None
        return SessionName(head.rpartition(":")[2], role, name)


def account_field(text: str) -> str:
    """Return the account of an ARN, for which a whole group of entries is looked up; empty for any other text."""
    return text.split(":", 5)[4] if text.startswith("arn:") and text.count(":") >= _FIELDS else ""


_FIELDS = 5
_FEW = 16
"""Entries that are compared one by one: an index of them would not be worth its memory."""


class PrincipalEntries(tuple[PrincipalEntry, ...]):
    """The entries of one element: thousands of them are not compared with each of thousands of callers."""

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[PrincipalEntry, ...]]:
        found: dict[str, list[PrincipalEntry]] = {}
        for entry in self:
            account = account_field(entry.text) if entry.type is PrincipalType.AWS else ""
            found.setdefault(account or entry.text, []).append(entry)
        return {key: tuple(entries) for key, entries in found.items()}

    def with_keys(self, keys: Iterable[str | None]) -> Iterable[PrincipalEntry]:
        """Return all entries that are one of some texts, or ARNs in one of them as an account; perhaps others, too."""
        if len(self) <= _FEW:
            return self
        return [entry for key in dict.fromkeys(filter(None, keys)) for entry in self._by_key.get(key, ())]


def parse_principal(element: Any) -> tuple[PrincipalEntries, tuple[tuple[tuple[str | int, ...], str], ...]]:
    """Return the entries of a ``Principal`` or ``NotPrincipal`` element and its problems, as (path, sentence)."""
    if element == "*":
        return PrincipalEntries((PrincipalEntry(PrincipalType.AWS, "*", ()),)), ()
    entries: list[PrincipalEntry] = []
    problems: list[tuple[tuple[str | int, ...], str]] = []
    if not isinstance(element, dict):
        return PrincipalEntries(), (
            ((), phrase('expected `"*"` or an object with AWS, Service, Federated or CanonicalUser')),
        )
    for key, value in element.items():
        try:
            kind = PrincipalType(key)
        except ValueError:
            problems.append(
                (
                    (key,),
                    phrase(
                        "`{key}` is not a kind of principal: expected AWS, Service, Federated or CanonicalUser", key=key
                    ),
                )
            )
            continue
        for path, text in _texts(value):
            if not isinstance(text, str):
                problems.append(((key, *path), phrase("expected text")))
            else:
                entries.append(PrincipalEntry(kind, text, (key, *path)))
    return PrincipalEntries(entries), tuple(problems)


def _texts(value: Any) -> Iterable[tuple[tuple[int, ...], Any]]:
    if isinstance(value, list):
        return [((position,), member) for position, member in enumerate(value)]
    return [((), value)]
