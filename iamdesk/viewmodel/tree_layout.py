"""Building blocks of the tree: rows in columns, sections of an account, branches of any depth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from iamdesk.i18n import phrase
from iamdesk.viewmodel.tree import Badge, NodeKind, NodeTable

type Entry = tuple[NodeKind, str, str, str, tuple[Badge, ...]]
"""Kind, text, detail, key and badges of a row."""


class LeafColumns:
    """The rows of the last level during the layout: columns, since there are many."""

    def __init__(self, first_row: int, badges: dict[int, tuple[Badge, ...]]) -> None:
        self.kinds: list[NodeKind] = []
        self.texts: list[str] = []
        self.details: list[str] = []
        self.keys: list[str] = []
        self.parents: list[int] = []
        self._first_row = first_row
        self._badges = badges

    @property
    def next_row(self) -> int:
        """The number of the next row."""
        return self._first_row + len(self.keys)

    def add(self, kind: NodeKind, text: str, detail: str, key: str, badges: tuple[Badge, ...] = ()) -> None:
        """Append a row; its parent gets it by `close`."""
        if badges:
            self._badges[self.next_row] = badges
        self.kinds.append(kind)
        self.texts.append(text)
        self.details.append(detail)
        self.keys.append(key)

    def close(self, parent: int) -> int:
        """Assign the rows since the last call to a parent; return their number."""
        count = len(self.keys) - len(self.parents)
        if count:
            self.parents += [parent] * count
        return count


@dataclass(slots=True)
class Section[T]:
    """One section: its entries sorted by name, and the function that lays out one of them."""

    title: str
    entries: Sequence[T]
    name: Callable[[T], str]
    lay_out: Callable[[T, LeafColumns], Entry]
    detail: str = field(init=False)

    def __post_init__(self) -> None:
        self.entries = sorted(self.entries, key=lambda entry: sort_key(self.name(entry)))
        self.detail = phrase("{count:,}", count=len(self.entries))


def sort_key(name: str) -> tuple[str, str]:
    """Sort names without case; with a fixed order of names that differ only in case."""
    return name.casefold(), name


class Branch(NamedTuple):
    """A row and its descendants, for parts of the tree that are deeper than an account's."""

    kind: NodeKind
    text: str
    detail: str = ""
    key: str = ""
    children: "Sequence[Branch]" = ()
    badges: tuple[Badge, ...] = ()


def lay_out(table: NodeTable, badges: dict[int, tuple[Badge, ...]], row: int, branches: Sequence[Branch]) -> None:
    """Append the descendants of a row, level by level, so that the children of each row are adjacent."""
    level = [(row, branches)]
    while level:
        below = []
        for parent, children in level:
            table.set_children(parent, len(table), len(children))
            for child in children:
                if child.badges:
                    badges[len(table)] = child.badges
                if child.children:
                    below.append((len(table), child.children))
                table.add(child.kind, child.text, child.detail, child.key, parent, 0, 0)
        level = below
