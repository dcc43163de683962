"""The filter of the tree: finds the rows that contain the typed text. No Qt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from iamdesk.filter_language import Test
from iamdesk.progress import Cancelled, WorkCancelled
from iamdesk.viewmodel.tree import Badge, NodeKind, Outline
from iamdesk.viewmodel.tree_fields import TREE_FIELDS, TreeRow, searched_text

type _Badges = Mapping[int, tuple[Badge, ...]] | None

LONGEST_SEARCH = 5_000
"""Maximum characters of a typed text, so that a search over pasted text ends in time."""
_MAX_WORDS = 12
_SLICE = 4_000
"""Rows that are searched between two looks at whether a caller waits: a millisecond."""


class RowSet(Set[int]):
    """Some rows of an outline, as one byte for each row.

    A set of a million would be copied each time it grows, while all other threads wait.
    """

    def __init__(self, marks: bytearray) -> None:
        """Contain the rows whose byte is 1."""
        self._marks = marks

    @classmethod
    def _from_iterable(cls, it: Iterable[int]) -> Set[int]:  # type: ignore[override] # what Set makes of two sets
        return frozenset(it)

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and 0 <= row < len(self._marks) and self._marks[row] == 1

    def __iter__(self) -> Iterator[int]:
        return (row for row, mark in enumerate(self._marks) if mark)

    def __len__(self) -> int:
        return self._marks.count(1)

    def isdisjoint(self, other: Iterable[int]) -> bool:
        """Return whether none of the others is contained; fast for a range."""
        if isinstance(other, range) and other.step == 1:
            return self._marks.find(1, other.start, other.stop) < 0
        return super().isdisjoint(other)


@dataclass(frozen=True, slots=True)
class Matches:
    """The result of a search."""

    rows: Set[int]
    """Rows to show: the hits, their ancestors, and their descendants."""
    hits: tuple[int, ...]
    """Rows that contain the text, in the order of the tree."""


type Notes = Mapping[str, tuple[str, str]]
"""The user's notes by key: mark and text."""
NO_NOTES: Notes = {}


class OutlineSearch:
    """Searches one outline; built once, called at each keystroke.

    The last results are kept: further letters narrow them down, and deleted letters find them again.
    """

    def __init__(self, outline: Outline) -> None:
        texts: list[str] = []
        spans: list[int] = []  # first child and count of each row, one after the other
        parents: list[int] = []
        for node in outline.nodes:
            texts.append(searched_text(node))
            spans.append(node.first_child)
            spans.append(node.child_count)
            parents.append(node.parent)
        order: list[int] = []
        pending = [0] if texts else []
        while pending:
            row = pending.pop()
            order.append(row)
            first, count = spans[2 * row], spans[2 * row + 1]
            if count:
                pending += range(first + count - 1, first - 1, -1)
        sizes = [1] * len(texts)
        for row in reversed(order):  # the descendants of a row are counted before the row
            if parents[row] >= 0:
                sizes[parents[row]] += sizes[row]
        self._outline = outline
        self._parents = parents
        self._order = order
        """Rows in the order of the tree, from top to bottom."""
        self._ends = [place + sizes[row] for place, row in enumerate(order)]
        """By position in that order: the position after the last descendant."""
        self._texts = [texts[row] for row in order]
        """By position: the searched text."""
        self._found: dict[str, list[int]] = {}
        """Positions by word, for the last words."""
        self._last: tuple[str, _Badges, Notes, Matches] | None = None

    def matches(self, text: str, badges: _Badges = None, notes: Notes = NO_NOTES) -> Matches:
        """Return the rows that match a filter (`filter_language`, fields of `TREE_FIELDS`). No text shows everything.

        Args:
            text: The filter.
            badges: The badges of rows; None for those of the outline.
            notes: The user's notes.

        Raises:
            FilterError: The text is no filter.
        """
        last = self._last
        if last is not None and last[0] == text and last[1] is badges and last[2] is notes:
            return last[3]
        matches = self._matches(text, badges, notes)
        self._last = text, badges, notes, matches
        return matches

    def _matches(self, text: str, badges: _Badges, notes: Notes) -> Matches:
        wanted = TREE_FIELDS.read(text)
        if wanted.shows_everything:
            return Matches(RowSet(bytearray(b"\1" * len(self._order))), tuple(self._order[1:]))
        places = self._places_of_all(wanted.plain) if wanted.plain else self._places_that(wanted.accepts, badges, notes)
        translate = bytearray(len(self._texts))
        shown_to = 0
        order, ends, parents = self._order, self._ends, self._parents
        for place in places:
            if place < shown_to:
                continue  # below a hit
            row = order[place]
            shown_to = ends[place]
            translate[row] = 1
            for below in order[place + 1 : shown_to]:
                translate[below] = 1
            row = parents[row]
            while row >= 0 and not translate[row]:
                translate[row] = 1
                row = parents[row]
        translate[:1] = b"\1"  # the root
        return Matches(RowSet(translate), tuple([order[place] for place in places]))

    def rows_with(self, words: Sequence[str]) -> list[int]:
        """Return the rows that contain all words (in lower case), in the order of the tree."""
        return [self._order[place] for place in self._places_of_all(words)]

    def named_rows(self, words: Sequence[str], cancelled: Cancelled) -> Iterator[tuple[int, str]]:
        """Yield the rows that contain all words (in lower case), each with its name in lower case, from top to bottom.

        Raises:
            WorkCancelled: ``cancelled`` returned True.
        """
        texts, order = self._texts, self._order
        for start in range(0, len(texts), _SLICE):
            if cancelled():
                raise WorkCancelled
            places: Sequence[int] = range(start, min(start + _SLICE, len(texts)))
            for word in words:
                places = [place for place in places if word in texts[place]]
            for place in places:
                yield order[place], texts[place].partition("\n")[0]

    def _places_that(self, accepts: Test[TreeRow], badges: _Badges, notes: Notes) -> list[int]:
        """Return the positions of rows that pass a test."""
        nodes, known = self._outline.nodes, self._outline.badges if badges is None else badges
        none = ("", "")
        rows = (
            (place, TreeRow(node, known.get(row, ()), notes.get(node.key, none)))
            for place, row in enumerate(self._order)
            for node in (nodes[row],)
        )
        return [place for place, row in rows if row.node.kind is not NodeKind.SNAPSHOT and accepts(row)]

    def rows(self) -> Iterator[TreeRow]:
        """Yield the rows in the order of the tree, as filters see them."""
        nodes, badges = self._outline.nodes, self._outline.badges
        return (TreeRow(nodes[row], badges.get(row, ())) for row in self._order[1:])

    def _places_of_all(self, words: Sequence[str]) -> list[int]:
        first, *others = sorted(dict.fromkeys(words), key=len, reverse=True)
        places = self._places_of(first)
        texts = self._texts
        for word in others:
            places = [place for place in places if word in texts[place]]
        return places

    def _places_of(self, word: str) -> list[int]:
        """Return the positions whose text contains a word, searched among those of a shorter word if there are some."""
        known = self._found.copy()  # may be called by several threads
        places = known.get(word)
        if places is None:
            texts = self._texts
            parts = [found for part, found in known.items() if part in word]
            if parts:
                places = [place for place in min(parts, key=len) if word in texts[place]]
            else:
                places = [place for place, searched in enumerate(texts) if word in searched]
        known.pop(word, None)
        known[word] = places
        while len(known) > _MAX_WORDS:
            del known[next(iter(known))]
        self._found = known
        return places
