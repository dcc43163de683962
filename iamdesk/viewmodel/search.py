"""Filtering the tree: which rows hold what the user typed. One walk over ready-made texts, no Qt."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from iamdesk.i18n import translate
from iamdesk.viewmodel.tree import Node, NodeKind, Outline

LONGEST_SEARCH = 5_000
"""Characters of the typed text that count; whatever is pasted, the search ends in time."""

_MOST_WORDS = 12

# Their keys begin with their owner's ARN: with the key a search for "alice" would hit each of her policies.
_FOUND_BY_NAME = frozenset({NodeKind.INLINE_POLICY, NodeKind.TRUST_POLICY, NodeKind.BROKEN, NodeKind.VPC_ENDPOINT})

# Their keys say in what they are kept: of these, the part that is their own is searched.
_KEPT_IN = frozenset(
    {
        NodeKind.ORGANIZATION,
        NodeKind.ROOT,
        NodeKind.UNIT,
        NodeKind.SERVICE_CONTROL_POLICY,
        NodeKind.RESOURCE_CONTROL_POLICY,
    }
)


class RowSet(Set[int]):
    """Some rows of an outline, a byte for each row that there is.

    A set of a million would be copied each time it grows, and no other thread goes on meanwhile.
    """

    def __init__(self, marks: bytearray) -> None:
        """Hold the rows whose byte is 1."""
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
        """Return whether none of the others is held; of a range, at once."""
        if isinstance(other, range) and other.step == 1:
            return self._marks.find(1, other.start, other.stop) < 0
        return super().isdisjoint(other)


@dataclass(frozen=True, slots=True)
class Matches:
    """What a search shows."""

    rows: Set[int]
    """Rows to show: the hits, all that leads to them, and all that stands under them."""
    hits: tuple[int, ...]
    """Rows that hold the text themselves, in the order in which the tree shows them."""


class OutlineSearch:
    """Searches one outline; built once, then asked at each keystroke.

    What was found last is kept: the next letter of a word narrows it down, and a letter taken back finds it again.
    """

    def __init__(self, outline: Outline) -> None:
        texts: list[str] = []
        spans: list[int] = []  # first child and count of each row, one after the other
        parents: list[int] = []
        for node in outline.nodes:
            texts.append(_searched(node))
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
        for row in reversed(order):  # whatever stands under a row has been counted before the row itself
            if parents[row] >= 0:
                sizes[parents[row]] += sizes[row]
        self._parents = parents
        self._order = order
        """Rows as the tree shows them, from top to bottom."""
        self._ends = [place + sizes[row] for place, row in enumerate(order)]
        """By place in that order: the place after the last row that stands under it."""
        self._texts = [texts[row] for row in order]
        """By place: what is searched."""
        self._found: dict[str, list[int]] = {}
        """Places by word, of the words that were looked for last."""
        self._last: tuple[str, Matches] | None = None

    def matches(self, text: str) -> Matches:
        """Return the rows for what the user typed.

        Each word, without case, must stand in the row's text, detail or ARN. No words show everything.
        """
        last = self._last
        if last is not None and last[0] == text:
            return last[1]
        matches = self._matches(text)
        self._last = text, matches
        return matches

    def _matches(self, text: str) -> Matches:
        words = text[:LONGEST_SEARCH].casefold().split()
        if not words:
            return Matches(RowSet(bytearray(b"\1" * len(self._order))), tuple(self._order[1:]))
        places = self._places_of_all(words)
        translate = bytearray(len(self._texts))
        shown_to = 0
        order, ends, parents = self._order, self._ends, self._parents
        for place in places:
            if place < shown_to:
                continue  # stands under a hit
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
        """Return the rows that hold all words, given without case, in the order in which the tree shows them."""
        return [self._order[place] for place in self._places_of_all(words)]

    def _places_of_all(self, words: Sequence[str]) -> list[int]:
        first, *others = sorted(dict.fromkeys(words), key=len, reverse=True)
        places = self._places_of(first)
        texts = self._texts
        for word in others:
            places = [place for place in places if word in texts[place]]
        return places

    def _places_of(self, word: str) -> list[int]:
        """Return the places whose text holds a word: looked for where a part of it was found before, if it was."""
        known = self._found.copy()  # several threads may ask
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
        while len(known) > _MOST_WORDS:
            del known[next(iter(known))]
        self._found = known
        return places


def _searched(node: Node) -> str:
    if node.kind is NodeKind.SNAPSHOT:
        return ""
    if node.kind is NodeKind.SECTION:
        return node.text.casefold()
    if node.kind in _FOUND_BY_NAME:
        return f"{node.text}\n{translate(node.detail)}".casefold()
    if node.kind in _KEPT_IN:
        return f"{node.text}\n{node.key.rpartition('#')[2].rpartition('/')[2]}\n{translate(node.detail)}".casefold()
    return f"{node.text}\n{node.key}\n{translate(node.detail)}".casefold()
